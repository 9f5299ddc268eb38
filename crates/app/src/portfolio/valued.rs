//! What positions have come to.

use std::fmt::Write as _;

use fondaco_domain::UnixMillis;
use serde::Serialize;

use super::csv::field;
use super::{Close, Closes, Position};

/// A position, and what it has come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Valued {
    /// The position.
    #[serde(flatten)]
    pub position: Position,
    /// Price of a unit now; `null` where there is none.
    pub current_price: Option<f64>,
    /// When that candle was over.
    pub price_at: Option<UnixMillis>,
    /// `current · shares`.
    pub value: Option<f64>,
    /// `(current − cost) · shares`; `null` where there is no price.
    pub pnl: Option<f64>,
    /// `(current / cost − 1) · 100`; `null` where there is no price, and where
    /// it cost nothing.
    pub pnl_pct: Option<f64>,
}

/// What all positions together have come to.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Totals {
    /// How many.
    pub positions: usize,
    /// How many of them have a price.
    pub priced: usize,
    /// Paid for those with a price.
    pub cost: f64,
    /// What those with a price are worth.
    pub value: f64,
    /// What those with a price have gained.
    pub pnl: f64,
}

/// Positions at prices.
pub fn value(positions: Vec<Position>, closes: &Closes) -> Vec<Valued> {
    let valued = |position: Position| {
        let close = closes.get(&position.ticker);
        of(position, close)
    };
    positions.into_iter().map(valued).collect()
}

fn of(position: Position, close: Option<&Close>) -> Valued {
    let current = close.map(|close| close.price);
    let (cost, shares) = (position.cost_price, position.shares);
    Valued {
        current_price: current,
        price_at: close.map(|close| close.at),
        value: current.map(|current| current * shares),
        pnl: current.map(|current| (current - cost) * shares),
        pnl_pct: current.and_then(|current| return_pct(current, cost)),
        position,
    }
}

/// Nothing where it cost nothing: no number says how much that is.
pub(super) fn return_pct(current: f64, cost: f64) -> Option<f64> {
    (cost > 0.0).then(|| (current / cost - 1.0) * 100.0)
}

/// What they come to together.
pub fn totals(valued: &[Valued]) -> Totals {
    let start = Totals {
        positions: valued.len(),
        ..Totals::default()
    };
    valued.iter().fold(start, |mut sum, one| {
        if let (Some(value), Some(pnl)) = (one.value, one.pnl) {
            sum.priced += 1;
            sum.cost += one.position.cost_price * one.position.shares;
            sum.value += value;
            sum.pnl += pnl;
        }
        sum
    })
}

const COLUMNS: &str = "position_id,account,ticker,shares,cost_price,purchase_date,\
    current_price,price_at,value,pnl,pnl_pct,notes";

/// Positions as CSV (RFC 4180): a first line that names the columns, and empty
/// fields where nothing is known.
pub fn to_csv(valued: &[Valued]) -> String {
    let mut csv = format!("{COLUMNS}\r\n");
    for one in valued {
        let position = &one.position;
        let number = |value: Option<f64>| value.map(|value| value.to_string()).unwrap_or_default();
        let fields = [
            position.position_id.clone(),
            field(&position.account),
            field(position.ticker.as_str()),
            position.shares.to_string(),
            position.cost_price.to_string(),
            position
                .purchase_date
                .map(|date| date.to_string())
                .unwrap_or_default(),
            number(one.current_price),
            one.price_at
                .map(|at| at.timestamp().to_string())
                .unwrap_or_default(),
            number(one.value),
            number(one.pnl),
            number(one.pnl_pct),
            field(&position.notes),
        ];
        // Writing to a text does not fail.
        let _ = write!(csv, "{}\r\n", fields.join(","));
    }
    csv
}
