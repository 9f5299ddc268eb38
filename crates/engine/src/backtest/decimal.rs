//! Exact decimal arithmetic for money.
//!
//! A double stands for the shortest decimal that reads back as it (what is
//! printed). Products, sums and steps are taken on those decimals without
//! rounding; results become doubles again by rounding once, to nearest.

use ethnum::I256;

/// An exact decimal: `digits / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dec {
    digits: I256,
    scale: u32,
}

/// How a number is brought onto a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    /// Towards negative infinity.
    Down,
    /// Towards positive infinity.
    Up,
    /// To the nearest, halves upwards.
    HalfUp,
}

impl Dec {
    pub(crate) const ZERO: Self = Self {
        digits: I256::ZERO,
        scale: 0,
    };

    /// The shortest decimal that reads back as `value`.
    pub(crate) fn of(value: f64) -> Self {
        let (digits, scale) = short_digits(value);
        Self {
            digits: I256::from(digits),
            scale,
        }
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let (a, b, scale) = aligned(self, other);
        Self {
            digits: a + b,
            scale,
        }
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(Self {
            digits: -other.digits,
            scale: other.scale,
        })
    }

    pub(crate) fn times(self, other: Self) -> Self {
        Self {
            digits: self.digits * other.digits,
            scale: self.scale + other.scale,
        }
    }

    /// The quotient cut after 18 decimals; zero for a zero divisor.
    pub(crate) fn over(self, other: Self) -> Self {
        const DECIMALS: u32 = 18;
        if other.digits == I256::ZERO {
            return Self::ZERO;
        }
        let shift = i64::from(DECIMALS) - i64::from(self.scale) + i64::from(other.scale);
        let numerator = if shift < 0 {
            self.digits / power_of_ten(shift.unsigned_abs() as u32)
        } else {
            self.digits * power_of_ten(shift as u32)
        };
        Self {
            digits: numerator / other.digits,
            scale: DECIMALS,
        }
    }

    pub(crate) fn is_positive(self) -> bool {
        self.digits > I256::ZERO
    }

    /// The nearest double.
    pub(crate) fn to_f64(self) -> f64 {
        match i128::try_from(self.digits) {
            Ok(digits) => nearest(digits, self.scale),
            Err(_) => parse(&format!("{}e-{}", self.digits, self.scale)),
        }
    }

    /// The multiple of `step` that the rounding chooses.
    pub(crate) fn on_step(self, step: Self, rounding: Rounding) -> Self {
        let (value, step, scale) = aligned(self, step);
        let missing = value.rem_euclid(step);
        let down = value - missing;
        let up = match rounding {
            Rounding::Down => false,
            Rounding::Up => missing != I256::ZERO,
            Rounding::HalfUp => missing + missing >= step,
        };
        Self {
            digits: if up { down + step } else { down },
            scale,
        }
    }

    pub(crate) fn is_multiple_of(self, step: Self) -> bool {
        let (value, step, _) = aligned(self, step);
        value.rem_euclid(step) == I256::ZERO
    }
}

/// `amount × rate × (1 + fee)`, or `(1 − fee)`, rounded once.
pub(crate) fn value_with_fee(amount: f64, rate: f64, fee: f64, adds_fee: bool) -> f64 {
    let (a, a_scale) = short_digits(amount);
    let (r, r_scale) = short_digits(rate);
    let (f, f_scale) = short_digits(fee);
    let one = 10_i128.checked_pow(f_scale);
    let small = one
        .map(|one| if adds_fee { one + f } else { one - f })
        .and_then(|factor| a.checked_mul(r)?.checked_mul(factor));
    match small {
        Some(digits) => nearest(digits, a_scale + r_scale + f_scale),
        None => {
            let value = Dec::of(amount).times(Dec::of(rate));
            let fees = value.times(Dec::of(fee));
            if adds_fee {
                value.plus(fees)
            } else {
                value.minus(fees)
            }
            .to_f64()
        }
    }
}

/// Rounds to some decimals the way exact decimal expansion does (ties, which
/// only exist for numbers whose binary form ends there, to even).
pub(crate) fn round_decimals(value: f64, decimals: u32) -> f64 {
    let power = 10_f64.powi(decimals as i32);
    let scaled = value * power;
    // Far from a tie and small enough that the scaled integer is exact, one
    // correctly rounded division gives the nearest double of the decimal.
    if scaled.abs() < 1e14 {
        let nearest = scaled.round();
        if ((scaled - scaled.floor()) - 0.5).abs() > 1e-3 {
            return nearest / power;
        }
    }
    parse(&format!("{value:.*}", decimals as usize))
}

/// A sum of doubles with Neumaier's compensation (Zeitschrift für Angewandte
/// Mathematik und Mechanik 54, 1974), as Python takes sums.
pub(crate) fn compensated_sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let (mut sum, mut lost) = (0.0_f64, 0.0);
    for value in values {
        let next = sum + value;
        lost += if sum.abs() >= value.abs() {
            (sum - next) + value
        } else {
            (value - next) + sum
        };
        sum = next;
    }
    sum + lost
}

/// Digits and scale of the shortest decimal that reads back as `value`.
fn short_digits(value: f64) -> (i128, u32) {
    // Prices and amounts nearly always have at most eight decimals and fewer
    // than sixteen digits; such a decimal is unique for its double.
    let scaled = value * 1e8;
    if scaled.abs() < 1e15 {
        let digits = scaled.round();
        if digits / 1e8 == value {
            return (digits as i128, 8);
        }
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: i128 = format!("{whole}{fraction}").parse().unwrap_or(0);
    let scale = fraction.len() as i32 - exponent;
    if scale >= 0 {
        (digits, scale as u32)
    } else {
        (digits * 10_i128.pow(scale.unsigned_abs()), 0)
    }
}

/// The double nearest to `digits / 10^scale`.
fn nearest(digits: i128, scale: u32) -> f64 {
    const EXACT: i128 = 1 << 53;
    if digits.abs() < EXACT && scale <= 22 {
        return digits as f64 / 10_f64.powi(scale as i32);
    }
    parse(&format!("{digits}e-{scale}"))
}

fn parse(text: &str) -> f64 {
    // The text is a number by construction.
    text.parse().unwrap_or(f64::NAN)
}

fn aligned(a: Dec, b: Dec) -> (I256, I256, u32) {
    let scale = a.scale.max(b.scale);
    let lift = |dec: Dec| dec.digits * power_of_ten(scale - dec.scale);
    (lift(a), lift(b), scale)
}

fn power_of_ten(exponent: u32) -> I256 {
    I256::from(10).pow(exponent)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_noisy_price_keeps_its_digits() {
        assert_eq!(
            short_digits(5.440_000_000_000_001e-5),
            (5_440_000_000_000_001, 20)
        );
        assert_eq!(short_digits(0.017_1), (1_710_000, 8));
        assert_eq!(short_digits(1e22).0, 10_i128.pow(22));
    }

    #[test]
    fn steps() {
        let on = |value, step, rounding| Dec::of(value).on_step(Dec::of(step), rounding).to_f64();
        assert_eq!(on(0.123_45, 0.001, Rounding::Down), 0.123);
        assert_eq!(on(0.123_45, 0.001, Rounding::Up), 0.124);
        assert_eq!(on(0.1235, 0.001, Rounding::HalfUp), 0.124);
        assert_eq!(on(0.123, 0.001, Rounding::Up), 0.123);
        assert_eq!(on(7.0, 2.5, Rounding::HalfUp), 7.5);
    }

    #[test]
    fn ties_go_to_even() {
        // 2^-9 ends exactly on the ninth decimal, a 5.
        assert_eq!(round_decimals(0.001_953_125, 8), 0.001_953_12);
        assert_eq!(round_decimals(-0.009_330_099_999, 8), -0.009_330_1);
    }

    proptest! {
        #[test]
        fn digits_read_back(mantissa in 1.0..10.0_f64, exponent in -12..15) {
            let value = mantissa * 10_f64.powi(exponent);
            prop_assert_eq!(Dec::of(value).to_f64(), value);
        }

        #[test]
        fn rounding_agrees_with_the_exact_expansion(value in -1e5..1e5_f64) {
            prop_assert_eq!(round_decimals(value, 8), parse(&format!("{value:.8}")));
        }

        #[test]
        fn fees_are_exact(amount in 0.001..1e6_f64, rate in 1e-8..1e5_f64, fee in 0.0..0.01_f64) {
            let amount = round_decimals(amount, 3);
            let value = Dec::of(amount).times(Dec::of(rate));
            let with_fee = value.plus(value.times(Dec::of(fee)));
            prop_assert_eq!(value_with_fee(amount, rate, fee, true), with_fee.to_f64());
        }

        #[test]
        fn a_step_is_hit_from_both_sides(value in 0.0..1e4_f64, decimals in 0_u32..8) {
            let step = Dec::of(1.0 / 10_f64.powi(decimals as i32));
            let down = Dec::of(value).on_step(step, Rounding::Down).to_f64();
            let up = Dec::of(value).on_step(step, Rounding::Up).to_f64();
            prop_assert!(down <= value && value <= up);
            prop_assert!(Dec::of(down).is_multiple_of(step));
        }
    }
}
