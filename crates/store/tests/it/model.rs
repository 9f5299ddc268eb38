//! Random calls in any order: the file answers as memory does, word for word.
//!
//! Memory is the model. Both stores go through many cases, each with runs,
//! queues, keys and tenants of its own, so that a case costs its calls and not
//! the making of a file.

use std::path::{Path, PathBuf};

use fondaco_app::ports::Store;
use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::records::{Change, RecordKind, TrailQuery};
use fondaco_app::ports::runs::{
    Beat, Exchange, External, IdempotencyKey, Report, RunQuery, RunStore, RunStoreError,
    Submission, TaskQuery, Want,
};
use fondaco_app::ports::schedules::{Firing, Schedule};
use fondaco_app::ports::services::Holder;
use fondaco_domain::halt::{Epoch, HaltCommand, HaltMode, Scope};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::{Command, CompletionRule, RunCommand, RunState};
use fondaco_domain::schedule::{CatchUp, Overlap, Timing, Trigger};
use fondaco_domain::task::{
    Adopted, Fence, OnNeedFailed, Rung, SkipReason, TaskCommand, TaskKind, TaskNo, TaskPlan,
    TaskState,
};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{MemoryRuns, SqliteOptions, SqliteRuns, Synchronous};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};

/// Cases that one pair of stores goes through.
const TOGETHER: u64 = 40;

/// What to do, to which run and task, under which fence, and how.
type Call = (u8, u8, u32, u64, u8);

/// One case: its number, and the time.
#[derive(Clone, Copy)]
struct Scene {
    case: u64,
    now: i64,
}

impl Scene {
    fn run(self, number: u8) -> RunId {
        RunId::new(self.case, [number; 10])
    }

    fn name(self, what: &str) -> String {
        format!("{what}{}", self.case)
    }

    fn submission(self, number: u8, how: u8) -> Submission {
        let mut asked = submission(number, &self.name("q"), 5);
        asked.id = self.run(number);
        asked.new.tenant = self.name("t");
        asked.new.priority = i32::from(number);
        asked.new.strategy = (how & 1 == 1).then(|| self.name("s"));
        asked.new.concurrency_key = (how & 2 == 2).then(|| self.name("k"));
        asked.new.deadline = (how & 4 == 4).then_some(UnixMicros(20));
        if number == 2 {
            asked.new.rule = CompletionRule::AllRequired;
        }
        asked.last = how & 8 == 0;
        asked.key = (how & 16 == 16).then(|| IdempotencyKey {
            scope: self.name("t"),
            key: format!("key {}", how & 1),
        });
        let tasks = &mut asked.tasks;
        tasks[0].retry.max_attempts = 3;
        tasks[0].retry.first = 4;
        tasks[0].retry.longest = 4;
        tasks[1].priority = 2 * i32::from(number);
        tasks[1].kind = TaskKind::Sleep;
        tasks[2].needs = vec![TaskNo(0), TaskNo(1)];
        tasks[3].needs = vec![TaskNo(2)];
        tasks[3].on_need_failed = [
            OnNeedFailed::Skip,
            OnNeedFailed::Fail,
            OnNeedFailed::Proceed,
        ][number as usize % 3];
        tasks[4].needs = vec![TaskNo(3)];
        tasks[4].required = false;
        if how & 32 == 32 {
            let from = self.run(9);
            let output = Some("before".to_owned());
            tasks[1].adopted = Some(Adopted { from, output });
        }
        asked
    }
}

fn worker(number: u8) -> WorkerId {
    WorkerId::new(u64::from(number), [number; 10])
}

/// The answer as text: values and refusals alike must agree.
fn call(store: &dyn Store, scene: Scene, (what, run, task, fence, how): Call) -> String {
    let (id, no, fence) = (scene.run(run), TaskNo(task), Fence(fence));
    let by = || at(scene.now);
    let of_run = |command| show(&store.command(id, command, by()));
    let of_task = |command| of_run(Command::Task(no, command));
    match what {
        0 | 1 => show(&store.submit(scene.submission(run, how), by())),
        2 => of_run(Command::Plan {
            tasks: vec![more(task, how)],
            last: how & 1 == 1,
        }),
        3..=8 => show(&store.exchange(turn(scene, (what, run, task, fence.0, how)), by())),
        9 => of_task(task_command(fence, how, scene.now)),
        10 => of_run(Command::Run(run_command(how))),
        11 | 12 => show(&store.halt(latch(scene, id, how), by())),
        13 => show(&store.obey(1 + task as usize, by())),
        14 => {
            let ack = HaltAck {
                scope: scope(scene, id, how),
                epoch: Epoch(u64::from(task)),
                worker: worker(run),
                at: UnixMicros(scene.now),
            };
            show(&store.acknowledge_halt(ack)) + &show(&store.halt_acks())
        }
        15 => show(&store.held()),
        16 => show(&store.remove(id)),
        17 => schedule(store, scene, (what, run, task, fence.0, how)),
        18 => record(store, scene, (what, run, task, fence.0, how)),
        19 => service(store, scene, (what, run, task, fence.0, how)),
        _ => show(&store.tasks(id, &tasks_query(task, how))) + &show(&store.attempts(id, no)),
    }
}

fn more(task: u32, how: u8) -> TaskPlan {
    let mut plan = TaskPlan::new(format!("more/{task}"), TaskKind::Noop);
    if how & 2 == 2 {
        plan.needs = vec![TaskNo(task)];
    }
    plan
}

/// A worker's turn: what it reports and beats is about one task and the one
/// after it.
fn turn(scene: Scene, (what, run, task, fence, how): Call) -> Exchange {
    let id = scene.run(run);
    let next = TaskNo((task + 1) % 6);
    let of = |task, command| Report {
        run: id,
        task,
        command,
    };
    let fence = Fence(fence);
    let reports = match what {
        3 | 4 => Vec::new(),
        _ => vec![
            of(TaskNo(task), TaskCommand::Start { fence }),
            of(next, task_command(fence, how, scene.now)),
            of(TaskNo(task), task_command(fence, how / 2, scene.now)),
        ],
    };
    let beats = match what {
        3 | 6 => vec![Beat {
            run: id,
            task: TaskNo(task),
            fence,
            until: UnixMicros(scene.now + 9),
            external: (how & 1 == 1).then(|| External {
                executor: "local".to_owned(),
                reference: (how & 2 == 2).then(|| scene.now.to_string()),
            }),
            progress: (how & 4 == 4).then(|| format!("at {}", scene.now)),
        }],
        _ => Vec::new(),
    };
    let want = Want {
        queues: vec![scene.name("q"), "nobody's".to_owned()],
        kinds: match how % 4 {
            0 => vec![TaskKind::Sleep],
            _ => TaskKind::ALL.to_vec(),
        },
        run: (how & 16 == 16).then_some(id),
        limit: task as usize,
        until: UnixMicros(scene.now + 5),
        start: how & 32 == 32,
    };
    Exchange {
        worker: worker(how & 1),
        reports,
        beats,
        want: (what != 6).then_some(want),
    }
}

fn task_command(fence: Fence, how: u8, now: i64) -> TaskCommand {
    match how % 12 {
        0..=4 => TaskCommand::Complete {
            fence,
            output: Some("result".to_owned()),
        },
        5 | 6 => TaskCommand::Fail {
            fence,
            class: [ErrorClass::Transient, ErrorClass::Permanent][usize::from(how % 2)],
            error: "lost".to_owned(),
        },
        7 => TaskCommand::Stopped { fence },
        8 => TaskCommand::Skip {
            reason: SkipReason::RateLimited,
            detail: None,
        },
        9 => TaskCommand::Cancel,
        10 => TaskCommand::Adopt {
            fence,
            worker: worker(how & 1),
            until: UnixMicros(now + 7),
        },
        _ => TaskCommand::Escalate {
            fence,
            rung: Rung::Kill,
        },
    }
}

fn run_command(how: u8) -> RunCommand {
    match how % 8 {
        0 => RunCommand::Cancel {
            reason: "enough".to_owned(),
        },
        1 => RunCommand::FailPlanning {
            reason: "no plan".to_owned(),
        },
        2 => RunCommand::Sweep,
        3 | 4 => RunCommand::Expire,
        5 => RunCommand::Halt,
        _ => RunCommand::Resume,
    }
}

fn scope(scene: Scene, id: RunId, how: u8) -> Scope {
    match how % 4 {
        0 => Scope::Tenant(scene.name("t")),
        1 => Scope::Strategy(scene.name("s")),
        _ => Scope::Run(id),
    }
}

fn latch(scene: Scene, id: RunId, how: u8) -> HaltCommand {
    let modes = [
        HaltMode::Reducing,
        HaltMode::Drain,
        HaltMode::Halted,
        HaltMode::Killed,
    ];
    let scope = scope(scene, id, how);
    match (how / 4) % 8 {
        mode @ 0..=3 => HaltCommand::Set {
            scope,
            mode: modes[usize::from(mode)],
            reason: "drill".to_owned(),
        },
        more => HaltCommand::Clear {
            scope,
            reason: "over".to_owned(),
            confirmed: more > 4,
        },
    }
}

fn tasks_query(task: u32, how: u8) -> TaskQuery {
    let states = [TaskState::Ready, TaskState::Leased, TaskState::Running];
    TaskQuery {
        states: states[..usize::from(how % 4)].to_vec(),
        after: (how & 4 == 4).then_some(TaskNo(task)),
        limit: (how & 8 == 8).then_some(2),
    }
}

fn schedule(store: &dyn Store, scene: Scene, (_, run, task, fence, how): Call) -> String {
    let name = scene.name("schedule");
    let tick = |n: u64| UnixMicros(100 + n.cast_signed());
    match how % 8 {
        0 => {
            let new = scene.submission(run, how);
            let schedule = Schedule {
                name,
                timing: Timing {
                    trigger: Trigger::Interval {
                        every: 1,
                        anchor: UnixMicros(0),
                    },
                    overlap: Overlap::Allow,
                    catch_up: CatchUp::All,
                    jitter_ms: 0,
                },
                spec: new.spec,
                new: new.new,
                paused: false,
                next: Some(tick(fence)),
                since: UnixMicros(scene.now),
            };
            show(&store.add_schedule(schedule, at(scene.now)))
        }
        1 => {
            let next = Some(tick(fence));
            show(&store.pause_schedule(&name, task % 2 == 0, next, at(scene.now)))
        }
        2 => show(&store.remove_schedule(&name, at(scene.now))),
        3 => show(&store.fired(&name, task as usize)),
        _ => {
            let firing = Firing {
                schedule: name,
                seen: Some(tick(fence)),
                at: tick(fence),
                submission: (task > 1).then(|| scene.submission(run, how)),
                passed: None,
                next: Some(tick(fence + 1)),
            };
            show(&store.fire(firing, at(scene.now)))
        }
    }
}

fn record(store: &dyn Store, scene: Scene, (_, run, task, fence, how): Call) -> String {
    let kind = [RecordKind::Flag, RecordKind::Key][usize::from(run % 2)];
    let name = scene.name(if how & 1 == 1 { "a" } else { "b" });
    let change = Change {
        kind,
        name: name.clone(),
        over: (how & 2 == 2).then_some(fence as u32),
        body: (how & 0b1100 != 0).then(|| task.to_string()),
    };
    let put = store.put_record(change.clone(), at(scene.now));
    let repeated = (how & 16 == 16).then(|| store.put_record(change, at(scene.now)));
    format!("{put:?}{repeated:?}{:?}\n", store.record(kind, &name))
}

fn service(store: &dyn Store, scene: Scene, (_, run, task, fence, how): Call) -> String {
    let name = scene.name("service");
    let now = UnixMicros(scene.now);
    let holder = || Holder {
        host: scene.name("h"),
        pid: task,
        pid_start: String::new(),
        address: run.to_string(),
    };
    let answer = match how % 4 {
        0 | 1 => show(&store.claim_service(&name, fence, at(scene.now))),
        2 => show(&store.renew_service(&name, fence, holder(), now)),
        _ => show(&store.release_service(&name, fence)),
    };
    answer + &show(&store.services())
}

fn show<T: std::fmt::Debug>(answer: &Result<T, RunStoreError>) -> String {
    format!("{answer:?}\n")
}

/// Every run of a case with its tasks, attempts and events, the latches, the
/// schedules, the newest records and rows of the feed, and the rows of the
/// outbox since the last case.
fn everything(store: &dyn Store, scene: Scene) -> String {
    let of_case = RunQuery {
        queue: Some(scene.name("q")),
        ..RunQuery::default()
    };
    let open = RunQuery {
        states: vec![RunState::Queued, RunState::Running, RunState::Halted],
        due: Some(UnixMicros(30)),
        ..of_case.clone()
    };
    let of_strategy = RunQuery {
        strategy: Some(scene.name("s")),
        tenant: Some(scene.name("t")),
        ..RunQuery::default()
    };
    let runs = store.runs(&of_case).unwrap();
    let mut text = format!("{runs:?}{:?}", store.runs(&open));
    text += &show(&store.runs(&of_strategy));
    let newest = TrailQuery {
        limit: Some(40),
        ..TrailQuery::default()
    };
    text += &show(&store.trail(&newest));
    text += &show(&store.records(RecordKind::Flag));
    let end = store.feed_end().unwrap();
    text += &show(&store.feed(end.saturating_sub(40), 30));
    text += &show(&store.open_runs());
    for run in &runs {
        let tasks = store.tasks(run.id, &TaskQuery::default()).unwrap();
        let events = store.events(run.id, 0, usize::MAX).unwrap();
        text += &show(&Ok((&tasks, &events)));
        for task in tasks {
            text += &show(&store.attempts(run.id, task.no));
        }
    }
    let outbox = store.outbox("reader", 9_999).unwrap();
    if let Some(last) = outbox.last() {
        store.acknowledge("reader", last.position).unwrap();
    }
    let key = store.key_holder(&scene.name("k"));
    format!(
        "{text}{key:?}{outbox:?}{:?}{:?}",
        store.halts(),
        store.schedules()
    )
}

/// The two stores, for some cases.
struct Pair {
    file: SqliteRuns,
    memory: MemoryRuns,
    cases: u64,
    _folder: tempfile::TempDir,
}

impl Pair {
    fn new() -> Self {
        let folder = tempfile::tempdir_in(quick_folder()).unwrap();
        let options = SqliteOptions {
            synchronous: Synchronous::Normal,
            ..SqliteOptions::default()
        };
        Self {
            file: SqliteRuns::open(&folder.path().join("runs.db"), options).unwrap(),
            memory: MemoryRuns::default(),
            cases: 0,
            _folder: folder,
        }
    }

    fn try_calls(&mut self, calls: &[Call]) -> Result<(), TestCaseError> {
        self.cases += 1;
        let case = self.cases;
        // Most calls need a run to be about.
        let first = (0..3_u8).map(|run| (0, run, 0, 0, run * 9));
        for (one, now) in first.chain(calls.iter().copied()).zip(1..) {
            let scene = Scene { case, now };
            let (file, memory) = (call(&self.file, scene, one), call(&self.memory, scene, one));
            prop_assert_eq!(file, memory, "{:?}", one);
        }
        let scene = Scene { case, now: 99 };
        let (file, memory) = (
            everything(&self.file, scene),
            everything(&self.memory, scene),
        );
        prop_assert_eq!(file, memory);
        for run in 0..3 {
            let found = self.file.check_run(scene.run(run)).unwrap_or_default();
            prop_assert_eq!(found, vec![]);
        }
        Ok(())
    }
}

/// A folder in memory where there is one: nothing here asks for the disk.
fn quick_folder() -> PathBuf {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    }
}

fn some_cases(cases: u32) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let calls = (0..21_u8, 0..3_u8, 0..6_u32, 0..3_u64, 0..64_u8);
    let mut pair = std::cell::RefCell::new(Pair::new());
    let pair = &mut pair;
    TestRunner::new(config)
        .run(&prop::collection::vec(calls, 0..30), |calls| {
            if pair.borrow().cases == TOGETHER {
                pair.replace(Pair::new());
            }
            pair.borrow_mut().try_calls(&calls)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

/// Half of the cases each, since two run at once.
#[test]
fn the_file_answers_as_memory_does() {
    some_cases(crate::size(200, 50_000));
}

#[test]
fn and_as_it_does_to_others() {
    some_cases(crate::size(200, 50_000));
}
