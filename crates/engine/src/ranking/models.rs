//! Models beside baselines.

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::Convention;
use serde::{Deserialize, Serialize};

use super::interval::{Spread, spread};
use crate::passive::at_stamps;
use crate::stats::{Against, Figures, Traded, ValueSeries, figures};
use fondaco_domain::trade::Equity;

/// The days that are judged: first and last stamp of any value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first.
    pub first: UnixMillis,
    /// The last.
    pub last: UnixMillis,
}

/// Until when a model's training data reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cutoff {
    /// Until the end of the day of this instant.
    Stated(UnixMillis),
    /// The model has no training data: it is a rule.
    NotTrained,
    /// Nobody said.
    Unknown,
}

/// Whether a model can have read about the window in its training data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CutoffVerdict {
    /// The cut-off is before the window.
    BeforeWindow,
    /// It is not: the model may know what happened.
    NotBeforeWindow,
    /// It is not known, so neither is this.
    Unknown,
    /// There is nothing to cut off.
    NotTrained,
}

impl Cutoff {
    /// The rule: the day of the cut-off lies before the day of the first
    /// value.
    pub fn against(self, window: Window) -> CutoffVerdict {
        match self {
            Self::Stated(at) if at.date() < window.first.date() => CutoffVerdict::BeforeWindow,
            Self::Stated(_) => CutoffVerdict::NotBeforeWindow,
            Self::NotTrained => CutoffVerdict::NotTrained,
            Self::Unknown => CutoffVerdict::Unknown,
        }
    }
}

/// What calls to a model cost.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Paid {
    /// In US dollars; `None` where a price is not known.
    pub usd: Option<f64>,
    /// Tokens read, cached ones among them.
    pub input_tokens: u64,
    /// Tokens written.
    pub output_tokens: u64,
}

/// One run of a model over the window.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelRun {
    /// Its name.
    pub run: String,
    /// Money at the start.
    pub start: f64,
    /// Its values.
    pub equity: Equity,
    /// Sum of amount times price of all fills.
    pub volume: f64,
    /// What its calls cost; `None` where nothing was recorded.
    pub paid: Option<Paid>,
}

/// A model with its runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Entrant {
    /// Its name.
    pub model: String,
    /// Until when it was trained.
    pub cutoff: Cutoff,
    /// Its runs; a model without any ranks last.
    pub runs: Vec<ModelRun>,
}

/// A portfolio to stand beside the models.
#[derive(Debug, Clone, PartialEq)]
pub struct Baseline {
    /// Its name.
    pub name: String,
    /// Money at the start.
    pub start: f64,
    /// Its values.
    pub equity: Equity,
}

/// The figure that ranks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RankBy {
    /// Total return.
    #[default]
    Return,
    /// Sharpe ratio.
    Sharpe,
    /// Sortino ratio.
    Sortino,
    /// Calmar ratio.
    Calmar,
}

/// A model or a baseline among the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ModelRow {
    /// Place, from 1; equal figures share one. `None` without the figure.
    pub rank: Option<u32>,
    /// Its name.
    pub name: String,
    /// Whether it is a baseline.
    pub baseline: bool,
    /// Whether it may know the window from its training; `None` for a
    /// baseline.
    pub cutoff: Option<CutoffVerdict>,
    /// Over its runs.
    pub total_return: Spread,
    /// Over its runs.
    pub annualised_return: Spread,
    /// Over its runs.
    pub volatility: Spread,
    /// Over its runs.
    pub sharpe: Spread,
    /// Over its runs.
    pub sortino: Spread,
    /// Over its runs.
    pub calmar: Spread,
    /// Over its runs.
    pub max_drawdown: Spread,
    /// Of periods, over its runs.
    pub win_rate: Spread,
    /// Over its runs.
    pub turnover: Spread,
    /// Over its runs.
    pub exposure: Spread,
    /// Against the named benchmark, over its runs.
    pub alpha: Spread,
    /// Against the named benchmark, over its runs.
    pub beta: Spread,
    /// Return less that of the benchmark, over its runs.
    pub excess_return: Spread,
    /// Dollars of all its runs; `None` where those of one are not known.
    pub cost_usd: Option<f64>,
    /// Tokens of all its runs, read and written; `None` where those of one are
    /// not known.
    pub tokens: Option<u64>,
    /// Profit of all its runs per dollar spent on calls.
    pub profit_per_usd: Option<f64>,
    /// Its runs by their names, with their own figures.
    pub runs: Vec<(String, Figures)>,
}

/// All of them, best first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Leaderboard {
    /// The days judged; `None` when nobody has a value.
    pub window: Option<Window>,
    /// How figures are computed.
    pub convention: Convention,
    /// Returns in a year.
    pub periods_per_year: f64,
    /// What ranks.
    pub rank_by: RankBy,
    /// Probability of intervals.
    pub level: f64,
    /// The baseline alpha, beta and excess return are measured against.
    pub benchmark: Option<String>,
    /// Rows, best first; those without the figure last, by name.
    pub rows: Vec<ModelRow>,
}

/// How a leaderboard is made.
#[derive(Debug, Clone, PartialEq)]
pub struct Rules {
    /// How figures are computed.
    pub convention: Convention,
    /// Returns in a year.
    pub periods_per_year: f64,
    /// What ranks.
    pub rank_by: RankBy,
    /// Probability of intervals.
    pub level: f64,
    /// The name of the baseline to measure against.
    pub benchmark: Option<String>,
}

impl Default for Rules {
    /// Ours, daily stocks, by return, 95 %.
    fn default() -> Self {
        Self {
            convention: Convention::Fondaco,
            periods_per_year: 252.0,
            rank_by: RankBy::Return,
            level: 0.95,
            benchmark: None,
        }
    }
}

/// Ranks models and baselines by the mean of a figure over their runs.
pub fn leaderboard(entrants: &[Entrant], baselines: &[Baseline], rules: &Rules) -> Leaderboard {
    let window = window(entrants);
    let benchmark = rules
        .benchmark
        .as_ref()
        .and_then(|name| baselines.iter().find(|it| it.name == *name));
    let judge = Judge { rules, benchmark };
    let models = entrants.iter().map(|entrant| ModelRow {
        cutoff: Some(window.map_or(CutoffVerdict::Unknown, |window| {
            entrant.cutoff.against(window)
        })),
        ..judge.row(&entrant.model, &entrant.runs)
    });
    let passive = baselines.iter().map(|baseline| {
        let run = ModelRun {
            run: baseline.name.clone(),
            start: baseline.start,
            equity: baseline.equity.clone(),
            volume: baseline.start,
            paid: None,
        };
        ModelRow {
            baseline: true,
            ..judge.row(&baseline.name, std::slice::from_ref(&run))
        }
    });
    let mut rows: Vec<ModelRow> = models.chain(passive).collect();
    place(&mut rows, rules.rank_by);
    Leaderboard {
        window,
        convention: rules.convention,
        periods_per_year: rules.periods_per_year,
        rank_by: rules.rank_by,
        level: rules.level,
        benchmark: benchmark.map(|it| it.name.clone()),
        rows,
    }
}

/// From the first to the last value of any model.
fn window(entrants: &[Entrant]) -> Option<Window> {
    let runs = || entrants.iter().flat_map(|entrant| &entrant.runs);
    Some(Window {
        first: runs()
            .filter_map(|run| run.equity.time.first())
            .min()
            .copied()?,
        last: runs()
            .filter_map(|run| run.equity.time.last())
            .max()
            .copied()?,
    })
}

/// Best first; equal figures share a place, and what has none comes last.
fn place(rows: &mut [ModelRow], by: RankBy) {
    rows.sort_by(|left, right| {
        match (figure(left, by), figure(right, by)) {
            (Some(left), Some(right)) => right.total_cmp(&left),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => std::cmp::Ordering::Equal,
        }
        .then_with(|| left.name.cmp(&right.name))
    });
    let mut before: Option<(f64, u32)> = None;
    for (row, place) in rows.iter_mut().zip(1_u32..) {
        let Some(value) = figure(row, by) else {
            continue;
        };
        let rank = match before {
            Some((other, rank)) if other.total_cmp(&value).is_eq() => rank,
            _ => place,
        };
        row.rank = Some(rank);
        before = Some((value, rank));
    }
}

fn figure(row: &ModelRow, by: RankBy) -> Option<f64> {
    match by {
        RankBy::Return => row.total_return.mean,
        RankBy::Sharpe => row.sharpe.mean,
        RankBy::Sortino => row.sortino.mean,
        RankBy::Calmar => row.calmar.mean,
    }
}

struct Judge<'a> {
    rules: &'a Rules,
    benchmark: Option<&'a Baseline>,
}

impl Judge<'_> {
    fn row(&self, name: &str, runs: &[ModelRun]) -> ModelRow {
        let figures: Vec<(String, Figures)> = runs
            .iter()
            .map(|run| (run.run.clone(), self.figures(run)))
            .collect();
        let over = |of: fn(&Figures) -> Option<f64>| {
            let values: Vec<f64> = figures.iter().filter_map(|(_, it)| of(it)).collect();
            spread(&values, self.rules.level)
        };
        let cost_usd = all(runs, |paid| paid.usd).map(|all| all.iter().sum());
        let profit: f64 = runs
            .iter()
            .filter_map(|run| Some(run.equity.value.last()? - run.start))
            .sum();
        ModelRow {
            rank: None,
            name: name.to_owned(),
            baseline: false,
            cutoff: None,
            total_return: over(|it| it.total_return),
            annualised_return: over(|it| it.annualised_return),
            volatility: over(|it| it.volatility),
            sharpe: over(|it| it.sharpe),
            sortino: over(|it| it.sortino),
            calmar: over(|it| it.calmar),
            max_drawdown: over(|it| it.max_drawdown),
            win_rate: over(|it| it.win_rate_of_periods),
            turnover: over(|it| it.turnover),
            exposure: over(|it| it.exposure),
            alpha: over(|it| it.alpha),
            beta: over(|it| it.beta),
            excess_return: self.excess(runs, &figures),
            cost_usd,
            tokens: all(runs, |paid| Some(paid.input_tokens + paid.output_tokens))
                .map(|all| all.iter().sum()),
            profit_per_usd: cost_usd
                .filter(|cost| *cost > 0.0)
                .map(|cost| profit / cost),
            runs: figures,
        }
    }

    fn figures(&self, run: &ModelRun) -> Figures {
        let held = self
            .benchmark
            .map(|it| (it, at_stamps(&it.equity, it.start, &run.equity.time)));
        figures(
            ValueSeries {
                start: run.start,
                time: &run.equity.time,
                value: &run.equity.value,
            },
            Some(Traded {
                volume: run.volume,
                invested: &run.equity.invested,
            }),
            held.as_ref().map(|(baseline, value)| Against {
                name: &baseline.name,
                start: baseline.start,
                value,
            }),
            self.rules.convention,
            self.rules.periods_per_year,
        )
    }

    /// Return less that of holding the benchmark to the same last stamp.
    fn excess(&self, runs: &[ModelRun], figures: &[(String, Figures)]) -> Spread {
        let one = |(run, (_, figures)): (&ModelRun, &(String, Figures))| {
            let benchmark = self.benchmark?;
            let held = at_stamps(&benchmark.equity, benchmark.start, &run.equity.time);
            Some(figures.total_return? - (held.last()? / benchmark.start - 1.0))
        };
        let values: Vec<f64> = runs.iter().zip(figures).filter_map(one).collect();
        spread(&values, self.rules.level)
    }
}

/// A part of what every run paid; nothing where one run lacks it, or there is
/// no run.
fn all<T>(runs: &[ModelRun], part: impl Fn(&Paid) -> Option<T>) -> Option<Vec<T>> {
    let all: Option<Vec<T>> = runs
        .iter()
        .map(|run| run.paid.as_ref().and_then(&part))
        .collect();
    all.filter(|all| !all.is_empty())
}
