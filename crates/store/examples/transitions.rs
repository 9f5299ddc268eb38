//! Durable transitions per second of the `SQLite` store, beside the disk's own
//! pace: `cargo run --release -p fondaco-store --example transitions --
//! [FOLDER] [CLIENTS] [TASKS PER CLIENT]`.
//!
//! Each client leases, starts and completes its tasks one by one, so a task is
//! three transitions, each answered after its commit.

use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use fondaco_app::ports::runs::{RunStore, RunStoreError};
use fondaco_domain::run::Command;
use fondaco_domain::task::{Lease, TaskCommand};
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
    let (clients, tasks) = (number(1, 64)?.min(255), number(2, 50)?);
    let mut out = std::io::stdout().lock();
    let (p50, p99) = quantiles(fdatasync(&folder)?);
    writeln!(out, "fdatasync of 4 KiB      p50 {p50:?}, p99 {p99:?}")?;
    for (name, batch) in [("group commit", 256), ("one by one", 1)] {
        let place = folder.join(format!("transitions-{}-{batch}", std::process::id()));
        std::fs::create_dir(&place)?;
        let (took, latencies) = measure(&place, batch, clients, tasks)?;
        std::fs::remove_dir_all(&place)?;
        let transitions = latencies.len();
        let rate = transitions as f64 / took.as_secs_f64();
        let (p50, p99) = quantiles(latencies);
        writeln!(
            out,
            "{name:<12} {clients} clients, {transitions} transitions: \
             {rate:.0}/s, p50 {p50:?}, p99 {p99:?}"
        )?;
    }
    Ok(())
}

fn fdatasync(folder: &Path) -> std::io::Result<Vec<Duration>> {
    let path = folder.join(format!("fdatasync-{}", std::process::id()));
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

fn measure(
    folder: &Path,
    batch: usize,
    clients: usize,
    tasks: usize,
) -> Result<(Duration, Vec<Duration>), RunStoreError> {
    let store = SqliteRuns::open(&folder.join("runs.db"), SqliteOptions { batch })?;
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

fn work(store: &SqliteRuns, queue: &str) -> Result<Vec<Duration>, RunStoreError> {
    let lease = Lease {
        owner: WorkerId::new(1, [1; 10]),
        until: UnixMicros(i64::MAX),
    };
    let mut times = Vec::new();
    loop {
        let begin = Instant::now();
        let Some(claimed) = store.claim(queue, lease.clone(), 1, at(2))?.pop() else {
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

fn quantiles(mut times: Vec<Duration>) -> (Duration, Duration) {
    times.sort_unstable();
    let at = |part: usize| times[(times.len() - 1) * part / 100];
    (at(50), at(99))
}
