//! Analyses: two lanes, one decision.
//!
//! A job names instruments and days. Each becomes a graph of [`keys::Node`]s,
//! and each node a durable task: the strategy at the day (`quant`), analysts in
//! parallel, a debate and its judge, a trader, three views of risk, a portfolio
//! manager, and the decision that merges the lanes. What a node answered is
//! committed with its task, so a run that was killed goes on behind it.

pub(crate) mod ask;
pub mod body;
mod decision;
mod form;
pub mod job;
pub mod keys;
mod lanes;
pub mod plan;
pub mod prompts;
pub mod quant;
mod reader;
mod recovery;
pub mod shown;
pub mod strategy;
pub mod submit;
#[cfg(test)]
mod tests;
pub mod transcript;
pub(crate) mod unanswered;
