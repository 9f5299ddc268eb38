//! Runs: durable executions of a spec, and what may become of them.
//!
//! ```text
//! queued → running → completed | partial | failed
//! queued | running → halting → halted → running      by an explicit resume
//! queued | running | halting | halted → cancelling → cancelled
//! queued → failed                                    planning failed
//! ```
//!
//! Deciding and doing are apart. [`carry_out`] turns a [`Command`] into
//! [`Event`]s, applies them to rows it is handed through [`Rows`], and returns
//! the [`Effect`]s to run after the commit; a store wraps it in a transaction.
//! [`fold`] gives the same rows from the events alone.

mod carry_out;
mod event;
mod fold;
mod rows;
mod state;
mod step;
#[cfg(test)]
mod tests;

pub use carry_out::{Done, PLAN_EVENT, Refused, Rows, SWEEP, carry_out, submit};
pub use event::{
    CHAIN_START, Decision, Effect, Event, LateReason, Recorded, ReleaseReason, chain_hash,
};
pub use fold::{FoldError, fold};
pub use rows::MemoryRows;
pub use state::{CompletionRule, Counts, DEFAULT, NewRun, Run, RunKind, RunState};
pub use step::{Command, Facts, Rejection, RunCommand, step};
