//! The trading service: prices, to look at. Of what else its clients ask for
//! there is no source yet, and it says so.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::data::{CandleKind, Selector, VersionRef, list, resolve};
use fondaco_contract::http::{PriceView, PricesView, ProblemCode, TickersView, words};
use fondaco_domain::{Timeframe, UnixMicros, UnixMillis};
use schemars::JsonSchema;
use serde::Deserialize;

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
        missing("/api/financials", "financials", || {
            nobody("financial statements")
        }),
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
