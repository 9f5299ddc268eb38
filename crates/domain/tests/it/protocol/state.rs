//! Where everything stands at one moment.

use std::hash::{Hash, Hasher};

use fondaco_domain::halt::{HaltBook, HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{
    Command, CompletionRule, Event, Facts, MemoryRows, NewRun, Refused, Rejection, Rows, Run,
    RunKind, carry_out, submit,
};
use fondaco_domain::task::{Fence, Task, TaskCommand, TaskKind, TaskNo, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use super::model::Faults;

/// Time stands still: no rule of these depends on it, since nothing waits
/// between two attempts.
const NOW: UnixMicros = UnixMicros(1);

/// What a worker believes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Worker {
    /// It holds nothing.
    Idle,
    /// It was given a task.
    Granted(TaskNo, Fence),
    /// It heard that it may begin, and did.
    Working(TaskNo, Fence),
    /// It says how that ended until it hears that it was heard.
    Saying(Word),
}

impl Worker {
    /// The attempt it believes is its own.
    pub(super) fn attempt(self) -> Option<(TaskNo, Fence)> {
        match self {
            Self::Idle => None,
            Self::Granted(task, fence) | Self::Working(task, fence) => Some((task, fence)),
            Self::Saying(word) => Some((word.task, word.fence)),
        }
    }
}

/// How an attempt ended, as its worker says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Word {
    pub(super) task: TaskNo,
    pub(super) fence: Fence,
    pub(super) end: End,
    /// Who says so: the output of a task is the name of who did it.
    pub(super) worker: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum End {
    Completed,
    Failed,
    Stopped,
}

/// A rule that was broken on the way here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Broken {
    StartedUnderHalt,
    StaleFence,
    ChangedAfterItsEnd,
    Counts,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct State {
    pub(super) run: Run,
    pub(super) rows: MemoryRows,
    pub(super) book: HaltBook,
    pub(super) workers: Vec<Worker>,
    /// Copies of words, still on their way.
    pub(super) late: Vec<Word>,
    pub(super) left: Faults,
    /// How often each task was completed.
    pub(super) completions: Vec<u8>,
    pub(super) heard_late: bool,
    pub(super) broken: Option<Broken>,
}

impl State {
    pub(super) fn new(workers: usize, tasks: usize, left: Faults) -> Self {
        let plan = |no: usize| {
            let mut plan = TaskPlan::new(no.to_string(), TaskKind::Noop);
            plan.retry.max_attempts = 2;
            // The last of three needs the first.
            if no == 2 {
                plan.needs = vec![TaskNo(0)];
            }
            plan
        };
        let new = NewRun {
            rule: CompletionRule::ModelDays,
            ..NewRun::new(RunKind::Simulation, ContentHash::of(b"spec"))
        };
        let book = HaltBook::default();
        let mut rows = MemoryRows::default();
        let tasks: Vec<_> = (0..tasks).map(plan).collect();
        let completions = vec![0; tasks.len()];
        let epoch = book.covering(&[]).epoch;
        let id = RunId::new(1, [0; 10]);
        let (run, _) = submit(id, new, (tasks, true), &mut rows, epoch, NOW).unwrap();
        Self {
            run,
            rows,
            book,
            workers: vec![Worker::Idle; workers],
            late: Vec::new(),
            left,
            completions,
            heard_late: false,
            broken: None,
        }
    }

    pub(super) fn tasks(&self) -> impl Iterator<Item = &Task> {
        self.rows.tasks()
    }

    pub(super) fn task(&self, no: TaskNo) -> &Task {
        self.rows.tasks().nth(no.0 as usize).unwrap()
    }

    pub(super) fn mode(&self) -> HaltMode {
        let halts = self.book.covering(&[Scope::Global]);
        halts.strictest().map_or(HaltMode::Active, |halt| halt.mode)
    }

    /// Whether some worker believes that this attempt is its own.
    pub(super) fn is_believed(&self, task: &Task) -> bool {
        let attempt = (task.no, task.fence);
        self.workers
            .iter()
            .any(|worker| worker.attempt() == Some(attempt))
    }

    /// One transaction of the store; how many events it led to.
    pub(super) fn tell(&mut self, command: Command) -> Result<usize, Rejection> {
        let facts = Facts::of(self.book.covering(&self.run.scopes()));
        let before = (self.run.clone(), self.rows.clone());
        let stale = match &command {
            Command::Task(no, command) => {
                fence_of(command).is_some_and(|fence| fence != self.task(*no).fence)
            }
            _ => false,
        };
        let done = match carry_out(&mut self.run, &mut self.rows, command, &facts, NOW) {
            Ok(done) => done,
            Err(Refused::Rejection(rejection)) => {
                (self.run, self.rows) = before;
                return Err(rejection);
            }
        };
        for event in &done.events {
            self.watch(event, facts.halts.may_start().is_err());
        }
        if stale && (&self.run, &self.rows) != (&before.0, &before.1) {
            self.broken = Some(Broken::StaleFence);
        }
        if before.0.state.is_terminal() && self.run != before.0 {
            self.broken = Some(Broken::ChangedAfterItsEnd);
        }
        if !self.run.counts.add_up() {
            self.broken = Some(Broken::Counts);
        }
        Ok(done.events.len())
    }

    fn watch(&mut self, event: &Event, halted: bool) {
        match event {
            Event::TaskLeased { .. } | Event::TaskStarted { .. } if halted => {
                self.broken = Some(Broken::StartedUnderHalt);
            }
            Event::TaskCompleted { task, .. } => self.completions[task.0 as usize] += 1,
            Event::LateResult { .. } => self.heard_late = true,
            _ => {}
        }
    }

    pub(super) fn say(&mut self, word: Word) -> Result<usize, Rejection> {
        let fence = word.fence;
        let command = match word.end {
            End::Completed => TaskCommand::Complete {
                fence,
                output: Some(word.worker.to_string()),
            },
            End::Failed => TaskCommand::Fail {
                fence,
                class: fondaco_domain::retry::ErrorClass::Transient,
                error: "x".to_owned(),
            },
            End::Stopped => TaskCommand::Stopped { fence },
        };
        self.tell(Command::Task(word.task, command))
    }

    pub(super) fn latch(&mut self, mode: HaltMode) -> bool {
        let scope = Scope::Global;
        let reason = "drill".to_owned();
        let command = if mode == HaltMode::Active {
            HaltCommand::Clear {
                scope,
                reason,
                confirmed: true,
            }
        } else {
            HaltCommand::Set {
                scope,
                mode,
                reason,
            }
        };
        match self.book.step(&command, "test", NOW) {
            Ok(Some(halt)) => {
                self.book.apply(halt);
                true
            }
            _ => false,
        }
    }
}

impl State {
    /// The same with its workers in a fixed order: which of them is which
    /// makes no difference to any rule.
    pub(super) fn representative(&self) -> Self {
        let known = |worker: usize| {
            let owned = self.tasks().filter(|task| {
                task.lease
                    .as_ref()
                    .is_some_and(|lease| lease.owner == name(worker))
            });
            let owned: Vec<_> = owned.map(|task| task.no).collect();
            (self.workers[worker].without_name(), owned)
        };
        let mut order: Vec<usize> = (0..self.workers.len()).collect();
        order.sort_by_key(|worker| known(*worker));
        let mut renamed = vec![0; order.len()];
        for (new, old) in order.iter().enumerate() {
            renamed[*old] = new;
        }
        let mut state = self.clone();
        state.workers = order
            .iter()
            .map(|old| self.workers[*old].renamed(&renamed))
            .collect();
        state.late = self
            .late
            .iter()
            .map(|word| word.renamed(&renamed))
            .collect();
        for task in self.tasks() {
            let mut task = task.clone();
            if let Some(lease) = &mut task.lease {
                let old = (0..order.len()).find(|worker| name(*worker) == lease.owner);
                lease.owner = name(renamed[old.unwrap()]);
            }
            if let Some(output) = &mut task.output {
                *output = renamed[output.parse::<usize>().unwrap()].to_string();
            }
            let Ok(()) = state.rows.write(&task);
        }
        state
    }
}

impl Word {
    fn renamed(self, names: &[usize]) -> Self {
        Self {
            worker: names[self.worker],
            ..self
        }
    }
}

impl Worker {
    fn renamed(self, names: &[usize]) -> Self {
        match self {
            Self::Saying(word) => Self::Saying(word.renamed(names)),
            other => other,
        }
    }

    fn without_name(self) -> Self {
        match self {
            Self::Saying(word) => Self::Saying(Word { worker: 0, ..word }),
            other => other,
        }
    }
}

pub(super) fn name(worker: usize) -> WorkerId {
    WorkerId::new(1, [worker as u8; 10])
}

fn fence_of(command: &TaskCommand) -> Option<Fence> {
    match command {
        TaskCommand::Start { fence }
        | TaskCommand::Complete { fence, .. }
        | TaskCommand::Fail { fence, .. }
        | TaskCommand::Stopped { fence }
        | TaskCommand::Adopt { fence, .. } => Some(*fence),
        _ => None,
    }
}

/// All that what comes after depends on.
impl Hash for State {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.run.state.hash(hasher);
        self.run.halt_epoch.hash(hasher);
        self.run.started_at.hash(hasher);
        for task in self.tasks() {
            let owner = task.lease.as_ref().map(|lease| lease.owner);
            (task.state, task.fence, task.failures, task.waiting).hash(hasher);
            (owner, &task.output, task.skip).hash(hasher);
        }
        for halt in self.book.latches() {
            (halt.mode, halt.epoch).hash(hasher);
        }
        (&self.workers, &self.late, self.left).hash(hasher);
        (&self.completions, self.heard_late, self.broken).hash(hasher);
    }
}
