//! Indicators by name, with everything a compiler or a reader needs to know
//! about them.

use fondaco_domain::{Bars, ErrorKind, Hint};
use thiserror::Error;

use super::{
    average, candle, cycle, direction, momentum, oscillator, price, regression, trend, volatility,
    volume, window,
};

/// One indicator: its signature, its documentation and its computation.
#[derive(Debug)]
pub struct Indicator {
    /// The name in expressions: lower case, digits and underscores.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub summary: &'static str,
    /// The columns it reads, in the order [`Indicator::compute`] takes them.
    pub inputs: &'static [Input],
    /// Numbers after the series, all with defaults.
    pub params: &'static [Param],
    /// Output columns. One output has the name `value`; of several, each is
    /// reached as `.name`, and the first is meant where none is named.
    pub outputs: &'static [&'static str],
    /// Whether an output depends on every row since the start (exponential
    /// averages, accumulations) instead of a window; such values still settle
    /// after the warm-up.
    pub recursive: bool,
    /// Leading rows, on input without gaps, before every output is finite:
    /// the first usable row has this zero-based index. Takes checked params.
    pub warmup: fn(&[f64]) -> usize,
    /// Input columns in the order of `inputs` and checked params, to output
    /// columns in the order of `outputs`, all of one length.
    pub compute: Compute,
    /// What is computed, and from what start.
    pub formula: &'static str,
    /// What it was checked against.
    pub source: Source,
}

/// Input columns and checked params to output columns.
pub type Compute = fn(&[&[f64]], &[f64]) -> Vec<Vec<f64>>;

/// A column an indicator reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// A column or expression the caller writes as an argument; the word names
    /// the argument in messages.
    Series(&'static str),
    /// Open times in milliseconds since 1970, taken from the candles.
    Time,
    /// First prices, taken from the candles.
    Open,
    /// Highest prices, taken from the candles.
    High,
    /// Lowest prices, taken from the candles.
    Low,
    /// Last prices, taken from the candles.
    Close,
    /// Volumes, taken from the candles.
    Volume,
}

impl Input {
    /// Whether the caller writes it, as opposed to the candles giving it.
    pub fn is_series(self) -> bool {
        matches!(self, Self::Series(_))
    }

    /// The column of the candles; none for a series, which is the caller's,
    /// and for the time, which is not a column of doubles (see [`times`]).
    pub fn column(self, bars: &Bars) -> Option<&[f64]> {
        match self {
            Self::Series(_) | Self::Time => None,
            Self::Open => Some(bars.open()),
            Self::High => Some(bars.high()),
            Self::Low => Some(bars.low()),
            Self::Close => Some(bars.close()),
            Self::Volume => Some(bars.volume()),
        }
    }
}

/// The open times of candles as the doubles [`Input::Time`] stands for.
pub fn times(bars: &Bars) -> Vec<f64> {
    bars.time().iter().map(|time| time.0 as f64).collect()
}

/// A number an indicator takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Param {
    /// Its name in messages and documentation.
    pub name: &'static str,
    /// Taken when the caller leaves it out.
    pub default: f64,
    /// Smallest value allowed.
    pub min: f64,
    /// Largest value allowed.
    pub max: f64,
    /// Whole or real.
    pub kind: ParamKind,
}

/// Which numbers a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// Whole numbers.
    Integer,
    /// Any finite number.
    Real,
}

impl Param {
    /// A whole number of rows, from `min` to [`MAX_PERIOD`].
    pub(super) const fn period(name: &'static str, default: u32, min: u32) -> Self {
        Self::integer(name, default, min, MAX_PERIOD)
    }

    /// A whole number.
    pub(super) const fn integer(name: &'static str, default: u32, min: u32, max: u32) -> Self {
        Self {
            name,
            default: default as f64,
            min: min as f64,
            max: max as f64,
            kind: ParamKind::Integer,
        }
    }

    /// A real number.
    pub(super) const fn real(name: &'static str, default: f64, min: f64, max: f64) -> Self {
        Self {
            name,
            default,
            min,
            max,
            kind: ParamKind::Real,
        }
    }
}

/// The longest window an indicator takes, in rows.
pub const MAX_PERIOD: u32 = 100_000;

/// What an indicator was checked against, and how closely it agrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Source {
    /// The reference: a function of TA-Lib, or a computation in pandas.
    pub reference: &'static str,
    /// How close the two are on the fixtures.
    pub agreement: Agreement,
}

/// How close two computations of one indicator are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Agreement {
    /// Every double is the same.
    Exact,
    /// Within this fraction of the larger of the value and the column's
    /// median magnitude.
    Within(f64),
}

impl Source {
    /// Equal to a reference in every double.
    pub(super) const fn exact(reference: &'static str) -> Self {
        Self {
            reference,
            agreement: Agreement::Exact,
        }
    }

    /// Equal to a reference up to rounding.
    pub(super) const fn within(reference: &'static str, tolerance: f64) -> Self {
        Self {
            reference,
            agreement: Agreement::Within(tolerance),
        }
    }
}

/// Arguments an indicator does not take.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum ParamError {
    /// More numbers than parameters.
    #[error("`{indicator}` takes at most {most} numbers, not {found}")]
    TooMany {
        /// The indicator.
        indicator: &'static str,
        /// How many it takes.
        most: usize,
        /// How many were given.
        found: usize,
    },
    /// A fraction where rows are counted.
    #[error("`{param}` of `{indicator}` must be a whole number, not {value}")]
    NotInteger {
        /// The indicator.
        indicator: &'static str,
        /// Zero-based position among the numbers.
        position: usize,
        /// The parameter.
        param: &'static str,
        /// What was given.
        value: f64,
    },
    /// Too small, too large or NaN.
    #[error("`{param}` of `{indicator}` must lie from {min} to {max}, not {value}")]
    OutOfRange {
        /// The indicator.
        indicator: &'static str,
        /// Zero-based position among the numbers.
        position: usize,
        /// The parameter.
        param: &'static str,
        /// What was given.
        value: f64,
        /// Smallest value allowed.
        min: f64,
        /// Largest value allowed.
        max: f64,
    },
}

impl Hint for ParamError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        let indicator = match self {
            Self::TooMany { indicator, .. }
            | Self::NotInteger { indicator, .. }
            | Self::OutOfRange { indicator, .. } => indicator,
        };
        lookup(indicator).map(|found| format!("it is used as {}", found.signature()))
    }
}

impl Indicator {
    /// The numbers given, completed with defaults and checked.
    pub fn params(&self, given: &[f64]) -> Result<Vec<f64>, ParamError> {
        if given.len() > self.params.len() {
            return Err(ParamError::TooMany {
                indicator: self.name,
                most: self.params.len(),
                found: given.len(),
            });
        }
        let complete = self.params.iter().enumerate().map(|(position, param)| {
            let value = given.get(position).copied().unwrap_or(param.default);
            self.check(position, param, value)
        });
        complete.collect()
    }

    fn check(&self, position: usize, param: &Param, value: f64) -> Result<f64, ParamError> {
        if !(param.min..=param.max).contains(&value) {
            return Err(ParamError::OutOfRange {
                indicator: self.name,
                position,
                param: param.name,
                value,
                min: param.min,
                max: param.max,
            });
        }
        if param.kind == ParamKind::Integer && value.fract() != 0.0 {
            return Err(ParamError::NotInteger {
                indicator: self.name,
                position,
                param: param.name,
                value,
            });
        }
        Ok(value)
    }

    /// How a call is written, with the defaults: `macd(close, 12, 26, 9)`.
    pub fn signature(&self) -> String {
        let series = self.inputs.iter().filter_map(|input| match input {
            Input::Series(name) => Some((*name).to_owned()),
            _ => None,
        });
        let params = self.params.iter().map(|param| param.default.to_string());
        let arguments: Vec<String> = series.chain(params).collect();
        format!("{}({})", self.name, arguments.join(", "))
    }

    /// The position of a named output.
    pub fn output(&self, name: &str) -> Option<usize> {
        self.outputs.iter().position(|output| *output == name)
    }
}

/// All indicators, in families, in the order of the documentation.
pub static REGISTRY: &[Family] = &[
    Family {
        name: "Moving averages",
        indicators: average::INDICATORS,
    },
    Family {
        name: "Trend",
        indicators: trend::INDICATORS,
    },
    Family {
        name: "Momentum",
        indicators: momentum::INDICATORS,
    },
    Family {
        name: "Oscillators",
        indicators: oscillator::INDICATORS,
    },
    Family {
        name: "Directional movement",
        indicators: direction::INDICATORS,
    },
    Family {
        name: "Volatility and bands",
        indicators: volatility::INDICATORS,
    },
    Family {
        name: "Volume",
        indicators: volume::INDICATORS,
    },
    Family {
        name: "Regression and ranks",
        indicators: regression::INDICATORS,
    },
    Family {
        name: "Cycles",
        indicators: cycle::INDICATORS,
    },
    Family {
        name: "Windows",
        indicators: window::INDICATORS,
    },
    Family {
        name: "Prices",
        indicators: price::INDICATORS,
    },
    Family {
        name: "Candlesticks",
        indicators: candle::INDICATORS,
    },
];

/// Indicators of one kind.
#[derive(Debug)]
pub struct Family {
    /// A heading.
    pub name: &'static str,
    /// Its indicators.
    pub indicators: &'static [Indicator],
}

/// Every indicator.
pub fn all() -> impl Iterator<Item = &'static Indicator> {
    REGISTRY.iter().flat_map(|family| family.indicators)
}

/// The indicator of a name.
pub fn lookup(name: &str) -> Option<&'static Indicator> {
    all().find(|indicator| indicator.name == name)
}

/// A checked whole parameter as a count of rows.
pub(super) fn rows(value: f64) -> usize {
    value as usize
}
