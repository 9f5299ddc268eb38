//! `/backtest`: submit, poll, cancel, and what came of it.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode};
use fondaco_app::backtests::submit::{Chosen, Wish};
use fondaco_app::runs::Overrides;
use fondaco_app::strategies::{self, StrategyRef};
use fondaco_domain::time::parse_stamp;
use fondaco_domain::{RunId, Symbol};
use serde_json::{Map, Value};

use super::answers::{Accepted, Curve, Mark, ReportData, Standing, word};
use super::detail::{Code, Detail};
use super::form::{At, Form};
use super::overrides;
use crate::extract::{Actor, Idempotency};
use crate::routes::backtests::ask;
use crate::state::Shared;
use crate::table::Route;

/// Candle lengths that are offered.
const TIMEFRAMES: [&str; 6] = ["1m", "5m", "15m", "1h", "4h", "1d"];

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::POST,
            "/backtest",
            ("s002_backtest_submit", "Accepts a backtest."),
            submit,
        ),
        Route::new(
            &Method::GET,
            "/backtest/{run_id}/status",
            ("s002_backtest_status", "Where a backtest stands."),
            status,
        ),
        Route::new(
            &Method::POST,
            "/backtest/{run_id}/cancel",
            ("s002_backtest_cancel", "Ends a backtest."),
            cancel,
        ),
        Route::new(
            &Method::GET,
            "/backtest/{run_id}/equity",
            ("s002_backtest_equity", "The account over time."),
            equity,
        ),
        Route::new(
            &Method::GET,
            "/backtest/{run_id}/report-data",
            ("s002_backtest_report_data", "All that a report shows."),
            report_data,
        ),
    ]
}

/// A request as it was sent.
#[derive(Debug, Default)]
struct Request {
    strategy_name: String,
    strategy_version: Option<String>,
    experiment_name: Option<String>,
    config: Config,
    config_overrides: Map<String, Value>,
}

#[derive(Debug, Default)]
struct Config {
    strategy: Option<String>,
    timeframe: Option<String>,
    start_date: Option<String>,
    end_date: Option<String>,
    symbols: Option<Vec<String>>,
}

async fn submit(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    key: Result<Idempotency, crate::problem::Refusal>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Accepted>, Detail> {
    let Idempotency(key) = key?;
    let request = read(Form::read(body)?)?;
    let wish = wish(&platform, request).await?;
    let submitted = ask(&platform, actor, wish, key).await??;
    let run_id = submitted.id.to_string();
    Ok(Json(Accepted {
        status: "QUEUED",
        status_url: format!("/backtest/{run_id}/status"),
        run_id,
    }))
}

fn read(mut form: Form) -> Result<Request, Detail> {
    let mut root = form.root();
    let config = root.inside("config", config).unwrap_or_default();
    if config.strategy.is_none() {
        root.require("strategy_name");
    }
    let name = root.text("strategy_name").or(config.strategy.clone());
    let request = Request {
        strategy_name: name.unwrap_or_default(),
        strategy_version: root.word("strategy_version"),
        experiment_name: root.text("experiment_name"),
        config_overrides: root.names("config_overrides").unwrap_or_default(),
        config,
    };
    form.done(request)
}

fn config(at: &mut At<'_>) -> Config {
    Config {
        strategy: at.text("strategy"),
        timeframe: at.text("timeframe"),
        start_date: at.text("start_date"),
        end_date: at.text("end_date"),
        symbols: at.texts("symbols"),
    }
}

async fn wish(platform: &Shared, request: Request) -> Result<Wish, Detail> {
    let name = request.strategy_name;
    if name.is_empty() {
        return Err(Detail::of(
            Code::Missing,
            "Missing required field: strategy_name",
        ));
    }
    if let Some(other) = request.config.strategy.as_ref().filter(|it| **it != name) {
        let problem =
            format!("Invalid config: config.strategy is `{other}`, strategy_name `{name}`");
        return Err(Detail::of(Code::Config, problem));
    }
    let config = settings(platform, &request.config).await?;
    let wanted = StrategyRef {
        name,
        version: request.strategy_version,
    };
    let defaults = defaults(platform, wanted.clone()).await?;
    let overrides = overrides::layer(&request.config_overrides, &defaults)?;
    Ok(Wish {
        strategy: Chosen::Registered(wanted),
        experiment: request.experiment_name,
        overrides,
        config,
        fresh: false,
        with: Overrides::default(),
    })
}

/// The settings that a strategy version begins with.
async fn defaults(platform: &Shared, wanted: StrategyRef) -> Result<Map<String, Value>, Detail> {
    let found = platform
        .blocking(move |platform| Ok(strategies::find(&*platform.store, &wanted)))
        .await??;
    Ok(found.content.beside.config)
}

async fn settings(platform: &Shared, config: &Config) -> Result<Value, Detail> {
    let mut layer = Map::new();
    if let Some(timerange) = timerange(config)? {
        layer.insert("timerange".to_owned(), timerange.into());
    }
    if let Some(timeframe) = &config.timeframe {
        if !TIMEFRAMES.contains(&timeframe.as_str()) {
            let offered = TIMEFRAMES.join(", ");
            let problem = format!("Invalid timeframe: {timeframe}. Must be one of: {offered}");
            return Err(Detail::of(Code::Timeframe, problem));
        }
        layer.insert("timeframe".to_owned(), timeframe.as_str().into());
    }
    if let Some(symbols) = config.symbols.as_ref().filter(|them| !them.is_empty()) {
        symbols_exist(platform, symbols).await?;
        layer.insert("pairs".to_owned(), symbols.as_slice().into());
    }
    Ok(Value::Object(layer))
}

/// The dates as a range; the end is not part of it.
fn timerange(config: &Config) -> Result<Option<String>, Detail> {
    let stamp = |name: &str, text: &Option<String>| match text {
        None => Ok(None),
        Some(text) => parse_stamp(text).map(Some).map_err(|_| {
            Detail::of(
                Code::DateRange,
                format!("Invalid date range: {name} `{text}` is not a date"),
            )
        }),
    };
    let from = stamp("start_date", &config.start_date)?;
    let to = stamp("end_date", &config.end_date)?;
    if let (Some(from), Some(to)) = (from, to)
        && to <= from
    {
        return Err(Detail::of(
            Code::DateRange,
            "Invalid date range: start_date must be before end_date",
        ));
    }
    let end = |text: &Option<String>| text.clone().unwrap_or_default();
    let stated = from.is_some() || to.is_some();
    Ok(stated.then(|| format!("{}..{}", end(&config.start_date), end(&config.end_date))))
}

/// A pair says what it is. A name without a quote is one where there are
/// candles of it: else it is a pair that was misspelt.
async fn symbols_exist(platform: &Shared, symbols: &[String]) -> Result<(), Detail> {
    let mut plain = Vec::new();
    for text in symbols {
        let symbol: Result<Symbol, _> = text.parse();
        match symbol {
            Ok(symbol) if symbol.quote().is_some() => {}
            Ok(symbol) => plain.push(symbol),
            Err(_) => return Err(no_symbol(text)),
        }
    }
    if plain.is_empty() {
        return Ok(());
    }
    let listed = platform.candles.bars.list().await;
    let listed = listed.map_err(crate::problem::Refusal::from)?;
    let known = |symbol: &&Symbol| listed.iter().any(|(id, _)| id.symbol == **symbol);
    match plain.iter().find(|symbol| !known(symbol)) {
        Some(symbol) => Err(no_symbol(symbol.as_str())),
        None => Ok(()),
    }
}

fn no_symbol(text: &str) -> Detail {
    let problem = format!("Invalid symbol format: {text}. Expected BASE/QUOTE:SETTLE");
    Detail::of(Code::Symbol, problem)
}

/// A path's run; a word that cannot be one names none.
fn run_of(text: &str) -> Result<RunId, Detail> {
    text.parse().map_err(|_| Detail::no_backtest())
}

async fn status(
    State(platform): State<Shared>,
    Path(run): Path<String>,
) -> Result<Json<Standing>, Detail> {
    let run = run_of(&run)?;
    let shown = platform
        .blocking(move |platform| {
            let backtests = platform.backtests("http");
            Ok(backtests.run(run).and_then(|run| backtests.with(run, None)))
        })
        .await??;
    Ok(Json(Standing::of(&shown)))
}

async fn cancel(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Path(run): Path<String>,
) -> Result<Json<Standing>, Detail> {
    let run = run_of(&run)?;
    let shown = platform
        .blocking(move |platform| {
            Ok(platform
                .backtests(&actor)
                .cancel(run, "cancelled over the API"))
        })
        .await??;
    let status = word(shown.run.state);
    if matches!(status, "COMPLETED" | "FAILED") {
        let problem = format!("Backtest is already {status}");
        return Err(Detail::new(StatusCode::CONFLICT, problem));
    }
    Ok(Json(Standing::of(&shown)))
}

async fn equity(
    State(platform): State<Shared>,
    Path(run): Path<String>,
) -> Result<Json<Curve>, Detail> {
    let run = run_of(&run)?;
    let result = platform
        .blocking(move |platform| Ok(platform.backtests("http").result(run)))
        .await??;
    Ok(Json(Curve {
        run_id: run.to_string(),
        equity_curve: Mark::all(&result.equity),
    }))
}

async fn report_data(
    State(platform): State<Shared>,
    Path(run): Path<String>,
) -> Result<Json<ReportData>, Detail> {
    let run = run_of(&run)?;
    let result = platform
        .blocking(move |platform| Ok(platform.backtests("http").result(run)))
        .await??;
    Ok(Json(ReportData::of(run.to_string(), result)))
}
