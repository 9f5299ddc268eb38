//! From a job to a run: the days of each model, one after the other.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{SimDate, SimulationJob, SimulationModel, Style};
use fondaco_domain::ContentHash;
use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::run::{CompletionRule, NewRun, RunKind};
use fondaco_domain::task::{OnNeedFailed, SkipReason, TaskKind, TaskNo, TaskPlan};

use super::{job, room};
use crate::ports::plan::{PlanError, Planner, Tasks};

/// Tried again where the worker was lost.
pub(super) const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first: 200_000,
    longest: 10_000_000,
};

/// The key of the task that downloads prices.
pub const PRICES: &str = "prices";

/// Plans runs of [`RunKind::Simulation`].
#[derive(Debug, Clone, Copy, Default)]
pub struct SimulationPlanner;

impl Planner for SimulationPlanner {
    fn new_run(&self, spec: &str, hash: ContentHash) -> Result<NewRun, PlanError> {
        let job = read(spec)?;
        let mut new = NewRun::new(RunKind::Simulation, hash);
        new.rule = CompletionRule::ModelDays;
        // Two runs that add to one book would each go on from what the other
        // does not know.
        new.concurrency_key = job.book.as_deref().map(concurrency_key);
        Ok(new)
    }

    fn tasks(&self, spec: &str) -> Result<Tasks, PlanError> {
        Ok(Box::new(tasks(&read(spec)?).into_iter()))
    }
}

fn read(spec: &str) -> Result<SimulationJob, PlanError> {
    job::parse(spec).map_err(|error| PlanError {
        source: Box::new(error),
    })
}

/// What all runs of a book have in common: one of them at a time.
pub fn concurrency_key(book: &str) -> String {
    format!("book:{book}")
}

/// The name of the task that a day of a model ends with.
pub fn key(date: SimDate, model: &str) -> String {
    format!("{date}|{model}")
}

/// The day and the model of a task; nothing of one that is only a part of a
/// day, or of none.
pub fn split(key: &str) -> Option<(SimDate, &str)> {
    let (date, model) = key.split_once('|')?;
    let date = date.parse().ok()?;
    (!model.contains('/')).then_some((date, model))
}

fn tasks(job: &SimulationJob) -> Vec<TaskPlan> {
    let mut tasks = Vec::new();
    if job.download.is_some() {
        tasks.push(TaskPlan {
            required: false,
            retry: RETRY,
            ..TaskPlan::new(PRICES, TaskKind::ModelDay)
        });
    }
    let mut before: BTreeMap<&str, TaskNo> = BTreeMap::new();
    for date in &job.dates {
        for model in &job.models {
            if model.from.is_some_and(|from| *date < from) {
                continue;
            }
            if let Some(reason) = skip(job, model, *date) {
                tasks.push(TaskPlan {
                    skip: Some(reason),
                    ..TaskPlan::new(key(*date, &model.name), TaskKind::ModelDay)
                });
                continue;
            }
            let prices = job.download.as_ref().map(|_| TaskNo(0));
            let before_it = before.get(&*model.name).copied();
            let needs: Vec<TaskNo> = prices.into_iter().chain(before_it).collect();
            tasks.extend(of_day(job, model, *date, TaskNo(tasks.len() as u32), needs));
            before.insert(&model.name, TaskNo(tasks.len() as u32 - 1));
        }
    }
    tasks
}

/// The tasks of a day; the last of them is the day itself.
fn of_day(
    job: &SimulationJob,
    model: &SimulationModel,
    date: SimDate,
    first: TaskNo,
    needs: Vec<TaskNo>,
) -> Vec<TaskPlan> {
    match &job.style {
        Style::Agent(_) => vec![TaskPlan {
            needs,
            // Whoever trades goes on from the last day that is there.
            on_need_failed: OnNeedFailed::Proceed,
            retry: RETRY,
            ..TaskPlan::new(key(date, &model.name), TaskKind::ModelDay)
        }],
        Style::Room(style) => room::plan(style, date, &model.name, first, &needs),
    }
}

fn skip(job: &SimulationJob, model: &SimulationModel, date: SimDate) -> Option<SkipReason> {
    if model.completed.binary_search(&date).is_ok() {
        return Some(SkipReason::AlreadyCompleted);
    }
    let incomplete = job.data.as_ref().map(|data| &data.incomplete);
    let is_incomplete = incomplete.is_some_and(|dates| dates.binary_search(&date).is_ok());
    is_incomplete.then_some(SkipReason::IncompletePriceData)
}
