//! What came of a simulation, as its published form.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{
    ActionKind, ActionState, ModelDay, ModelLine, SIMULATION_RESULT, SimDate, SimulationJob,
    SimulationModel, SimulationResult, ValuePoint,
};
use fondaco_domain::trade::Equity;
use fondaco_domain::{RunId, Timeframe, UnixMillis};
use fondaco_engine::ranking::{
    self, Cutoff, CutoffVerdict, Entrant, Leaderboard, ModelRun, Paid, Rules,
};
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};

use super::baselines::{Baselines, baselines};
use super::market::{Market, MarketError};
use super::shown::{ShowError, Shown, Simulations, status_of};
use crate::ports::Failure;
use crate::ports::research::ResearchStore;
use crate::tools::candles::Candles;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

/// Why there is no result.
#[derive(Debug, Error)]
pub enum ResultError {
    /// The run cannot be shown.
    #[error(transparent)]
    Show(#[from] ShowError),
    /// Its prices cannot be had.
    #[error(transparent)]
    Market(#[from] MarketError),
    /// Filings cannot be read.
    #[error("cannot read the filings that sizes are in")]
    Research(#[source] Failure),
}

impl Hint for ResultError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Show(error) => error.kind(),
            Self::Market(error) => error.kind(),
            Self::Research(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Show(error) => error.hint(),
            Self::Market(error) => error.hint(),
            Self::Research(error) => error.hint(),
        }
    }
}

/// A result with what it rests on.
#[derive(Debug, Clone)]
pub struct Whole {
    /// As it is published.
    pub result: SimulationResult,
    /// Models and baselines, ranked.
    pub board: Leaderboard,
    /// The documents of all days that completed.
    pub days: Vec<ModelDay>,
    /// How the run stands.
    pub shown: Shown,
}

/// What a result is made from, beside the run.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Prices.
    pub candles: &'a dyn Candles,
    /// Filings.
    pub research: &'a dyn ResearchStore,
}

impl Simulations<'_> {
    /// What came of a run so far.
    pub fn result(&self, id: RunId, sources: Sources<'_>) -> Result<Whole, ResultError> {
        let shown = self.show(id)?;
        let days = self.documents(id)?;
        let lines = self.days(id, None, usize::MAX)?.days;
        let market = self.market_of(&shown, sources.candles)?;
        let mut steps: Vec<SimDate> = days.iter().map(|day| day.date).collect();
        steps.sort_unstable();
        steps.dedup();
        let passive = baselines(&shown.job, &market, sources.research, &steps)
            .map_err(ResultError::Research)?;
        let board = board(&shown.job, &days, &passive);
        let mut warnings = shown.warnings.clone();
        warnings.extend(passive.missing.iter().cloned());
        let result = SimulationResult {
            contract: SIMULATION_RESULT.to_owned(),
            run: id.to_string(),
            status: status_of(&shown.run, &shown.job, &shown.progress).to_owned(),
            progress: shown.progress,
            warnings,
            execution: shown.job.execution.as_str().to_owned(),
            models: ranked(&board, models(&shown.job, &days)),
            baselines: ranked(&board, passive_lines(&passive)),
            days: lines,
        };
        Ok(Whole {
            result,
            board,
            days,
            shown,
        })
    }

    fn market_of(&self, shown: &Shown, candles: &dyn Candles) -> Result<Market, ResultError> {
        let priced = self.priced(&shown.run, &shown.job)?;
        let data = shown.job.data.as_ref();
        let pinned = || data.map(|data| data.candles.clone()).unwrap_or_default();
        let pinned = priced.map_or_else(pinned, |priced| priced.candles);
        let timeframe = data.map_or(Timeframe::DAY, |data| data.timeframe);
        Ok(Market::open(candles, &pinned, timeframe)?)
    }
}

/// Models and baselines, ranked by return.
fn board(job: &SimulationJob, days: &[ModelDay], passive: &Baselines) -> Leaderboard {
    let start = job.account.initial_cash.to_f64().unwrap_or(0.0);
    let mut entrants: BTreeMap<String, Entrant> = BTreeMap::new();
    for model in &job.models {
        let entrant = entrants
            .entry(of_several(&model.name).to_owned())
            .or_insert_with(|| Entrant {
                model: of_several(&model.name).to_owned(),
                cutoff: cutoff(model),
                runs: Vec::new(),
            });
        let own: Vec<&ModelDay> = days.iter().filter(|day| day.model == model.name).collect();
        if !own.is_empty() {
            entrant.runs.push(model_run(model, &own));
        }
    }
    let entrants: Vec<Entrant> = entrants.into_values().collect();
    let baselines: Vec<ranking::Baseline> = passive
        .all
        .iter()
        .map(|baseline| ranking::Baseline {
            name: baseline.name.clone(),
            start,
            equity: baseline.equity.clone(),
        })
        .collect();
    let rules = Rules {
        periods_per_year: periods(job),
        benchmark: passive.all.first().map(|baseline| baseline.name.clone()),
        ..Rules::default()
    };
    ranking::leaderboard(&entrants, &baselines, &rules)
}

/// The name that repeats of a model share: `rules` of `rules#2`.
pub(super) fn of_several(name: &str) -> &str {
    match name.rsplit_once('#') {
        Some((model, no)) if no.bytes().all(|byte| byte.is_ascii_digit()) => model,
        _ => name,
    }
}

pub(super) fn model_run(model: &SimulationModel, days: &[&ModelDay]) -> ModelRun {
    // What there was before the first day of the run.
    let before = |day: &&ModelDay| (day.start.value - day.figures.profit).to_f64();
    let start = days.first().and_then(before).unwrap_or(f64::NAN);
    let value = |day: &&ModelDay| day.end.value.to_f64().unwrap_or(f64::NAN);
    let (input, output) = days.iter().fold((0, 0), |(input, output), day| {
        let tokens = day.session.tokens;
        (input + tokens.input, output + tokens.output)
    });
    let cost: i64 = days.iter().map(|day| day.session.cost_nano).sum();
    ModelRun {
        run: model.name.clone(),
        start,
        equity: Equity {
            time: days.iter().map(|day| day.date.open()).collect(),
            value: days.iter().map(value).collect(),
            invested: days.iter().map(|day| invested(day)).collect(),
        },
        volume: days.iter().map(|day| volume(day)).sum(),
        paid: Some(Paid {
            usd: Some(cost as f64 / 1e9),
            input_tokens: input,
            output_tokens: output,
        }),
    }
}

/// The part of the value that is in positions.
fn invested(day: &ModelDay) -> f64 {
    let liquid = day.end.cash + day.end.margin;
    (day.end.value - liquid).to_f64().unwrap_or(0.0)
}

fn volume(day: &ModelDay) -> f64 {
    let filled = day.actions.iter().filter_map(|action| match &action.state {
        ActionState::Filled { price, .. } => price.checked_mul(action.quantity)?.to_f64(),
        _ => None,
    });
    filled.sum()
}

/// A rule learnt from nothing; of others it is as they say.
pub(super) fn cutoff(model: &SimulationModel) -> Cutoff {
    match model.training_cutoff {
        Some(day) => Cutoff::Stated(UnixMillis::midnight(day)),
        None if model.model.starts_with("fondaco/") => Cutoff::NotTrained,
        None => Cutoff::Unknown,
    }
}

/// Steps of a year.
pub(super) fn periods(job: &SimulationJob) -> f64 {
    use fondaco_contract::v1alpha1::simulation::MarketName;
    let days: f64 = match job.account.market {
        MarketName::UsEquity => 252.0,
        MarketName::AShare => 242.0,
        MarketName::Crypto => 365.0,
    };
    let mut per_day: BTreeMap<jiff::civil::Date, u32> = BTreeMap::new();
    for date in &job.dates {
        *per_day.entry(date.day()).or_default() += 1;
    }
    let most = per_day.values().max().copied().unwrap_or(1);
    days * f64::from(most)
}

fn models(job: &SimulationJob, days: &[ModelDay]) -> Vec<ModelLine> {
    let first = days.iter().map(|day| day.date).min();
    let line = |model: &SimulationModel| {
        let own: Vec<&ModelDay> = days.iter().filter(|day| day.model == model.name).collect();
        let window = first.map(|first| ranking::Window {
            first: first.open(),
            last: first.open(),
        });
        let verdict = window.map_or(CutoffVerdict::Unknown, |window| {
            cutoff(model).against(window)
        });
        let filled = own.iter().flat_map(|day| &day.actions).filter(|action| {
            action.kind != ActionKind::Hold && matches!(action.state, ActionState::Filled { .. })
        });
        ModelLine {
            name: model.name.clone(),
            model: Some(model.model.clone()),
            values: own
                .iter()
                .map(|day| ValuePoint {
                    date: day.date,
                    value: day.end.value,
                })
                .collect(),
            return_pct: None,
            max_drawdown_pct: None,
            sharpe_annualised: None,
            trades: filled.count() as u64,
            costs: own.iter().map(|day| day.figures.costs).sum(),
            calls: own.iter().map(|day| u64::from(day.session.calls)).sum(),
            tokens: own
                .iter()
                .map(|day| day.session.tokens.input + day.session.tokens.output)
                .sum(),
            cost_nano: own.iter().map(|day| day.session.cost_nano).sum(),
            training_cutoff: Some(verdict_word(verdict).to_owned()),
        }
    };
    job.models.iter().map(line).collect()
}

fn verdict_word(verdict: CutoffVerdict) -> &'static str {
    match verdict {
        CutoffVerdict::BeforeWindow => "before_window",
        CutoffVerdict::NotBeforeWindow => "not_before_window",
        CutoffVerdict::Unknown => "unknown",
        CutoffVerdict::NotTrained => "not_trained",
    }
}

fn passive_lines(passive: &Baselines) -> Vec<ModelLine> {
    let line = |baseline: &super::baselines::Baseline| {
        let points = baseline.equity.time.iter().zip(&baseline.equity.value);
        let daily = baseline
            .equity
            .time
            .iter()
            .all(|time| time.0 % 86_400_000 == 0);
        ModelLine {
            name: baseline.name.clone(),
            model: None,
            values: points
                .filter_map(|(time, value)| {
                    Some(ValuePoint {
                        date: SimDate::at(*time, daily)?,
                        value: Decimal::from_f64(*value)?.round_dp(6).normalize(),
                    })
                })
                .collect(),
            return_pct: None,
            max_drawdown_pct: None,
            sharpe_annualised: None,
            trades: 0,
            costs: Decimal::ZERO,
            calls: 0,
            tokens: 0,
            cost_nano: 0,
            training_cutoff: None,
        }
    };
    passive.all.iter().map(line).collect()
}

/// Lines with the figures of the board, best first.
fn ranked(board: &Leaderboard, mut lines: Vec<ModelLine>) -> Vec<ModelLine> {
    let of_run = |name: &str| {
        let mut runs = board.rows.iter().flat_map(|row| &row.runs);
        runs.find(|(run, _)| run == name)
            .map(|(_, figures)| figures)
    };
    for line in &mut lines {
        if let Some(figures) = of_run(&line.name) {
            line.return_pct = figures.total_return.map(|it| it * 100.0);
            line.max_drawdown_pct = figures.max_drawdown.map(|it| -it * 100.0);
            line.sharpe_annualised = figures.sharpe;
        }
    }
    lines.sort_by(|one, other| {
        let key = |line: &ModelLine| line.return_pct.unwrap_or(f64::NEG_INFINITY);
        key(other)
            .total_cmp(&key(one))
            .then_with(|| one.name.cmp(&other.name))
    });
    lines
}
