//! What is kept, found again and removed.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{
    Exchange, INLINE, IdempotencyKey, Position, RunQuery, RunStoreError, Submission, TaskQuery,
};
use fondaco_domain::run::{Command, RunCommand, RunState};
use fondaco_domain::task::{TaskCommand, TaskNo};
use fondaco_domain::{ContentHash, UnixMicros};

use super::{agrees, at, beat, begin, claim, completed, exchange, plan, report, say, submission};

pub(super) fn as_submitted(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 2);
    asked.new.parent = Some(submission(9, "", 0).id);
    asked.new.strategy = Some("cross".to_owned());
    "desk".clone_into(&mut asked.new.tenant);
    asked.new.deadline = Some(UnixMicros(9_000));
    asked.new.concurrency_key = Some("one".to_owned());
    asked.new.priority = -3;
    asked.tasks[1].needs = vec![TaskNo(0)];
    asked.tasks[1].input = Some("input".to_owned());
    assert!(store.submit(asked.clone(), at(5))?.fresh);
    let run = store.run(asked.id)?;
    assert_eq!((&run.new, run.state), (&asked.new, RunState::Queued));
    assert_eq!(run.created_at, UnixMicros(5));
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    let plans: Vec<_> = tasks.iter().map(|task| &task.plan).collect();
    assert_eq!(plans, asked.tasks.iter().collect::<Vec<_>>());
    let events = store.events(asked.id, 0, 9)?;
    assert_eq!(events[0].actor, "conformance");
    assert_eq!(events[0].at, UnixMicros(5));
    assert_eq!(store.runs(&RunQuery::default())?, [run]);
    assert_eq!(store.spec(&asked.new.spec)?, asked.spec);
    agrees(store)
}

pub(super) fn idempotent(store: &dyn Store) -> Result<(), RunStoreError> {
    let key = |scope: &str| {
        Some(IdempotencyKey {
            scope: scope.to_owned(),
            key: "today".to_owned(),
        })
    };
    let mut first = submission(1, "q", 2);
    first.key = key("a");
    assert!(store.submit(first.clone(), at(1))?.fresh);
    let mut again = first.clone();
    again.id = submission(2, "q", 2).id;
    let answer = store.submit(again, at(2))?;
    assert_eq!((answer.id, answer.fresh), (first.id, false));

    let mut other_body = first.clone();
    other_body.tasks.push(plan("more"));
    assert!(matches!(
        store.submit(other_body, at(3)),
        Err(RunStoreError::KeyConflict { existing, .. }) if existing == first.id
    ));
    let mut other_scope = submission(3, "q", 2);
    other_scope.key = key("b");
    assert!(store.submit(other_scope, at(4))?.fresh);
    assert_eq!(store.runs(&RunQuery::default())?.len(), 2);
    agrees(store)
}

pub(super) fn same_id(store: &dyn Store) -> Result<(), RunStoreError> {
    let asked = submission(1, "q", 2);
    assert!(store.submit(asked.clone(), at(1))?.fresh);
    claim(store, "q", 1)?;
    let again = store.submit(asked.clone(), at(11))?;
    assert_eq!((again.id, again.fresh), (asked.id, false));
    let other = submission(1, "q", 1);
    assert!(matches!(
        store.submit(other, at(12)),
        Err(RunStoreError::IdTaken(id)) if id == asked.id
    ));
    assert_eq!(store.runs(&RunQuery::default())?.len(), 1);
    agrees(store)
}

pub(super) fn spec(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 1);
    asked.spec.push(' ');
    assert!(matches!(
        store.submit(asked.clone(), at(1)),
        Err(RunStoreError::SpecMismatch(hash)) if hash == asked.new.spec
    ));
    assert!(matches!(
        store.spec(&asked.new.spec),
        Err(RunStoreError::NoBody(_))
    ));
    // Two runs of one spec, and it is larger than a row takes.
    let large = format!("{{\"text\":\"{}\"}}", "x".repeat(INLINE));
    for number in [1, 2] {
        let mut asked = submission(number, "q", 1);
        asked.new.spec = ContentHash::of(large.as_bytes());
        asked.spec.clone_from(&large);
        store.submit(asked, at(2))?;
    }
    assert_eq!(store.spec(&ContentHash::of(large.as_bytes()))?, large);
    agrees(store)
}

pub(super) fn bodies(store: &dyn Store) -> Result<(), RunStoreError> {
    for size in [0, 1, INLINE, INLINE + 1, 300_000] {
        let body: Vec<u8> = (0..size).map(|n| (n % 251) as u8).collect();
        let hash = store.keep_body(&body)?;
        assert_eq!(hash, ContentHash::of(&body));
        assert_eq!(store.keep_body(&body)?, hash);
        assert_eq!(store.body(&hash)?, body);
    }
    let unknown = ContentHash::of(b"never kept");
    assert!(matches!(
        store.body(&unknown),
        Err(RunStoreError::NoBody(hash)) if hash == unknown
    ));
    Ok(())
}

pub(super) fn large_events(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 3);
    for (task, size) in asked
        .tasks
        .iter_mut()
        .zip([INLINE - 400, INLINE, 3 * INLINE])
    {
        task.input = Some("x".repeat(size));
    }
    store.submit(asked.clone(), at(1))?;
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    let inputs: Vec<_> = tasks.iter().map(|task| task.plan.input.clone()).collect();
    let sent: Vec<_> = asked.tasks.iter().map(|task| task.input.clone()).collect();
    assert_eq!(inputs, sent);
    let events = store.events(asked.id, 0, usize::MAX)?;
    let outbox = store.outbox("reader", usize::MAX)?;
    let bodies = |of: Vec<String>| of.iter().map(String::len).sum::<usize>();
    let in_events = bodies(events.into_iter().map(|one| one.body).collect());
    let in_outbox = bodies(outbox.into_iter().map(|one| one.body).collect());
    assert_eq!(in_events, in_outbox);
    assert!(in_events > 5 * INLINE - 400);
    agrees(store)
}

pub(super) fn outbox(store: &dyn Store) -> Result<(), RunStoreError> {
    let runs = [submission(1, "q", 1), submission(2, "q", 1)];
    for (run, micros) in runs.iter().zip(1..) {
        store.submit(run.clone(), at(micros))?;
    }
    begin(store, "q", 1)?;
    let all = store.outbox("reader", 99)?;
    let mut events = 0;
    for run in &runs {
        let of_run = store.events(run.id, 0, usize::MAX)?;
        let rows: Vec<_> = all.iter().filter(|row| row.run == run.id).collect();
        let told: Vec<_> = rows.iter().map(|row| (row.run_seq, &row.body)).collect();
        let kept: Vec<_> = of_run.iter().map(|one| (one.seq, &one.body)).collect();
        assert_eq!(told, kept);
        events += of_run.len();
    }
    assert_eq!(all.len(), events);
    assert!(
        all.windows(2)
            .all(|pair| pair[0].position < pair[1].position)
    );
    assert_eq!(store.outbox("reader", 2)?, all[..2]);
    store.acknowledge("reader", all[1].position)?;
    store.acknowledge("reader", all[0].position)?;
    assert_eq!(store.outbox("reader", 99)?, all[2..]);
    assert_eq!(store.outbox("another", 99)?, all);
    store.acknowledge("reader", all[events - 1].position)?;
    assert_eq!(store.outbox("reader", 99)?, []);
    Ok(())
}

pub(super) fn removed(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 2);
    asked.tasks[1].needs = vec![TaskNo(0)];
    asked.key = Some(IdempotencyKey {
        scope: "a".to_owned(),
        key: "today".to_owned(),
    });
    store.submit(asked.clone(), at(1))?;
    let other = submission(2, "p", 1);
    store.submit(other.clone(), at(1))?;
    assert!(matches!(
        store.remove(asked.id),
        Err(RunStoreError::NotEnded {
            state: RunState::Queued,
            ..
        })
    ));
    for _ in 0..2 {
        let held = begin(store, "q", 1)?;
        say(
            store,
            vec![report(&held[0], completed(held[0].task.fence))],
            10,
        )?;
    }
    assert_eq!(store.run(asked.id)?.state, RunState::Completed);
    let newest = store.outbox("reader", 99)?.last().map(|row| row.position);
    store.remove(asked.id)?;
    assert!(matches!(
        store.run(asked.id),
        Err(RunStoreError::NoRun(id)) if id == asked.id
    ));
    assert!(matches!(
        store.remove(asked.id),
        Err(RunStoreError::NoRun(_))
    ));
    let rows = store.outbox("reader", 99)?;
    assert!(rows.iter().all(|row| row.run == other.id));
    // What comes after it comes after it for readers, too; and nothing of it
    // is in the way.
    assert!(store.submit(asked.clone(), at(12))?.fresh);
    let rows = store.outbox("reader", 99)?;
    let again = rows.iter().find(|row| row.run == asked.id);
    assert!(again.map(|row| row.position) > newest);
    assert!(store.attempts(asked.id, TaskNo(0))?.is_empty());
    agrees(store)
}

pub(super) fn missing(store: &dyn Store) -> Result<(), RunStoreError> {
    let Submission { id, .. } = submission(1, "q", 1);
    let cancel = Command::Task(TaskNo(0), TaskCommand::Cancel);
    let expire = Command::Run(RunCommand::Expire);
    let answers = [
        store.run(id).err(),
        store.tasks(id, &TaskQuery::default()).err(),
        store.attempts(id, TaskNo(0)).err(),
        store.events(id, 0, 9).err(),
        store.command(id, cancel, at(1)).err(),
        store.command(id, expire, at(1)).err(),
        store.remove(id).err(),
        store.check_run(id).err(),
    ];
    for answer in answers {
        assert!(matches!(answer, Some(RunStoreError::NoRun(_))));
    }
    store.submit(submission(1, "q", 1), at(1))?;
    let mut one = claim(store, "q", 1)?.remove(0);
    one.task.no = TaskNo(9);
    one.run = submission(2, "q", 1).id;
    let asked = Exchange {
        reports: vec![report(&one, completed(one.task.fence))],
        beats: vec![beat(&one, 50)],
        ..exchange()
    };
    let answer = store.exchange(asked, at(11))?;
    assert!(answer.reports[0].is_err());
    assert_eq!(answer.lost, [(one.run, one.task.no, one.task.fence)]);
    assert_eq!(store.outbox("nobody", 0)?, []);
    store.acknowledge("nobody", Position::default())?;
    assert_eq!(store.key_holder("nobody's")?, None);
    agrees(store)
}

pub(super) fn vitals(store: &dyn Store) -> Result<(), RunStoreError> {
    let before = store.vitals()?;
    assert_eq!(before.last_event_at, None);
    store.submit(submission(1, "q", 1), at(77))?;
    let after = store.vitals()?;
    assert_eq!(after.last_event_at, Some(UnixMicros(77)));
    assert_eq!(after.fault, None);
    assert_eq!((after.place, after.schema), (before.place, before.schema));
    Ok(())
}
