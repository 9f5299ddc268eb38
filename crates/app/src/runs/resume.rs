//! Ended, let go on, and taken up again.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_domain::RunId;
use fondaco_domain::run::{Command, Run, RunCommand, RunState};
use fondaco_domain::strategy::suggest;
use fondaco_domain::task::{Adopted, TaskPlan};

use super::submit::{Plan, completed};
use super::{Overrides, Runs, RunsError, Spec};
use crate::ports::runs::{IdempotencyKey, Submitted};

impl Runs<'_> {
    /// Ends a run. What waits is cancelled when this returns; what a worker
    /// holds ends as soon as it obeys. A run that has ended stays as it is.
    pub fn cancel(&self, id: RunId, reason: &str) -> Result<Run, RunsError> {
        let reason = reason.to_owned();
        let mut run = self
            .command(id, Command::Run(RunCommand::Cancel { reason }))?
            .run;
        while run.state == RunState::Cancelling && run.counts.pending > 0 {
            run = self.command(id, Command::Run(RunCommand::Sweep))?.run;
        }
        Ok(run)
    }

    /// Lets a halted run go on, once the halt is cleared.
    pub fn resume(&self, id: RunId) -> Result<Run, RunsError> {
        Ok(self.command(id, Command::Run(RunCommand::Resume))?.run)
    }

    /// A new run that does what an ended one left undone: what that one
    /// completed is adopted.
    pub fn retry(
        &self,
        id: RunId,
        key: Option<IdempotencyKey>,
        overrides: &Overrides,
    ) -> Result<Submitted, RunsError> {
        let run = self.ended(id)?;
        if run.state == RunState::Completed && !run.degraded {
            return Err(RunsError::AllDone { run: id });
        }
        let (spec, mut plan) = self.again(&run)?;
        plan.adopted = completed(self.store, id)?;
        self.accept(&spec, take_up(&run, overrides), plan, key)
    }

    /// A new run of the same spec. From a step on: that task and all that
    /// needs it are done again, the rest is adopted where it completed. Such
    /// a plan is written in one transaction.
    pub fn replay(
        &self,
        id: RunId,
        from: Option<&str>,
        key: Option<IdempotencyKey>,
        overrides: &Overrides,
    ) -> Result<Submitted, RunsError> {
        let run = self.store.run(id)?;
        let (spec, mut plan) = self.again(&run)?;
        if let Some(step) = from {
            plan.adopted = self.before(&run, &spec, step)?;
            plan.at_once = true;
        }
        self.accept(&spec, take_up(&run, overrides), plan, key)
    }

    fn ended(&self, id: RunId) -> Result<Run, RunsError> {
        let run = self.store.run(id)?;
        if run.state.is_terminal() {
            Ok(run)
        } else {
            let state = run.state;
            Err(RunsError::NotEnded { run: id, state })
        }
    }

    fn again(&self, run: &Run) -> Result<(Spec, Plan), RunsError> {
        let spec = Spec::parse(&self.store.spec(&run.new.spec)?)?;
        let planner = self.planners.of(run.new.kind)?;
        let plan = Plan::of(planner.tasks(spec.text())?);
        Ok((spec, plan))
    }

    /// What a run completed and does not depend on a step.
    fn before(
        &self,
        run: &Run,
        spec: &Spec,
        step: &str,
    ) -> Result<BTreeMap<String, Adopted>, RunsError> {
        let tasks: Vec<TaskPlan> = self
            .planners
            .of(run.new.kind)?
            .tasks(spec.text())?
            .collect();
        let Some(first) = tasks.iter().position(|task| task.key == step) else {
            let meant = suggest(step, tasks.iter().map(|task| task.key.as_str()));
            return Err(RunsError::NoStep {
                run: run.id,
                key: step.to_owned(),
                meant: meant.map(str::to_owned),
            });
        };
        let mut adopted = completed(self.store, run.id)?;
        for key in dependent(&tasks, first) {
            adopted.remove(key);
        }
        Ok(adopted)
    }
}

/// What a run is to be that takes up another one.
fn take_up(run: &Run, overrides: &Overrides) -> fondaco_domain::run::NewRun {
    let mut new = overrides.over(run.new.clone());
    new.parent = Some(run.id);
    // The deadline of the earlier run may have passed long ago.
    new.deadline = overrides.deadline;
    new
}

/// A task and all that needs it, directly or not. Needs point back in a plan,
/// so that one walk finds them.
fn dependent(tasks: &[TaskPlan], first: usize) -> Vec<&str> {
    let mut found = BTreeSet::from([first]);
    for (no, task) in tasks.iter().enumerate().skip(first + 1) {
        if task
            .needs
            .iter()
            .any(|need| found.contains(&(need.0 as usize)))
        {
            found.insert(no);
        }
    }
    found.into_iter().map(|no| tasks[no].key.as_str()).collect()
}
