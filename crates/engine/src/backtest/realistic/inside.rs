//! Which level a candle reaches, and in which order.

use fondaco_domain::Bar;
use fondaco_domain::strategy::Side;

use crate::backtest::costs::IntraCandle;

/// Prices at which a position leaves within a candle.
#[derive(Debug, Clone, Copy)]
pub(super) struct Levels {
    pub(super) stop: f64,
    /// Whether the stop has trailed.
    pub(super) trailing: bool,
    pub(super) target: Option<f64>,
}

/// A level that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hit {
    Stop,
    Target,
}

/// The level a candle reaches first. A stop is reached when the price touches
/// it, a target when the price goes beyond it.
pub(super) fn first_hit(side: Side, bar: &Bar, levels: Levels, order: IntraCandle) -> Option<Hit> {
    let (stopped, through) = match side {
        Side::Long => (
            bar.low <= levels.stop,
            levels.target.is_some_and(|target| bar.high > target),
        ),
        Side::Short => (
            bar.high >= levels.stop,
            levels.target.is_some_and(|target| bar.low < target),
        ),
    };
    let target_first = match order {
        IntraCandle::Pessimistic => false,
        IntraCandle::Optimistic => true,
        IntraCandle::Freqtrade => levels.trailing,
    };
    match (stopped, through) {
        (false, false) => None,
        (stopped, true) if target_first || !stopped => Some(Hit::Target),
        _ => Some(Hit::Stop),
    }
}

/// The level the open lies at or beyond already.
pub(super) fn hit_at_open(side: Side, open: f64, levels: Levels) -> Option<Hit> {
    let at = Bar {
        time: fondaco_domain::UnixMillis(0),
        open,
        high: open,
        low: open,
        close: open,
        volume: 0.0,
    };
    first_hit(side, &at, levels, IntraCandle::Pessimistic)
}

#[cfg(test)]
mod tests {
    use fondaco_domain::UnixMillis;

    use super::*;

    #[test]
    fn the_order_decides_where_both_are_reached() {
        use Hit::{Stop, Target};
        use IntraCandle::{Freqtrade, Optimistic, Pessimistic};
        // low, high, trailing, order, hit; stop 95, target 105.
        for (low, high, trailing, order, hit) in [
            (96.0, 104.0, false, Pessimistic, None),
            (95.0, 104.0, false, Optimistic, Some(Stop)),
            (96.0, 105.0, false, Optimistic, None),
            (96.0, 105.01, false, Pessimistic, Some(Target)),
            (95.0, 106.0, false, Pessimistic, Some(Stop)),
            (95.0, 106.0, true, Pessimistic, Some(Stop)),
            (95.0, 106.0, false, Optimistic, Some(Target)),
            (95.0, 106.0, false, Freqtrade, Some(Stop)),
            (95.0, 106.0, true, Freqtrade, Some(Target)),
        ] {
            let bar = Bar {
                time: UnixMillis(0),
                open: 100.0,
                high,
                low,
                close: 100.0,
                volume: 1.0,
            };
            let long = Levels {
                stop: 95.0,
                trailing,
                target: Some(105.0),
            };
            assert_eq!(
                first_hit(Side::Long, &bar, long, order),
                hit,
                "{low} {high} {order:?}"
            );
            // A short sees the mirror image.
            let mirror = Bar {
                high: 200.0 - low,
                low: 200.0 - high,
                ..bar
            };
            let short = Levels {
                stop: 105.0,
                trailing,
                target: Some(95.0),
            };
            assert_eq!(first_hit(Side::Short, &mirror, short, order), hit);
        }
    }
}
