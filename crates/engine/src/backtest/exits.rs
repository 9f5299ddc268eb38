//! Looking for an exit on a candle: which reasons apply, at which price.

use fondaco_domain::strategy::{Risk, Side, Trailing};
use fondaco_domain::trade::ExitReason;
use fondaco_domain::{Timeframe, UnixMillis};

use super::position::Position;

/// A candle with the signals that act on it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Candle {
    pub(super) time: UnixMillis,
    pub(super) open: f64,
    pub(super) high: f64,
    pub(super) low: f64,
    pub(super) close: f64,
}

/// Whether the entry and the exit signal of the position's side are set.
#[derive(Debug, Clone, Copy)]
pub(super) struct SideSignals {
    pub(super) enter: bool,
    pub(super) exit: bool,
}

/// Reasons for an exit in the order they are tried.
pub(super) fn reasons(
    position: &mut Position,
    risk: &Risk,
    candle: &Candle,
    signals: SideSignals,
) -> impl Iterator<Item = ExitReason> + use<> {
    let best = best_price(position.side, candle);
    position.highest = position.highest.max(candle.high);
    position.lowest = position.lowest.min(candle.low);
    position.init_stop(risk);
    if let Some(trailing) = risk.trailing {
        trail(position, risk, trailing, candle, best);
    }
    let stop = stop_reason(position, candle);
    let target = (!(signals.enter && risk.ignore_roi_if_entry_signal))
        .then(|| risk.roi.at(position.age_minutes(candle.time)))
        .flatten();
    let roi = target.is_some_and(|(_, ratio)| position.profit_above(best, ratio));
    let signal = risk.use_exit_signal
        && signals.exit
        && !signals.enter
        && (!risk.exit_profit_only || position.profit_above(candle.open, risk.exit_profit_offset));
    let trailed = stop
        .clone()
        .filter(|reason| *reason == ExitReason::TrailingStopLoss);
    let plain = stop.filter(|reason| *reason != ExitReason::TrailingStopLoss);
    [
        signal.then_some(ExitReason::ExitSignal),
        plain,
        roi.then_some(ExitReason::Roi),
        trailed,
    ]
    .into_iter()
    .flatten()
}

fn best_price(side: Side, candle: &Candle) -> f64 {
    match side {
        Side::Long => candle.high,
        Side::Short => candle.low,
    }
}

/// Lets the stop follow the best price of the candle, unless the candle has
/// reached the stop already.
fn trail(position: &mut Position, risk: &Risk, trailing: Trailing, candle: &Candle, best: f64) {
    let on_the_right_side = match position.side {
        Side::Long => position.stop.price < candle.low,
        Side::Short => position.stop.price > candle.high,
    };
    if !on_the_right_side || !is_new_best(position, risk, trailing, best) {
        return;
    }
    if trailing.only_after_offset && position.profit_below(best, trailing.offset) {
        return;
    }
    let distance = trailing
        .positive
        .filter(|_| position.profit_above(best, trailing.offset))
        .unwrap_or(risk.stoploss);
    position.move_stop(best, distance);
    position.trailed_from = Some(best);
}

/// Whether the stop could move at this price at all. Where a better price
/// never widens the distance, only a new best price can move the stop.
fn is_new_best(position: &Position, risk: &Risk, trailing: Trailing, best: f64) -> bool {
    let narrows = trailing
        .positive
        .is_none_or(|positive| positive <= risk.stoploss.abs());
    match position.trailed_from {
        Some(from) if narrows => match position.side {
            Side::Long => best > from,
            Side::Short => best < from,
        },
        _ => true,
    }
}

fn stop_reason(position: &Position, candle: &Candle) -> Option<ExitReason> {
    let reached = |price: f64| match position.side {
        Side::Long => price >= candle.low,
        Side::Short => price <= candle.high,
    };
    if reached(position.stop.price) {
        Some(if position.stop.trailing {
            ExitReason::TrailingStopLoss
        } else {
            ExitReason::StopLoss
        })
    } else {
        position
            .liquidation
            .filter(|&price| price != 0.0 && reached(price))
            .map(|_| ExitReason::Liquidation)
    }
}

/// The price of an exit before it is brought onto the price step; `None` when
/// the reason turns out not to be possible on this candle.
pub(super) fn price(
    position: &Position,
    risk: &Risk,
    timeframe: Timeframe,
    reason: &ExitReason,
    candle: &Candle,
    now: UnixMillis,
) -> Option<f64> {
    match reason {
        ExitReason::StopLoss | ExitReason::TrailingStopLoss => Some(stop_price(
            position,
            risk,
            reason,
            candle,
            now,
            position.stop.price,
        )),
        ExitReason::Liquidation => {
            let price = position.liquidation.unwrap_or(position.stop.price);
            Some(stop_price(position, risk, reason, candle, now, price))
        }
        ExitReason::Roi => roi_price(position, risk, timeframe, candle, now),
        _ => Some(match position.side {
            Side::Long => candle.open.max(candle.low),
            Side::Short => candle.open.min(candle.high),
        }),
    }
}

fn stop_price(
    position: &Position,
    risk: &Risk,
    reason: &ExitReason,
    candle: &Candle,
    now: UnixMillis,
    stop: f64,
) -> f64 {
    let jumped = match position.side {
        Side::Long => stop > candle.high,
        Side::Short => stop < candle.low,
    };
    if jumped {
        return candle.open;
    }
    if *reason == ExitReason::TrailingStopLoss && position.age_minutes(now) == 0 {
        return same_candle_trailing_price(position, risk, candle);
    }
    stop
}

/// A trailing stop that triggers on the candle of its entry: the price is
/// taken to have risen just far enough to arm the stop, then to have fallen.
fn same_candle_trailing_price(position: &Position, risk: &Risk, candle: &Candle) -> f64 {
    let leverage = position.terms.leverage;
    let sign = if position.is_short() { -1.0 } else { 1.0 };
    let armed = risk
        .trailing
        .filter(|trailing| trailing.only_after_offset)
        .and_then(|trailing| Some((trailing.offset, trailing.positive.filter(|&p| p != 0.0)?)));
    let price = match armed {
        Some((offset, positive)) => {
            candle.open * (1.0 + sign * offset.abs() - sign * (positive / leverage).abs())
        }
        None => candle.open * (1.0 - sign * (position.stop.ratio / leverage).abs()),
    };
    match position.side {
        Side::Long => price.max(candle.low),
        Side::Short => price.min(candle.high),
    }
}

fn roi_price(
    position: &Position,
    risk: &Risk,
    timeframe: Timeframe,
    candle: &Candle,
    now: UnixMillis,
) -> Option<f64> {
    let age = position.age_minutes(now);
    let Some((from, ratio)) = risk.roi.at(age) else {
        return Some(candle.open);
    };
    let minutes = timeframe.seconds() / 60;
    let on_a_candle = minutes > 0 && i64::from(from) % minutes == 0;
    if ratio == -1.0 && on_a_candle {
        return Some(candle.open);
    }
    let price = position.rate_for_profit(ratio);
    let (open_is_better, wick_entry) = match position.side {
        Side::Long => (
            candle.open > price,
            candle.open > candle.close && position.open_rate < candle.open && price > candle.close,
        ),
        Side::Short => (
            candle.open < price,
            candle.open < candle.close && position.open_rate > candle.open && price < candle.close,
        ),
    };
    if age > 0 && age == i64::from(from) && on_a_candle && open_is_better {
        return Some(candle.open);
    }
    if age == 0 && wick_entry {
        return None;
    }
    Some(price.max(candle.low).min(candle.high))
}
