//! Exact decimal arithmetic for money.
//!
//! A double stands for the shortest decimal that reads back as it (what is
//! printed). Products, sums and steps are taken on those decimals without
//! rounding; results become doubles again by rounding once, to nearest.

use ethnum::I256;

/// An exact decimal: `digits / 10^scale`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dec {
    digits: Digits,
    scale: u32,
}

/// Decimals of a quotient.
const QUOTIENT_DECIMALS: u32 = 18;

/// The shortest decimal that reads back as a double, `digits / 10^scale`, in
/// sixteen bytes to keep.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written {
    digits: i64,
    /// Negative for whole numbers of more digits than these.
    scale: i32,
}

impl Written {
    pub(crate) fn of(value: f64) -> Self {
        short_digits(value)
    }

    /// Whether a product with this number, divided by the other factor, gives
    /// it back.
    pub(crate) fn survives_division(self) -> bool {
        (0..=QUOTIENT_DECIMALS as i32).contains(&self.scale)
    }
}

impl From<Written> for Dec {
    fn from(written: Written) -> Self {
        match u32::try_from(written.scale) {
            Ok(scale) => Self::small(i128::from(written.digits), scale),
            Err(_) => Self::wide(
                I256::from(written.digits) * power_of_ten(written.scale.unsigned_abs()),
                0,
            ),
        }
    }
}

/// Digits of a decimal. Almost all fit into 128 bits, where arithmetic is ten
/// times faster; what overflows goes on in 256.
#[derive(Debug, Clone, Copy)]
enum Digits {
    Small(i128),
    Wide(I256),
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
    pub(crate) const ZERO: Self = Self::small(0, 0);

    /// The shortest decimal that reads back as `value`.
    pub(crate) fn of(value: f64) -> Self {
        short_digits(value).into()
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        let small = small_aligned(self, other)
            .and_then(|(a, b, scale)| Some(Self::small(a.checked_add(b)?, scale)));
        small.unwrap_or_else(|| {
            let (a, b, scale) = aligned(self, other);
            Self::wide(a + b, scale)
        })
    }

    pub(crate) fn minus(self, other: Self) -> Self {
        self.plus(match other.digits {
            Digits::Small(digits) if digits != i128::MIN => Self::small(-digits, other.scale),
            digits => Self::wide(-digits.widened(), other.scale),
        })
    }

    pub(crate) fn times(self, other: Self) -> Self {
        let scale = self.scale + other.scale;
        if let (Digits::Small(a), Digits::Small(b)) = (self.digits, other.digits)
            && let Some(product) = a.checked_mul(b)
        {
            return Self::small(product, scale);
        }
        Self::wide(self.digits.widened() * other.digits.widened(), scale)
    }

    /// The quotient cut after 18 decimals; zero for a zero divisor.
    pub(crate) fn over(self, other: Self) -> Self {
        if other.digits.is_zero() {
            return Self::ZERO;
        }
        let shift = i64::from(QUOTIENT_DECIMALS) - i64::from(self.scale) + i64::from(other.scale);
        if let (Digits::Small(a), Digits::Small(b)) = (self.digits, other.digits)
            && let Some(numerator) = shifted(a, shift)
            && let Some(quotient) = numerator.checked_div(b)
        {
            return Self::small(quotient, QUOTIENT_DECIMALS);
        }
        let digits = self.digits.widened();
        let numerator = if shift < 0 {
            digits / power_of_ten(shift.unsigned_abs() as u32)
        } else {
            digits * power_of_ten(shift as u32)
        };
        Self::wide(numerator / other.digits.widened(), QUOTIENT_DECIMALS)
    }

    pub(crate) fn is_positive(self) -> bool {
        match self.digits {
            Digits::Small(digits) => digits > 0,
            Digits::Wide(digits) => digits > I256::ZERO,
        }
    }

    /// The nearest double.
    pub(crate) fn to_f64(self) -> f64 {
        match self.digits {
            Digits::Small(digits) => nearest(digits, self.scale),
            Digits::Wide(digits) => parse(&format!("{digits}e-{}", self.scale)),
        }
    }

    /// The multiple of `step` that the rounding chooses.
    pub(crate) fn on_step(self, step: Self, rounding: Rounding) -> Self {
        // Nothing below doubles more than one step: a quarter of the range.
        const ROOM: i128 = i128::MAX / 4;
        let goes_up = |missing_is_zero: bool, reaches_half: bool| match rounding {
            Rounding::Down => false,
            Rounding::Up => !missing_is_zero,
            Rounding::HalfUp => reaches_half,
        };
        if let Some((value, step, scale)) = small_aligned(self, step)
            && value.abs() < ROOM
            && step < ROOM
        {
            let missing = value.rem_euclid(step);
            let up = goes_up(missing == 0, missing + missing >= step);
            return Self::small(value - missing + if up { step } else { 0 }, scale);
        }
        let (value, step, scale) = aligned(self, step);
        let missing = value.rem_euclid(step);
        let up = goes_up(missing == I256::ZERO, missing + missing >= step);
        Self::wide(value - missing + if up { step } else { I256::ZERO }, scale)
    }

    pub(crate) fn is_multiple_of(self, step: Self) -> bool {
        if let Some((value, step, _)) = small_aligned(self, step) {
            return value.rem_euclid(step) == 0;
        }
        let (value, step, _) = aligned(self, step);
        value.rem_euclid(step) == I256::ZERO
    }

    const fn small(digits: i128, scale: u32) -> Self {
        Self {
            digits: Digits::Small(digits),
            scale,
        }
    }

    /// In 128 bits again where that suffices.
    fn wide(digits: I256, scale: u32) -> Self {
        let digits = i128::try_from(digits).map_or(Digits::Wide(digits), Digits::Small);
        Self { digits, scale }
    }
}

impl Digits {
    fn widened(self) -> I256 {
        match self {
            Self::Small(digits) => I256::from(digits),
            Self::Wide(digits) => digits,
        }
    }

    fn is_zero(self) -> bool {
        match self {
            Self::Small(digits) => digits == 0,
            Self::Wide(digits) => digits == I256::ZERO,
        }
    }
}

/// `amount × rate × (1 + fee)`, or `(1 − fee)`, rounded once.
pub(crate) fn value_with_fee(amount: f64, rate: f64, fee: f64, adds_fee: bool) -> f64 {
    let [amount, rate, fee] = [amount, rate, fee].map(Dec::of);
    if let Some(digits) = small_value(amount, rate, fee, adds_fee) {
        return nearest(digits, amount.scale + rate.scale + fee.scale);
    }
    let value = amount.times(rate);
    let fees = value.times(fee);
    if adds_fee {
        value.plus(fees)
    } else {
        value.minus(fees)
    }
    .to_f64()
}

/// The digits of the value with fee, if they fit.
fn small_value(amount: Dec, rate: Dec, fee: Dec, adds_fee: bool) -> Option<i128> {
    let (Digits::Small(amount), Digits::Small(rate), Digits::Small(digits)) =
        (amount.digits, rate.digits, fee.digits)
    else {
        return None;
    };
    let one = small_power(fee.scale)?;
    let factor = if adds_fee { one + digits } else { one - digits };
    amount.checked_mul(rate)?.checked_mul(factor)
}

/// Rounds to some decimals the way exact decimal expansion does (ties, which
/// only exist for numbers whose binary form ends there, to even).
pub(crate) fn round_decimals(value: f64, decimals: u32) -> f64 {
    if let Some(&power) = POWERS.get(decimals as usize) {
        let scaled = value * power;
        // Far from a tie and small enough that the scaled integer is exact, one
        // correctly rounded division gives the nearest double of the decimal.
        if scaled.abs() < 1e14 {
            let cut = scaled as i64;
            let rest = scaled - cut as f64;
            if (rest.abs() - 0.5).abs() > 1e-3 {
                let up = i64::from(rest > 0.5) - i64::from(rest < -0.5);
                let rounded = (cut + up) as f64 / power;
                return rounded.copysign(value);
            }
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
fn short_digits(value: f64) -> Written {
    // Prices and amounts nearly always have at most eight decimals and fewer
    // than sixteen digits; such a decimal is unique for its double.
    let scaled = value * 1e8;
    if scaled.abs() < 1e15 {
        let digits = (scaled + 0.5_f64.copysign(scaled)) as i64;
        if digits as f64 / 1e8 == value {
            return Written { digits, scale: 8 };
        }
    }
    short_digits_as_written(value)
}

/// The same by way of the text; never more than 17 digits.
fn short_digits_as_written(value: f64) -> Written {
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    Written {
        digits: format!("{whole}{fraction}").parse().unwrap_or(0),
        scale: fraction.len() as i32 - exponent,
    }
}

/// The double nearest to `digits / 10^scale`.
fn nearest(digits: i128, scale: u32) -> f64 {
    const EXACT: i128 = 1 << 53;
    if digits.abs() < EXACT
        && let Some(power) = POWERS.get(scale as usize)
    {
        return digits as f64 / power;
    }
    nearest_by_two_doubles(digits, scale).unwrap_or_else(|| parse(&format!("{digits}e-{scale}")))
}

/// The quotient in pairs of doubles, good to about 2^-100 of itself; `None`
/// when that does not settle the last bit of the nearest double (Ziv's test:
/// ACM Transactions on Mathematical Software 17, 1991) or the scale is large.
fn nearest_by_two_doubles(digits: i128, scale: u32) -> Option<f64> {
    // Both factors of the power are exact, and so is their product in a pair.
    let (first, second) = (POWERS[scale.min(22) as usize], scale.saturating_sub(22));
    let second = *POWERS.get(second as usize)?;
    let power = first * second;
    let power_rest = first.mul_add(second, -power);
    let (high, low) = in_two_doubles(digits);
    let quotient = high / power;
    let rest = (-quotient).mul_add(power, high);
    let correction = (rest + (low - quotient * power_rest)) / power;
    let doubt = quotient.abs() * 1e-29;
    let result = quotient + (correction + doubt);
    (result == quotient + (correction - doubt)).then_some(result)
}

/// A nearest double and what is left of the number, nearly exact.
fn in_two_doubles(digits: i128) -> (f64, f64) {
    const BITS: u32 = 53;
    const UNIT: f64 = (1_i64 << BITS) as f64;
    if let Ok(upper) = i64::try_from(digits >> BITS)
        && upper.unsigned_abs() <= 1 << BITS
    {
        // Both halves are exact, and so is what their sum loses (Dekker).
        let upper = upper as f64 * UNIT;
        let lower = (digits & ((1 << BITS) - 1)) as i64 as f64;
        let high = upper + lower;
        return (high, lower - (high - upper));
    }
    let high = digits as f64;
    (high, (digits - high as i128) as f64)
}

/// Powers of ten that doubles hold exactly.
pub(super) const POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

fn parse(text: &str) -> f64 {
    // The text is a number by construction.
    text.parse().unwrap_or(f64::NAN)
}

/// Both on the larger scale, if that fits into 128 bits.
fn small_aligned(a: Dec, b: Dec) -> Option<(i128, i128, u32)> {
    let (Digits::Small(a_digits), Digits::Small(b_digits)) = (a.digits, b.digits) else {
        return None;
    };
    let scale = a.scale.max(b.scale);
    let lift = |digits: i128, by: u32| digits.checked_mul(small_power(by)?);
    Some((
        lift(a_digits, scale - a.scale)?,
        lift(b_digits, scale - b.scale)?,
        scale,
    ))
}

/// `digits × 10^by`, cut for a negative exponent.
fn shifted(digits: i128, by: i64) -> Option<i128> {
    let power = small_power(by.unsigned_abs() as u32)?;
    if by < 0 {
        Some(digits / power)
    } else {
        digits.checked_mul(power)
    }
}

fn small_power(exponent: u32) -> Option<i128> {
    const TABLE: [i128; 39] = {
        let mut table = [1; 39];
        let mut index = 1;
        while index < table.len() {
            table[index] = table[index - 1] * 10;
            index += 1;
        }
        table
    };
    TABLE.get(exponent as usize).copied()
}

fn aligned(a: Dec, b: Dec) -> (I256, I256, u32) {
    let scale = a.scale.max(b.scale);
    let lift = |dec: Dec| dec.digits.widened() * power_of_ten(scale - dec.scale);
    (lift(a), lift(b), scale)
}

fn power_of_ten(exponent: u32) -> I256 {
    I256::from(10).pow(exponent)
}

#[cfg(test)]
mod tests;
