//! Concurrency keys.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{RunStoreError, Submission};
use fondaco_domain::UnixMicros;
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{Command, Rejection, RunCommand, RunState};
use fondaco_domain::task::{TaskCommand, TaskNo};

use super::{agrees, at, begin, claim, completed, names, report, say, submission, worker};

fn keyed(number: u8, tasks: usize) -> Submission {
    let mut asked = submission(number, "q", tasks);
    asked.new.concurrency_key = Some("nightly".to_owned());
    asked
}

pub(super) fn one_at_a_time(store: &dyn Store) -> Result<(), RunStoreError> {
    let (one, two) = (keyed(1, 2), keyed(2, 40));
    let other = submission(3, "q", 1);
    store.submit(one.clone(), at(1))?;
    store.submit(two.clone(), at(1))?;
    store.submit(other.clone(), at(2))?;
    assert_eq!(store.key_holder("nightly")?, None);
    // In one claim, and in the next: the forty tasks of the second run do not
    // hide what is behind them.
    let held = begin(store, "q", 1)?;
    assert_eq!(names(&held), [(one.id, 0)]);
    assert_eq!(store.key_holder("nightly")?, Some(one.id));
    let held = begin(store, "q", 9)?;
    assert_eq!(names(&held), [(one.id, 1), (other.id, 0)]);
    let lease = TaskCommand::Lease {
        worker: worker(7),
        until: UnixMicros(1_000),
    };
    let answer = store.command(two.id, Command::Task(TaskNo(0), lease), at(11));
    assert!(matches!(
        answer,
        Err(RunStoreError::Rejected(Rejection::KeyHeld { by, .. })) if by == one.id
    ));
    assert_eq!(store.run(two.id)?.state, RunState::Queued);
    agrees(store)
}

pub(super) fn freed(store: &dyn Store) -> Result<(), RunStoreError> {
    let (one, two, three) = (keyed(1, 1), keyed(2, 1), keyed(3, 1));
    for asked in [&one, &two, &three] {
        store.submit(asked.clone(), at(1))?;
    }
    let first = begin(store, "q", 9)?;
    assert_eq!(names(&first), [(one.id, 0)]);
    say(
        store,
        vec![report(&first[0], completed(first[0].task.fence))],
        11,
    )?;
    let second = claim(store, "q", 9)?;
    assert_eq!(names(&second), [(two.id, 0)]);
    // Halted and not ended: it keeps the key, and needs no second one to go on.
    let scope = Scope::Run(two.id);
    let set = HaltCommand::Set {
        scope: scope.clone(),
        mode: HaltMode::Killed,
        reason: "drill".to_owned(),
    };
    store.halt(set, at(12))?;
    assert_eq!(store.obey(9, at(12))?, 1);
    assert_eq!(store.run(two.id)?.state, RunState::Halted);
    assert_eq!(store.key_holder("nightly")?, Some(two.id));
    assert_eq!(begin(store, "q", 9)?, []);
    let clear = HaltCommand::Clear {
        scope,
        reason: "over".to_owned(),
        confirmed: true,
    };
    store.halt(clear, at(13))?;
    store.command(two.id, Command::Run(RunCommand::Resume), at(14))?;
    let reason = "enough".to_owned();
    let cancel = Command::Run(RunCommand::Cancel { reason });
    let done = store.command(two.id, cancel, at(15))?;
    assert_eq!(done.run.state, RunState::Cancelled);
    assert_eq!(store.key_holder("nightly")?, None);
    let third = begin(store, "q", 9)?;
    assert_eq!(names(&third), [(three.id, 0)]);
    agrees(store)
}
