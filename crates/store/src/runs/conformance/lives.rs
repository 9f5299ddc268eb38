//! Runs and attempts from beginning to end.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{RunStoreError, TaskQuery};
use fondaco_domain::UnixMicros;
use fondaco_domain::retry::{ErrorClass, RetryPolicy};
use fondaco_domain::run::{Command, Effect, Rejection, RunCommand, RunState, SWEEP};
use fondaco_domain::task::{Fence, Rung, TaskCommand, TaskNo, TaskState};

use super::{
    agrees, at, begin, claim, complete, completed, failed, names, plan, report, say, submission,
    take, told, want, worker,
};

pub(super) fn life(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 2);
    asked.tasks[1].needs = vec![TaskNo(0)];
    store.submit(asked.clone(), at(1))?;
    for no in [0, 1] {
        let claimed = begin(store, "q", 9)?;
        assert_eq!(names(&claimed), [(asked.id, no)]);
        let lease = claimed[0].task.lease.clone();
        assert_eq!(
            lease.map(|lease| (lease.owner, lease.until)),
            Some((worker(7), UnixMicros(1_000)))
        );
        assert_eq!(claimed[0].new, asked.new);
        store.command(asked.id, complete(no, claimed[0].task.fence), at(10))?;
    }
    let run = store.run(asked.id)?;
    assert_eq!(run.state, RunState::Completed);
    assert_eq!(run.finished_at, Some(UnixMicros(10)));
    assert_eq!(
        told(store, asked.id)?,
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
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    assert_eq!(tasks[1].output.as_deref(), Some("result"));
    agrees(store)
}

pub(super) fn rejected(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    let before = (store.run(asked.id)?, told(store, asked.id)?);
    let more = Command::Plan {
        tasks: vec![plan("late")],
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
        store.submit(twice.clone(), at(3)),
        Err(RunStoreError::Rejected(Rejection::Key { .. }))
    ));
    assert!(matches!(store.run(twice.id), Err(RunStoreError::NoRun(_))));
    assert_eq!(before, (store.run(asked.id)?, told(store, asked.id)?));
    agrees(store)
}

pub(super) fn late(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    let old = begin(store, "q", 1)?[0].task.fence;
    let stopped = Command::Task(TaskNo(0), TaskCommand::Stopped { fence: old });
    store.command(asked.id, stopped, at(10))?;
    let new = claim(store, "q", 1)?[0].task.fence;
    assert!(new > old);
    let answer = store.command(asked.id, complete(0, old), at(14))?;
    assert_eq!(answer.events, 1);
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    assert_eq!(tasks[0].state, TaskState::Leased);
    assert_eq!(told(store, asked.id)?.last(), Some(&"late_result"));
    agrees(store)
}

pub(super) fn retried(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 1);
    asked.tasks[0].retry = RetryPolicy {
        max_attempts: 2,
        first: 50,
        longest: 50,
    };
    store.submit(asked.clone(), at(1))?;
    let fence = begin(store, "q", 1)?[0].task.fence;
    let fail = |fence| Command::Task(TaskNo(0), failed(fence, ErrorClass::LostWorker));
    let done = store.command(asked.id, fail(fence), at(20))?;
    assert_eq!(done.effects, [Effect::Wake]);
    assert_eq!(take(store, want("q", 1), 69)?, []);
    let again = take(store, want("q", 1), 70)?;
    assert_eq!(again[0].task.fence, fence.next());
    let done = store.command(asked.id, fail(fence.next()), at(80))?;
    assert_eq!(done.run.state, RunState::Failed);
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    assert_eq!(tasks[0].detail.as_deref(), Some("it broke"));
    agrees(store)
}

fn cancel() -> Command {
    Command::Run(RunCommand::Cancel {
        reason: "enough".to_owned(),
    })
}

pub(super) fn cancelled(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 3);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 1)?;
    let fence = held[0].task.fence;
    let done = store.command(asked.id, cancel(), at(15))?;
    assert_eq!(done.run.state, RunState::Cancelling);
    let owner = worker(7);
    let task = TaskNo(0);
    assert_eq!(done.effects, [Effect::Stop { task, fence, owner }]);
    let stopped = Command::Task(TaskNo(0), TaskCommand::Stopped { fence });
    let done = store.command(asked.id, stopped, at(16))?;
    let state = RunState::Cancelled;
    assert_eq!(done.run.state, state);
    assert_eq!(done.effects, [Effect::Ended { state }]);
    assert_eq!(done.run.reason.as_deref(), Some("enough"));
    assert_eq!(store.command(asked.id, cancel(), at(17))?.events, 0);
    agrees(store)
}

pub(super) fn swept(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2 * SWEEP + 10);
    store.submit(asked.clone(), at(1))?;
    let done = store.command(asked.id, cancel(), at(2))?;
    assert_eq!(done.run.counts.cancelled as usize, SWEEP);
    assert_eq!(done.effects, [Effect::Sweep]);
    assert_eq!(claim(store, "q", 1)?, []);
    let sweep = || store.command(asked.id, Command::Run(RunCommand::Sweep), at(3));
    assert_eq!(sweep()?.run.state, RunState::Cancelling);
    assert_eq!(sweep()?.run.state, RunState::Cancelled);
    assert_eq!(sweep()?.events, 0);
    agrees(store)
}

pub(super) fn expired(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 1);
    asked.new.deadline = Some(UnixMicros(100));
    store.submit(asked.clone(), at(1))?;
    let expire = |micros| store.command(asked.id, Command::Run(RunCommand::Expire), at(micros));
    assert_eq!(expire(99)?.events, 0);
    let done = expire(100)?;
    assert_eq!(done.run.state, RunState::Cancelled);
    assert!(
        done.run
            .reason
            .is_some_and(|reason| reason.contains("deadline"))
    );
    agrees(store)
}

pub(super) fn attempts(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 1);
    asked.tasks[0].retry.max_attempts = 3;
    asked.tasks[0].retry.longest = 0;
    store.submit(asked.clone(), at(1))?;
    let of_task = || store.attempts(asked.id, TaskNo(0));
    assert_eq!(of_task()?, []);
    let held = claim(store, "q", 1)?;
    let begun = of_task()?;
    assert_eq!(begun.len(), 1);
    assert_eq!((begun[0].number, begun[0].worker), (1, worker(7)));
    assert_eq!(begun[0].leased_at, UnixMicros(10));
    assert_eq!((begun[0].started_at, begun[0].ended_at), (None, None));
    let fence = held[0].task.fence;
    let reports = vec![
        report(&held[0], TaskCommand::Start { fence }),
        report(&held[0], failed(fence, ErrorClass::TimedOut)),
    ];
    say(store, reports, 12)?;
    let second = take(store, want("q", 1), 13)?;
    let fence = second[0].task.fence;
    say(
        store,
        vec![report(&second[0], TaskCommand::Stopped { fence })],
        14,
    )?;
    let third = take(store, want("q", 1), 15)?;
    let fence = third[0].task.fence;
    let reports = vec![
        report(&third[0], TaskCommand::Start { fence }),
        report(&third[0], completed(fence)),
    ];
    say(store, reports, 16)?;
    let ended: Vec<_> = of_task()?
        .into_iter()
        .map(|one| {
            (
                one.number,
                one.fence.0,
                one.started_at,
                one.ended_at,
                one.outcome,
                one.error,
            )
        })
        .collect();
    let line = |number, fence, started: Option<i64>, ended, outcome: &str, error: Option<&str>| {
        (
            number,
            fence,
            started.map(UnixMicros),
            Some(UnixMicros(ended)),
            Some(outcome.to_owned()),
            error.map(str::to_owned),
        )
    };
    assert_eq!(
        ended,
        [
            line(1, 0, Some(12), 12, "task_retried", Some("it broke")),
            line(2, 1, None, 14, "task_released", None),
            line(3, 2, Some(16), 16, "task_completed", None),
        ]
    );
    agrees(store)
}

pub(super) fn adopted_attempt(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 1)?;
    let fence = held[0].task.fence;
    let adopt = |fence, number| {
        let worker = worker(number);
        let until = UnixMicros(2_000);
        let adopt = TaskCommand::Adopt {
            fence,
            worker,
            until,
        };
        store.command(asked.id, Command::Task(TaskNo(0), adopt), at(20))
    };
    assert!(matches!(
        adopt(fence.next(), 8),
        Err(RunStoreError::Rejected(Rejection::StaleFence { .. }))
    ));
    assert_eq!(adopt(fence, 8)?.events, 1);
    assert_eq!(adopt(fence, 8)?.events, 0);
    let attempts = store.attempts(asked.id, TaskNo(0))?;
    assert_eq!(attempts.len(), 1);
    assert_eq!(attempts[0].worker, worker(8));
    let held = store.held()?;
    assert_eq!(held[0].lease.owner, worker(8));
    assert_eq!(held[0].lease.until, UnixMicros(2_000));
    agrees(store)
}

pub(super) fn escalated(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 1);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 1)?;
    let before = store.tasks(asked.id, &TaskQuery::default())?;
    let rung = |fence, rung| {
        let escalate = TaskCommand::Escalate { fence, rung };
        store.command(asked.id, Command::Task(TaskNo(0), escalate), at(20))
    };
    let fence = held[0].task.fence;
    assert_eq!(rung(fence, Rung::Token)?.events, 1);
    assert_eq!(rung(fence, Rung::Terminate)?.events, 1);
    assert_eq!(rung(Fence(9), Rung::Kill)?.events, 0);
    assert_eq!(store.tasks(asked.id, &TaskQuery::default())?, before);
    agrees(store)
}
