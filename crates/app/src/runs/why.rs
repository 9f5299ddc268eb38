//! Why a task waits, in one line.

use std::fmt;

use fondaco_domain::halt::{Halt, HaltBook, HaltMode, Halts};
use fondaco_domain::run::{Run, RunState};
use fondaco_domain::task::{Task, TaskKind, TaskNo, TaskState};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use serde::Serialize;

use super::RunsError;
use crate::ports::Store;
use crate::ports::runs::{RunQuery, RunStore, RunStoreError, TaskQuery};
use crate::ports::workers::Worker;

/// Why a task is not under way, or with whom it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Why {
    /// Its run ends.
    Cancelling {
        /// In the words of who ended it.
        reason: Option<String>,
    },
    /// A halt in force covers it.
    Halted {
        /// What the halt covers.
        scope: String,
        /// What it forbids.
        mode: HaltMode,
        /// When it was set.
        since: UnixMicros,
        /// Why.
        reason: String,
    },
    /// The halt is cleared, and its run has not been resumed.
    NotResumed,
    /// It needs tasks that have not ended.
    Blocked {
        /// The first of them.
        by: Vec<Blocker>,
        /// How many there are.
        count: u32,
    },
    /// It was tried, and is tried again.
    ReadyAt {
        /// Then.
        at: UnixMicros,
        /// What went wrong.
        after: Option<String>,
    },
    /// Another run has the key.
    Key {
        /// The key.
        key: String,
        /// Who has it.
        held_by: RunId,
    },
    /// Nobody takes from its line.
    NoWorker {
        /// The line.
        queue: String,
        /// What it does.
        kind: TaskKind,
        /// Workers on the list, whatever they take.
        workers: usize,
    },
    /// Others come first.
    Behind {
        /// So many.
        others: usize,
        /// Whether there may be more.
        at_least: bool,
        /// The line.
        queue: String,
    },
    /// It is the next.
    Next {
        /// The line.
        queue: String,
    },
    /// A worker has it.
    Held {
        /// Who.
        worker: WorkerId,
        /// The machine and process of it, where it is on the list.
        at: Option<(String, u32)>,
    },
}

/// A task that another one waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Blocker {
    /// Its name.
    pub key: String,
    /// Where it stands.
    pub state: TaskState,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cancelling { reason: None } => f.write_str("its run is being cancelled"),
            Self::Cancelling {
                reason: Some(reason),
            } => write!(f, "its run is being cancelled: {reason}"),
            Self::Halted {
                scope,
                mode,
                since,
                reason,
            } => write!(f, "{scope} is {} since {since}: {reason}", mode.as_str()),
            Self::NotResumed => f.write_str("its run was halted and has not been resumed"),
            Self::Blocked { by, count } => blocked(f, by, *count),
            Self::ReadyAt { at, after: None } => write!(f, "ready at {at}"),
            Self::ReadyAt {
                at,
                after: Some(error),
            } => write!(f, "tried again at {at}, after: {error}"),
            Self::Key { key, held_by } => write!(f, "key `{key}` is held by run {held_by}"),
            Self::NoWorker {
                queue,
                kind,
                workers,
            } => no_worker(f, queue, *kind, *workers),
            Self::Behind {
                others,
                at_least,
                queue,
            } => {
                let least = if *at_least { "at least " } else { "" };
                write!(f, "behind {least}{others} in queue `{queue}`")
            }
            Self::Next { queue } => write!(f, "the next in queue `{queue}`"),
            Self::Held { worker, at: None } => write!(f, "with worker {worker}"),
            Self::Held {
                worker,
                at: Some((host, pid)),
            } => write!(f, "with worker {worker}, process {pid} on {host}"),
        }
    }
}

fn blocked(f: &mut fmt::Formatter<'_>, by: &[Blocker], count: u32) -> fmt::Result {
    f.write_str("waits for ")?;
    for (index, blocker) in by.iter().enumerate() {
        let comma = if index == 0 { "" } else { ", " };
        write!(f, "{comma}`{}` ({})", blocker.key, blocker.state.as_str())?;
    }
    match count as usize - by.len() {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

fn no_worker(
    f: &mut fmt::Formatter<'_>,
    queue: &str,
    kind: TaskKind,
    workers: usize,
) -> fmt::Result {
    let kind = kind.as_str();
    match workers {
        0 => f.write_str("no worker runs"),
        1 => write!(f, "the one worker takes no `{kind}` from queue `{queue}`"),
        _ => write!(
            f,
            "none of {workers} workers takes `{kind}` from queue `{queue}`"
        ),
    }
}

/// What decides about the tasks of one run now. Read once for a whole page of
/// tasks.
pub struct Situation<'a> {
    store: &'a dyn Store,
    run: &'a Run,
    now: UnixMicros,
    halts: Halts,
    key_holder: Option<RunId>,
    workers: Vec<Worker>,
    line: Option<Line>,
}

/// Blockers that are named.
const NAMED: usize = 3;

impl<'a> Situation<'a> {
    /// Of a run. `alive` says whether a worker on the list is to be counted:
    /// one that died without a word stays on it.
    pub fn of(
        store: &'a dyn Store,
        run: &'a Run,
        now: UnixMicros,
        alive: &dyn Fn(&Worker) -> bool,
    ) -> Result<Self, RunsError> {
        let book = HaltBook::new(store.halts()?);
        let key = run.new.concurrency_key.as_deref();
        let mut workers = store.workers()?;
        workers.retain(|worker| alive(worker));
        Ok(Self {
            store,
            run,
            now,
            halts: book.covering(&run.scopes()),
            key_holder: key.map(|key| store.key_holder(key)).transpose()?.flatten(),
            workers,
            line: None,
        })
    }

    /// Why a task is not under way; nothing once it has ended.
    pub fn why(&mut self, task: &Task) -> Result<Option<Why>, RunsError> {
        if task.state.is_terminal() {
            return Ok(None);
        }
        if let Some(lease) = &task.lease {
            let at = self.workers.iter().find(|worker| worker.id == lease.owner);
            return Ok(Some(Why::Held {
                worker: lease.owner,
                at: at.map(|worker| (worker.host.clone(), worker.pid)),
            }));
        }
        if let Some(why) = self.of_run() {
            return Ok(Some(why));
        }
        if task.state == TaskState::Blocked {
            return Ok(Some(self.blockers(task)?));
        }
        Ok(Some(self.in_line(task)?))
    }

    /// What keeps a task from its turn; nothing where it only waits for it, or
    /// has it. Unlike [`Situation::why`] this does not count who comes first,
    /// which is dear where the line is long.
    pub fn obstacle(&self, task: &Task) -> Result<Option<Why>, RunsError> {
        if task.state.is_terminal() || task.lease.is_some() {
            return Ok(None);
        }
        if let Some(why) = self.of_run() {
            return Ok(Some(why));
        }
        if task.state == TaskState::Blocked {
            return Ok(Some(self.blockers(task)?));
        }
        Ok(self.before_the_line(task))
    }

    /// What holds every task of the run.
    fn of_run(&self) -> Option<Why> {
        if self.run.state == RunState::Cancelling {
            let reason = self.run.reason.clone();
            return Some(Why::Cancelling { reason });
        }
        if let Err(halt) = self.halts.may_start() {
            return Some(halted(halt));
        }
        matches!(self.run.state, RunState::Halting | RunState::Halted).then_some(Why::NotResumed)
    }

    fn blockers(&self, task: &Task) -> Result<Why, RunsError> {
        let mut by = Vec::new();
        for need in &task.plan.needs {
            if by.len() == NAMED {
                break;
            }
            by.extend(self.open_task(*need)?);
        }
        let count = task.waiting.max(by.len() as u32);
        Ok(Why::Blocked { by, count })
    }

    fn open_task(&self, no: TaskNo) -> Result<Option<Blocker>, RunStoreError> {
        Ok(task(self.store, self.run.id, no)?
            .filter(|task| !task.state.is_terminal())
            .map(|task| Blocker {
                key: task.plan.key,
                state: task.state,
            }))
    }

    /// What keeps a task from its place in the line.
    fn before_the_line(&self, task: &Task) -> Option<Why> {
        if task.ready_at > self.now {
            return Some(Why::ReadyAt {
                at: task.ready_at,
                after: task.detail.clone(),
            });
        }
        if let (Some(key), Some(holder)) = (&self.run.new.concurrency_key, self.key_holder)
            && holder != self.run.id
        {
            return Some(Why::Key {
                key: key.clone(),
                held_by: holder,
            });
        }
        let queue = &self.run.new.queue;
        let taken = |worker: &Worker| {
            worker.queues.contains(queue) && worker.kinds.contains(&task.plan.kind)
        };
        (!self.workers.iter().any(taken)).then(|| Why::NoWorker {
            queue: queue.clone(),
            kind: task.plan.kind,
            workers: self.workers.len(),
        })
    }

    fn in_line(&mut self, task: &Task) -> Result<Why, RunsError> {
        if let Some(why) = self.before_the_line(task) {
            return Ok(why);
        }
        let queue = self.run.new.queue.clone();
        let line = match &self.line {
            Some(line) => line,
            None => self.line.insert(Line::of(self.store, &queue, self.now)?),
        };
        Ok(match line.before(self.run, task) {
            0 => Why::Next { queue },
            others => Why::Behind {
                others,
                at_least: line.cut,
                queue,
            },
        })
    }
}

fn halted(halt: &Halt) -> Why {
    Why::Halted {
        scope: halt.scope.to_string(),
        mode: halt.mode,
        since: halt.at,
        reason: halt.reason.clone(),
    }
}

/// One task by its place.
pub fn task(store: &dyn RunStore, run: RunId, no: TaskNo) -> Result<Option<Task>, RunStoreError> {
    let query = TaskQuery {
        after: no.0.checked_sub(1).map(TaskNo),
        limit: Some(1),
        ..TaskQuery::default()
    };
    Ok(store
        .tasks(run, &query)?
        .into_iter()
        .find(|task| task.no == no))
}

/// Tasks of a queue that may be taken now, as a worker sees them: the larger
/// priority first, then the longer ready.
struct Line {
    places: Vec<(i64, UnixMicros)>,
    /// Whether there are more than were read.
    cut: bool,
}

/// Tasks that are read to count who comes first.
const LINE: usize = 10_000;

impl Line {
    fn of(store: &dyn Store, queue: &str, now: UnixMicros) -> Result<Self, RunsError> {
        let book = HaltBook::new(store.halts()?);
        let query = RunQuery {
            states: vec![RunState::Queued, RunState::Running],
            queue: Some(queue.to_owned()),
            ..RunQuery::default()
        };
        let mut places = Vec::new();
        for run in store.runs(&query)? {
            let halted = book.covering(&run.scopes()).may_start().is_err();
            if run.counts.pending == 0 || halted || waits_for_key(store, &run)? {
                continue;
            }
            let ready = TaskQuery {
                states: vec![TaskState::Ready],
                after: None,
                limit: Some(LINE - places.len()),
            };
            let tasks = store.tasks(run.id, &ready)?;
            let due = tasks.iter().filter(|task| task.ready_at <= now);
            places.extend(due.map(|task| place(&run, task)));
            if places.len() >= LINE {
                return Ok(Self { places, cut: true });
            }
        }
        Ok(Self { places, cut: false })
    }

    fn before(&self, run: &Run, task: &Task) -> usize {
        let own = place(run, task);
        self.places.iter().filter(|other| **other < own).count()
    }
}

/// Whether another run has the key that a run needs to begin.
fn waits_for_key(store: &dyn RunStore, run: &Run) -> Result<bool, RunStoreError> {
    match &run.new.concurrency_key {
        Some(key) => Ok(store
            .key_holder(key)?
            .is_some_and(|holder| holder != run.id)),
        None => Ok(false),
    }
}

/// Smaller is sooner.
fn place(run: &Run, task: &Task) -> (i64, UnixMicros) {
    let priority = i64::from(run.new.priority) + i64::from(task.plan.priority);
    (-priority, task.ready_at)
}
