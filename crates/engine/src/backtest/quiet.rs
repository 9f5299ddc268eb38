//! How long a position is left alone by its candles.
//!
//! Between two orders most candles change nothing about a position but the
//! lowest and highest price it has seen. Bounds on price and time within which
//! that is certain follow from the stop, the trailing stop and the table of
//! targets; a scan finds the first candle beyond them.

use fondaco_domain::UnixMillis;
use fondaco_domain::strategy::Side;

use super::Plan;
use super::pair::Pair;
use super::position::Position;

/// Rows looked at together.
const BLOCK: usize = 32;

/// The first row from `row` on at which something may happen to a position;
/// the number of rows if nothing does. The candles before it are counted into
/// the position's extremes.
pub(super) fn pass_quiet_rows(
    position: &mut Position,
    pair: &Pair<'_>,
    plan: &Plan<'_>,
    row: usize,
) -> usize {
    match Bounds::of(position, pair, plan, row) {
        Some(bounds) => bounds.scan(position, pair, row),
        None => row,
    }
}

/// A candle from `above` (not reached) to `below`, opening before `until`,
/// neither reaches a stop or a target nor moves the stop.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    above: f64,
    below: f64,
    until: Option<UnixMillis>,
}

impl Bounds {
    /// `None` where every candle has to be looked at.
    fn of(position: &Position, pair: &Pair<'_>, plan: &Plan<'_>, row: usize) -> Option<Self> {
        let adjusts = !plan.adjustment.entries.is_empty() || !plan.adjustment.exits.is_empty();
        let is_waiting = position.pending.is_some() || position.amount <= 0.0;
        if adjusts
            || is_waiting
            || pair.funding.is_some()
            || position.liquidation.is_some()
            || position.stop.price == 0.0
        {
            return None;
        }
        let now = *pair.bars.time().get(row)?;
        let age = position.age_minutes(now);
        let mut best = match plan.risk.roi.at(age) {
            Some((_, ratio)) => position.rate_surely_below_profit(ratio),
            None => position.side.unreachable(),
        };
        if let Some(trailing) = plan.risk.trailing {
            let narrows = trailing
                .positive
                .is_none_or(|positive| positive <= plan.risk.stoploss.abs());
            let moves_from = match position.trailed_from {
                Some(from) if narrows => from,
                None if trailing.only_after_offset => {
                    position.rate_surely_below_profit(trailing.offset)
                }
                _ => return None,
            };
            best = position.side.nearer(best, moves_from);
        }
        let mut steps = plan.risk.roi.steps().iter();
        let next = steps.find(|&&(from, _)| i64::from(from) > age);
        let until = next.map(|&(from, _)| position.opened.plus(i64::from(from) * 60_000));
        let (above, below) = match position.side {
            Side::Long => (position.stop.price, best),
            Side::Short => (best, position.stop.price),
        };
        Some(Self {
            above,
            below,
            until,
        })
    }

    fn scan(self, position: &mut Position, pair: &Pair<'_>, row: usize) -> usize {
        let bars = pair.bars;
        let end = self
            .until
            .map_or(bars.len(), |until| bars.row_at(until).max(row));
        let exits = pair.signals.exits(position.side);
        let is_short = position.is_short();
        let mut from = row;
        while from < end {
            let to = (from + BLOCK).min(end);
            let (low, high) = (&bars.low()[from..to], &bars.high()[from..to]);
            // The signals of the row before act.
            let acting = &exits[from - 1..to - 1];
            let rows = low.iter().zip(high).zip(acting);
            let is_loud = |((&low, &high), &exit): ((&f64, &f64), &bool)| {
                exit | self.leaves(is_short, low, high)
            };
            let is_quiet = rows.clone().fold(true, |quiet, row| quiet & !is_loud(row));
            let count = if is_quiet {
                to - from
            } else {
                rows.clone().position(is_loud).unwrap_or(to - from)
            };
            for (&low, &high) in low.iter().zip(high).take(count) {
                position.lowest = if low < position.lowest {
                    low
                } else {
                    position.lowest
                };
                position.highest = if high > position.highest {
                    high
                } else {
                    position.highest
                };
            }
            from += count;
            if !is_quiet {
                break;
            }
        }
        from
    }

    /// Stops act when they are touched, targets when they are passed.
    #[expect(
        clippy::needless_bitwise_bool,
        reason = "a block of rows is compared at once, without a branch for each"
    )]
    fn leaves(self, is_short: bool, low: f64, high: f64) -> bool {
        if is_short {
            (high >= self.below) | (low < self.above)
        } else {
            (low <= self.above) | (high > self.below)
        }
    }
}

/// Which way a price has to go for a profit.
trait Direction {
    fn unreachable(self) -> f64;
    fn nearer(self, a: f64, b: f64) -> f64;
}

impl Direction for Side {
    fn unreachable(self) -> f64 {
        match self {
            Side::Long => f64::INFINITY,
            Side::Short => 0.0,
        }
    }

    fn nearer(self, a: f64, b: f64) -> f64 {
        match self {
            Side::Long => a.min(b),
            Side::Short => a.max(b),
        }
    }
}
