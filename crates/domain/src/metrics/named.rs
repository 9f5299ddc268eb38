//! Conventions that have a name.

use serde::{Deserialize, Serialize};

use super::{Conventions, Deviation, Downside, FirstReturn};

/// A way to compute figures that others can be told by its name. Published
/// figures differ by it, so no figure leaves without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Convention {
    /// Ours, as of backtests: returns from the starting money on, sample
    /// deviation, root-mean-square downside, scaled to a year, falls from the
    /// starting money on.
    Fondaco,
    /// The AI-Trader benchmark's: returns between values, population
    /// deviation of all and of the negative ones, scaled to a year, falls of
    /// the compounded returns.
    AiTrader,
    /// The `StockBench` benchmark's: a leading return of zero, sample
    /// deviation of all and of the negative ones, not scaled, falls from the
    /// first value on.
    #[serde(rename = "stockbench")]
    StockBench,
}

/// Where the first peak of a series stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FallsFrom {
    /// The starting money is a peak.
    Start,
    /// The first value is a peak.
    FirstValue,
    /// The second value is the first peak: falls are those of the compounded
    /// returns between values, of which the first ends there.
    FirstReturn,
}

impl Convention {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fondaco, Self::AiTrader, Self::StockBench];

    /// The name in documents and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fondaco => "fondaco",
            Self::AiTrader => "ai-trader",
            Self::StockBench => "stockbench",
        }
    }

    /// The choices behind the name.
    pub fn conventions(self, periods_per_year: f64) -> Conventions {
        let ours = Conventions::daily(periods_per_year);
        match self {
            Self::Fondaco => ours,
            Self::AiTrader => Conventions {
                deviation: Deviation::Population,
                downside: Downside::PopulationOfNegatives,
                first_return: FirstReturn::None,
                ..ours
            },
            Self::StockBench => Conventions {
                annualised: false,
                downside: Downside::SampleOfNegatives,
                first_return: FirstReturn::Zero,
                ..ours
            },
        }
    }

    /// Where its first peak stands.
    pub fn falls_from(self) -> FallsFrom {
        match self {
            Self::Fondaco => FallsFrom::Start,
            Self::AiTrader => FallsFrom::FirstReturn,
            Self::StockBench => FallsFrom::FirstValue,
        }
    }

    /// One line for people.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Fondaco => {
                "returns from the starting money, sample deviation, Sortino over the root mean \
                 square of falls, scaled to a year, no risk-free rate"
            }
            Self::AiTrader => {
                "returns between values, population deviation, Sortino over the population \
                 deviation of negative returns, scaled to a year, no risk-free rate"
            }
            Self::StockBench => {
                "a leading return of zero, sample deviation, Sortino over the sample deviation of \
                 negative returns, not scaled to a year, no risk-free rate"
            }
        }
    }
}
