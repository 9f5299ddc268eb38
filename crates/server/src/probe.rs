//! Looks at what a role needs, none of which may keep the answer waiting.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fondaco_app::data::{CandleKind, DatasetId};
use fondaco_app::ports::services::Service;
use fondaco_app::ports::workers::Worker;
use fondaco_app::readiness::{self, Dependency};
use fondaco_domain::{Hint, Timeframe, UnixMicros};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::state::{Platform, Shared};

/// How long a look may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// Whether it is as it should be.
    pub(crate) is_up: bool,
    /// Why, in words.
    pub(crate) detail: String,
    /// How long it took to find out.
    pub(crate) took: Duration,
}

/// Lets one look at the store wait at a time: a store that hangs must not
/// take a thread for each who asks.
#[derive(Debug)]
pub(crate) struct Turnstile(Arc<Semaphore>);

impl Default for Turnstile {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(1)))
    }
}

/// What a store says when it answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// The number of its newest event.
    end: u64,
    workers: Vec<Worker>,
    services: Vec<Service>,
}

/// Asks the store something, for so long and no longer.
pub(crate) async fn ask<T: Send + 'static>(
    platform: &Shared,
    work: impl FnOnce(&Platform) -> T + Send + 'static,
) -> Result<T, String> {
    let turnstile = Arc::clone(&platform.telemetry.turnstile().0);
    let shared = Arc::clone(platform);
    let asked = async move {
        let turn = turnstile.acquire_owned().await;
        let work = tokio::task::spawn_blocking(move || {
            // Kept until the store has answered, whoever still waits for it.
            let _turn = turn;
            work(&shared)
        });
        work.await.map_err(|panic| panic.to_string())
    };
    timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| Err(format!("no answer within {} s", PATIENCE.as_secs())))
}

/// What the store says of itself and of those who are in it.
pub(crate) async fn store(platform: &Shared) -> (Found, Option<Answer>) {
    let began = Instant::now();
    let asked = ask(platform, |platform| {
        let store = &platform.store;
        let answer = || {
            Ok(Answer {
                end: store.feed_end()?,
                workers: store.workers()?,
                services: store.services()?,
            })
        };
        answer().map_err(|error: fondaco_app::ports::runs::RunStoreError| in_words(&error))
    });
    let took = |began: Instant| began.elapsed();
    match asked.await.and_then(|answer| answer) {
        Ok(answer) => {
            let detail = format!("it answers; its newest event is {}", answer.end);
            (Found::up(detail, took(began)), Some(answer))
        }
        Err(why) => (Found::down(why, took(began)), None),
    }
}

/// How a dependency is. What the store said is asked for once.
pub(crate) async fn look(
    dependency: Dependency,
    platform: &Shared,
    (store, answer): &(Found, Option<Answer>),
) -> Found {
    let now = platform.machine.wall();
    match (dependency, answer) {
        (Dependency::Store, _) => store.clone(),
        (Dependency::Candles, _) => candles(platform).await,
        (Dependency::Disk, _) => disk(platform).await,
        (Dependency::Workers, Some(answer)) => workers(&answer.workers, now),
        (Dependency::Gateway, Some(answer)) => gateway(&answer.services, now),
        (Dependency::Workers | Dependency::Gateway, None) => Found::down(
            "the store that knows does not answer".to_owned(),
            Duration::ZERO,
        ),
    }
}

impl Found {
    fn up(detail: String, took: Duration) -> Self {
        Self {
            is_up: true,
            detail,
            took,
        }
    }

    fn down(detail: String, took: Duration) -> Self {
        Self {
            is_up: false,
            detail,
            took,
        }
    }
}

/// Reads what there is of a data set that nobody has.
async fn candles(platform: &Shared) -> Found {
    let began = Instant::now();
    let nobodys = DatasetId {
        venue: "fondaco".parse().expect("it is a venue"),
        symbol: "READY".parse().expect("it is a symbol"),
        timeframe: Timeframe::DAY,
        kind: CandleKind::Trades,
    };
    let read = platform.candles.bars.versions(&nobodys);
    match timeout(PATIENCE, read).await {
        Ok(Ok(_)) => Found::up("the store of candles answers".to_owned(), began.elapsed()),
        Ok(Err(error)) => Found::down(in_words(&error), began.elapsed()),
        Err(_) => Found::down(
            format!("no answer within {} s", PATIENCE.as_secs()),
            began.elapsed(),
        ),
    }
}

/// Writes a file into the home, and looks at the space around it.
async fn disk(platform: &Shared) -> Found {
    let began = Instant::now();
    let home = platform.home.clone();
    let look = tokio::task::spawn_blocking(move || space(&home));
    let found = match timeout(PATIENCE, look).await {
        Ok(Ok(found)) => found,
        Ok(Err(panic)) => Err(panic.to_string()),
        Err(_) => Err(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    match found {
        Ok(free) if free >= readiness::LEAST_SPACE => Found::up(
            format!("the home can be written; {} MiB are free", free >> 20),
            began.elapsed(),
        ),
        Ok(free) => Found::down(
            format!(
                "{} MiB are free where {} are wanted",
                free >> 20,
                readiness::LEAST_SPACE >> 20
            ),
            began.elapsed(),
        ),
        Err(why) => Found::down(why, began.elapsed()),
    }
}

/// Free bytes around a folder that can be written.
fn space(home: &Path) -> Result<u64, String> {
    let file = home.join(format!(".ready-{}", std::process::id()));
    let written = std::fs::File::create(&file).and_then(|mut it| it.write_all(b"ready"));
    let removed = std::fs::remove_file(&file);
    written
        .and(removed)
        .map_err(|error| format!("the home cannot be written: {error}"))?;
    let around = rustix::fs::statvfs(home)
        .map_err(|error| format!("nobody says how much space there is: {error}"))?;
    Ok(around.f_bavail.saturating_mul(around.f_frsize))
}

fn workers(workers: &[Worker], now: UnixMicros) -> Found {
    let alive = workers
        .iter()
        .filter(|worker| readiness::is_alive(worker, now))
        .count();
    let found = match (alive, workers.len()) {
        (0, 0) => "nobody takes tasks: start `fondaco worker`".to_owned(),
        (0, silent) => format!("none of {silent} on the list was heard of lately"),
        (alive, all) => format!("{alive} of {all} on the list were heard of lately"),
    };
    Found {
        is_up: alive > 0,
        detail: found,
        took: Duration::ZERO,
    }
}

fn gateway(services: &[Service], now: UnixMicros) -> Found {
    let known = services
        .iter()
        .find(|service| service.name == fondaco_app::ports::gateway::GATEWAY);
    let (is_up, detail) = match known {
        None => (false, "there has been none yet".to_owned()),
        Some(service) if readiness::is_held(service, now) => {
            (true, format!("generation {} serves", service.generation))
        }
        Some(service) if service.holder.is_none() => (
            false,
            format!("generation {} has nobody", service.generation),
        ),
        Some(service) => (
            false,
            format!(
                "generation {} was last heard of {} s ago",
                service.generation,
                readiness::silence(service.seen, now).as_secs()
            ),
        ),
    };
    Found {
        is_up,
        detail,
        took: Duration::ZERO,
    }
}

/// An error with what led to it.
fn in_words(error: &impl Hint) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    let words: Vec<String> = std::iter::once(error.to_string())
        .chain(causes.map(ToString::to_string))
        .collect();
    words.join(": ")
}
