//! The prices that a simulation lacks: which steps can be done with what is
//! stored, what to fetch first, and how far a source let us come.
//!
//! [`Availability`] says, from the calendar of the market and from what the
//! store holds, which symbols have no candle at which steps. Its
//! [`Plan`] fetches first what completes most steps. [`download`] follows it
//! through a [`PriceSource`] until everything is there or the source says that
//! it is enough; its [`Outcome`] names what became of every symbol. Asked
//! again with that, [`Availability`] gives the reason for each step that
//! cannot be done.
//!
//! Weekends and holidays are no trading days: nothing is ever fetched for
//! them. A day that is not over has no whole candle yet: nothing is fetched
//! for it either.

mod availability;
mod budget;
mod outcome;
mod plan;
mod ports;
mod rules;
mod run;
#[cfg(test)]
mod tests;
mod warnings;

pub use availability::{Availability, Coverage, UnknownDay};
pub use budget::{Allowance, Budget};
pub use outcome::{Ended, Fetched, Outcome, SymbolOutcome};
pub use plan::{Plan, Planned};
pub use ports::{
    Asked, Came, PriceShelf, PriceSource, Prices, Reach, RequestBook, SourceError, Stored, Turn,
};
pub use rules::{DownloadRules, Size};
pub use run::{DownloadError, DownloadPorts, download};
pub use warnings::{already_completed, incomplete};
