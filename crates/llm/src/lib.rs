//! Models behind one port: of providers, recorded, scripted, paid for.
//!
//! [`Desk`] is where they are asked for. A question goes from the journal of its
//! node through retries, the door of its provider and the ledger of its run to
//! a [client](provider) over the network, or to a model of this program.
//! [`catalog`] knows which models there are; a [`Recording`] makes any run
//! repeatable. What an answer is used for is not known here: the models of this
//! program read the same prompts as any other.

mod cassette;
pub mod catalog;
mod desk;
mod difference;
mod gate;
mod library;
mod own;
mod patience;
mod price;
mod provider;
mod recording;
mod rule_based;
mod scripted;
mod seat;
mod session;
#[cfg(test)]
mod tests;

pub use cassette::{Cassette, Mode};
pub use catalog::Catalog;
pub use desk::Desk;
pub use library::{Library, recording_of};
pub use own::{CAN as OWN_CAPABILITIES, Minimal, NAMES as OWN_MODELS, smallest};
pub use price::Price;
pub use recording::Recording;
pub use rule_based::{RuleBased, Temperament};
pub use scripted::{Scripted, Step};
pub use seat::Retries;
