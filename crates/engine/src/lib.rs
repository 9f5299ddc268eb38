//! Numbers in, numbers out: indicators, strategy expressions compiled to
//! columns, the backtest loop and its statistics.
//!
//! Synchronous, deterministic and without effects; it knows nothing of files,
//! networks or runs. A backtest goes [`expr`] → [`signals::Signals`] →
//! [`backtest`] → [`stats`].

pub mod backtest;
pub mod expr;
pub mod indicators;
pub mod passive;
pub mod ranking;
pub mod signals;
pub mod stats;
pub mod sweep;
