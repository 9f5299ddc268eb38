//! The price of a fill: limits and slippage; and what a fee comes to.

use rust_decimal::{Decimal, RoundingStrategy};

use super::amount::MONEY_DECIMALS;
use super::{Account, Fees, PriceLimit, Quote, Refusal};
use crate::symbol::Symbol;

/// The lowest and the highest price of a day:
/// `previous close · (1 ∓ fraction)`, each rounded half up to the price step.
pub fn limits(
    limit: &PriceLimit,
    symbol: &Symbol,
    previous_close: Decimal,
) -> Result<(Decimal, Decimal), Refusal> {
    let fraction = limit.of(symbol);
    let at = |factor: Decimal| {
        let exact = previous_close.checked_mul(factor)?;
        let steps = exact.checked_div(limit.price_step)?;
        let whole = steps.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        Some(whole.checked_mul(limit.price_step)?.normalize())
    };
    let low = at(Decimal::ONE - fraction);
    let high = at(Decimal::ONE + fraction);
    low.zip(high).ok_or(Refusal::Overflow)
}

/// What an order is filled at: the price given, worse by the slippage, but not
/// beyond the limits of the day. At a limit there is nobody on the other side.
pub(super) fn filled_at(
    account: &Account,
    symbol: &Symbol,
    quote: Quote,
    buying: bool,
) -> Result<Decimal, Refusal> {
    let price = valid(symbol, quote.price)?;
    let slipped = slipped(price, account.slippage_bp, buying)?;
    let Some(limit) = &account.price_limit else {
        return Ok(slipped);
    };
    let close = quote.previous_close;
    let close = close.ok_or_else(|| Refusal::NoPreviousClose {
        symbol: symbol.clone(),
    })?;
    let (low, high) = limits(limit, symbol, valid(symbol, close)?)?;
    if buying && price >= high {
        return Err(Refusal::LimitUp {
            symbol: symbol.clone(),
            price,
            limit: high,
        });
    }
    if !buying && price <= low {
        return Err(Refusal::LimitDown {
            symbol: symbol.clone(),
            price,
            limit: low,
        });
    }
    Ok(if buying {
        slipped.min(high)
    } else {
        slipped.max(low)
    })
}

/// A fee of so many basis points of a value, rounded half up.
pub(super) fn fee(rules: &Fees, value: Decimal, basis_points: Decimal) -> Result<Decimal, Refusal> {
    let exact = value
        .checked_mul(fraction(basis_points)?)
        .ok_or(Refusal::Overflow)?;
    let rounded =
        exact.round_dp_with_strategy(rules.decimals, RoundingStrategy::MidpointAwayFromZero);
    Ok(rounded.normalize())
}

/// A price that is one.
pub(super) fn valid(symbol: &Symbol, price: Decimal) -> Result<Decimal, Refusal> {
    if price > Decimal::ZERO {
        Ok(price.normalize())
    } else {
        Err(Refusal::PriceNotPositive {
            symbol: symbol.clone(),
            price,
        })
    }
}

fn slipped(price: Decimal, basis_points: Decimal, buying: bool) -> Result<Decimal, Refusal> {
    if basis_points.is_zero() {
        return Ok(price);
    }
    let worse = fraction(basis_points)?;
    let factor = if buying {
        Decimal::ONE + worse
    } else {
        Decimal::ONE - worse
    };
    let slipped = price.checked_mul(factor).ok_or(Refusal::Overflow)?;
    // Prices keep their digits where they are finer than money.
    let digits = MONEY_DECIMALS.max(price.scale());
    Ok(slipped.round_dp(digits).normalize())
}

fn fraction(basis_points: Decimal) -> Result<Decimal, Refusal> {
    basis_points
        .checked_div(Decimal::from(10_000))
        .ok_or(Refusal::Overflow)
}
