//! The store of runs over its suite, its files and its crashes.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as the tests themselves do"
)]

mod agents;
mod conformance;
mod crash;
mod days;
mod faults;
mod listing;
mod migration;
mod model;
mod portfolio;
mod postgres;
mod power;
mod projected;
mod recommendations;
mod remote;
mod research;
mod retention;
mod rooms;
mod scheduler;
mod simulation;
mod sqlite;

/// How many of something: few in continuous integration, many before a
/// release.
fn size(ci: u32, release: u32) -> u32 {
    match std::env::var("FONDACO_TORTURE").as_deref() {
        Ok("release") => release,
        _ => ci,
    }
}
