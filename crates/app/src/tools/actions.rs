//! `actions`: what a company did with its shares.

use std::cmp::Reverse;

use serde_json::{Value, json};

use super::arguments::Arguments;
use super::function::{self, End, Function, Said, Source, Trouble};
use super::known::{Absent, Known};
use super::text;
use crate::ports::research::{ActionKind, CompanyAction};

/// Actions that are shown, at most.
const MOST: usize = 40;

pub(super) const ACTIONS: Function = Function {
    name: "actions",
    description: "Dividends and splits of a company that were known before the clock, newest \
                  first. One that takes effect later was declared before.",
    parameters,
    answer,
};

fn parameters() -> Value {
    function::schema(
        &[("symbol", function::symbol()), ("until", function::until())],
        &["symbol"],
    )
}

fn answer(arguments: &Arguments<'_>, known: &Known<'_>) -> Result<Said, Trouble> {
    let symbol = arguments.symbol()?;
    let known = known.until(arguments.until()?);
    let mut actions = known.actions(&symbol)?;
    if actions.is_empty()
        && let Some(nearest) = known.instead_of(&symbol)?
    {
        return Ok(Said::absent(&symbol, Absent::Symbol { nearest }));
    }
    actions.sort_by_key(|action| (Reverse(action.effective), Reverse(action.known_at)));
    let more = actions.len().saturating_sub(MOST);
    actions.truncate(MOST);
    let instants = || actions.iter().map(|action| action.known_at);
    let source = Source {
        name: known.research()?,
        from: instants().min(),
        until: instants().max(),
        rows: actions.len(),
    };
    Ok(Said::new(json!({
        "symbol": symbol,
        "earlier": more,
        "actions": actions.iter().map(told).collect::<Vec<_>>(),
    }))
    .shortened_at("actions", End::Last)
    .read(source))
}

fn told(action: &CompanyAction) -> Value {
    let effective = action.effective.to_string();
    let known_at = text::instant(action.known_at);
    match action.what {
        ActionKind::Dividend { amount } => json!({
            "effective": effective,
            "known_at": known_at,
            "kind": "dividend",
            "amount": amount,
        }),
        ActionKind::Split { from, to } => json!({
            "effective": effective,
            "known_at": known_at,
            "kind": "split",
            "from": from,
            "to": to,
        }),
    }
}
