//! A command from decision to rows: what every store does inside one
//! transaction.

use std::collections::BTreeSet;

use super::step::settle;
use super::{
    Command, Decision, Effect, Event, Facts, NewRun, Rejection, Run, RunCommand, RunState, step,
};
use crate::halt::{Epoch, HaltMode};
use crate::task::{self, Task, TaskCommand, TaskNo, TaskPlan, TaskState};
use crate::{RunId, UnixMicros};

/// The tasks of one run, wherever they are kept. Reads see the writes before
/// them.
pub trait Rows {
    /// What can go wrong with the place.
    type Error;

    /// One task.
    fn task(&mut self, no: TaskNo) -> Result<Option<Task>, Self::Error>;
    /// Adds a task that was planned.
    fn add(&mut self, task: &Task) -> Result<(), Self::Error>;
    /// Overwrites a task that changed; its plan does not.
    fn write(&mut self, task: &Task) -> Result<(), Self::Error>;
    /// One of these names that a planned task has already.
    fn known_key(&mut self, keys: &[&str]) -> Result<Option<String>, Self::Error>;
    /// Tasks that need this one.
    fn dependents(&mut self, no: TaskNo) -> Result<Vec<TaskNo>, Self::Error>;
    /// The first tasks in any of these states, in the order of the plan.
    fn in_states(&mut self, states: &[TaskState], limit: usize)
    -> Result<Vec<TaskNo>, Self::Error>;
}

/// Tasks that one event of planning holds at most, so that its body stays
/// small.
pub const PLAN_EVENT: usize = 32;

/// Bytes of its body, about, where it holds more than one task: a body that a
/// store keeps in its row, and not in a file of its own.
const PLAN_BYTES: usize = 7_500;

/// Tasks that one command cancels at most.
pub const SWEEP: usize = 1_000;

/// What a command led to: events to record, effects to run after the commit.
pub type Done = Decision;

/// Why nothing was done. Rows may have been written before; whoever holds the
/// transaction takes them back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused<E> {
    /// The rules say no.
    Rejection(Rejection),
    /// The rows could not be read or written.
    Rows(E),
}

impl<E> From<Rejection> for Refused<E> {
    fn from(rejection: Rejection) -> Self {
        Self::Rejection(rejection)
    }
}

/// Accepts a run with the first part of its plan, or all of it.
pub fn submit<R: Rows>(
    id: RunId,
    new: NewRun,
    (tasks, last): (Vec<TaskPlan>, bool),
    rows: &mut R,
    epoch: Epoch,
    now: UnixMicros,
) -> Result<(Run, Done), Refused<R::Error>> {
    let mut run = Run::accepted(id, new.clone(), epoch, now);
    let mut work = Work::new(&mut run, rows, now);
    work.record(Event::Submitted { new, epoch })?;
    if !tasks.is_empty() || last {
        work.plan(tasks, last)?;
    }
    work.settle()?;
    let done = work.done;
    Ok((run, done))
}

/// Carries a command out on a run: decides, applies, and follows what comes of
/// it through the tasks until nothing more does.
///
/// `facts` are read in the same transaction.
pub fn carry_out<R: Rows>(
    run: &mut Run,
    rows: &mut R,
    command: Command,
    facts: &Facts,
    now: UnixMicros,
) -> Result<Done, Refused<R::Error>> {
    let mut work = Work::new(run, rows, now);
    match command {
        Command::Plan { tasks, last } => work.plan(tasks, last)?,
        Command::Run(command) => work.of_run(&command, facts)?,
        Command::Task(no, command) => work.of_task(no, &command, facts)?,
    }
    work.settle()?;
    Ok(work.done)
}

/// Applies one event to the run and the task it is about. False when that
/// task was never planned.
pub(super) fn take_in<R: Rows>(
    run: &mut Run,
    rows: &mut R,
    event: &Event,
    at: UnixMicros,
) -> Result<bool, R::Error> {
    if let Event::Planned { first, tasks, .. } = event {
        for (plan, no) in tasks.iter().zip(first.0..) {
            let task = Task::planned(TaskNo(no), plan.clone(), at);
            run.count_planned(task.state, task.plan.required);
            rows.add(&task)?;
        }
    }
    if let Some(no) = event.task() {
        let Some(mut task) = rows.task(no)? else {
            return Ok(false);
        };
        let before = task.state;
        task.apply(event, at);
        run.count_moved(before, task.state, task.plan.required);
        if !matches!(event, Event::LateResult { .. }) {
            rows.write(&task)?;
        }
    } else {
        run.apply(event, at);
    }
    Ok(true)
}

/// One command under way.
struct Work<'a, R: Rows> {
    run: &'a mut Run,
    rows: &'a mut R,
    now: UnixMicros,
    done: Done,
}

impl<'a, R: Rows> Work<'a, R> {
    fn new(run: &'a mut Run, rows: &'a mut R, now: UnixMicros) -> Self {
        Self {
            run,
            rows,
            now,
            done: Done::nothing(),
        }
    }

    fn plan(&mut self, tasks: Vec<TaskPlan>, last: bool) -> Result<(), Refused<R::Error>> {
        if self.run.planned {
            return Err(Rejection::PlanIsWhole.into());
        }
        if self.run.state == RunState::Cancelling || self.run.state.is_terminal() {
            return Err(Rejection::RunIs {
                state: self.run.state,
            }
            .into());
        }
        let first = TaskNo(self.run.counts.total);
        self.check_plan(first, &tasks)?;
        let needs = needs_that_may_have_ended(first, &tasks);
        self.record_plan(first, tasks, last)?;
        self.done.effects.push(Effect::Wake);
        let mut ended = Vec::new();
        for (no, need) in needs {
            let need = self.task(need)?;
            if need.state.is_terminal() && self.tell_need_ended(no, &need)? {
                ended.push(no);
            }
        }
        self.follow(ended)
    }

    fn check_plan(&mut self, first: TaskNo, tasks: &[TaskPlan]) -> Result<(), Refused<R::Error>> {
        let mut keys = BTreeSet::new();
        for (plan, no) in tasks.iter().zip(first.0..) {
            if plan.key.is_empty() || !keys.insert(plan.key.as_str()) {
                let key = plan.key.clone();
                return Err(Rejection::Key { key }.into());
            }
            let mut seen = BTreeSet::new();
            if let Some(need) = plan
                .needs
                .iter()
                .find(|need| need.0 >= no || !seen.insert(**need))
            {
                let key = plan.key.clone();
                return Err(Rejection::Need { key, need: *need }.into());
            }
        }
        let keys: Vec<&str> = keys.into_iter().collect();
        match self.rows.known_key(&keys).map_err(Refused::Rows)? {
            Some(key) => Err(Rejection::Key { key }.into()),
            None => Ok(()),
        }
    }

    fn record_plan(
        &mut self,
        mut first: TaskNo,
        tasks: Vec<TaskPlan>,
        last: bool,
    ) -> Result<(), Refused<R::Error>> {
        let (mut part, mut bytes) = (Vec::new(), 0);
        for plan in tasks {
            bytes += about_bytes(&plan);
            if part.len() == PLAN_EVENT || (bytes > PLAN_BYTES && !part.is_empty()) {
                let next = TaskNo(first.0 + part.len() as u32);
                bytes = about_bytes(&plan);
                self.record(Event::Planned {
                    first,
                    tasks: std::mem::take(&mut part),
                    last: false,
                })?;
                first = next;
            }
            part.push(plan);
        }
        self.record(Event::Planned {
            first,
            tasks: part,
            last,
        })
    }

    fn of_run(&mut self, command: &RunCommand, facts: &Facts) -> Result<(), Refused<R::Error>> {
        let decision = step(self.run, command, facts, self.now)?;
        if matches!(command, RunCommand::Sweep) && self.run.state == RunState::Cancelling {
            return self.cancel_pending();
        }
        if decision.events.is_empty() {
            return Ok(());
        }
        match command {
            // All of them, however many: the run ends here, and a run that has
            // ended has nothing open.
            RunCommand::FailPlanning { .. } => {
                self.cancel_first(usize::MAX)?;
                self.adopt(decision)
            }
            RunCommand::Halt => {
                self.adopt(decision)?;
                match facts.halts.strictest().map(|halt| halt.mode) {
                    Some(HaltMode::Killed) => self.seize_held(facts),
                    Some(HaltMode::Halted) => self.stop_held(),
                    _ => Ok(()),
                }
            }
            RunCommand::Resume | RunCommand::Sweep => self.adopt(decision),
            RunCommand::Cancel { .. } | RunCommand::Expire => {
                self.adopt(decision)?;
                self.cancel_pending()?;
                self.stop_held()
            }
        }
    }

    fn of_task(
        &mut self,
        no: TaskNo,
        command: &TaskCommand,
        facts: &Facts,
    ) -> Result<(), Refused<R::Error>> {
        let task = self.task(no)?;
        let decision = task::step(self.run, &task, command, facts, self.now)?;
        let begins = matches!(command, TaskCommand::Lease { .. });
        if begins && self.run.state == RunState::Queued {
            self.record(Event::RunStarted)?;
        }
        self.adopt(decision)
    }

    fn cancel_pending(&mut self) -> Result<(), Refused<R::Error>> {
        self.cancel_first(SWEEP)?;
        if self.run.counts.pending > 0 {
            self.done.effects.push(Effect::Sweep);
        }
        Ok(())
    }

    fn cancel_first(&mut self, limit: usize) -> Result<(), Refused<R::Error>> {
        let pending = [TaskState::Blocked, TaskState::Ready];
        let found = self.rows.in_states(&pending, limit);
        for no in found.map_err(Refused::Rows)? {
            self.record(Event::TaskCancelled { task: no })?;
        }
        Ok(())
    }

    fn seize_held(&mut self, facts: &Facts) -> Result<(), Refused<R::Error>> {
        for no in self.held()? {
            self.of_task(no, &TaskCommand::Seize, facts)?;
        }
        Ok(())
    }

    fn stop_held(&mut self) -> Result<(), Refused<R::Error>> {
        for no in self.held()? {
            let task = self.task(no)?;
            if let Some(lease) = task.lease {
                self.done.effects.push(Effect::Stop {
                    task: no,
                    fence: task.fence,
                    owner: lease.owner,
                });
            }
        }
        Ok(())
    }

    fn held(&mut self) -> Result<Vec<TaskNo>, Refused<R::Error>> {
        let held = [TaskState::Leased, TaskState::Running];
        self.rows
            .in_states(&held, usize::MAX)
            .map_err(Refused::Rows)
    }

    fn settle(&mut self) -> Result<(), Refused<R::Error>> {
        while let Some(decision) = settle(self.run) {
            self.adopt(decision)?;
        }
        Ok(())
    }

    /// Records what was decided, and what follows for tasks that needed one
    /// that ended by it.
    fn adopt(&mut self, decision: Decision) -> Result<(), Refused<R::Error>> {
        self.done.effects.extend(decision.effects);
        let mut ended: Vec<TaskNo> = Vec::new();
        for event in decision.events {
            ended.extend(event.task().filter(|_| event.ends_task()));
            self.record(event)?;
        }
        self.follow(ended)
    }

    /// Tells those who need these tasks, and those who need whom that ends.
    fn follow(&mut self, mut ended: Vec<TaskNo>) -> Result<(), Refused<R::Error>> {
        while let Some(no) = ended.pop() {
            let task = self.task(no)?;
            for dependent in self.rows.dependents(no).map_err(Refused::Rows)? {
                if self.tell_need_ended(dependent, &task)? {
                    ended.push(dependent);
                }
            }
        }
        Ok(())
    }

    /// True when the one told has ended by it.
    fn tell_need_ended(&mut self, no: TaskNo, need: &Task) -> Result<bool, Refused<R::Error>> {
        let task = self.task(no)?;
        let command = TaskCommand::NeedEnded {
            need: need.no,
            satisfied: need.satisfies(),
        };
        let decision = task::step(self.run, &task, &command, &Facts::default(), self.now)?;
        self.done.effects.extend(decision.effects);
        let mut ends = false;
        for event in decision.events {
            ends |= event.ends_task();
            self.record(event)?;
        }
        Ok(ends)
    }

    fn task(&mut self, no: TaskNo) -> Result<Task, Refused<R::Error>> {
        self.rows
            .task(no)
            .map_err(Refused::Rows)?
            .ok_or_else(|| Rejection::UnknownTask { task: no }.into())
    }

    fn record(&mut self, event: Event) -> Result<(), Refused<R::Error>> {
        let known = take_in(self.run, self.rows, &event, self.now).map_err(Refused::Rows)?;
        if let (false, Some(no)) = (known, event.task()) {
            return Err(Rejection::UnknownTask { task: no }.into());
        }
        self.done.events.push(event);
        Ok(())
    }
}

/// Bytes of a plan as JSON, about: what its texts may grow by when they are
/// escaped is guessed.
fn about_bytes(plan: &TaskPlan) -> usize {
    let adopted = plan.adopted.as_ref();
    let output = adopted.map_or(0, |one| 60 + one.output.as_ref().map_or(0, String::len));
    let input = plan.input.as_ref().map_or(0, |input| input.len() * 5 / 4);
    190 + plan.key.len() + 7 * plan.needs.len() + input + output
}

/// Pairs of a new task and one that it needs, where that one may have ended
/// already: it was planned before, or is settled from the beginning.
fn needs_that_may_have_ended(first: TaskNo, tasks: &[TaskPlan]) -> Vec<(TaskNo, TaskNo)> {
    let may_have_ended =
        |need: TaskNo| need < first || tasks[(need.0 - first.0) as usize].is_settled();
    let blocked = tasks
        .iter()
        .zip(first.0..)
        .filter(|(plan, _)| !plan.is_settled());
    blocked
        .flat_map(|(plan, no)| plan.needs.iter().map(move |need| (TaskNo(no), *need)))
        .filter(|(_, need)| may_have_ended(*need))
        .collect()
}
