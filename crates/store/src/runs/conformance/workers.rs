//! The list of workers.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::ports::workers::Worker;
use fondaco_domain::UnixMicros;
use fondaco_domain::task::TaskKind;

use super::{at, exchange, worker};

fn named(number: u8) -> Worker {
    Worker {
        id: worker(number),
        host: "here".to_owned(),
        pid: 4_000_000_000,
        pid_start: "12345".to_owned(),
        build: "0.1.0".to_owned(),
        queues: vec!["q".to_owned(), "p".to_owned()],
        kinds: vec![TaskKind::Noop, TaskKind::Backtest],
        since: UnixMicros(5),
        seen: UnixMicros(5),
    }
}

pub(super) fn enlisted(store: &dyn Store) -> Result<(), RunStoreError> {
    let (one, seven) = (named(1), named(7));
    store.enlist(seven.clone())?;
    store.enlist(one.clone())?;
    assert_eq!(store.workers()?, [one.clone(), seven]);
    let seen = || Ok::<_, RunStoreError>(store.workers()?[1].seen);
    store.exchange(exchange(), at(1_000_004))?;
    assert_eq!(seen()?, UnixMicros(5));
    store.exchange(exchange(), at(1_000_005))?;
    assert_eq!(seen()?, UnixMicros(1_000_005));
    store.exchange(exchange(), at(9))?;
    assert_eq!(seen()?, UnixMicros(1_000_005));
    let mut changed = one;
    changed.queues.clear();
    store.enlist(changed.clone())?;
    assert_eq!(store.workers()?[0], changed);
    store.dismiss(worker(7))?;
    store.dismiss(worker(7))?;
    assert_eq!(store.workers()?, [changed]);
    // Who is not on the list is heard all the same.
    store.exchange(exchange(), at(2_000_000))?;
    assert_eq!(store.workers()?.len(), 1);
    Ok(())
}
