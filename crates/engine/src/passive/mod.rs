//! Portfolios that need no opinion: what a trader is measured against.
//!
//! Each is bought at the open of its first stamp in fractional shares without
//! a fee, and marked at the open or the close of every stamp; where a name has
//! no candle its last price stands. Money is that of the caller, and the same
//! money gives the same shape: [`equal_weight`], [`market_cap_weight`],
//! [`momentum`], [`hold`].

mod momentum;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use fondaco_domain::time::TimeRange;
use fondaco_domain::trade::Equity;
use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, UnixMillis};
use thiserror::Error;

pub use momentum::{MomentumRules, Rebalance, momentum};

use crate::stats::{PairBars, PortfolioError, PriceOf, hold_shares};

/// A baseline that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PassiveError {
    /// Its names cannot be held.
    #[error(transparent)]
    Portfolio(#[from] PortfolioError),
    /// A weight by size needs a size.
    #[error("the market capitalisation of {0} is not known")]
    NoCap(Symbol),
    /// A size that is none.
    #[error("the market capitalisation of {symbol} is {cap}, which is not above zero")]
    BadCap {
        /// The name.
        symbol: Symbol,
        /// As stated.
        cap: String,
    },
    /// The name to hold is not among those with prices.
    #[error("{0} has no prices")]
    Unknown(Symbol),
}

impl Hint for PassiveError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Portfolio(error) => error.kind(),
            Self::NoCap(_) | Self::Unknown(_) => ErrorKind::NoData,
            Self::BadCap { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Portfolio(error) => error.hint(),
            Self::NoCap(_) => {
                Some("state it, or leave out the names whose size is not known".to_owned())
            }
            Self::BadCap { .. } | Self::Unknown(_) => None,
        }
    }
}

/// What becomes of a name whose size is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingCap {
    /// There is no portfolio.
    Refuse,
    /// It is not held, and is told in [`CapWeighted::left_out`].
    LeaveOut,
}

/// A portfolio weighted by size.
#[derive(Debug, Clone, PartialEq)]
pub struct CapWeighted {
    /// Its values.
    pub equity: Equity,
    /// The part of the money in each name, at the start.
    pub weights: BTreeMap<Symbol, f64>,
    /// Names without a known size.
    pub left_out: Vec<Symbol>,
}

/// Equal money in every name.
///
/// # Errors
///
/// There is no name, one has no candles in the range, or one starts at a price
/// that is not above zero.
pub fn equal_weight(
    names: &[PairBars<'_>],
    range: TimeRange,
    money: f64,
    mark_at: PriceOf,
) -> Result<Equity, PassiveError> {
    let share = money / names.len() as f64;
    held(names, &vec![share; names.len()], range, mark_at)
}

/// Money by market capitalisation at the start, never rebalanced.
///
/// # Errors
///
/// As [`equal_weight`]; a size that is not known, unless such names are left
/// out; a size that is not above zero.
pub fn market_cap_weight(
    names: &[PairBars<'_>],
    caps: &BTreeMap<Symbol, f64>,
    missing: MissingCap,
    range: TimeRange,
    money: f64,
    mark_at: PriceOf,
) -> Result<CapWeighted, PassiveError> {
    let mut sized = Vec::with_capacity(names.len());
    let mut left_out = Vec::new();
    for name in names {
        match caps.get(name.pair) {
            Some(&cap) if cap.is_finite() && cap > 0.0 => sized.push((*name, cap)),
            Some(cap) => {
                return Err(PassiveError::BadCap {
                    symbol: name.pair.clone(),
                    cap: cap.to_string(),
                });
            }
            None if missing == MissingCap::LeaveOut => left_out.push(name.pair.clone()),
            None => return Err(PassiveError::NoCap(name.pair.clone())),
        }
    }
    let total: f64 = sized.iter().map(|(_, cap)| cap).sum();
    let shares: Vec<f64> = sized.iter().map(|(_, cap)| money * cap / total).collect();
    let kept: Vec<PairBars<'_>> = sized.iter().map(|(name, _)| *name).collect();
    Ok(CapWeighted {
        equity: held(&kept, &shares, range, mark_at)?,
        weights: sized
            .iter()
            .map(|(name, cap)| (name.pair.clone(), cap / total))
            .collect(),
        left_out,
    })
}

/// All money in one name.
///
/// # Errors
///
/// As [`equal_weight`]; the name is not among those with prices.
pub fn hold(
    names: &[PairBars<'_>],
    symbol: &Symbol,
    range: TimeRange,
    money: f64,
    mark_at: PriceOf,
) -> Result<Equity, PassiveError> {
    let name = names
        .iter()
        .find(|name| name.pair == symbol)
        .ok_or_else(|| PassiveError::Unknown(symbol.clone()))?;
    held(&[*name], &[money], range, mark_at)
}

/// The values of another portfolio at stated stamps: its last value not after
/// each, its starting money before its first.
pub fn at_stamps(equity: &Equity, money: f64, stamps: &[UnixMillis]) -> Vec<f64> {
    stamps
        .iter()
        .map(|&at| {
            let seen = equity.time.partition_point(|&time| time <= at);
            seen.checked_sub(1).map_or(money, |row| equity.value[row])
        })
        .collect()
}

/// Stated money in each name, from the range on.
fn held(
    names: &[PairBars<'_>],
    shares: &[f64],
    range: TimeRange,
    mark_at: PriceOf,
) -> Result<Equity, PassiveError> {
    let inside: Vec<Bars> = names
        .iter()
        .map(|name| name.bars.slice(name.bars.rows_in(range)))
        .collect();
    let names: Vec<PairBars<'_>> = names
        .iter()
        .zip(&inside)
        .map(|(name, bars)| PairBars {
            pair: name.pair,
            bars,
        })
        .collect();
    Ok(hold_shares(&names, shares, PriceOf::Open, mark_at)?)
}
