//! From the tasks of a run to a report.

use fondaco_contract::v1alpha1::analysis::{AnalysisItem, AnalysisJob, AnalysisResult, NodeReport};
use fondaco_domain::run::{Run, RunKind};
use fondaco_domain::task::{Task, TaskState};
use fondaco_domain::{RunId, Symbol};
use jiff::civil::Date;
use serde::de::DeserializeOwned;

use super::{NodeTold, Report, ReportError};
use crate::analysis::keys::{self, Node};
use crate::ports::Store;
use crate::ports::runs::{RunStoreError, TaskQuery};
use crate::recommendations::Recommendations;
use crate::runs::whole;

/// Which item of a run a report is about: by its ticker and its day, where the
/// run has several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// The instrument.
    pub ticker: Option<Symbol>,
    /// The day.
    pub date: Option<Date>,
}

/// The report of the newest analysis that decided about a ticker on a day.
pub fn find(
    store: &dyn Store,
    recommendations: &Recommendations,
    ticker: &Symbol,
    date: Date,
) -> Result<Report, ReportError> {
    let decided = recommendations.show(ticker, date)?;
    let wanted = Which {
        ticker: Some(ticker.clone()),
        date: Some(date),
    };
    of_run(store, decided.recommendation.run, &wanted)
}

/// The report of one analysis, whether it decided or not.
pub fn of_run(store: &dyn Store, id: RunId, wanted: &Which) -> Result<Report, ReportError> {
    let run = match store.run(id) {
        Ok(run) if run.new.kind == RunKind::Analysis => run,
        Ok(_) | Err(RunStoreError::NoRun(_)) => return Err(ReportError::NoAnalysis(id)),
        Err(error) => return Err(error.into()),
    };
    let spec = store.spec(&run.new.spec)?;
    let job: AnalysisJob = read(id, "the spec", &spec)?;
    let item = item(id, &job, wanted)?.clone();
    let prefix = keys::prefix(&job, &item);
    let mut result = None;
    let mut nodes = Vec::new();
    for task in tasks(store, &run)? {
        match keys::split(&task.plan.key) {
            Some((of, Node::Decision)) if of == prefix => result = decision(store, id, &task)?,
            Some((of, node)) if of == prefix => nodes.push(told(store, id, node, task)?),
            _ => {}
        }
    }
    Ok(Report {
        run: id,
        asked_at: run.created_at,
        result: result.ok_or(ReportError::NoResult {
            run: id,
            ticker: item.ticker,
        })?,
        job,
        nodes,
    })
}

fn item<'a>(
    run: RunId,
    job: &'a AnalysisJob,
    wanted: &Which,
) -> Result<&'a AnalysisItem, ReportError> {
    let mut meant = job.items.iter().filter(|item| {
        wanted
            .ticker
            .as_ref()
            .is_none_or(|ticker| *ticker == item.ticker)
            && wanted.date.is_none_or(|date| date == item.date)
    });
    match (meant.next(), meant.next()) {
        (Some(item), None) => Ok(item),
        _ => Err(ReportError::Which {
            run,
            items: job
                .items
                .iter()
                .map(|item| format!("{} on {}", item.ticker, item.date))
                .collect(),
        }),
    }
}

/// What was decided. A decision that failed says so as its failure.
fn decision(
    store: &dyn Store,
    run: RunId,
    task: &Task,
) -> Result<Option<AnalysisResult>, ReportError> {
    let key = &task.plan.key;
    match (task.state, &task.output, &task.detail) {
        (TaskState::Completed, Some(output), _) => read(run, key, &whole(store, output)?).map(Some),
        // A failure may have been anything, such as a worker that was lost.
        (TaskState::Failed, _, Some(detail)) => {
            Ok(serde_json::from_str(&whole(store, detail)?).ok())
        }
        _ => Ok(None),
    }
}

fn told(store: &dyn Store, run: RunId, node: Node, task: Task) -> Result<NodeTold, ReportError> {
    let report: Option<NodeReport> = match (task.state, &task.output) {
        (TaskState::Completed, Some(output)) => {
            Some(read(run, &task.plan.key, &whole(store, output)?)?)
        }
        _ => None,
    };
    let last = store.attempts(run, task.no)?.pop();
    Ok(NodeTold {
        key: task.plan.key,
        node,
        state: task.state,
        report,
        started_at: last.as_ref().and_then(|last| last.started_at),
        ended_at: last.and_then(|last| last.ended_at),
        attempts: task.attempt,
    })
}

/// Tasks that are read at a time.
const CHUNK: usize = 500;

fn tasks(store: &dyn Store, run: &Run) -> Result<Vec<Task>, RunStoreError> {
    let mut query = TaskQuery {
        limit: Some(CHUNK),
        ..TaskQuery::default()
    };
    let mut all = Vec::new();
    loop {
        let page = store.tasks(run.id, &query)?;
        query.after = page.last().map(|task| task.no);
        let full = page.len() == CHUNK;
        all.extend(page);
        if !full {
            return Ok(all);
        }
    }
}

fn read<T: DeserializeOwned>(run: RunId, what: &str, text: &str) -> Result<T, ReportError> {
    serde_json::from_str(text).map_err(|source| ReportError::Damaged {
        run,
        what: what.to_owned(),
        source,
    })
}
