//! How fast: `cargo test --release -p fondaco-store --test it -- --ignored
//! --nocapture postgres::pace`. Figures mean little beside the pace of the
//! disk, which is measured in the same run and place.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use fondaco_app::ports::runs::{Exchange, RunQuery, RunStore, Want};
use fondaco_domain::WorkerId;
use fondaco_domain::run::{Command, RunState};
use fondaco_domain::task::TaskCommand;
use fondaco_store::runs::conformance::at;
use fondaco_store::runs::{PgOptions, PgRuns};

use super::server::{Server, own};
use super::together::{completed, numbered, want};

fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

#[test]
#[ignore = "a measurement"]
fn pace() {
    let Some(server) = own("-c shared_buffers=256MB") else {
        return;
    };
    let (p50, p99) = quantiles(fdatasync(server.folder()));
    say(&format!("fdatasync of 4 KiB: p50 {p50:?}, p99 {p99:?}"));
    for (runs, tasks, workers, batch) in
        [(1, 40_000, 2, 256), (20, 2_000, 2, 256), (20, 2_000, 8, 64)]
    {
        tasks_per_second(&server, runs, tasks, (workers, batch));
    }
    transitions_per_second(&server);
    large_plan(&server);
}

/// No-op tasks claimed, started and completed, each worker one exchange after
/// the other.
fn tasks_per_second(server: &Server, runs: u64, tasks: usize, (workers, batch): (u64, usize)) {
    let store = PgRuns::open(&server.database(), PgOptions::default()).unwrap();
    for number in 0..runs {
        store.submit(numbered(number, tasks), at(1)).unwrap();
    }
    let begin = Instant::now();
    let latencies: Vec<Duration> = std::thread::scope(|scope| {
        let store = &store;
        let worker = |number| scope.spawn(move || work(store, number, &want(batch)));
        let threads: Vec<_> = (0..workers).map(worker).collect();
        let ended = threads.into_iter().map(|one| one.join().unwrap());
        ended.flatten().collect()
    });
    let took = begin.elapsed().as_secs_f64();
    let ended = store.runs(&RunQuery::default()).unwrap();
    assert!(ended.iter().all(|run| run.state == RunState::Completed));
    let total = runs as f64 * tasks as f64;
    let (p50, p99) = quantiles(latencies);
    say(&format!(
        "{runs} runs of {tasks} tasks, {workers} workers, {batch} per exchange: {:.0} tasks/s, \
         {:.0} transitions/s; exchange p50 {p50:?}, p99 {p99:?}",
        total / took,
        3.0 * total / took
    ));
}

fn work(store: &PgRuns, number: u64, want: &Want) -> Vec<Duration> {
    let (mut reports, mut times) = (Vec::new(), Vec::new());
    loop {
        let exchange = Exchange {
            worker: WorkerId::new(number, [9; 10]),
            reports,
            beats: Vec::new(),
            want: Some(want.clone()),
        };
        let begin = Instant::now();
        let claimed = store.exchange(exchange, at(2)).unwrap().claimed;
        times.push(begin.elapsed());
        if claimed.is_empty() {
            return times;
        }
        reports = claimed.iter().map(completed).collect();
    }
}

/// 64 clients, each leasing, starting and completing one task after the
/// other, every step answered after its commit.
fn transitions_per_second(server: &Server) {
    let store = PgRuns::open(&server.database(), PgOptions::default()).unwrap();
    let (clients, tasks) = (64, 60);
    for client in 0..clients {
        let mut asked = numbered(client, tasks);
        asked.new.queue = format!("q{client}");
        store.submit(asked, at(1)).unwrap();
    }
    let begin = Instant::now();
    let latencies: Vec<Duration> = std::thread::scope(|scope| {
        let store = &store;
        let client = |number| scope.spawn(move || one_by_one(store, number));
        let threads: Vec<_> = (0..clients).map(client).collect();
        let ended = threads.into_iter().map(|one| one.join().unwrap());
        ended.flatten().collect()
    });
    let rate = latencies.len() as f64 / begin.elapsed().as_secs_f64();
    let (p50, p99) = quantiles(latencies);
    say(&format!(
        "{clients} clients, one transition at a time: {rate:.0}/s, p50 {p50:?}, p99 {p99:?}"
    ));
}

fn one_by_one(store: &PgRuns, number: u64) -> Vec<Duration> {
    let mut times = Vec::new();
    let wanted = Want {
        queues: vec![format!("q{number}")],
        start: false,
        ..want(1)
    };
    loop {
        let exchange = Exchange {
            worker: WorkerId::new(number, [9; 10]),
            reports: Vec::new(),
            beats: Vec::new(),
            want: Some(wanted.clone()),
        };
        let begin = Instant::now();
        let Some(claimed) = store.exchange(exchange, at(2)).unwrap().claimed.pop() else {
            return times;
        };
        times.push(begin.elapsed());
        let (no, fence) = (claimed.task.no, claimed.task.fence);
        let output = None;
        for command in [
            TaskCommand::Start { fence },
            TaskCommand::Complete { fence, output },
        ] {
            let begin = Instant::now();
            let command = Command::Task(no, command);
            store.command(claimed.run, command, at(3)).unwrap();
            times.push(begin.elapsed());
        }
    }
}

fn large_plan(server: &Server) {
    let store = PgRuns::open(&server.database(), PgOptions::default()).unwrap();
    let mut asked = numbered(1, 100_000);
    let mut plan = std::mem::take(&mut asked.tasks).into_iter();
    asked.last = false;
    let begin = Instant::now();
    let id = store.submit(asked, at(1)).unwrap().id;
    loop {
        let tasks: Vec<_> = plan.by_ref().take(2_000).collect();
        let last = tasks.len() < 2_000;
        let command = Command::Plan { tasks, last };
        store.command(id, command, at(1)).unwrap();
        if last {
            break;
        }
    }
    let took = begin.elapsed();
    say(&format!(
        "100,000 tasks planned in chunks of 2,000: {took:?}"
    ));
}

fn fdatasync(folder: &Path) -> Vec<Duration> {
    let path = folder.join("fdatasync");
    let mut file = std::fs::File::create(&path).unwrap();
    let once = |_| {
        let begin = Instant::now();
        file.write_all(&[0x5a; 4096]).unwrap();
        file.sync_data().unwrap();
        begin.elapsed()
    };
    let times = (0..500).map(once).collect();
    std::fs::remove_file(path).unwrap();
    times
}

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    (at(50), at(99))
}
