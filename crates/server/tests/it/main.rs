//! The API from outside, over a store in memory.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod analyses;
mod analysts;
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
mod news;
mod ops;
mod page;
mod problems;
mod runs;
mod s000;
mod s001;
mod s002;
mod s004;
mod schedules;
mod simulations;
mod strategies;
mod workshop;
mod writes;
