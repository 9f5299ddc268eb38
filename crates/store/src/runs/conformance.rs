//! What every store of runs must do, as cases over the port.
//!
//! A new store runs [`CASES`], each over an empty store of its own:
//!
//! ```
//! use fondaco_store::runs::{MemoryRuns, conformance::CASES};
//!
//! for (name, case) in CASES {
//!     case(&MemoryRuns::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
//! }
//! ```
//!
//! A case panics where the store answers wrongly and returns the error where
//! it fails.

use fondaco_app::ports::runs::{
    Asked, Claimed, IdempotencyKey, RunStore, RunStoreError, Submission,
};
use fondaco_domain::halt::{Epoch, HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{
    Command, CompletionRule, Effect, NewRun, Rejection, RunCommand, RunKind, RunState,
};
use fondaco_domain::task::{Fence, Lease, TaskCommand, TaskNo, TaskPlan, TaskState};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

/// A name and what is tried under it.
pub type Case = (&'static str, fn(&dyn RunStore) -> Result<(), RunStoreError>);

/// All of them.
pub const CASES: &[Case] = &[
    ("a run is kept as it was submitted", kept),
    ("a key makes twice the same as once", idempotent),
    ("a run goes from its submission to its end", life),
    ("a rejected command leaves no trace", rejected),
    ("a late result is logged and dropped", late),
    ("claims follow queue, priority and age", order),
    ("a halt stops what it covers and nothing else", halted),
    ("a halted run waits for a resume", resumed),
    ("a cancelled run ends", cancelled),
    ("leases are renewed and run out", leases),
    ("every consumer of the outbox has its own cursor", outbox),
    ("what is not there is not there", missing),
];

/// A run of `tasks` independent tasks in a queue, named by a number.
pub fn submission(number: u8, queue: &str, tasks: usize) -> Submission {
    Submission {
        id: RunId::new(u64::from(number), [number; 10]),
        new: NewRun {
            kind: RunKind::Simulation,
            spec: ContentHash::of(&[number]),
            rule: CompletionRule::ModelDays,
            queue: queue.to_owned(),
            priority: 0,
            parent: None,
        },
        tasks: (0..tasks)
            .map(|no| TaskPlan::new(format!("step/{no}")))
            .collect(),
        last: true,
        key: None,
    }
}

/// Asked by the suite at a time.
pub fn at(micros: i64) -> Asked {
    Asked {
        actor: "conformance".to_owned(),
        at: UnixMicros(micros),
    }
}

fn lease() -> Lease {
    Lease {
        owner: WorkerId::new(1, [7; 10]),
        until: UnixMicros(1_000),
    }
}

fn begin(store: &dyn RunStore, queue: &str, limit: usize) -> Result<Vec<Claimed>, RunStoreError> {
    let claimed = store.claim(queue, lease(), limit, at(10))?;
    for one in &claimed {
        let fence = one.task.fence;
        let start = Command::Task(one.task.no, TaskCommand::Start { fence });
        store.command(one.run, start, at(11))?;
    }
    Ok(claimed)
}

fn complete(task: TaskNo, fence: Fence) -> Command {
    let output = Some("result".to_owned());
    Command::Task(task, TaskCommand::Complete { fence, output })
}

fn agrees(store: &dyn RunStore) -> Result<(), RunStoreError> {
    assert_eq!(store.check()?, []);
    Ok(())
}

fn kept(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2);
    let submitted = store.submit(asked.clone(), at(5))?;
    assert!(submitted.fresh);
    let run = store.run(asked.id)?;
    assert_eq!(run.new, asked.new);
    assert_eq!((run.state, run.planned), (RunState::Queued, true));
    assert_eq!((run.counts.total, run.counts.pending), (2, 2));
    assert_eq!(run.created_at, UnixMicros(5));
    let plans: Vec<_> = store
        .tasks(asked.id)?
        .into_iter()
        .map(|task| task.plan)
        .collect();
    assert_eq!(plans, asked.tasks);
    store.submit(submission(2, "q", 0), at(6))?;
    let ids: Vec<_> = store.runs()?.into_iter().map(|run| run.id).collect();
    assert_eq!(ids, [submission(2, "q", 0).id, asked.id]);
    agrees(store)
}

fn idempotent(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let key = |scope: &str| {
        Some(IdempotencyKey {
            scope: scope.to_owned(),
            key: "k".to_owned(),
        })
    };
    let mut first = submission(1, "q", 1);
    first.key = key("a");
    store.submit(first.clone(), at(1))?;
    let mut again = first.clone();
    again.id = submission(2, "q", 1).id;
    let answer = store.submit(again, at(2))?;
    assert_eq!((answer.id, answer.fresh), (first.id, false));

    let mut other_body = first.clone();
    other_body.tasks.push(TaskPlan::new("more"));
    assert!(matches!(
        store.submit(other_body, at(3)),
        Err(RunStoreError::KeyConflict { existing, .. }) if existing == first.id
    ));
    let mut other_scope = submission(3, "q", 2);
    other_scope.key = key("b");
    assert!(store.submit(other_scope, at(4))?.fresh);
    assert!(matches!(
        store.submit(submission(1, "q", 1), at(5)),
        Err(RunStoreError::IdTaken(_))
    ));
    assert_eq!(store.runs()?.len(), 2);
    agrees(store)
}

fn life(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 2);
    asked.tasks[1].needs = vec![TaskNo(0)];
    store.submit(asked.clone(), at(1))?;
    for no in [0, 1] {
        let claimed = begin(store, "q", 9)?;
        let numbers: Vec<_> = claimed.iter().map(|one| one.task.no).collect();
        assert_eq!(numbers, [TaskNo(no)]);
        assert_eq!(claimed[0].task.lease, Some(lease()));
        store.command(
            asked.id,
            complete(TaskNo(no), claimed[0].task.fence),
            at(10),
        )?;
    }
    let run = store.run(asked.id)?;
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(run.finished_at, Some(UnixMicros(10)));
    let events = store.events(asked.id)?;
    let names: Vec<_> = events.iter().map(|one| one.event.type_name()).collect();
    assert_eq!(
        names,
        [
            "submitted",
            "planned",
            "run_started",
            "task_leased",
            "task_started",
            "task_completed",
            "task_need_ended",
            "task_leased",
            "task_started",
            "task_completed",
            "run_ended"
        ]
    );
    let output = &store.tasks(asked.id)?[1].output;
    assert_eq!(output.as_deref(), Some("result"));
    agrees(store)
}

fn rejected(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    let before = (store.run(asked.id)?, store.events(asked.id)?);
    let more = Command::Plan {
        tasks: vec![TaskPlan::new("late")],
        last: true,
    };
    let unknown = Command::Task(TaskNo(9), TaskCommand::Cancel);
    for command in [more, unknown, Command::Run(RunCommand::Resume)] {
        let answer = store.command(asked.id, command, at(2));
        assert!(matches!(answer, Err(RunStoreError::Rejected(_))));
    }
    let mut twice = submission(2, "q", 2);
    twice.tasks[1] = twice.tasks[0].clone();
    assert!(matches!(
        store.submit(twice, at(3)),
        Err(RunStoreError::Rejected(Rejection::Key(_)))
    ));
    assert_eq!(before, (store.run(asked.id)?, store.events(asked.id)?));
    assert_eq!(store.runs()?.len(), 1);
    agrees(store)
}

fn late(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    let old = begin(store, "q", 1)?[0].task.fence;
    let stopped = Command::Task(TaskNo(0), TaskCommand::Stopped { fence: old });
    store.command(asked.id, stopped, at(12))?;
    let new = store.claim("q", lease(), 1, at(13))?[0].task.fence;
    assert!(new > old);
    let answer = store.command(asked.id, complete(TaskNo(0), old), at(14))?;
    assert_eq!(answer.events, 1);
    assert_eq!(store.tasks(asked.id)?[0].state, TaskState::Leased);
    let last = store.events(asked.id)?.pop();
    let name = last.map(|last| last.event.type_name());
    assert_eq!(name, Some("late_result"));
    agrees(store)
}

fn order(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 3);
    asked.tasks[2].priority = 5;
    store.submit(asked, at(2))?;
    store.submit(submission(2, "q", 1), at(1))?;
    store.submit(submission(3, "other", 1), at(0))?;
    let first = store.claim("q", lease(), 2, at(10))?;
    let rest = store.claim("q", lease(), 9, at(10))?;
    let number = |number| submission(number, "", 0).id;
    let claimed: Vec<_> = first
        .iter()
        .chain(&rest)
        .map(|one| (one.run, one.task.no.0))
        .collect();
    assert_eq!(first.len(), 2);
    assert_eq!(
        claimed,
        [
            (number(1), 2),
            (number(2), 0),
            (number(1), 0),
            (number(1), 1)
        ]
    );
    assert_eq!(store.claim("q", lease(), 9, at(10))?, []);
    agrees(store)
}

fn set(store: &dyn RunStore, scope: Scope) -> Result<Vec<(RunId, Vec<Effect>)>, RunStoreError> {
    let command = HaltCommand::Set {
        scope,
        mode: HaltMode::Halted,
        reason: "drill".to_owned(),
    };
    store.halt(command, at(20))
}

fn clear(store: &dyn RunStore, scope: Scope) -> Result<(), RunStoreError> {
    let command = HaltCommand::Clear {
        scope,
        reason: "over".to_owned(),
        confirmed: true,
    };
    assert_eq!(store.halt(command, at(30))?, []);
    Ok(())
}

fn halted(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let (one, two) = (submission(1, "q", 40), submission(2, "q", 1));
    store.submit(one.clone(), at(1))?;
    store.submit(two.clone(), at(2))?;
    let held = begin(store, "q", 1)?;
    let told = set(store, Scope::Run(one.id))?;
    let stop = Effect::Stop {
        task: TaskNo(0),
        fence: held[0].task.fence,
        owner: lease().owner,
    };
    assert_eq!(told, [(one.id, vec![stop])]);
    assert_eq!(set(store, Scope::Run(one.id))?, []);
    assert_eq!(store.run(one.id)?.state, RunState::Halting);
    assert_eq!(store.halts()?[0].epoch, Epoch(1));
    // The forty tasks before it do not hide the one that may start.
    let claimed = store.claim("q", lease(), 3, at(21))?;
    let runs: Vec<_> = claimed.iter().map(|claimed| claimed.run).collect();
    assert_eq!(runs, [two.id]);
    // Submitted under a halt: accepted, and waits.
    set(store, Scope::Global)?;
    store.submit(submission(3, "p", 1), at(22))?;
    assert_eq!(store.claim("p", lease(), 1, at(23))?, []);
    clear(store, Scope::Global)?;
    assert_eq!(store.claim("p", lease(), 1, at(31))?.len(), 1);
    agrees(store)
}

fn resumed(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    set(store, Scope::Kind(asked.new.kind))?;
    assert_eq!(store.run(asked.id)?.state, RunState::Halted);
    let resume = || store.command(asked.id, Command::Run(RunCommand::Resume), at(40));
    assert!(matches!(
        resume(),
        Err(RunStoreError::Rejected(Rejection::Halted { .. }))
    ));
    clear(store, Scope::Kind(asked.new.kind))?;
    assert_eq!(store.claim("q", lease(), 1, at(35))?, []);
    assert_eq!(resume()?.run.state, RunState::Running);
    assert_eq!(resume()?.events, 0);
    assert_eq!(store.claim("q", lease(), 1, at(41))?.len(), 1);
    agrees(store)
}

fn cancelled(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 3);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 1)?;
    let cancel = || RunCommand::Cancel {
        reason: "enough".to_owned(),
    };
    store.command(asked.id, Command::Run(cancel()), at(15))?;
    assert_eq!(store.run(asked.id)?.state, RunState::Cancelling);
    let fence = held[0].task.fence;
    let stopped = Command::Task(TaskNo(0), TaskCommand::Stopped { fence });
    let done = store.command(asked.id, stopped, at(16))?;
    assert_eq!(done.run.state, RunState::Cancelled);
    assert_eq!(done.effects, [Effect::Ended(RunState::Cancelled)]);
    assert_eq!(done.run.reason.as_deref(), Some("enough"));
    let again = store.command(asked.id, Command::Run(cancel()), at(17))?;
    assert_eq!(again.events, 0);
    agrees(store)
}

fn leases(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 2)?;
    let fence = held[0].task.fence;
    let before = store.events(asked.id)?.len();
    let renewed = store.renew(asked.id, TaskNo(0), fence, UnixMicros(2_000))?;
    assert_eq!(renewed.until, UnixMicros(2_000));
    assert_eq!(store.events(asked.id)?.len(), before);
    assert_eq!(store.expired(UnixMicros(1_000))?, []);
    let expired = store.expired(UnixMicros(1_001))?;
    let numbers: Vec<_> = expired.iter().map(|one| one.task).collect();
    assert_eq!(numbers, [TaskNo(1)]);
    assert!(matches!(
        store.renew(asked.id, TaskNo(0), Fence(9), UnixMicros(3_000)),
        Err(RunStoreError::Rejected(Rejection::StaleFence { .. }))
    ));
    agrees(store)
}

fn outbox(store: &dyn RunStore) -> Result<(), RunStoreError> {
    store.submit(submission(1, "q", 1), at(1))?;
    store.submit(submission(2, "q", 1), at(2))?;
    begin(store, "q", 1)?;
    let all = store.outbox("reader", 99)?;
    let events =
        store.events(submission(1, "", 0).id)?.len() + store.events(submission(2, "", 0).id)?.len();
    assert_eq!(all.len(), events);
    assert!(all.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert_eq!(store.outbox("reader", 2)?, all[..2]);
    store.acknowledge("reader", all[1].seq)?;
    store.acknowledge("reader", all[0].seq)?;
    assert_eq!(store.outbox("reader", 99)?, all[2..]);
    assert_eq!(store.outbox("another", 99)?, all);
    Ok(())
}

fn missing(store: &dyn RunStore) -> Result<(), RunStoreError> {
    let id = submission(1, "q", 1).id;
    let cancel = Command::Task(TaskNo(0), TaskCommand::Cancel);
    let answers = [
        store.run(id).err(),
        store.tasks(id).err(),
        store.events(id).err(),
        store.command(id, cancel, at(1)).err(),
        store.renew(id, TaskNo(0), Fence(0), UnixMicros(1)).err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Some(RunStoreError::NoRun(_))));
    }
    agrees(store)
}
