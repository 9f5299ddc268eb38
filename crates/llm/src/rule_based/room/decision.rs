//! The decision: sales first, then purchases of what most voices are for.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Member;
use crate::rule_based::trading::{Manner, SLACK};
use crate::rule_based::words;

/// From this mark of the room on a side is taken: half as far as an agent of
/// the same temperament goes by its own readings, for views of several are
/// averaged.
fn side(manner: &Manner) -> f64 {
    manner.buys_from / 2.0
}

pub(super) fn decide(member: &Member) -> Value {
    let manner = Manner::of(member.model.0);
    let case = &member.case;
    let held = held(&case.portfolio);
    let value = case.portfolio["value"].as_f64().unwrap_or(0.0);
    let mut left = case.portfolio["cash"].as_f64().unwrap_or(0.0) - manner.reserve * value;
    let mut free = manner.places.saturating_sub(held.len());
    let mut marked: Vec<(&str, f64, Option<f64>)> = case
        .prices
        .iter()
        .filter_map(|(ticker, open)| Some((ticker.as_str(), (*open)?, case.balance(ticker))))
        .collect();
    // Sales first; of purchases the best.
    marked.sort_by(|a, b| {
        let place = |mark: Option<f64>| match mark {
            Some(mark) if mark < 0.0 => (0, mark),
            other => (1, -other.unwrap_or(0.0)),
        };
        let (one, two) = (place(a.2), place(b.2));
        one.0.cmp(&two.0).then(one.1.total_cmp(&two.1))
    });
    let mut decisions = Vec::new();
    let mut orders = 0;
    for (ticker, open, mark) in marked {
        let own = held.get(ticker).copied().unwrap_or(0.0);
        let (action, units) = match mark {
            Some(mark) if mark <= -side(&manner) && own >= 1.0 => ("short", own.floor()),
            Some(mark) if mark >= side(&manner) && own == 0.0 && free > 0 => {
                let price = open * (1.0 + SLACK);
                let units = ((manner.weight * value).min(left).max(0.0) / price).floor();
                if units > 0.0 {
                    left -= units * price;
                    free -= 1;
                }
                ("long", units)
            }
            _ => ("hold", 0.0),
        };
        orders += usize::from(units > 0.0);
        decisions.push(entry(
            ticker,
            if units > 0.0 { action } else { "hold" },
            units,
            mark,
        ));
    }
    let traded = words::count(orders as u64, "order", "orders");
    json!({
        "decisions": decisions,
        "summary": member.signed(&format!(
            "{traded} from what the voices of the room come to; a side is taken from {:.2} on.",
            side(&manner)
        )),
    })
}

/// What is held, more than nothing.
fn held(portfolio: &Value) -> BTreeMap<&str, f64> {
    let positions = portfolio["positions"].as_array().into_iter().flatten();
    let held = positions.filter_map(|position| {
        let units = position["quantity"]
            .as_f64()
            .filter(|units| *units != 0.0)?;
        Some((position["ticker"].as_str()?, units))
    });
    held.collect()
}

fn entry(ticker: &str, action: &str, units: f64, mark: Option<f64>) -> Value {
    let reasoning = match mark {
        Some(mark) => format!("The voices on {ticker} come to {mark:+.2}."),
        None => format!("Nobody has a view of {ticker}."),
    };
    json!({
        "ticker": ticker,
        "action": action,
        "quantity": units as i64,
        "confidence": mark.map_or(0, |mark| (mark.abs() * 100.0).round() as u64),
        "reasoning": reasoning,
    })
}
