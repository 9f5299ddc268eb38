//! Margin calls.

use super::{Ledger, LedgerState, Refusal};
use crate::symbol::Symbol;

impl Ledger {
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "not yet")]
    pub(super) fn check_margin(&self, _: &LedgerState, _: &Symbol) -> Result<(), Refusal> {
        Ok(())
    }
}
