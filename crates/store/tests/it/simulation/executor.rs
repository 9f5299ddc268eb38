//! Simulated executors: attempts are entries that end at a time.

use std::sync::Arc;

use fondaco_app::ports::exec::{Assignment, AttemptId, Executor, Found, News, Outcome, StartError};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::Rung;

use super::world::{Broken, SECOND, State, World};

/// An attempt under way, or ended and not settled.
#[derive(Debug, Clone)]
pub(super) struct Job {
    /// The process that gets its news.
    pub(super) holder: usize,
    /// The machine of a child; none for a thread, which dies with its process.
    pub(super) host: Option<usize>,
    /// When it ends, unless it is told to stop.
    pub(super) ends_at: u64,
    /// How it ends then.
    pub(super) outcome: Outcome,
    /// How it ended.
    pub(super) ended: Option<Outcome>,
    /// It died of a signal: there is no outcome to be found.
    pub(super) killed: bool,
    told: bool,
    pub(super) temper: Temper,
    /// Its worker has an excuse for not stopping it in time.
    pub(super) excused: bool,
}

/// What it takes to make an attempt stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Temper {
    Obeys,
    NeedsSignal,
    NeedsKill,
    /// A thread that does not ask its token.
    Deaf,
}

/// One executor of one process.
pub(super) struct Simulated {
    pub(super) world: Arc<World>,
    pub(super) process: usize,
    /// Children that outlive the process, or threads.
    pub(super) children: bool,
}

impl Simulated {
    fn host(&self, state: &State) -> Option<usize> {
        self.children.then(|| state.processes[self.process].host)
    }

    fn mine(&self, state: &State, job: &Job) -> bool {
        job.holder == self.process && job.host == self.host(state)
    }
}

impl Executor for Simulated {
    fn name(&self) -> &'static str {
        if self.children { "local" } else { "inline" }
    }

    fn start(&self, assignment: Assignment) -> Result<Option<String>, StartError> {
        self.world.check_file(self.process, assignment.id);
        let stalls = self.world.state().processes[self.process].stalls;
        self.world.maybe_stall(self.process);
        let refused = |source: &str| StartError {
            key: assignment.key.clone(),
            class: ErrorClass::Transient,
            source: source.into(),
        };
        if !self.world.state().processes[self.process].alive {
            return Err(refused("the process is dead"));
        }
        self.world.check_start(self.process, assignment.id);
        self.world.check_needs(&assignment);
        let mut state = self.world.state();
        let broken = self.children && state.broken == Some(Broken::Starting);
        if broken || !state.calm && state.rng.one_in(25) {
            return Err(refused("no more processes"));
        }
        let host = self.host(&state);
        let temper = match state.rng.below(10) {
            0 if self.children => Temper::NeedsKill,
            1 if self.children => Temper::NeedsSignal,
            0 => Temper::Deaf,
            _ => Temper::Obeys,
        };
        let outcome = match state.rng.below(12) {
            0 => failed(ErrorClass::Permanent),
            1 | 2 => failed(ErrorClass::Transient),
            3 => completed("x".repeat(9_000)),
            _ => completed(format!("of attempt {}", assignment.attempt)),
        };
        let (temper, outcome) = match state.script {
            Some((temper, _)) if state.long_outputs => (temper, completed("x".repeat(9_000))),
            Some((temper, _)) => (temper, completed("as the drill says".to_owned())),
            None => (temper, outcome),
        };
        let lasts = match state.rng.below(12) {
            _ if state.script.is_some() => state.script.map_or(0, |(_, lasts)| lasts),
            0 => state.rng.below(100 * SECOND),
            1 => state.rng.below(40 * SECOND),
            2..=6 => state.rng.below(4 * SECOND),
            _ => state.rng.below(SECOND / 20),
        };
        let job = Job {
            holder: self.process,
            host,
            ends_at: self.world.now() + lasts,
            outcome,
            ended: None,
            killed: false,
            told: false,
            temper,
            excused: temper == Temper::Deaf || state.processes[self.process].stalls != stalls,
        };
        state.jobs.insert(assignment.id, job);
        Ok(self.children.then(|| "child".to_owned()))
    }

    fn news(&self) -> Vec<News> {
        let mut state = self.world.state();
        let host = self.host(&state);
        let mut news = Vec::new();
        for (id, job) in &mut state.jobs {
            let mine = job.holder == self.process && job.host == host && !job.told;
            if let Some(outcome) = job.ended.clone().filter(|_| mine) {
                job.told = true;
                news.push(News::Ended(*id, outcome));
            }
        }
        news
    }

    fn stop(&self, attempt: AttemptId, rung: Rung) {
        let now = self.world.now();
        let mut state = self.world.state();
        let delay = state.rng.below(SECOND / 4);
        let Some(mut job) = state.jobs.get(&attempt).cloned() else {
            return;
        };
        let heeds = match rung {
            Rung::Token => job.temper == Temper::Obeys,
            Rung::Terminate => job.temper <= Temper::NeedsSignal,
            Rung::Kill => job.temper <= Temper::NeedsKill,
            Rung::Expire => false,
        };
        if heeds && self.mine(&state, &job) && state.processes[self.process].alive {
            let at = if rung == Rung::Kill { now } else { now + delay };
            if at < job.ends_at {
                job.ends_at = at;
                job.outcome = Outcome::Stopped;
                job.killed = rung == Rung::Kill;
            }
            state.jobs.insert(attempt, job);
        }
    }

    fn find(&self, attempt: AttemptId, _reference: &str) -> Found {
        let state = self.world.state();
        let here = self.host(&state);
        match state.jobs.get(&attempt) {
            Some(job) if self.mine(&state, job) && !job.told => Found::Running,
            Some(job) if self.children && job.host == here => match &job.ended {
                None => Found::Running,
                Some(_) if job.killed => Found::Gone,
                Some(outcome) => Found::Ended(outcome.clone()),
            },
            _ if self.children => Found::Gone,
            _ => Found::Unknown,
        }
    }

    fn adopt(&self, attempt: AttemptId, _reference: &str) -> bool {
        let mut state = self.world.state();
        let here = self.host(&state);
        let process = self.process;
        match state.jobs.get_mut(&attempt) {
            Some(job) if job.host == here && self.children && !job.killed => {
                job.holder = process;
                job.told = false;
                true
            }
            _ => false,
        }
    }

    fn settled(&self, attempt: AttemptId) {
        let mut state = self.world.state();
        if state
            .jobs
            .get(&attempt)
            .is_some_and(|job| job.ended.is_some())
        {
            state.jobs.remove(&attempt);
        }
    }
}

fn completed(output: String) -> Outcome {
    Outcome::Completed {
        output: Some(output),
    }
}

fn failed(class: ErrorClass) -> Outcome {
    Outcome::Failed {
        class,
        error: "as the seed says".to_owned(),
    }
}
