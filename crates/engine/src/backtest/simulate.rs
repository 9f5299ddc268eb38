//! The loop over time: each pair's candle in order, entries, exits, closes.

use fondaco_domain::strategy::{Adjustment, Level, Side};
use fondaco_domain::trade::{ExitReason, Lock};
use fondaco_domain::{Symbol, UnixMillis};

use super::exits::{self, Candle, SideSignals};
use super::pair::Pair;
use super::position::{OrderTag, Pending, Position, Terms};
use super::protections::{self, Closed, Locks, Trigger};
use super::settings::Settings;
use super::timeline::Timeline;
use super::{account::Account, futures, quiet};
use crate::backtest::Plan;

const NO_POSITION: usize = usize::MAX;

/// State of a run.
pub(super) struct Simulation<'a> {
    plan: Plan<'a>,
    settings: &'a Settings,
    pub(super) pairs: &'a [Pair<'a>],
    pub(super) account: Account<'a>,
    /// Open positions in the order they were opened.
    pub(super) open: Vec<Position>,
    /// Index into `open` by pair.
    position_of: Vec<usize>,
    locks: Locks,
    closes: Vec<Closed>,
    done: Done,
}

/// What a run leaves behind.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// Closed positions in order of closing.
    pub(super) closed: Vec<Close>,
    pub(super) left_open: Vec<Position>,
    pub(super) rejected_entries: u64,
    pub(super) withdrawn_entries: u64,
    pub(super) withdrawn_exits: u64,
    pub(super) locks: Vec<Lock>,
    pub(super) final_balance: f64,
}

/// A closed position.
#[derive(Debug)]
pub(super) struct Close {
    pub(super) position: Position,
    pub(super) at: UnixMillis,
    pub(super) rate: f64,
}

/// One look at a pair: its candle, the row whose signals act, the clock.
#[derive(Debug, Clone, Copy)]
struct Look {
    pair: usize,
    candle: Candle,
    row: usize,
    now: UnixMillis,
    entry: Option<Side>,
    may_enter: bool,
}

impl<'a> Simulation<'a> {
    pub(super) fn new(plan: Plan<'a>, settings: &'a Settings, pairs: &'a [Pair<'a>]) -> Self {
        Self {
            plan,
            settings,
            pairs,
            account: Account::new(settings),
            open: Vec::new(),
            position_of: vec![NO_POSITION; pairs.len()],
            locks: Locks::new(pairs.len()),
            closes: Vec::new(),
            done: Done::default(),
        }
    }

    /// Walks the whole timeline and closes what is left.
    pub(super) fn run(mut self, timeline: &Timeline<'_>, names: &[&Symbol]) -> Done {
        let entries = entry_steps(self.pairs, timeline);
        match self.settings.detail {
            Some(detail) => self.walk_detail(timeline, &entries, detail.millis()),
            None => self.walk(timeline, &entries),
        }
        self.close_left_open(timeline);
        self.done.final_balance = self.account.total(&self.open);
        self.done.left_open = self.open;
        self.done.locks = self.locks.into_locks(names);
        self.done
    }

    /// Pairs with a position come first, in the order they were opened, then
    /// those with an entry signal, in list order. Goes from one step at which
    /// something may happen to the next.
    fn walk(&mut self, timeline: &Timeline<'_>, entries: &[bool]) {
        let last = timeline.times.last().copied().unwrap_or_default();
        let mut held = Vec::new();
        let mut next_entry = next_set(entries, 0);
        loop {
            let next_held = self.open.iter().map(|position| position.next_step).min();
            let step = next_entry.min(next_held.unwrap_or(usize::MAX));
            let Some(&now) = timeline.times.get(step) else {
                break;
            };
            held.clear();
            held.extend(self.open.iter().map(|position| position.pair));
            for &pair in &held {
                let is_due = |index: usize| self.open[index].next_step <= step;
                if self.position(pair).is_some_and(is_due) {
                    if let Some(row) = timeline.row(pair, step) {
                        self.visit(self.look(pair, row, now, now != last));
                    }
                    self.leave_alone(pair, step, timeline);
                }
            }
            if step == next_entry {
                for pair in 0..self.pairs.len() {
                    let row = timeline.row(pair, step);
                    if let Some(row) = row.filter(|&row| self.pairs[pair].entry(row).is_some())
                        && !held.contains(&pair)
                    {
                        self.visit(self.look(pair, row, now, now != last));
                        self.leave_alone(pair, step, timeline);
                    }
                }
                next_entry = next_set(entries, step + 1);
            }
        }
    }

    /// Finds the next step after this one at which something may happen to a
    /// pair's position.
    fn leave_alone(&mut self, pair: usize, step: usize, timeline: &Timeline<'_>) {
        let Some(index) = self.position(pair) else {
            return;
        };
        let source = &self.pairs[pair];
        let position = &mut self.open[index];
        let next = timeline.row(pair, step).map_or(source.bars.len(), |row| {
            quiet::pass_quiet_rows(position, source, &self.plan, row + 1)
        });
        position.next_step = if next < source.bars.len() {
            timeline.step(pair, source.bars, next)
        } else {
            usize::MAX
        };
    }

    /// Walks pairs with a signal or a position in the smaller candles inside
    /// the main one. A pair that had a position in this main candle and lost
    /// it is left alone until the next one.
    fn walk_detail(&mut self, timeline: &Timeline<'_>, entries: &[bool], detail_millis: i64) {
        let last = timeline.times.last().copied().unwrap_or_default();
        let main_millis = self.plan.timeframe.millis();
        let mut had_position = vec![false; self.pairs.len()];
        for (step, &start) in timeline.times.iter().enumerate() {
            if self.open.is_empty() && !entries[step] {
                continue;
            }
            for (pair, had) in had_position.iter_mut().enumerate() {
                *had = self.position_of[pair] != NO_POSITION;
            }
            let mut inside: Vec<Option<std::ops::Range<usize>>> = vec![None; self.pairs.len()];
            let mut index = 0;
            while index == 0 || (index as i64) * detail_millis <= main_millis {
                let now = start.plus(index as i64 * detail_millis);
                for pair in self.visiting_order() {
                    let Some(row) = timeline.row(pair, step) else {
                        continue;
                    };
                    let mut look = self.look(pair, row, now, now != last);
                    if index > 0 && inside[pair].as_ref().is_none_or(|rows| index >= rows.len()) {
                        continue;
                    }
                    let has_position = self.position_of[pair] != NO_POSITION;
                    if had_position[pair] && !has_position {
                        continue;
                    }
                    had_position[pair] |= has_position;
                    if index == 0 && (look.entry.is_some() || has_position) {
                        inside[pair] = self.pairs[pair].detail_rows(start, main_millis);
                    }
                    if let Some(rows) = &inside[pair]
                        && let Some(detail) = self.pairs[pair].detail
                    {
                        look.candle = Candle::of(detail, rows.start + index);
                    }
                    if look.entry.is_some() || has_position {
                        self.visit(look);
                    }
                }
                index += 1;
            }
        }
    }

    fn visiting_order(&self) -> Vec<usize> {
        let held = self.open.iter().map(|position| position.pair);
        let others = (0..self.pairs.len()).filter(|&pair| self.position_of[pair] == NO_POSITION);
        held.chain(others).collect()
    }

    fn look(&self, pair: usize, row: usize, now: UnixMillis, may_enter: bool) -> Look {
        let source = &self.pairs[pair];
        let candle = Candle::of(source.bars, row);
        Look {
            pair,
            candle,
            row,
            now,
            entry: source.entry(row),
            may_enter,
        }
    }

    /// Processes a candle; once more when a position closed and the signal
    /// opens the other side.
    fn visit(&mut self, look: Look) {
        let closed = self.process(&look);
        if self.plan.can_short && closed.is_some() && look.entry.is_some() && closed != look.entry {
            self.process(&look);
        }
    }

    /// Returns the side of a position that was open before and closed here.
    fn process(&mut self, look: &Look) -> Option<Side> {
        let before = self.position(look.pair).map(|index| self.open[index].side);
        if let Some(index) = self.position(look.pair) {
            self.withdraw_timed_out(index, look.now);
        }
        if let Some(side) = look.entry
            && look.may_enter
            && self.position(look.pair).is_none()
            && !self
                .locks
                .is_locked(look.pair, Some(side), look.candle.time)
        {
            if self.has_free_slot() {
                self.enter(look, side);
            } else {
                self.done.rejected_entries += 1;
            }
        }
        if let Some(index) = self.position(look.pair) {
            self.fill_entry(index, look);
            if self.open[index].amount > 0.0 {
                self.look_for_exit(look);
            }
        }
        if let Some(index) = self.position(look.pair) {
            self.fill_exit(index, &look.candle, look.now);
        }
        before.filter(|_| self.position(look.pair).is_none())
    }

    fn position(&self, pair: usize) -> Option<usize> {
        Some(self.position_of[pair]).filter(|&index| index != NO_POSITION)
    }

    fn has_free_slot(&self) -> bool {
        match self.settings.max_open_trades {
            None | Some(0) => true,
            Some(slots) => self.open.len() < slots as usize,
        }
    }

    fn withdraw_timed_out(&mut self, index: usize, now: UnixMillis) {
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

    fn enter(&mut self, look: &Look, side: Side) {
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
    fn fill_entry(&mut self, index: usize, look: &Look) {
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

    fn look_for_exit(&mut self, look: &Look) {
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
    fn fill_exit(&mut self, index: usize, candle: &Candle, now: UnixMillis) {
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
    fn close_left_open(&mut self, timeline: &Timeline<'_>) {
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

/// Steps at which some pair has an entry signal.
fn entry_steps(pairs: &[Pair<'_>], timeline: &Timeline<'_>) -> Vec<bool> {
    let mut steps = vec![false; timeline.times.len()];
    for (index, pair) in pairs.iter().enumerate() {
        for row in pair.entry_rows() {
            steps[timeline.step(index, pair.bars, row)] = true;
        }
    }
    steps
}

/// The first step that is set, from one on; `usize::MAX` for none.
fn next_set(steps: &[bool], from: usize) -> usize {
    let later = steps.get(from..).unwrap_or_default();
    later
        .iter()
        .position(|&set| set)
        .map_or(usize::MAX, |offset| from + offset)
}

impl Pair<'_> {
    fn side_signals(&self, row: usize, side: Side) -> SideSignals {
        SideSignals {
            enter: self.signals.entries(side)[row - 1],
            exit: self.signals.exits(side)[row - 1],
        }
    }
}
