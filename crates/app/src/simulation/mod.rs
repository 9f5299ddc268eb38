//! Simulations: models that trade day by day, each with an account of its own.
//!
//! A job names dates and models. Each day of a model is a durable task: what is
//! held is valued at the open, a model (or a room of them) decides with tools,
//! the [`trading`] account fills, keeps waiting or refuses, and the document of
//! the day is committed with the task. The next day goes on from it.

mod agent;
pub mod baselines;
pub mod body;
mod chain;
pub mod days;
pub mod download;
pub mod job;
pub mod leaderboard;
pub mod market;
mod past;
pub mod plan;
pub mod priced;
pub mod prompts;
pub mod record;
pub mod replay_log;
pub mod results;
pub mod room;
pub mod shown;
pub mod submit;
#[cfg(test)]
mod tests;
pub mod trading;
pub mod trigger;
