//! Latches and who obeys them.

use fondaco_app::ports::Store;
use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::runs::{RunStoreError, TaskQuery};
use fondaco_domain::UnixMicros;
use fondaco_domain::halt::{Epoch, Halt, HaltCommand, HaltMode, HaltRejection, Scope};
use fondaco_domain::run::{Command, Rejection, RunCommand, RunKind, RunState};
use fondaco_domain::task::TaskState;

use super::{agrees, at, begin, claim, complete, names, submission, take, told, want, worker};

fn set(store: &dyn Store, scope: Scope, mode: HaltMode) -> Result<Halt, RunStoreError> {
    let reason = "drill".to_owned();
    let set = HaltCommand::Set {
        scope,
        mode,
        reason,
    };
    store.halt(set, at(20))
}

fn clear(store: &dyn Store, scope: Scope) -> Result<Halt, RunStoreError> {
    let clear = HaltCommand::Clear {
        scope,
        reason: "over".to_owned(),
        confirmed: true,
    };
    store.halt(clear, at(30))
}

fn obey(store: &dyn Store) -> Result<usize, RunStoreError> {
    store.obey(99, at(21))
}

pub(super) fn covers(store: &dyn Store) -> Result<(), RunStoreError> {
    let (one, two) = (submission(1, "q", 40), submission(2, "q", 1));
    store.submit(one.clone(), at(1))?;
    store.submit(two.clone(), at(2))?;
    let held = begin(store, "q", 1)?;
    let scope = || Scope::Run(one.id);
    let latch = set(store, scope(), HaltMode::Halted)?;
    assert_eq!((latch.epoch, latch.mode), (Epoch(1), HaltMode::Halted));
    assert_eq!(set(store, scope(), HaltMode::Halted)?, latch);
    // Nothing of it starts from here on; the forty tasks before it do not hide
    // the one that may.
    assert_eq!(names(&take(store, want("q", 3), 21)?), [(two.id, 0)]);
    assert_eq!(store.run(one.id)?.state, RunState::Running);
    assert_eq!(obey(store)?, 1);
    assert_eq!(obey(store)?, 0);
    assert_eq!(store.run(one.id)?.state, RunState::Halting);
    assert_eq!(store.run(two.id)?.state, RunState::Running);
    // What it finishes is kept.
    let done = store.command(one.id, complete(0, held[0].task.fence), at(22))?;
    assert_eq!(done.run.state, RunState::Halted);
    assert_eq!(done.run.counts.completed, 1);
    // Submitted under a halt: accepted, and waits.
    set(store, Scope::Global, HaltMode::Drain)?;
    store.submit(submission(3, "p", 1), at(22))?;
    assert_eq!(take(store, want("p", 1), 23)?, []);
    clear(store, Scope::Global)?;
    assert_eq!(take(store, want("p", 1), 31)?.len(), 1);
    agrees(store)
}

pub(super) fn resumed(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    set(store, Scope::Kind(asked.new.kind), HaltMode::Halted)?;
    assert_eq!(obey(store)?, 1);
    assert_eq!(store.run(asked.id)?.state, RunState::Halted);
    let resume = || store.command(asked.id, Command::Run(RunCommand::Resume), at(40));
    assert!(matches!(
        resume(),
        Err(RunStoreError::Rejected(Rejection::Halted { .. }))
    ));
    clear(store, Scope::Kind(asked.new.kind))?;
    assert_eq!(claim(store, "q", 1)?, []);
    assert_eq!(resume()?.run.state, RunState::Running);
    assert_eq!(resume()?.events, 0);
    assert_eq!(take(store, want("q", 1), 41)?.len(), 1);
    agrees(store)
}

pub(super) fn scopes(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 1);
    "desk".clone_into(&mut asked.new.tenant);
    asked.new.strategy = Some("cross".to_owned());
    asked.new.kind = RunKind::Analysis;
    let mut other = submission(2, "q", 1);
    other.tasks[0].priority = -1;
    store.submit(asked.clone(), at(1))?;
    store.submit(other.clone(), at(1))?;
    let strategy = Scope::Strategy("cross".to_owned());
    let covering = [
        Scope::Tenant("desk".to_owned()),
        Scope::Kind(RunKind::Analysis),
        strategy.clone(),
        Scope::Spec(asked.new.spec.clone()),
        Scope::Run(asked.id),
    ];
    for scope in covering {
        set(store, scope.clone(), HaltMode::Drain)?;
        let mut wanted = want("q", 9);
        wanted.run = Some(asked.id);
        assert_eq!(take(store, wanted, 21)?, [], "{scope}");
        clear(store, scope)?;
    }
    set(
        store,
        Scope::Tenant("elsewhere".to_owned()),
        HaltMode::Killed,
    )?;
    set(store, strategy.clone(), HaltMode::Halted)?;
    assert_eq!(obey(store)?, 1);
    assert_eq!(store.run(asked.id)?.state, RunState::Halted);
    assert_eq!(names(&claim(store, "q", 9)?), [(other.id, 0)]);
    // Orders only: tasks go on.
    set(store, Scope::Global, HaltMode::Reducing)?;
    clear(store, strategy)?;
    store.command(asked.id, Command::Run(RunCommand::Resume), at(40))?;
    assert_eq!(obey(store)?, 0);
    assert_eq!(names(&claim(store, "q", 9)?), [(asked.id, 0)]);
    agrees(store)
}

pub(super) fn in_parts(store: &dyn Store) -> Result<(), RunStoreError> {
    for number in 1..=7 {
        store.submit(submission(number, "q", 1), at(1))?;
    }
    set(store, Scope::Global, HaltMode::Drain)?;
    let mut told_of = Vec::new();
    loop {
        let part = store.obey(3, at(21))?;
        told_of.push(part);
        if part < 3 {
            break;
        }
    }
    assert_eq!(told_of, [3, 3, 1]);
    for number in 1..=7 {
        let run = store.run(submission(number, "", 0).id)?;
        assert_eq!(run.state, RunState::Halted);
        assert_eq!(run.reason.as_deref(), Some("drill"));
    }
    assert_eq!(claim(store, "q", 9)?, []);
    agrees(store)
}

pub(super) fn killed(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 2)?;
    set(store, Scope::Run(asked.id), HaltMode::Halted)?;
    assert_eq!(obey(store)?, 1);
    assert_eq!(store.run(asked.id)?.state, RunState::Halting);
    set(store, Scope::Run(asked.id), HaltMode::Killed)?;
    // Before it was told: what comes is dropped and the task taken back.
    store.command(asked.id, complete(0, held[0].task.fence), at(22))?;
    assert_eq!(obey(store)?, 1);
    assert_eq!(store.run(asked.id)?.state, RunState::Halted);
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    let seen: Vec<_> = tasks.iter().map(|task| (task.state, task.fence)).collect();
    let taken = (TaskState::Ready, held[0].task.fence.next());
    assert_eq!(seen, [taken, taken]);
    assert_eq!(store.held()?, []);
    store.command(asked.id, complete(1, held[1].task.fence), at(23))?;
    assert_eq!(told(store, asked.id)?.last(), Some(&"late_result"));
    agrees(store)
}

pub(super) fn latches(store: &dyn Store) -> Result<(), RunStoreError> {
    assert_eq!(store.halts()?, []);
    let none = clear(store, Scope::Global)?;
    assert_eq!((none.epoch, none.mode), (Epoch(0), HaltMode::Active));
    assert_eq!(store.halts()?, []);
    let tenant = Scope::Tenant("desk".to_owned());
    let first = set(store, tenant.clone(), HaltMode::Halted)?;
    let second = set(store, Scope::Global, HaltMode::Drain)?;
    assert_eq!(store.halts()?, [second, first.clone()]);
    assert!(matches!(
        set(store, tenant.clone(), HaltMode::Drain),
        Err(RunStoreError::HaltRejected(HaltRejection::Milder { .. }))
    ));
    let unconfirmed = HaltCommand::Clear {
        scope: tenant.clone(),
        reason: "over".to_owned(),
        confirmed: false,
    };
    assert!(matches!(
        store.halt(unconfirmed, at(29)),
        Err(RunStoreError::HaltRejected(HaltRejection::Unconfirmed))
    ));
    let cleared = clear(store, tenant.clone())?;
    assert_eq!((cleared.epoch, cleared.mode), (Epoch(3), HaltMode::Active));
    assert_eq!(clear(store, tenant)?, cleared);
    assert_eq!(store.exchange(super::exchange(), at(31))?.epoch, Epoch(3));
    Ok(())
}

pub(super) fn acknowledged(store: &dyn Store) -> Result<(), RunStoreError> {
    let ack = |epoch, number, micros| HaltAck {
        scope: Scope::Global,
        epoch,
        worker: worker(number),
        at: UnixMicros(micros),
    };
    let first = set(store, Scope::Global, HaltMode::Drain)?.epoch;
    store.acknowledge_halt(ack(first, 2, 22))?;
    store.acknowledge_halt(ack(first, 1, 23))?;
    store.acknowledge_halt(ack(first, 1, 24))?;
    assert_eq!(store.halt_acks()?, [ack(first, 1, 23), ack(first, 2, 22)]);
    let second = set(store, Scope::Global, HaltMode::Killed)?.epoch;
    assert_eq!(store.halt_acks()?, []);
    store.acknowledge_halt(ack(second, 1, 25))?;
    assert_eq!(store.halt_acks()?, [ack(second, 1, 25)]);
    Ok(())
}
