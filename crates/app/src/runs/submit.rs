//! From a spec to a run with a whole plan.

use std::collections::BTreeMap;

use fondaco_domain::run::{Command, NewRun, Rejection, Run, RunCommand};
use fondaco_domain::task::{Adopted, TaskPlan, TaskState};
use fondaco_domain::{RunId, UnixMicros};

use super::{Runs, RunsError, Spec};
use crate::ports::plan::{Planner, Tasks};
use crate::ports::runs::{
    Commanded, IdempotencyKey, RunStore, RunStoreError, Submission, Submitted, TaskQuery,
};
use crate::runner::body_reference;

/// Tasks that one transaction plans.
pub const CHUNK: usize = 1_000;

/// What a submission says beside its spec: each wins over what the spec says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// The line it waits in.
    pub queue: Option<String>,
    /// Larger is sooner.
    pub priority: Option<i32>,
    /// On whose behalf.
    pub tenant: Option<String>,
    /// Of the runs with the same key, one at a time.
    pub concurrency_key: Option<String>,
    /// It is cancelled where it has not ended by then.
    pub deadline: Option<UnixMicros>,
    /// The run it takes up again.
    pub parent: Option<RunId>,
}

impl Overrides {
    /// What a run is to be with them.
    #[must_use]
    pub fn over(&self, new: NewRun) -> NewRun {
        NewRun {
            queue: self.queue.clone().unwrap_or(new.queue),
            priority: self.priority.unwrap_or(new.priority),
            tenant: self.tenant.clone().unwrap_or(new.tenant),
            concurrency_key: self.concurrency_key.clone().or(new.concurrency_key),
            deadline: self.deadline.or(new.deadline),
            parent: self.parent.or(new.parent),
            ..new
        }
    }
}

impl Runs<'_> {
    /// What a run of a spec would be; its plan is checked as well.
    pub fn would_be(&self, spec: &Spec, overrides: &Overrides) -> Result<NewRun, RunsError> {
        let planner = self.planners.of(spec.kind())?;
        let _lazy = planner.tasks(spec.text())?;
        Ok(overrides.over(planner.new_run(spec.text(), spec.hash().clone())?))
    }

    /// Accepts a run of a spec and makes its whole plan. The same key with
    /// the same request again gives the run of before, its plan made whole
    /// where it was not.
    pub fn submit(
        &self,
        spec: &Spec,
        key: Option<IdempotencyKey>,
        overrides: &Overrides,
    ) -> Result<Submitted, RunsError> {
        let planner = self.planners.of(spec.kind())?;
        let new = overrides.over(planner.new_run(spec.text(), spec.hash().clone())?);
        let plan = Plan::of(planner.tasks(spec.text())?);
        self.accept(spec, new, plan, key)
    }

    /// Accepts a run with the first part of its plan, and plans the rest.
    pub(super) fn accept(
        &self,
        spec: &Spec,
        new: NewRun,
        mut plan: Plan,
        key: Option<IdempotencyKey>,
    ) -> Result<Submitted, RunsError> {
        let (tasks, last) = plan.first_chunk(self.store)?;
        let submission = Submission {
            id: self.machine.run_id(),
            new,
            spec: spec.text().to_owned(),
            tasks,
            last,
            key,
        };
        let submitted = self.store.submit(submission, self.asked())?;
        if submitted.fresh {
            self.plan_rest(submitted.id, plan)?;
        } else {
            self.finish_planning(submitted.id)?;
        }
        Ok(submitted)
    }

    /// Goes on with a plan that was cut off half-way; nothing to do where it
    /// is whole. A plan that cannot be made fails the run.
    ///
    /// Others may plan the same run at the same time: names of tasks are
    /// unique, so each part is taken once.
    pub fn finish_planning(&self, id: RunId) -> Result<(), RunsError> {
        let run = self.store.run(id)?;
        if run.planned || run.state.is_terminal() {
            return Ok(());
        }
        match self.plan_of(&run) {
            Ok(plan) => self.plan_rest(id, plan),
            Err(RunsError::Store(error)) => Err(error.into()),
            Err(error) => self.fail_planning(id, &reason(&error)),
        }
    }

    /// The plan of a run as it was begun: what an earlier run did is adopted
    /// where its first part adopts something.
    fn plan_of(&self, run: &Run) -> Result<Plan, RunsError> {
        let text = self.store.spec(&run.new.spec)?;
        let planner: &dyn Planner = self.planners.of(run.new.kind)?;
        let mut plan = Plan::of(planner.tasks(&text)?);
        if let Some(parent) = run.new.parent
            && adopts(self.store, run.id)?
        {
            plan.adopted = completed(self.store, parent)?;
        }
        Ok(plan)
    }

    fn plan_rest(&self, id: RunId, mut plan: Plan) -> Result<(), RunsError> {
        loop {
            let run = self.store.run(id)?;
            if run.planned || run.state.is_terminal() {
                return Ok(());
            }
            let planned = run.counts.total as usize;
            if !plan.skip_to(planned) {
                plan = self.plan_of(&run)?;
                plan.skip_to(planned);
            }
            let (tasks, last) = plan.chunk(self.store, CHUNK)?;
            match self.command(id, Command::Plan { tasks, last }) {
                Ok(_) if last => return Ok(()),
                Ok(_) | Err(RunStoreError::Rejected(Rejection::PlanIsWhole)) => {}
                Err(RunStoreError::Rejected(Rejection::RunIs { .. })) => return Ok(()),
                Err(RunStoreError::Rejected(rejection)) => {
                    if self.store.run(id)?.counts.total as usize == planned {
                        return self.fail_planning(id, &rejection.to_string());
                    }
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn fail_planning(&self, run: RunId, reason: &str) -> Result<(), RunsError> {
        let command = RunCommand::FailPlanning {
            reason: reason.to_owned(),
        };
        self.command(run, Command::Run(command))?;
        Err(RunsError::Unplannable {
            run,
            reason: reason.to_owned(),
        })
    }

    pub(super) fn command(&self, run: RunId, command: Command) -> Result<Commanded, RunStoreError> {
        self.store.command(run, command, self.asked())
    }
}

/// A plan on its way into the store.
pub(super) struct Plan {
    tasks: std::iter::Peekable<Tasks>,
    /// Tasks handed out so far.
    at: usize,
    /// What an earlier run did, by the names of its tasks.
    pub(super) adopted: BTreeMap<String, Adopted>,
    /// Whether all of it goes into the first transaction.
    pub(super) at_once: bool,
}

impl Plan {
    pub(super) fn of(tasks: Tasks) -> Self {
        Self {
            tasks: tasks.peekable(),
            at: 0,
            adopted: BTreeMap::new(),
            at_once: false,
        }
    }

    /// The part that comes with the submission. It reaches the first task that
    /// is adopted, so that whoever goes on with the plan sees that some are.
    fn first_chunk(
        &mut self,
        store: &dyn RunStore,
    ) -> Result<(Vec<TaskPlan>, bool), RunStoreError> {
        let (mut tasks, mut last) = self.chunk(store, CHUNK)?;
        let lacks = |tasks: &[TaskPlan]| tasks.iter().all(|task| task.adopted.is_none());
        while !last && (self.at_once || (!self.adopted.is_empty() && lacks(&tasks))) {
            let (more, end) = self.chunk(store, CHUNK)?;
            tasks.extend(more);
            last = end;
        }
        Ok((tasks, last))
    }

    /// The next tasks, and whether they are the last.
    fn chunk(
        &mut self,
        store: &dyn RunStore,
        limit: usize,
    ) -> Result<(Vec<TaskPlan>, bool), RunStoreError> {
        let mut chunk = Vec::new();
        for mut task in self.tasks.by_ref().take(limit) {
            task.adopted = self.adopted.get(&task.key).cloned();
            task.input = match task.input {
                Some(body) => Some(body_reference(store, &body)?),
                None => None,
            };
            chunk.push(task);
        }
        self.at += chunk.len();
        Ok((chunk, self.tasks.peek().is_none()))
    }

    /// Goes on to a place in the plan; false where it is past it.
    fn skip_to(&mut self, place: usize) -> bool {
        while self.at < place && self.tasks.next().is_some() {
            self.at += 1;
        }
        self.at <= place
    }
}

/// What a run completed, by the names of its tasks. What it had adopted itself
/// is named after the run that did it.
pub(super) fn completed(
    store: &dyn RunStore,
    run: RunId,
) -> Result<BTreeMap<String, Adopted>, RunStoreError> {
    let mut found = BTreeMap::new();
    let mut query = TaskQuery {
        states: vec![TaskState::Completed],
        after: None,
        limit: Some(CHUNK),
    };
    loop {
        let page = store.tasks(run, &query)?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        query.after = Some(last.no);
        found.extend(page.into_iter().map(|task| {
            let from = task.plan.adopted.map_or(run, |earlier| earlier.from);
            let output = task.output;
            (task.plan.key, Adopted { from, output })
        }));
    }
}

/// Whether a task that is planned already is adopted.
fn adopts(store: &dyn RunStore, run: RunId) -> Result<bool, RunStoreError> {
    let mut query = TaskQuery {
        states: vec![TaskState::Completed],
        after: None,
        limit: Some(CHUNK),
    };
    loop {
        let page = store.tasks(run, &query)?;
        let Some(last) = page.last() else {
            return Ok(false);
        };
        if page.iter().any(|task| task.plan.adopted.is_some()) {
            return Ok(true);
        }
        query.after = Some(last.no);
    }
}

/// An error in one line with its causes.
fn reason(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
