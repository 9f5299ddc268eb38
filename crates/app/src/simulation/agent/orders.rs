//! The tools that trade: over the account of the day, whatever a model says
//! about date, cash or positions.

use fondaco_contract::v1alpha1::simulation::{ActionKind, SimulationJob};
use fondaco_domain::Symbol;
use fondaco_domain::ledger::{self, Refusal};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::prompts::{account_of, number};
use super::super::trading::{NotDone, Ordered, Trading, account};
use crate::ports::model::{ToolCall, ToolSpec};

/// What an agent may do with its account.
pub(super) fn specs(job: &SimulationJob) -> Vec<ToolSpec> {
    let order = json!({
        "type": "object",
        "properties": {
            "symbol": {"type": "string", "description": "The instrument, such as AAPL."},
            "amount": {"type": "number", "exclusiveMinimum": 0, "description": "How many units."},
        },
        "required": ["symbol", "amount"],
        "additionalProperties": false,
    });
    let none = json!({"type": "object", "properties": {}, "additionalProperties": false});
    let spec = |name: &str, description: &str, parameters: &Value| ToolSpec {
        name: name.to_owned(),
        description: description.to_owned(),
        parameters: parameters.clone(),
    };
    let mut specs = vec![
        spec("buy", "Buys units of an instrument.", &order),
        spec("sell", "Sells units that are held.", &order),
        spec(
            "account",
            "Cash, positions and today's prices as they are now.",
            &none,
        ),
        ToolSpec {
            name: super::FINISH.to_owned(),
            description: "Ends the day.".to_owned(),
            parameters: json!({
                "type": "object",
                "properties": {"summary": {
                    "type": "string",
                    "description": "What was done and why, in two or three sentences.",
                }},
                "additionalProperties": false,
            }),
        },
    ];
    if account(&job.account).margin().is_some() {
        specs.push(spec(
            "short",
            "Sells units, short where none are held.",
            &order,
        ));
        specs.push(spec(
            "cover",
            "Buys back units that were sold short.",
            &order,
        ));
    }
    specs
}

/// Serves a call of one of them; nothing of any other.
pub(super) fn call(
    wish: &ToolCall,
    job: &SimulationJob,
    trading: &mut Trading<'_>,
) -> Option<Value> {
    let kind = match &*wish.name {
        "account" => return Some(account_of(job, trading)),
        "buy" => ActionKind::Buy,
        "sell" => ActionKind::Sell,
        "short" => ActionKind::Short,
        "cover" => ActionKind::Cover,
        _ => return None,
    };
    Some(order(kind, &wish.arguments, job, trading))
}

fn order(
    kind: ActionKind,
    arguments: &Value,
    job: &SimulationJob,
    trading: &mut Trading<'_>,
) -> Value {
    let (symbol, amount) = match (symbol(arguments), amount(arguments)) {
        (Ok(symbol), Ok(amount)) => (symbol, amount),
        (Err(problem), _) | (_, Err(problem)) => return json!({"error": problem}),
    };
    if !job.symbols.contains(&symbol) {
        let date = trading.date();
        return json!({"error": format!("Symbol {symbol} not found on {date}"), "symbol": symbol});
    }
    match trading.order(kind, &symbol, amount) {
        Ok(Ordered::Filled(receipt, value)) => json!({
            "state": "filled",
            "symbol": symbol,
            "amount": number(amount),
            "price": receipt.fills.last().map(|fill| number(fill.price)),
            "costs": number(receipt.costs()),
            "cash": number(receipt.cash_after),
            "value": number(value),
            "held": number(trading.held().quantity(&symbol)),
        }),
        Ok(Ordered::Waits) => json!({
            "state": "waiting",
            "symbol": symbol,
            "amount": number(amount),
            "cash_expected": number(trading.cash()),
            "held_expected": number(trading.held().quantity(&symbol)),
        }),
        Err(reason) => refused(&symbol, &reason, trading),
    }
}

/// A refusal with its numbers, in the words of seed 004 where it has some.
fn refused(symbol: &Symbol, reason: &NotDone, trading: &Trading<'_>) -> Value {
    let mut told = json!({
        "error": reason.to_string(),
        "symbol": symbol,
        "date": trading.date().to_string(),
    });
    if let NotDone::Refused(refusal) = reason {
        if let Some(text) = refusal.seed_text() {
            told["error"] = text.into();
        }
        let numbers = match refusal {
            Refusal::InsufficientCash {
                required_cash,
                cash_available,
                ..
            } => vec![
                ("required_cash", *required_cash),
                ("cash_available", *cash_available),
            ],
            Refusal::InsufficientShares {
                have, want_to_sell, ..
            } => vec![("have", *have), ("want_to_sell", *want_to_sell)],
            _ => Vec::new(),
        };
        for (name, value) in numbers {
            told[name] = number(value);
        }
    }
    told
}

fn symbol(arguments: &Value) -> Result<Symbol, String> {
    let said = arguments.get("symbol").and_then(Value::as_str);
    let said = said.ok_or("`symbol` is missing: the name of an instrument is wanted")?;
    said.trim()
        .parse()
        .map_err(|error| format!("`symbol`: {error}"))
}

/// A number, or a text with one in it. Whether it is one that can be ordered is
/// for the ledger to say.
fn amount(arguments: &Value) -> Result<Decimal, String> {
    let said = match arguments
        .get("amount")
        .or_else(|| arguments.get("quantity"))
    {
        Some(Value::Number(number)) => number.to_string(),
        Some(Value::String(text)) => text.trim().to_owned(),
        _ => return Err("`amount` is missing: a number of units is wanted".to_owned()),
    };
    ledger::parse(&said).map_err(|error| format!("`amount`: {error}"))
}
