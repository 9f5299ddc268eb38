//! The decisions that one run left.

use fondaco_contract::v1alpha1::analysis::{AnalysisResult, AnalysisStatus};
use fondaco_domain::Symbol;
use fondaco_domain::run::Run;
use fondaco_domain::signal::{Direction, Probability, Rating, ReasonCode};
use fondaco_domain::task::{Task, TaskKind, TaskNo, TaskState};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Recommendation, RecommendationError};
use crate::analysis::keys::{self, Node};
use crate::ports::Store;
use crate::ports::runs::{RunStoreError, TaskQuery};
use crate::runs::whole;

/// What an analysis decided, short and whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Decided {
    /// The short form.
    pub recommendation: Recommendation,
    /// The whole.
    pub result: AnalysisResult,
}

/// What a lane says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Lane {
    /// Where it points.
    pub direction: Direction,
    /// Its own rating.
    pub rating: Rating,
    /// How sure it is, as it said.
    pub confidence: Probability,
}

/// Of a result only what a list shows: evidence is passed over.
#[derive(Debug, Deserialize)]
struct Brief {
    ticker: Symbol,
    date: Date,
    status: AnalysisStatus,
    decision: Option<Rating>,
    confidence: Option<Probability>,
    signals: Signals,
    degradation: Missing,
}

#[derive(Debug, Deserialize)]
struct Signals {
    merged: Option<Merged>,
    quant: Said,
    llm: Said,
}

#[derive(Debug, Deserialize)]
struct Merged {
    direction: Direction,
}

#[derive(Debug, Deserialize)]
struct Said {
    direction: Option<Direction>,
    rating: Option<Rating>,
    confidence: Option<Probability>,
}

impl Said {
    fn lane(&self) -> Option<Lane> {
        Some(Lane {
            direction: self.direction?,
            rating: self.rating?,
            confidence: self.confidence?,
        })
    }
}

#[derive(Debug, Deserialize)]
struct Missing {
    degraded: bool,
    reason_codes: Vec<ReasonCode>,
}

/// Of a job only what says how it was decided.
#[derive(Debug, Deserialize)]
struct Asked {
    items: Vec<serde::de::IgnoredAny>,
    llm: Option<Models>,
}

#[derive(Debug, Deserialize)]
struct Models {
    deep: String,
}

/// What a run decided so far, in the order of its plan.
pub(super) fn of(store: &dyn Store, run: &Run) -> Result<Vec<Recommendation>, RecommendationError> {
    let spec = store.spec(&run.new.spec)?;
    let asked: Asked = serde_json::from_str(&spec).map_err(damaged(run, "spec"))?;
    let tasks = decision_tasks(store, run, asked.items.len())?;
    let mut decided = Vec::with_capacity(tasks.len());
    for task in tasks {
        let Some(output) = &task.output else {
            continue;
        };
        let text = whole(store, output)?;
        let brief: Brief = serde_json::from_str(&text).map_err(damaged(run, &task.plan.key))?;
        decided.extend(recommendation(run, &asked, task.plan.key, brief));
    }
    Ok(decided)
}

/// The whole result behind a recommendation.
pub(super) fn result(
    store: &dyn Store,
    of: &Recommendation,
) -> Result<AnalysisResult, RecommendationError> {
    let gone = || RecommendationError::None {
        ticker: of.ticker.clone(),
        date: of.date,
    };
    let run = match store.run(of.run) {
        Err(RunStoreError::NoRun(_)) => return Err(gone()),
        other => other?,
    };
    let spec = store.spec(&run.new.spec)?;
    let asked: Asked = serde_json::from_str(&spec).map_err(damaged(&run, "spec"))?;
    let tasks = decision_tasks(store, &run, asked.items.len())?;
    let task = tasks.into_iter().find(|task| task.plan.key == of.step);
    let output = task.and_then(|task| task.output).ok_or_else(gone)?;
    serde_json::from_str(&whole(store, &output)?).map_err(damaged(&run, &of.step))
}

/// Nothing where the result has no decision.
fn recommendation(run: &Run, asked: &Asked, step: String, brief: Brief) -> Option<Recommendation> {
    Some(Recommendation {
        ticker: brief.ticker,
        date: brief.date,
        run: run.id,
        step,
        asked_at: run.created_at,
        status: brief.status,
        decision: brief.decision?,
        direction: brief.signals.merged?.direction,
        confidence: brief.confidence?,
        quant: brief.signals.quant.lane(),
        llm: brief.signals.llm.lane(),
        degraded: brief.degradation.degraded,
        reason_codes: brief.degradation.reason_codes,
        model: asked.llm.as_ref().map(|models| models.deep.clone()),
    })
}

fn damaged(run: &Run, step: &str) -> impl FnOnce(serde_json::Error) -> RecommendationError {
    let (run, step) = (run.id, step.to_owned());
    move |source| RecommendationError::Damaged { run, step, source }
}

/// Tasks of a run that are read at a time, where all are.
const CHUNK: usize = 500;

/// The tasks that decided. Where each item has as many tasks as any other its
/// last one is looked at alone; it is its decision in every plan so far, and
/// where it is not, all tasks are looked through.
fn decision_tasks(store: &dyn Store, run: &Run, items: usize) -> Result<Vec<Task>, RunStoreError> {
    let total = run.counts.total as usize;
    let even = run.planned && items > 0 && total > 0 && total.is_multiple_of(items);
    if even && let Some(tasks) = last_of_each(store, run, items, total / items)? {
        return Ok(tasks);
    }
    let mut query = TaskQuery {
        states: vec![TaskState::Completed],
        after: None,
        limit: Some(CHUNK),
    };
    let mut found = Vec::new();
    loop {
        let page = store.tasks(run.id, &query)?;
        query.after = page.last().map(|task| task.no);
        let full = page.len() == CHUNK;
        found.extend(page.into_iter().filter(is_decision));
        if !full {
            return Ok(found);
        }
    }
}

fn last_of_each(
    store: &dyn Store,
    run: &Run,
    items: usize,
    each: usize,
) -> Result<Option<Vec<Task>>, RunStoreError> {
    let mut found = Vec::with_capacity(items);
    for item in 1..=items {
        let place = item * each - 1;
        let before = place.checked_sub(1).and_then(|no| u32::try_from(no).ok());
        let query = TaskQuery {
            after: before.map(TaskNo),
            limit: Some(1),
            ..TaskQuery::default()
        };
        match store.tasks(run.id, &query)?.pop() {
            Some(task) if is_decision(&task) => found.push(task),
            _ => return Ok(None),
        }
    }
    found.retain(|task| task.state == TaskState::Completed);
    Ok(Some(found))
}

fn is_decision(task: &Task) -> bool {
    task.plan.kind == TaskKind::Analysis
        && matches!(keys::split(&task.plan.key), Some((_, Node::Decision)))
}
