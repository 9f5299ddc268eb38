//! The executors over one contract, and what is particular to each.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as the tests themselves do"
)]

mod adoption;
mod contract;
mod gateway;
mod inline;
mod keep;
mod local;
mod orders;
mod rig;
#[path = "../child/script.rs"]
mod script;
