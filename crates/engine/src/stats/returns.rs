//! Returns of a series of values and the ratios over them.

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::{Conventions, Deviation, Downside, FirstReturn};

use super::grid::last_of_each_day;

const YEAR: f64 = 365.0 * 86_400_000.0;

/// The last value of each UTC day that has one.
pub fn daily_values(time: &[UnixMillis], value: &[f64]) -> Vec<f64> {
    last_of_each_day(time)
        .into_iter()
        .map(|row| value[row])
        .collect()
}

/// Simple returns between values; what stands before the first value is the
/// convention's choice.
pub fn returns(start: f64, values: &[f64], first: FirstReturn) -> Vec<f64> {
    let head = match (first, values.first()) {
        (FirstReturn::None, _) | (_, None) => None,
        (FirstReturn::Zero, Some(_)) => Some(0.0),
        (FirstReturn::FromStart, Some(&value)) => Some(value / start - 1.0),
    };
    let rest = values.windows(2).map(|pair| pair[1] / pair[0] - 1.0);
    head.into_iter().chain(rest).collect()
}

/// Arithmetic mean; `None` of nothing.
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// Standard deviation; `None` with fewer values than the divisor needs.
pub(super) fn deviation(values: &[f64], kind: Deviation) -> Option<f64> {
    let mean = mean(values)?;
    let divisor = match kind {
        Deviation::Sample => values.len() - 1,
        Deviation::Population => values.len(),
    };
    let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (divisor > 0).then(|| (squares / divisor as f64).sqrt())
}

/// Deviation of returns, scaled to a year where the conventions say so.
pub fn volatility(returns: &[f64], conventions: &Conventions) -> Option<f64> {
    Some(deviation(returns, conventions.deviation)? * scale(conventions))
}

/// Mean excess return over the deviation of returns; `None` where that is zero.
pub fn sharpe(returns: &[f64], conventions: &Conventions) -> Option<f64> {
    let deviation = deviation(returns, conventions.deviation)?;
    ratio(
        mean(returns)? - conventions.risk_free,
        deviation,
        conventions,
    )
}

/// Mean excess return over the downside deviation; `None` where that is zero
/// or not defined.
pub fn sortino(returns: &[f64], conventions: &Conventions) -> Option<f64> {
    let downside = downside(returns, conventions)?;
    ratio(
        mean(returns)? - conventions.risk_free,
        downside,
        conventions,
    )
}

/// Growth per year of 365 days: `(end / start)^(year / elapsed) - 1`. -1 when
/// nothing is left; `None` without time or money to start with.
pub fn annual_growth(start: f64, end: f64, elapsed_ms: i64) -> Option<f64> {
    if start <= 0.0 || elapsed_ms <= 0 {
        return None;
    }
    if end <= 0.0 {
        return Some(-1.0);
    }
    let growth = (end / start).powf(YEAR / elapsed_ms as f64) - 1.0;
    growth.is_finite().then_some(growth)
}

/// The least-squares line of returns on a benchmark's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line {
    /// Slope.
    pub beta: f64,
    /// Intercept, per period.
    pub alpha: f64,
    /// Pearson's correlation; `None` where our returns do not vary.
    pub correlation: Option<f64>,
}

/// Fits our returns to a benchmark's of the same periods; `None` with fewer
/// than two or where the benchmark does not vary.
pub fn line(ours: &[f64], theirs: &[f64]) -> Option<Line> {
    if ours.len() != theirs.len() || ours.len() < 2 {
        return None;
    }
    let (our_mean, their_mean) = (mean(ours)?, mean(theirs)?);
    let (mut both, mut ours_squared, mut theirs_squared) = (0.0, 0.0, 0.0);
    for (our, their) in ours.iter().zip(theirs) {
        both += (our - our_mean) * (their - their_mean);
        ours_squared += (our - our_mean).powi(2);
        theirs_squared += (their - their_mean).powi(2);
    }
    if theirs_squared <= 0.0 {
        return None;
    }
    let beta = both / theirs_squared;
    Some(Line {
        beta,
        alpha: our_mean - beta * their_mean,
        correlation: (ours_squared > 0.0).then(|| both / (ours_squared * theirs_squared).sqrt()),
    })
}

fn downside(returns: &[f64], conventions: &Conventions) -> Option<f64> {
    let negatives = || -> Vec<f64> { returns.iter().copied().filter(|&r| r < 0.0).collect() };
    match conventions.downside {
        Downside::RootMeanSquare => {
            let square = |&value: &f64| (value - conventions.risk_free).min(0.0).powi(2);
            let squares: Vec<f64> = returns.iter().map(square).collect();
            mean(&squares).map(f64::sqrt)
        }
        Downside::SampleOfNegatives => deviation(&negatives(), Deviation::Sample),
        Downside::PopulationOfNegatives => deviation(&negatives(), Deviation::Population),
    }
}

fn ratio(excess: f64, deviation: f64, conventions: &Conventions) -> Option<f64> {
    (deviation > 0.0).then(|| excess / deviation * scale(conventions))
}

/// Means grow with the number of periods and deviations with its root, so both
/// a deviation and a ratio of the two scale with the root.
fn scale(conventions: &Conventions) -> f64 {
    if conventions.annualised {
        conventions.periods_per_year.sqrt()
    } else {
        1.0
    }
}
