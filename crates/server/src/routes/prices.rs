//! The trading service: prices and what companies filed, to look at. Of what
//! else its clients ask for there is no source, and it says so.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::data::{CandleKind, Selector, VersionRef, list, resolve};
use fondaco_app::ports::research::{Figure, Filing, Horizon};
use fondaco_contract::http::{
    FigureView, FilingView, FinancialsView, PriceView, PricesView, ProblemCode, TickersView, words,
};
use fondaco_domain::{Timeframe, UnixMicros, UnixMillis};
use schemars::JsonSchema;
use serde::Deserialize;

use super::news;
use crate::extract::Query;
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    let missing = |path, id, handler: fn() -> Refusal| {
        let summary = "There is no source yet: 503 says which.";
        Route::new(&Method::GET, path, (id, summary), async move || handler())
    };
    vec![
        Route::new(
            &Method::GET,
            "/api/prices",
            ("prices", "Candles of an instrument between two dates."),
            prices,
        )
        .query::<PricesQuery>()
        .answers::<PricesView>(200)
        .problems(&[ProblemCode::NotFound]),
        Route::new(
            &Method::GET,
            "/api/tickers",
            ("tickers", "Instruments there are prices of."),
            tickers,
        )
        .answers::<TickersView>(200),
        Route::new(
            &Method::GET,
            "/api/financials",
            ("financials", "Figures as a company filed them."),
            financials,
        )
        .query::<FinancialsQuery>()
        .answers::<FinancialsView>(200)
        .problems(&[ProblemCode::NotFound, ProblemCode::Unavailable]),
        missing("/api/insider-trades", "insider_trades", || {
            nobody("trades of insiders")
        }),
    ]
}

fn nobody(what: &str) -> Refusal {
    Refusal::new(
        ProblemCode::Unavailable,
        format!("there is no source of {what}"),
    )
}

/// Which prices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct PricesQuery {
    /// The instrument.
    #[schemars(schema_with = "words::symbol")]
    ticker: String,
    /// The first day.
    start_date: Option<String>,
    /// The last day.
    end_date: Option<String>,
    /// From here, where several have it.
    venue: Option<String>,
    /// The length of a candle; a day where nothing is said.
    timeframe: Option<String>,
}

async fn prices(
    State(platform): State<Shared>,
    Query(query): Query<PricesQuery>,
) -> Result<Json<PricesView>, Refusal> {
    let first = super::data::instant("start_date", query.start_date.as_deref())?;
    let last = super::data::instant("end_date", query.end_date.as_deref())?;
    let timeframe = super::data::parsed("timeframe", query.timeframe.as_deref())?;
    let selector = Selector {
        venue: super::data::parsed("venue", query.venue.as_deref())?,
        symbol: super::data::parsed("ticker", Some(&query.ticker))?,
        timeframe: Some(timeframe.unwrap_or(Timeframe::DAY)),
        kind: Some(CandleKind::Trades),
    };
    let (dataset, bars) = platform
        .waiting(async move |platform| {
            let store = &*platform.candles.bars;
            let dataset = resolve(store, &selector).await?;
            let (_, bars) = store.read(&dataset, &VersionRef::Latest).await?;
            Ok((dataset, bars))
        })
        .await?;
    let after = last.map(|last| last.plus(Timeframe::DAY.millis()));
    let is_asked_for = |at: UnixMillis| {
        first.is_none_or(|first| first <= at) && after.is_none_or(|after| at < after)
    };
    let candles = (0..bars.len()).map(|row| bars.bar(row));
    Ok(Json(PricesView {
        ticker: query.ticker,
        venue: dataset.venue.to_string(),
        timeframe: dataset.timeframe.to_string(),
        prices: candles
            .filter(|bar| is_asked_for(bar.time))
            .map(|bar| PriceView {
                time: UnixMicros(bar.time.0.saturating_mul(1_000)).to_string(),
                open: bar.open,
                high: bar.high,
                low: bar.low,
                close: bar.close,
                volume: bar.volume,
            })
            .collect(),
    }))
}

async fn tickers(State(platform): State<Shared>) -> Result<Json<TickersView>, Refusal> {
    let found = platform
        .waiting(async move |platform| {
            Ok(list(&*platform.candles.bars, &Selector::default()).await?)
        })
        .await?;
    let mut tickers: Vec<String> = found
        .into_iter()
        .map(|it| it.dataset.symbol.to_string())
        .collect();
    tickers.sort();
    tickers.dedup();
    Ok(Json(TickersView { tickers }))
}

/// Which figures.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct FinancialsQuery {
    /// The company, by its instrument.
    #[schemars(schema_with = "words::symbol")]
    ticker: String,
    /// As they were known at the end of that day in UTC; all there are where
    /// nothing is said.
    end_date: Option<String>,
    /// Only of such periods: `Q1` to `Q4`, `FY` or `TTM`.
    period: Option<String>,
    /// How many filings at most: 10 where nothing is said, 100 at most.
    #[schemars(range(min = 1, max = 100))]
    limit: Option<usize>,
}

async fn financials(
    State(platform): State<Shared>,
    Query(query): Query<FinancialsQuery>,
) -> Result<Json<FinancialsView>, Refusal> {
    let symbol = news::symbol(&query.ticker)?;
    let end = query.end_date.as_deref();
    let end = end.map(|text| news::date("end_date", text)).transpose()?;
    let limit = news::limit(query.limit)?;
    let known = end.map_or(UnixMillis(i64::MAX), |day| {
        UnixMillis::midnight(day).plus(Timeframe::DAY.millis())
    });
    let period = query.period;
    let filings = platform
        .blocking(move |platform| {
            let research = news::research(platform)?;
            let horizon = Horizon { known, place: None };
            let mut filings = research.filings(&symbol, horizon, usize::MAX)?;
            if filings.is_empty() {
                let detail = format!("there are no filings of {symbol}");
                return Err(Refusal::new(ProblemCode::NotFound, detail));
            }
            filings.retain(|one| period.as_ref().is_none_or(|it| one.fiscal_period == *it));
            filings.truncate(limit);
            Ok(filings)
        })
        .await?;
    Ok(Json(FinancialsView {
        ticker: query.ticker,
        financials: filings.into_iter().map(filing).collect(),
    }))
}

fn filing(filing: Filing) -> FilingView {
    let figure = |(name, figure): (String, Figure)| {
        let Figure { value, unit } = figure;
        (name, FigureView { value, unit })
    };
    FilingView {
        known_at: news::shown(filing.known_at),
        fiscal_year: filing.fiscal_year,
        fiscal_period: filing.fiscal_period,
        period_start: filing.period_start.map(|day| day.to_string()),
        period_end: filing.period_end.to_string(),
        figures: filing.figures.into_iter().map(figure).collect(),
    }
}
