//! Locks that keep a pair, or all pairs, from being entered after closes.

use fondaco_domain::strategy::{DrawdownBasis, LockEnd, Protection, Side, Span};
use fondaco_domain::trade::{ExitReason, Lock};
use fondaco_domain::{Timeframe, UnixMillis};

use super::decimal::compensated_sum;

/// What protections look at of a closed trade.
#[derive(Debug, Clone)]
pub(super) struct Closed {
    pub(super) pair: usize,
    pub(super) side: Side,
    pub(super) at: UnixMillis,
    pub(super) ratio: f64,
    pub(super) profit: f64,
    pub(super) by_stop: bool,
}

/// Whether a close counts for the stop-loss guard.
pub(super) fn is_stop(reason: &ExitReason) -> bool {
    matches!(
        reason.as_str(),
        "stop_loss" | "trailing_stop_loss" | "liquidation" | "stoploss_on_exchange"
    )
}

/// A lock in force.
#[derive(Debug, Clone)]
struct Held {
    /// `None` for all pairs.
    pair: Option<usize>,
    from: UnixMillis,
    until: UnixMillis,
    reason: String,
    /// `None` for both sides.
    side: Option<Side>,
}

/// All locks of a run.
#[derive(Debug, Default)]
pub(super) struct Locks {
    held: Vec<Held>,
    /// Latest end by pair (last entry: all pairs) and side (long, short, both).
    latest: Vec<[UnixMillis; 3]>,
}

impl Locks {
    pub(super) fn new(pairs: usize) -> Self {
        Self {
            held: Vec::new(),
            latest: vec![[UnixMillis(i64::MIN); 3]; pairs + 1],
        }
    }

    /// Whether a pair may not be entered on a side at an instant.
    pub(super) fn is_locked(&self, pair: usize, side: Option<Side>, at: UnixMillis) -> bool {
        self.held_after(Some(pair), side, at) || self.held_after(None, side, at)
    }

    fn held_after(&self, pair: Option<usize>, side: Option<Side>, at: UnixMillis) -> bool {
        let latest = &self.latest[self.index(pair)];
        latest[side_index(None)] > at || latest[side_index(side)] > at
    }

    fn index(&self, pair: Option<usize>) -> usize {
        pair.unwrap_or(self.latest.len() - 1)
    }

    /// Adds a lock that ends at the first candle boundary after `until`,
    /// unless the same one is in force.
    fn add(&mut self, lock: Held, timeframe: Timeframe) {
        let until = timeframe.floor(lock.until).plus(timeframe.millis());
        let known = self.held.iter().rev().any(|held| {
            held.until == until
                && held.until > lock.from
                && held.pair == lock.pair
                && held.side == lock.side
                && held.reason == lock.reason
        });
        if known {
            return;
        }
        let index = self.index(lock.pair);
        let latest = &mut self.latest[index][side_index(lock.side)];
        *latest = until.max(*latest);
        self.held.push(Held { until, ..lock });
    }

    /// All locks, oldest first, with pair names.
    pub(super) fn into_locks(self, names: &[&fondaco_domain::Symbol]) -> Vec<Lock> {
        let name = |pair: Option<usize>| pair.map_or("*".to_owned(), |p| names[p].to_string());
        self.held
            .into_iter()
            .map(|held| Lock {
                pair: name(held.pair),
                from: held.from,
                until: held.until,
                reason: held.reason,
                side: held.side,
            })
            .collect()
    }
}

fn side_index(side: Option<Side>) -> usize {
    match side {
        Some(Side::Long) => 0,
        Some(Side::Short) => 1,
        None => 2,
    }
}

/// A close (or partial exit) that protections react to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trigger {
    pub(super) pair: usize,
    pub(super) side: Side,
    pub(super) at: UnixMillis,
    pub(super) starting_balance: f64,
}

/// Checks every protection after a close: those of the pair, then the global
/// ones. `closed` is in order of closing.
pub(super) fn check(
    protections: &[Protection],
    timeframe: Timeframe,
    closed: &[Closed],
    trigger: Trigger,
    locks: &mut Locks,
) {
    let watch = Watch {
        timeframe,
        closed,
        trigger,
    };
    for protection in protections {
        if let Some(lock) = watch.pair_lock(protection)
            && !locks.is_locked(trigger.pair, lock.side, lock.until)
        {
            locks.add(lock, timeframe);
        }
    }
    for protection in protections {
        if let Some(lock) = watch.global_lock(protection)
            && !locks.held_after(None, lock.side, lock.until)
        {
            locks.add(lock, timeframe);
        }
    }
}

struct Watch<'a> {
    timeframe: Timeframe,
    closed: &'a [Closed],
    trigger: Trigger,
}

impl Watch<'_> {
    fn pair_lock(&self, protection: &Protection) -> Option<Held> {
        let pair = Some(self.trigger.pair);
        match *protection {
            Protection::Cooldown { lookback, stop } => {
                let recent = self.recent(lookback, pair);
                let until = self.end(&recent, stop)?;
                Some(self.lock(
                    pair,
                    None,
                    until,
                    format!("Cooldown period for {}.", lock_length(stop)),
                ))
            }
            Protection::StoplossGuard { .. } => self.stoploss_guard(protection, pair),
            Protection::LowProfitPairs {
                lookback,
                trade_limit,
                stop,
                required_profit,
                only_per_side,
            } => {
                let recent = self.recent(lookback, pair);
                if recent.len() < trade_limit as usize {
                    return None;
                }
                let counts = |c: &&&Closed| !only_per_side || c.side == self.trigger.side;
                let profit = recent.iter().filter(counts).map(|closed| closed.ratio);
                let profit = compensated_sum(profit);
                if profit >= required_profit {
                    return None;
                }
                let until = self.end(&recent, stop)?;
                let reason = format!(
                    "{} < {} in {}, locking {}.",
                    python_float(profit),
                    python_float(required_profit),
                    length(lookback),
                    lock_length(stop)
                );
                Some(self.lock(pair, self.side_if(only_per_side), until, reason))
            }
            Protection::MaxDrawdown { .. } => None,
        }
    }

    fn global_lock(&self, protection: &Protection) -> Option<Held> {
        match *protection {
            Protection::StoplossGuard {
                only_per_pair: false,
                ..
            } => self.stoploss_guard(protection, None),
            Protection::MaxDrawdown {
                lookback,
                trade_limit,
                stop,
                max_allowed_drawdown,
                calculation,
            } => {
                let recent = self.recent(lookback, None);
                if recent.is_empty() || recent.len() < trade_limit as usize {
                    return None;
                }
                let drawdown = match calculation {
                    DrawdownBasis::Ratios => ratio_drawdown(&recent),
                    DrawdownBasis::Equity => self.equity_drawdown(&recent, lookback),
                };
                if drawdown <= max_allowed_drawdown {
                    return None;
                }
                let until = self.end(&recent, stop)?;
                let reason = format!(
                    "{} passed {} in {}, locking {}.",
                    python_float(drawdown),
                    python_float(max_allowed_drawdown),
                    length(lookback),
                    lock_length(stop)
                );
                Some(self.lock(None, None, until, reason))
            }
            _ => None,
        }
    }

    fn stoploss_guard(&self, protection: &Protection, pair: Option<usize>) -> Option<Held> {
        let Protection::StoplossGuard {
            lookback,
            trade_limit,
            stop,
            only_per_side,
            required_profit,
            ..
        } = *protection
        else {
            return None;
        };
        let mut stops = self.recent(lookback, pair);
        stops.retain(|closed| {
            closed.by_stop
                && closed.ratio != 0.0
                && closed.ratio < required_profit
                && (!only_per_side || closed.side == self.trigger.side)
        });
        if stops.len() < trade_limit as usize {
            return None;
        }
        let until = self.end(&stops, stop)?;
        let reason = format!(
            "{trade_limit} stoplosses in {} min, locking {}.",
            lookback.millis(self.timeframe) / 60_000,
            lock_length(stop)
        );
        Some(self.lock(pair, self.side_if(only_per_side), until, reason))
    }

    /// Closes after the start of the look-back, in order of closing.
    fn recent(&self, lookback: Span, pair: Option<usize>) -> Vec<&Closed> {
        let since = self.since(lookback);
        let first = self.closed.partition_point(|closed| closed.at <= since);
        let of_pair = |closed: &&Closed| pair.is_none_or(|pair| closed.pair == pair);
        self.closed[first..].iter().filter(of_pair).collect()
    }

    fn since(&self, lookback: Span) -> UnixMillis {
        self.trigger.at.plus(-lookback.millis(self.timeframe))
    }

    fn equity_drawdown(&self, recent: &[&Closed], lookback: Span) -> f64 {
        let since = self.since(lookback);
        let earlier = self.closed.iter().take_while(|closed| closed.at <= since);
        let before = compensated_sum(earlier.map(|closed| closed.profit));
        let balance = self.trigger.starting_balance + before;
        let (mut sum, mut high, mut worst) = (0.0, 0.0_f64, 0.0_f64);
        for closed in recent {
            sum += closed.profit;
            high = high.max(sum);
            let top = balance + high;
            worst = worst.max((top - (balance + sum)) / top);
        }
        worst
    }

    fn end(&self, trades: &[&Closed], stop: LockEnd) -> Option<UnixMillis> {
        let last = trades.iter().map(|closed| closed.at).max()?;
        Some(match stop {
            LockEnd::After(span) => last.plus(span.millis(self.timeframe)),
            LockEnd::At { hour, minute } => {
                let day = Timeframe::DAY;
                let time_of_day = (i64::from(hour) * 60 + i64::from(minute)) * 60_000;
                // Seconds of the close are kept, as the peer keeps them.
                let at = day
                    .floor(last)
                    .plus(time_of_day + last.0.rem_euclid(60_000));
                if at < last { at.plus(day.millis()) } else { at }
            }
        })
    }

    fn lock(
        &self,
        pair: Option<usize>,
        side: Option<Side>,
        until: UnixMillis,
        reason: String,
    ) -> Held {
        Held {
            pair,
            from: self.trigger.at,
            until,
            reason,
            side,
        }
    }

    fn side_if(&self, only_per_side: bool) -> Option<Side> {
        only_per_side.then_some(self.trigger.side)
    }
}

fn length(span: Span) -> String {
    let (count, unit) = match span {
        Span::Candles(count) => (count, "candle"),
        Span::Minutes(count) => (count, "minute"),
    };
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

fn lock_length(stop: LockEnd) -> String {
    match stop {
        LockEnd::After(span) => format!("for {}", length(span)),
        LockEnd::At { hour, minute } => format!("until {hour:02}:{minute:02}"),
    }
}

/// Largest fall of the summed profit ratios from their highest point.
fn ratio_drawdown(closed: &[&Closed]) -> f64 {
    let (mut sum, mut high, mut worst) = (0.0, 0.0_f64, 0.0_f64);
    for closed in closed {
        sum += closed.ratio;
        high = high.max(sum);
        worst = worst.max(high - sum);
    }
    worst
}

/// A float as Python prints it, since lock reasons show them.
fn python_float(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        Some((mantissa, exponent)) => {
            let number: i32 = exponent.parse().unwrap_or(0);
            let sign = if number < 0 { '-' } else { '+' };
            format!(
                "{}e{sign}{:02}",
                mantissa.trim_end_matches(".0"),
                number.abs()
            )
        }
        None => text,
    }
}
