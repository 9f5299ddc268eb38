//! Entries: by signal, further ones, and those that wait for volume.

use fondaco_domain::UnixMillis;
use fondaco_domain::market::TradingMode;
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::Order;

use super::Walk;
use super::fills::Way;
use super::holding::Holding;
use crate::backtest::costs::Remainder;
use crate::backtest::decimal::Rounding;
use crate::backtest::futures;

/// Largest factor by which an entry is raised to a market's minimum.
const MAX_RAISE: f64 = 1.3;

/// An entry, or what is left of one, that waits for volume.
#[derive(Debug, Clone)]
pub(super) struct Waiting {
    side: Side,
    leverage: f64,
    /// Still wanted.
    pub(super) amount: f64,
    tag: Option<String>,
    placed: UnixMillis,
}

impl Walk<'_> {
    /// Entries that are due: those waiting, then the signals of each pair.
    pub(super) fn enter_at_open(&mut self, now: UnixMillis) {
        for pair in 0..self.markets.len() {
            if self.markets[pair].row == 0 {
                continue;
            }
            let waiting = self.markets[pair].waiting.as_ref();
            if waiting.is_some_and(|waiting| waiting.placed < now) {
                self.withdraw(pair, now);
                self.fill_waiting(pair, now);
            }
            self.enter_by_signal(pair, now);
        }
    }

    /// Withdraws a waiting entry whose time is over, whose position has left,
    /// or that an exit rule speaks against.
    fn withdraw(&mut self, pair: usize, now: UnixMillis) {
        let market = &self.markets[pair];
        let Some(waiting) = &market.waiting else {
            return;
        };
        let timed_out = self
            .settings
            .entry_timeout_minutes
            .is_some_and(|minutes| waiting.placed <= now.plus(-(minutes * 60_000.0) as i64));
        let exits = |row: usize| market.pair.signals.exits(waiting.side)[row - 1];
        let is_due_out = self.acting_row(pair).is_some_and(exits);
        let is_closing = self
            .holds(pair)
            .is_some_and(|index| self.holdings[index].closing.is_some());
        if timed_out || is_due_out || is_closing || waiting.amount == 0.0 {
            self.give_up_waiting(pair);
        }
    }

    pub(super) fn give_up_waiting(&mut self, pair: usize) {
        if self.markets[pair].waiting.take().is_some() {
            self.withdrawn_entries += 1;
        }
    }

    fn enter_by_signal(&mut self, pair: usize, now: UnixMillis) {
        let market = &self.markets[pair];
        let Some(row) = self.acting_row(pair) else {
            return;
        };
        let Some(side) = market.pair.entry(row) else {
            return;
        };
        let is_free = market.waiting.is_none() && self.holds(pair).is_none();
        if !is_free || market.is_last() || market.left == Some(side) {
            return;
        }
        if self.locks.is_locked(pair, Some(side), now) {
            return;
        }
        if !self.has_free_slot() {
            self.rejected_entries += 1;
            return;
        }
        let Some(stake) = self.cash.stake(self.tied()) else {
            self.charges.entries_refused += 1;
            return;
        };
        let tiers = &market.pair.rules.tiers;
        let leverage = match self.settings.mode {
            TradingMode::Spot => 1.0,
            TradingMode::Futures => {
                let Some(most) = futures::max_leverage(tiers, stake) else {
                    self.charges.entries_refused += 1;
                    return;
                };
                self.plan.risk.leverage.max(1.0).min(most)
            }
        };
        let tag = market.pair.signals.tags.text(market.pair.enter_tag(row));
        let tag = tag.map(str::to_owned);
        self.place(pair, side, leverage, stake, tag, now);
        self.fill_waiting(pair, now);
    }

    fn has_free_slot(&self) -> bool {
        let waits =
            |pair: usize| self.markets[pair].waiting.is_some() && self.holds(pair).is_none();
        let taken =
            self.holdings.len() + (0..self.markets.len()).filter(|&pair| waits(pair)).count();
        match self.settings.max_open_trades {
            None | Some(0) => true,
            Some(slots) => taken < slots as usize,
        }
    }

    /// Puts an entry of a stake into the book. One below the market's minimum
    /// is raised to it where that takes at most 30 % more, as freqtrade does,
    /// and refused otherwise.
    pub(super) fn place(
        &mut self,
        pair: usize,
        side: Side,
        leverage: f64,
        stake: f64,
        tag: Option<String>,
        now: UnixMillis,
    ) {
        let market = &mut self.markets[pair];
        let price = market
            .desk
            .market(Way::entry(side), market.bar().open, 0.0, 1.0);
        let wanted = stake * leverage / price;
        let least = market
            .desk
            .lot
            .stop(market.pair.rules.min_cost / price, Rounding::Up);
        let amount = market.desk.lot.floor(wanted).max(least);
        if amount > 0.0 && amount <= wanted * MAX_RAISE {
            market.waiting = Some(Waiting {
                side,
                leverage,
                amount,
                tag,
                placed: now,
            });
        } else {
            self.charges.entries_refused += 1;
        }
    }

    /// Fills what the volume and the money allow of a waiting entry.
    pub(super) fn fill_waiting(&mut self, pair: usize, now: UnixMillis) {
        let available = self.cash.available(self.tied());
        let market = &mut self.markets[pair];
        let Some(waiting) = market.waiting.take() else {
            return;
        };
        let (bar, desk) = (market.bar(), market.desk);
        let way = Way::entry(waiting.side);
        let offered = desk.lots(waiting.amount, market.volume_left);
        let price = desk.market(way, bar.open, offered, bar.volume);
        let amount = offered.min(desk.affordable(available.max(0.0), price, waiting.leverage));
        let left = desk.lot.nearest(waiting.amount - offered);
        if left > 0.0 {
            self.charges.entries_cut += u64::from(waiting.placed == now);
            if self.costs.entry_remainder == Remainder::Retry && amount == offered {
                market.waiting = Some(Waiting {
                    amount: left,
                    ..waiting.clone()
                });
            }
        }
        if amount <= 0.0 {
            self.withdrawn_entries += u64::from(market.waiting.is_none());
            return;
        }
        market.volume_left -= amount;
        let index = self.holds(pair).unwrap_or_else(|| {
            let tag = waiting.tag.clone();
            self.holdings
                .push(Holding::new(pair, waiting.side, waiting.leverage, now, tag));
            self.holdings.len() - 1
        });
        let holding = &mut self.holdings[index];
        holding.entries += usize::from(waiting.placed == now || holding.entries == 0);
        let tag = waiting.tag.unwrap_or_default();
        let fill = Order {
            time: now,
            is_entry: true,
            price,
            amount,
            tag,
        };
        self.charges.spread_and_slippage += (price - bar.open).abs() * amount;
        self.cash.free -= holding.enter(&desk, self.plan.risk, fill);
        self.update_liquidation(index);
    }

    pub(super) fn update_liquidation(&mut self, index: usize) {
        let holding = &mut self.holdings[index];
        let market = &self.markets[holding.pair];
        if self.settings.mode == TradingMode::Futures && holding.amount > 0.0 {
            holding.liquidation = futures::liquidation_price(
                &market.pair.rules.tiers,
                holding.side,
                holding.open_rate(),
                holding.amount,
                holding.margin(),
            );
        }
    }
}
