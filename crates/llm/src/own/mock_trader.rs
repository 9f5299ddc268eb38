//! A model for development: it buys, whatever the market does.

use fondaco_app::ports::model::{
    CallContext, Completion, Model, ModelError, ModelRequest, ToolCall,
};

use super::minimal::said;
use crate::session::{BUY, SELL, Session, order};

/// `fondaco/mock-trader`: each day 5 of one symbol, the next one in the list of
/// the run every day since the first of 2025; then it finishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct MockTrader;

/// Units of a purchase.
const UNITS: f64 = 5.0;

impl Model for MockTrader {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        if (context.stopped)() {
            return Err(ModelError::Stopped);
        }
        let Some(session) = Session::read(request) else {
            return Err(no_day(request, "fondaco/mock-trader"));
        };
        let (text, calls) = turn(&session);
        Ok(said(request, text, calls))
    }
}

fn turn(session: &Session<'_>) -> (String, Vec<ToolCall>) {
    let symbol = session.ring(session.day(), 1).next();
    match symbol.filter(|_| session.has(BUY) && session.trades().next().is_none()) {
        Some(symbol) => {
            let text = format!(
                "On {} it is the turn of {symbol}: buy {UNITS}.",
                session.date
            );
            (text, vec![order(BUY, symbol, UNITS)])
        }
        None => session.end(&told(session)),
    }
}

fn told(session: &Session<'_>) -> String {
    if let Some((_, symbol, why)) = session.refused().next() {
        return format!("{UNITS} {symbol} could not be bought: {why}");
    }
    match session.trades().next() {
        Some(order) => format!("It was the turn of {}: {UNITS} ordered.", order.symbol),
        None => "There was nothing to buy.".to_owned(),
    }
}

/// `buys=N` of the scripted model: everything of a day in one answer. Of each
/// of the next symbols of the ring it sells a unit where it holds one and buys
/// one where it does not.
pub(super) fn whole_day(session: &Session<'_>, orders: usize) -> (String, Vec<ToolCall>) {
    if session.is_over() || session.trades().next().is_some() {
        return session.end("scripted");
    }
    let first = session.step().wrapping_mul(orders as i64);
    let orders = session.ring(first, orders).map(|symbol| {
        let held = session.positions.get(symbol).copied().unwrap_or(0.0);
        let tool = if held >= session.lot { SELL } else { BUY };
        order(tool, symbol, session.lot)
    });
    let mut calls: Vec<ToolCall> = orders.filter(|call| session.has(&call.name)).collect();
    let (text, last) = session.end("scripted");
    calls.extend(last);
    (text, calls)
}

fn no_day(request: &ModelRequest, model: &str) -> ModelError {
    ModelError::Refused {
        provider: "fondaco".to_owned(),
        problem: format!(
            "{model} trades days of a simulation only, and `{}` was asked for something else",
            request.model
        ),
    }
}
