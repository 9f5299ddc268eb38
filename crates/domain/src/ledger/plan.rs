//! What an order would do: every rule is asked before anything is done.

use rust_decimal::Decimal;

use super::amount::{QUANTITY_DECIMALS, add, floor_to, is_multiple, money, share, sub, sum};
use super::{
    Account, Action, Entry, FeeKind, LedgerState, Leg, Order, Position, Quote, Refusal, Settlement,
    Shorting, Side, price,
};
use crate::symbol::Symbol;

/// The entries of an order, or why it is not done.
pub(super) fn plan(
    account: &Account,
    state: &LedgerState,
    order: &Order,
    quote: Quote,
) -> Result<Vec<Entry>, Refusal> {
    let symbol = &order.symbol;
    check_quantity(account, order.quantity)?;
    let position = state.positions.get(symbol);
    let legs = legs(account, order, position)?;
    for (leg, quantity) in &legs {
        check_lot(account, symbol, *leg, *quantity, position)?;
        check_settled(account, state, symbol, *leg, *quantity, position)?;
    }
    let buying = legs.iter().all(|(leg, _)| leg.is_buying());
    let price = price::filled_at(account, symbol, quote, buying)?;
    let mut entries = Vec::new();
    for (leg, quantity) in legs {
        entries.extend(leg_entries(
            account,
            symbol,
            position,
            (leg, quantity),
            quote,
            price,
        )?);
    }
    entries.extend(fees(account, symbol, &entries, buying)?);
    Ok(entries)
}

fn check_quantity(account: &Account, quantity: Decimal) -> Result<(), Refusal> {
    if quantity <= Decimal::ZERO {
        return Err(Refusal::QuantityNotPositive { quantity });
    }
    let finest = Decimal::from_parts(1, 0, 0, false, QUANTITY_DECIMALS);
    let step = account.quantity_step.unwrap_or(finest);
    if is_multiple(quantity, step) {
        Ok(())
    } else {
        Err(Refusal::OffStep { quantity, step })
    }
}

/// What an order does to a position: one leg, or two where it goes through
/// nothing.
fn legs(
    account: &Account,
    order: &Order,
    position: Option<&Position>,
) -> Result<Vec<(Leg, Decimal)>, Refusal> {
    let quantity = order.quantity.normalize();
    let held = |side| match position {
        Some(position) if position.side == side => position.quantity(),
        _ => Decimal::ZERO,
    };
    let (long, short) = (held(Side::Long), held(Side::Short));
    let (first, second, there) = match order.action {
        Action::Buy | Action::Long => (Leg::Cover, Some(Leg::Buy), short),
        Action::Cover => (Leg::Cover, None, short),
        Action::Sell => (Leg::Sell, None, long),
        Action::Short => (Leg::Sell, Some(Leg::Short), long),
        Action::Hold => return Ok(Vec::new()),
    };
    let symbol = order.symbol.clone();
    if second.is_none() && there.is_zero() {
        return Err(Refusal::NoPosition { symbol });
    }
    if second.is_none() && quantity > there {
        return Err(Refusal::InsufficientShares {
            symbol,
            have: there,
            want_to_sell: quantity,
        });
    }
    let done_first = quantity.min(there);
    let rest = sub(quantity, done_first)?;
    if second == Some(Leg::Short) && !rest.is_zero() && account.shorting == Shorting::Forbidden {
        return Err(Refusal::ShortingForbidden {
            symbol,
            have: long,
            want_to_sell: quantity,
        });
    }
    let both = [(first, done_first), (second.unwrap_or(first), rest)];
    Ok(both.into_iter().filter(|(_, q)| !q.is_zero()).collect())
}

/// New quantities come in lots; old ones go in lots, or with all that is
/// beside them.
fn check_lot(
    account: &Account,
    symbol: &Symbol,
    leg: Leg,
    quantity: Decimal,
    position: Option<&Position>,
) -> Result<(), Refusal> {
    let Some(lot) = account.lot else {
        return Ok(());
    };
    let whole = is_multiple(quantity, lot);
    let leaves_whole_lots = || {
        let there = position.map_or(Decimal::ZERO, Position::quantity);
        sub(there, quantity).is_ok_and(|rest| is_multiple(rest, lot))
    };
    if whole || matches!(leg, Leg::Sell | Leg::Cover) && leaves_whole_lots() {
        return Ok(());
    }
    let beside = sub(quantity, floor_to(quantity, lot)?)?;
    Err(Refusal::OffLot {
        symbol: symbol.clone(),
        quantity: beside,
        lot,
    })
}

fn check_settled(
    account: &Account,
    state: &LedgerState,
    symbol: &Symbol,
    leg: Leg,
    quantity: Decimal,
    position: Option<&Position>,
) -> Result<(), Refusal> {
    let (Settlement::NextSession, Leg::Sell, Some(position)) = (account.settlement, leg, position)
    else {
        return Ok(());
    };
    let sellable = position.settled(state.session.date());
    if quantity <= sellable {
        return Ok(());
    }
    Err(Refusal::NotSettled {
        symbol: symbol.clone(),
        have: position.quantity(),
        sellable,
        want_to_sell: quantity,
    })
}

/// A fill, with the margin it needs or sets free.
fn leg_entries(
    account: &Account,
    symbol: &Symbol,
    position: Option<&Position>,
    (leg, quantity): (Leg, Decimal),
    quote: Quote,
    price: Decimal,
) -> Result<Vec<Entry>, Refusal> {
    let value = money(quantity, price)?;
    if value.is_zero() {
        return Err(Refusal::TooSmall {
            symbol: symbol.clone(),
            quantity,
            price,
        });
    }
    let fill = Entry::Fill {
        symbol: symbol.clone(),
        leg,
        quantity,
        quote: quote.price.normalize(),
        price,
        value,
    };
    let margin = |amount| Entry::Margin {
        symbol: symbol.clone(),
        amount,
    };
    let mut entries = match (leg, position) {
        (Leg::Short, _) => {
            let requirement = account.margin().map_or(Decimal::ONE, |(held, _)| held);
            vec![fill, margin(money(value, requirement)?)]
        }
        // Seed 001: margin goes with the average cost of what is bought back.
        (Leg::Cover, Some(short)) => {
            let freed = share(short.margin, quantity, short.quantity())?;
            vec![margin(-freed), fill]
        }
        _ => vec![fill],
    };
    entries.retain(|entry| !matches!(entry, Entry::Margin { amount, .. } if amount.is_zero()));
    Ok(entries)
}

fn fees(
    account: &Account,
    symbol: &Symbol,
    entries: &[Entry],
    buying: bool,
) -> Result<Vec<Entry>, Refusal> {
    let value = sum(entries.iter().filter_map(|entry| match entry {
        Entry::Fill { value, .. } => Some(*value),
        _ => None,
    }))?;
    let rules = &account.fees;
    let least = rules.commission_min.round_dp(rules.decimals);
    let commission = price::fee(rules, value, rules.commission_bp)?.max(least);
    let duty = if buying {
        Decimal::ZERO
    } else {
        price::fee(rules, value, rules.stamp_duty_bp)?
    };
    let transfer = price::fee(rules, value, rules.transfer_bp)?;
    let all = [
        (FeeKind::Commission, commission),
        (FeeKind::StampDuty, duty),
        (FeeKind::Transfer, transfer),
    ];
    let entries = all.into_iter().filter(|(_, amount)| !amount.is_zero());
    Ok(entries
        .map(|(fee, amount)| Entry::Fee {
            symbol: symbol.clone(),
            fee,
            amount: amount.normalize(),
        })
        .collect())
}

/// Whether the cash is there. What a short brings in does not pay for its own
/// margin; an account in debt may do what makes the debt smaller.
pub(super) fn check_cash(
    state: &LedgerState,
    symbol: &Symbol,
    entries: &[Entry],
) -> Result<(), Refusal> {
    let (mut required, mut available) = (Decimal::ZERO, state.cash);
    for entry in entries {
        match entry {
            Entry::Fill { leg, value, .. } if leg.is_buying() => required = add(required, *value)?,
            Entry::Fill {
                leg: Leg::Sell,
                value,
                ..
            } => available = add(available, *value)?,
            Entry::Margin { amount, .. } if amount.is_sign_negative() => {
                available = sub(available, *amount)?;
            }
            Entry::Fee { amount, .. } | Entry::Margin { amount, .. } => {
                required = add(required, *amount)?;
            }
            _ => {}
        }
    }
    let after = sub(available, required)?;
    if after >= Decimal::ZERO.min(state.cash) {
        return Ok(());
    }
    Err(Refusal::InsufficientCash {
        symbol: symbol.clone(),
        required_cash: required,
        cash_available: available,
    })
}
