//! Use cases and the ports they need: what Fondaco does, told without files,
//! sockets or formats.
//!
//! Each file is one noun of the command line. The traits in [`ports`] are
//! implemented by the adapter crates and handed in by the composition root.
//! Start at [`data`] for market data, at [`analysis`] for analyses, at
//! [`simulation`] for models that trade day by day.

pub mod analysis;
pub mod backtests;
pub mod confirm;
pub mod data;
pub mod feed;
pub mod flags;
pub mod halts;
pub mod keys;
pub mod migration;
pub mod portfolio;
pub mod ports;
pub mod projections;
pub mod readiness;
pub mod reaper;
pub mod recommendations;
pub mod reports;
pub mod research;
pub mod retention;
pub mod roles;
pub mod runner;
pub mod runs;
pub mod runtime;
pub mod scheduler;
pub mod schedules;
pub mod simulation;
pub mod spending;
pub mod strategies;
pub mod tasks;
mod templates;
pub mod tools;
pub mod trail;
