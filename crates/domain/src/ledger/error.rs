//! Why there is no ledger: rules, states and journals that cannot be meant.

use rust_decimal::Decimal;
use thiserror::Error;

use super::amount::sum;
use super::{AccountError, LedgerState, Position, Refusal, Side};
use crate::symbol::Symbol;
use crate::{ErrorKind, Hint};

/// Why a ledger cannot be opened, resumed or replayed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LedgerError {
    /// The rules.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The first deposit.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A kept state that no ledger wrote.
    #[error("the kept position of {symbol} cannot be: {what}")]
    Position {
        /// Of what.
        symbol: Symbol,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A kept state whose numbers cannot be added up.
    #[error("the kept state of an account cannot be added up")]
    State(#[source] Refusal),
    /// Entries that do not begin with a session.
    #[error("the entries of an account begin with a session, and these do not")]
    NoSession,
    /// An entry that does not follow.
    #[error("entry {index} of the journal does not follow")]
    Entry {
        /// Which, from 0.
        index: usize,
        /// Why not.
        #[source]
        source: Refusal,
    },
}

impl Hint for LedgerError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Account(error) => error.kind(),
            Self::Refused(refusal) => refusal.kind(),
            Self::Position { .. } | Self::State(_) | Self::NoSession | Self::Entry { .. } => {
                ErrorKind::Corrupt
            }
        }
    }
}

/// Whether a state that was kept somewhere can be gone on with.
pub(super) fn check_state(state: &LedgerState) -> Result<(), LedgerError> {
    for (symbol, position) in &state.positions {
        if let Some(what) = flaw(position) {
            return Err(LedgerError::Position {
                symbol: symbol.clone(),
                what,
            });
        }
    }
    let margin = state.margin_held().and_then(|_| state.dividends_owed());
    let basis = sum(state.positions.values().map(|position| position.basis));
    margin.and(basis).map_err(LedgerError::State)?;
    Ok(())
}

fn flaw(position: &Position) -> Option<&'static str> {
    let zero = Decimal::ZERO;
    if position.lots.is_empty() {
        return Some("it has no lots");
    }
    if position
        .lots
        .iter()
        .any(|lot| lot.quantity <= zero || lot.cost < zero)
    {
        return Some("a lot is of nothing or less");
    }
    if position.check_quantity().is_err() {
        return Some("its lots cannot be added up");
    }
    if position.mark.price <= zero {
        return Some("its last price is not above zero");
    }
    if position.margin < zero || position.side == Side::Long && !position.margin.is_zero() {
        return Some("its margin is not that of a short");
    }
    None
}
