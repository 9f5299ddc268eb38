//! What may happen next, and what must never.

use fondaco_domain::UnixMicros;
use fondaco_domain::halt::HaltMode;
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::{Command, RunCommand, RunState};
use fondaco_domain::task::{TaskCommand, TaskNo, TaskState};
use stateright::{Model, Property};

use super::state::{End, State, Word, Worker, name};

/// How many faults of each kind there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Faults {
    /// A worker forgets what it held.
    pub(super) crashes: u8,
    /// A worker that lives is taken for dead.
    pub(super) suspicions: u8,
    /// An answer of the store does not arrive.
    pub(super) losses: u8,
    /// A report arrives a second time, at any moment.
    pub(super) copies: u8,
    /// A latch is set.
    pub(super) halts: u8,
    /// The run is cancelled.
    pub(super) cancels: u8,
}

/// A system of some size.
#[derive(Debug, Clone, Copy)]
pub(super) struct Protocol {
    pub(super) workers: usize,
    pub(super) tasks: usize,
    pub(super) faults: Faults,
}

/// One step of somebody.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Action {
    /// A worker takes a task, and hears of it or not.
    Claim(usize, Heard),
    /// A worker asks to begin.
    Start(usize, Heard),
    /// A worker's work ends.
    End(usize, End),
    /// A worker says how it ended.
    Say(usize, Heard),
    /// What a worker says arrives twice, once now or later and once whenever.
    Copy(usize),
    /// The copy arrives.
    Late(usize),
    /// A worker forgets everything.
    Crash(usize),
    /// The reaper fails an attempt.
    Reap(TaskNo),
    /// A worker goes on with an attempt.
    Adopt(usize, TaskNo),
    /// A latch is set, or cleared.
    Latch(HaltMode),
    /// The run is told of the latch.
    Obey,
    /// A person lets it go on.
    Resume,
    /// A person ends it.
    Cancel,
}

/// Whether the answer of the store arrives.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Heard {
    Yes,
    No,
}

impl Model for Protocol {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        vec![State::new(self.workers, self.tasks, self.faults)]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        for worker in 0..self.workers {
            of_worker(state, worker, actions);
        }
        actions.extend((0..state.late.len()).map(Action::Late));
        for task in state.tasks().filter(|task| task.state.is_held()) {
            let believed = state.is_believed(task);
            if !believed || state.left.suspicions > 0 {
                actions.push(Action::Reap(task.no));
            }
            // What an executor finds alive after its worker is gone, or is
            // thought to be.
            let adoptable = task.state == TaskState::Running;
            if adoptable && (!believed || state.left.suspicions > 0) {
                let idle = (0..self.workers).filter(|no| state.workers[*no] == Worker::Idle);
                actions.extend(idle.map(|no| Action::Adopt(no, task.no)));
            }
        }
        if state.left.halts > 0 {
            let modes = [HaltMode::Drain, HaltMode::Halted, HaltMode::Killed];
            actions.extend(modes.map(Action::Latch));
        }
        if state.mode() != HaltMode::Active {
            actions.extend([Action::Latch(HaltMode::Active), Action::Obey]);
        }
        if state.run.state == RunState::Halted {
            actions.push(Action::Resume);
        }
        if state.left.cancels > 0 && !state.run.state.is_terminal() {
            actions.push(Action::Cancel);
        }
    }

    fn next_state(&self, state: &State, action: Action) -> Option<State> {
        let mut next = state.clone();
        next.take(action)?;
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let mut properties = vec![
            Property::<Self>::always("a task is completed once at most", |_, state| {
                state.completions.iter().all(|times| *times <= 1)
            }),
            Property::<Self>::always("no rule is broken", |_, state| state.broken.is_none()),
            Property::<Self>::eventually("the run ends", |_, state| state.run.state.is_terminal()),
            Property::<Self>::sometimes("a run completes", |_, state| {
                state.run.state == RunState::Completed
            }),
        ];
        if self.faults.copies > 0 || self.faults.suspicions > 0 {
            properties.push(Property::<Self>::sometimes(
                "a word comes late",
                |_, state| state.heard_late,
            ));
        }
        if self.faults.halts > 0 {
            properties.push(Property::<Self>::sometimes(
                "a run is halted",
                |_, state| state.run.state == RunState::Halted,
            ));
        }
        properties
    }
}

/// What a worker may do next.
fn of_worker(state: &State, worker: usize, actions: &mut Vec<Action>) {
    let mut with_answer = |action: fn(usize, Heard) -> Action| {
        actions.push(action(worker, Heard::Yes));
        if state.left.losses > 0 {
            actions.push(action(worker, Heard::No));
        }
    };
    match state.workers[worker] {
        Worker::Idle => with_answer(Action::Claim),
        Worker::Granted(..) => with_answer(Action::Start),
        Worker::Saying(_) => with_answer(Action::Say),
        Worker::Working(..) => {
            actions.extend([End::Completed, End::Failed].map(|end| Action::End(worker, end)));
            let stopped =
                state.mode() >= HaltMode::Halted || state.run.state == RunState::Cancelling;
            if stopped {
                actions.push(Action::End(worker, End::Stopped));
            }
        }
    }
    if state.left.copies > 0 && matches!(state.workers[worker], Worker::Saying(_)) {
        actions.push(Action::Copy(worker));
    }
    if state.left.crashes > 0 && state.workers[worker] != Worker::Idle {
        actions.push(Action::Crash(worker));
    }
}

impl State {
    /// Nothing where that is not possible, or would change nothing.
    fn take(&mut self, action: Action) -> Option<()> {
        match action {
            Action::Claim(worker, heard) => self.claim(worker, heard),
            Action::Start(worker, heard) => self.start(worker, heard),
            Action::End(worker, end) => {
                let (task, fence) = self.workers[worker].attempt()?;
                self.workers[worker] = Worker::Saying(Word {
                    task,
                    fence,
                    end,
                    worker,
                });
                Some(())
            }
            Action::Say(worker, heard) => {
                let Worker::Saying(word) = self.workers[worker] else {
                    return None;
                };
                self.hear(heard)?;
                let _ = self.say(word);
                if heard == Heard::Yes {
                    self.workers[worker] = Worker::Idle;
                }
                Some(())
            }
            Action::Copy(worker) => {
                let Worker::Saying(word) = self.workers[worker] else {
                    return None;
                };
                self.left.copies -= 1;
                self.late.push(word);
                Some(())
            }
            Action::Late(index) => {
                let word = self.late.remove(index);
                let _ = self.say(word);
                Some(())
            }
            Action::Crash(worker) => {
                self.left.crashes -= 1;
                self.workers[worker] = Worker::Idle;
                Some(())
            }
            Action::Reap(no) => self.reap(no),
            Action::Adopt(worker, no) => self.adopt(worker, no),
            Action::Latch(mode) => {
                if mode != HaltMode::Active {
                    self.left.halts -= 1;
                }
                self.latch(mode).then_some(())
            }
            Action::Obey => self.changed(Command::Run(RunCommand::Halt)),
            Action::Resume => self.changed(Command::Run(RunCommand::Resume)),
            Action::Cancel => {
                self.left.cancels -= 1;
                let reason = "enough".to_owned();
                self.changed(Command::Run(RunCommand::Cancel { reason }))
            }
        }
    }

    fn changed(&mut self, command: Command) -> Option<()> {
        let events = self.tell(command).ok()?;
        (events > 0).then_some(())
    }

    fn hear(&mut self, heard: Heard) -> Option<()> {
        if heard == Heard::No {
            self.left.losses = self.left.losses.checked_sub(1)?;
        }
        Some(())
    }

    fn claim(&mut self, worker: usize, heard: Heard) -> Option<()> {
        self.hear(heard)?;
        let ready = self.tasks().find(|task| task.state == TaskState::Ready)?.no;
        let lease = TaskCommand::Lease {
            worker: name(worker),
            until: UnixMicros(2),
        };
        self.changed(Command::Task(ready, lease))?;
        if heard == Heard::Yes {
            self.workers[worker] = Worker::Granted(ready, self.task(ready).fence);
        }
        Some(())
    }

    fn start(&mut self, worker: usize, heard: Heard) -> Option<()> {
        self.hear(heard)?;
        let Worker::Granted(task, fence) = self.workers[worker] else {
            return None;
        };
        let answer = self.tell(Command::Task(task, TaskCommand::Start { fence }));
        if heard == Heard::Yes {
            self.workers[worker] = match answer {
                Ok(_) => Worker::Working(task, fence),
                // It may not begin, and gives back what it holds.
                Err(_) => Worker::Saying(Word {
                    task,
                    fence,
                    end: End::Stopped,
                    worker,
                }),
            };
        }
        Some(())
    }

    fn reap(&mut self, no: TaskNo) -> Option<()> {
        let task = self.task(no).clone();
        if self.is_believed(&task) {
            self.left.suspicions = self.left.suspicions.checked_sub(1)?;
        }
        self.changed(Command::Task(
            no,
            TaskCommand::Fail {
                fence: task.fence,
                class: ErrorClass::LostWorker,
                error: "x".to_owned(),
            },
        ))
    }

    fn adopt(&mut self, worker: usize, no: TaskNo) -> Option<()> {
        let task = self.task(no).clone();
        if self.is_believed(&task) {
            self.left.suspicions = self.left.suspicions.checked_sub(1)?;
        }
        let command = TaskCommand::Adopt {
            fence: task.fence,
            worker: name(worker),
            until: UnixMicros(2),
        };
        // Its own attempt, started before it crashed, changes no row.
        self.tell(Command::Task(no, command)).ok()?;
        self.workers[worker] = Worker::Working(no, task.fence);
        Some(())
    }
}
