//! Everything that leaves the program: versioned results, their schemas, and
//! the trade list as CSV.
//!
//! The types here are frozen per version: a change is a new module and a
//! `From`, and the files in `golden/` must parse for ever. The crate knows the
//! domain's vocabulary and nothing of how a number was computed. Start at
//! [`v1alpha1::BacktestResult`].

mod error;
pub mod gateway;
pub mod http;
pub mod trades_csv;
pub mod v1alpha1;

pub use error::ContractError;
pub use trades_csv::trades_csv;
