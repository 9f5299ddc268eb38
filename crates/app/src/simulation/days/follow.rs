//! The store of days catches up with the feed of runs.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{ModelDay, SimDate};
use fondaco_domain::run::{Event, RunKind};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, ErrorKind, Hint, RunId, UnixMicros};
use thiserror::Error;

use super::super::{job, plan};
use crate::ports::Failure;
use crate::ports::days::{DayStore, KeptDay, Origin};
use crate::ports::runs::{FeedRow, RunStore, RunStoreError, TaskQuery};
use crate::runs::whole;

/// Rows of the feed of one look.
const ROWS: usize = 2_000;

/// Places in a plan between two tasks that are read together all the same.
const NEAR: u32 = 16;

/// Why the days cannot be caught up with.
#[derive(Debug, Error)]
pub enum FollowError {
    /// The runs could not be read.
    #[error(transparent)]
    Runs(#[from] RunStoreError),
    /// The days could not be read or kept.
    #[error("cannot keep the days of simulations")]
    Days(#[source] Failure),
}

impl Hint for FollowError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Runs(error) => error.kind(),
            Self::Days(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Runs(error) => error.hint(),
            Self::Days(error) => error.hint(),
        }
    }
}

/// What was caught up with.
#[derive(Debug, Default)]
pub struct Followed {
    /// Days that were put.
    pub days: usize,
    /// Days that were not, each with its reason.
    pub passed: Vec<PassedDay>,
}

/// A completed task that left no day.
#[derive(Debug)]
pub struct PassedDay {
    /// Its run.
    pub run: RunId,
    /// Its place in the plan.
    pub task: TaskNo,
    /// Why not.
    pub why: Passed,
}

/// Why a completed task left no day.
#[derive(Debug, Error)]
pub enum Passed {
    /// The run has been removed since.
    #[error("its run has been removed")]
    Removed,
    /// The job of the run cannot be understood.
    #[error("the job of its run cannot be read")]
    Job(#[source] job::JobError),
    /// The task has no output, or one that is gone.
    #[error("its document is gone")]
    Gone,
    /// The output is no day.
    #[error("its document cannot be read")]
    Document(#[source] serde_json::Error),
    /// The output is another day than the task.
    #[error("its document is of {date} of `{model}`")]
    Another {
        /// As it says.
        date: SimDate,
        /// As it says.
        model: String,
    },
}

/// Puts what completed since the last time. Cheap where nothing did; two may do
/// so at once.
///
/// What cannot be understood is passed over with its reason and blocks nothing;
/// a store that fails does, and the next call begins at the same place.
pub fn follow(runs: &dyn RunStore, days: &dyn DayStore) -> Result<Followed, FollowError> {
    let mut followed = Followed::default();
    let mut place = days.followed().map_err(FollowError::Days)?;
    let end = runs.feed_end()?;
    // Another store of runs than the one that was followed: all of it is new.
    let is_other = end < place;
    if is_other {
        place = 0;
    }
    let mut reader = Reader {
        runs,
        books: BTreeMap::new(),
    };
    while place < end {
        let rows = runs.feed(place, ROWS)?;
        let Some(last) = rows.last() else { break };
        place = last.no;
        let kept = reader.days(&rows, &mut followed.passed)?;
        let position = (!is_other).then_some(place);
        days.put(&kept, position).map_err(FollowError::Days)?;
        followed.days += kept.len();
    }
    Ok(followed)
}

struct Reader<'a> {
    runs: &'a dyn RunStore,
    /// Books of the jobs met so far.
    books: BTreeMap<ContentHash, Option<String>>,
}

/// A completed task in the feed.
struct Done {
    no: TaskNo,
    at: UnixMicros,
}

impl Reader<'_> {
    /// The days in some rows.
    fn days(
        &mut self,
        rows: &[FeedRow],
        passed: &mut Vec<PassedDay>,
    ) -> Result<Vec<KeptDay>, FollowError> {
        let mut started = BTreeMap::new();
        let mut done: BTreeMap<RunId, Vec<Done>> = BTreeMap::new();
        for row in rows {
            let at = row.event.at;
            match row.event.event {
                Event::TaskStarted { task } => {
                    started.insert((row.run, task), at);
                }
                Event::TaskCompleted { task, .. } => {
                    done.entry(row.run).or_default().push(Done { no: task, at });
                }
                _ => {}
            }
        }
        let mut kept = Vec::new();
        for (run, mut done) in done {
            done.sort_by_key(|one| one.no);
            let mut pass = |task, why| passed.push(PassedDay { run, task, why });
            let book = match self.book(run)? {
                Asked::Simulation(book) => book,
                Asked::Other => continue,
                Asked::Not(why) => {
                    pass(done[0].no, why);
                    continue;
                }
            };
            for (task, at) in self.tasks(run, &done)? {
                let Some((date, model)) = plan::split(&task.plan.key) else {
                    continue;
                };
                match self.document(&task, date, model)? {
                    Err(why) => pass(task.no, why),
                    Ok(day) => {
                        let began = started.get(&(run, task.no)).copied();
                        kept.push(KeptDay {
                            book: book.clone(),
                            origin: Origin::Run(run),
                            started_at: match began {
                                Some(began) => began,
                                None => self.started(run, task.no)?.unwrap_or(at),
                            },
                            completed_at: at,
                            stale: false,
                            day,
                        });
                    }
                }
            }
        }
        // Runs of one book do not overlap: their days are put as they were done.
        kept.sort_by_key(|day| day.completed_at);
        Ok(kept)
    }

    /// Whether a run is a simulation, and the book of one.
    fn book(&mut self, id: RunId) -> Result<Asked, FollowError> {
        let run = match self.runs.run(id) {
            Ok(run) => run,
            Err(RunStoreError::NoRun(_)) => return Ok(Asked::Not(Passed::Removed)),
            Err(error) => return Err(error.into()),
        };
        if run.new.kind != RunKind::Simulation {
            return Ok(Asked::Other);
        }
        if let Some(book) = self.books.get(&run.new.spec) {
            return Ok(Asked::Simulation(book.clone()));
        }
        let spec = match self.runs.spec(&run.new.spec) {
            Ok(spec) => spec,
            Err(RunStoreError::NoBody(_)) => return Ok(Asked::Not(Passed::Removed)),
            Err(error) => return Err(error.into()),
        };
        Ok(match job::parse(&spec) {
            Ok(job) => {
                self.books.insert(run.new.spec, job.book.clone());
                Asked::Simulation(job.book)
            }
            Err(error) => Asked::Not(Passed::Job(error)),
        })
    }

    /// The tasks that completed, in the order of the plan. Those that are near
    /// each other are read together.
    fn tasks(&self, run: RunId, done: &[Done]) -> Result<Vec<(Task, UnixMicros)>, FollowError> {
        let mut found = Vec::new();
        for near in done.chunk_by(|one, next| next.no.0 - one.no.0 <= NEAR) {
            let (first, last) = (near[0].no.0, near[near.len() - 1].no.0);
            let query = TaskQuery {
                after: first.checked_sub(1).map(TaskNo),
                limit: Some((last - first) as usize + 1),
                ..TaskQuery::default()
            };
            let mut at = near.iter().peekable();
            for task in self.runs.tasks(run, &query)? {
                if let Some(done) = at.next_if(|done| done.no == task.no) {
                    found.push((task, done.at));
                }
            }
        }
        Ok(found)
    }

    fn document(
        &self,
        task: &Task,
        date: SimDate,
        model: &str,
    ) -> Result<Result<ModelDay, Passed>, FollowError> {
        let Some(output) = &task.output else {
            return Ok(Err(Passed::Gone));
        };
        let text = match whole(self.runs, output) {
            Ok(text) => text,
            Err(RunStoreError::NoBody(_)) => return Ok(Err(Passed::Gone)),
            Err(error) => return Err(error.into()),
        };
        let day: ModelDay = match serde_json::from_str(&text) {
            Ok(day) => day,
            Err(error) => return Ok(Err(Passed::Document(error))),
        };
        if day.date != date || day.model != model {
            let (date, model) = (day.date, day.model);
            return Ok(Err(Passed::Another { date, model }));
        }
        Ok(Ok(day))
    }

    fn started(&self, run: RunId, task: TaskNo) -> Result<Option<UnixMicros>, FollowError> {
        let attempts = self.runs.attempts(run, task)?;
        Ok(attempts.last().and_then(|last| last.started_at))
    }
}

/// What a run was asked to be.
enum Asked {
    Simulation(Option<String>),
    Other,
    Not(Passed),
}
