//! What the tests of runs play with.

use super::super::*;
use crate::halt::{Epoch, HaltBook, HaltCommand, HaltMode, Scope};
use crate::retry::ErrorClass;
use crate::task::{Fence, SkipReason, TaskCommand, TaskKind, TaskNo, TaskPlan, TaskState};
use crate::{ContentHash, RunId, UnixMicros, WorkerId};

/// A run in memory with its halts, its clock and its recorded events.
pub(super) struct World {
    pub(super) run: Run,
    rows: MemoryRows,
    pub(super) halts: HaltBook,
    /// The run that holds its concurrency key, where it has one.
    pub(super) key_holder: Option<RunId>,
    pub(super) events: Vec<Recorded>,
    pub(super) now: UnixMicros,
    /// What the last command is to be followed by.
    pub(super) effects: Vec<Effect>,
}

pub(super) type Answer = Result<Vec<&'static str>, Rejection>;

pub(super) fn new_run(rule: CompletionRule) -> NewRun {
    NewRun {
        rule,
        ..NewRun::new(RunKind::Simulation, ContentHash::of(b"spec"))
    }
}

impl World {
    pub(super) fn new(rule: CompletionRule, tasks: Vec<TaskPlan>, last: bool) -> Self {
        Self::of(new_run(rule), tasks, last)
    }

    pub(super) fn of(new: NewRun, tasks: Vec<TaskPlan>, last: bool) -> Self {
        let id = RunId::new(1, [0; 10]);
        let now = UnixMicros(1);
        let mut rows = MemoryRows::default();
        let (run, done) = submit(id, new, (tasks, last), &mut rows, Epoch(0), now).unwrap();
        let mut world = Self {
            run,
            rows,
            halts: HaltBook::default(),
            key_holder: None,
            events: Vec::new(),
            now,
            effects: done.effects,
        };
        world.keep(done.events);
        world
    }

    pub(super) fn plain(rule: CompletionRule, tasks: usize) -> Self {
        let plans = (0..tasks)
            .map(|n| TaskPlan::new(n.to_string(), TaskKind::Noop))
            .collect();
        Self::new(rule, plans, true)
    }

    fn keep(&mut self, events: Vec<Event>) {
        for event in events {
            let prev = self
                .events
                .last()
                .map_or(CHAIN_START.to_owned(), |last| last.hash.clone());
            let seq = self.events.len() as u64 + 1;
            let body = serde_json::to_string(&event).unwrap();
            let hash = chain_hash(&prev, self.run.id, seq, self.now, "test", &body);
            self.events.push(Recorded {
                seq,
                at: self.now,
                actor: "test".to_owned(),
                event,
                body,
                prev,
                hash,
            });
        }
    }

    pub(super) fn tell(&mut self, command: Command) -> Answer {
        let facts = Facts {
            key_holder: self.key_holder,
            ..Facts::of(self.halts.covering(&self.run.scopes()))
        };
        let (mut run, mut rows) = (self.run.clone(), self.rows.clone());
        match carry_out(&mut run, &mut rows, command, &facts, self.now) {
            Ok(done) => {
                (self.run, self.rows) = (run, rows);
                let names = done.events.iter().map(Event::type_name).collect();
                self.effects = done.effects;
                self.keep(done.events);
                Ok(names)
            }
            Err(Refused::Rejection(rejection)) => Err(rejection),
        }
    }

    pub(super) fn tell_run(&mut self, command: RunCommand) -> Answer {
        self.tell(Command::Run(command))
    }

    pub(super) fn tell_task(&mut self, no: u32, command: TaskCommand) -> Answer {
        self.tell(Command::Task(TaskNo(no), command))
    }

    pub(super) fn cancel(&mut self) -> Answer {
        self.tell_run(RunCommand::Cancel {
            reason: "enough".to_owned(),
        })
    }

    pub(super) fn lease(&mut self, no: u32) -> Answer {
        let until = self.now.plus(30);
        let worker = WorkerId::new(1, [1; 10]);
        self.tell_task(no, TaskCommand::Lease { worker, until })
    }

    pub(super) fn begin(&mut self, no: u32) {
        self.lease(no).unwrap();
        let fence = self.fence(no);
        self.tell_task(no, TaskCommand::Start { fence }).unwrap();
    }

    pub(super) fn complete(&mut self, no: u32) -> Answer {
        let fence = self.fence(no);
        self.tell_task(
            no,
            TaskCommand::Complete {
                fence,
                output: None,
            },
        )
    }

    pub(super) fn fail(&mut self, no: u32) -> Answer {
        let fence = self.fence(no);
        self.tell_task(
            no,
            TaskCommand::Fail {
                fence,
                class: ErrorClass::Permanent,
                error: "no".to_owned(),
            },
        )
    }

    pub(super) fn skip(&mut self, no: u32, reason: SkipReason) -> Answer {
        self.tell_task(
            no,
            TaskCommand::Skip {
                reason,
                detail: None,
            },
        )
    }

    pub(super) fn tasks(&self) -> Vec<&crate::task::Task> {
        self.rows.tasks().collect()
    }

    pub(super) fn fence(&self, no: u32) -> Fence {
        self.rows.tasks().nth(no as usize).unwrap().fence
    }

    pub(super) fn state_of(&self, no: u32) -> TaskState {
        self.rows.tasks().nth(no as usize).unwrap().state
    }

    pub(super) fn set(&mut self, mode: HaltMode) {
        self.set_scope(Scope::Global, mode);
    }

    pub(super) fn set_scope(&mut self, scope: Scope, mode: HaltMode) {
        let command = HaltCommand::Set {
            scope,
            mode,
            reason: "drill".to_owned(),
        };
        if let Ok(Some(halt)) = self.halts.step(&command, "test", self.now) {
            self.halts.apply(halt);
        }
    }

    pub(super) fn clear(&mut self) {
        let command = HaltCommand::Clear {
            scope: Scope::Global,
            reason: "over".to_owned(),
            confirmed: true,
        };
        if let Some(halt) = self.halts.step(&command, "test", self.now).unwrap() {
            self.halts.apply(halt);
        }
    }

    /// What must hold whatever came before.
    pub(super) fn check(&self) {
        assert!(self.run.counts.add_up(), "{:?}", self.run.counts);
        let of = |states: &[TaskState]| {
            let tasks = self.rows.tasks();
            tasks.filter(|task| states.contains(&task.state)).count() as u32
        };
        let counted = Counts {
            total: of(&TaskState::ALL),
            pending: of(&[TaskState::Blocked, TaskState::Ready]),
            running: of(&[TaskState::Leased, TaskState::Running]),
            completed: of(&[TaskState::Completed]),
            failed: of(&[TaskState::Failed]),
            skipped: of(&[TaskState::Skipped]),
            cancelled: of(&[TaskState::Cancelled]),
        };
        assert_eq!(self.run.counts, counted);
        let required = |states: &[TaskState]| {
            let tasks = self.rows.tasks().filter(|task| task.plan.required);
            tasks.filter(|task| states.contains(&task.state)).count() as u32
        };
        assert_eq!(
            (self.run.required_completed, self.run.required_failed),
            (
                required(&[TaskState::Completed]),
                required(&[TaskState::Failed, TaskState::Cancelled])
            )
        );
        for task in self.rows.tasks() {
            assert_eq!(task.lease.is_some(), task.state.is_held(), "{task:?}");
            assert_eq!(task.skip.is_some(), task.state == TaskState::Skipped);
            assert_eq!(task.state == TaskState::Blocked, {
                !task.state.is_terminal() && task.waiting > 0
            });
        }
        if self.run.state.is_terminal() {
            assert_eq!(self.run.counts.open(), 0);
        }
        if self.run.state == RunState::Halted {
            assert_eq!(self.run.counts.running, 0);
        }
        let (run, rows) = fold(self.run.id, &self.events).unwrap();
        assert_eq!((&run, &rows), (&self.run, &self.rows));
    }
}
