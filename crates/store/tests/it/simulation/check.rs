//! What must hold in every world.

use std::collections::BTreeMap;

use fondaco_app::ports::exec::{Assignment, AttemptId};
use fondaco_app::ports::halts::{HaltAck, HaltStore};
use fondaco_app::ports::records::{RecordKind, RecordStore};
use fondaco_app::ports::runs::{RunQuery, RunStore, TaskQuery};
use fondaco_domain::ContentHash;
use fondaco_domain::halt::{Halt, HaltMode};
use fondaco_domain::run::{Event, Run, RunState};
use fondaco_domain::task::TaskState;

use super::world::World;

impl World {
    /// Nothing starts with a worker that has acknowledged a latch over it, or
    /// beside a file that stops its machine; and no two attempts at one task
    /// run at once, where the worker of the older one has no excuse.
    pub(super) fn check_start(&self, process: usize, id: AttemptId) {
        let scopes = self.store.run(id.run).unwrap().scopes();
        let latches = self.store.halts().unwrap();
        let mut state = self.state();
        let state = &mut *state;
        for latch in latches.iter().filter(|one| one.mode.forbids_start()) {
            let key = (process, latch.scope.clone(), latch.epoch);
            if scopes.contains(&latch.scope) && state.acknowledged.contains(&key) {
                state.wrong.push(format!("{id:?} started under {latch:?}"));
            }
        }
        for (other, job) in &state.jobs {
            let same = (other.run, other.task) == (id.run, id.task);
            if same && job.ended.is_none() && !job.excused {
                state
                    .wrong
                    .push(format!("{id:?} started beside {other:?}: {job:?}"));
            }
        }
    }

    /// What an attempt is told of the tasks it needs: that they ended, and
    /// what their attempts said, itself.
    pub(super) fn check_needs(&self, assignment: &Assignment) {
        let tasks = self
            .store
            .tasks(assignment.id.run, &TaskQuery::default())
            .unwrap();
        let task = &tasks[assignment.id.task.0 as usize];
        let keys = task
            .plan
            .needs
            .iter()
            .map(|no| &tasks[no.0 as usize].plan.key);
        let told = assignment.needs.iter().map(|need| &need.key);
        let said = |output: &String| {
            let words = ["of attempt ", "as the drill says"];
            words.iter().any(|start| output.starts_with(start)) || *output == "x".repeat(9_000)
        };
        let right = keys.eq(told)
            && assignment.needs.iter().all(|need| {
                let output = need.output.as_ref();
                let completed = need.state == TaskState::Completed;
                need.state.is_terminal() && completed == output.is_some() && output.is_none_or(said)
            });
        if !right {
            let wrong = format!("{:?} was told {:?}", assignment.id, assignment.needs);
            self.state().wrong.push(wrong);
        }
    }

    pub(super) fn check_file(&self, process: usize, id: AttemptId) {
        let mut state = self.state();
        if state.files[state.processes[process].host].is_some() {
            state.wrong.push(format!("{id:?} started beside the file"));
        }
    }

    /// Nothing that a latch forbids runs with who acknowledges it.
    pub(super) fn check_ack(&self, process: usize, ack: &HaltAck) {
        let latches = self.store.halts().unwrap();
        let stops = |latch: &&Halt| latch.scope == ack.scope && latch.epoch == ack.epoch;
        let Some(latch) = latches.iter().find(stops) else {
            return;
        };
        let covered = |run| self.store.run(run).unwrap().scopes().contains(&ack.scope);
        let mut state = self.state();
        let state = &mut *state;
        let key = (process, ack.scope.clone(), ack.epoch);
        state.acknowledged.insert(key);
        if latch.mode == HaltMode::Reducing {
            return;
        }
        for (id, job) in &state.jobs {
            if job.holder == process && job.ended.is_none() && covered(id.run) {
                state
                    .wrong
                    .push(format!("{ack:?} while {id:?} runs: {job:?}"));
            }
        }
    }

    /// Runs that may still move.
    pub(super) fn unsettled(&self) -> Vec<String> {
        let latches = self.store.halts().unwrap();
        let runs = self.store.runs(&RunQuery::default()).unwrap();
        let resumes = self.state().resumes;
        let settled = |run: &&Run| match run.state {
            state if state.is_terminal() => true,
            // A run whose key another one holds resumes after that.
            RunState::Halted => !resumes,
            RunState::Queued => !resumes && is_held_back(run, &runs, &latches),
            _ => false,
        };
        let open = runs.iter().filter(|run| !settled(run));
        open.map(|run| {
            format!(
                "{run:?} {:?}",
                self.store
                    .tasks(run.id, &fondaco_app::ports::runs::TaskQuery::default())
            )
        })
        .collect()
    }

    /// Latches whose newest record is not what they are.
    fn off_the_record(&self) -> Vec<String> {
        let latches = self.store.halts().unwrap();
        let off = latches.iter().filter(|latch| {
            let name = latch.scope.to_string();
            let newest = self.store.record(RecordKind::Halt, &name).unwrap();
            newest.and_then(|record| record.body) != serde_json::to_string(latch).ok()
        });
        off.map(|latch| format!("not on the record: {latch:?}"))
            .collect()
    }

    /// Everything at the end, as findings and as one hash.
    pub(super) fn verdict(&self) -> (Vec<String>, ContentHash, Tally) {
        let mut wrong = std::mem::take(&mut self.state().wrong);
        wrong.extend(
            self.unsettled()
                .into_iter()
                .map(|run| format!("never ended: {run}")),
        );
        let found = self.store.check().unwrap();
        wrong.extend(found.iter().map(|one| format!("{one}")));
        wrong.extend(self.off_the_record());
        let mut tally = Tally::new();
        let mut hashes = Vec::new();
        for run in self.store.runs(&RunQuery::default()).unwrap() {
            let (mut ends, mut leases) = (BTreeMap::new(), BTreeMap::new());
            for recorded in self.store.events(run.id, 0, usize::MAX).unwrap() {
                *tally.entry(recorded.event.type_name()).or_default() += 1;
                if recorded.event.ends_task() {
                    *ends.entry(recorded.event.task()).or_default() += 1;
                }
                if let Event::TaskLeased { task, .. } = &recorded.event {
                    *leases.entry(*task).or_insert(0) += 1;
                }
                // What counts is the word of the attempt that holds the fence.
                if let Event::TaskCompleted { task, output } = &recorded.event
                    && let Some(attempt) = output.as_deref().and_then(attempt_of)
                    && leases.get(task) != Some(&attempt)
                {
                    wrong.push(format!("{task:?} of {} took an old result", run.id));
                }
                if let Event::RunEnded { state, .. } = recorded.event {
                    *tally.entry(state.as_str()).or_default() += 1;
                }
                hashes.push(recorded.hash);
            }
            let twice = ends.iter().filter(|(_, count): &(_, &u32)| **count > 1);
            wrong.extend(twice.map(|(task, _)| format!("{task:?} of {} ended twice", run.id)));
        }
        hashes.push(self.state().steps.to_string());
        let hash = ContentHash::of_parts(hashes.iter().map(String::as_bytes));
        *tally.entry("acknowledged").or_default() += self.state().acknowledged.len() as u64;
        (wrong, hash, tally)
    }
}

/// The attempt that an output is of, where it says so.
fn attempt_of(output: &str) -> Option<u32> {
    output.strip_prefix("of attempt ")?.parse().ok()
}

/// How often what happened.
pub(super) type Tally = BTreeMap<&'static str, u64>;

/// A latch covers it, or a halted run holds its key.
fn is_held_back(run: &Run, runs: &[Run], latches: &[Halt]) -> bool {
    let covered = |latch: &Halt| latch.mode.forbids_start() && run.scopes().contains(&latch.scope);
    let holds =
        |other: &Run| other.holds_key() && other.new.concurrency_key == run.new.concurrency_key;
    latches.iter().any(covered) || run.new.concurrency_key.is_some() && runs.iter().any(holds)
}
