//! What is watched and what is held: instruments, accounts, positions.
//!
//! All of it are records that people write, so every change stands in the
//! trail with who made it. Start at [`Portfolio`]; [`closes`] finds prices and
//! [`context`] says what of it an analysis is told.

mod accounts;
pub mod closes;
pub mod context;
pub(crate) mod csv;
mod error;
mod kept;
mod positions;
mod valued;
mod watchlist;

pub use accounts::{Account, DEFAULT_ACCOUNT};
pub use closes::{Close, Closes};
pub use error::PortfolioError;
pub use positions::{NewPosition, Position, Which};
pub use valued::{Totals, Valued, to_csv, totals, value};
pub use watchlist::Watched;

use fondaco_domain::UnixMicros;

use crate::ports::machine::Machine;
use crate::ports::records::RecordStore;
use crate::ports::runs::Asked;

/// What can be asked of watchlist, accounts and positions, and with what.
#[derive(Clone, Copy)]
pub struct Portfolio<'a> {
    /// Where they are kept.
    pub store: &'a dyn RecordStore,
    /// Time and chance.
    pub machine: &'a dyn Machine,
    /// Who asks: written into the trail.
    pub actor: &'a str,
}

impl Portfolio<'_> {
    fn asked(&self) -> Asked {
        Asked {
            actor: self.actor.to_owned(),
            at: self.now(),
        }
    }

    fn now(&self) -> UnixMicros {
        self.machine.wall()
    }
}

/// Characters of a name, and of notes, at most.
const LONGEST_NAME: usize = 100;
const LONGEST_NOTES: usize = 2_000;

/// A name as it is kept: without blanks around it, and of one line.
fn name(field: &'static str, text: &str) -> Result<String, PortfolioError> {
    let text = text.trim();
    let fits = (1..=LONGEST_NAME).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(PortfolioError::Name {
            field,
            text: text.chars().take(LONGEST_NAME).collect(),
        })
    }
}
