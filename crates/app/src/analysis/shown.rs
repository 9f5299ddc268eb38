//! Analyses as they stand: how far each item is, what came of it, what it cost.

mod item;
pub mod legacy;
pub mod names;
mod node;

pub use item::{ItemShown, ItemState, StageShown, StageState};
pub use node::NodeShown;

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::analysis::{AnalysisJob, AnalysisResult, BudgetState, NodeReport};
use fondaco_domain::run::{Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo, TaskState};
use fondaco_domain::{ErrorKind, Hint, RunId, UnixMicros};
use thiserror::Error;

use super::job::{self, JobError};
use super::keys::{self, Node};
use crate::ports::runs::{RunQuery, RunStoreError, TaskQuery};
use crate::runs::why::{Situation, Why};
use crate::runs::{Runs, RunsError, whole};

/// An analysis as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// Its run.
    pub run: Run,
    /// What was asked for, with nothing left open.
    pub job: AnalysisJob,
    /// What is analysed, in the order of the job.
    pub items: Vec<ItemShown>,
    /// Why nothing of it is under way; of one that is looked at alone.
    pub waits: Option<Why>,
}

impl Shown {
    /// How far it is, from 0 to 100.
    pub fn progress(&self) -> u8 {
        let sum: usize = self
            .items
            .iter()
            .map(|item| usize::from(item.progress))
            .sum();
        u8::try_from(sum / self.items.len().max(1)).unwrap_or(100)
    }

    /// What it took so far.
    pub fn spent(&self) -> BudgetState {
        let mut sum = self.items.iter().fold(none_spent(), |sum, item| {
            let spent = item.spent;
            BudgetState {
                local_recovery_used: sum.local_recovery_used || spent.local_recovery_used,
                provider_probe_used: sum.provider_probe_used || spent.provider_probe_used,
                ..added(sum, spent)
            }
        });
        sum.limit_nano = self.job.budget_nano;
        sum
    }
}

/// Why an analysis or a part of it cannot be shown.
#[derive(Debug, Error)]
pub enum ShowError {
    /// No such run, or one of another kind.
    #[error("there is no analysis {0}")]
    NoAnalysis(RunId),
    /// It has no such item.
    #[error("analysis {run} is not about {item}")]
    NoItem {
        /// The run.
        run: RunId,
        /// As asked for.
        item: String,
    },
    /// It has no such node.
    #[error("analysis {run} has no node `{key}`")]
    NoNode {
        /// The run.
        run: RunId,
        /// As asked for.
        key: String,
    },
    /// It has no result, or not yet.
    #[error("{item} of analysis {run} is {}: it has no result", state.as_str())]
    NoResult {
        /// The run.
        run: RunId,
        /// Which item.
        item: String,
        /// Where it stands.
        state: ItemState,
    },
    /// Which item is meant is not clear.
    #[error("analysis {run} is about {count} items")]
    SeveralItems {
        /// The run.
        run: RunId,
        /// How many.
        count: usize,
    },
    /// Its spec is not what it was when it was accepted.
    #[error(transparent)]
    Job(#[from] JobError),
    /// The output of a node is not what nodes leave.
    #[error("the output of `{key}` of analysis {run} cannot be read")]
    Output {
        /// The run.
        run: RunId,
        /// The node.
        key: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The store of runs refused or failed.
    #[error(transparent)]
    Runs(#[from] RunsError),
}

impl From<RunStoreError> for ShowError {
    fn from(error: RunStoreError) -> Self {
        match error {
            RunStoreError::NoRun(run) => Self::NoAnalysis(run),
            other => Self::Runs(other.into()),
        }
    }
}

impl Hint for ShowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoAnalysis(_) | Self::NoItem { .. } | Self::NoNode { .. } => ErrorKind::NotFound,
            Self::NoResult { .. } => ErrorKind::Conflict,
            Self::SeveralItems { .. } => ErrorKind::Invalid,
            Self::Job(_) | Self::Output { .. } => ErrorKind::Corrupt,
            Self::Runs(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoResult { state, .. } if !state.is_over() => Some("wait for its end".to_owned()),
            Self::SeveralItems { .. } => Some("say which: `item=AAPL`".to_owned()),
            Self::NoNode { .. } => Some("names of nodes are such as `AAPL/analysts/news`".into()),
            Self::Runs(error) => error.hint(),
            Self::NoAnalysis(_)
            | Self::NoItem { .. }
            | Self::NoResult { .. }
            | Self::Job(_)
            | Self::Output { .. } => None,
        }
    }
}

/// What was seen of an analysis at earlier looks, so that the next one reads
/// only what is new. A fresh one sees everything.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// The last event.
    seq: u64,
    /// When tasks ended.
    ended: BTreeMap<TaskNo, UnixMicros>,
    /// What nodes that ended took.
    spent: BTreeMap<TaskNo, BudgetState>,
    /// What decisions came to.
    decided: BTreeMap<TaskNo, AnalysisResult>,
}

/// What can be looked at of analyses.
#[derive(Clone, Copy)]
pub struct Analyses<'a> {
    /// Where their runs are.
    pub runs: Runs<'a>,
}

impl Analyses<'_> {
    /// One analysis, with why it waits.
    pub fn show(&self, id: RunId) -> Result<Shown, ShowError> {
        let mut shown = self.look(id, &mut Seen::default())?;
        if !shown.run.state.is_terminal() {
            shown.waits = self.waits(&shown.run)?;
        }
        Ok(shown)
    }

    /// One analysis, of which something was seen before.
    pub fn look(&self, id: RunId, seen: &mut Seen) -> Result<Shown, ShowError> {
        let run = self.run(id)?;
        self.events(id, seen)?;
        let tasks = self.tasks(id)?;
        self.outputs(&run, &tasks, seen)?;
        self.of(run, &tasks, seen)
    }

    /// Analyses, the newest first: without the times of stages and without
    /// what they took so far, which is read of one that is looked at alone.
    pub fn list(&self, query: &RunQuery) -> Result<Vec<Shown>, ShowError> {
        let query = RunQuery {
            kind: Some(RunKind::Analysis),
            ..query.clone()
        };
        let runs = self.runs.store.runs(&query)?.into_iter();
        runs.map(|run| {
            let mut seen = Seen::default();
            let tasks = self.tasks(run.id)?;
            for task in tasks.iter().filter(|task| is_decision(task)) {
                self.decision(&run, task, &mut seen)?;
            }
            self.of(run, &tasks, &seen)
        })
        .collect()
    }

    /// Ends an analysis. One that has ended stays as it is.
    pub fn cancel(&self, id: RunId, reason: &str) -> Result<Shown, ShowError> {
        self.run(id)?;
        self.runs.cancel(id, reason)?;
        self.show(id)
    }

    /// The result of an item, whether it has a decision or says why it has
    /// none. `item` is a ticker, or `TICKER@DATE` where it has several days;
    /// nothing where there is one item only.
    pub fn result(&self, id: RunId, item: Option<&str>) -> Result<AnalysisResult, ShowError> {
        let shown = self.look(id, &mut Seen::default())?;
        let meant = match item {
            None if shown.items.len() > 1 => {
                let count = shown.items.len();
                return Err(ShowError::SeveralItems { run: id, count });
            }
            None => shown.items.into_iter().next(),
            Some(item) => shown.items.into_iter().find(|it| it.key == item),
        };
        let Some(meant) = meant else {
            let item = item.unwrap_or_default().to_owned();
            return Err(ShowError::NoItem { run: id, item });
        };
        meant.result.ok_or(ShowError::NoResult {
            run: id,
            item: meant.key,
            state: meant.state,
        })
    }

    /// The nodes of an analysis in the order of its plan, with what they
    /// answered.
    pub fn nodes(&self, id: RunId) -> Result<Vec<NodeShown>, ShowError> {
        self.run(id)?;
        let mut seen = Seen::default();
        self.events(id, &mut seen)?;
        let tasks = self.tasks(id)?.into_iter();
        tasks.map(|task| self.node_of(id, task, &seen)).collect()
    }

    /// One node, with what it answered.
    pub fn node(&self, id: RunId, key: &str) -> Result<NodeShown, ShowError> {
        self.run(id)?;
        let mut seen = Seen::default();
        let task = self.tasks(id)?.into_iter().find(|it| it.plan.key == key);
        let Some(task) = task else {
            let key = key.to_owned();
            return Err(ShowError::NoNode { run: id, key });
        };
        self.events(id, &mut seen)?;
        self.node_of(id, task, &seen)
    }

    /// The run of an analysis.
    pub fn run(&self, id: RunId) -> Result<Run, ShowError> {
        let run = self.runs.store.run(id)?;
        if run.new.kind == RunKind::Analysis {
            Ok(run)
        } else {
            Err(ShowError::NoAnalysis(id))
        }
    }

    fn of(&self, run: Run, tasks: &[Task], seen: &Seen) -> Result<Shown, ShowError> {
        let job = job::parse(&self.runs.store.spec(&run.new.spec)?)?;
        let mut by_item: BTreeMap<&str, Vec<(Node, &Task)>> = BTreeMap::new();
        for task in tasks {
            if let Some((prefix, node)) = keys::split(&task.plan.key) {
                by_item.entry(prefix).or_default().push((node, task));
            }
        }
        let now = self.runs.machine.wall();
        let items = job.items.iter().map(|item| {
            let key = keys::prefix(&job, item);
            let tasks = by_item.remove(key.as_str()).unwrap_or_default();
            item::of((&run, now), (item, key), &tasks, seen)
        });
        let items = items.collect();
        Ok(Shown {
            run,
            job,
            items,
            waits: None,
        })
    }

    fn node_of(&self, run: RunId, task: Task, seen: &Seen) -> Result<NodeShown, ShowError> {
        let ended_at = seen.ended.get(&task.no).copied();
        let report = match &task.output {
            Some(output) if !is_decision(&task) => Some(self.read(run, &task, output)?),
            _ => None,
        };
        Ok(NodeShown {
            task,
            ended_at,
            report,
        })
    }

    fn waits(&self, run: &Run) -> Result<Option<Why>, ShowError> {
        if run.state == RunState::Running && run.counts.running > 0 {
            return Ok(None);
        }
        let query = TaskQuery {
            states: vec![TaskState::Ready, TaskState::Blocked],
            after: None,
            limit: Some(1),
        };
        let (store, now) = (self.runs.store, self.runs.machine.wall());
        match store.tasks(run.id, &query)?.first() {
            Some(task) => Ok(Situation::of(store, run, now, &|_| true)?.obstacle(task)?),
            None => Ok(None),
        }
    }

    fn tasks(&self, id: RunId) -> Result<Vec<Task>, ShowError> {
        Ok(self.runs.store.tasks(id, &TaskQuery::default())?)
    }

    /// Reads on in the events: when tasks ended.
    fn events(&self, id: RunId, seen: &mut Seen) -> Result<(), ShowError> {
        const PAGE: usize = 1_000;
        loop {
            let events = self.runs.store.events(id, seen.seq, PAGE)?;
            for recorded in &events {
                seen.seq = recorded.seq;
                if let (true, Some(task)) = (recorded.event.ends_task(), recorded.event.task()) {
                    seen.ended.insert(task, recorded.at);
                }
            }
            if events.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Reads what nodes left that ended since the look before.
    fn outputs(&self, run: &Run, tasks: &[Task], seen: &mut Seen) -> Result<(), ShowError> {
        for task in tasks {
            if is_decision(task) {
                self.decision(run, task, seen)?;
            } else if let Some(output) = &task.output
                && !seen.spent.contains_key(&task.no)
            {
                let report: NodeReport = self.read(run.id, task, output)?;
                seen.spent.insert(task.no, spent_by(&report));
            }
        }
        Ok(())
    }

    /// Reads what a decision came to. One that failed says so in its error.
    fn decision(&self, run: &Run, task: &Task, seen: &mut Seen) -> Result<(), ShowError> {
        if seen.decided.contains_key(&task.no) {
            return Ok(());
        }
        let result = match (&task.output, &task.detail) {
            (Some(output), _) => Some(self.read(run.id, task, output)?),
            // A text in its place is of the engine: the worker was lost.
            (None, Some(detail)) => {
                serde_json::from_str(&whole(self.runs.store, detail).map_err(RunsError::from)?).ok()
            }
            (None, None) => None,
        };
        if let Some(result) = result {
            seen.decided.insert(task.no, result);
        }
        Ok(())
    }

    fn read<T: serde::de::DeserializeOwned>(
        &self,
        run: RunId,
        task: &Task,
        output: &str,
    ) -> Result<T, ShowError> {
        let text = whole(self.runs.store, output)?;
        serde_json::from_str(&text).map_err(|source| ShowError::Output {
            run,
            key: task.plan.key.clone(),
            source,
        })
    }
}

fn is_decision(task: &Task) -> bool {
    keys::split(&task.plan.key).is_some_and(|(_, node)| node == Node::Decision)
}

/// What the calls of a node took.
pub fn spent_by(report: &NodeReport) -> BudgetState {
    report.calls.iter().fold(none_spent(), |sum, call| {
        let one = BudgetState {
            calls: 1,
            input_tokens: call.tokens.input,
            cached_tokens: call.tokens.cached,
            output_tokens: call.tokens.output,
            cost_nano: call.cost_nano,
            ..none_spent()
        };
        added(sum, one)
    })
}

fn none_spent() -> BudgetState {
    BudgetState::default()
}

fn added(one: BudgetState, other: BudgetState) -> BudgetState {
    BudgetState {
        calls: one.calls + other.calls,
        input_tokens: one.input_tokens + other.input_tokens,
        cached_tokens: one.cached_tokens + other.cached_tokens,
        output_tokens: one.output_tokens + other.output_tokens,
        cost_nano: one.cost_nano.saturating_add(other.cost_nano),
        ..one
    }
}
