//! What lies beside tasks: recommendations, watchlist and positions.

use serde::Serialize;
use serde_json::Value;

use super::read::{LegacyProblem, Said, kind, object};
use super::{LegacyTask, to_bytes};

/// A recommendation: what an analysis of a day decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommended {
    /// The instrument.
    pub ticker: String,
    /// The day, `2025-03-04`.
    pub date: String,
    /// The task that decided.
    pub task_id: Option<String>,
    /// When that was accepted, RFC 3339: a newer one takes its place.
    pub created_at: Option<String>,
    /// The rating of both lanes together.
    pub decision: Option<String>,
    /// How sure, from 0 to 1.
    pub confidence: Option<f64>,
    /// The rating of the quant lane; `null` where it says nothing.
    pub quant_signal: Option<String>,
    /// The rating of the llm lane; `null` where it says nothing.
    pub llm_signal: Option<String>,
    /// Why lanes are missing, quant first.
    pub degrade_reason_codes: Vec<String>,
}

/// Watchlist and positions.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Shelf {
    /// What is watched, as it was written.
    pub watchlist: Vec<Watch>,
    /// What is held, by account.
    pub positions: Vec<Held>,
}

/// Something that is watched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watch {
    /// The instrument.
    pub ticker: String,
    /// What people call it.
    pub name: Option<String>,
}

/// Something that is held.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// The account it is noted under; `None` for that of those who name none.
    pub account: Option<String>,
    /// Its name there.
    pub position_id: Option<String>,
    /// The instrument.
    pub ticker: String,
    /// Units held.
    pub shares: f64,
    /// Price paid for a unit.
    pub cost_price: f64,
    /// The day it was bought, `2025-03-04`.
    pub purchase_date: Option<String>,
    /// For people.
    pub notes: Option<String>,
}

impl Recommended {
    /// Of a task that ended with a decision; nothing of any other.
    pub fn of(task: &LegacyTask) -> Option<Self> {
        if !task.status.is_success() {
            return None;
        }
        Some(Self {
            ticker: task.ticker.clone()?,
            date: task.date.clone()?,
            task_id: Some(task.task_id.clone()),
            created_at: task.created_at.clone(),
            decision: task.decision.clone(),
            confidence: task.confidence,
            quant_signal: task.quant_signal.clone(),
            llm_signal: task.llm_signal.clone(),
            degrade_reason_codes: task.degrade_reason_codes.clone(),
        })
    }

    /// Reads one, by the rules of [`LegacyTask::read`]; day and ticker are those
    /// of its place.
    pub fn read(date: &str, ticker: &str, text: &str) -> Result<Self, LegacyProblem> {
        let mut fields = object(text)?;
        let task_id = Said(&fields).text("task_id")?;
        fields.remove("task_id");
        // Older ones call the day so, and have no status.
        fields.remove("analysis_date");
        fields
            .entry("status")
            .or_insert_with(|| Value::from("completed"));
        let task = LegacyTask::read("", &Value::Object(fields).to_string())?;
        Ok(Self {
            ticker: ticker.to_owned(),
            date: date.to_owned(),
            task_id,
            created_at: task.created_at,
            decision: task.decision,
            confidence: task.confidence,
            quant_signal: task.quant_signal,
            llm_signal: task.llm_signal,
            degrade_reason_codes: task.degrade_reason_codes,
        })
    }

    /// The file of this document.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }
}

impl Shelf {
    /// Reads a watchlist: a list, or an object with one in `watchlist`; of
    /// tickers, or of objects with `ticker` and perhaps `name`.
    pub fn read_watchlist(text: &str) -> Result<Vec<Watch>, LegacyProblem> {
        listed(text, "watchlist")?.iter().map(watch).collect()
    }

    /// Reads positions: a list; or an object with a list in `positions`; or
    /// one with `accounts`, each with `positions` as a list or by ticker.
    pub fn read_positions(text: &str) -> Result<Vec<Held>, LegacyProblem> {
        let value: Value = json(text)?;
        let Some(accounts) = value.get("accounts") else {
            let mut held = Vec::new();
            in_account(&value, None, &mut held)?;
            return Ok(held);
        };
        let accounts = accounts.as_object().ok_or(kind("accounts", "an object"))?;
        let mut held = Vec::new();
        for (name, account) in accounts {
            in_account(account, Some(name), &mut held)?;
        }
        Ok(held)
    }
}

fn json(text: &str) -> Result<Value, LegacyProblem> {
    serde_json::from_str(text).map_err(|error| LegacyProblem::Json(error.to_string()))
}

fn listed(text: &str, field: &'static str) -> Result<Vec<Value>, LegacyProblem> {
    match json(text)? {
        Value::Array(items) => Ok(items),
        Value::Object(mut fields) => match fields.remove(field) {
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(kind(field, "a list")),
            None => Err(LegacyProblem::Missing(field)),
        },
        _ => Err(kind("it", "a list or an object")),
    }
}

fn watch(value: &Value) -> Result<Watch, LegacyProblem> {
    match value {
        Value::String(ticker) => Ok(Watch {
            ticker: ticker.clone(),
            name: None,
        }),
        Value::Object(fields) => Ok(Watch {
            ticker: Said(fields)
                .text("ticker")?
                .ok_or(LegacyProblem::Missing("ticker"))?,
            name: Said(fields).text("name")?,
        }),
        _ => Err(kind("watchlist", "a list of texts or objects")),
    }
}

fn in_account(
    account: &Value,
    name: Option<&str>,
    held: &mut Vec<Held>,
) -> Result<(), LegacyProblem> {
    let positions = account.get("positions").unwrap_or(account);
    match positions {
        Value::Array(items) => {
            for item in items {
                held.push(position(item, name, None)?);
            }
        }
        Value::Object(tickers) => {
            for (ticker, items) in tickers {
                let items = items
                    .as_array()
                    .ok_or(kind("positions", "lists by ticker"))?;
                for item in items {
                    held.push(position(item, name, Some(ticker))?);
                }
            }
        }
        _ => return Err(kind("positions", "a list or an object")),
    }
    Ok(())
}

fn position(
    item: &Value,
    account: Option<&str>,
    ticker: Option<&str>,
) -> Result<Held, LegacyProblem> {
    let fields = item
        .as_object()
        .ok_or(kind("positions", "a list of objects"))?;
    let said = Said(fields);
    let ticker = match said.text("ticker")? {
        Some(ticker) => Some(ticker),
        None => ticker.map(str::to_owned),
    };
    let account = account.map(str::to_owned);
    Ok(Held {
        account: account.or(said.text("account")?),
        position_id: said.text("position_id")?,
        ticker: ticker.ok_or(LegacyProblem::Missing("ticker"))?,
        shares: said
            .number("shares")?
            .ok_or(LegacyProblem::Missing("shares"))?,
        cost_price: said
            .number("cost_price")?
            .ok_or(LegacyProblem::Missing("cost_price"))?,
        purchase_date: said.text("purchase_date")?,
        notes: said.text("notes")?,
    })
}
