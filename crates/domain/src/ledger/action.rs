//! Corporate actions: what happens to positions without an order.

use jiff::civil::Date;
use rust_decimal::Decimal;

use super::amount::{converted, decimal, floor_to, money, share, sub};
use super::{Account, Entry, Ledger, LedgerState, Owed, Position, Refusal, Session, Side, price};
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
    /// The symbol has another name. Where there is a position of that name
    /// already, both become one; one held and one short cancel each other.
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

impl CorporateEvent {
    /// From which day on it holds.
    pub fn date(&self) -> Date {
        match self {
            Self::Split { split, .. } => split.date,
            Self::Dividend(dividend) => dividend.ex_date,
            Self::Renamed { date, .. } | Self::Delisted { date, .. } => *date,
        }
    }

    /// Which one comes first of one day.
    fn rank(&self) -> u8 {
        match self {
            Self::Split { .. } => 0,
            Self::Dividend(_) => 1,
            Self::Renamed { .. } => 2,
            Self::Delisted { .. } => 3,
        }
    }
}

impl Ledger {
    /// Begins a session: pays dividends that are due, and does the corporate
    /// actions whose day is after the session before and not after this one,
    /// by day; of one day, splits before dividends before names before
    /// delistings. Others are not looked at, nor are those of symbols without
    /// a position, so that all that are known can be given every time.
    ///
    /// What is held at the end of the session before counts: what is bought on
    /// the ex-date has no dividend. A dividend is owed from the ex-date and
    /// paid at the beginning of the first session that is not before the pay
    /// date; shorts pay it, if need be into debt. All is done, or nothing; the
    /// new entries.
    pub fn begin(
        &mut self,
        session: Session,
        actions: &[CorporateAction],
    ) -> Result<&[Entry], Refusal> {
        let before = self.state.session;
        if session <= before {
            return Err(Refusal::SessionNotLater {
                current: before,
                asked: session,
            });
        }
        let new = |action: &&CorporateAction| {
            let date = action.event.date();
            before.date() < date && date <= session.date()
        };
        let mut new: Vec<_> = actions.iter().filter(new).collect();
        new.sort_by_key(|action| (action.event.date(), action.event.rank()));

        let mut morning = Morning {
            account: &self.account,
            state: self.state.clone(),
            entries: Vec::new(),
        };
        morning.enter(Entry::Session { session })?;
        for action in new {
            morning.act(action)?;
        }
        morning.pay(session.date())?;

        let Morning { state, entries, .. } = morning;
        let from = self.journal.len();
        self.accept(state, entries);
        Ok(&self.journal[from..])
    }
}

/// A session that is just beginning; it counts when all of it is done.
struct Morning<'a> {
    account: &'a Account,
    state: LedgerState,
    entries: Vec<Entry>,
}

impl Morning<'_> {
    fn enter(&mut self, entry: Entry) -> Result<(), Refusal> {
        self.state.apply(&entry)?;
        self.entries.push(entry);
        Ok(())
    }

    fn act(&mut self, action: &CorporateAction) -> Result<(), Refusal> {
        let symbol = &action.symbol;
        if !self.state.positions.contains_key(symbol) {
            return Ok(());
        }
        match &action.event {
            CorporateEvent::Split { split, in_lieu } => self.split(symbol, split, *in_lieu),
            CorporateEvent::Dividend(dividend) => self.dividend(symbol, dividend),
            CorporateEvent::Renamed { to, .. } if to == symbol => Ok(()),
            CorporateEvent::Renamed { to, .. } => self.rename(symbol, to),
            CorporateEvent::Delisted { price, .. } => self.delist(symbol, *price),
        }
    }

    fn split(
        &mut self,
        symbol: &Symbol,
        split: &Split,
        in_lieu: Option<f64>,
    ) -> Result<(), Refusal> {
        let (from, to) = (decimal(split.from)?, decimal(split.to)?);
        let bad = || Refusal::BadSplit {
            symbol: symbol.clone(),
            date: split.date,
            from,
            to,
        };
        if from <= Decimal::ZERO || to <= Decimal::ZERO {
            return Err(bad());
        }
        // A share of which nothing would be left is not what a split does.
        if converted(self.state.quantity(symbol).abs(), from, to)?.is_zero() {
            return Err(bad());
        }
        if from == to {
            return Ok(());
        }
        self.enter(Entry::Split {
            symbol: symbol.clone(),
            from,
            to,
        })?;
        let quantity = self.state.quantity(symbol).abs();
        let Some(step) = self.account.quantity_step else {
            return Ok(());
        };
        let rest = sub(quantity, floor_to(quantity, step)?)?;
        if rest.is_zero() {
            return Ok(());
        }
        let price = match in_lieu {
            Some(price) => price::valid(symbol, decimal(price)?)?,
            None => self.position(symbol)?.mark.price,
        };
        self.free_margin(symbol, rest)?;
        self.enter(Entry::CashInLieu {
            symbol: symbol.clone(),
            quantity: rest,
            price,
            value: money(rest, price)?,
        })
    }

    fn dividend(&mut self, symbol: &Symbol, dividend: &Dividend) -> Result<(), Refusal> {
        let per_share = decimal(dividend.amount)?;
        let (symbol, date) = (symbol.clone(), dividend.ex_date);
        if per_share < Decimal::ZERO {
            return Err(Refusal::BadDividend {
                symbol,
                date,
                amount: per_share,
            });
        }
        if dividend.currency != self.account.currency {
            return Err(Refusal::OtherCurrency {
                symbol,
                date,
                currency: dividend.currency.clone(),
                account: self.account.currency.clone(),
            });
        }
        let quantity = self.state.quantity(&symbol);
        let amount = money(quantity, per_share)?;
        if amount.is_zero() {
            return Ok(());
        }
        self.enter(Entry::Dividend {
            symbol,
            quantity,
            per_share,
            amount,
            ex_date: date,
            pay_date: dividend.pay_date.unwrap_or(date),
        })
    }

    fn rename(&mut self, symbol: &Symbol, to: &Symbol) -> Result<(), Refusal> {
        if let Some(there) = self.state.positions.get(to) {
            let (moved, there) = (self.position(symbol)?, there);
            if moved.side != there.side {
                let both = moved.quantity().min(there.quantity());
                let short = match moved.side {
                    Side::Short => symbol,
                    Side::Long => to,
                };
                self.free_margin(short, both)?;
            }
        }
        self.enter(Entry::Renamed {
            symbol: symbol.clone(),
            to: to.clone(),
        })
    }

    fn delist(&mut self, symbol: &Symbol, price: Option<f64>) -> Result<(), Refusal> {
        let price = price.map(decimal).transpose()?;
        if let Some(price) = price.filter(|price| *price < Decimal::ZERO) {
            return Err(Refusal::PriceNotPositive {
                symbol: symbol.clone(),
                price,
            });
        }
        let quantity = self.position(symbol)?.quantity();
        self.free_margin(symbol, quantity)?;
        self.enter(Entry::Delisted {
            symbol: symbol.clone(),
            quantity,
            price,
            value: money(quantity, price.unwrap_or_default())?,
        })
    }

    /// The margin of a part of a short, before the part goes.
    fn free_margin(&mut self, symbol: &Symbol, quantity: Decimal) -> Result<(), Refusal> {
        let position = self.position(symbol)?;
        let freed = share(position.margin, quantity, position.quantity())?;
        if freed.is_zero() {
            return Ok(());
        }
        self.enter(Entry::Margin {
            symbol: symbol.clone(),
            amount: -freed,
        })
    }

    fn pay(&mut self, today: Date) -> Result<(), Refusal> {
        let due = |owed: &&Owed| owed.pay_date <= today;
        let due: Vec<_> = self.state.owed.iter().filter(due).cloned().collect();
        due.into_iter().try_for_each(|owed| {
            self.enter(Entry::DividendPaid {
                symbol: owed.symbol,
                amount: owed.amount,
                ex_date: owed.ex_date,
            })
        })
    }

    fn position(&self, symbol: &Symbol) -> Result<&Position, Refusal> {
        let position = self.state.positions.get(symbol);
        position.ok_or_else(|| Refusal::NoPosition {
            symbol: symbol.clone(),
        })
    }
}
