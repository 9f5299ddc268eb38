//! The news service: stories, and what they explain.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;
use fondaco_app::data::{CandleKind, Selector, VersionRef, resolve};
use fondaco_app::ports::research::{Horizon, ResearchStore, Story};
use fondaco_app::research::{Day, explain_range, similar_days};
use fondaco_contract::http::{
    DayView, DistanceView, ExplainedDayView, ProblemCode, RangeExplainView, SimilarDayView,
    SimilarDaysView, StoryView, words,
};
use fondaco_domain::{Bars, Symbol, Timeframe, UnixMicros, UnixMillis};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::extract::Query;
use crate::problem::Refusal;
use crate::state::{Platform, Shared};
use crate::table::Route;

/// Days of an answer where nothing is said, and at most.
const DAYS: usize = 10;
const MOST_DAYS: usize = 100;

/// Headlines of a day.
const HEADLINES: usize = 5;

/// Whole milliseconds in UTC, to the end of time.
const ALL: Horizon = Horizon {
    known: UnixMillis(i64::MAX),
    place: None,
};

pub(super) fn routes() -> Vec<Route> {
    let all = [ProblemCode::NotFound, ProblemCode::Unavailable];
    vec![
        Route::new(
            &Method::GET,
            "/api/stories/{story}",
            ("story", "One story by its name."),
            story,
        )
        .answers::<StoryView>(200)
        .problems(&all),
        Route::new(
            &Method::GET,
            "/api/similar-days",
            (
                "similar_days",
                "Days before one whose price and news were like it.",
            ),
            similar,
        )
        .query::<SimilarQuery>()
        .answers::<SimilarDaysView>(200)
        .problems(&all),
        Route::new(
            &Method::GET,
            "/api/range-explain",
            (
                "range_explain",
                "The days of a range that moved a price most, with what was told on them.",
            ),
            range,
        )
        .query::<RangeQuery>()
        .answers::<RangeExplainView>(200)
        .problems(&all),
    ]
}

/// Where news and filings are kept, or that they are not.
pub(super) fn research(platform: &Platform) -> Result<Arc<dyn ResearchStore>, Refusal> {
    platform.analyses.research.clone().ok_or_else(|| {
        Refusal::new(
            ProblemCode::Unavailable,
            "there is no store of news and filings in this process",
        )
    })
}

/// A time as it is shown.
pub(super) fn shown(at: UnixMillis) -> String {
    UnixMicros(at.0.saturating_mul(1_000)).to_string()
}

/// A date of the request.
pub(super) fn date(field: &str, text: &str) -> Result<Date, Refusal> {
    text.parse()
        .map_err(|_| Refusal::of_field(field, format!("`{text}` is no date: 2025-03-04 is")))
}

async fn story(
    State(platform): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<StoryView>, Refusal> {
    let found = platform
        .blocking(move |platform| match research(platform)?.story(&id, ALL)? {
            Some(story) => Ok(story),
            None => Err(Refusal::new(
                ProblemCode::NotFound,
                format!("there is no story `{id}`"),
            )),
        })
        .await?;
    Ok(Json(view(found)))
}

/// Which day.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SimilarQuery {
    /// The instrument.
    #[schemars(schema_with = "words::symbol")]
    ticker: String,
    /// The day, in UTC.
    date: String,
    /// How many days at most: 10 where nothing is said, 100 at most.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
}

async fn similar(
    State(platform): State<Shared>,
    Query(query): Query<SimilarQuery>,
) -> Result<Json<SimilarDaysView>, Refusal> {
    let symbol = symbol(&query.ticker)?;
    let (day, limit) = (date("date", &query.date)?, limit(query.limit)?);
    let found = platform
        .waiting(async move |platform| {
            let research = research(platform)?;
            let bars = daily(platform, &symbol).await?;
            match similar_days(&*research, &symbol, &bars, day, limit)? {
                Some(found) => Ok(found),
                None => Err(Refusal::new(
                    ProblemCode::NotFound,
                    format!("{symbol} has no daily candle of {day}, or none before it"),
                )),
            }
        })
        .await?;
    let similar = found.similar.into_iter().map(|one| SimilarDayView {
        distance: DistanceView {
            total: one.distance.total(),
            change: one.distance.change,
            stories: one.distance.stories,
            tone: one.distance.tone,
        },
        day: day_view(&one.day),
        next_change: one.next,
    });
    Ok(Json(SimilarDaysView {
        ticker: query.ticker,
        day: day_view(&found.day),
        compared: found.compared,
        similar_days: similar.collect(),
    }))
}

/// Which range.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RangeQuery {
    /// The instrument.
    #[schemars(schema_with = "words::symbol")]
    ticker: String,
    /// The first day, in UTC.
    start_date: String,
    /// The last day, in UTC.
    end_date: String,
    /// How many days at most: 10 where nothing is said, 100 at most.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
}

async fn range(
    State(platform): State<Shared>,
    Query(query): Query<RangeQuery>,
) -> Result<Json<RangeExplainView>, Refusal> {
    let symbol = symbol(&query.ticker)?;
    let (from, to) = (
        date("start_date", &query.start_date)?,
        date("end_date", &query.end_date)?,
    );
    if to < from {
        let problem = "it is before `start_date`";
        return Err(Refusal::of_field("end_date", problem));
    }
    let limit = limit(query.limit)?;
    let found = platform
        .waiting(async move |platform| {
            let research = research(platform)?;
            let bars = daily(platform, &symbol).await?;
            let most = (limit, HEADLINES);
            Ok(explain_range(&*research, &symbol, &bars, (from, to), most)?)
        })
        .await?;
    let days = found.days.into_iter().map(|one| ExplainedDayView {
        day: day_view(&one.day),
        headlines: one.stories.into_iter().map(view).collect(),
    });
    Ok(Json(RangeExplainView {
        ticker: query.ticker,
        start_date: from.to_string(),
        end_date: to.to_string(),
        change: found.change,
        trading_days: found.trading_days,
        stories: found.stories,
        days: days.collect(),
    }))
}

/// The newest daily candles of an instrument.
async fn daily(platform: &Platform, symbol: &Symbol) -> Result<Bars, Refusal> {
    let store = &*platform.candles.bars;
    let selector = Selector {
        venue: None,
        symbol: Some(symbol.clone()),
        timeframe: Some(Timeframe::DAY),
        kind: Some(CandleKind::Trades),
    };
    let dataset = resolve(store, &selector).await?;
    let (_, bars) = store.read(&dataset, &VersionRef::Latest).await?;
    Ok(bars)
}

pub(super) fn symbol(text: &str) -> Result<Symbol, Refusal> {
    let parsed: Result<Symbol, _> = text.parse();
    parsed.map_err(|error| Refusal::of_field("ticker", error.to_string()))
}

pub(super) fn limit(asked: Option<usize>) -> Result<usize, Refusal> {
    match asked {
        None => Ok(DAYS),
        Some(limit) if (1..=MOST_DAYS).contains(&limit) => Ok(limit),
        Some(_) => Err(Refusal::of_field(
            "limit",
            format!("1 to {MOST_DAYS} is wanted"),
        )),
    }
}

fn day_view(day: &Day) -> DayView {
    DayView {
        date: day.date.to_string(),
        close: day.close,
        change: day.change,
        stories: day.stories,
        tone: day.tone,
    }
}

fn view(story: Story) -> StoryView {
    StoryView {
        id: story.id,
        published_at: shown(story.published_at),
        known_at: shown(story.known_at),
        title: story.title,
        summary: story.summary,
        source: story.source,
        url: story.url,
        symbols: story.symbols.iter().map(ToString::to_string).collect(),
    }
}
