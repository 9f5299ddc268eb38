//! What an agent is told: the files of `prompts/simulation/v1`, built into the
//! program.

use std::sync::LazyLock;

use fondaco_contract::v1alpha1::simulation::{
    Action, ActionState, Execution, SimDate, SimulationJob,
};
use fondaco_domain::ContentHash;
use fondaco_domain::ledger::Account;
use minijinja::{Error, Value};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Map, json};

use super::trading::{self, Trading};
use crate::templates::Templates;

const AGENT: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../prompts/simulation/v1/agent.md"
));
const DAY: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../prompts/simulation/v1/day.md"
));
const SUMMARY: &str = include_str!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../prompts/simulation/v1/summary.md"
));

/// What a model may say in place of calling `finish`.
pub const FINISH: &str = "<FINISH_SIGNAL>";

/// The name of all words that models of a simulation are asked with.
pub fn hash() -> ContentHash {
    let all = [
        AGENT,
        DAY,
        SUMMARY,
        &super::room::prompts_hash().to_string(),
    ];
    ContentHash::of(all.join("\0").as_bytes())
}

/// The stable part: nothing of the day.
pub(super) fn system(job: &SimulationJob) -> Result<String, Error> {
    let account = trading::account(&job.account);
    render(
        "agent.md",
        [
            ("execution", Value::from(execution(job.execution))),
            ("units", Value::from(units(&account))),
            ("shorting", Value::from(shorting(&account))),
            ("finish", Value::from(FINISH)),
        ],
    )
}

/// The day and the account at its beginning.
pub(super) fn day(
    job: &SimulationJob,
    trading: &Trading<'_>,
    so_far: &[Action],
) -> Result<String, Error> {
    let account = serde_json::to_string(&account_of(job, trading)).unwrap_or_default();
    let events: Vec<String> = so_far.iter().filter_map(event).collect();
    render(
        "day.md",
        [
            ("date", Value::from(trading.date().to_string())),
            ("account", Value::from(account)),
            ("events", Value::from(events)),
        ],
    )
}

/// The last question of a day.
pub(super) fn summary() -> &'static str {
    SUMMARY.trim_end()
}

/// What there is, as models are told.
pub(super) fn account_of(job: &SimulationJob, trading: &Trading<'_>) -> serde_json::Value {
    let held = trading.held().positions().iter();
    let positions: Map<String, serde_json::Value> = held
        .map(|(symbol, position)| (symbol.to_string(), number(position.signed())))
        .collect();
    let opens = trading.opens();
    let prices: Map<String, serde_json::Value> = job
        .symbols
        .iter()
        .filter_map(|symbol| Some((symbol.to_string(), number(*opens.get(symbol)?))))
        .collect();
    json!({
        "date": date(trading.date()),
        "cash": number(trading.cash()),
        "value": trading.value().ok().map(|value| number(value.value)),
        "positions": positions,
        "prices": prices,
        "symbols": job.symbols,
        "lot": lot(&trading::account(&job.account)).map(number),
    })
}

/// What quantities are multiples of; nothing where any will do.
fn lot(account: &Account) -> Option<Decimal> {
    account.lot.or(account.quantity_step)
}

/// A decimal as a model reads it.
pub(super) fn number(value: Decimal) -> serde_json::Value {
    let whole = value.to_i64().filter(|_| value.fract().is_zero());
    whole.map_or_else(|| json!(value.to_f64()), |whole| json!(whole))
}

fn date(date: SimDate) -> String {
    date.to_string()
}

pub(super) fn execution(execution: Execution) -> &'static str {
    match execution {
        Execution::Open => "an order is filled at once at today's opening price.",
        Execution::NextOpen => {
            "an order waits for the next opening and is filled at that price, which nobody knows yet."
        }
        Execution::Vwap => {
            "an order is filled after your decision at today's average price, which nobody knows yet."
        }
    }
}

pub(super) fn units(account: &Account) -> String {
    match (account.lot, account.quantity_step) {
        (Some(lot), _) => format!(
            "Buy in lots of {lot}; what is left beside whole lots is sold at once. What you buy today you can sell from the next day on."
        ),
        (None, Some(step)) if step == Decimal::ONE => "Only whole units are traded.".to_owned(),
        _ => "Parts of a unit may be traded.".to_owned(),
    }
}

pub(super) fn shorting(account: &Account) -> &'static str {
    if account.margin().is_some() {
        "You may sell short with `short` and buy back with `cover`; cash is held as margin for it."
    } else {
        "You cannot sell what you do not hold."
    }
}

/// What happened to the account since the model looked last.
pub(super) fn event(action: &Action) -> Option<String> {
    let what = action.symbol.as_ref()?;
    let (kind, quantity) = (action.kind.as_str(), action.quantity);
    Some(match &action.state {
        ActionState::Filled { price, .. } => {
            format!("your order to {kind} {quantity} {what} was filled at {price}")
        }
        ActionState::Refused { reason } => {
            format!("your order to {kind} {quantity} {what} was refused: {reason}")
        }
        ActionState::Booked { amount, .. } => {
            format!("{what}: a dividend, a split or the like was booked, cash {amount}")
        }
        ActionState::Waiting => return None,
    })
}

fn render<const N: usize>(name: &str, values: [(&str, Value); N]) -> Result<String, Error> {
    PROMPTS.render(name, values)
}

static PROMPTS: LazyLock<Templates> =
    LazyLock::new(|| Templates::of(&[("agent.md", AGENT), ("day.md", DAY)]));
