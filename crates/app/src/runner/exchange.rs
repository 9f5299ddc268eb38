//! What is said to the store in one transaction, and its answer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::Duration;

use fondaco_domain::UnixMicros;
use fondaco_domain::run::Rejection;
use fondaco_domain::task::{TaskCommand, TaskKind};

use super::begin::Orphan;
use super::gate::Admission;
use super::handle::Tallies;
use super::{Note, Runner, StopReason};
use crate::ports::exec::AttemptId;
use crate::ports::runs::{Beat, Exchange, Exchanged, Report, RunStoreError, Want};

impl Runner {
    /// Says what is due, if anything is.
    pub(super) fn exchange(&mut self) -> Result<(), RunStoreError> {
        let orphans = self.meet_orphans()?;
        let until = self.until();
        let due = self.clock.poll_at <= self.clock.now
            || !(self.reports.is_empty() && orphans.is_empty())
            || self.clock.hungry && self.room() > 0;
        let beats = self.beats(due, until);
        if !due && beats.is_empty() {
            return Ok(());
        }
        let want = self.want(until);
        let adopted = orphans.iter().map(|orphan| self.adoption(orphan, until));
        let exchange = Exchange {
            worker: self.worker.id,
            reports: adopted.chain(self.reports.iter().cloned()).collect(),
            beats: beats.clone(),
            want,
        };
        let sent = self.ports.machine.monotonic();
        let wanted = exchange.want.clone();
        let answered = self.ports.store.exchange(exchange, self.asked());
        let told = match answered {
            Ok(answer) => {
                self.orphans.clear();
                self.clock.poll_at = sent + self.settings.poll;
                self.clock.hungry = false;
                self.take_answer(&answer, orphans, &beats, sent);
                Ok(())
            }
            Err(RunStoreError::NoRun(run)) => {
                self.forget(run);
                Ok(())
            }
            Err(error) => Err(error),
        };
        self.close_gates(wanted.as_ref());
        self.handle.show(self.gate.stands());
        told
    }

    fn until(&self) -> UnixMicros {
        let lease = i64::try_from(self.settings.lease.as_micros()).unwrap_or(i64::MAX);
        self.ports.machine.wall().plus(lease)
    }

    /// Free places, unless nothing more is to begin here.
    fn room(&self) -> usize {
        if self.clock.drains > 0 || self.latches.forbid_starts() {
            return 0;
        }
        let taken = self.live.len() + self.let_go.len();
        self.settings.slots.saturating_sub(taken)
    }

    fn want(&mut self, until: UnixMicros) -> Option<Want> {
        let room = self.room();
        if room == 0 {
            return None;
        }
        let (kinds, limit) = self.admitted(room);
        (!kinds.is_empty()).then(|| Want {
            queues: self.settings.queues.clone(),
            kinds,
            run: self.settings.run,
            limit,
            until,
            start: true,
        })
    }

    /// The kinds whose executors may be given something, and how many tasks:
    /// one where one of them is being tried out.
    fn admitted(&mut self, room: usize) -> (Vec<TaskKind>, usize) {
        let (mut kinds, mut limit) = (Vec::new(), room);
        let mut admissions = BTreeMap::new();
        for kind in &self.settings.kinds {
            let Some(executor) = self.ports.executors.of(*kind) else {
                continue;
            };
            // Once for all its kinds: a probe may be of any of them.
            let admission = admissions
                .entry(executor.name())
                .or_insert_with(|| self.gate.ask(executor.name(), self.clock.now));
            match admission {
                Admission::Free => kinds.push(*kind),
                Admission::Probe => {
                    kinds.push(*kind);
                    limit = 1;
                }
                Admission::Closed => {}
            }
        }
        (kinds, limit)
    }

    /// Signs of life that are due, and where something is said anyway those
    /// that soon would be.
    fn beats(&self, anyway: bool, until: UnixMicros) -> Vec<Beat> {
        let lease = self.settings.lease;
        let ahead = if anyway { lease / 6 } else { Duration::ZERO };
        self.live
            .values()
            .filter(|one| !one.is_lost() && one.beat_at(lease) <= self.clock.now + ahead)
            .map(|one| one.beat(until))
            .collect()
    }

    fn adoption(&self, orphan: &Orphan, until: UnixMicros) -> Report {
        Report {
            run: orphan.id.run,
            task: orphan.id.task,
            command: TaskCommand::Adopt {
                fence: orphan.id.fence,
                worker: self.worker.id,
                until,
            },
        }
    }

    fn take_answer(
        &mut self,
        answer: &Exchanged,
        orphans: Vec<Orphan>,
        beats: &[Beat],
        sent: Duration,
    ) {
        self.latches.hear(answer.epoch);
        let (adopted, reported) = answer
            .reports
            .split_at(orphans.len().min(answer.reports.len()));
        self.take_refusals(reported);
        for (orphan, adopted) in orphans.into_iter().zip(adopted) {
            if adopted.is_ok() && !self.live.contains_key(&orphan.id) {
                self.go_on_with(&orphan, sent);
            }
        }
        self.take_beats(answer, beats, sent);
        let claimed = answer.claimed.len() as u64;
        let tallies = self.handle.tallies();
        tallies.claimed.fetch_add(claimed, Ordering::Relaxed);
        for claimed in &answer.claimed {
            self.begin(claimed, sent);
        }
    }

    /// What was reported is told, whatever the store made of it.
    fn take_refusals(&mut self, answers: &[Result<usize, Rejection>]) {
        for (report, answer) in self
            .reports
            .drain(..answers.len().min(self.reports.len()))
            .zip(answers)
        {
            let Some(attempt) = named(&report) else {
                continue;
            };
            match answer {
                Ok(_) => count(self.handle.tallies(), &report.command),
                Err(rejection) => {
                    let rejection = rejection.clone();
                    self.ports.log.note(&Note::Refused { attempt, rejection });
                }
            }
            if !matches!(report.command, TaskCommand::Escalate { .. })
                && let Some(executor) = self.unsettled.remove(&attempt)
            {
                executor.settled(attempt);
            }
        }
    }

    fn take_beats(&mut self, answer: &Exchanged, beats: &[Beat], sent: Duration) {
        let lost: BTreeSet<AttemptId> = answer
            .lost
            .iter()
            .map(|(run, task, fence)| AttemptId {
                run: *run,
                task: *task,
                fence: *fence,
            })
            .collect();
        for beat in beats {
            let id = AttemptId {
                run: beat.run,
                task: beat.task,
                fence: beat.fence,
            };
            if let Some(attempt) = self.live.get_mut(&id).filter(|_| !lost.contains(&id)) {
                attempt.beat_counted(beat, sent);
            }
        }
        self.order_stops(StopReason::Lost, |one| lost.contains(&one.id));
    }

    /// All that was given has begun or not by now: a probe that is still open
    /// tried nothing, and is over.
    fn close_gates(&mut self, want: Option<&Want>) {
        for kind in want.into_iter().flat_map(|want| &want.kinds) {
            if let Some(executor) = self.ports.executors.of(*kind) {
                self.gate.tell(executor.name(), None, self.clock.now);
            }
        }
    }
}

/// An end that the store took.
fn count(tallies: &Tallies, command: &TaskCommand) {
    let tally = match command {
        TaskCommand::Complete { .. } => &tallies.completed,
        TaskCommand::Fail { .. } => &tallies.failed,
        TaskCommand::Stopped { .. } => &tallies.stopped,
        _ => return,
    };
    tally.fetch_add(1, Ordering::Relaxed);
}

/// The attempt that a report is about.
pub(super) fn named(report: &Report) -> Option<AttemptId> {
    let fence = match &report.command {
        TaskCommand::Start { fence }
        | TaskCommand::Complete { fence, .. }
        | TaskCommand::Fail { fence, .. }
        | TaskCommand::Stopped { fence }
        | TaskCommand::Adopt { fence, .. }
        | TaskCommand::Escalate { fence, .. } => *fence,
        _ => return None,
    };
    Some(AttemptId {
        run: report.run,
        task: report.task,
        fence,
    })
}
