//! Orders of a run: placed, filled, withdrawn; positions adjusted and closed.

use fondaco_domain::UnixMillis;
use fondaco_domain::strategy::{Adjustment, Level, Side};
use fondaco_domain::trade::ExitReason;

use super::exits::{self, Candle, SideSignals};
use super::order::{OrderTag, Pending, Terms};
use super::pair::Pair;
use super::position::Position;
use super::protections::{self, Closed, Trigger};
use super::simulate::{Close, Look, NO_POSITION, Simulation};
use super::timeline::Timeline;
use super::{Plan, futures};

impl Simulation<'_> {
    pub(super) fn withdraw_timed_out(&mut self, index: usize, now: UnixMillis) {
        let Some(pending) = &self.open[index].pending else {
            return;
        };
        let is_entry = pending.is_entry;
        let minutes = if is_entry {
            self.settings.entry_timeout_minutes
        } else {
            self.settings.exit_timeout_minutes
        };
        let Some(minutes) = minutes else { return };
        if pending.placed > now.plus(-(minutes * 60_000.0) as i64) {
            return;
        }
        self.open[index].pending = None;
        if is_entry {
            self.done.withdrawn_entries += 1;
            if self.open[index].entries() == 0 {
                self.remove(index);
            }
        } else {
            self.done.withdrawn_exits += 1;
        }
    }

    pub(super) fn enter(&mut self, look: &Look, side: Side) {
        let pair = &self.pairs[look.pair];
        let rate = entry_rate(side, &look.candle);
        let leverage = self.plan.risk.leverage;
        let Some(sized) = self.account.first_entry(&self.open, pair.rules, leverage) else {
            return;
        };
        let amount = pair
            .amount_step
            .floor((sized.stake / rate) * sized.leverage);
        if amount == 0.0 {
            return;
        }
        let terms = Terms {
            fee: self.settings.fee,
            price_step: pair.price_steps.at(look.now),
            amount_step: pair.amount_step,
            leverage: sized.leverage,
        };
        let tag = pair.enter_tag(look.row);
        let stake = amount * rate / sized.leverage;
        let mut position = Position::new(look.pair, side, terms, tag, look.now, rate, stake);
        position.init_stop(self.plan.risk);
        let tag = OrderTag::Entry(tag);
        let placed = look.now;
        position.pending = Some(Pending {
            placed,
            is_entry: true,
            price: rate,
            amount,
            tag,
        });
        self.position_of[look.pair] = self.open.len();
        self.open.push(position);
        self.fill_entry(self.open.len() - 1, look);
    }

    /// Fills a waiting entry whose price lies within the candle.
    pub(super) fn fill_entry(&mut self, index: usize, look: &Look) {
        let is_filled = |order: &mut Pending| order.is_entry && look.candle.contains(order.price);
        let Some(order) = self.open[index].pending.take_if(is_filled) else {
            return;
        };
        self.open[index].fill(order, look.now);
        self.run_funding(index, look.now, true);
        self.update_liquidation(index);
        self.open[index].settle_funding();
    }

    fn run_funding(&mut self, index: usize, now: UnixMillis, force: bool) {
        let position = &mut self.open[index];
        if let Some(funding) = self.pairs[position.pair].funding
            && (force || funding.is_due(now))
        {
            let from = position.last_fill();
            let running = funding.received(position.side, position.amount, from, now);
            position.set_running_funding(running);
        }
    }

    fn update_liquidation(&mut self, index: usize) {
        let position = &mut self.open[index];
        let pair = &self.pairs[position.pair];
        if pair.funding.is_none() {
            return;
        }
        let price = futures::liquidation_price(
            &pair.rules.tiers,
            position.side,
            position.open_rate,
            position.amount,
            position.stake,
        );
        if let Some(price) = price {
            position.liquidation = Some(position.terms.price_step.nearest(price));
        }
    }

    pub(super) fn look_for_exit(&mut self, look: &Look) {
        let Some(index) = self.position(look.pair) else {
            return;
        };
        self.run_funding(index, look.now, false);
        let Adjustment { entries, exits } = self.plan.adjustment;
        if !entries.is_empty() || !exits.is_empty() {
            self.adjust(index, look);
        }
        let Some(index) = self.position(look.pair) else {
            return;
        };
        let position = &mut self.open[index];
        let signals = self.pairs[look.pair].side_signals(look.row, position.side);
        for reason in exits::reasons(position, self.plan.risk, &look.candle, signals) {
            if self.place_exit(index, reason, None, look) {
                break;
            }
        }
    }

    /// A partial exit or a further entry at the open, when the profit there
    /// has reached the next level and no order is waiting.
    fn adjust(&mut self, index: usize, look: &Look) {
        let position = &self.open[index];
        if position.pending.is_some() {
            return;
        }
        let reached = |level: &Level| match *level {
            Level::Above(at) => position.profit_above(look.candle.open, at),
            Level::Below(at) => position.profit_below(look.candle.open, at),
        };
        let adjustment = self.plan.adjustment;
        let next_exit = adjustment.exits.get(position.exits());
        let next_entry = adjustment.entries.get(position.entries() - 1);
        if let Some(exit) = next_exit.filter(|exit| reached(&exit.level)) {
            let minimum = self.account.min_remainder(self.pairs[look.pair].rules);
            let part = position.partial_amount(exit.fraction);
            let rest = (position.amount - part) * look.candle.open;
            if part == 0.0 || (rest != 0.0 && rest < minimum) {
                return;
            }
            let reason = exit
                .tag
                .clone()
                .map_or(ExitReason::PartialExit, ExitReason::Tag);
            if self.place_exit(index, reason, Some(part), look) {
                self.fill_exit(index, &look.candle, look.now);
            }
        } else if let Some(entry) = next_entry.filter(|entry| reached(&entry.level)) {
            let wanted = position.stake_of(entry.of) * entry.stake;
            self.enter_further(index, look, wanted, entry.tag.clone());
        }
    }

    fn enter_further(&mut self, index: usize, look: &Look, wanted: f64, tag: Option<String>) {
        let pair = &self.pairs[look.pair];
        let position = &self.open[index];
        let rate = entry_rate(position.side, &look.candle);
        let Some(sized) = self
            .account
            .further_entry(&self.open, pair.rules, position, wanted)
        else {
            return;
        };
        let amount = pair
            .amount_step
            .floor((sized.stake / rate) * sized.leverage);
        if amount == 0.0 {
            return;
        }
        let position = &mut self.open[index];
        if position.keeps_pending(true, rate, amount) {
            return;
        }
        let tag = tag.map_or_else(
            || OrderTag::Entry(pair.enter_tag(look.row)),
            OrderTag::Named,
        );
        let placed = look.now;
        position.pending = Some(Pending {
            placed,
            is_entry: true,
            price: rate,
            amount,
            tag,
        });
        self.fill_entry(index, look);
    }

    /// Places an exit order; false when the reason gives no price here or the
    /// same order is waiting already.
    fn place_exit(
        &mut self,
        index: usize,
        reason: ExitReason,
        part: Option<f64>,
        look: &Look,
    ) -> bool {
        let Plan {
            risk, timeframe, ..
        } = self.plan;
        let position = &self.open[index];
        let Some(price) = exits::price(position, risk, timeframe, &reason, &look.candle, look.now)
        else {
            return false;
        };
        let reason = match reason {
            ExitReason::ExitSignal => self.pairs[look.pair]
                .exit_tag(look.row)
                .map_or(ExitReason::ExitSignal, |tag| {
                    ExitReason::Tag(tag.to_owned())
                }),
            other => other,
        };
        self.order_exit(index, price, part, reason, look.now)
    }

    fn order_exit(
        &mut self,
        index: usize,
        price: f64,
        part: Option<f64>,
        reason: ExitReason,
        now: UnixMillis,
    ) -> bool {
        let position = &mut self.open[index];
        let price = position.terms.price_step.nearest(price);
        let amount = position
            .terms
            .amount_step
            .floor(part.unwrap_or(position.amount));
        position.exit_reason = reason.clone();
        if position.keeps_pending(false, price, amount) {
            return false;
        }
        let tag = OrderTag::Exit(reason);
        position.pending = Some(Pending {
            placed: now,
            is_entry: false,
            price,
            amount,
            tag,
        });
        true
    }

    /// Fills a waiting exit whose price lies within the candle, and closes
    /// the position when it covers all of it.
    pub(super) fn fill_exit(&mut self, index: usize, candle: &Candle, now: UnixMillis) {
        let is_filled = |order: &mut Pending| !order.is_entry && candle.contains(order.price);
        let Some(order) = self.open[index].pending.take_if(is_filled) else {
            return;
        };
        let position = &mut self.open[index];
        let (rate, is_whole) = (order.price, order.amount == position.amount);
        let (pair, side) = (position.pair, position.side);
        position.fill(order, now);
        self.run_funding(index, now, true);
        if is_whole {
            self.close(index, now, rate);
        } else {
            self.update_liquidation(index);
            self.open[index].recompute(false);
        }
        self.protect(pair, side, now);
    }

    fn close(&mut self, index: usize, at: UnixMillis, rate: f64) {
        let mut position = self.remove(index);
        position.recompute(true);
        self.account.closed_profit += position.realised.profit;
        self.closes.push(Closed {
            pair: position.pair,
            side: position.side,
            at,
            ratio: position.realised.ratio,
            profit: position.realised.profit,
            by_stop: protections::is_stop(&position.exit_reason),
        });
        self.done.closed.push(Close { position, at, rate });
    }

    fn protect(&mut self, pair: usize, side: Side, at: UnixMillis) {
        if !self.settings.protections {
            return;
        }
        let starting_balance = self.account.protected_balance();
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

    fn remove(&mut self, index: usize) -> Position {
        let position = self.open.remove(index);
        self.position_of[position.pair] = NO_POSITION;
        for (index, position) in self.open.iter().enumerate().skip(index) {
            self.position_of[position.pair] = index;
        }
        position
    }

    /// Every open position leaves at the open of its pair's last candle.
    pub(super) fn close_left_open(&mut self, timeline: &Timeline<'_>) {
        let mut order: Vec<usize> = self.open.iter().map(|position| position.pair).collect();
        order.sort_by_key(|&pair| (timeline.step(pair, self.pairs[pair].bars, 1), pair));
        for pair in order {
            let Some(index) = self.position(pair) else {
                continue;
            };
            if self.open[index].amount == 0.0 {
                self.remove(index);
                continue;
            }
            let bars = self.pairs[pair].bars;
            let candle = Candle::of(bars, bars.len() - 1);
            self.order_exit(index, candle.open, None, ExitReason::ForceExit, candle.time);
            self.fill_exit(index, &candle, candle.time);
        }
    }
}

/// An entry is placed at the open, within the candle on the side that fills.
fn entry_rate(side: Side, candle: &Candle) -> f64 {
    match side {
        Side::Long => candle.open.min(candle.high),
        Side::Short => candle.open.max(candle.low),
    }
}

impl Pair<'_> {
    fn side_signals(&self, row: usize, side: Side) -> SideSignals {
        SideSignals {
            enter: self.signals.entries(side)[row - 1],
            exit: self.signals.exits(side)[row - 1],
        }
    }
}
