//! Portfolios that are only held, and the value of any holdings.

use fondaco_domain::trade::Equity;
use fondaco_domain::{Bars, ErrorKind, Hint, Symbol, UnixMillis};
use thiserror::Error;

use super::grid::{PairBars, grid};

/// Which price of a candle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PriceOf {
    /// The first.
    Open,
    /// The last.
    Close,
}

impl PriceOf {
    pub(crate) fn column(self, bars: &Bars) -> &[f64] {
        match self {
            Self::Open => bars.open(),
            Self::Close => bars.close(),
        }
    }
}

/// A portfolio that cannot be valued.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PortfolioError {
    /// Nothing to hold.
    #[error("there is no name to hold")]
    NoNames,
    /// A name without candles.
    #[error("{0} has no candles in the range")]
    NoCandles(Symbol),
    /// A first price that money cannot be divided by.
    #[error("{0} starts at a price that is not above zero")]
    NoPrice(Symbol),
}

impl Hint for PortfolioError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NoData
    }
}

/// A quantity of one name.
#[derive(Debug, Clone, Copy)]
pub struct Holding<'a> {
    /// Prices of the name.
    pub bars: &'a Bars,
    /// Units held, fractions allowed; negative for a debt.
    pub quantity: f64,
}

/// Cash and holdings at an instant, each at the price of its last candle not
/// after it; a name without such a candle counts nothing.
pub fn value_of(cash: f64, holdings: &[Holding<'_>], at: UnixMillis, price: PriceOf) -> f64 {
    let worth = holdings.iter().map(|holding| {
        let row = holding.bars.time().partition_point(|&time| time <= at);
        let price = row
            .checked_sub(1)
            .map_or(0.0, |row| price.column(holding.bars)[row]);
        holding.quantity * price
    });
    cash + worth.sum::<f64>()
}

/// Equal money in every name, bought at its first candle's price in fractional
/// shares without a fee and held, marked at a price of every candle of any
/// name. Before its first candle a name's share of the money is cash; where a
/// name has no candle its last price stands.
pub fn buy_and_hold(
    names: &[PairBars<'_>],
    money: f64,
    buy_at: PriceOf,
    mark_at: PriceOf,
) -> Result<Equity, PortfolioError> {
    let share = money / names.len() as f64;
    hold_shares(names, &vec![share; names.len()], buy_at, mark_at)
}

/// As [`buy_and_hold`], with a stated share of the money for each name, in
/// their order.
pub fn hold_shares(
    names: &[PairBars<'_>],
    shares: &[f64],
    buy_at: PriceOf,
    mark_at: PriceOf,
) -> Result<Equity, PortfolioError> {
    if names.is_empty() {
        return Err(PortfolioError::NoNames);
    }
    let time = grid(names);
    let mut value = vec![0.0; time.len()];
    let mut invested = vec![0.0; time.len()];
    for (name, share) in names.iter().zip(shares) {
        let (first, marks) = (
            *buy_at
                .column(name.bars)
                .first()
                .ok_or_else(|| PortfolioError::NoCandles(name.pair.clone()))?,
            mark_at.column(name.bars),
        );
        if first <= 0.0 {
            return Err(PortfolioError::NoPrice(name.pair.clone()));
        }
        let quantity = share / first;
        let mut seen = 0;
        for (stamp, at) in time.iter().enumerate() {
            while name.bars.time().get(seen).is_some_and(|time| time <= at) {
                seen += 1;
            }
            if seen == 0 {
                value[stamp] += share;
            } else {
                let worth = quantity * marks[seen - 1];
                value[stamp] += worth;
                invested[stamp] += worth;
            }
        }
    }
    Ok(Equity {
        time: time.into_owned(),
        value,
        invested,
    })
}
