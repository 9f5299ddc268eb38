//! A day of trading, as a model is asked for it: an account and prices in the
//! question, tools to look and to trade with.

use std::collections::BTreeMap;

use fondaco_app::ports::model::{Message, ModelRequest, ToolCall};
use fondaco_contract::v1alpha1::simulation::SimDate;
use serde_json::{Map, Value, json};

/// Buys.
pub(crate) const BUY: &str = "buy";
/// Sells.
pub(crate) const SELL: &str = "sell";
/// Ends the day.
const FINISH: &str = "finish";
/// Ends it in words.
pub(crate) const FINISH_SIGNAL: &str = "<FINISH_SIGNAL>";

/// The first day of 2025, in milliseconds of the Unix clock: from where
/// rotations are counted.
const EPOCH_MS: i64 = 1_735_689_600_000;
const HOUR_MS: i64 = 3_600_000;

/// A day of trading so far.
#[derive(Debug)]
pub(crate) struct Session<'a> {
    pub(crate) date: SimDate,
    pub(crate) cash: f64,
    /// What is held, more than nothing of each.
    pub(crate) positions: BTreeMap<String, f64>,
    /// Prices at which it can be traded; nothing without one.
    pub(crate) prices: BTreeMap<String, f64>,
    pub(crate) symbols: Vec<String>,
    /// The smallest quantity, of which all others are multiples: 1 where the
    /// question says nothing.
    pub(crate) lot: f64,
    /// What was called so far, in order.
    pub(crate) calls: Vec<Called<'a>>,
    request: &'a ModelRequest,
}

/// A tool that was called.
#[derive(Debug)]
pub(crate) struct Called<'a> {
    pub(crate) name: &'a str,
    pub(crate) symbol: &'a str,
    /// What it said; nothing where it was not asked in the end, and the words
    /// of an error where it did not do what it was called for.
    pub(crate) answer: Option<Result<Value, String>>,
}

impl<'a> Session<'a> {
    /// Reads a question; nothing where it is none about a day of trading. What
    /// tools say counts for nothing here: only the first question has the
    /// account.
    pub(crate) fn read(request: &'a ModelRequest) -> Option<Self> {
        let Message::User { text } = request.messages.first()? else {
            return None;
        };
        let document: Value = serde_json::from_str(block(text)?).ok()?;
        let date = document["date"].as_str()?.parse().ok()?;
        let symbols = document["symbols"].as_array()?.iter();
        let symbols = symbols.filter_map(Value::as_str).map(str::to_owned);
        Some(Self {
            date,
            cash: number(&document["cash"])?.max(0.0),
            positions: numbers(&document["positions"]),
            prices: numbers(&document["prices"]),
            symbols: symbols.collect(),
            lot: number(&document["lot"])
                .filter(|lot| *lot > 0.0)
                .unwrap_or(1.0),
            calls: called(&request.messages),
            request,
        })
    }

    /// Whether a tool is there.
    pub(crate) fn has(&self, tool: &str) -> bool {
        self.request.tools.iter().any(|spec| spec.name == tool)
    }

    /// Whether it was called already.
    pub(crate) fn has_called(&self, tool: &str) -> bool {
        self.calls.iter().any(|call| call.name == tool)
    }

    /// Whether nothing can be done any more: what is left is to tell of it.
    pub(crate) fn is_over(&self) -> bool {
        self.request.tools.is_empty()
    }

    /// Days since the first day of 2025.
    pub(crate) fn day(&self) -> i64 {
        days_since_2025(self.date)
    }

    /// The same in hours, where its candles are shorter than a day.
    pub(crate) fn step(&self) -> i64 {
        if self.date.is_daily() {
            self.day()
        } else {
            (self.date.open().0 - EPOCH_MS).div_euclid(HOUR_MS)
        }
    }

    /// Some symbols from a place in their ring on; each once.
    pub(crate) fn ring(&self, from: i64, some: usize) -> impl Iterator<Item = &str> {
        let count = self.symbols.len();
        let first = from.rem_euclid(count.max(1) as i64) as usize;
        let some = some.min(count);
        (first..first + some).map(move |place| self.symbols[place % count].as_str())
    }

    /// The last that trades left in cash, by what tools said; else what there
    /// was at first.
    pub(crate) fn cash_now(&self) -> f64 {
        let said = self.trades().rev().find_map(|call| {
            let Some(Ok(answer)) = &call.answer else {
                return None;
            };
            let names = ["cash", "cash_expected", "cash_after"];
            names.iter().find_map(|name| number(&answer[*name]))
        });
        said.unwrap_or(self.cash)
    }

    /// Orders so far.
    pub(crate) fn trades(&self) -> impl DoubleEndedIterator<Item = &Called<'a>> {
        let is_trade = |call: &&Called<'_>| [BUY, SELL].contains(&call.name);
        self.calls.iter().filter(is_trade)
    }

    /// Orders that were not taken, with the reason.
    pub(crate) fn refused(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.trades().filter_map(|call| match &call.answer {
            Some(Err(why)) => Some((call.name, call.symbol, why.as_str())),
            _ => None,
        })
    }
}

impl Session<'_> {
    /// The end of the day: by the tool for it, else in words. A day that is
    /// over already is only told of.
    pub(crate) fn end(&self, summary: &str) -> (String, Vec<ToolCall>) {
        if self.is_over() {
            return (summary.to_owned(), Vec::new());
        }
        if self.has(FINISH) && !self.has_called(FINISH) {
            let wish = call(FINISH, "day", json!({ "summary": summary }));
            return (String::new(), vec![wish]);
        }
        (format!("{summary} {FINISH_SIGNAL}"), Vec::new())
    }
}

/// Days since the first day of 2025.
pub(crate) fn days_since_2025(date: SimDate) -> i64 {
    (date.open().0 - EPOCH_MS).div_euclid(24 * HOUR_MS)
}

/// An order, as a call of its tool.
pub(crate) fn order(tool: &str, symbol: &str, amount: f64) -> ToolCall {
    let amount = if amount.fract() == 0.0 && amount < 9e15 {
        json!(amount as i64)
    } else {
        json!(amount)
    };
    call(tool, symbol, json!({ "symbol": symbol, "amount": amount }))
}

/// A call; one of a tool for a symbol in a conversation.
pub(crate) fn call(tool: &str, about: &str, arguments: Value) -> ToolCall {
    ToolCall {
        id: format!("{tool}-{about}"),
        name: tool.to_owned(),
        arguments,
    }
}

/// What stands between the first pair of marks.
fn block(text: &str) -> Option<&str> {
    let (_, after) = text.split_once("```json")?;
    let (block, _) = after.split_once("```")?;
    Some(block)
}

/// A number, or a text that is one.
fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// The numbers of an object that are more than nothing.
fn numbers(value: &Value) -> BTreeMap<String, f64> {
    let members = value.as_object().into_iter().flat_map(Map::iter);
    let numbers = members.filter_map(|(name, value)| {
        let number = number(value).filter(|number| *number > 0.0)?;
        Some((name.clone(), number))
    });
    numbers.collect()
}

/// What was called in a conversation, with what was said to it.
pub(crate) fn called(messages: &[Message]) -> Vec<Called<'_>> {
    let mut all: Vec<Called<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for message in messages {
        match message {
            Message::Assistant { calls, .. } => {
                for call in calls {
                    places.insert(&call.id, all.len());
                    all.push(Called {
                        name: &call.name,
                        symbol: call.arguments["symbol"].as_str().unwrap_or_default(),
                        answer: None,
                    });
                }
            }
            Message::Tool { call, text } => {
                if let Some(place) = places.get(call.as_str()) {
                    all[*place].answer = Some(said(text));
                }
            }
            Message::User { .. } => {}
        }
    }
    all
}

/// An answer; the words of a refusal as those.
fn said(text: &str) -> Result<Value, String> {
    let Ok(answer @ Value::Object(_)) = serde_json::from_str::<Value>(text) else {
        return Err(text.trim().to_owned());
    };
    let words = |value: &Value| match value {
        Value::Null => None,
        Value::String(words) => Some(words.clone()),
        Value::Object(error) => Some(
            error
                .get("message")
                .and_then(Value::as_str)
                .map_or_else(|| value.to_string(), str::to_owned),
        ),
        other => Some(other.to_string()),
    };
    if let Some(error) = words(&answer["error"]) {
        return Err(error);
    }
    if answer["state"] == "refused" || answer["status"] == "refused" {
        return Err(words(&answer["reason"]).unwrap_or_else(|| "refused".to_owned()));
    }
    Ok(answer)
}
