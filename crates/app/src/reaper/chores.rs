//! What falls due without anybody asking.

use std::time::Duration;

use fondaco_domain::RunId;
use fondaco_domain::run::{Command, RunCommand, RunState};

use super::Reaper;
use crate::ports::runs::{RunQuery, RunStoreError};
use crate::runner::Note;

/// Runs looked at in one round at most, and transactions of one chore.
const MANY: usize = 100;

/// Between two comparisons of a run's rows with its events.
const CHECK: Duration = Duration::from_mins(1);

/// A run with more tasks is not compared in service: it would take too long.
const CHECKED: u32 = 5_000;

const OPEN: [RunState; 4] = [
    RunState::Queued,
    RunState::Running,
    RunState::Halting,
    RunState::Halted,
];

impl Reaper {
    /// Cancels runs whose deadline has passed.
    pub(super) fn expire(&mut self, _watched: Duration) -> Result<bool, RunStoreError> {
        let due = self.ports.store.runs(&RunQuery {
            states: OPEN.to_vec(),
            due: Some(self.ports.machine.wall()),
            limit: Some(MANY),
            ..RunQuery::default()
        })?;
        for run in &due {
            self.command(run.id, RunCommand::Expire)?;
        }
        Ok(due.len() == MANY)
    }

    /// Cancels what waits in runs that are being cancelled.
    pub(super) fn sweep(&mut self, _watched: Duration) -> Result<bool, RunStoreError> {
        let cancelling = self.ports.store.runs(&RunQuery {
            states: vec![RunState::Cancelling],
            ..RunQuery::default()
        })?;
        let mut left = MANY;
        for run in cancelling {
            let mut pending = run.counts.pending;
            while pending > 0 {
                if left == 0 {
                    return Ok(true);
                }
                left -= 1;
                let after = self.command(run.id, RunCommand::Sweep)?.unwrap_or(0);
                // Nothing moved: another has done it, or cannot either.
                if after == pending {
                    break;
                }
                pending = after;
            }
        }
        Ok(false)
    }

    /// Tells runs of latches that cover them.
    pub(super) fn obey(&mut self, _watched: Duration) -> Result<bool, RunStoreError> {
        for _ in 0..MANY {
            if self.ports.store.obey(MANY, self.asked())? < MANY {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Hands on runs whose plan was cut off.
    pub(super) fn plan(&mut self, _watched: Duration) -> Result<bool, RunStoreError> {
        let unplanned = self.ports.store.runs(&RunQuery {
            states: OPEN.to_vec(),
            planned: Some(false),
            limit: Some(MANY),
            ..RunQuery::default()
        })?;
        for run in unplanned {
            (self.ports.plan)(run.id);
        }
        Ok(false)
    }

    /// Compares rows and events of a run that chance chooses.
    pub(super) fn check(&mut self, watched: Duration) -> Result<bool, RunStoreError> {
        self.unchecked += watched;
        if self.unchecked < CHECK {
            return Ok(false);
        }
        self.unchecked = Duration::ZERO;
        let mut runs = self.ports.store.runs(&RunQuery {
            limit: Some(MANY),
            ..RunQuery::default()
        })?;
        runs.retain(|run| run.counts.total <= CHECKED);
        let chance = usize::from(self.ports.machine.entropy()[0]);
        let Some(run) = runs.get(chance % runs.len().max(1)) else {
            return Ok(false);
        };
        for disagreement in self.ports.store.check_run(run.id)? {
            self.ports.log.note(&Note::Disagrees {
                run: run.id,
                disagreement,
            });
        }
        Ok(false)
    }

    /// Pending tasks after it; nothing where the rules or a faster hand came
    /// before it.
    fn command(&self, run: RunId, command: RunCommand) -> Result<Option<u32>, RunStoreError> {
        let asked = self.asked();
        match self.ports.store.command(run, Command::Run(command), asked) {
            Ok(done) => Ok(Some(done.run.counts.pending)),
            Err(RunStoreError::Rejected(_) | RunStoreError::NoRun(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
