//! Models behind one port: recorded, scripted, paid for.
//!
//! Each is a [`Model`](fondaco_app::ports::model::Model), most around another
//! one: a [`Budgeted`] [`Cassette`] around a provider records what it paid for.
//! This crate knows nothing of trading.

mod budget;
mod cassette;
mod difference;
mod scripted;
#[cfg(test)]
mod tests;

pub use budget::{Budget, Budgeted, Price, Spent};
pub use cassette::{Cassette, Mode, Recording};
pub use scripted::{Scripted, Step};
