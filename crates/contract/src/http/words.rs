//! Schemas of texts that are not just any text: closed lists, names, times.
//! For `#[schemars(schema_with = …)]`.

use fondaco_domain::halt::HaltMode;
use fondaco_domain::run::{RunKind, RunState};
use fondaco_domain::task::{TaskKind, TaskState};
use schemars::{Schema, SchemaGenerator, json_schema};

/// One of a closed list.
pub fn closed(words: impl IntoIterator<Item = &'static str>) -> Schema {
    let words: Vec<&str> = words.into_iter().collect();
    json_schema!({"type": "string", "enum": words})
}

/// A text of a form.
pub fn text(pattern: &str) -> Schema {
    json_schema!({"type": "string", "pattern": pattern})
}

/// One of a closed list, or nothing.
pub fn or_none(mut schema: Schema) -> Schema {
    if let Some(kind) = schema.get("type").cloned() {
        schema.insert("type".to_owned(), serde_json::json!([kind, "null"]));
    }
    if let Some(words) = schema
        .get_mut("enum")
        .and_then(serde_json::Value::as_array_mut)
    {
        words.push(serde_json::Value::Null);
    }
    schema
}

/// A state of a run.
pub fn run_state(_: &mut SchemaGenerator) -> Schema {
    closed(RunState::ALL.map(RunState::as_str))
}

/// A kind of run.
pub fn run_kind(_: &mut SchemaGenerator) -> Schema {
    closed(RunKind::ALL.map(RunKind::as_str))
}

/// A state of a task.
pub fn task_state(_: &mut SchemaGenerator) -> Schema {
    closed(TaskState::ALL.map(TaskState::as_str))
}

/// A kind of task.
pub fn task_kind(_: &mut SchemaGenerator) -> Schema {
    closed(TaskKind::ALL.map(TaskKind::as_str))
}

/// Kinds of tasks.
pub fn task_kinds(schemas: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "array", "items": task_kind(schemas)})
}

/// A mode of a halt that stops something.
pub fn halting_mode(_: &mut SchemaGenerator) -> Schema {
    let modes = [
        HaltMode::Reducing,
        HaltMode::Drain,
        HaltMode::Halted,
        HaltMode::Killed,
    ];
    closed(modes.map(HaltMode::as_str))
}

/// A mode of a latch.
pub fn halt_mode(_: &mut SchemaGenerator) -> Schema {
    let modes = [
        HaltMode::Active,
        HaltMode::Reducing,
        HaltMode::Drain,
        HaltMode::Halted,
        HaltMode::Killed,
    ];
    closed(modes.map(HaltMode::as_str))
}

/// What a halt covers.
pub fn halt_scope(_: &mut SchemaGenerator) -> Schema {
    let kinds = RunKind::ALL.map(RunKind::as_str).join("|");
    text(&format!(
        "^(global|kind:({kinds})|(tenant|strategy):.+|spec:[0-9a-f]{{64}}|run:{ID})$"
    ))
}

/// The name of a run, or of a worker.
pub fn id(_: &mut SchemaGenerator) -> Schema {
    text(&format!("^{ID}$"))
}

/// A UUID of version 7, which begins with the time it was made at.
const ID: &str =
    "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-7[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}";

/// A kind of record of the trail.
pub fn record_kind(_: &mut SchemaGenerator) -> Schema {
    closed([
        "key",
        "flag",
        "strategy",
        "confirmation",
        "halt",
        "schedule",
        "data",
        "runtime",
        "spending",
        "watchlist",
        "account",
        "position",
        "analysis_task",
        "migration",
        "provider_key",
    ])
}

/// The name of a run, or nothing.
pub fn id_or_none(schemas: &mut SchemaGenerator) -> Schema {
    or_none(id(schemas))
}

/// An instant: RFC 3339.
pub fn instant(_: &mut SchemaGenerator) -> Schema {
    json_schema!({"type": "string", "format": "date-time"})
}

/// An instant, or nothing.
pub fn instant_or_none(schemas: &mut SchemaGenerator) -> Schema {
    or_none(instant(schemas))
}

/// A hash: SHA-256 in hexadecimal.
pub fn hash(_: &mut SchemaGenerator) -> Schema {
    text("^[0-9a-f]{64}$")
}

/// Where candles come from.
pub fn venue(_: &mut SchemaGenerator) -> Schema {
    text("^[a-z0-9_-]{1,40}$")
}

/// An instrument: `BTC/USDT`, `BTC/USDT:USDT`, `AAPL`. No part of it is made
/// of dots alone.
pub fn symbol(_: &mut SchemaGenerator) -> Schema {
    const PART: &str = "[A-Za-z0-9_^=-][A-Za-z0-9._^=-]{0,39}";
    text(&format!("^{PART}(/{PART}(:{PART})?)?$"))
}

/// The length of a candle.
pub fn timeframe(_: &mut SchemaGenerator) -> Schema {
    text("^([1-9][0-9]{0,3}[smhd]|[1-9][0-9]{0,2}w)$")
}

/// What the numbers of candles are.
pub fn candle_kind(_: &mut SchemaGenerator) -> Schema {
    closed(["trades", "mark", "funding_rate"])
}

/// The calendar of a market.
pub fn calendar(_: &mut SchemaGenerator) -> Schema {
    closed(["24/7", "us-equities", "a-shares", "forex"])
}

/// A version: `latest`, a number, or the start of its hash.
pub fn version(_: &mut SchemaGenerator) -> Schema {
    text("^(latest|[1-9][0-9]{0,4}|[0-9a-f]{6,64})$")
}

/// A document of one of the languages of specs: an object with a `kind`.
pub fn document(schemas: &mut SchemaGenerator) -> Schema {
    let kind = run_kind(schemas);
    json_schema!({"type": "object", "properties": {"kind": kind}, "required": ["kind"]})
}
