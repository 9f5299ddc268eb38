//! The loop over time: each pair's candle in order, entries, exits, closes.

use fondaco_domain::strategy::Side;
use fondaco_domain::trade::Lock;
use fondaco_domain::{Symbol, UnixMillis};

use super::Stop;
use super::exits::Candle;
use super::pair::Pair;
use super::position::Position;
use super::protections::{Closed, Locks};
use super::settings::{BacktestError, Settings};
use super::timeline::Timeline;
use super::{account::Account, quiet};
use crate::backtest::Plan;

pub(super) const NO_POSITION: usize = usize::MAX;

/// Steps between two questions whether to stop: a thousand of them take less
/// than a millisecond, and those through smaller candles some more.
const ASK_EVERY: usize = 1024;
const ASK_EVERY_DETAIL: usize = 32;

/// State of a run.
pub(super) struct Simulation<'a> {
    pub(super) plan: Plan<'a>,
    pub(super) settings: &'a Settings,
    pub(super) pairs: &'a [Pair<'a>],
    pub(super) account: Account<'a>,
    /// Open positions in the order they were opened.
    pub(super) open: Vec<Position>,
    /// Index into `open` by pair.
    pub(super) position_of: Vec<usize>,
    pub(super) locks: Locks,
    pub(super) closes: Vec<Closed>,
    pub(super) done: Done,
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
pub(super) struct Look {
    pub(super) pair: usize,
    pub(super) candle: Candle,
    pub(super) row: usize,
    pub(super) now: UnixMillis,
    pub(super) entry: Option<Side>,
    pub(super) may_enter: bool,
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
    pub(super) fn run(
        mut self,
        timeline: &Timeline<'_>,
        names: &[&Symbol],
        stop: Stop<'_>,
    ) -> Result<Done, BacktestError> {
        let entries = entry_steps(self.pairs, timeline);
        match self.settings.detail {
            Some(detail) => self.walk_detail(timeline, &entries, detail.millis(), stop)?,
            None => self.walk(timeline, &entries, stop)?,
        }
        self.close_left_open(timeline);
        self.done.final_balance = self.account.total(&self.open);
        self.done.left_open = self.open;
        self.done.locks = self.locks.into_locks(names);
        Ok(self.done)
    }

    /// Pairs with a position come first, in the order they were opened, then
    /// those with an entry signal, in list order. Goes from one step at which
    /// something may happen to the next.
    fn walk(
        &mut self,
        timeline: &Timeline<'_>,
        entries: &[bool],
        stop: Stop<'_>,
    ) -> Result<(), BacktestError> {
        let last = timeline.times.last().copied().unwrap_or_default();
        let mut held = Vec::new();
        let mut next_entry = next_set(entries, 0);
        for walked in 0_usize.. {
            if walked.is_multiple_of(ASK_EVERY) && stop() {
                return Err(BacktestError::Stopped);
            }
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
        Ok(())
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
    fn walk_detail(
        &mut self,
        timeline: &Timeline<'_>,
        entries: &[bool],
        detail_millis: i64,
        stop: Stop<'_>,
    ) -> Result<(), BacktestError> {
        let last = timeline.times.last().copied().unwrap_or_default();
        let main_millis = self.plan.timeframe.millis();
        let mut had_position = vec![false; self.pairs.len()];
        for (step, &start) in timeline.times.iter().enumerate() {
            if step.is_multiple_of(ASK_EVERY_DETAIL) && stop() {
                return Err(BacktestError::Stopped);
            }
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
        Ok(())
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

    pub(super) fn position(&self, pair: usize) -> Option<usize> {
        Some(self.position_of[pair]).filter(|&index| index != NO_POSITION)
    }

    fn has_free_slot(&self) -> bool {
        match self.settings.max_open_trades {
            None | Some(0) => true,
            Some(slots) => self.open.len() < slots as usize,
        }
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
