//! `/data`: which candles there are, whether they are fresh, what is wrong with
//! them.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::Method;
use fondaco_app::data::freshness::{FreshnessRules, Verdict, judge};
use fondaco_app::data::{
    CandleKind, CheckRules, DatasetId, Listed, Selector, VersionRef, check_stored, list,
};
use fondaco_app::ports::Quiet;
use fondaco_domain::quality::Severity;
use fondaco_domain::{Symbol, Timeframe, UnixMillis};
use serde::Serialize;
use serde_json::{Map, Value};

use super::detail::{Code, Detail};
use super::form::Form;
use crate::problem::Refusal;
use crate::state::{Platform, Shared};
use crate::table::{Route, Scope};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::POST,
            "/data/freshness",
            (
                "s002_data_freshness",
                "Whether candles reach to the present.",
            ),
            freshness,
        )
        .scope(Scope::Read),
        Route::new(
            &Method::POST,
            "/data/validate",
            ("s002_data_validate", "What is wrong with candles."),
            validate,
        )
        .scope(Scope::Read),
        Route::new(
            &Method::GET,
            "/data/symbols",
            (
                "s002_data_symbols",
                "Instruments that there are candles of.",
            ),
            symbols,
        ),
    ]
}

/// What the data service answers at an address of its own only: elsewhere the
/// health is that of the role.
pub(super) fn own() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/health",
            ("s002_data_health", "Whether the process lives."),
            async || Json(Health::HEALTHY),
        )
        .open(),
    ]
}

/// To `GET /health`.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    service: &'static str,
}

impl Health {
    const HEALTHY: Self = Self {
        status: "healthy",
        service: "data-collection",
    };
}

/// Which candles a request is about.
struct Wanted {
    symbols: Vec<String>,
    timeframe: Timeframe,
}

/// What is said of every symbol, in the order of the request.
type BySymbol = Map<String, Value>;

/// To `POST /data/freshness`.
#[derive(Debug, Serialize)]
struct FreshnessAnswer {
    results: BySymbol,
    all_fresh: bool,
}

/// How fresh a symbol is.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Age {
    Known {
        last_update: String,
        age_hours: f64,
        is_fresh: bool,
        row_count: u64,
    },
    Unknown {
        error: String,
        is_fresh: bool,
    },
}

/// To `POST /data/validate`.
#[derive(Debug, Serialize)]
struct ValidityAnswer {
    results: BySymbol,
    all_valid: bool,
}

/// What is wrong with the candles of a symbol.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Validity {
    Known {
        is_valid: bool,
        row_count: u64,
        issues: Vec<Found>,
    },
    Unknown {
        error: String,
        is_valid: bool,
    },
}

#[derive(Debug, Serialize)]
struct Found {
    issue: String,
    severity: &'static str,
    count: usize,
}

/// To `GET /data/symbols`.
#[derive(Debug, Serialize)]
struct Symbols {
    symbols: Vec<String>,
    timeframes: BTreeMap<String, Vec<String>>,
}

async fn freshness(
    State(platform): State<Shared>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<FreshnessAnswer>, Detail> {
    let wanted = read(Form::read(body)?)?;
    let listed = listed(&platform, wanted.timeframe).await?;
    let rules = FreshnessRules {
        market: market(&platform),
        grace: None,
    };
    let now = UnixMillis(platform.machine.wall().0 / 1_000);
    let mut all_fresh = true;
    let mut results = BySymbol::new();
    for text in wanted.symbols {
        let age = match find(&listed, &text, wanted.timeframe) {
            Ok(found) => age(found, &rules, now),
            Err(error) => Age::Unknown {
                error,
                is_fresh: false,
            },
        };
        all_fresh &= matches!(age, Age::Known { is_fresh: true, .. });
        results.insert(text, written(&age));
    }
    Ok(Json(FreshnessAnswer { results, all_fresh }))
}

fn age(found: &Listed, rules: &FreshnessRules, now: UnixMillis) -> Age {
    let (last, rows) = (found.version.last, found.version.rows);
    let judged = judge(found.clone(), rules, now);
    if let Verdict::Unknown(_) = judged.verdict {
        return Age::Unknown {
            error: "the calendar of its market is not known".to_owned(),
            is_fresh: false,
        };
    }
    let hours = (now.0 - last.0) as f64 / 3_600_000.0;
    Age::Known {
        last_update: last.timestamp().to_string(),
        age_hours: (hours * 100.0).round() / 100.0,
        is_fresh: judged.is_fresh(),
        row_count: rows,
    }
}

async fn validate(
    State(platform): State<Shared>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ValidityAnswer>, Detail> {
    let wanted = read(Form::read(body)?)?;
    let listed = listed(&platform, wanted.timeframe).await?;
    let mut all_valid = true;
    let mut results = BySymbol::new();
    for text in wanted.symbols {
        let validity = match find(&listed, &text, wanted.timeframe) {
            Ok(found) => checked(&platform, found.dataset.clone()).await?,
            Err(error) => Validity::Unknown {
                error,
                is_valid: false,
            },
        };
        all_valid &= matches!(validity, Validity::Known { is_valid: true, .. });
        results.insert(text, written(&validity));
    }
    Ok(Json(ValidityAnswer { results, all_valid }))
}

async fn checked(platform: &Shared, dataset: DatasetId) -> Result<Validity, Detail> {
    let report = platform
        .waiting(async move |platform| {
            let selector = Selector {
                venue: Some(dataset.venue),
                symbol: Some(dataset.symbol),
                timeframe: Some(dataset.timeframe),
                kind: Some(dataset.kind),
            };
            let (bars, rules) = (&*platform.candles.bars, market(platform));
            Ok(check_stored(bars, &selector, &VersionRef::Latest, &rules, &Quiet).await?)
        })
        .await?;
    let reports = report.checked.into_iter().map(|checked| checked.report);
    let (mut rows, mut issues) = (0, Vec::new());
    for report in reports {
        rows += report.rows as u64;
        issues.extend(report.findings.iter().map(|finding| Found {
            issue: finding.issue.as_str().to_owned(),
            severity: match finding.severity {
                Severity::Info => "info",
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            count: finding.count,
        }));
    }
    Ok(Validity::Known {
        is_valid: issues.iter().all(|issue| issue.severity != "error"),
        row_count: rows,
        issues,
    })
}

async fn symbols(State(platform): State<Shared>) -> Result<Json<Symbols>, Detail> {
    let all = list(&*platform.candles.bars, &Selector::default()).await;
    let mut timeframes: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for it in all.map_err(Refusal::from)? {
        if it.dataset.kind == CandleKind::Trades {
            let known = timeframes.entry(it.dataset.symbol.to_string()).or_default();
            known.push(it.dataset.timeframe.to_string());
        }
    }
    Ok(Json(Symbols {
        symbols: timeframes.keys().cloned().collect(),
        timeframes,
    }))
}

fn read(mut form: Form) -> Result<Wanted, Detail> {
    let mut root = form.root();
    root.require("symbols");
    root.require("timeframe");
    let symbols = root.texts("symbols").unwrap_or_default();
    let timeframe = root.text("timeframe").unwrap_or_default();
    let (symbols, timeframe) = form.done((symbols, timeframe))?;
    let parsed = timeframe
        .parse()
        .map_err(|_| Detail::of(Code::Timeframe, format!("Invalid timeframe: {timeframe}")))?;
    Ok(Wanted {
        symbols,
        timeframe: parsed,
    })
}

async fn listed(platform: &Platform, timeframe: Timeframe) -> Result<Vec<Listed>, Detail> {
    let selector = Selector {
        timeframe: Some(timeframe),
        kind: Some(CandleKind::Trades),
        ..Selector::default()
    };
    let listed = list(&*platform.candles.bars, &selector).await;
    Ok(listed.map_err(Refusal::from)?)
}

/// The one data set of a symbol, or why there is none.
fn find<'a>(listed: &'a [Listed], text: &str, timeframe: Timeframe) -> Result<&'a Listed, String> {
    let symbol: Symbol = text
        .parse()
        .map_err(|_| format!("Invalid symbol format: {text}"))?;
    let found = listed.iter().filter(|it| it.dataset.symbol == symbol);
    // Of several venues the one that reaches farthest.
    found
        .max_by_key(|it| it.version.last)
        .ok_or_else(|| format!("No data found for {text}_{timeframe}"))
}

fn market(platform: &Platform) -> CheckRules {
    CheckRules {
        holidays: platform.candles.holidays.clone(),
        ..CheckRules::default()
    }
}

fn written(of: &impl Serialize) -> Value {
    serde_json::to_value(of).expect("texts and numbers always serialise")
}
