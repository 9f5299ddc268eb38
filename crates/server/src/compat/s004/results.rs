//! `/results`: days in detail, or what models were worth over a range.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use fondaco_app::ports::Failure;
use fondaco_app::ports::days::{DayQuery, DayStore, DayValue, KeptDay, Origin};
use fondaco_app::simulation::days::follow;
use fondaco_app::simulation::trigger::BOOK;
use fondaco_contract::v1alpha1::simulation::{Action, ActionKind, ActionState, DayState, Message};
use fondaco_domain::RunId;
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::jobs::seconds;
use super::money::{amount, quantity};
use super::query::{Words, strict_day, today};
use crate::compat::s002::detail::Detail;
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new(
        &Method::GET,
        "/results",
        ("s004_results", "What model-days came to."),
        results,
    )]
}

/// To `GET /results`.
#[derive(Debug, Serialize)]
struct Results {
    count: usize,
    results: Vec<Value>,
}

/// How much is told of how a model came to what it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reasoning {
    None,
    Summary,
    Full,
}

const REASONING: [(&str, Reasoning); 3] = [
    ("none", Reasoning::None),
    ("summary", Reasoning::Summary),
    ("full", Reasoning::Full),
];

async fn results(
    State(platform): State<Shared>,
    Query(words): Query<BTreeMap<String, String>>,
) -> Result<Json<Results>, Detail> {
    let words = Words(words);
    let reasoning = words.one_of("reasoning", &REASONING)?;
    if words.0.contains_key("date") {
        return Err(Detail::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Parameter 'date' has been removed. Use 'start_date' and/or 'end_date' instead.",
        ));
    }
    let now = today(platform.machine.wall());
    let dates = range(&words, platform.simulations.lookback_days, now)?;
    let query = DayQuery {
        model: words.text("model").map(str::to_owned),
        dates: Some(dates.0..=dates.1),
        ..of_job(words.text("job_id"))
    };
    let is_one_day = dates.0 == dates.1;
    platform
        .blocking(move |platform| Ok(found(platform, &query, is_one_day, reasoning)))
        .await?
        .map(Json)
}

/// Days of a job, or those there are in the book.
pub(super) fn of_job(job: Option<&str>) -> DayQuery {
    match job {
        None => DayQuery {
            book: Some(BOOK.to_owned()),
            ..DayQuery::default()
        },
        Some(job) => DayQuery {
            origin: Some(match job.parse::<RunId>() {
                Ok(run) => Origin::Run(run),
                Err(_) => Origin::Imported(job.to_owned()),
            }),
            replaced: true,
            ..DayQuery::default()
        },
    }
}

/// The same of an imported job whose name looks like one of ours.
pub(super) fn or_imported(query: &DayQuery) -> Option<DayQuery> {
    match &query.origin {
        Some(Origin::Run(run)) => Some(DayQuery {
            origin: Some(Origin::Imported(run.to_string())),
            ..query.clone()
        }),
        _ => None,
    }
}

fn range(words: &Words, lookback: u32, today: Date) -> Result<(Date, Date), Detail> {
    let wrong = |problem: &str| Detail::new(StatusCode::BAD_REQUEST, problem);
    let (start, end) = match (words.0.get("start_date"), words.0.get("end_date")) {
        (None, None) => {
            let start = today.saturating_sub(i64::from(lookback).days());
            return Ok((start, today));
        }
        (Some(one), None) | (None, Some(one)) => (one, one),
        (Some(start), Some(end)) => (start, end),
    };
    let day =
        |text| strict_day(text).ok_or_else(|| wrong("Invalid date format. Expected YYYY-MM-DD"));
    let (start, end) = (day(start)?, day(end)?);
    if start > end {
        return Err(wrong("start_date must be <= end_date"));
    }
    if end > today {
        return Err(wrong("Cannot query future dates"));
    }
    Ok((start, end))
}

fn found(
    platform: &Platform,
    query: &DayQuery,
    is_one_day: bool,
    reasoning: Reasoning,
) -> Result<Results, Detail> {
    let days = &*platform.simulations.days;
    follow(&*platform.store, days).map_err(|error| Detail::of_kind(&error))?;
    let read = |query: &DayQuery| {
        if is_one_day {
            detailed(days, query, reasoning)
        } else {
            ranges(days, query)
        }
    };
    let mut results = read(query).map_err(|error| Detail::of_kind(&error))?;
    if let (true, Some(other)) = (results.is_empty(), or_imported(query)) {
        results = read(&other).map_err(|error| Detail::of_kind(&error))?;
    }
    if results.is_empty() {
        return Err(Detail::new(
            StatusCode::NOT_FOUND,
            "No trading data found for the specified filters",
        ));
    }
    Ok(Results {
        count: results.len(),
        results,
    })
}

fn detailed(
    days: &dyn DayStore,
    query: &DayQuery,
    reasoning: Reasoning,
) -> Result<Vec<Value>, Failure> {
    let mut found = days.days(query)?;
    found.sort_by(|one, other| one.day.model.cmp(&other.day.model));
    Ok(found.iter().map(|kept| one(kept, reasoning)).collect())
}

fn one(kept: &KeptDay, reasoning: Reasoning) -> Value {
    let day = &kept.day;
    let at = kept.completed_at.to_string();
    let trades: Vec<Value> = filled(&day.actions).map(|done| trade(&done, &at)).collect();
    let session = &day.session;
    let mut metadata = Map::new();
    metadata.insert("total_actions".to_owned(), trades.len().into());
    metadata.insert(
        "session_duration_seconds".to_owned(),
        json!(seconds(Some(kept.started_at), Some(kept.completed_at))),
    );
    metadata.insert("completed_at".to_owned(), at.as_str().into());
    if kept.stale {
        metadata.insert("stale".to_owned(), true.into());
    }
    json!({
        "date": day.date.to_string(),
        "model": day.model,
        "job_id": kept.origin.to_string(),
        "starting_position": position(&day.start),
        "daily_metrics": {
            "profit": amount(day.figures.profit),
            "return_pct": day.figures.return_pct,
            "days_since_last_trading": day.days_since_last_trading,
        },
        "trades": trades,
        "final_position": position(&day.end),
        "metadata": metadata,
        "reasoning": match reasoning {
            Reasoning::None => Value::Null,
            Reasoning::Summary => json!(session.summary),
            Reasoning::Full => session.conversation.iter().map(|said| message(said, &at)).collect(),
        },
    })
}

fn position(state: &DayState) -> Value {
    let holdings = state.holdings.iter().map(
        |held| json!({"symbol": held.symbol.to_string(), "quantity": quantity(held.quantity)}),
    );
    json!({
        "holdings": holdings.collect::<Value>(),
        "cash": amount(state.cash),
        "portfolio_value": amount(state.value),
    })
}

/// An action that was done.
pub(super) struct Filled<'a> {
    pub(super) action: &'a Action,
    pub(super) price: Value,
    pub(super) cash_after: Value,
    pub(super) value_after: Value,
}

impl Filled<'_> {
    /// What is bought or sold; nothing of doing nothing.
    pub(super) fn quantity(&self) -> Value {
        match self.action.kind {
            ActionKind::Hold => Value::Null,
            _ => quantity(self.action.quantity),
        }
    }

    pub(super) fn symbol(&self) -> Value {
        json!(self.action.symbol.as_ref().map(ToString::to_string))
    }
}

/// What was done, in order: what waits, was refused or came by itself is no
/// trade.
pub(super) fn filled(actions: &[Action]) -> impl Iterator<Item = Filled<'_>> {
    actions.iter().filter_map(|action| match &action.state {
        ActionState::Filled {
            price,
            cash_after,
            value_after,
            ..
        } => Some(Filled {
            action,
            price: match action.kind {
                ActionKind::Hold => Value::Null,
                _ => amount(*price),
            },
            cash_after: amount(*cash_after),
            value_after: amount(*value_after),
        }),
        _ => None,
    })
}

fn trade(done: &Filled<'_>, at: &str) -> Value {
    json!({
        "action_type": done.action.kind.as_str(),
        "symbol": done.symbol(),
        "quantity": done.quantity(),
        "price": done.price,
        "created_at": at,
    })
}

fn message(said: &Message, at: &str) -> Value {
    let mut told = json!({
        "role": said.role.as_str(), "content": said.text, "timestamp": at,
    });
    if let Some(tool) = &said.tool {
        told["tool_name"] = tool.as_str().into();
        told["tool_input"] = json!(said.input);
    }
    told
}

fn ranges(days: &dyn DayStore, query: &DayQuery) -> Result<Vec<Value>, Failure> {
    let mut models: BTreeMap<String, Vec<DayValue>> = BTreeMap::new();
    for value in days.values(query)? {
        models.entry(value.model.clone()).or_default().push(value);
    }
    let mut told = Vec::new();
    for (model, values) in models {
        let first = DayQuery {
            model: Some(model.clone()),
            limit: Some(1),
            ..query.clone()
        };
        let start = days.days(&first)?;
        let start = start.first().map(|kept| kept.day.start.value);
        told.push(range_of(
            &model,
            &values,
            &start.map_or(Value::Null, amount),
        ));
    }
    Ok(told)
}

fn range_of(model: &str, values: &[DayValue], start: &Value) -> Value {
    let (Some(first), Some(last)) = (values.first(), values.last()) else {
        return Value::Null;
    };
    let points = values.iter().map(
        |value| json!({"date": value.date.to_string(), "portfolio_value": amount(value.value)}),
    );
    let end = amount(last.value);
    let days = (last.date.day() - first.date.day()).get_days() + 1;
    let (from, to) = (start.as_f64().unwrap_or(0.0), end.as_f64().unwrap_or(0.0));
    json!({
        "model": model,
        "start_date": first.date.to_string(),
        "end_date": last.date.to_string(),
        "daily_portfolio_values": points.collect::<Value>(),
        "period_metrics": {
            "starting_portfolio_value": start,
            "ending_portfolio_value": end,
            "period_return_pct": round(period_return(from, to)),
            "annualized_return_pct": round(annualized(from, to, days)),
            "calendar_days": days,
            "trading_days": values.len(),
        },
    })
}

/// In per cent; 0 where there was nothing at the beginning.
fn period_return(start: f64, end: f64) -> f64 {
    if start == 0.0 {
        return 0.0;
    }
    (end - start) / start * 100.0
}

/// The return of a year of 365 days, in per cent; 0 where it cannot be said.
fn annualized(start: f64, end: f64, days: i32) -> f64 {
    if start == 0.0 || end <= 0.0 || days <= 0 {
        return 0.0;
    }
    ((end / start).powf(365.0 / f64::from(days)) - 1.0) * 100.0
}

/// To two places.
fn round(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
