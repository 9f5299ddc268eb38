//! The real program in temporary folders.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]
#![expect(clippy::print_stderr, reason = "a skipped test says why")]

mod backtest;
mod backtest_runs;
mod contract;
mod data;
mod documents;
mod durable;
mod errors;
mod golden;
mod harness;
mod home;
mod interrupted;
mod migration;
mod models;
mod news;
mod portfolio;
mod prices;
mod realistic;
mod reference;
mod replay_log;
mod samples;
mod settings;
mod signal;
mod simulated_prices;
mod simulation_report;
mod strategy;
mod task;
mod tool;
#[expect(dead_code, reason = "tests of market data use the rest")]
#[path = "../../../market/tests/it/vantage_server.rs"]
mod vantage_server;
