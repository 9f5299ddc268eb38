//! The scheduler: submits the runs of schedules when they are due.
//!
//! A tick leads to one run or to a stated reason for none, once and for all:
//! [`ScheduleStore::fire`](crate::ports::schedules::ScheduleStore::fire) keeps
//! the tick and submits its run in one transaction, and refuses whoever saw an
//! older `next`. So several schedulers may be at work, a crash between two
//! steps repeats none, and a clock that is put back fires nothing again:
//! ticks only ever go forward. What is due, and what is late, the rules of
//! [`fondaco_domain::schedule`] say.
//!
//! A run is accepted without its plan, which is handed on right after; a
//! scheduler that dies in between leaves it to the reaper.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::run::{Command, RunCommand};
use fondaco_domain::schedule::{
    CatchUp, ON_TIME, Overlap, OverlapDecision, Ticks, TimingError, Trigger, decide, jitter,
    overlap,
};
use fondaco_domain::{RunId, UnixMicros};

use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::runs::{Asked, IdempotencyKey, RunStoreError, Submission};
use crate::ports::schedules::{Fired, Firing, Schedule};

/// Between two looks at the clock at most: it may have been put forward, and
/// schedules may have been added.
const LOOK: Duration = Duration::from_secs(30);

/// Between two looks at a run that a tick waits for. Whoever hears of its end
/// may turn the scheduler sooner.
const POLL: Duration = Duration::from_secs(1);

/// Ticks of one schedule in one round.
const BATCH: usize = 100;

/// What the scheduler needs from outside.
#[derive(Clone)]
pub struct SchedulerPorts {
    /// Where schedules and runs are kept.
    pub store: Arc<dyn Store>,
    /// Time and chance.
    pub machine: Arc<dyn Machine>,
    /// Makes the plan of a run that was accepted.
    pub plan: Arc<dyn Fn(RunId) + Send + Sync>,
}

impl fmt::Debug for SchedulerPorts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchedulerPorts").finish_non_exhaustive()
    }
}

/// What came of one round.
#[derive(Debug, Default)]
pub struct Round {
    /// How long to wait for the next one.
    pub wait: Duration,
    /// Ticks that were kept, by schedule.
    pub fired: Vec<(String, Fired)>,
    /// Schedules that can never fire as they are.
    pub faults: Vec<(String, TimingError)>,
}

/// One scheduler: one thread turns it.
#[derive(Debug)]
pub struct Scheduler {
    ports: SchedulerPorts,
    /// Written into the events it leads to.
    actor: String,
    /// Triggers that were checked.
    known: BTreeMap<String, (Trigger, Ticks)>,
}

impl Scheduler {
    /// One that has looked at nothing yet.
    pub fn new(ports: SchedulerPorts, actor: impl Into<String>) -> Self {
        Self {
            ports,
            actor: actor.into(),
            known: BTreeMap::new(),
        }
    }

    /// One round over all schedules.
    pub fn turn(&mut self) -> Result<Round, RunStoreError> {
        let mut round = Round {
            wait: LOOK,
            ..Round::default()
        };
        let schedules = self.ports.store.schedules()?;
        self.known
            .retain(|name, _| schedules.iter().any(|schedule| schedule.name == *name));
        for schedule in schedules {
            let Some(next) = schedule.next.filter(|_| !schedule.paused) else {
                continue;
            };
            match self.ticks_of(&schedule) {
                Ok(ticks) => {
                    let wait = self.one(&Due::new(&schedule, next, &ticks), &mut round)?;
                    round.wait = round.wait.min(wait);
                }
                Err(fault) => round.faults.push((schedule.name, fault)),
            }
        }
        Ok(round)
    }

    fn ticks_of(&mut self, schedule: &Schedule) -> Result<Ticks, TimingError> {
        let trigger = &schedule.timing.trigger;
        match self.known.get(&schedule.name) {
            Some((known, ticks)) if known == trigger => Ok(ticks.clone()),
            _ => {
                let ticks = Ticks::of(trigger)?;
                let known = (trigger.clone(), ticks.clone());
                self.known.insert(schedule.name.clone(), known);
                Ok(ticks)
            }
        }
    }

    /// What one schedule has due; returns how long until it has more.
    fn one(&self, due: &Due<'_>, round: &mut Round) -> Result<Duration, RunStoreError> {
        let now = self.ports.machine.wall();
        if let Some(wait) = due.not_before(due.next, now) {
            return Ok(wait);
        }
        let Some(first) = self.first_unfired(due)? else {
            return Ok(LOOK);
        };
        if let Some(wait) = due.not_before(first, now) {
            return Ok(wait);
        }
        let before = self.run_before(due.name())?;
        let waited = due.schedule.timing.overlap == Overlap::BufferOne
            && self.was_open_at(before.as_ref(), first)?;
        if !waited && let Some(firing) = due.pass_over(first, now) {
            self.keep(due, firing, round)?;
            return Ok(Duration::ZERO);
        }
        self.batch(due, (first, waited), now, round)
    }

    /// Ticks in order, from the first that is due.
    fn batch(
        &self,
        due: &Due<'_>,
        (first, waited): (UnixMicros, bool),
        now: UnixMicros,
        round: &mut Round,
    ) -> Result<Duration, RunStoreError> {
        let ticks = due.from(first, now);
        let late_ms = due.schedule.timing.jitter_ms;
        let catch_up = if waited {
            CatchUp::All
        } else {
            due.schedule.timing.catch_up
        };
        let decided = decide(&ticks, late_ms, catch_up, now);
        let mut seen = due.schedule.next;
        for (index, tick) in ticks.iter().enumerate() {
            let after = due.ticks.after(*tick);
            let is_last = index + 1 == ticks.len();
            let missed = decided.passed.contains(tick);
            let Some(outcome) = self.outcome(due, *tick, (missed, is_last))? else {
                return Ok(POLL);
            };
            let firing = due.firing(seen, *tick, outcome, after);
            if !self.keep(due, firing, round)? {
                // Another scheduler was faster: look again.
                return Ok(Duration::ZERO);
            }
            seen = after;
        }
        Ok(seen
            .and_then(|next| due.not_before(next, now))
            .unwrap_or(if seen.is_some() { Duration::ZERO } else { LOOK }))
    }

    /// What a tick leads to: a run, or why none; nothing yet where it waits.
    fn outcome(
        &self,
        due: &Due<'_>,
        tick: UnixMicros,
        (missed, is_last): (bool, bool),
    ) -> Result<Option<Result<Submission, String>>, RunStoreError> {
        if missed {
            return Ok(Some(Err("it was missed".to_owned())));
        }
        let before = self.run_before(due.name())?;
        let open = match &before {
            Some((_, run)) => self.open(*run)?,
            None => false,
        };
        let decision = overlap(due.schedule.timing.overlap, open);
        match (decision, before) {
            (OverlapDecision::Pass, Some((_, run))) => {
                Ok(Some(Err(format!("run {run} has not ended"))))
            }
            (OverlapDecision::Wait, Some((_, run))) if !is_last => {
                Ok(Some(Err(format!("a later one waits for run {run}"))))
            }
            (OverlapDecision::Wait, Some(_)) => Ok(None),
            (OverlapDecision::CancelAndSubmit, Some((at, run))) => {
                // Of this tick or a later one: another scheduler was faster,
                // and its run is not the one to be cancelled.
                if at < tick {
                    self.cancel(due, run, tick)?;
                }
                Ok(Some(Ok(self.submission(due, tick))))
            }
            _ => Ok(Some(Ok(self.submission(due, tick)))),
        }
    }

    fn submission(&self, due: &Due<'_>, tick: UnixMicros) -> Submission {
        let schedule = due.schedule;
        Submission {
            id: self.ports.machine.run_id(),
            new: schedule.new.clone(),
            spec: schedule.spec.clone(),
            tasks: Vec::new(),
            last: false,
            key: Some(IdempotencyKey {
                scope: schedule.new.tenant.clone(),
                key: format!("schedule:{}@{tick}", schedule.name),
            }),
        }
    }

    /// Keeps a tick and has its run planned. A run that can never be accepted
    /// makes it a tick without one, so that the next one has its turn.
    fn keep(
        &self,
        due: &Due<'_>,
        firing: Firing,
        round: &mut Round,
    ) -> Result<bool, RunStoreError> {
        let without = Firing {
            submission: None,
            ..firing.clone()
        };
        let (kept, passed) = match self.ports.store.fire(firing, self.asked()) {
            Err(
                error @ (RunStoreError::KeyConflict { .. }
                | RunStoreError::SpecMismatch(_)
                | RunStoreError::Rejected(_)),
            ) => {
                let passed = Some(error.to_string());
                let firing = Firing {
                    passed: passed.clone(),
                    ..without.clone()
                };
                (self.ports.store.fire(firing, self.asked())?, passed)
            }
            other => (other?, without.passed),
        };
        if kept {
            let run = match passed {
                Some(_) => None,
                None => self
                    .run_before(due.name())?
                    .filter(|(at, _)| *at == without.at)
                    .map(|(_, run)| run),
            };
            if let Some(run) = run {
                (self.ports.plan)(run);
            }
            let at = without.at;
            round
                .fired
                .push((without.schedule, Fired { at, run, passed }));
        }
        Ok(kept)
    }

    /// The first tick that is due by `next` and after all that were kept.
    fn first_unfired(&self, due: &Due<'_>) -> Result<Option<UnixMicros>, RunStoreError> {
        let kept = self.ports.store.fired(due.name(), 1)?;
        match kept.first() {
            Some(last) if last.at >= due.next => Ok(due.ticks.after(last.at)),
            _ => Ok(Some(due.next)),
        }
    }

    /// The newest tick that led to a run, and that run.
    fn run_before(&self, name: &str) -> Result<Option<(UnixMicros, RunId)>, RunStoreError> {
        let mut limit = 16;
        loop {
            let kept = self.ports.store.fired(name, limit)?;
            let with_run = kept.iter().find_map(|tick| Some((tick.at, tick.run?)));
            if with_run.is_some() || kept.len() < limit {
                return Ok(with_run);
            }
            limit *= 8;
        }
    }

    fn open(&self, run: RunId) -> Result<bool, RunStoreError> {
        match self.ports.store.run(run) {
            Ok(run) => Ok(!run.state.is_terminal()),
            Err(RunStoreError::NoRun(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Whether the run before had not ended when a tick was due: the tick has
    /// waited for it, and is not late.
    fn was_open_at(
        &self,
        before: Option<&(UnixMicros, RunId)>,
        tick: UnixMicros,
    ) -> Result<bool, RunStoreError> {
        let Some((_, run)) = before else {
            return Ok(false);
        };
        match self.ports.store.run(*run) {
            Ok(run) => Ok(run.finished_at.is_none_or(|at| at >= tick)),
            Err(RunStoreError::NoRun(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn cancel(&self, due: &Due<'_>, run: RunId, tick: UnixMicros) -> Result<(), RunStoreError> {
        let command = Command::Run(RunCommand::Cancel {
            reason: format!(
                "the run of {tick} of schedule `{}` takes its place",
                due.name()
            ),
        });
        match self.ports.store.command(run, command, self.asked()) {
            Ok(_) | Err(RunStoreError::NoRun(_) | RunStoreError::Rejected(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn asked(&self) -> Asked {
        Asked {
            actor: self.actor.clone(),
            at: self.ports.machine.wall(),
        }
    }
}

/// A schedule that is looked at.
struct Due<'a> {
    schedule: &'a Schedule,
    /// Its [`Schedule::next`].
    next: UnixMicros,
    ticks: &'a Ticks,
}

impl<'a> Due<'a> {
    fn new(schedule: &'a Schedule, next: UnixMicros, ticks: &'a Ticks) -> Self {
        Self {
            schedule,
            next,
            ticks,
        }
    }

    fn name(&self) -> &str {
        &self.schedule.name
    }

    /// How long until a tick is due, where it is not yet.
    fn not_before(&self, tick: UnixMicros, now: UnixMicros) -> Option<Duration> {
        let late = jitter(self.name(), tick, self.schedule.timing.jitter_ms);
        let wait = tick.plus(late).0.saturating_sub(now.0);
        (wait > 0).then(|| Duration::from_micros(wait.unsigned_abs()))
    }

    /// The first ticks that are due, in order. One that is not due keeps back
    /// those behind it.
    fn from(&self, first: UnixMicros, now: UnixMicros) -> Vec<UnixMicros> {
        std::iter::successors(Some(first), |tick| self.ticks.after(*tick))
            .take_while(|tick| self.not_before(*tick, now).is_none())
            .take(BATCH)
            .collect()
    }

    /// Passes over many ticks that were missed and do not count, in one step:
    /// a schedule of seconds may have been left alone for a year.
    fn pass_over(&self, first: UnixMicros, now: UnixMicros) -> Option<Firing> {
        let timing = &self.schedule.timing;
        let before_first = first.plus(-1);
        let late = i64::from(timing.jitter_ms) * 1_000;
        let missed_until = now.plus(-late - ON_TIME - 1);
        let last = self.ticks.last_between(before_first, missed_until)?;
        let last = match timing.catch_up {
            CatchUp::None => last,
            // It counts itself.
            CatchUp::One => self.ticks.last_between(before_first, last.plus(-1))?,
            CatchUp::All => return None,
        };
        let passed = if last == first {
            "it was missed".to_owned()
        } else {
            format!("it was missed with all since {first}")
        };
        Some(self.firing(
            self.schedule.next,
            last,
            Err(passed),
            self.ticks.after(last),
        ))
    }

    fn firing(
        &self,
        seen: Option<UnixMicros>,
        at: UnixMicros,
        outcome: Result<Submission, String>,
        next: Option<UnixMicros>,
    ) -> Firing {
        let (submission, passed) = match outcome {
            Ok(submission) => (Some(submission), None),
            Err(passed) => (None, Some(passed)),
        };
        Firing {
            schedule: self.name().to_owned(),
            seen,
            at,
            submission,
            passed,
            next,
        }
    }
}
