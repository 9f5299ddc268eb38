//! One step of one account: what was held is valued, orders are filled, wait or
//! are refused, and all of it is written down.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{
    Action, ActionKind, ActionState, Base, DayFigures, DayState, Execution, Holding, MarketName,
    SimDate, SimulationAccount, SimulationJob, WaitingOrder,
};
use fondaco_domain::ledger::{
    self, Account, CorporateAction, CorporateEvent, DayBefore, DayProfit, Entry, Ledger,
    LedgerError, LedgerState, MarginState, Order, Prices, Quote, Quotes, Receipt, Refusal,
    Shorting, Valuation,
};
use fondaco_domain::{ErrorKind, Hint, Symbol};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;
use thiserror::Error;

use super::market::Market;

/// An account that cannot be traded with.
#[derive(Debug, Error)]
pub enum TradingError {
    /// Its rules or what was kept of it cannot be.
    #[error("the account cannot go on from the end of {after}")]
    Ledger {
        /// The step it was to go on from; `the beginning` where it is the
        /// first.
        after: String,
        /// Why not.
        #[source]
        source: LedgerError,
    },
    /// What was kept of it does not read.
    #[error("the ledger kept of {after} does not read")]
    Kept {
        /// Of which step.
        after: SimDate,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A sum that cannot be made.
    #[error("the account cannot be valued")]
    Value(#[from] Refusal),
}

impl Hint for TradingError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Ledger { source, .. } => source.kind(),
            Self::Kept { .. } => ErrorKind::Corrupt,
            Self::Value(refusal) => refusal.kind(),
        }
    }
}

/// Why an order was not done.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NotDone {
    /// Nothing is traded of it at that step.
    #[error("Symbol {symbol} not found on {date}")]
    NoPrice {
        /// Of what.
        symbol: Symbol,
        /// When.
        date: SimDate,
    },
    /// The ledger says no.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

/// What came of an order at once.
#[derive(Debug, Clone, PartialEq)]
pub enum Ordered {
    /// It was filled, and this is what everything is worth.
    Filled(Receipt, Decimal),
    /// It waits for its price.
    Waits,
}

/// The account of one model at one step.
pub struct Trading<'a> {
    execution: Execution,
    market: &'a Market,
    date: SimDate,
    opens: Prices,
    ledger: Ledger,
    /// What the ledger would be, were everything that waits filled at the
    /// open: what a further order is held against.
    expected: Ledger,
    start: DayState,
    figures: DayFigures,
    actions: Vec<Action>,
    waiting: Vec<WaitingOrder>,
    /// New shares for an old one, of what is split today.
    splits: BTreeMap<Symbol, Decimal>,
}

/// A step at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Traded {
    /// Before anything was traded.
    pub start: DayState,
    /// What the open made of what was held.
    pub figures: DayFigures,
    /// What was done, in order.
    pub actions: Vec<Action>,
    /// What waits for the next open.
    pub waiting: Vec<WaitingOrder>,
    /// After everything.
    pub end: DayState,
    /// What goes on.
    pub ledger: LedgerState,
}

impl<'a> Trading<'a> {
    /// Begins a step: corporate actions, then everything valued at the open,
    /// then what waited for it.
    pub fn begin(
        job: &SimulationJob,
        market: &'a Market,
        date: SimDate,
        before: Option<&Base>,
        corporate: &[CorporateAction],
    ) -> Result<Self, TradingError> {
        let opens = market.opens(date);
        let mut ledger = opened(&job.account, date, before)?;
        let mut actions = Vec::new();
        if before.is_some() {
            let entries = ledger.begin(date.session(), corporate)?;
            actions.extend(entries.iter().filter_map(booked));
        }
        ledger.mark(&opens)?;
        let value = ledger.value(&opens)?;
        let figures = figures(before, date, value.value)?;
        let mut trading = Self {
            execution: job.execution,
            market,
            date,
            opens,
            expected: ledger.clone(),
            ledger,
            start: state(&value),
            figures,
            actions,
            waiting: Vec::new(),
            splits: BTreeMap::new(),
        };
        trading.splits = splits(corporate, date);
        trading.carry_shorts()?;
        for order in before.iter().flat_map(|before| &before.waiting) {
            trading.fill_waiting(order);
        }
        trading.expected = trading.ledger.clone();
        Ok(trading)
    }

    /// The step.
    pub fn date(&self) -> SimDate {
        self.date
    }

    /// The opens of the step.
    pub fn opens(&self) -> &Prices {
        &self.opens
    }

    /// Money that can be spent, with everything that waits filled at the open.
    pub fn cash(&self) -> Decimal {
        self.expected.state().cash()
    }

    /// What is held, with everything that waits filled at the open.
    pub fn held(&self) -> &LedgerState {
        self.expected.state()
    }

    /// What everything is worth at the open.
    pub fn value(&self) -> Result<Valuation, Refusal> {
        self.ledger.value(&self.opens)
    }

    /// Gives an order. One that is refused is written down, too, and changes
    /// nothing.
    pub fn order(
        &mut self,
        kind: ActionKind,
        symbol: &Symbol,
        quantity: Decimal,
    ) -> Result<Ordered, NotDone> {
        let done = self.try_order(kind, symbol, quantity);
        let state = match &done {
            Ok(Ordered::Filled(receipt, value)) => filled(receipt, *value),
            Ok(Ordered::Waits) => ActionState::Waiting,
            Err(reason) => ActionState::Refused {
                reason: reason.to_string(),
            },
        };
        self.actions.push(Action {
            kind,
            symbol: Some(symbol.clone()),
            quantity,
            state,
            ordered: None,
            forced: false,
        });
        done
    }

    /// Does nothing, on purpose.
    pub fn hold(&mut self) {
        let cash = self.ledger.state().cash();
        let value = self.value().map_or(cash, |value| value.value);
        self.actions.push(Action {
            kind: ActionKind::Hold,
            symbol: None,
            quantity: Decimal::ZERO,
            state: ActionState::Filled {
                price: Decimal::ZERO,
                costs: Decimal::ZERO,
                cash_after: cash,
                value_after: value,
            },
            ordered: None,
            forced: false,
        });
    }

    /// What was done and tried so far, and what happened without an order.
    pub fn so_far(&self) -> &[Action] {
        &self.actions
    }

    /// Whether nothing was done or tried in this step.
    pub fn is_idle(&self) -> bool {
        let of_now = |action: &Action| {
            action.kind != ActionKind::Corporate && action.ordered.is_none() && !action.forced
        };
        !self.actions.iter().any(of_now)
    }

    /// Ends the step: what was to be filled after it is filled now.
    pub fn end(mut self) -> Result<Traded, TradingError> {
        if self.execution == Execution::Vwap {
            self.fill_at_vwap();
        }
        let end = state(&self.ledger.value(&self.opens)?);
        let costs = self.actions.iter().map(|action| match &action.state {
            ActionState::Filled { costs, .. } => *costs,
            _ => Decimal::ZERO,
        });
        self.figures.costs = costs.sum();
        Ok(Traded {
            start: self.start,
            figures: self.figures,
            actions: self.actions,
            waiting: self.waiting,
            end,
            ledger: self.ledger.into_parts().0,
        })
    }

    fn try_order(
        &mut self,
        kind: ActionKind,
        symbol: &Symbol,
        quantity: Decimal,
    ) -> Result<Ordered, NotDone> {
        let order = order(kind, symbol, quantity);
        let quote = self.quote(symbol, &self.opens)?;
        if self.execution == Execution::Open {
            let receipt = self.ledger.order(&order, quote)?;
            self.expected = self.ledger.clone();
            return Ok(Ordered::Filled(receipt, self.value()?.value));
        }
        self.expected.order(&order, quote)?;
        self.waiting.push(WaitingOrder {
            kind,
            symbol: symbol.clone(),
            quantity,
            ordered: self.date,
        });
        Ok(Ordered::Waits)
    }

    /// What a margin call demands, where the account does not carry its shorts.
    fn carry_shorts(&mut self) -> Result<(), TradingError> {
        if let MarginState::Sound { .. } = self.ledger.margin(&self.opens)? {
            return Ok(());
        }
        let symbols: Vec<Symbol> = self.opens.keys().cloned().collect();
        let mut quotes = Quotes::new();
        for symbol in symbols {
            if let Ok(quote) = self.quote(&symbol, &self.opens) {
                quotes.insert(symbol, quote);
            }
        }
        for forced in self.ledger.force(&quotes)? {
            let state = match &forced.outcome {
                Ok(receipt) => filled(receipt, self.value()?.value),
                Err(reason) => ActionState::Refused {
                    reason: reason.to_string(),
                },
            };
            self.actions.push(Action {
                kind: match forced.order.action {
                    ledger::Action::Sell => ActionKind::Sell,
                    _ => ActionKind::Cover,
                },
                symbol: Some(forced.order.symbol),
                quantity: forced.order.quantity,
                state,
                ordered: None,
                forced: true,
            });
        }
        Ok(())
    }

    /// An order of an earlier step.
    fn fill_waiting(&mut self, waiting: &WaitingOrder) {
        let done = self.fill(waiting, &self.opens.clone());
        let state = match done {
            Ok(state) => state,
            Err(reason) => ActionState::Refused {
                reason: reason.to_string(),
            },
        };
        self.actions.push(Action {
            kind: waiting.kind,
            symbol: Some(waiting.symbol.clone()),
            quantity: waiting.quantity,
            state,
            ordered: Some(waiting.ordered),
            forced: false,
        });
    }

    /// Orders of this step, at a price that nobody knew when they were given.
    fn fill_at_vwap(&mut self) {
        let prices = self.market.fills(self.date, Execution::Vwap);
        let mut orders = std::mem::take(&mut self.waiting).into_iter();
        for at in 0..self.actions.len() {
            if self.actions[at].state != ActionState::Waiting {
                continue;
            }
            let Some(order) = orders.next() else { break };
            self.actions[at].state = match self.fill(&order, &prices) {
                Ok(state) => state,
                Err(reason) => ActionState::Refused {
                    reason: reason.to_string(),
                },
            };
        }
    }

    fn fill(&mut self, waiting: &WaitingOrder, prices: &Prices) -> Result<ActionState, NotDone> {
        let quote = self.quote(&waiting.symbol, prices)?;
        let order = order(waiting.kind, &waiting.symbol, waiting.quantity);
        let receipt = self.ledger.order(&order, quote)?;
        let value = self.value()?.value;
        Ok(filled(&receipt, value))
    }

    fn quote(&self, symbol: &Symbol, prices: &Prices) -> Result<Quote, NotDone> {
        let no_price = || NotDone::NoPrice {
            symbol: symbol.clone(),
            date: self.date,
        };
        let quote = Quote::at(*prices.get(symbol).ok_or_else(no_price)?);
        // Limits are counted from a close in today's shares.
        let ratio = self.splits.get(symbol).copied().unwrap_or(Decimal::ONE);
        let close = self.market.previous_close(symbol, self.date);
        Ok(match close.and_then(|close| close.checked_div(ratio)) {
            Some(close) => quote.after(close.round_dp(10)),
            None => quote,
        })
    }
}

/// The rules of an account.
pub fn account(said: &SimulationAccount) -> Account {
    let mut account = match said.market {
        MarketName::UsEquity => Account::us_equity(),
        MarketName::AShare => Account::a_share(),
        MarketName::Crypto => Account::crypto(),
    };
    match said.fractional {
        Some(true) => account.quantity_step = None,
        Some(false) => account.quantity_step = Some(Decimal::ONE),
        None => {}
    }
    let rates = [
        (said.commission_bp, &mut account.fees.commission_bp),
        (said.min_commission, &mut account.fees.commission_min),
        (said.stamp_duty_bp, &mut account.fees.stamp_duty_bp),
        (said.slippage_bp, &mut account.slippage_bp),
    ];
    for (said, rate) in rates {
        *rate = said.unwrap_or(*rate);
    }
    // Selling short is asked for by its margin.
    account.shorting = match said.margin_requirement {
        Some(requirement) => Shorting::requiring(requirement),
        None => Shorting::Forbidden,
    };
    account
}

fn opened(
    said: &SimulationAccount,
    date: SimDate,
    before: Option<&Base>,
) -> Result<Ledger, TradingError> {
    let Some(before) = before else {
        let opened = Ledger::open(account(said), date.session(), said.initial_cash);
        return opened.map_err(|source| TradingError::Ledger {
            after: "the beginning".to_owned(),
            source,
        });
    };
    let kept = serde_json::from_value(before.ledger.clone());
    let kept = kept.map_err(|source| TradingError::Kept {
        after: before.date,
        source,
    })?;
    Ledger::resume(account(said), kept).map_err(|source| TradingError::Ledger {
        after: before.date.to_string(),
        source,
    })
}

fn figures(
    before: Option<&Base>,
    date: SimDate,
    value_now: Decimal,
) -> Result<DayFigures, Refusal> {
    let before = before.map(|before| DayBefore {
        session: before.date.session(),
        value: before.value,
    });
    let profit = DayProfit::new(before, date.session(), value_now)?;
    Ok(DayFigures {
        profit: profit.daily_profit,
        return_pct: profit.daily_return_pct.to_f64().unwrap_or(0.0),
        costs: Decimal::ZERO,
    })
}

fn state(value: &Valuation) -> DayState {
    let holdings = value.positions.iter().map(|held| Holding {
        symbol: held.symbol.clone(),
        quantity: held.quantity,
        price: Some(held.price),
        price_of: held
            .stale_since
            .and_then(|since| since.to_string().parse().ok()),
    });
    DayState {
        cash: value.cash,
        margin: value.margin_held,
        holdings: holdings.collect(),
        value: value.value,
    }
}

/// What is split today: limits are counted from closes of old shares.
fn splits(corporate: &[CorporateAction], date: SimDate) -> BTreeMap<Symbol, Decimal> {
    let split = |action: &CorporateAction| match &action.event {
        CorporateEvent::Split { split, .. } if split.date == date.day() => {
            Some((action.symbol.clone(), ledger::decimal(split.ratio()).ok()?))
        }
        _ => None,
    };
    corporate.iter().filter_map(split).collect()
}

fn order(kind: ActionKind, symbol: &Symbol, quantity: Decimal) -> Order {
    let action = match kind {
        ActionKind::Buy => ledger::Action::Buy,
        ActionKind::Sell => ledger::Action::Sell,
        ActionKind::Short => ledger::Action::Short,
        ActionKind::Cover => ledger::Action::Cover,
        ActionKind::Hold | ActionKind::Corporate => ledger::Action::Hold,
    };
    Order {
        symbol: symbol.clone(),
        action,
        quantity,
    }
}

fn filled(receipt: &Receipt, value_after: Decimal) -> ActionState {
    let quantity: Decimal = receipt.fills.iter().map(|fill| fill.quantity).sum();
    let value: Decimal = receipt.fills.iter().map(|fill| fill.value).sum();
    let only = receipt.fills.first().filter(|_| receipt.fills.len() == 1);
    let mean = || value.checked_div(quantity).unwrap_or_default();
    ActionState::Filled {
        price: only.map_or_else(mean, |fill| fill.price),
        costs: receipt.costs(),
        cash_after: receipt.cash_after,
        value_after,
    }
}

/// What happened to the account without an order.
fn booked(entry: &Entry) -> Option<Action> {
    let (symbol, quantity, amount) = match entry {
        Entry::Split { symbol, from, to } => (symbol, to.checked_div(*from)?, Decimal::ZERO),
        Entry::CashInLieu {
            symbol,
            quantity,
            value,
            ..
        }
        | Entry::Delisted {
            symbol,
            quantity,
            value,
            ..
        } => (symbol, *quantity, *value),
        Entry::Dividend {
            symbol,
            quantity,
            amount,
            ..
        } => (symbol, *quantity, *amount),
        _ => return None,
    };
    Some(Action {
        kind: ActionKind::Corporate,
        symbol: Some(symbol.clone()),
        quantity,
        state: ActionState::Booked {
            amount,
            entry: serde_json::to_value(entry).unwrap_or(Value::Null),
        },
        ordered: None,
        forced: false,
    })
}
