//! `/v1/data`: candles, how far they reach, what is wrong with them, and more
//! of them.

mod candles;
mod import;
mod judged;
mod view;

use axum::extract::{FromRequestParts, Path, State};
use axum::http::Method;
use axum::http::request::Parts;
use fondaco_app::data::{CandleKind, DatasetId, Selector, Version, VersionRef, list};
use fondaco_contract::http::{
    CandlesView, DataCheckView, DatasetHistoryView, DatasetView, FreshnessReport, ImportView, Page,
    ProblemCode, words,
};
use fondaco_domain::UnixMillis;
use fondaco_domain::time::parse_stamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::words::{page_of, word};
use crate::conditional::{Conditions, Etag, Tagged};
use crate::extract::Query;
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

const DATA: &str = "/v1/data";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    let unreadable = [ProblemCode::NotFound, ProblemCode::Corrupt];
    vec![
        Route::new(
            &Method::GET,
            DATA,
            ("data_list", "Data sets with their newest versions, by name."),
            listed,
        )
        .query::<ListQuery>()
        .answers::<Page<DatasetView>>(200)
        .conditional(),
        Route::new(
            &Method::GET,
            "/v1/data/freshness",
            (
                "data_freshness",
                "Whether data sets reach to the present, as their markets count it.",
            ),
            judged::freshness,
        )
        .query::<judged::FreshnessQuery>()
        .answers::<FreshnessReport>(200)
        .problems(&missing),
        Route::new(
            &Method::POST,
            "/v1/data/import",
            ("data_import", "Candles of a file that is sent, all or none."),
            import::import,
        )
        .query::<import::ImportQuery>()
        .body_of(import::BYTES)
        .answers::<ImportView>(200)
        .gives(&[
            ("venue", "/imported/0/venue"),
            ("symbol", "/imported/0/symbol"),
            ("timeframe", "/imported/0/timeframe"),
            ("kind", "/imported/0/kind"),
        ])
        .problems(&[ProblemCode::Conflict, ProblemCode::Corrupt]),
        Route::new(
            &Method::GET,
            "/v1/data/{venue}/{symbol}/{timeframe}/{kind}",
            ("data_show", "One data set with every version."),
            show,
        )
        .answers::<DatasetHistoryView>(200)
        .conditional()
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/data/{venue}/{symbol}/{timeframe}/{kind}/check",
            (
                "data_check",
                "Candles against the calendar of their market: what is missing, and what cannot be.",
            ),
            judged::check,
        )
        .query::<judged::CheckQuery>()
        .answers::<DataCheckView>(200)
        .problems(&unreadable),
        Route::new(
            &Method::GET,
            "/v1/data/{venue}/{symbol}/{timeframe}/{kind}/candles",
            ("data_candles", "Candles of a range, by column or as CSV."),
            candles::candles,
        )
        .query::<candles::CandlesQuery>()
        .answers::<CandlesView>(200)
        .also(candles::CSV)
        .conditional()
        .problems(&unreadable),
    ]
}

/// Which data sets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only from here.
    #[serde(default)]
    #[schemars(schema_with = "words::venue")]
    venue: Option<String>,
    /// Only of this instrument.
    #[serde(default)]
    #[schemars(schema_with = "words::symbol")]
    symbol: Option<String>,
    /// Only candles of this length.
    #[serde(default)]
    #[schemars(schema_with = "words::timeframe")]
    timeframe: Option<String>,
    /// Only numbers of this kind.
    #[serde(default)]
    #[schemars(schema_with = "words::candle_kind")]
    kind: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<String>,
}

async fn listed(
    State(platform): State<Shared>,
    Query(query): Query<ListQuery>,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let limit = page_of(query.limit, platform.limits)?;
    let selector = selector(
        query.venue.as_deref(),
        query.symbol.as_deref(),
        query.timeframe.as_deref(),
        query.kind.as_deref(),
    )?;
    let mut found = platform
        .waiting(async move |platform| Ok(list(&*platform.candles.bars, &selector).await?))
        .await?;
    if let Some(cursor) = &query.cursor {
        found.retain(|it| view::cursor(&it.dataset) > *cursor);
    }
    found.sort_by_cached_key(|it| view::cursor(&it.dataset));
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more);
    let page = Page {
        next: next.map(|it| view::cursor(&it.dataset)),
        items: found.into_iter().map(view::dataset).collect::<Vec<_>>(),
    };
    Tagged::of(&conditions, &page)
}

async fn show(
    State(platform): State<Shared>,
    Name(dataset): Name,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let (dataset, versions) = platform
        .waiting(async move |platform| {
            let versions = platform.candles.bars.versions(&dataset).await?;
            Ok((dataset, versions))
        })
        .await?;
    let Some(newest) = versions.last() else {
        return Err(nothing(&dataset));
    };
    let etag = Etag::of_version(newest.number);
    let view = DatasetHistoryView {
        name: view::name(&dataset),
        versions: versions.into_iter().map(view::version).collect(),
    };
    Tagged::named(&conditions, &etag, &view)
}

fn nothing(dataset: &DatasetId) -> Refusal {
    fondaco_app::ports::StoreError::NoDataset(dataset.clone()).into()
}

/// The data set that a path names.
struct Name(DatasetId);

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        type Words = Path<(String, String, String, String)>;
        let words = Words::from_request_parts(parts, state).await;
        let Path((venue, symbol, timeframe, kind)) = words
            .map_err(|rejection| Refusal::new(ProblemCode::NotFound, rejection.body_text()))?;
        // A name that cannot be one names nothing.
        let none = |problem: String| Refusal::new(ProblemCode::NotFound, problem);
        Ok(Self(DatasetId {
            venue: venue
                .parse()
                .map_err(|error: fondaco_app::data::VenueError| none(error.to_string()))?,
            symbol: symbol
                .parse()
                .map_err(|error: fondaco_domain::symbol::SymbolError| none(error.to_string()))?,
            timeframe: timeframe.parse().map_err(
                |error: fondaco_domain::timeframe::TimeframeError| none(error.to_string()),
            )?,
            kind: kind_of(&kind).ok_or_else(|| none(format!("there are no `{kind}` candles")))?,
        }))
    }
}

fn kind_of(text: &str) -> Option<CandleKind> {
    CandleKind::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text)
}

fn selector(
    venue: Option<&str>,
    symbol: Option<&str>,
    timeframe: Option<&str>,
    kind: Option<&str>,
) -> Result<Selector, Refusal> {
    Ok(Selector {
        venue: parsed("venue", venue)?,
        symbol: parsed("symbol", symbol)?,
        timeframe: parsed("timeframe", timeframe)?,
        kind: word("kind", kind, kind_of)?,
    })
}

pub(super) fn parsed<T>(field: &str, text: Option<&str>) -> Result<Option<T>, Refusal>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    let parsed = text.map(str::parse::<T>).transpose();
    parsed.map_err(|error| Refusal::of_field(field, error.to_string()))
}

pub(super) fn instant(field: &str, text: Option<&str>) -> Result<Option<UnixMillis>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let at = parse_stamp(text).map_err(|error| Refusal::of_field(field, error.to_string()))?;
    // So many digits are a number, and no time that any calendar knows.
    if at.timestamp().as_millisecond() != at.0 {
        let problem = format!("`{text}` is beyond all time");
        return Err(Refusal::of_field(field, problem));
    }
    Ok(Some(at))
}

fn version(text: Option<&str>) -> Result<VersionRef, Refusal> {
    Ok(parsed("version", text)?.unwrap_or_default())
}

/// Of a part of what a version holds: the version, and which part.
fn etag(version: &Version, part: &str) -> Etag {
    Etag::of_bytes(format!("{}{part}", version.id).as_bytes())
}
