//! The API from outside, over a store in memory.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod client;
mod document;
mod halts;
mod problems;
mod runs;
