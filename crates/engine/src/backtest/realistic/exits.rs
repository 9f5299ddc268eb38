//! Exits: at the open and within candles.

use fondaco_domain::strategy::{Adjustment, Level, Side};
use fondaco_domain::trade::{ExitReason, Order};
use fondaco_domain::{Bar, UnixMillis};

use super::Walk;
use super::fills::Way;
use super::inside::{Hit, Levels, first_hit, hit_at_open};
use crate::backtest::costs::IntraCandle;

/// How an exit fills.
#[derive(Debug, Clone, Copy)]
enum At {
    /// At market, looked at this price.
    Market(f64),
    /// At this price exactly.
    Limit(f64),
}

impl Walk<'_> {
    /// Exits that are due before the candle runs.
    pub(super) fn leave_at_open(&mut self, now: UnixMillis) {
        let mut index = 0;
        while index < self.holdings.len() {
            let count = self.holdings.len();
            let row = self.markets[self.holdings[index].pair].row;
            if row > 0 {
                self.look_at_open(index, now);
            }
            index += usize::from(self.holdings.len() == count);
        }
    }

    fn look_at_open(&mut self, index: usize, now: UnixMillis) {
        let holding = &self.holdings[index];
        let market = &self.markets[holding.pair];
        let bar = market.bar();
        if let Some(reason) = holding.closing.clone() {
            self.leave(index, reason, At::Market(bar.open), now);
            return;
        }
        if let Some(reason) = self.signalled(index, bar.open) {
            self.leave(index, reason, At::Market(bar.open), now);
            return;
        }
        let levels = self.levels(index, bar.time);
        match hit_at_open(holding.side, bar.open, levels) {
            Some(Hit::Stop) => {
                let reason = self.stop_reason(index);
                self.leave(index, reason, At::Market(bar.open), now);
            }
            Some(Hit::Target) => {
                let at = self.at_better_than_target(index, bar.open, levels);
                self.leave(index, ExitReason::Roi, at, now);
            }
            None => self.adjust(index, &bar, now),
        }
    }

    /// The exit rule that closes a position at this open.
    fn signalled(&self, index: usize, open: f64) -> Option<ExitReason> {
        let holding = &self.holdings[index];
        let market = &self.markets[holding.pair];
        let risk = self.plan.risk;
        let row = self.acting_row(holding.pair)?;
        let signals = market.pair.signals;
        let is_set =
            signals.exits(holding.side)[row - 1] && !signals.entries(holding.side)[row - 1];
        let is_enough = || {
            !risk.exit_profit_only
                || holding.profit_ratio(&market.desk, open) > risk.exit_profit_offset
        };
        (risk.use_exit_signal && is_set && is_enough()).then(|| {
            let tag = market.pair.exit_tag(row);
            tag.map_or(ExitReason::ExitSignal, |tag| {
                ExitReason::Tag(tag.to_owned())
            })
        })
    }

    /// The row whose signals act on this candle: later by the latency.
    pub(super) fn acting_row(&self, pair: usize) -> Option<usize> {
        let row = self.markets[pair]
            .row
            .checked_sub(self.costs.latency as usize)?;
        (row > 0).then_some(row)
    }

    /// Stop and target of a position at an instant.
    fn levels(&self, index: usize, now: UnixMillis) -> Levels {
        let holding = &self.holdings[index];
        let desk = &self.markets[holding.pair].desk;
        let nearest = |stop: f64, liquidation: f64| match holding.side {
            Side::Long => stop.max(liquidation),
            Side::Short => stop.min(liquidation),
        };
        Levels {
            stop: holding.liquidation.map_or(holding.stop.price, |price| {
                nearest(holding.stop.price, price)
            }),
            trailing: holding.stop.trailing,
            target: self.target(index, now).map(|ratio| {
                let price = if ratio <= -1.0 {
                    // A target of -1 closes at any price.
                    if holding.side == Side::Long {
                        0.0
                    } else {
                        f64::INFINITY
                    }
                } else {
                    holding.price_for_profit(desk, ratio)
                };
                if price.is_finite() && price > 0.0 {
                    desk.limit(Way::exit(holding.side), price)
                } else {
                    price
                }
            }),
        }
    }

    fn target(&self, index: usize, now: UnixMillis) -> Option<f64> {
        let holding = &self.holdings[index];
        let risk = self.plan.risk;
        let enters_still = || {
            let row = self.acting_row(holding.pair);
            row.is_some_and(|row| {
                self.markets[holding.pair]
                    .pair
                    .signals
                    .entries(holding.side)[row - 1]
            })
        };
        let (_, ratio) = risk.roi.at(holding.age_minutes(now))?;
        (!(risk.ignore_roi_if_entry_signal && enters_still())).then_some(ratio)
    }

    /// A target the open has passed already fills like an order at market, but
    /// never worse than the target.
    fn at_better_than_target(&self, index: usize, open: f64, levels: Levels) -> At {
        let holding = &self.holdings[index];
        let market = &self.markets[holding.pair];
        let (way, volume) = (Way::exit(holding.side), market.bar().volume);
        let price = market.desk.market(way, open, holding.amount, volume);
        let target = levels.target.unwrap_or(price);
        match holding.side {
            Side::Long if target > price => At::Limit(target),
            Side::Short if target < price => At::Limit(target),
            _ => At::Market(open),
        }
    }

    fn stop_reason(&self, index: usize) -> ExitReason {
        let holding = &self.holdings[index];
        let liquidated = holding.liquidation.is_some_and(|price| match holding.side {
            Side::Long => price > holding.stop.price,
            Side::Short => price < holding.stop.price,
        });
        match (liquidated, holding.stop.trailing) {
            (true, _) => ExitReason::Liquidation,
            (false, true) => ExitReason::TrailingStopLoss,
            (false, false) => ExitReason::StopLoss,
        }
    }

    /// A partial exit or a further entry at the open, when the profit there
    /// has reached the next level.
    fn adjust(&mut self, index: usize, bar: &Bar, now: UnixMillis) {
        let Adjustment { entries, exits } = self.plan.adjustment;
        if entries.is_empty() && exits.is_empty() {
            return;
        }
        let holding = &self.holdings[index];
        let market = &self.markets[holding.pair];
        let profit = holding.profit_ratio(&market.desk, bar.open);
        let reached = |level: Level| level.reached(profit);
        let next_exit = exits.get(holding.partial_exits);
        let next_entry = entries.get(holding.entries.saturating_sub(1));
        if let Some(exit) = next_exit.filter(|exit| reached(exit.level)) {
            let part = market.desk.lot.floor(holding.amount * exit.fraction);
            let rest = (holding.amount - part) * bar.open;
            let part = market.desk.lots(part, market.volume_left);
            if part > 0.0 && rest >= market.pair.rules.min_cost {
                let tag = exit.tag.clone();
                let reason = tag.map_or(ExitReason::PartialExit, ExitReason::Tag);
                self.holdings[index].partial_exits += 1;
                self.take_off(index, &reason, At::Market(bar.open), part, now);
            }
        } else if let Some(entry) = next_entry.filter(|entry| reached(entry.level)) {
            let stake = holding.margin() * entry.stake;
            let pair = holding.pair;
            let tag = entry.tag.clone().or_else(|| holding.tag.clone());
            if self.markets[pair].waiting.is_none() && self.cash.available(self.tied()) >= stake {
                let (side, leverage) = (holding.side, holding.leverage);
                self.place(pair, side, leverage, stake, tag, now);
                self.fill_waiting(pair, now);
            }
        }
    }

    /// Lets every candle run its course.
    pub(super) fn run_candles(&mut self) {
        let mut index = 0;
        while index < self.holdings.len() {
            let count = self.holdings.len();
            let market = &self.markets[self.holdings[index].pair];
            if market.row > 0 {
                self.run_candle(index);
            }
            index += usize::from(self.holdings.len() == count);
        }
    }

    /// Walks the smaller candles inside a candle, or the candle itself.
    fn run_candle(&mut self, index: usize) {
        let market = &self.markets[self.holdings[index].pair];
        let bar = market.bar();
        let inside = market
            .pair
            .detail_rows(bar.time, self.plan.timeframe.millis());
        let (Some(rows), Some(detail)) = (inside, market.pair.detail) else {
            self.run_bar(index, &bar);
            return;
        };
        for row in rows {
            if self.run_bar(index, &detail.bar(row)) {
                return;
            }
        }
    }

    /// Looks for stop and target in one candle; true when the position has
    /// left or is leaving.
    fn run_bar(&mut self, index: usize, bar: &Bar) -> bool {
        if self.holdings[index].closing.is_some() {
            return true;
        }
        let order = self.costs.intra_candle;
        let side = self.holdings[index].side;
        let before = hit_at_open(side, bar.open, self.levels(index, bar.time));
        if order == IntraCandle::Freqtrade {
            self.trail_within(index, bar);
        }
        let levels = self.levels(index, bar.time);
        let Some(hit) = first_hit(side, bar, levels, order) else {
            let holding = &mut self.holdings[index];
            holding.see(bar.low, bar.high);
            holding.trail(&self.markets[holding.pair].desk, self.plan.risk);
            return false;
        };
        let (reason, at) = match hit {
            Hit::Stop if before == Some(Hit::Stop) => {
                (self.stop_reason(index), At::Market(bar.open))
            }
            Hit::Stop => (self.stop_reason(index), At::Market(levels.stop)),
            Hit::Target => {
                let at = match levels.target {
                    Some(target) if before != Some(Hit::Target) => At::Limit(target),
                    _ => self.at_better_than_target(index, bar.open, levels),
                };
                (ExitReason::Roi, at)
            }
        };
        let (low, high) = (bar.low, bar.high);
        self.holdings[index].see(low, high);
        self.leave(index, reason, at, bar.time);
        true
    }

    /// freqtrade's order: the stop follows the best price of the candle before
    /// the worst is looked at, unless the candle has reached it already.
    fn trail_within(&mut self, index: usize, bar: &Bar) {
        let holding = &mut self.holdings[index];
        let is_clear = match holding.side {
            Side::Long => holding.stop.price < bar.low,
            Side::Short => holding.stop.price > bar.high,
        };
        if is_clear {
            let desk = self.markets[holding.pair].desk;
            holding.see(bar.low, bar.high);
            holding.trail(&desk, self.plan.risk);
        }
    }

    /// Takes off as much of a position as the volume allows; the rest leaves
    /// at the opens to come.
    fn leave(&mut self, index: usize, reason: ExitReason, at: At, now: UnixMillis) {
        let holding = &self.holdings[index];
        let market = &self.markets[holding.pair];
        let amount = market.desk.lots(holding.amount, market.volume_left);
        if amount < holding.amount {
            self.charges.exits_spread_out += u64::from(holding.closing.is_none());
            self.holdings[index].closing = Some(reason.clone());
        }
        if amount > 0.0 {
            self.take_off(index, &reason, at, amount, now);
        }
        if self.holdings[index].amount == 0.0 {
            self.close(index, reason, now);
        }
    }

    /// Takes off all of a position, whatever the volume.
    pub(super) fn leave_whole(
        &mut self,
        index: usize,
        reason: ExitReason,
        price: f64,
        now: UnixMillis,
    ) {
        let amount = self.holdings[index].amount;
        let reason = self.holdings[index].closing.take().unwrap_or(reason);
        self.take_off(index, &reason, At::Market(price), amount, now);
        self.close(index, reason, now);
    }

    fn take_off(
        &mut self,
        index: usize,
        reason: &ExitReason,
        at: At,
        amount: f64,
        now: UnixMillis,
    ) {
        let holding = &mut self.holdings[index];
        let market = &mut self.markets[holding.pair];
        let (way, volume) = (Way::exit(holding.side), market.bar().volume);
        let price = match at {
            At::Limit(price) => price,
            At::Market(reference) => {
                let price = market.desk.market(way, reference, amount, volume);
                let price = match (reason, holding.side) {
                    // Isolated margin: no more is lost than the margin.
                    (ExitReason::Liquidation, Side::Long) => price.max(holding.bankruptcy()),
                    (ExitReason::Liquidation, Side::Short) => price.min(holding.bankruptcy()),
                    _ => price,
                };
                self.charges.spread_and_slippage += (price - reference).abs() * amount;
                price
            }
        };
        market.volume_left = (market.volume_left - amount).max(0.0);
        let fill = Order {
            time: now,
            is_entry: false,
            price,
            amount,
            tag: reason.to_string(),
        };
        self.cash.free += holding.leave(&market.desk, fill);
        self.update_liquidation(index);
    }
}
