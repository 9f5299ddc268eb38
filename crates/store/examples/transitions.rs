//! What the `SQLite` store does beside the disk's own pace: `cargo run
//! --release -p fondaco-store --example transitions -- [FOLDER] [CLIENTS]
//! [TASKS PER CLIENT]`.
//!
//! Each client leases, starts and completes its tasks one by one, so a task is
//! three transitions, each answered after its commit. Then a worker's turns
//! with thirty tasks each, a plan of 100,000 tasks in chunks, and the opening
//! of the store that holds them.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fondaco_app::ports::runs::{Exchange, Report, RunStore, RunStoreError, Want};
use fondaco_domain::run::Command;
use fondaco_domain::task::{TaskCommand, TaskKind, TaskNo, TaskPlan};
use fondaco_domain::{UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{SqliteOptions, SqliteRuns};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = arguments
        .first()
        .map_or_else(std::env::temp_dir, PathBuf::from);
    let number = |place: usize, otherwise: usize| {
        arguments
            .get(place)
            .map_or(Ok(otherwise), |text| text.parse())
    };
    let (clients, tasks) = (number(1, 64)?.min(255), number(2, 100)?);
    let place = folder.join(format!("transitions-{}", std::process::id()));
    std::fs::create_dir(&place)?;
    let measured = measure(&place, clients, tasks);
    std::fs::remove_dir_all(&place)?;
    measured
}

fn measure(place: &Path, clients: usize, tasks: usize) -> Result<(), Box<dyn Error>> {
    let mut out = std::io::stdout().lock();
    let (p50, p99) = quantiles(fdatasync(place)?);
    writeln!(out, "fdatasync of 4 KiB: p50 {p50:?}, p99 {p99:?}")?;
    for (name, batch) in [("group commit", 256), ("one by one", 1)] {
        let tasks = if batch == 1 { tasks / 5 } else { tasks };
        let (took, latencies) = transitions(place, batch, clients, tasks)?;
        let count = latencies.len();
        let rate = count as f64 / took.as_secs_f64();
        let (p50, p99) = quantiles(latencies);
        writeln!(
            out,
            "{name}, {clients} clients: {count} transitions, {rate:.0}/s, p50 {p50:?}, p99 {p99:?}"
        )?;
    }
    let (count, took) = turns(place)?;
    let rate = count as f64 / took.as_secs_f64();
    writeln!(out, "one worker, turns of 30: {count} tasks, {rate:.0}/s")?;
    let (planned, opened) = plan(place)?;
    writeln!(out, "a plan of 100000 tasks: {planned:?}")?;
    writeln!(out, "opening with them, and the first claim: {opened:?}")?;
    Ok(())
}

fn fdatasync(folder: &Path) -> std::io::Result<Vec<Duration>> {
    let path = folder.join("fdatasync");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..500 {
        let begin = Instant::now();
        file.write_all(&[0x5a; 4096])?;
        file.sync_data()?;
        times.push(begin.elapsed());
    }
    std::fs::remove_file(path)?;
    Ok(times)
}

fn transitions(
    folder: &Path,
    batch: usize,
    clients: usize,
    tasks: usize,
) -> Result<(Duration, Vec<Duration>), RunStoreError> {
    let options = SqliteOptions {
        batch,
        ..SqliteOptions::default()
    };
    let store = SqliteRuns::open(&folder.join(format!("runs-{batch}.db")), options)?;
    for client in 0..clients as u8 {
        store.submit(submission(client, &client.to_string(), tasks), at(1))?;
    }
    let begin = Instant::now();
    let answers: Vec<Result<Vec<Duration>, RunStoreError>> = std::thread::scope(|scope| {
        let store = &store;
        let client = |client: u8| scope.spawn(move || work(store, &client.to_string()));
        let threads: Vec<_> = (0..clients as u8).map(client).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or(Err(RunStoreError::Stopped)))
            .collect()
    });
    let took = begin.elapsed();
    let mut latencies = Vec::new();
    for answer in answers {
        latencies.extend(answer?);
    }
    Ok((took, latencies))
}

fn turn(queue: &str, limit: usize, start: bool) -> Exchange {
    Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports: Vec::new(),
        beats: Vec::new(),
        want: Some(Want {
            queues: vec![queue.to_owned()],
            kinds: TaskKind::ALL.to_vec(),
            run: None,
            limit,
            until: UnixMicros(i64::MAX),
            start,
        }),
    }
}

fn work(store: &SqliteRuns, queue: &str) -> Result<Vec<Duration>, RunStoreError> {
    let mut times = Vec::new();
    loop {
        let begin = Instant::now();
        let claimed = store.exchange(turn(queue, 1, false), at(2))?.claimed;
        let Some(claimed) = claimed.first() else {
            return Ok(times);
        };
        times.push(begin.elapsed());
        let (no, fence) = (claimed.task.no, claimed.task.fence);
        let output = None;
        for command in [
            TaskCommand::Start { fence },
            TaskCommand::Complete { fence, output },
        ] {
            let begin = Instant::now();
            store.command(claimed.run, Command::Task(no, command), at(3))?;
            times.push(begin.elapsed());
        }
    }
}

/// Tasks claimed, started and completed by one worker, thirty at a time.
fn turns(folder: &Path) -> Result<(usize, Duration), RunStoreError> {
    let store = SqliteRuns::open(&folder.join("turns.db"), SqliteOptions::default())?;
    store.submit(submission(1, "q", 10_000), at(1))?;
    let begin = Instant::now();
    let (mut count, mut reports) = (0, Vec::new());
    loop {
        let mut asked = turn("q", 30, true);
        count += reports.len();
        asked.reports = reports;
        let answer = store.exchange(asked, at(2))?;
        reports = answer
            .claimed
            .iter()
            .map(|one| Report {
                run: one.run,
                task: one.task.no,
                command: TaskCommand::Complete {
                    fence: one.task.fence,
                    output: None,
                },
            })
            .collect();
        if reports.is_empty() {
            return Ok((count, begin.elapsed()));
        }
    }
}

fn plan(folder: &Path) -> Result<(Duration, Duration), RunStoreError> {
    let path = folder.join("plan.db");
    let store = SqliteRuns::open(&path, SqliteOptions::default())?;
    let mut asked = submission(1, "q", 0);
    asked.last = false;
    let id = asked.id;
    let begin = Instant::now();
    store.submit(asked, at(1))?;
    for chunk in 0..100_u32 {
        // Ten models: a day of a model needs the day before.
        let tasks = (chunk * 1_000..(chunk + 1) * 1_000).map(|no| {
            let mut plan = TaskPlan::new(format!("2025-10-01|model-{no}"), TaskKind::Noop);
            plan.needs = no.checked_sub(10).map(TaskNo).into_iter().collect();
            plan
        });
        let tasks = tasks.collect();
        let last = chunk == 99;
        store.command(id, Command::Plan { tasks, last }, at(1))?;
    }
    let planned = begin.elapsed();
    drop(store);
    let begin = Instant::now();
    let store = SqliteRuns::open(&path, SqliteOptions::default())?;
    store.exchange(turn("q", 10, true), at(2))?;
    let opened = begin.elapsed();
    if store.check()?.is_empty() {
        Ok((planned, opened))
    } else {
        Err(RunStoreError::Damaged("the plan".to_owned()))
    }
}

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    (at(50), at(99))
}
