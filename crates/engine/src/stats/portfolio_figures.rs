//! Figures of a series of values, by a named convention.
//!
//! A portfolio that was not traded by a backtest (a model's days, an action
//! log, a baseline) has values at stamps and nothing else; the arithmetic is
//! that of backtests, the choices are those of a [`Convention`].

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::{Convention, Conventions, FallsFrom};
use serde::{Deserialize, Serialize};

use super::drawdown::max_drawdown;
use super::returns::{annual_growth, line, mean, returns, sharpe, sortino, volatility};

const DAY: i64 = 86_400_000;

/// Values of a portfolio, oldest first; several may share a stamp.
#[derive(Debug, Clone, Copy)]
pub struct ValueSeries<'a> {
    /// Money at the start.
    pub start: f64,
    /// When it was valued.
    pub time: &'a [UnixMillis],
    /// What it was worth.
    pub value: &'a [f64],
}

/// What was traded and held, for turnover and exposure.
#[derive(Debug, Clone, Copy)]
pub struct Traded<'a> {
    /// Sum of amount times price of all fills.
    pub volume: f64,
    /// The part of each value that was in positions.
    pub invested: &'a [f64],
}

/// Another series of the same stamps, by its name.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// Who it is.
    pub name: &'a str,
    /// Its money at the start.
    pub start: f64,
    /// Its values, at the stamps of the series.
    pub value: &'a [f64],
}

/// Figures, each by the convention named beside them. Ratios are plain numbers
/// (0.05 is 5 %); a figure that is not defined for the series is `None`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// Whose choices these are.
    pub convention: Convention,
    /// The choices themselves.
    pub conventions: Conventions,
    /// Where the first peak of the largest fall may stand.
    pub falls_from: FallsFrom,
    /// Values counted.
    pub values: usize,
    /// The first of them.
    pub first_value: f64,
    /// The last of them.
    pub final_value: f64,
    /// Last over first value minus one; over the starting money where the
    /// convention has a return of the first value.
    pub total_return: Option<f64>,
    /// Yearly growth over calendar days, both ends counted:
    /// `(1 + total_return)^(365 / days) - 1`.
    pub annualised_return: Option<f64>,
    /// Deviation of returns.
    pub volatility: Option<f64>,
    /// Mean excess return over the deviation.
    pub sharpe: Option<f64>,
    /// Mean excess return over the downside deviation.
    pub sortino: Option<f64>,
    /// `annualised_return` over the largest fall.
    pub calmar: Option<f64>,
    /// Largest fall from a peak, from 0 to 1.
    pub max_drawdown: Option<f64>,
    /// Returns above zero over all returns but those of zero.
    pub win_rate_of_periods: Option<f64>,
    /// Volume over the mean value, over the whole series.
    pub turnover: Option<f64>,
    /// Mean of the invested part of the value.
    pub exposure: Option<f64>,
    /// Name of what alpha and beta are measured against.
    pub benchmark: Option<String>,
    /// Slope of the returns on the benchmark's.
    pub beta: Option<f64>,
    /// Intercept of that line, scaled to a year where the convention scales.
    pub alpha: Option<f64>,
}

/// Computes them.
pub fn figures(
    series: ValueSeries<'_>,
    traded: Option<Traded<'_>>,
    against: Option<Against<'_>>,
    convention: Convention,
    periods_per_year: f64,
) -> Figures {
    let conventions = convention.conventions(periods_per_year);
    let (first, last) = (
        series.value.first().copied().unwrap_or(series.start),
        series.value.last().copied().unwrap_or(series.start),
    );
    let base = match convention {
        Convention::Fondaco => series.start,
        Convention::AiTrader | Convention::StockBench => first,
    };
    let steps = usable(returns(
        series.start,
        series.value,
        conventions.first_return,
    ));
    let total_return = finite(last / base - 1.0).filter(|_| base > 0.0);
    let annualised_return = total_return.and_then(|_| annual_growth(base, last, span(series.time)));
    let max_drawdown = fall(&series, convention.falls_from());
    let benchmark = against.and_then(|other| {
        let theirs = usable(returns(other.start, other.value, conventions.first_return));
        line(&steps, &theirs)
    });
    Figures {
        convention,
        conventions,
        falls_from: convention.falls_from(),
        values: series.value.len(),
        first_value: first,
        final_value: last,
        total_return,
        annualised_return,
        volatility: volatility(&steps, &conventions),
        sharpe: sharpe(&steps, &conventions),
        sortino: sortino(&steps, &conventions),
        calmar: annualised_return
            .zip(max_drawdown)
            .filter(|(_, fall)| *fall > 0.0)
            .map(|(growth, fall)| growth / fall),
        max_drawdown,
        win_rate_of_periods: win_rate(&steps),
        turnover: traded.and_then(|traded| turnover(traded, series.value)),
        exposure: traded.and_then(|traded| exposure(traded, series.value)),
        benchmark: against.map(|other| other.name.to_owned()),
        beta: benchmark.map(|line| line.beta),
        alpha: benchmark.map(|line| {
            let scale = if conventions.annualised {
                periods_per_year
            } else {
                1.0
            };
            line.alpha * scale
        }),
    }
}

/// Returns that are numbers; none at all where one is not, because a series
/// that passes through zero has no returns.
fn usable(steps: Vec<f64>) -> Vec<f64> {
    if steps.iter().all(|step| step.is_finite()) {
        steps
    } else {
        Vec::new()
    }
}

fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value)
}

/// Calendar days from the first to the last stamp, both counted.
fn span(time: &[UnixMillis]) -> i64 {
    let day = |at: &UnixMillis| at.0.div_euclid(DAY);
    match (time.first(), time.last()) {
        (Some(first), Some(last)) => (day(last) - day(first) + 1) * DAY,
        _ => 0,
    }
}

fn fall(series: &ValueSeries<'_>, from: FallsFrom) -> Option<f64> {
    let fall = match from {
        FallsFrom::Start => max_drawdown(series.start, series.value),
        FallsFrom::FirstValue => max_drawdown(*series.value.first()?, series.value),
        FallsFrom::FirstReturn => max_drawdown(*series.value.get(1)?, &series.value[1..]),
    };
    finite(fall).filter(|_| !series.value.is_empty())
}

fn win_rate(steps: &[f64]) -> Option<f64> {
    let wins = steps.iter().filter(|&&step| step > 0.0).count();
    let moves = steps.iter().filter(|&&step| step != 0.0).count();
    (moves > 0).then(|| wins as f64 / moves as f64)
}

fn turnover(traded: Traded<'_>, value: &[f64]) -> Option<f64> {
    mean(value)
        .filter(|mean| *mean > 0.0)
        .map(|mean| traded.volume / mean)
}

fn exposure(traded: Traded<'_>, value: &[f64]) -> Option<f64> {
    let parts: Vec<f64> = traded
        .invested
        .iter()
        .zip(value)
        .map(|(part, whole)| part / whole)
        .collect();
    mean(&usable(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &[f64], convention: Convention) -> Figures {
        let time: Vec<UnixMillis> = (0..value.len() as i64)
            .map(|day| UnixMillis(day * DAY))
            .collect();
        let series = ValueSeries {
            start: 100.0,
            time: &time,
            value,
        };
        figures(series, None, None, convention, 252.0)
    }

    fn near(found: Option<f64>, expected: f64) {
        let found = found.unwrap();
        assert!(
            (found - expected).abs() < 1e-12,
            "{found} is not {expected}"
        );
    }

    #[test]
    fn one_series_by_three_conventions() {
        // Returns from 100: -10 %, +20 %, -10 %, 0 %, +10 %.
        let value = [90.0, 108.0, 97.2, 97.2, 106.92];
        let ours = of(&value, Convention::Fondaco);
        near(ours.total_return, 0.0692);
        near(ours.max_drawdown, 0.1);
        near(ours.win_rate_of_periods, 0.5);
        // Mean 2 %; squares of deviations sum to 680 (in squared percent).
        near(ours.volatility, (0.068_f64 / 4.0).sqrt() * 252.0_f64.sqrt());
        near(
            ours.sharpe,
            0.02 / (0.068_f64 / 4.0).sqrt() * 252.0_f64.sqrt(),
        );
        near(
            ours.sortino,
            0.02 / (0.02_f64 / 5.0).sqrt() * 252.0_f64.sqrt(),
        );

        // Four returns from the first value on: mean 5 %; one loss alone does
        // not deviate.
        let theirs = of(&value, Convention::AiTrader);
        near(theirs.total_return, 106.92 / 90.0 - 1.0);
        near(
            theirs.volatility,
            (0.05_f64 / 4.0).sqrt() * 252.0_f64.sqrt(),
        );
        assert_eq!(theirs.sortino, None);

        // The leading zero pulls the mean down; nothing is scaled.
        let third = of(&[100.0, 90.0, 99.0, 79.2], Convention::StockBench);
        near(third.sortino, -0.05 / (0.01_f64 / 2.0).sqrt());
        near(third.max_drawdown, 0.208);
    }

    #[test]
    fn the_first_peak_is_where_the_convention_says() {
        // Falls at once from 100, then from 90: 20 %, 11.1 % and none.
        let value = [90.0, 80.0, 81.0];
        near(of(&value, Convention::Fondaco).max_drawdown, 0.2);
        near(of(&value, Convention::StockBench).max_drawdown, 1.0 / 9.0);
        near(of(&value, Convention::AiTrader).max_drawdown, 0.0);
    }

    #[test]
    fn nothing_is_made_up_where_nothing_is_defined() {
        for convention in Convention::ALL {
            let none = of(&[], convention);
            assert_eq!((none.values, none.final_value), (0, 100.0));
            let ratios = |it: &Figures| [it.volatility, it.sharpe, it.sortino];
            assert_eq!(ratios(&none), [None; 3], "{convention:?}");
            assert_eq!(none.calmar, None);
            // A series that passes through zero has no returns.
            assert_eq!(ratios(&of(&[0.0, 0.0, 5.0], convention)), [None; 3]);
        }
        // A value that never moves has no deviation to divide by.
        let still = of(&[100.0, 100.0, 100.0], Convention::AiTrader);
        assert_eq!((still.volatility, still.sharpe), (Some(0.0), None));
        assert_eq!((still.win_rate_of_periods, still.calmar), (None, None));
    }

    #[test]
    fn alpha_and_beta_name_what_they_are_against() {
        let time: Vec<UnixMillis> = (0..4).map(|day| UnixMillis(day * DAY)).collect();
        let market = [110.0, 99.0, 108.9, 98.01];
        // Twice the market's returns and one percent more each day.
        let mut ours = vec![100.0];
        for step in returns(
            100.0,
            &market,
            fondaco_domain::metrics::FirstReturn::FromStart,
        ) {
            ours.push(ours[ours.len() - 1] * (1.0 + 2.0 * step + 0.01));
        }
        let found = figures(
            ValueSeries {
                start: 100.0,
                time: &time,
                value: &ours[1..],
            },
            Some(Traded {
                volume: 300.0,
                invested: &[0.0, 0.0, 0.0, ours[4]],
            }),
            Some(Against {
                name: "all of it, equally",
                start: 100.0,
                value: &market,
            }),
            Convention::Fondaco,
            252.0,
        );
        assert_eq!(found.benchmark.as_deref(), Some("all of it, equally"));
        near(found.beta, 2.0);
        assert!((found.alpha.unwrap() - 0.01 * 252.0).abs() < 1e-9);
        near(found.exposure, 0.25);
        let mean = ours[1..].iter().sum::<f64>() / 4.0;
        near(found.turnover, 300.0 / mean);
    }
}
