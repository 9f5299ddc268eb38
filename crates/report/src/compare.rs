//! Several results side by side.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::BacktestResult;
use serde_json::json;

use crate::data::equity;
use crate::figures::{head, lines_chart};
use crate::format::{change, day, duration, number, or_nothing, percent};
use crate::html::{Text, joined, section};
use crate::page;

/// Figures of several results.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// Name of each result: strategy, version and run.
    pub names: Vec<String>,
    /// One row per figure.
    pub rows: Vec<ComparisonRow>,
    /// What was not the same for all, and therefore may explain differences.
    pub differences: Vec<String>,
}

/// One figure of every result.
#[derive(Debug, Clone, PartialEq)]
pub struct ComparisonRow {
    /// The figure.
    pub figure: &'static str,
    /// How it is written.
    pub unit: Unit,
    /// Its values, in the order of the names.
    pub values: Vec<Option<f64>>,
    /// Places of the best values; empty where there is no better or worse, or
    /// where all are the same.
    pub best: Vec<usize>,
}

/// How a figure is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A ratio that is a change: `+1.20 %`.
    Change,
    /// A ratio: `1.20 %`.
    Percent,
    /// A plain number with so many decimals.
    Number(usize),
    /// Seconds.
    Seconds,
}

impl Unit {
    /// The value as people read it.
    pub fn write(self, value: Option<f64>) -> String {
        or_nothing(value, |value| match self {
            Self::Change => change(value),
            Self::Percent => percent(value),
            Self::Number(decimals) => number(value, decimals),
            Self::Seconds => duration(value),
        })
    }
}

/// Which values of a figure are better.
#[derive(Clone, Copy)]
enum Better {
    Higher,
    Lower,
    Neither,
}

type Figure = fn(&BacktestResult) -> Option<f64>;

const FIGURES: &[(&str, Unit, Better, Figure)] = &[
    ("Return", Unit::Change, Better::Higher, |r| {
        Some(r.metrics.total_return)
    }),
    ("Beyond holding", Unit::Change, Better::Higher, |r| {
        Some(r.metrics.benchmark?.excess_return)
    }),
    ("Yearly growth", Unit::Change, Better::Higher, |r| {
        r.metrics.cagr
    }),
    ("Volatility", Unit::Percent, Better::Lower, |r| {
        r.metrics.volatility
    }),
    ("Deepest fall", Unit::Percent, Better::Lower, |r| {
        Some(r.metrics.drawdown.map_or(0.0, |fall| fall.relative))
    }),
    ("Longest below a peak", Unit::Seconds, Better::Lower, |r| {
        Some(r.metrics.longest_underwater_s as f64)
    }),
    ("Sharpe", Unit::Number(2), Better::Higher, |r| {
        r.metrics.sharpe
    }),
    ("Sortino", Unit::Number(2), Better::Higher, |r| {
        r.metrics.sortino
    }),
    ("Calmar", Unit::Number(2), Better::Higher, |r| {
        r.metrics.calmar
    }),
    ("SQN", Unit::Number(2), Better::Higher, |r| {
        r.metrics.trades.sqn
    }),
    ("Profit factor", Unit::Number(2), Better::Higher, |r| {
        r.metrics.trades.profit_factor
    }),
    ("Trades", Unit::Number(0), Better::Neither, |r| {
        Some(f64::from(r.metrics.trades.trades))
    }),
    ("Win rate", Unit::Percent, Better::Higher, |r| {
        r.metrics.trades.win_rate
    }),
    ("Mean trade", Unit::Change, Better::Higher, |r| {
        r.metrics.trades.mean
    }),
    ("Worst trade", Unit::Change, Better::Higher, |r| {
        r.metrics.trades.worst
    }),
    (
        "Mean time in a trade",
        Unit::Seconds,
        Better::Neither,
        |r| r.metrics.trades.mean_duration_s,
    ),
    ("Time in the market", Unit::Percent, Better::Neither, |r| {
        Some(r.metrics.exposure.time_in_market)
    }),
    ("Turnover, yearly", Unit::Number(1), Better::Neither, |r| {
        r.metrics.exposure.turnover_per_year
    }),
];

/// The figures of several results, in the order they are handed in.
pub fn compare(results: &[BacktestResult]) -> Comparison {
    let name = |result: &BacktestResult| {
        let strategy = &result.strategy;
        format!("{} {} ({})", strategy.name, strategy.version, result.run.id)
    };
    let row = |&(figure, unit, better, of): &(&'static str, Unit, Better, Figure)| {
        let values: Vec<Option<f64>> = results.iter().map(of).collect();
        let best = best(&values, better);
        ComparisonRow {
            figure,
            unit,
            values,
            best,
        }
    };
    Comparison {
        names: results.iter().map(name).collect(),
        rows: FIGURES.iter().map(row).collect(),
        differences: differences(results),
    }
}

/// The comparison as one HTML file, with the accounts drawn over each other
/// from a common start of one.
pub fn render_comparison(results: &[BacktestResult]) -> String {
    let comparison = compare(results);
    let series: Vec<_> = comparison
        .names
        .iter()
        .zip(results)
        .map(|(name, result)| {
            json!({
                "name": name,
                "start": result.settings.starting_balance,
                "points": equity(&result.equity),
            })
        })
        .collect();
    let data = json!({ "relative": true, "series": series });
    let title = format!("{} backtests compared", results.len());
    let header = head(
        &format!("<h1>{title}</h1>\n{}", range_line(results)),
        "Comparison",
    );
    let body = [
        differences_box(&comparison),
        lines_chart(
            "Accounts, as return since the start",
            "The accounts of all results.",
        ),
        figures_table(&comparison),
    ]
    .concat();
    page::page(&page::Page {
        title: &title,
        header: &header,
        body: &body,
        data: &data,
        scripts: page::COMPARISON_SCRIPTS,
        style: "",
    })
}

fn best(values: &[Option<f64>], better: Better) -> Vec<usize> {
    let known = || values.iter().flatten().copied();
    let target = match better {
        Better::Higher => known().reduce(f64::max),
        Better::Lower => known().reduce(f64::min),
        Better::Neither => None,
    };
    let places: Vec<usize> = (0..values.len())
        .filter(|&place| values[place].is_some() && values[place] == target)
        .collect();
    if places.len() == values.len() {
        Vec::new()
    } else {
        places
    }
}

fn differences(results: &[BacktestResult]) -> Vec<String> {
    type Aspect = (&'static str, fn(&BacktestResult) -> String);
    const ASPECTS: &[Aspect] = &[
        ("the range of the candles", |r| {
            format!("{:?}", (r.metrics.start_ms, r.metrics.end_ms))
        }),
        ("the pairs or the versions of their data", |r| {
            format!(
                "{:?}",
                r.data
                    .iter()
                    .map(|d| (&d.pair, &d.version))
                    .collect::<Vec<_>>()
            )
        }),
        ("the timeframe", |r| {
            format!("{}{:?}", r.settings.timeframe, r.settings.timeframe_detail)
        }),
        ("the profile", |r| format!("{:?}", r.settings.profile)),
        ("fees", |r| r.settings.fee.to_string()),
        ("the currency", |r| r.settings.stake_currency.clone()),
        ("the starting balance", |r| {
            r.settings.starting_balance.to_string()
        }),
        ("stakes or slots", |r| {
            format!("{:?}{:?}", r.settings.stake, r.settings.max_open_trades)
        }),
        ("how ratios are computed", |r| {
            format!("{:?}", r.metrics.conventions)
        }),
    ];
    let differs = |of: fn(&BacktestResult) -> String| {
        let mut all = results.iter().map(of);
        let first = all.next();
        all.any(|other| Some(&other) != first.as_ref())
    };
    ASPECTS
        .iter()
        .filter(|(_, of)| differs(*of))
        .map(|(name, _)| (*name).to_owned())
        .collect()
}

fn range_line(results: &[BacktestResult]) -> String {
    let start = results.iter().map(|r| r.metrics.start_ms).min();
    let end = results.iter().map(|r| r.metrics.end_ms).max();
    start.zip(end).map_or_else(String::new, |(start, end)| {
        format!(
            "<p class=\"facts\"><span>{} to {}</span></p>\n",
            day(start),
            day(end)
        )
    })
}

fn differences_box(comparison: &Comparison) -> String {
    if comparison.differences.is_empty() {
        return String::new();
    }
    let items = joined(
        comparison
            .differences
            .iter()
            .map(|difference| format!("<li>{}</li>", Text(difference))),
    );
    format!(
        "<aside class=\"warnings\" aria-label=\"Differences\"><h2>Not the same for all</h2><ul>{items}</ul></aside>\n"
    )
}

fn figures_table(comparison: &Comparison) -> String {
    let head = joined(
        comparison
            .names
            .iter()
            .map(|name| format!("<th scope=\"col\">{}</th>", Text(name))),
    );
    let mut lines = String::new();
    for row in &comparison.rows {
        let cells = joined(row.values.iter().enumerate().map(|(place, &value)| {
            let mark = if row.best.contains(&place) {
                " class=\"best\""
            } else {
                ""
            };
            format!("<td{mark}>{}</td>", row.unit.write(value))
        }));
        let _ = writeln!(
            lines,
            "<tr><th scope=\"row\">{}</th>{cells}</tr>",
            row.figure
        );
    }
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Figures\"><table class=\"compare\"><thead><tr><th scope=\"col\">Figure</th>{head}</tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n<p class=\"note\">The best of a row is set in bold.</p>\n"
    );
    section("figures", "Figures", &body)
}
