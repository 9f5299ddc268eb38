//! Decimals that do not lie: every sum is exact or refused, every rounding is
//! one of the few that are named here.

use rust_decimal::{Decimal, RoundingStrategy};

use super::Refusal;

/// Decimals of a sum of money. Products of a price and a quantity are rounded
/// to it, half to even; sums of money are then exact.
pub const MONEY_DECIMALS: u32 = 10;

/// Decimals of a quantity where an account has no step of its own.
pub const QUANTITY_DECIMALS: u32 = 18;

/// The decimal a person would have written for a double: 0.1 for `0.1`. What
/// candles and corporate actions carry comes into the ledger through here.
///
/// Refused are infinities, NaN, and what has more than 28 digits.
pub fn decimal(value: f64) -> Result<Decimal, Refusal> {
    // The shortest text that reads back as the same double.
    let text = value.to_string();
    Decimal::from_str_exact(&text)
        .map(|decimal| decimal.normalize())
        .map_err(|_| Refusal::NotANumber { text })
}

/// Reads a decimal; scientific notation too (`1e-8`), since that is how JSON
/// and models write small numbers. Refused is what has more than 28 digits,
/// rather than rounded.
pub fn parse(text: &str) -> Result<Decimal, Refusal> {
    let read = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text)
    } else {
        Decimal::from_str_exact(text)
    };
    read.map(|decimal| decimal.normalize())
        .map_err(|_| Refusal::NotANumber {
            text: text.to_owned(),
        })
}

/// A sum, exact or refused.
pub(super) fn add(left: Decimal, right: Decimal) -> Result<Decimal, Refusal> {
    let sum = left.checked_add(right).ok_or(Refusal::Overflow)?;
    // When the digits do not fit, the library rounds them away.
    let exact = sum.scale() >= left.scale().max(right.scale())
        || sum.checked_sub(right) == Some(left) && sum.checked_sub(left) == Some(right);
    if exact {
        Ok(sum.normalize())
    } else {
        Err(Refusal::Overflow)
    }
}

/// A difference, exact or refused.
pub(super) fn sub(left: Decimal, right: Decimal) -> Result<Decimal, Refusal> {
    add(left, -right)
}

/// The sum of many.
pub(super) fn sum(all: impl IntoIterator<Item = Decimal>) -> Result<Decimal, Refusal> {
    all.into_iter().try_fold(Decimal::ZERO, add)
}

/// Price times quantity, or any other product that is money.
pub(super) fn money(left: Decimal, right: Decimal) -> Result<Decimal, Refusal> {
    let product = left.checked_mul(right).ok_or(Refusal::Overflow)?;
    Ok(product.round_dp(MONEY_DECIMALS).normalize())
}

/// A share of a sum of money: `whole · part / of`. All of it where the part
/// is the whole, so that nothing is left over.
pub(super) fn share(whole: Decimal, part: Decimal, of: Decimal) -> Result<Decimal, Refusal> {
    if part == of {
        return Ok(whole);
    }
    let ratio = product_over(whole, part, of)?;
    Ok(ratio.round_dp(MONEY_DECIMALS).normalize())
}

/// A quantity in new units: `quantity · to / from`, cut after
/// [`QUANTITY_DECIMALS`].
pub(super) fn converted(quantity: Decimal, from: Decimal, to: Decimal) -> Result<Decimal, Refusal> {
    let exact = product_over(quantity, to, from)?;
    Ok(exact
        .round_dp_with_strategy(QUANTITY_DECIMALS, RoundingStrategy::ToZero)
        .normalize())
}

/// Without the digits that are finer than money.
pub(super) fn cut(amount: Decimal) -> Decimal {
    amount
        .round_dp_with_strategy(MONEY_DECIMALS, RoundingStrategy::ToZero)
        .normalize()
}

/// A ratio, to as many digits as there are.
pub(super) fn ratio(part: Decimal, of: Decimal) -> Result<Decimal, Refusal> {
    part.checked_div(of)
        .map(|ratio| ratio.normalize())
        .ok_or(Refusal::Overflow)
}

/// The largest multiple of a step that is not above a quantity.
pub(super) fn floor_to(quantity: Decimal, step: Decimal) -> Result<Decimal, Refusal> {
    let rest = quantity.checked_rem(step).ok_or(Refusal::Overflow)?;
    sub(quantity, rest)
}

/// The smallest multiple of a step that is not below a quantity.
pub(super) fn ceil_to(quantity: Decimal, step: Decimal) -> Result<Decimal, Refusal> {
    let floor = floor_to(quantity, step)?;
    if floor == quantity {
        Ok(floor)
    } else {
        add(floor, step)
    }
}

/// Whether a quantity is a multiple of a step.
pub(super) fn is_multiple(quantity: Decimal, step: Decimal) -> bool {
    quantity
        .checked_rem(step)
        .is_some_and(|rest| rest.is_zero())
}

/// Multiplies first, which is exact where the digits fit.
fn product_over(left: Decimal, right: Decimal, over: Decimal) -> Result<Decimal, Refusal> {
    left.checked_mul(right)
        .and_then(|product| product.checked_div(over))
        .ok_or(Refusal::Overflow)
}
