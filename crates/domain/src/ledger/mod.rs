//! The ledger: cash, positions, and everything that ever happened to them.
//!
//! An [`Account`] says the rules, a [`LedgerState`] where the account stands,
//! [`Entry`]s what happened, and a [`Ledger`] puts the three together for one
//! day. State is changed by entries alone, so that [`Ledger::replay`] comes to
//! the same from them. What is carried into the next day is the state; the
//! entries stay in the journal of their day.
//!
//! ```
//! use fondaco_domain::ledger::{Account, Ledger, Prices, Quote, parse};
//! use jiff::civil::date;
//!
//! let mut ledger = Ledger::open(
//!     Account::us_equity(),
//!     date(2025, 10, 1).into(),
//!     parse("10000")?,
//! )?;
//! let apple = "AAPL".parse()?;
//! let receipt = ledger.buy(&apple, parse("10")?, Quote::at(parse("255.04")?))?;
//! assert_eq!(receipt.cash_after, parse("7449.6")?);
//!
//! // The next day begins with what was kept of this one.
//! let kept = ledger.state().clone();
//! let mut next = Ledger::resume(Account::us_equity(), kept)?;
//! next.begin(date(2025, 10, 2).into(), &[])?;
//! let open = Prices::from([(apple, parse("256.58")?)]);
//! assert_eq!(next.value(&open)?.value, parse("10015.4")?);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything is decimal and checked: money has [`MONEY_DECIMALS`] decimals, a
//! sum is exact or refused, and nothing here panics over a number. Prices are
//! given from outside; there is no clock and no market in here.
//!
//! What always holds, to the last digit:
//!
//! ```text
//! cash + margin held + fees + cost of longs − proceeds of shorts + dividends owed
//!     = deposits + realised + dividends
//! ```

mod account;
mod action;
mod amount;
mod apply;
mod entry;
mod error;
mod margin;
mod order;
mod plan;
mod price;
mod profit;
mod refusal;
mod session;
mod state;
mod value;

pub use account::{
    Account, AccountError, Fees, MAINTENANCE_MARGIN, MARGIN_REQUIREMENT, PriceLimit, Settlement,
    Shorting,
};
pub use action::{CorporateAction, CorporateEvent};
pub use amount::{MONEY_DECIMALS, QUANTITY_DECIMALS, decimal, parse};
pub use entry::{Entry, FeeKind, Leg, Prices};
pub use error::LedgerError;
pub use margin::{Forced, MarginCall, MarginState, Quotes};
pub use order::{Action, Filled, Order, Quote, Receipt};
pub use price::limits;
pub use profit::{DayBefore, DayProfit, trade_profit};
pub use refusal::Refusal;
pub use session::{Session, SessionError};
pub use state::{LedgerState, Lot, Mark, Owed, Position, Side, Totals};
pub use value::{Valuation, Valued};

use rust_decimal::Decimal;

/// An account during a day: its rules, where it stands, and the entries since
/// it was opened or resumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    account: Account,
    state: LedgerState,
    journal: Vec<Entry>,
}

impl Ledger {
    /// A new account with cash, or with none.
    pub fn open(account: Account, session: Session, cash: Decimal) -> Result<Self, LedgerError> {
        account.check()?;
        let mut ledger = Self {
            account,
            state: LedgerState::empty(session),
            journal: vec![Entry::Session { session }],
        };
        if !cash.is_zero() {
            ledger.deposit(cash)?;
        }
        Ok(ledger)
    }

    /// Goes on from a state that was kept. The journal is empty.
    pub fn resume(account: Account, state: LedgerState) -> Result<Self, LedgerError> {
        account.check()?;
        error::check_state(&state)?;
        Ok(Self {
            account,
            state,
            journal: Vec::new(),
        })
    }

    /// The same ledger from its entries, which begin with a session.
    pub fn replay(account: Account, entries: Vec<Entry>) -> Result<Self, LedgerError> {
        account.check()?;
        let Some(Entry::Session { session }) = entries.first() else {
            return Err(LedgerError::NoSession);
        };
        let state = LedgerState::empty(*session);
        Self {
            account,
            state,
            journal: Vec::new(),
        }
        .replayed(entries)
    }

    /// The same ledger from the state it was resumed from and the entries
    /// since then.
    pub fn replay_from(
        account: Account,
        state: LedgerState,
        entries: Vec<Entry>,
    ) -> Result<Self, LedgerError> {
        Self::resume(account, state)?.replayed(entries)
    }

    /// Its rules.
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Where it stands.
    pub fn state(&self) -> &LedgerState {
        &self.state
    }

    /// Everything that happened since it was opened or resumed.
    pub fn journal(&self) -> &[Entry] {
        &self.journal
    }

    /// Where it stands, and how it came there.
    pub fn into_parts(self) -> (LedgerState, Vec<Entry>) {
        (self.state, self.journal)
    }

    /// Puts money in: more than 0, of at most [`MONEY_DECIMALS`] decimals.
    pub fn deposit(&mut self, amount: Decimal) -> Result<(), Refusal> {
        if amount <= Decimal::ZERO || amount::cut(amount) != amount {
            return Err(Refusal::BadAmount { amount });
        }
        let amount = amount.normalize();
        self.commit(vec![Entry::Deposit { amount }])
    }

    /// Notes prices of what is held: positions are valued at them until newer
    /// ones come. Prices of other symbols are not noted.
    pub fn mark(&mut self, prices: &Prices) -> Result<(), Refusal> {
        let mut held = Prices::new();
        for symbol in self.state.positions.keys() {
            if let Some(price) = prices.get(symbol) {
                held.insert(symbol.clone(), price::valid(symbol, *price)?);
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        self.commit(vec![Entry::Mark { prices: held }])
    }

    /// All of these entries, or none.
    fn commit(&mut self, entries: Vec<Entry>) -> Result<(), Refusal> {
        let next = self.followed(&entries)?;
        self.accept(next, entries);
        Ok(())
    }

    fn followed(&self, entries: &[Entry]) -> Result<LedgerState, Refusal> {
        let mut next = self.state.clone();
        entries.iter().try_for_each(|entry| next.apply(entry))?;
        Ok(next)
    }

    fn accept(&mut self, next: LedgerState, entries: Vec<Entry>) {
        self.state = next;
        self.journal.extend(entries);
    }

    fn replayed(mut self, entries: Vec<Entry>) -> Result<Self, LedgerError> {
        for (index, entry) in entries.iter().enumerate() {
            let applied = self.state.apply(entry);
            applied.map_err(|source| LedgerError::Entry { index, source })?;
        }
        self.journal = entries;
        Ok(self)
    }
}
