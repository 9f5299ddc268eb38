//! The API from outside, over a store in memory.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod backtests;
mod client;
mod confirm;
mod data;
mod document;
mod flags;
mod gateway;
mod guard;
mod halts;
mod keyring;
mod ops;
mod page;
mod problems;
mod runs;
mod s001;
mod s002;
mod schedules;
mod strategies;
mod workshop;
mod writes;
