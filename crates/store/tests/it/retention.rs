//! Which ended runs go, over a store in memory.

use std::time::Duration;

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::runs::{Asked, RunQuery, RunStore, Submission};
use fondaco_app::retention::{Keep, step};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::run::{Command, NewRun, RunCommand, RunKind};
use fondaco_domain::task::{TaskKind, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros};
use fondaco_store::runs::MemoryRuns;

const NOW: UnixMicros = UnixMicros(1_000_000_000);

fn asked(at: i64) -> Asked {
    Asked {
        actor: "test".to_owned(),
        at: UnixMicros(at),
    }
}

fn id(number: u8) -> RunId {
    RunId::new(u64::from(number), [number; 10])
}

/// A run with one task, cancelled so many seconds before now, or open.
fn run(store: &MemoryRuns, number: u8, kind: RunKind, parent: Option<RunId>, ended: Option<i64>) {
    let new = NewRun {
        parent,
        ..NewRun::new(kind, ContentHash::of(b"{}"))
    };
    let submission = Submission {
        id: id(number),
        new,
        spec: "{}".to_owned(),
        tasks: vec![TaskPlan::new("a", TaskKind::Noop)],
        last: true,
        key: None,
    };
    store.submit(submission, asked(0)).unwrap();
    if let Some(ago) = ended {
        let reason = "enough".to_owned();
        let cancel = Command::Run(RunCommand::Cancel { reason });
        let at = NOW.0 - ago * 1_000_000;
        store.command(id(number), cancel, asked(at)).unwrap();
    }
}

fn left(store: &MemoryRuns) -> Vec<u8> {
    let mut runs = store.runs(&RunQuery::default()).unwrap();
    runs.sort_by_key(|run| run.id);
    (1..=u8::MAX)
        .filter(|number| runs.iter().any(|run| run.id == id(*number)))
        .collect()
}

fn clean(store: &MemoryRuns, seconds: u64, last: usize) {
    let keep = Keep {
        younger_than: Duration::from_secs(seconds),
        last,
    };
    while step(store, keep, NOW, 2).unwrap().more {}
}

#[test]
fn old_ones_go_but_for_the_last_of_their_kind() {
    let store = MemoryRuns::default();
    for number in 1..=5 {
        run(
            &store,
            number,
            RunKind::Backtest,
            None,
            Some(600 - i64::from(number) * 100),
        );
    }
    for number in 6..=7 {
        run(&store, number, RunKind::Workflow, None, Some(900));
    }
    // Ended 500, 400, 300, 200, 100 s ago, and two of another kind 900 s ago.
    clean(&store, 1_000, 0);
    assert_eq!(left(&store), [1, 2, 3, 4, 5, 6, 7]);
    clean(&store, 250, 3);
    assert_eq!(left(&store), [3, 4, 5, 6, 7], "3 is one of the last three");
    clean(&store, 250, 1);
    assert_eq!(left(&store), [4, 5, 7]);
    clean(&store, 200, 0);
    assert_eq!(left(&store), [4, 5], "ended just as long ago as is kept");
    clean(&store, 0, 0);
    assert_eq!(left(&store), [0; 0]);
}

#[test]
fn what_is_open_or_taken_up_by_something_open_stays() {
    let store = MemoryRuns::default();
    run(&store, 1, RunKind::Backtest, None, Some(900));
    run(&store, 2, RunKind::Backtest, Some(id(1)), None);
    run(&store, 3, RunKind::Backtest, None, Some(900));
    run(&store, 4, RunKind::Backtest, Some(id(3)), Some(800));
    run(&store, 5, RunKind::Trading, None, None);
    let halt = HaltCommand::Set {
        scope: Scope::Run(id(5)),
        mode: HaltMode::Halted,
        reason: "drill".to_owned(),
    };
    store.halt(halt, asked(0)).unwrap();
    while store.obey(10, asked(0)).unwrap() == 10 {}
    clean(&store, 0, 0);
    assert_eq!(left(&store), [1, 2, 5]);
    // Once nothing open takes it up any more, it goes too.
    let reason = "enough".to_owned();
    let cancel = Command::Run(RunCommand::Cancel { reason });
    store.command(id(2), cancel, asked(1)).unwrap();
    clean(&store, 0, 0);
    assert_eq!(left(&store), [5]);
}

#[test]
fn one_step_removes_no_more_than_it_may() {
    let store = MemoryRuns::default();
    for number in 1..=250 {
        run(&store, number, RunKind::Backtest, None, Some(900));
    }
    let keep = Keep {
        younger_than: Duration::ZERO,
        last: 0,
    };
    let removed = step(&store, keep, NOW, 101).unwrap();
    assert_eq!((removed.runs.len(), removed.more), (101, true));
    let removed = step(&store, keep, NOW, 149).unwrap();
    assert_eq!((removed.runs.len(), removed.more), (149, false));
    assert_eq!(step(&store, keep, NOW, 1).unwrap().runs, []);
}
