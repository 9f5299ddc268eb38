//! Use cases and the ports they need: what Fondaco does, told without files,
//! sockets or formats.
//!
//! Each file is one noun of the command line. The traits in [`ports`] are
//! implemented by the adapter crates and handed in by the composition root.
//! Start at [`data`] for market data.

pub mod backtests;
pub mod data;
pub mod halts;
pub mod ports;
pub mod reaper;
pub mod retention;
pub mod roles;
pub mod runner;
pub mod runs;
pub mod scheduler;
pub mod strategies;
pub mod tasks;
