//! The realistic profile: the same strategies with what trading costs.
//!
//! At each stamp every pair first sees its open, in this order: splits and
//! dividends, funding and interest, exits at the open, entries at the open.
//! Then the candles run their course, and stops and targets within them are
//! reached. So an entry can use no slot and no money that an exit within the
//! same candle sets free.

mod cash;
mod entries;
mod exits;
mod fills;
mod holding;
mod inside;

use fondaco_domain::strategy::Side;
use fondaco_domain::trade::{Equity, ExitReason, Trade};
use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};

use cash::Cash;
pub use cash::Charges;
use entries::Waiting;
use fills::Desk;
use holding::Holding;

use super::actions::Action;
use super::costs::Costs;
use super::outcome::{Outcome, Realism};
use super::pair::Pair;
use super::protections::{self, Closed, Locks, Trigger};
use super::settings::{BacktestError, PairInput, Settings};
use super::steps::Step;
use super::{Plan, Stop};
use crate::backtest::TradingMode;

/// Stamps between two questions whether to stop.
const ASK_EVERY: usize = 256;

/// Runs the realistic profile over pairs with two candles or more.
pub(super) fn run(
    plan: Plan<'_>,
    settings: &Settings,
    costs: &Costs,
    inputs: &[PairInput<'_>],
    pairs: &[Pair<'_>],
    stop: Stop<'_>,
) -> Result<Outcome, BacktestError> {
    let names: Vec<&Symbol> = inputs.iter().map(|input| input.symbol).collect();
    let markets = inputs
        .iter()
        .zip(pairs)
        .map(|(input, pair)| Market::new(input, pair, settings, costs))
        .collect();
    Walk::new(plan, settings, costs, markets, &names).run(stop)
}

/// A pair and where the walk is in it.
struct Market<'a> {
    pair: &'a Pair<'a>,
    desk: Desk<'a>,
    /// Splits and dividends by row, those to come.
    actions: std::vec::IntoIter<(usize, Action)>,
    /// Row of the next candle.
    next: usize,
    /// Row of the candle of this stamp; zero for none and for the first.
    row: usize,
    /// What fills on this candle may still take.
    volume_left: f64,
    close: f64,
    /// Side of a position that left at or within this candle.
    left: Option<Side>,
    waiting: Option<Waiting>,
}

impl<'a> Market<'a> {
    fn new(
        input: &PairInput<'a>,
        pair: &'a Pair<'a>,
        settings: &Settings,
        costs: &'a Costs,
    ) -> Self {
        let actions: Vec<_> = input
            .actions
            .map(|actions| actions.by_row(input.bars).collect())
            .unwrap_or_default();
        Self {
            pair,
            desk: Desk {
                costs,
                fee: settings.fee,
                tick: Step::new(input.rules.price_step),
                lot: pair.amount_step,
            },
            actions: actions.into_iter(),
            next: 0,
            row: 0,
            volume_left: 0.0,
            close: 0.0,
            left: None,
            waiting: None,
        }
    }

    fn bars(&self) -> &'a Bars {
        self.pair.bars
    }

    fn bar(&self) -> Bar {
        self.bars().bar(self.row)
    }

    fn is_last(&self) -> bool {
        self.row + 1 == self.bars().len()
    }

    /// Finds the candle of a stamp.
    fn find(&mut self, now: UnixMillis) {
        self.left = None;
        self.row = 0;
        if self.bars().time().get(self.next) == Some(&now) {
            self.row = self.next;
            self.next += 1;
            self.volume_left = self.desk.takes(self.bars().volume()[self.row]);
        }
    }
}

struct Walk<'a> {
    plan: Plan<'a>,
    settings: &'a Settings,
    costs: &'a Costs,
    names: &'a [&'a Symbol],
    markets: Vec<Market<'a>>,
    cash: Cash<'a>,
    /// Open positions in the order they were opened.
    holdings: Vec<Holding>,
    locks: Locks,
    closes: Vec<Closed>,
    trades: Vec<Trade>,
    rejected_entries: u64,
    withdrawn_entries: u64,
    equity: Equity,
    charges: Charges,
}

impl<'a> Walk<'a> {
    fn new(
        plan: Plan<'a>,
        settings: &'a Settings,
        costs: &'a Costs,
        markets: Vec<Market<'a>>,
        names: &'a [&'a Symbol],
    ) -> Self {
        Self {
            plan,
            settings,
            costs,
            names,
            locks: Locks::new(markets.len()),
            markets,
            cash: Cash::new(settings),
            holdings: Vec::new(),
            closes: Vec::new(),
            trades: Vec::new(),
            rejected_entries: 0,
            withdrawn_entries: 0,
            equity: Equity::default(),
            charges: Charges::default(),
        }
    }

    fn run(mut self, stop: Stop<'_>) -> Result<Outcome, BacktestError> {
        for (walked, now) in stamps(&self.markets).into_iter().enumerate() {
            if walked.is_multiple_of(ASK_EVERY) && stop() {
                return Err(BacktestError::Stopped);
            }
            for market in &mut self.markets {
                market.find(now);
            }
            self.pass_days(now);
            self.act(now);
            self.close_emptied(now);
            self.pay_funding(now);
            self.leave_at_open(now);
            self.enter_at_open(now);
            self.run_candles();
            self.leave_ended(now);
            self.mark(now);
        }
        Ok(Outcome {
            trades: self.trades,
            left_open: Vec::new(),
            rejected_entries: self.rejected_entries,
            withdrawn_entries: self.withdrawn_entries,
            withdrawn_exits: 0,
            locks: self.locks.into_locks(self.names),
            starting_balance: self.settings.starting_balance,
            final_balance: self.cash.free,
            realism: Some(Realism {
                equity: self.equity,
                charges: self.charges,
            }),
        })
    }

    /// Interest on cash and on borrowed shares for the days since the stamp
    /// before.
    fn pass_days(&mut self, now: UnixMillis) {
        let days = self.cash.days_to(now);
        if days == 0 {
            return;
        }
        self.charges.interest += self.cash.accrue(self.costs.cash_interest, days);
        let Some(rate) = self.costs.borrow_interest else {
            return;
        };
        if self.settings.mode == TradingMode::Futures {
            return;
        }
        for holding in &mut self.holdings {
            if holding.side == Side::Short {
                let value = holding.amount * self.markets[holding.pair].close;
                let interest = value * rate * days as f64 / 365.0;
                self.cash.free += holding.receive(-interest);
                self.charges.borrowing += interest;
            }
        }
    }

    /// Splits and dividends of the day.
    fn act(&mut self, now: UnixMillis) {
        for (pair, market) in self.markets.iter_mut().enumerate() {
            let row = market.row;
            while row > 0
                && market
                    .actions
                    .as_slice()
                    .first()
                    .is_some_and(|&(due, _)| due == row)
            {
                let Some((_, action)) = market.actions.next() else {
                    break;
                };
                market.close /= action.split;
                if let Some(waiting) = &mut market.waiting {
                    waiting.amount = market.desk.lot.floor(waiting.amount * action.split);
                }
                let open = market.bars().open()[row];
                let held = self
                    .holdings
                    .iter_mut()
                    .filter(|holding| holding.pair == pair);
                for holding in held {
                    let (dividend, parts) = holding.act(&market.desk, action, open, now);
                    self.cash.free += dividend + parts;
                    self.charges.dividends += dividend;
                    self.charges.splits += u64::from(action.split != 1.0);
                }
            }
        }
    }

    /// A position that a reverse split has left without a whole lot is over.
    fn close_emptied(&mut self, now: UnixMillis) {
        while let Some(index) = self
            .holdings
            .iter()
            .position(|holding| holding.amount == 0.0)
        {
            self.close(index, ExitReason::Tag("cash_in_lieu".to_owned()), now);
        }
    }

    fn pay_funding(&mut self, now: UnixMillis) {
        for holding in &mut self.holdings {
            let market = &self.markets[holding.pair];
            if let Some(funding) = market.pair.funding
                && market.row > 0
            {
                let before = market.bars().time()[market.row - 1].max(holding.opened);
                let paid = funding.received(holding.side, holding.amount, before.plus(1), now);
                if paid != 0.0 {
                    self.cash.free += holding.receive(paid);
                    self.charges.funding += paid;
                }
            }
        }
    }

    /// Positions whose pair has no further candle leave at its last close.
    fn leave_ended(&mut self, now: UnixMillis) {
        for market in &mut self.markets {
            if market.row > 0 || market.next == 1 {
                market.close = market.bars().close()[market.next - 1];
            }
            if market.row > 0 && market.is_last() && market.waiting.take().is_some() {
                self.withdrawn_entries += 1;
            }
        }
        let mut index = 0;
        while let Some(holding) = self.holdings.get(index) {
            let market = &self.markets[holding.pair];
            if market.row > 0 && market.is_last() {
                let close = market.close;
                self.leave_whole(index, ExitReason::ForceExit, close, now);
            } else {
                index += 1;
            }
        }
    }

    fn mark(&mut self, now: UnixMillis) {
        let (mut value, mut invested) = (self.cash.free, 0.0);
        for holding in &self.holdings {
            let worth = holding.margin() + holding.gain(self.markets[holding.pair].close);
            value += worth;
            invested += worth.max(0.0);
        }
        self.equity.time.push(now);
        self.equity.value.push(value);
        self.equity.invested.push(invested);
    }

    /// Takes a position that holds nothing any more off the books.
    fn close(&mut self, index: usize, reason: ExitReason, at: UnixMillis) {
        let holding = self.holdings.remove(index);
        let (pair, side) = (holding.pair, holding.side);
        self.markets[pair].left = Some(side);
        self.give_up_waiting(pair);
        self.cash.closed_profit += holding.profit;
        self.charges.fees += holding.fees();
        self.closes.push(Closed {
            pair,
            side,
            at,
            ratio: holding.profit_over_entries(),
            profit: holding.profit,
            by_stop: protections::is_stop(&reason),
        });
        self.trades
            .push(holding.into_trade(self.names[pair].clone(), at, reason));
        if self.settings.protections {
            let starting_balance = self.cash.protected_balance();
            let trigger = Trigger {
                pair,
                side,
                at,
                starting_balance,
            };
            let Plan {
                protections,
                timeframe,
                ..
            } = self.plan;
            protections::check(
                protections,
                timeframe,
                &self.closes,
                trigger,
                &mut self.locks,
            );
        }
    }

    fn holds(&self, pair: usize) -> Option<usize> {
        self.holdings
            .iter()
            .position(|holding| holding.pair == pair)
    }

    fn tied(&self) -> f64 {
        self.holdings.iter().map(Holding::margin).sum()
    }
}

/// Every stamp of any pair, once, oldest first.
fn stamps(markets: &[Market<'_>]) -> Vec<UnixMillis> {
    let mut stamps: Vec<_> = markets
        .iter()
        .flat_map(|market| market.bars().time().iter().copied())
        .collect();
    stamps.sort();
    stamps.dedup();
    stamps
}
