//! How the ratios over returns of a result were computed.

use fondaco_domain::metrics as domain;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The choices behind volatility, Sharpe and Sortino, stated with every result
/// because published figures differ by them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
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

impl From<domain::Conventions> for Conventions {
    fn from(from: domain::Conventions) -> Self {
        Self {
            periods_per_year: from.periods_per_year,
            annualised: from.annualised,
            deviation: from.deviation.into(),
            downside: from.downside.into(),
            first_return: from.first_return.into(),
            risk_free: from.risk_free,
        }
    }
}

/// Divisor of a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deviation {
    /// `n - 1`.
    Sample,
    /// `n`.
    Population,
}

impl From<domain::Deviation> for Deviation {
    fn from(from: domain::Deviation) -> Self {
        match from {
            domain::Deviation::Sample => Self::Sample,
            domain::Deviation::Population => Self::Population,
        }
    }
}

/// The denominator of Sortino.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

impl From<domain::Downside> for Downside {
    fn from(from: domain::Downside) -> Self {
        match from {
            domain::Downside::RootMeanSquare => Self::RootMeanSquare,
            domain::Downside::SampleOfNegatives => Self::SampleOfNegatives,
            domain::Downside::PopulationOfNegatives => Self::PopulationOfNegatives,
        }
    }
}

/// What stands before the first value of a series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FirstReturn {
    /// `n` values give `n - 1` returns.
    None,
    /// A return of zero stands first, so that `n` values give `n` returns.
    Zero,
    /// The first value is compared with the starting money.
    FromStart,
}

impl From<domain::FirstReturn> for FirstReturn {
    fn from(from: domain::FirstReturn) -> Self {
        match from {
            domain::FirstReturn::None => Self::None,
            domain::FirstReturn::Zero => Self::Zero,
            domain::FirstReturn::FromStart => Self::FromStart,
        }
    }
}
