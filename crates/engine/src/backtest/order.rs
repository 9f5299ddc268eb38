//! Orders of a position, its stop and what it has realised.

use fondaco_domain::UnixMillis;
use fondaco_domain::trade::ExitReason;

use super::decimal::Written;
use super::steps::Step;
use crate::signals::TagId;

/// Fees of both sides and the steps in force when the trade was opened.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) fee: f64,
    pub(super) price_step: Step,
    pub(super) amount_step: Step,
    pub(super) leverage: f64,
}

/// A filled order.
#[derive(Debug, Clone)]
pub(super) struct Fill {
    pub(super) time: UnixMillis,
    pub(super) is_entry: bool,
    pub(super) price: f64,
    pub(super) amount: f64,
    pub(super) funding: f64,
    pub(super) tag: OrderTag,
    pub(super) exact: Exact,
}

/// Price and amount of a fill as decimals, and their value with the fee: what
/// every later sum over the fills needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Exact {
    pub(super) price: Written,
    pub(super) amount: Written,
    pub(super) value: f64,
}

/// What an order is labelled with.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OrderTag {
    Entry(TagId),
    Named(String),
    Exit(ExitReason),
}

/// An order that has not filled yet. There is at most one.
#[derive(Debug, Clone)]
pub(super) struct Pending {
    pub(super) placed: UnixMillis,
    pub(super) is_entry: bool,
    pub(super) price: f64,
    pub(super) amount: f64,
    pub(super) tag: OrderTag,
}

/// The stop and how it got there.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stop {
    pub(super) price: f64,
    pub(super) initial: f64,
    /// Distance as a negative ratio of the margin.
    pub(super) ratio: f64,
    /// Whether the initial stop is settled, so that moves count as trailing.
    pub(super) settled: bool,
    pub(super) trailing: bool,
}

/// Results of a close.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Realised {
    pub(super) profit: f64,
    pub(super) ratio: f64,
}
