//! How ratios over returns are computed.

use serde::{Deserialize, Serialize};

use crate::timeframe::Timeframe;

/// The choices behind volatility, Sharpe and Sortino, stated with every result
/// because published figures differ by them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Conventions {
    /// Returns in a year, for scaling: 365 for daily returns of a market that
    /// never closes, 252 for stocks.
    pub periods_per_year: f64,
    /// Whether means and deviations of returns are scaled to a year.
    pub annualised: bool,
    /// Divisor of the deviation of all returns.
    pub deviation: Deviation,
    /// What Sortino divides by.
    pub downside: Downside,
    /// Whether the first value has a return.
    pub first_return: FirstReturn,
    /// Return per period that needs no risk, subtracted in Sharpe and Sortino.
    pub risk_free: f64,
}

/// Divisor of a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deviation {
    /// `n - 1`.
    Sample,
    /// `n`.
    Population,
}

/// The denominator of Sortino.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Downside {
    /// Root of the mean over **all** returns of `min(r - risk_free, 0)²`
    /// (Sortino and Price, 1994).
    RootMeanSquare,
    /// Sample standard deviation (`n - 1`) of the negative returns alone.
    SampleOfNegatives,
    /// Population standard deviation (`n`) of the negative returns alone.
    PopulationOfNegatives,
}

/// What stands before the first value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstReturn {
    /// `n` values give `n - 1` returns.
    None,
    /// A return of zero stands first, so that `n` values give `n` returns.
    Zero,
    /// The first value is compared with the starting money.
    FromStart,
}

impl Conventions {
    /// Ours: daily returns of the marked account from the starting money on,
    /// sample deviation, root-mean-square downside, scaled to a year.
    pub fn daily(periods_per_year: f64) -> Self {
        Self {
            periods_per_year,
            annualised: true,
            deviation: Deviation::Sample,
            downside: Downside::RootMeanSquare,
            first_return: FirstReturn::FromStart,
            risk_free: 0.0,
        }
    }

    /// As [`Conventions::daily`], but where a candle is longer than a day its
    /// returns are those of the candles, and a year has that many fewer.
    pub fn for_timeframe(timeframe: Timeframe, days_per_year: f64) -> Self {
        let days = (timeframe.seconds() as f64 / 86_400.0).max(1.0);
        let calendar = 365.0 / days;
        Self::daily(if days > 1.0 { calendar } else { days_per_year })
    }
}
