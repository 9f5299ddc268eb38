//! Days in `trading_days`, with `holdings` and `actions` of each.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{Message, MessageRole};
use serde_json::Value;

use super::day::{Raw, RawAction};
use super::rows::Fields;
use super::{Dirt, ImportError, Known, Notes, Source};

pub(super) fn read(
    source: &Source<'_>,
    known: &Known,
    notes: &mut Notes,
) -> Result<Vec<Raw>, ImportError> {
    if !source.tables.contains("trading_days") {
        return Ok(Vec::new());
    }
    let mut holdings = by_day(source.rows("holdings")?);
    let mut actions = by_day(source.rows("actions")?);
    let mut days = Vec::new();
    for row in source.rows("trading_days")? {
        let id = row.id("id").unwrap_or_default();
        let held = holdings.remove(&id).unwrap_or_default();
        let done = actions.remove(&id).unwrap_or_default();
        match day(&row, &held, &done, known) {
            Ok(day) => days.push(day),
            Err(dirt) => notes.add(dirt, row.name("trading_days")),
        }
    }
    for day in &days {
        for action in day.actions.iter().filter(|action| action.is_empty()) {
            notes.add(Dirt::Amount, format!("{}: {}", day.name(), action.kind));
        }
    }
    Ok(days)
}

fn by_day(rows: Vec<Fields>) -> BTreeMap<i64, Vec<Fields>> {
    let mut days: BTreeMap<i64, Vec<Fields>> = BTreeMap::new();
    for row in rows {
        let day = row.id("trading_day_id").unwrap_or_default();
        days.entry(day).or_default().push(row);
    }
    days
}

fn day(row: &Fields, held: &[Fields], done: &[Fields], known: &Known) -> Result<Raw, Dirt> {
    let name = row.model_day()?;
    if !known.jobs.contains(&name.job) {
        return Err(Dirt::NoJob);
    }
    // A session that fails half-way leaves its row, with the cash of its
    // beginning and nothing held.
    let completed = row.instant("completed_at").ok_or(Dirt::Unfinished)?;
    if known.ended(&name.job, &name.model, &name.date.to_string()) == Some(false) {
        return Err(Dirt::Unfinished);
    }
    let said = row.json("reasoning_full");
    Ok(Raw {
        start_cash: row.amount(&["starting_cash"])?,
        start_value: row.amount(&["starting_portfolio_value"])?,
        profit: row.amount(&["daily_profit"])?,
        return_pct: row.real(&["daily_return_pct"]).ok_or(Dirt::Number)?,
        end_cash: row.amount(&["ending_cash"])?,
        end_value: row.amount(&["ending_portfolio_value"])?,
        holdings: held.iter().map(holding).collect::<Result<_, _>>()?,
        actions: done.iter().map(action).collect::<Result<_, _>>()?,
        summary: row.text(&["reasoning_summary"]),
        said: said
            .as_ref()
            .and_then(Value::as_array)
            .map(|said| said.iter().filter_map(message).collect())
            .unwrap_or_default(),
        gap: row
            .real(&["days_since_last_trading"])
            .map_or(0, |days| days.max(0.0) as u32),
        started: started(row, completed),
        completed,
        name,
    })
}

/// By how long it took, else when the row was made.
fn started(row: &Fields, completed: fondaco_domain::UnixMicros) -> fondaco_domain::UnixMicros {
    let took = row.real(&["session_duration_seconds"]);
    let took = took.filter(|seconds| (0.0..1e7).contains(seconds));
    match took {
        Some(seconds) => fondaco_domain::UnixMicros(completed.0 - (seconds * 1e6) as i64),
        None => row
            .instant("created_at")
            .unwrap_or(completed)
            .min(completed),
    }
}

pub(super) fn holding(
    row: &Fields,
) -> Result<(fondaco_domain::Symbol, rust_decimal::Decimal), Dirt> {
    let symbol = row.text(&["symbol"]).ok_or(Dirt::Symbol)?;
    let symbol = symbol.parse().map_err(|_| Dirt::Symbol)?;
    Ok((symbol, row.amount(&["quantity", "amount"])?))
}

pub(super) fn action(row: &Fields) -> Result<RawAction, Dirt> {
    let kind = row.text(&["action_type"]).ok_or(Dirt::State)?;
    let symbol = match row.text(&["symbol"]) {
        Some(name) => Some(name.parse().map_err(|_| Dirt::Symbol)?),
        None => None,
    };
    Ok(RawAction {
        kind,
        symbol,
        quantity: row.amount(&["quantity", "amount"]).unwrap_or_default(),
        price: row.amount(&["price"]).unwrap_or_default(),
    })
}

/// Something that was said, as far as it has words.
pub(super) fn message(said: &Value) -> Option<Message> {
    let text = |name: &str| said.get(name).and_then(Value::as_str);
    let role = match text("role")? {
        "system" => MessageRole::System,
        "assistant" => MessageRole::Assistant,
        "tool" => MessageRole::Tool,
        _ => MessageRole::User,
    };
    let words = match said.get("content")? {
        Value::String(words) => words.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    };
    let tool = text("tool_name")
        .or(text("name"))
        .filter(|_| role == MessageRole::Tool);
    Some(Message {
        role,
        text: words,
        tool: tool.map(str::to_owned),
        input: tool
            .and(said.get("tool_input").cloned())
            .filter(|input| !input.is_null()),
        call: None,
        completion: None,
    })
}
