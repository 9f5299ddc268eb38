//! The store of runs over its suite, its files and its crashes.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as the tests themselves do"
)]

mod conformance;
mod crash;
mod model;
mod simulation;
mod postgres;
mod retention;
mod scheduler;
mod sqlite;
