//! A server that is killed and started again, again and again, under load.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use fondaco_app::ports::runs::{Exchange, Exchanged, RunQuery, RunStore, RunStoreError};
use fondaco_domain::WorkerId;
use fondaco_domain::run::RunState;
use fondaco_store::runs::conformance::at;
use fondaco_store::runs::{PgOptions, PgRuns};

use super::server::own;
use super::together::{completed, numbered, want};

/// How many of something: in CI, and before a release.
fn size(ci: u64, release: u64) -> u64 {
    match std::env::var("FONDACO_TORTURE") {
        Ok(size) if size == "release" => release,
        _ => ci,
    }
}

/// Every answer that does not come is asked for again: calls bear that. A fast
/// server is killed as often as a slow one.
#[test]
fn every_run_ends_as_it_should_though_the_server_is_killed() {
    let Some(server) = own("") else { return };
    let (runs, tasks) = (size(300, 10_000), 3);
    let address = server.database();
    let open = |_| PgRuns::open(&address, PgOptions::default()).unwrap();
    let stores: Vec<PgRuns> = (0..2).map(open).collect();
    let deadline = Instant::now() + Duration::from_secs(size(180, 3_600));
    let (done, losses) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let stop = AtomicBool::new(false);
    let (over, ended) = channel::<()>();
    let kills = std::thread::scope(|scope| {
        let (stores, done, losses, stop, server) = (&stores, &done, &losses, &stop, &server);
        // At the beginning, and each time that a ninth of the work is done.
        let killer = scope.spawn(move || {
            let (mut kills, mut next) = (0, 0);
            while ended.recv_timeout(Duration::from_millis(5)) == Err(RecvTimeoutError::Timeout) {
                if done.load(Ordering::Acquire) >= next {
                    server.restart();
                    kills += 1;
                    next += runs as usize * tasks / 9;
                }
            }
            kills
        });
        for part in 0..8 {
            let store = &stores[part as usize % 2];
            scope.spawn(move || {
                for number in (part..runs).step_by(8) {
                    again(losses, deadline, || {
                        store.submit(numbered(number, tasks), at(1))
                    });
                }
            });
        }
        let workers: Vec<_> = (0..4_usize)
            .map(|number| {
                scope.spawn(move || {
                    let store = &stores[number % 2];
                    while !stop.load(Ordering::Acquire) {
                        let count = work(store, number as u64, losses, deadline);
                        done.fetch_add(count, Ordering::AcqRel);
                        if done.load(Ordering::Acquire) >= runs as usize * tasks {
                            stop.store(true, Ordering::Release);
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().unwrap();
        }
        drop(over);
        killer.join().unwrap()
    });
    let lost = losses.load(Ordering::Acquire);
    assert!(kills > 1 && lost > 0, "{kills} kills, {lost} lost answers");
    let store = &stores[0];
    let ended = again(&losses, deadline, || store.runs(&RunQuery::default()));
    assert_eq!(ended.len(), runs as usize);
    for run in &ended {
        assert_eq!(run.state, RunState::Completed, "{run:?}");
        assert_eq!(run.counts.completed as usize, tasks);
    }
    assert_eq!(again(&losses, deadline, || store.check()), []);
    assert_eq!(again(&losses, deadline, || store.held()), []);
}

/// Claims some tasks and completes them. A claim whose answer was lost holds
/// tasks that nobody knows of: whoever polls finds them held by itself.
fn work(store: &PgRuns, worker: u64, losses: &AtomicUsize, deadline: Instant) -> usize {
    let worker = WorkerId::new(worker, [9; 10]);
    let say = |reports, want| -> Exchanged {
        let exchange = Exchange {
            worker,
            reports,
            beats: Vec::new(),
            want,
        };
        again(losses, deadline, || store.exchange(exchange.clone(), at(2)))
    };
    let before = losses.load(Ordering::Acquire);
    let claimed = say(Vec::new(), Some(want(16))).claimed;
    let mut reports: Vec<_> = claimed.iter().map(completed).collect();
    if losses.load(Ordering::Acquire) != before {
        let held = again(losses, deadline, || store.held());
        let mine = held.into_iter().filter(|one| one.lease.owner == worker);
        reports = mine
            .map(|one| super::together::complete(one.run, one.task, one.fence))
            .collect();
    }
    let count = reports.len();
    let answers = say(reports, None).reports;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    count
}

fn again<T>(
    losses: &AtomicUsize,
    deadline: Instant,
    ask: impl Fn() -> Result<T, RunStoreError>,
) -> T {
    loop {
        match ask() {
            Ok(answer) => return answer,
            Err(RunStoreError::Unreachable { .. }) => {
                losses.fetch_add(1, Ordering::AcqRel);
                assert!(Instant::now() < deadline, "the server stays away");
                let (_open, nothing) = channel::<()>();
                let _ = nothing.recv_timeout(Duration::from_millis(10));
            }
            Err(error) => panic!("{error:?}"),
        }
    }
}
