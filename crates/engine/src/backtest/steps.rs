//! Price steps read from the candles, month by month.

use fondaco_domain::{Bars, UnixMillis};

use super::decimal::{Dec, POWERS, Rounding, Written, round_decimals};
use super::settings::PairInput;

/// A step, as a double and as the decimal it stands for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    size: f64,
    written: Written,
    /// `Some(n)` for 10^-n, where rounding is cheap.
    decimals: Option<u32>,
}

impl Step {
    pub(crate) fn new(size: f64) -> Self {
        let decimals = (0..=18).find(|&n| 1.0 / 10_f64.powi(n as i32) == size);
        Self {
            size,
            written: Written::of(size),
            decimals,
        }
    }

    fn power(decimals: u32) -> Self {
        let size = 1.0 / 10_f64.powi(decimals as i32);
        Self {
            size,
            written: Written::of(size),
            decimals: Some(decimals),
        }
    }

    /// The step as a double.
    pub(crate) fn size(self) -> f64 {
        self.size
    }

    /// The nearest multiple, halves upwards.
    pub(crate) fn nearest(self, value: f64) -> f64 {
        self.round(value, Rounding::HalfUp)
    }

    /// The largest multiple that is not above.
    pub(crate) fn floor(self, value: f64) -> f64 {
        self.round(value, Rounding::Down)
    }

    /// A stop price: up for a long, down for a short, at most 14 decimals. A
    /// price on the step stays as it is.
    pub(crate) fn stop(self, value: f64, rounding: Rounding) -> f64 {
        // The double of a decimal this short stays itself at 14 decimals.
        if let Some(decimals) = self.decimals.filter(|&n| n <= 14)
            && let Some(rounded) = quick(value, decimals, rounding)
        {
            return rounded;
        }
        self.exact_stop(value, rounding)
    }

    fn exact_stop(self, value: f64, rounding: Rounding) -> f64 {
        let decimal = Dec::of(value);
        if decimal.is_multiple_of(self.written.into()) {
            return value;
        }
        round_decimals(decimal.on_step(self.written.into(), rounding).to_f64(), 14)
    }

    fn round(self, value: f64, rounding: Rounding) -> f64 {
        if let Some(rounded) = self.decimals.and_then(|n| quick(value, n, rounding)) {
            return rounded;
        }
        Dec::of(value)
            .on_step(self.written.into(), rounding)
            .to_f64()
    }
}

/// Rounds to 10^-n by doubles where the answer cannot depend on the last bits:
/// the value is a multiple already, or well away from the point where the
/// rounding turns.
fn quick(value: f64, decimals: u32, rounding: Rounding) -> Option<f64> {
    const MARGIN: f64 = 1e-3;
    let power = *POWERS.get(decimals as usize)?;
    let scaled = value * power;
    if !(0.0..1e12).contains(&scaled) {
        return None;
    }
    let whole = scaled as i64;
    let fraction = scaled - whole as f64;
    // A double that a multiple this short reads as is that multiple.
    let nearest = whole + i64::from(fraction > 0.5);
    if nearest as f64 / power == value {
        return Some(value);
    }
    let is_between = fraction > MARGIN && fraction < 1.0 - MARGIN;
    let rounded = match rounding {
        Rounding::HalfUp if (fraction - 0.5).abs() > MARGIN => whole + i64::from(fraction > 0.5),
        Rounding::Down if is_between => whole,
        Rounding::Up if is_between => whole + 1,
        _ => return None,
    };
    Some(rounded as f64 / power)
}

/// The price step of a pair by calendar month: as many decimals as the month's
/// prices show, or those of the last month that had any.
#[derive(Debug, Clone)]
pub(crate) struct PriceSteps {
    months: Vec<(UnixMillis, Step)>,
    fallback: Step,
}

impl PriceSteps {
    /// Counts the decimals of every open, high, low and close, each first
    /// written with 14 significant digits.
    pub(crate) fn from_bars(bars: &Bars, fallback: f64) -> Self {
        let mut months: Vec<(UnixMillis, Step)> = Vec::new();
        let mut row = 0;
        while row < bars.len() {
            let (start, end) = month_of(bars.time()[row]);
            let next = bars.row_at(end).max(row + 1);
            let columns = [bars.open(), bars.high(), bars.low(), bars.close()];
            let decimals = columns
                .iter()
                .filter_map(|c| max_decimals(&c[row..next]))
                .max();
            months.extend(decimals.map(|n| (start, Step::power(n))));
            row = next;
        }
        Self {
            months,
            fallback: Step::new(fallback),
        }
    }

    /// The steps of a pair: read from candles, or the market's own.
    pub(super) fn of(input: &PairInput<'_>) -> Self {
        let step = input.rules.price_step;
        match input.step_bars {
            Some(bars) => Self::from_bars(bars, step),
            None => Self::fixed(step),
        }
    }

    /// The same step at all times.
    pub(crate) fn fixed(step: f64) -> Self {
        Self {
            months: Vec::new(),
            fallback: Step::new(step),
        }
    }

    pub(crate) fn at(&self, time: UnixMillis) -> Step {
        let after = self.months.partition_point(|&(start, _)| start <= time);
        after
            .checked_sub(1)
            .map_or(self.fallback, |index| self.months[index].1)
    }
}

/// First instant of the month and of the next one, UTC.
fn month_of(time: UnixMillis) -> (UnixMillis, UnixMillis) {
    let first = time.date().first_of_month();
    let next = first.last_of_month().tomorrow().unwrap_or(first);
    (UnixMillis::midnight(first), UnixMillis::midnight(next))
}

fn max_decimals(prices: &[f64]) -> Option<u32> {
    let mut most = None;
    for some in prices.chunks(64) {
        // Prices that are exact at the count so far cannot raise it: looked at
        // together first, which takes no branch for each.
        let is_known = |n| {
            some.iter()
                .fold(true, |all, &price| all & is_exact(price, n))
        };
        if most.is_some_and(is_known) {
            continue;
        }
        for &price in some {
            if most.is_none_or(|n| !is_exact(price, n)) {
                most = most.max(decimals(price));
            }
        }
    }
    most
}

/// Whether a price shows no more than some decimals when it is written with 14
/// significant digits: noise in its last bits does not show.
fn is_exact(price: f64, decimals: u32) -> bool {
    // Adding and taking off 1.5 × 2^52 rounds to a whole number.
    const WHOLE: f64 = 6_755_399_441_055_744.0;
    let Some(power) = POWERS.get(decimals as usize) else {
        return false;
    };
    let scaled = price * power;
    let nearest = (scaled + WHOLE) - WHOLE;
    (scaled - nearest).abs() < scaled * 2e-15
}

/// Decimals of a price written with 14 significant digits, trailing zeros
/// dropped; `None` for a whole number.
fn decimals(price: f64) -> Option<u32> {
    let text = format!("{price:.13e}");
    let (mantissa, exponent) = text.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    let significant = mantissa.replace('.', "").trim_end_matches('0').len() as i32;
    let decimals = significant - 1 - exponent;
    (decimals > 0).then_some(decimals as u32)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_as_written() {
        for (price, expected) in [
            (46_715.0, None),
            (0.017_1, Some(4)),
            (5.440_000_000_000_001e-5, Some(7)),
            (1.0e-8, Some(8)),
            (47_455.25, Some(2)),
        ] {
            assert_eq!(decimals(price), expected, "{price}");
        }
    }

    proptest! {
        #[test]
        fn noise_does_not_count(ticks in 1_u64..10_000_000, digits in 0_u32..9, ulps in -4_i64..5) {
            let exact = ticks as f64 / 10_f64.powi(digits as i32);
            let noisy = f64::from_bits(exact.to_bits().wrapping_add_signed(ulps));
            prop_assert!(decimals(noisy).unwrap_or(0) <= digits);
            if is_exact(noisy, digits) {
                prop_assert_eq!(decimals(noisy), decimals(exact));
            }
        }

        #[test]
        fn a_quick_stop_is_the_exact_one(
            units in 1_i64..1_000_000_000_000, noise in -0.6..0.6_f64, decimals in 0_u32..13,
            is_on_step in any::<bool>(),
        ) {
            let noise = if is_on_step { 0.0 } else { noise };
            let step = Step::power(decimals);
            let value = (units as f64 + noise) / POWERS[decimals as usize];
            for rounding in [Rounding::Up, Rounding::Down] {
                prop_assert_eq!(step.stop(value, rounding), step.exact_stop(value, rounding));
            }
            for rounding in [Rounding::Up, Rounding::Down, Rounding::HalfUp] {
                let exact = Dec::of(value).on_step(step.written.into(), rounding).to_f64();
                prop_assert_eq!(step.round(value, rounding), exact);
            }
        }
    }

    #[test]
    fn quick_rounding_agrees_with_the_exact_one() {
        let step = Step::power(4);
        for value in [
            0.123_45,
            0.123_449_999,
            0.123_450_001,
            7.0,
            0.000_05,
            123.456_78,
        ] {
            for rounding in [Rounding::HalfUp, Rounding::Down, Rounding::Up] {
                let exact = Dec::of(value)
                    .on_step(step.written.into(), rounding)
                    .to_f64();
                assert_eq!(step.round(value, rounding), exact, "{value} {rounding:?}");
            }
        }
    }
}
