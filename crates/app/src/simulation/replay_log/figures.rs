//! Figures of a log in the three conventions of what a value is.

use fondaco_domain::UnixMillis;
use fondaco_domain::ledger::Session;
use fondaco_domain::metrics::Convention;
use fondaco_engine::stats::{ValueSeries, figures};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::report::{LogFigures, RowFigures};

/// A value at a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Point {
    pub(super) at: Session,
    pub(super) value: f64,
}

impl Point {
    pub(super) fn of(at: Session, value: Decimal) -> Self {
        Self {
            at,
            // Every decimal has a nearest double.
            value: value.to_f64().unwrap_or(f64::NAN),
        }
    }
}

/// By row, by stamp and by day. Returns in a year are those of rows and those
/// of days.
pub(super) fn log_figures(points: &[Point], (rows, days): (f64, f64)) -> LogFigures {
    let stamps = last_of(points, |point| point.at);
    let each_day = last_of(points, |point| point.at.date());
    LogFigures {
        rows: row_figures(points, rows),
        last_per_timestamp: row_figures(&stamps, rows),
        per_day: row_figures(&each_day, days),
    }
}

/// The last point of each key; equal keys lie together.
fn last_of<K: PartialEq>(points: &[Point], key: impl Fn(&Point) -> K) -> Vec<Point> {
    let mut last: Vec<Point> = Vec::with_capacity(points.len());
    for point in points {
        match last.last_mut() {
            Some(before) if key(before) == key(point) => *before = *point,
            _ => last.push(*point),
        }
    }
    last
}

fn row_figures(points: &[Point], periods_per_year: f64) -> RowFigures {
    let time: Vec<UnixMillis> = points
        .iter()
        .map(|point| UnixMillis::midnight(point.at.date()))
        .collect();
    let value: Vec<f64> = points.iter().map(|point| point.value).collect();
    let series = ValueSeries {
        start: value.first().copied().unwrap_or_default(),
        time: &time,
        value: &value,
    };
    let found = figures(series, None, None, Convention::AiTrader, periods_per_year);
    let percent = |ratio: Option<f64>| ratio.map(|ratio| 100.0 * ratio);
    RowFigures {
        values: found.values,
        return_pct: percent(found.total_return),
        annualised_pct: percent(found.annualised_return),
        volatility_pct: percent(found.volatility),
        sharpe: found.sharpe,
        sortino: found.sortino,
        calmar: found.calmar,
        max_drawdown_pct: percent(found.max_drawdown).map(|fall| 0.0 - fall),
        win_rate_of_periods_pct: percent(found.win_rate_of_periods),
    }
}
