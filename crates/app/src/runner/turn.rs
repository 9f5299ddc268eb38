//! One round of the runner.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fondaco_domain::RunId;
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::RunState;
use fondaco_domain::task::{Rung, TaskCommand};

use super::attempt::Attempt;
use super::begin::attempt_of;
use super::exchange::named;
use super::ladder::WHOLE;
use super::{Ended, Note, Runner, StopReason, Turn, in_words, report};
use crate::ports::exec::{AttemptId, News, Outcome};
use crate::ports::runs::{Asked, Held, RunQuery, RunStoreError};

/// While anything runs, the next turn is due after this at the latest: the
/// order for an emergency stop is looked for in it.
const WATCHFUL: Duration = Duration::from_millis(100);

/// After a first failure the store is asked again after this, then after
/// twice as long each time, up to [`LONGEST`] or a sixth of a lease.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(5);

/// When what is due. Moments are of the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Clockwork {
    /// When this turn began.
    pub(super) now: Duration,
    /// The store is asked then, whether or not there is something to say.
    pub(super) poll_at: Duration,
    /// It is not asked before.
    retry_at: Duration,
    /// Calls to it that failed, one after the other.
    failures: u32,
    enlisted: bool,
    /// What it thinks is held here is compared with what is.
    reconcile_at: Duration,
    /// Cancelled runs are looked for.
    cancelled_at: Duration,
    /// There may be work to take.
    pub(super) hungry: bool,
    pub(super) drains: u32,
    /// When the order came to stop what runs and end.
    ending_since: Option<Duration>,
}

impl Runner {
    /// One round. An error is one after which the store answers nothing more;
    /// after any other it is asked again later, and what runs runs on.
    pub fn turn(&mut self) -> Result<Turn, RunStoreError> {
        let before = std::mem::replace(&mut self.clock.now, self.ports.machine.monotonic());
        if self.clock.now >= before + self.settings.lease {
            // Who sleeps for long is taken off the list.
            self.clock.enlisted = false;
        }
        self.hear();
        self.look_for_emergency();
        self.take_news();
        self.stop_what_must();
        if self.clock.now >= self.clock.retry_at {
            match self.talk() {
                Ok(()) => self.store_answered(),
                Err(error) if is_the_end(&error) => return Err(error),
                Err(error) => self.store_failed(&error),
            }
            self.stop_what_must();
        }
        Ok(self.outlook())
    }

    pub(super) fn asked(&self) -> Asked {
        Asked {
            actor: self.settings.actor.clone(),
            at: self.ports.machine.wall(),
        }
    }

    fn hear(&mut self) {
        let inbox = self.handle.take();
        self.latches.hear(inbox.epoch);
        self.clock.hungry |= inbox.work;
        self.clock.drains += inbox.drains;
        if self.clock.drains > 1 {
            self.clock.ending_since.get_or_insert(self.clock.now);
        }
        self.order_stops(StopReason::Told, |one| inbox.stops.contains(&one.id));
        if self.clock.drains == 0 {
            let mine = |held: &Held| self.settings.run.is_none_or(|run| run == held.run);
            self.orphans.extend(inbox.orphans.into_iter().filter(mine));
        }
    }

    fn take_news(&mut self) {
        let executors: Vec<_> = self.ports.executors.all().cloned().collect();
        for executor in executors {
            for news in executor.news() {
                match news {
                    News::Progress(id, text) => {
                        if let Some(attempt) = self.live.get_mut(&id) {
                            attempt.at(text);
                        }
                    }
                    News::Ended(id, outcome) => self.take_end(Ended {
                        id,
                        outcome,
                        executor: Arc::clone(&executor),
                    }),
                }
            }
        }
    }

    /// What ended counts, or is told so that it is known to have come late.
    fn take_end(&mut self, mut ended: Ended) {
        if self.ports.executors.pardon(ended.id) && ended.outcome == Outcome::Stopped {
            ended.outcome = silent();
        }
        let counts = self
            .live
            .remove(&ended.id)
            .is_some_and(|one| !one.is_lost());
        self.let_go.remove(&ended.id);
        self.clock.hungry = true;
        if counts || ended.outcome != Outcome::Stopped {
            self.ended.push(ended);
        } else {
            ended.executor.settled(ended.id);
        }
    }

    fn stop_what_must(&mut self) {
        let (now, lease) = (self.clock.now, self.settings.lease);
        self.stop_what_is_halted();
        if self.clock.ending_since.is_some() {
            self.order_stops(StopReason::Drain, |_| true);
        }
        self.order_stops(StopReason::Lease, |one| one.stop_at(lease) <= now);
        for attempt in self.live.values_mut() {
            if attempt.stop_at(lease) <= now {
                attempt.fit_into_lease(lease, now);
            }
        }
        self.climb();
    }

    pub(super) fn order_stops(&mut self, why: StopReason, which: impl Fn(&Attempt) -> bool) {
        for attempt in self.live.values_mut() {
            if which(attempt) && attempt.order_stop(why, self.clock.now) {
                let attempt = attempt.id;
                self.ports.log.note(&Note::Stopping { attempt, why });
            }
        }
    }

    /// Goes up the ladder with all that is to stop.
    fn climb(&mut self) {
        let mut reached = Vec::new();
        for attempt in self.live.values_mut() {
            let Some(stop) = &mut attempt.stop else {
                continue;
            };
            for rung in stop.ladder.climb(self.clock.now) {
                // Of what is let go the end is still waited for: until then
                // it takes a place here.
                if rung != Rung::Expire {
                    attempt.executor.stop(attempt.id, rung);
                }
                reached.push((attempt.id, rung));
            }
        }
        for (id, rung) in reached {
            let fence = id.fence;
            let is_lost = self.live.get(&id).is_none_or(Attempt::is_lost);
            if !is_lost {
                self.report(id, TaskCommand::Escalate { fence, rung });
            }
            if rung == Rung::Expire {
                self.let_go(id);
            }
        }
    }

    /// Stops waiting for an attempt: it does not count any more, and still
    /// takes a place here until its executor says that it ended.
    fn let_go(&mut self, id: AttemptId) {
        let Some(attempt) = self.live.remove(&id) else {
            return;
        };
        if !attempt.is_lost() {
            self.report(id, TaskCommand::Stopped { fence: id.fence });
        }
        self.ports.log.note(&Note::LetGo { attempt: id });
        self.let_go.insert(id, attempt.chain);
    }

    /// All that is said to the store in one turn. What could not be said is
    /// kept for the next.
    fn talk(&mut self) -> Result<(), RunStoreError> {
        self.enlist()?;
        self.latch_emergency()?;
        let kept = self.keep_outputs();
        self.exchange()?;
        kept?;
        self.look_at_latches()?;
        self.look_for_cancelled()?;
        self.stop_what_is_halted();
        self.acknowledge()?;
        self.reconcile()
    }

    fn enlist(&mut self) -> Result<(), RunStoreError> {
        if !self.clock.enlisted {
            self.worker.seen = self.ports.machine.wall();
            self.ports.store.enlist(self.worker.clone())?;
            self.clock.enlisted = true;
        }
        Ok(())
    }

    /// Makes reports of what ended. An output that cannot be kept now is
    /// tried again, and holds nothing else up.
    fn keep_outputs(&mut self) -> Result<(), RunStoreError> {
        let mut kept = Ok(());
        for ended in std::mem::take(&mut self.ended) {
            match report::command(&*self.ports.store, ended.id, &ended.outcome) {
                Ok(command) => {
                    self.report(ended.id, command);
                    self.unsettled.insert(ended.id, ended.executor);
                }
                Err(error) => {
                    self.ended.push(ended);
                    kept = Err(error);
                }
            }
        }
        kept
    }

    /// A run was removed: nothing about it can be told.
    pub(super) fn forget(&mut self, run: RunId) {
        self.reports.retain(|report| report.run != run);
        self.unsettled.retain(|id, _| id.run != run);
        self.ended.retain(|ended| ended.id.run != run);
        self.orphans.retain(|orphan| orphan.run != run);
        self.order_stops(StopReason::Lost, |one| one.id.run == run);
    }

    /// Finds runs that are being cancelled where the notice was lost.
    fn look_for_cancelled(&mut self) -> Result<(), RunStoreError> {
        if self.live.is_empty() || self.clock.now < self.clock.cancelled_at {
            return Ok(());
        }
        let cancelling = self.ports.store.runs(&RunQuery {
            states: vec![RunState::Cancelling],
            ..RunQuery::default()
        })?;
        let cancelling: BTreeSet<RunId> = cancelling.iter().map(|run| run.id).collect();
        self.order_stops(StopReason::Told, |one| cancelling.contains(&one.id.run));
        self.clock.cancelled_at = self.clock.now + self.settings.poll;
        Ok(())
    }

    /// Gives back what the store thinks is held here and is not: the answer
    /// that said so was lost.
    fn reconcile(&mut self) -> Result<(), RunStoreError> {
        if self.clock.now < self.clock.reconcile_at {
            return Ok(());
        }
        for held in self.ports.store.held()? {
            let id = attempt_of(&held);
            let orphan = self.orphans.iter().any(|orphan| attempt_of(orphan) == id);
            if held.lease.owner == self.worker.id && !orphan && !self.has(id) {
                self.report(id, TaskCommand::Stopped { fence: id.fence });
            }
        }
        self.clock.reconcile_at = self.clock.now + self.settings.lease;
        Ok(())
    }

    /// Whether it runs here, or its end waits to be told.
    pub(super) fn has(&self, id: AttemptId) -> bool {
        self.live.contains_key(&id)
            || self.ended.iter().any(|ended| ended.id == id)
            || self.reports.iter().any(|one| named(one) == Some(id))
    }

    fn store_answered(&mut self) {
        if self.clock.failures > 0 {
            self.clock.failures = 0;
            self.ports.log.note(&Note::StoreAnswers);
        }
    }

    fn store_failed(&mut self, error: &RunStoreError) {
        let longest = LONGEST.min(self.settings.lease / 6);
        let again_in = longest.min(FIRST * 2_u32.pow(self.clock.failures.min(10)));
        self.clock.failures += 1;
        self.clock.retry_at = self.ports.machine.monotonic() + again_in;
        // Which of it was done is not known.
        self.clock.reconcile_at = Duration::ZERO;
        self.clock.enlisted = false;
        self.ports.log.note(&Note::StoreFailed {
            error: in_words(error),
            again_in: Some(again_in),
        });
    }

    fn outlook(&self) -> Turn {
        let now = self.ports.machine.monotonic();
        let lease = self.settings.lease;
        let live = || self.live.values();
        let has_news =
            !(self.reports.is_empty() && self.ended.is_empty() && self.orphans.is_empty());
        let beats = live()
            .filter(|one| !one.is_lost())
            .map(|one| one.beat_at(lease));
        let says = beats
            .min()
            .map_or(self.clock.poll_at, |at| at.min(self.clock.poll_at));
        let says = if has_news || self.latches.emergency.is_some() {
            now
        } else {
            says
        };
        let rungs = live().filter_map(|one| one.stop.as_ref()?.ladder.next());
        let leases = live()
            .filter(|one| one.stop.is_none())
            .map(|one| one.stop_at(lease));
        let due = rungs
            .chain(leases)
            .fold(says.max(self.clock.retry_at), Duration::min);
        let due = due.saturating_sub(now);
        Turn {
            wait: if self.live.is_empty() {
                due
            } else {
                due.min(WATCHFUL)
            },
            due,
            running: self.live.len(),
            done: self.is_done(has_news),
        }
    }

    /// Told to drain, with nothing left to wait for; told twice, it does not
    /// wait for the store for ever.
    fn is_done(&self, has_news: bool) -> bool {
        let given_up = |since| self.clock.now >= since + WHOLE;
        self.clock.drains > 0
            && self.live.is_empty()
            && (!has_news || self.clock.ending_since.is_some_and(given_up))
    }
}

/// How an attempt ended that the reaper stopped.
fn silent() -> Outcome {
    Outcome::Failed {
        class: ErrorClass::LostWorker,
        error: "its worker was silent for a lease, and it was killed".to_owned(),
    }
}

/// Errors after which asking again cannot help.
pub(crate) fn is_the_end(error: &RunStoreError) -> bool {
    matches!(
        error,
        RunStoreError::Stopped
            | RunStoreError::Damaged(_)
            | RunStoreError::Newer { .. }
            | RunStoreError::UnsafeLibrary(_)
            | RunStoreError::Address(_)
    )
}
