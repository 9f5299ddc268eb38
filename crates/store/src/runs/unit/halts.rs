//! Latches, and the runs that hear of them.

use fondaco_app::ports::records::RecordKind;
use fondaco_app::ports::runs::{Asked, Notice, RunStoreError};
use fondaco_domain::RunId;
use fondaco_domain::halt::{Halt, HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{Command, RunCommand};

use super::{Backend, Unit};

/// Runs looked at together for [`Unit::obey`].
const PAGE: usize = 256;

impl<B: Backend> Unit<B> {
    /// `HaltStore::halt`.
    pub(in crate::runs) fn halt(
        &mut self,
        command: &HaltCommand,
        by: &Asked,
    ) -> Result<Halt, RunStoreError> {
        let book = self.book()?;
        if let Some(halt) = book.step(command, &by.actor, by.at)? {
            book.apply(halt.clone());
            self.halts.retain(|before| before.scope != halt.scope);
            self.halts.push(halt.clone());
            let name = halt.scope.to_string();
            self.on_record(RecordKind::Halt, &name, Some(&halt), by)?;
            self.tell(Notice::Halt { epoch: halt.epoch });
            if halt.mode == HaltMode::Active {
                self.tell(Notice::Wake);
            }
            return Ok(halt);
        }
        let scope = command.scope();
        let known = book.latches().find(|halt| halt.scope == *scope).cloned();
        // Cleared, and never set: there is no latch, and none is made.
        Ok(known.unwrap_or_else(|| Halt {
            scope: scope.clone(),
            epoch: book.covering(&[]).epoch,
            mode: HaltMode::Active,
            reason: String::new(),
            actor: by.actor.clone(),
            at: by.at,
        }))
    }

    /// `HaltStore::obey`.
    pub(in crate::runs) fn obey(
        &mut self,
        limit: usize,
        by: &Asked,
    ) -> Result<usize, RunStoreError> {
        let scopes = self.halted_scopes()?;
        if scopes.is_empty() {
            return Ok(0);
        }
        self.flush()?;
        let mut told = 0;
        let mut after: Option<RunId> = None;
        while told < limit {
            let page = self.backend.covered(&scopes, after, PAGE)?;
            let ids: Vec<RunId> = page.iter().map(|row| row.run.id).collect();
            for row in page {
                self.put_run(row);
            }
            for id in &ids {
                told += usize::from(self.tell_of_halt(*id, by)?);
                if told == limit {
                    break;
                }
            }
            if ids.len() < PAGE {
                break;
            }
            after = ids.last().copied();
        }
        Ok(told)
    }

    /// Scopes where nothing may start.
    pub(super) fn halted_scopes(&mut self) -> Result<Vec<Scope>, RunStoreError> {
        let latches = self.book()?.latches();
        let halted = latches.filter(|halt| halt.mode.forbids_start());
        Ok(halted.map(|halt| halt.scope.clone()).collect())
    }

    /// False where the run knew.
    fn tell_of_halt(&mut self, run: RunId, by: &Asked) -> Result<bool, RunStoreError> {
        match self.carry_out(run, Command::Run(RunCommand::Halt), by) {
            Ok((events, _)) => Ok(events > 0),
            Err(RunStoreError::Rejected(_)) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
