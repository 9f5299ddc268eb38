//! Days of the older schema: all `positions` of a model on a date, with
//! `trading_sessions` and `reasoning_logs` where there are some.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::Message;
use fondaco_domain::UnixMicros;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::day::{Raw, RawAction};
use super::newer::{action, holding, message};
use super::rows::{Fields, ModelDayName};
use super::{Dirt, ImportError, Known, Notes, Source};

/// What is known of the session of a day.
#[derive(Default)]
struct Session {
    summary: Option<String>,
    started: Option<UnixMicros>,
    completed: Option<UnixMicros>,
    said: Vec<Message>,
}

pub(super) fn read(
    source: &Source<'_>,
    known: &Known,
    notes: &mut Notes,
) -> Result<Vec<Raw>, ImportError> {
    let mut sessions = sessions(source)?;
    let mut held: BTreeMap<i64, Vec<Fields>> = BTreeMap::new();
    for row in source.rows("holdings")? {
        if let Some(position) = row.id("position_id") {
            held.entry(position).or_default().push(row);
        }
    }
    let mut days: BTreeMap<ModelDayName, Vec<Fields>> = BTreeMap::new();
    for row in source.rows("positions")? {
        match row.model_day() {
            Ok(name) if known.jobs.contains(&name.job) => days.entry(name).or_default().push(row),
            Ok(_) => notes.add(Dirt::NoJob, row.name("positions")),
            Err(dirt) => notes.add(dirt, row.name("positions")),
        }
    }
    let mut raw = Vec::new();
    for (name, mut rows) in days {
        rows.sort_by_key(|row| (row.id("action_id"), row.id("id")));
        let session = sessions.remove(&name).unwrap_or_default();
        let told = format!("{} {} of {}", name.date, name.model, name.job);
        match day(name, &rows, &held, session, known) {
            Ok(day) => {
                for action in day.actions.iter().filter(|action| action.is_empty()) {
                    notes.add(Dirt::Amount, format!("{told}: {}", action.kind));
                }
                raw.push(day);
            }
            Err(dirt) => notes.add(dirt, told),
        }
    }
    Ok(raw)
}

fn sessions(source: &Source<'_>) -> Result<BTreeMap<ModelDayName, Session>, ImportError> {
    let mut said: BTreeMap<i64, Vec<(Option<i64>, Message)>> = BTreeMap::new();
    for row in source.rows("reasoning_logs")? {
        let told = json!({
            "role": row.text(&["role"]), "content": row.text(&["content"]).unwrap_or_default(),
            "tool_name": row.text(&["tool_name"]),
            "tool_input": row.json("tool_input").or(row.text(&["tool_input"]).map(Value::from)),
        });
        if let (Some(session), Some(message)) = (row.id("session_id"), message(&told)) {
            let index = row.id("message_index");
            said.entry(session).or_default().push((index, message));
        }
    }
    let mut sessions = BTreeMap::new();
    for row in source.rows("trading_sessions")? {
        let Ok(name) = row.model_day() else { continue };
        let mut said = row
            .id("id")
            .and_then(|id| said.remove(&id))
            .unwrap_or_default();
        said.sort_by_key(|(index, _)| *index);
        let session = Session {
            summary: row.text(&["session_summary"]),
            started: row.instant("started_at"),
            completed: row.instant("completed_at"),
            said: said.into_iter().map(|(_, message)| message).collect(),
        };
        sessions.insert(name, session);
    }
    Ok(sessions)
}

fn day(
    name: ModelDayName,
    rows: &[Fields],
    held: &BTreeMap<i64, Vec<Fields>>,
    session: Session,
    known: &Known,
) -> Result<Raw, Dirt> {
    let (Some(first), Some(last)) = (rows.first(), rows.last()) else {
        return Err(Dirt::Unfinished);
    };
    let ended = known.ended(&name.job, &name.model, &name.date.to_string());
    if ended == Some(false) || (ended.is_none() && session.completed.is_none()) {
        return Err(Dirt::Unfinished);
    }
    let written = last.instant("created_at");
    let completed = session.completed.or(written).ok_or(Dirt::Date)?;
    let actions: Vec<RawAction> = rows
        .iter()
        .filter(|row| row.text(&["action_type"]).is_some())
        .map(action)
        .collect::<Result<_, _>>()?;
    let end_value = last.amount(&["portfolio_value"])?;
    let profit = first.amount(&["daily_profit"]).unwrap_or_default();
    // Each row has the cash after its action: before the first one there was
    // what it took more, or gave less.
    let before = actions
        .first()
        .filter(|_| first.text(&["action_type"]).is_some());
    let start_cash = first.amount(&["cash"])? + before.map_or(Decimal::ZERO, RawAction::paid);
    let holdings = last.id("id").and_then(|id| held.get(&id));
    let holdings = holdings.map(Vec::as_slice).unwrap_or_default();
    Ok(Raw {
        start_cash,
        start_value: end_value,
        profit,
        return_pct: first.real(&["daily_return_pct"]).unwrap_or_default(),
        end_cash: last.amount(&["cash"])?,
        end_value,
        holdings: holdings.iter().map(holding).collect::<Result<_, _>>()?,
        actions,
        summary: session.summary,
        said: session.said,
        gap: 0,
        started: session
            .started
            .or(first.instant("created_at"))
            .unwrap_or(completed)
            .min(completed),
        completed,
        name,
    })
}
