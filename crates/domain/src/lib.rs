//! The vocabulary of Fondaco: time, instruments, candles, strategies, orders
//! and trades, and the rules that need nothing but their inputs.
//!
//! This crate knows no clock, no file, no network and no other crate of the
//! workspace. Everything here is data with its invariants, or a pure function.
//! Start at [`bars::Bars`] for market data, [`strategy::Strategy`] for what a
//! strategy file says, [`trade::Trade`] for what a backtest yields, [`ledger`]
//! for accounts, and [`run`] for durable runs.

pub mod access;
pub mod bars;
pub mod breaker;
pub mod calendar;
pub mod canonical;
pub mod corporate;
pub mod error;
pub mod flags;
pub mod halt;
pub mod hash;
pub mod ids;
pub mod ledger;
pub mod market;
pub mod metrics;
pub mod micros;
pub mod quality;
pub mod retry;
pub mod run;
pub mod schedule;
pub mod signal;
pub mod strategy;
pub mod symbol;
pub mod task;
pub mod time;
pub mod timeframe;
pub mod trade;

pub use bars::{Bar, Bars};
pub use canonical::{Canonical, CanonicalError};
pub use error::{ErrorKind, Hint};
pub use hash::ContentHash;
pub use ids::{RunId, WorkerId};
pub use micros::UnixMicros;
pub use symbol::Symbol;
pub use time::{TimeRange, UnixMillis};
pub use timeframe::Timeframe;
