//! Rooms: analysts who look alone, a risk manager, a conference, typed
//! predictions, and a portfolio manager who decides.
//!
//! Each turn is a durable task ([`keys`], [`plan()`]); what a member said is
//! committed with it. Only the day itself is required: a turn without an answer
//! is missing, and said to be. Without a usable decision the day fails, and
//! nothing is ordered.

mod day;
pub mod keys;
mod memory;
mod plan;
mod prompts;
mod turn;

pub(crate) use day::{content, title};
pub use plan::{hears, nodes, plan};
pub use prompts::PromptError;
pub use turn::RoomError;
pub(super) use turn::node;

use fondaco_domain::ContentHash;

/// The name of all words that the members of a room are asked with.
pub fn prompts_hash() -> ContentHash {
    prompts::hash()
}

#[cfg(test)]
mod tests;
