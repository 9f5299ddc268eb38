//! A figure over repeated runs.

use serde::{Deserialize, Serialize};

use crate::stats::{mean, two_sided_t};

/// Where the mean of a figure lies, with a probability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
    /// With what probability, between 0 and 1.
    pub level: f64,
    /// Runs less one.
    pub degrees: u32,
}

/// Why there is no interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoInterval {
    /// No run has the figure.
    NoRun,
    /// One run says nothing about how far the next may lie.
    OneRun,
    /// Runs that are equal to the last digit are one run repeated: a
    /// deterministic model has no spread to draw conclusions from.
    EqualRuns,
}

/// A figure over the runs that have it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// Runs that have the figure.
    pub runs: u32,
    /// Its mean over them.
    pub mean: Option<f64>,
    /// Student's t interval around the mean: `mean ± t · s / √n`, with the
    /// sample deviation of the runs.
    pub interval: Option<Interval>,
    /// Why there is none.
    pub no_interval: Option<NoInterval>,
}

/// The mean of some runs and, from two on, Student's t interval around it.
/// `level` lies between 0 and 1: 0.95 leaves one in twenty outside.
pub fn spread(values: &[f64], level: f64) -> Spread {
    let values: Vec<f64> = values.iter().copied().filter(|v| v.is_finite()).collect();
    let centre = mean(&values);
    let found = |interval, no_interval| Spread {
        runs: values.len() as u32,
        mean: centre,
        interval,
        no_interval,
    };
    let Some(centre) = centre else {
        return found(None, Some(NoInterval::NoRun));
    };
    if values.len() == 1 {
        return found(None, Some(NoInterval::OneRun));
    }
    if values
        .iter()
        .all(|value| value.to_bits() == values[0].to_bits())
    {
        return found(None, Some(NoInterval::EqualRuns));
    }
    let degrees = (values.len() - 1) as f64;
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let error = (squares / degrees / values.len() as f64).sqrt();
    let interval = two_sided_t(1.0 - level, degrees).map(|t| Interval {
        low: centre - t * error,
        high: centre + t * error,
        level,
        degrees: values.len() as u32 - 1,
    });
    found(interval, None)
}
