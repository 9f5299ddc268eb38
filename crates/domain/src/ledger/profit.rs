//! Profit of a day and of a trade, by the formulas of the seeds.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::amount::{money, ratio, sub};
use super::{Refusal, Session, Side};

/// How the day before ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayBefore {
    /// The last session that was completed.
    pub session: Session,
    /// What the account was worth at its end, by the prices of that session.
    pub value: Decimal,
}

/// What the night made of an account: from the end of the session before to
/// the open of this one. Trades of a session never change its own profit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DayProfit {
    /// What the account is worth at the open, before it trades.
    pub starting_value: Decimal,
    /// Less what it was worth before.
    pub daily_profit: Decimal,
    /// In per cent of what it was worth before; 0 where that was not above 0.
    pub daily_return_pct: Decimal,
    /// Calendar days since the session before.
    pub days_since_last_trading: i64,
}

impl DayProfit {
    /// Seed 004, section 5.5: `value_now = previous cash + Σ quantity · open`,
    /// which is [`super::Ledger::value`] at opens once the session has begun;
    /// `daily_profit = value_now − previous value`;
    /// `daily_return_pct = 100 · daily_profit / previous value`, 0 where that
    /// is not above 0; the gap in calendar days. On the first day profit,
    /// return and gap are 0.
    pub fn new(
        before: Option<DayBefore>,
        session: Session,
        value_now: Decimal,
    ) -> Result<Self, Refusal> {
        let Some(before) = before else {
            return Ok(Self {
                starting_value: value_now,
                daily_profit: Decimal::ZERO,
                daily_return_pct: Decimal::ZERO,
                days_since_last_trading: 0,
            });
        };
        let profit = sub(value_now, before.value)?;
        let hundred = money(profit, Decimal::ONE_HUNDRED)?;
        Ok(Self {
            starting_value: value_now,
            daily_profit: profit,
            daily_return_pct: if before.value > Decimal::ZERO {
                ratio(hundred, before.value)?
            } else {
                Decimal::ZERO
            },
            days_since_last_trading: session.days_since(before.session),
        })
    }
}

/// Profit of a trade on the day it was made, seed 001, section 2.6: of a long
/// `(close − entry) · quantity`, of a short `(entry − close) · quantity`.
pub fn trade_profit(
    side: Side,
    entry: Decimal,
    close: Decimal,
    quantity: Decimal,
) -> Result<Decimal, Refusal> {
    let gained = match side {
        Side::Long => sub(close, entry)?,
        Side::Short => sub(entry, close)?,
    };
    money(gained, quantity)
}
