//! The day before, wherever it ended.

use fondaco_contract::v1alpha1::simulation::{Base, ModelDay};
use fondaco_domain::RunId;
use fondaco_domain::task::{Task, TaskNo, TaskState};

use super::body::BodyError;
use super::plan::split;
use crate::ports::Store;
use crate::ports::exec::Assignment;
use crate::ports::runs::{RunStoreError, TaskQuery};
use crate::runs::whole;

/// The end of the last day of the model that completed in this run. A day that
/// failed or was skipped changed nothing: the one before it counts.
pub(super) fn before(
    assignment: &Assignment,
    store: &dyn Store,
) -> Result<Option<Base>, BodyError> {
    let need = assignment
        .needs
        .iter()
        .find(|need| split(&need.key).is_some());
    let Some(need) = need else {
        return Ok(None);
    };
    if let Some(output) = &need.output {
        return base(&need.key, output).map(Some);
    }
    let run = assignment.id.run;
    let mut next = last_day(store, run, &task(store, run, assignment.id.task)?)?;
    while let Some(day) = next {
        if day.state == TaskState::Completed
            && let Some(output) = &day.output
        {
            let output = whole(store, output).map_err(BodyError::Before)?;
            return base(&day.plan.key, &output).map(Some);
        }
        next = last_day(store, run, &day)?;
    }
    Ok(None)
}

/// The day before a task, as the plan has it.
fn last_day(store: &dyn Store, run: RunId, of: &Task) -> Result<Option<Task>, BodyError> {
    for need in of.plan.needs.iter().rev() {
        let needed = task(store, run, *need)?;
        if split(&needed.plan.key).is_some() {
            return Ok(Some(needed));
        }
    }
    Ok(None)
}

fn task(store: &dyn Store, run: RunId, no: TaskNo) -> Result<Task, BodyError> {
    let query = TaskQuery {
        after: no.0.checked_sub(1).map(TaskNo),
        limit: Some(1),
        ..TaskQuery::default()
    };
    let found = store.tasks(run, &query).map_err(BodyError::Before)?;
    let missing = || BodyError::Before(RunStoreError::NoRun(run));
    found.into_iter().next().ok_or_else(missing)
}

fn base(key: &str, output: &str) -> Result<Base, BodyError> {
    let day: ModelDay = serde_json::from_str(output).map_err(|source| BodyError::Output {
        key: key.to_owned(),
        source,
    })?;
    Ok(Base {
        date: day.date,
        value: day.end.value,
        ledger: day.ledger,
        waiting: day.waiting,
        room: day.room,
    })
}
