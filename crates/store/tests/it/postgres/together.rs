//! Several stores on one database, as several processes would be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::runs::{
    Claimed, Exchange, Notice, Report, RunQuery, RunStore, RunStoreError, Submission, Want,
};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::run::RunState;
use fondaco_domain::task::{Fence, TaskCommand, TaskKind, TaskNo};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{PgOptions, PgRuns};

use super::server::{Server, shared};

pub(super) const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn several(server: &Server, count: usize) -> (String, Vec<PgRuns>) {
    let address = server.database();
    let open = |_| PgRuns::open(&address, PgOptions::default()).unwrap();
    let stores = (0..count).map(open).collect();
    (address, stores)
}

pub(super) fn want(limit: usize) -> Want {
    Want {
        queues: vec!["q".to_owned()],
        kinds: TaskKind::ALL.to_vec(),
        run: None,
        limit,
        until: UnixMicros(i64::MAX / 2),
        start: true,
    }
}

pub(super) fn numbered(number: u64, tasks: usize) -> Submission {
    let mut asked = submission((number % 200) as u8, "q", tasks);
    asked.id = RunId::new(number, [7; 10]);
    asked
}

pub(super) fn completed(claimed: &Claimed) -> Report {
    complete(claimed.run, claimed.task.no, claimed.task.fence)
}

pub(super) fn complete(run: RunId, task: TaskNo, fence: Fence) -> Report {
    let output = None;
    let command = TaskCommand::Complete { fence, output };
    Report { run, task, command }
}

pub(super) fn turn(
    store: &PgRuns,
    worker: u64,
    reports: Vec<Report>,
    want: Option<Want>,
) -> Result<Vec<Claimed>, RunStoreError> {
    let exchange = Exchange {
        worker: WorkerId::new(worker, [9; 10]),
        reports,
        beats: Vec::new(),
        want,
    };
    let exchanged = store.exchange(exchange, at(2))?;
    assert!(exchanged.reports.iter().all(Result::is_ok));
    Ok(exchanged.claimed)
}

#[test]
fn every_task_is_given_to_one_worker() {
    let Some(server) = shared() else { return };
    let (_, stores) = several(server, 4);
    let (runs, tasks) = (12, 50);
    for number in 0..runs {
        stores[0].submit(numbered(number, tasks), at(1)).unwrap();
    }
    let given = Mutex::new(BTreeMap::<(RunId, TaskNo), usize>::new());
    let deadline = Instant::now() + PATIENCE;
    std::thread::scope(|scope| {
        for (number, store) in stores.iter().flat_map(|store| [store, store]).enumerate() {
            let given = &given;
            scope.spawn(move || {
                let mut reports = Vec::new();
                while given.lock().unwrap().len() < runs as usize * tasks || !reports.is_empty() {
                    assert!(Instant::now() < deadline, "not all tasks were given out");
                    let got = turn(store, number as u64, reports, Some(want(7))).unwrap();
                    for one in &got {
                        let name = (one.run, one.task.no);
                        *given.lock().unwrap().entry(name).or_default() += 1;
                    }
                    reports = got.iter().map(completed).collect();
                }
            });
        }
    });
    assert!(given.lock().unwrap().values().all(|times| *times == 1));
    let ended = stores[1].runs(&RunQuery::default()).unwrap();
    assert!(ended.iter().all(|run| run.state == RunState::Completed));
    assert_eq!(stores[2].check().unwrap(), []);
}

#[test]
fn a_reader_of_the_outbox_misses_nothing() {
    let Some(server) = shared() else { return };
    let (_, stores) = several(server, 3);
    let (reader, writers) = stores.split_first().unwrap();
    let deadline = Instant::now() + PATIENCE;
    // Four threads, 25 runs each, of two events: accepted and planned.
    let all = 4 * 25 * 2;
    let mut seen = Vec::new();
    std::thread::scope(|scope| {
        for (number, store) in writers.iter().flat_map(|store| [store, store]).enumerate() {
            scope.spawn(move || {
                for n in 0..25 {
                    let asked = numbered(number as u64 * 1_000 + n, 3);
                    store.submit(asked, at(1)).unwrap();
                }
            });
        }
        // Any open transaction of the server may hold the reader up.
        while seen.len() < all {
            assert!(Instant::now() < deadline, "{} of {all} rows", seen.len());
            let rows = reader.outbox("reader", 64).unwrap();
            if let Some(row) = rows.last() {
                reader.acknowledge("reader", row.position).unwrap();
            }
            seen.extend(rows);
        }
    });
    assert!(seen.is_sorted_by(|one, other| one.position < other.position));
    let names: BTreeSet<_> = seen.iter().map(|row| (row.run, row.run_seq)).collect();
    assert_eq!(names.len(), seen.len());
    let runs = reader.runs(&RunQuery::default()).unwrap();
    assert_eq!(runs.len(), 100);
    for run in runs {
        for event in reader.events(run.id, 0, usize::MAX).unwrap() {
            assert!(names.contains(&(run.id, event.seq)), "event {}", event.seq);
        }
    }
}

#[test]
fn the_outbox_ends_before_a_transaction_that_is_open() {
    let Some(server) = shared() else { return };
    let (address, stores) = several(server, 1);
    let store = &stores[0];
    store.submit(numbered(1, 1), at(1)).unwrap();
    let position = |run: u64| -> i64 {
        let sql = "select min(tx) from event where run_id = $1::text::uuid";
        let id = RunId::new(run, [7; 10]).to_string();
        let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
        raw.query_one(sql, &[&id]).unwrap().get(0)
    };
    let mut open = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let mut transaction = open.transaction().unwrap();
    let own = "select pg_current_xact_id()::text::bigint";
    let own: i64 = transaction.query_one(own, &[]).unwrap().get(0);
    store.submit(numbered(2, 1), at(1)).unwrap();
    assert!(position(1) < own && own < position(2));
    let deadline = Instant::now() + PATIENCE;
    let transactions = |wanted: usize| loop {
        let rows = store.outbox("reader", 100).unwrap();
        assert!(
            rows.iter()
                .all(|row| wanted > 1 || row.position.transaction < own)
        );
        let seen: BTreeSet<_> = rows.iter().map(|row| row.position.transaction).collect();
        if seen.len() == wanted {
            break;
        }
        assert!(Instant::now() < deadline, "{rows:?}");
    };
    transactions(1);
    transaction.commit().unwrap();
    transactions(2);
}

#[test]
fn nothing_starts_after_a_halt_and_nothing_before_it_is_unseen() {
    let Some(server) = shared() else { return };
    let (address, stores) = several(server, 4);
    for number in 0..40 {
        stores[0].submit(numbered(number, 25), at(1)).unwrap();
    }
    let (halted, begun) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut raw = postgres::Client::connect(&address, postgres::NoTls).unwrap();
    let mut started = || -> i64 {
        let sql = "select count(*) from event where type = 'task_started'";
        raw.query_one(sql, &[]).unwrap().get(0)
    };
    let seen = std::thread::scope(|scope| {
        for (number, store) in stores.iter().enumerate() {
            let (halted, begun) = (&halted, &begun);
            scope.spawn(move || {
                while !halted.load(Ordering::Acquire) {
                    let got = turn(store, number as u64, Vec::new(), Some(want(3))).unwrap();
                    begun.fetch_add(got.len(), Ordering::AcqRel);
                }
                let got = turn(store, number as u64, Vec::new(), Some(want(3))).unwrap();
                assert_eq!(got, [], "claimed after the halt");
            });
        }
        let deadline = Instant::now() + PATIENCE;
        while begun.load(Ordering::Acquire) < 60 {
            assert!(Instant::now() < deadline, "nothing starts");
            std::thread::yield_now();
        }
        let set = HaltCommand::Set {
            scope: Scope::Global,
            mode: HaltMode::Halted,
            reason: "drill".to_owned(),
        };
        stores[3].halt(set, at(3)).unwrap();
        let seen = started();
        halted.store(true, Ordering::Release);
        seen
    });
    assert_eq!(started(), seen);
    assert_eq!(begun.load(Ordering::Acquire) as i64, seen);
    assert!(seen < 1_000, "the halt came when all had started");
    assert_eq!(stores[1].held().unwrap().len() as i64, seen);
}

#[test]
fn a_key_used_by_several_at_once_makes_one_run() {
    let Some(server) = shared() else { return };
    let (_, stores) = several(server, 4);
    let key = |n| fondaco_app::ports::runs::IdempotencyKey {
        scope: "tests".to_owned(),
        key: format!("key {n}"),
    };
    for n in 0..10 {
        let answers: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = stores
                .iter()
                .enumerate()
                .map(|(number, store)| {
                    scope.spawn(move || {
                        let mut asked = numbered(n * 100, 1);
                        asked.id = RunId::new(n * 100 + number as u64, [7; 10]);
                        asked.key = Some(key(n));
                        store.submit(asked, at(1)).unwrap()
                    })
                })
                .collect();
            threads.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let ids: BTreeSet<_> = answers.iter().map(|answer| answer.id).collect();
        assert_eq!(ids.len(), 1, "{answers:?}");
        assert_eq!(answers.iter().filter(|answer| answer.fresh).count(), 1);
    }
}

#[test]
fn one_of_two_runs_with_one_concurrency_key_begins() {
    let Some(server) = shared() else { return };
    let (_, stores) = several(server, 2);
    for n in 0..10 {
        for number in [n * 10, n * 10 + 1] {
            let mut asked = numbered(number, 2);
            asked.new.concurrency_key = Some(format!("key {n}"));
            asked.new.queue = format!("q{n}");
            stores[0].submit(asked, at(1)).unwrap();
        }
        let wanted = |number: u64| Want {
            queues: vec![format!("q{n}")],
            run: Some(RunId::new(number, [7; 10])),
            ..want(1)
        };
        let claimed: Vec<Claimed> = std::thread::scope(|scope| {
            let threads = [n * 10, n * 10 + 1].into_iter().zip(&stores);
            let threads: Vec<_> = threads
                .map(|(number, store)| {
                    let wanted = wanted(number);
                    scope.spawn(move || turn(store, number, Vec::new(), Some(wanted)).unwrap())
                })
                .collect();
            threads
                .into_iter()
                .flat_map(|one| one.join().unwrap())
                .collect()
        });
        assert_eq!(claimed.len(), 1, "{claimed:?}");
        let holder = stores[1].key_holder(&format!("key {n}")).unwrap();
        assert_eq!(holder, Some(claimed[0].run));
    }
}

#[test]
fn news_reach_other_processes() {
    let Some(server) = shared() else { return };
    let (_, stores) = several(server, 2);
    let mut elsewhere = stores[1].subscribe().unwrap();
    let mut here = stores[0].subscribe().unwrap();
    let deadline = Instant::now() + PATIENCE;
    // The listener may begin after a notice, as after any that is lost.
    for number in 0.. {
        stores[0].submit(numbered(number, 1), at(1)).unwrap();
        if elsewhere.wait(Duration::from_millis(200)) == Some(Notice::Wake) {
            break;
        }
        assert!(Instant::now() < deadline, "nothing was heard");
    }
    let set = HaltCommand::Set {
        scope: Scope::Global,
        mode: HaltMode::Drain,
        reason: "drill".to_owned(),
    };
    let halt = stores[0].halt(set, at(2)).unwrap();
    let told = Notice::Halt { epoch: halt.epoch };
    for news in [&mut elsewhere, &mut here] {
        while news.wait(PATIENCE).expect("the halt was not heard of") != told {}
    }
}
