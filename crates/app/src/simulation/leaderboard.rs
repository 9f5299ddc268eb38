//! Models of several simulations in one order.
//!
//! A model that took part in several runs, or several times in one, is one
//! entrant with that many runs, and its figures have intervals. Runs can stand
//! on one board only when they are about the same days, with the same money,
//! filled by the same rule.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{ModelDay, ModelLine};
use fondaco_domain::metrics::Convention;
use fondaco_domain::trade::Equity;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_engine::ranking::{Baseline, Entrant, Leaderboard, RankBy, Rules, leaderboard};
use rust_decimal::prelude::ToPrimitive;
use thiserror::Error;

use super::results::{Whole, cutoff, model_run, of_several, periods};

/// What is asked of a board.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BoardRequest {
    /// How figures are computed.
    pub convention: Convention,
    /// What ranks.
    pub rank_by: RankBy,
    /// Probability of intervals, between 0 and 1.
    pub level: f64,
}

/// Why there is no board.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BoardError {
    /// No run was named.
    #[error("no simulation to rank")]
    NoRuns,
    /// Two runs that cannot be compared.
    #[error("{one} and {other} cannot stand on one board: they differ in {what}")]
    Differs {
        /// The first run.
        one: String,
        /// The one that differs.
        other: String,
        /// In what.
        what: &'static str,
    },
    /// A probability that is none.
    #[error("an interval is of a level between 0 and 1, not {0}")]
    Level(String),
}

impl Hint for BoardError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Differs { .. } => {
                Some("rank runs of the same dates, money and execution together".to_owned())
            }
            Self::NoRuns | Self::Level(_) => None,
        }
    }
}

/// Ranks the models and baselines of some runs.
///
/// # Errors
///
/// There is no run, two differ in what makes them comparable, or the level is
/// none.
pub fn board(runs: &[Whole], request: BoardRequest) -> Result<Leaderboard, BoardError> {
    let first = runs.first().ok_or(BoardError::NoRuns)?;
    if !(request.level > 0.0 && request.level < 1.0) {
        return Err(BoardError::Level(request.level.to_string()));
    }
    for other in runs {
        if let Some(what) = difference(first, other) {
            return Err(BoardError::Differs {
                one: first.result.run.clone(),
                other: other.result.run.clone(),
                what,
            });
        }
    }
    let baselines = baselines(first);
    let rules = Rules {
        convention: request.convention,
        periods_per_year: periods(&first.shown.job),
        rank_by: request.rank_by,
        level: request.level,
        benchmark: baselines.first().map(|it| it.name.clone()),
    };
    Ok(leaderboard(&entrants(runs), &baselines, &rules))
}

/// What makes two runs no comparison.
fn difference(one: &Whole, other: &Whole) -> Option<&'static str> {
    let (one, other) = (&one.shown.job, &other.shown.job);
    if one.dates != other.dates {
        Some("their dates")
    } else if one.account != other.account {
        Some("their accounts")
    } else if one.execution != other.execution {
        Some("when their orders are filled")
    } else if one.symbols != other.symbols {
        Some("what may be traded")
    } else {
        None
    }
}

/// A model by its name and by what answers for it: one name over two models
/// would be a mean of nothing.
fn entrants(runs: &[Whole]) -> Vec<Entrant> {
    let mut entrants: BTreeMap<(String, String), Entrant> = BTreeMap::new();
    for whole in runs {
        let job = &whole.shown.job;
        for model in &job.models {
            let name = of_several(&model.name).to_owned();
            let entrant = entrants
                .entry((name.clone(), model.model.clone()))
                .or_insert_with(|| Entrant {
                    model: name,
                    cutoff: cutoff(model),
                    runs: Vec::new(),
                });
            let own: Vec<&ModelDay> = whole
                .days
                .iter()
                .filter(|day| day.model == model.name)
                .collect();
            if !own.is_empty() {
                let mut run = model_run(model, &own);
                run.run = format!("{} {}", whole.result.run, run.run);
                entrant.runs.push(run);
            }
        }
    }
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for (name, _) in entrants.keys() {
        *names.entry(name.clone()).or_default() += 1;
    }
    let named = |((name, model), entrant): ((String, String), Entrant)| {
        if names[&name] > 1 {
            Entrant {
                model: format!("{name} ({model})"),
                ..entrant
            }
        } else {
            entrant
        }
    };
    entrants.into_iter().map(named).collect()
}

/// The baselines of a run, from its result.
fn baselines(whole: &Whole) -> Vec<Baseline> {
    let start = whole.shown.job.account.initial_cash.to_f64().unwrap_or(0.0);
    let of = |line: &ModelLine| Baseline {
        name: line.name.clone(),
        start,
        equity: Equity {
            time: line.values.iter().map(|point| point.date.open()).collect(),
            value: line
                .values
                .iter()
                .map(|point| point.value.to_f64().unwrap_or(f64::NAN))
                .collect(),
            // All of its money is in its names.
            invested: line
                .values
                .iter()
                .map(|point| point.value.to_f64().unwrap_or(f64::NAN))
                .collect(),
        },
    };
    let mut all: Vec<Baseline> = whole.result.baselines.iter().map(of).collect();
    // The benchmark is the first one: that which asks for the least.
    all.sort_by_key(|it| it.name != "equal_weight");
    all
}
