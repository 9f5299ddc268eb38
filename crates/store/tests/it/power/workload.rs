//! What the children do to a store, and how it is judged afterwards.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fondaco_app::ports::halts::HaltStore;
use fondaco_app::ports::runs::{
    Exchange, INLINE, Report, RunQuery, RunStore, RunStoreError, Submission, TaskQuery, Want,
};
use fondaco_domain::halt::{HaltCommand, HaltMode, Scope};
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use fondaco_store::runs::conformance::{at, submission};
use fondaco_store::runs::{SqliteOptions, SqliteRuns};

pub(crate) const PLACE: &str = "FONDACO_TEST_POWER_FILE";
pub(crate) const ACKS: &str = "FONDACO_SHIM_ACKS";

/// Where acknowledgements go.
pub(crate) struct Acks(Mutex<File>);

impl Acks {
    pub(crate) fn open() -> Self {
        let path = std::env::var_os(ACKS).unwrap();
        Self(Mutex::new(File::options().append(true).open(path).unwrap()))
    }

    pub(crate) fn say(&self, line: String) {
        self.0
            .lock()
            .unwrap()
            .write_all((line + "\n").as_bytes())
            .unwrap();
    }
}

/// What was acknowledged.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acknowledged {
    /// Events of each run.
    pub(crate) runs: BTreeMap<RunId, usize>,
    pub(crate) bodies: Vec<ContentHash>,
    /// The counter of halts.
    pub(crate) epoch: u64,
}

impl Acknowledged {
    /// Takes one line in.
    pub(crate) fn take_in(&mut self, line: &str) {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["run", id, events] => {
                let events = events.parse().unwrap();
                let known = self.runs.entry(id.parse().unwrap()).or_insert(events);
                *known = events.max(*known);
            }
            ["body", hash] => self.bodies.push(ContentHash::parse(hash).unwrap()),
            ["halt", epoch] => self.epoch = epoch.parse().unwrap(),
            _ => {}
        }
    }
}

pub(crate) fn place() -> Option<PathBuf> {
    std::env::var_os(PLACE).map(PathBuf::from)
}

/// Several threads that submit, take, start, finish, keep bodies and halt,
/// so many times each.
pub(crate) fn work(
    store: &SqliteRuns,
    acks: &Acks,
    threads: u8,
    group: u64,
    rounds: u64,
) -> Result<(), RunStoreError> {
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                scope.spawn(move || {
                    (0..rounds).try_for_each(|n| {
                        let asked = named(thread, group * 1_000 + n);
                        round(store, acks, asked)
                    })
                })
            })
            .collect();
        workers
            .into_iter()
            .try_for_each(|worker| worker.join().unwrap())
    })
}

/// A run of three tasks in a queue of its thread; now and then its spec is
/// too large for a row.
pub(crate) fn named(thread: u8, n: u64) -> Submission {
    let mut asked = submission(thread, &format!("q{thread}"), 3);
    asked.id = RunId::new(n, [thread; 10]);
    if n % 4 == 1 {
        let filling = filling(thread, n, INLINE + 600);
        asked.spec = format!("{{\"filling\":\"{filling}\"}}");
        asked.new.spec = ContentHash::of(asked.spec.as_bytes());
    }
    asked
}

/// Text that does not repeat itself.
fn filling(thread: u8, n: u64, length: usize) -> String {
    let mut text = String::with_capacity(length + 16);
    let mut dice = super::disk::Dice(n * 256 + u64::from(thread));
    while text.len() < length {
        write!(text, "{:016x}", dice.next()).unwrap();
    }
    text
}

fn round(store: &SqliteRuns, acks: &Acks, asked: Submission) -> Result<(), RunStoreError> {
    let (id, queue) = (asked.id, asked.new.queue.clone());
    let (n, thread) = (10, asked.id.to_string().as_bytes()[35]);
    let seed = u64::from_str_radix(&id.to_string()[..13].replace('-', ""), 16).unwrap() * 8;
    store.submit(asked, at(n))?;
    acknowledge(store, acks, id)?;
    let worker = WorkerId::new(1, [thread; 10]);
    let want = Want {
        queues: vec![queue],
        kinds: vec![TaskKind::Noop],
        run: Some(id),
        limit: 3,
        until: UnixMicros(1_000),
        start: true,
    };
    let taking = Exchange {
        worker,
        reports: Vec::new(),
        beats: Vec::new(),
        want: Some(want),
    };
    let claimed = store.exchange(taking, at(n + 1))?.claimed;
    acknowledge(store, acks, id)?;
    for one in claimed {
        // Some outputs lie in rows, some in files.
        let length = [20, 3_000, INLINE + 4_000][one.task.no.0 as usize % 3];
        let output = filling(thread, seed + u64::from(one.task.no.0), length);
        let hash = store.keep_body(output.as_bytes())?;
        acks.say(format!("body {hash}"));
        let output = if length > INLINE {
            format!("sha256:{hash}")
        } else {
            output
        };
        let done = Exchange {
            worker,
            reports: vec![Report {
                run: id,
                task: one.task.no,
                command: TaskCommand::Complete {
                    fence: one.task.fence,
                    output: Some(output),
                },
            }],
            beats: Vec::new(),
            want: None,
        };
        let answers = store.exchange(done, at(n + 2))?.reports;
        assert!(answers[0].is_ok(), "{answers:?}");
        acknowledge(store, acks, id)?;
    }
    halt(store, acks, id)
}

/// A latch on a run that has ended harms nobody.
fn halt(store: &SqliteRuns, acks: &Acks, id: RunId) -> Result<(), RunStoreError> {
    let command = HaltCommand::Set {
        scope: Scope::Run(id),
        mode: HaltMode::Drain,
        reason: "drill".to_owned(),
    };
    let epoch = store.halt(command, at(9))?.epoch.0;
    acks.say(format!("halt {epoch}"));
    Ok(())
}

fn acknowledge(store: &SqliteRuns, acks: &Acks, id: RunId) -> Result<(), RunStoreError> {
    let events = store.events(id, 0, usize::MAX)?.len();
    acks.say(format!("run {id} {events}"));
    Ok(())
}

/// What is wrong with a store, opened as after a restart: all that was
/// acknowledged must be there, rows, events and outbox must agree, and it must
/// be of use.
pub(crate) fn judge(file: &Path, acknowledged: &Acknowledged) -> Result<(), String> {
    let store = SqliteRuns::open(file, SqliteOptions::default())
        .map_err(|error| format!("does not open: {}", words(&error)))?;
    judge_open(&store, acknowledged).map_err(|wrong| format!("{wrong} (it opened)"))
}

fn judge_open(store: &SqliteRuns, acknowledged: &Acknowledged) -> Result<(), String> {
    let failed = |error: RunStoreError| words(&error);
    if let Some(fault) = store.vitals().map_err(failed)?.fault {
        return Err(fault);
    }
    let found = store.check().map_err(failed)?;
    if let Some(first) = found.first() {
        return Err(first.to_string());
    }
    for (id, events) in &acknowledged.runs {
        let there = store.events(*id, 0, usize::MAX).map_err(failed)?.len();
        if there < *events {
            return Err(format!("{there} of {events} events of {id}"));
        }
    }
    for hash in &acknowledged.bodies {
        store.body(hash).map_err(failed)?;
    }
    // What an event or a row names must be there.
    let runs = store.runs(&RunQuery::default()).map_err(failed)?;
    for run in runs {
        store.spec(&run.new.spec).map_err(failed)?;
        for task in store.tasks(run.id, &TaskQuery::default()).map_err(failed)? {
            let output = task.output.as_deref().unwrap_or_default();
            if let Some(hash) = output.strip_prefix("sha256:") {
                let hash = ContentHash::parse(hash).ok_or("no hash")?;
                store.body(&hash).map_err(failed)?;
            }
        }
    }
    let halts = store.halts().map_err(failed)?;
    let epoch = halts.iter().map(|halt| halt.epoch.0).max().unwrap_or(0);
    if epoch < acknowledged.epoch {
        return Err(format!("halts up to {epoch} of {}", acknowledged.epoch));
    }
    let after = named(200, 1);
    store.submit(after.clone(), at(1)).map_err(failed)?;
    store.run(after.id).map_err(failed)?;
    Ok(())
}

/// An error with its causes.
pub(crate) fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        write!(words, ": {next}").unwrap();
        cause = next.source();
    }
    words
}
