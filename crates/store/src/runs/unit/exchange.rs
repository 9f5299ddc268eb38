//! A worker's turn: what became of its attempts, signs of life, new work.

use fondaco_app::ports::runs::{
    Asked, Beat, Claimed, Exchange, Exchanged, Report, RunStoreError, Want,
};
use fondaco_domain::halt::Scope;
use fondaco_domain::run::{Command, Rejection};
use fondaco_domain::task::{Fence, Task, TaskCommand, TaskNo, renew};
use fondaco_domain::{RunId, WorkerId};

use super::{Backend, Unit, Wanted};

impl<B: Backend> Unit<B> {
    /// `RunStore::exchange`.
    pub(in crate::runs) fn exchange(
        &mut self,
        asked: &Exchange,
        by: &Asked,
    ) -> Result<Exchanged, RunStoreError> {
        self.fetch_what_it_names(asked)?;
        let mut reports = Vec::with_capacity(asked.reports.len());
        for report in &asked.reports {
            reports.push(self.report(report, by)?);
        }
        let mut lost = Vec::new();
        for beat in &asked.beats {
            lost.extend(self.beat(asked.worker, beat)?);
        }
        let claimed = match &asked.want {
            Some(want) => self.claim(asked.worker, want, by)?,
            None => Vec::new(),
        };
        self.backend.saw(asked.worker, by.at)?;
        Ok(Exchanged {
            reports,
            lost,
            claimed,
            epoch: self.book()?.covering(&[]).epoch,
        })
    }

    /// In few reads what would otherwise be many.
    fn fetch_what_it_names(&mut self, asked: &Exchange) -> Result<(), RunStoreError> {
        let of_report = |report: &Report| (report.run, report.task);
        let reported: Vec<_> = asked.reports.iter().map(of_report).collect();
        let beats = asked.beats.iter().map(|beat| (beat.run, beat.task));
        let names: Vec<_> = reported.iter().copied().chain(beats).collect();
        let runs: Vec<RunId> = names.iter().map(|(run, _)| *run).collect();
        let may_end = |report: &&Report| {
            matches!(
                report.command,
                TaskCommand::Complete { .. } | TaskCommand::Fail { .. }
            )
        };
        let ends: Vec<_> = asked
            .reports
            .iter()
            .filter(may_end)
            .map(of_report)
            .collect();
        self.prefetch(&runs, &names, &ends)
    }

    fn report(
        &mut self,
        report: &Report,
        by: &Asked,
    ) -> Result<Result<usize, Rejection>, RunStoreError> {
        let command = Command::Task(report.task, report.command.clone());
        match self.carry_out(report.run, command, by) {
            Ok((events, _)) => Ok(Ok(events)),
            Err(RunStoreError::Rejected(rejection)) => Ok(Err(rejection)),
            // Removed since; so is the task.
            Err(RunStoreError::NoRun(_)) => Ok(Err(Rejection::UnknownTask { task: report.task })),
            Err(error) => Err(error),
        }
    }

    /// The task, where the worker has lost it.
    fn beat(
        &mut self,
        worker: WorkerId,
        beat: &Beat,
    ) -> Result<Option<(RunId, TaskNo, Fence)>, RunStoreError> {
        let lost = Some((beat.run, beat.task, beat.fence));
        let Some(task) = self.task(beat.run, beat.task)? else {
            return Ok(lost);
        };
        let attempt = task.attempt;
        let lease = match renew(task, beat.fence, beat.until) {
            // An adopted attempt keeps its fence, and has another owner.
            Ok(lease) if lease.owner == worker => lease,
            _ => return Ok(lost),
        };
        if let Some(entry) = self.tasks.get_mut(&(beat.run, beat.task)) {
            entry.value.lease = Some(lease);
            entry.standing = entry.standing.changed();
        }
        self.keep_beat((beat.run, beat.task, attempt), beat);
        Ok(None)
    }

    /// Asks for more candidates without the runs that refused, until enough
    /// are found or none are left.
    fn claim(
        &mut self,
        worker: WorkerId,
        want: &Want,
        by: &Asked,
    ) -> Result<Vec<Claimed>, RunStoreError> {
        let halted = self.halted_scopes()?;
        let mut claimed = Vec::new();
        let mut passed_over = Vec::new();
        while claimed.len() < want.limit && !halted.contains(&Scope::Global) {
            self.flush()?;
            let wanted = Wanted {
                queues: &want.queues,
                kinds: &want.kinds,
                run: want.run,
                now: by.at,
                halted: &halted,
                passed_over: &passed_over,
                limit: want.limit - claimed.len(),
            };
            let found = self.backend.ready(&wanted)?;
            let there_may_be_more = found.len() == wanted.limit;
            for (run, no) in self.put_candidates(found)? {
                match self.lease(run, no, worker, want, by) {
                    Ok(one) => claimed.push(one),
                    Err(RunStoreError::Rejected(_)) => passed_over.push(run),
                    Err(error) => return Err(error),
                }
            }
            if !there_may_be_more {
                break;
            }
        }
        Ok(claimed)
    }

    fn put_candidates(
        &mut self,
        found: Vec<(RunId, Task)>,
    ) -> Result<Vec<(RunId, TaskNo)>, RunStoreError> {
        let names: Vec<_> = found.iter().map(|(run, task)| (*run, task.no)).collect();
        let runs: Vec<RunId> = names.iter().map(|(run, _)| *run).collect();
        self.fetch_runs(&runs)?;
        for (run, task) in found {
            self.put_task(run, task);
        }
        Ok(names)
    }

    fn lease(
        &mut self,
        id: RunId,
        no: TaskNo,
        worker: WorkerId,
        want: &Want,
        by: &Asked,
    ) -> Result<Claimed, RunStoreError> {
        let until = want.until;
        let lease = TaskCommand::Lease { worker, until };
        self.carry_out(id, Command::Task(no, lease), by)?;
        if want.start {
            let fence = self.known_task(id, no)?.fence;
            let start = TaskCommand::Start { fence };
            self.carry_out(id, Command::Task(no, start), by)?;
        }
        Ok(Claimed {
            run: id,
            new: self.row(id)?.run.new.clone(),
            task: self.known_task(id, no)?.clone(),
        })
    }

    fn known_task(&mut self, run: RunId, no: TaskNo) -> Result<&Task, RunStoreError> {
        self.task(run, no)?
            .ok_or_else(|| Rejection::UnknownTask { task: no }.into())
    }
}
