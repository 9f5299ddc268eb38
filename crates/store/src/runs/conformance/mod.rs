//! What every store must do, as cases over the port.
//!
//! A new store runs [`CASES`], each over an empty store of its own:
//!
//! ```
//! use fondaco_store::runs::{MemoryRuns, conformance::CASES};
//!
//! for (name, case) in CASES {
//!     case(&MemoryRuns::default()).unwrap_or_else(|error| panic!("{name}: {error}"));
//! }
//! ```
//!
//! A case panics where the store answers wrongly and returns the error where
//! it fails.

mod exchanges;
mod feed;
mod halts;
mod kept;
mod keys;
mod lives;
mod plans;
mod queries;
mod records;
mod schedules;
mod services;
mod workers;

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{
    Asked, Beat, Claimed, Exchange, Exchanged, Report, RunStoreError, Submission, Want,
};
use fondaco_domain::run::{Command, CompletionRule, NewRun, Rejection, RunKind};
use fondaco_domain::task::{Fence, TaskCommand, TaskKind, TaskNo, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

/// A name and what is tried under it.
pub type Case = (&'static str, fn(&dyn Store) -> Result<(), RunStoreError>);

/// All of them.
pub const CASES: &[Case] = &[
    ("a run is kept as it was submitted", kept::as_submitted),
    ("a key makes twice the same as once", kept::idempotent),
    ("an id makes twice the same as once", kept::same_id),
    ("a spec has the hash it is named by", kept::spec),
    ("bodies of every size are kept", kept::bodies),
    ("events over every size are kept", kept::large_events),
    (
        "every consumer of the outbox has its own cursor",
        kept::outbox,
    ),
    ("a run that has ended can be removed", kept::removed),
    ("what is not there is not there", kept::missing),
    ("a store says what it is", kept::vitals),
    ("a run goes from its submission to its end", lives::life),
    ("a rejected command leaves no trace", lives::rejected),
    ("a late result is logged and dropped", lives::late),
    ("a failed attempt is tried again, later", lives::retried),
    ("a cancelled run ends", lives::cancelled),
    ("a large run is cancelled in parts", lives::swept),
    (
        "a run whose deadline has passed is cancelled",
        lives::expired,
    ),
    ("attempts are kept, each with its end", lives::attempts),
    (
        "an attempt goes on with another worker",
        lives::adopted_attempt,
    ),
    ("rungs are events and change nothing", lives::escalated),
    ("a plan comes in parts", plans::in_parts),
    ("tasks of an earlier run are taken over", plans::adopted),
    ("tasks are skipped by a plan or a worker", plans::skipped),
    ("planning that fails ends the run", plans::failed_planning),
    ("days of models end by what is required", plans::model_days),
    ("a plan names each task once", plans::names_once),
    (
        "large inputs make more events of planning",
        plans::small_events,
    ),
    ("needs are followed across an exchange", plans::needs),
    ("claims follow queue, priority and age", exchanges::order),
    ("a worker gets what it wants and no more", exchanges::wants),
    ("tasks may start as they are claimed", exchanges::start),
    (
        "one report that is refused undoes no other",
        exchanges::isolated,
    ),
    ("reports free what is claimed with them", exchanges::in_one),
    (
        "beats move leases, count and are no events",
        exchanges::beats,
    ),
    ("a worker hears what it has lost", exchanges::lost),
    ("who waits is told", exchanges::notices),
    (
        "one run of a concurrency key at a time",
        keys::one_at_a_time,
    ),
    ("a key is free when its holder ends", keys::freed),
    (
        "a halt stops what it covers and nothing else",
        halts::covers,
    ),
    ("a halted run waits for a resume", halts::resumed),
    ("every scope covers its runs", halts::scopes),
    ("runs hear of a latch in parts", halts::in_parts),
    ("a killed run loses its fences", halts::killed),
    ("a latch says what it is", halts::latches),
    (
        "acknowledgements are of the latch as it is",
        halts::acknowledged,
    ),
    ("runs are found by what they are", queries::runs),
    ("runs are found by strategy and by tenant", queries::names),
    ("runs and tasks come in pages", queries::pages),
    ("events come in pages", queries::events),
    ("the feed has all events in one order", feed::order),
    ("a removed run is gone from the feed", feed::removed),
    (
        "a reader of the feed beside writers misses nothing",
        feed::while_written,
    ),
    ("open runs are counted", feed::open_runs),
    ("a record is kept in versions", records::versions),
    ("a version is replaced once", records::compared),
    (
        "a change whose answer was lost is made once",
        records::repeated,
    ),
    ("records are listed as they are now", records::listed),
    ("the trail comes in pages", records::trail),
    ("of changes at once one comes first", records::at_once),
    ("a halt is on the record", records::of_halts),
    ("a schedule is on the record", records::of_schedules),
    ("a name has one generation at a time", services::generations),
    ("a name is given back", services::released),
    (
        "of claims at once one comes first",
        services::claimed_at_once,
    ),
    ("workers come, are seen and go", workers::enlisted),
    ("a schedule is added, paused and removed", schedules::kept),
    ("a tick is kept once and for all", schedules::once),
    ("a tick that leads to no run says why", schedules::passed),
    (
        "a tick whose run is refused is not kept",
        schedules::refused,
    ),
];

/// A run of `tasks` independent tasks in a queue, named by a number.
pub fn submission(number: u8, queue: &str, tasks: usize) -> Submission {
    let spec = format!("{{\"number\":{number}}}");
    let mut new = NewRun::new(RunKind::Simulation, ContentHash::of(spec.as_bytes()));
    new.rule = CompletionRule::ModelDays;
    queue.clone_into(&mut new.queue);
    Submission {
        id: RunId::new(u64::from(number), [number; 10]),
        new,
        spec,
        tasks: (0..tasks).map(|no| plan(&format!("step/{no}"))).collect(),
        last: true,
        key: None,
    }
}

/// Asked by the suite at a time.
pub fn at(micros: i64) -> Asked {
    Asked {
        actor: "conformance".to_owned(),
        at: UnixMicros(micros),
    }
}

fn plan(key: &str) -> TaskPlan {
    TaskPlan::new(key, TaskKind::Noop)
}

fn worker(number: u8) -> WorkerId {
    WorkerId::new(u64::from(number), [number; 10])
}

fn want(queue: &str, limit: usize) -> Want {
    Want {
        queues: vec![queue.to_owned()],
        kinds: TaskKind::ALL.to_vec(),
        run: None,
        limit,
        until: UnixMicros(1_000),
        start: false,
    }
}

/// Of worker 7, with nothing in it.
fn exchange() -> Exchange {
    Exchange {
        worker: worker(7),
        reports: Vec::new(),
        beats: Vec::new(),
        want: None,
    }
}

fn take(store: &dyn Store, want: Want, micros: i64) -> Result<Vec<Claimed>, RunStoreError> {
    let want = Some(want);
    let asked = Exchange { want, ..exchange() };
    Ok(store.exchange(asked, at(micros))?.claimed)
}

/// Leases what is ready in a queue, at 10.
fn claim(store: &dyn Store, queue: &str, limit: usize) -> Result<Vec<Claimed>, RunStoreError> {
    take(store, want(queue, limit), 10)
}

/// Leases and starts what is ready in a queue, at 10.
fn begin(store: &dyn Store, queue: &str, limit: usize) -> Result<Vec<Claimed>, RunStoreError> {
    let start = true;
    let want = Want {
        start,
        ..want(queue, limit)
    };
    take(store, want, 10)
}

fn names(claimed: &[Claimed]) -> Vec<(RunId, u32)> {
    claimed.iter().map(|one| (one.run, one.task.no.0)).collect()
}

fn report(of: &Claimed, command: TaskCommand) -> Report {
    Report {
        run: of.run,
        task: of.task.no,
        command,
    }
}

fn beat(of: &Claimed, until: i64) -> Beat {
    Beat {
        run: of.run,
        task: of.task.no,
        fence: of.task.fence,
        until: UnixMicros(until),
        external: None,
        progress: None,
    }
}

fn say(
    store: &dyn Store,
    reports: Vec<Report>,
    micros: i64,
) -> Result<Vec<Result<usize, Rejection>>, RunStoreError> {
    let asked = Exchange {
        reports,
        ..exchange()
    };
    Ok(store.exchange(asked, at(micros))?.reports)
}

fn nothing_of(exchanged: &Exchanged) -> bool {
    exchanged.reports.is_empty() && exchanged.lost.is_empty() && exchanged.claimed.is_empty()
}

fn completed(fence: Fence) -> TaskCommand {
    TaskCommand::Complete {
        fence,
        output: Some("result".to_owned()),
    }
}

fn complete(no: u32, fence: Fence) -> Command {
    Command::Task(TaskNo(no), completed(fence))
}

fn failed(fence: Fence, class: fondaco_domain::retry::ErrorClass) -> TaskCommand {
    TaskCommand::Fail {
        fence,
        class,
        error: "it broke".to_owned(),
    }
}

/// Rows are what the events lead to.
fn agrees(store: &dyn Store) -> Result<(), RunStoreError> {
    assert_eq!(store.check()?, []);
    Ok(())
}

/// The types of a run's events.
fn told(store: &dyn Store, run: RunId) -> Result<Vec<&'static str>, RunStoreError> {
    let events = store.events(run, 0, usize::MAX)?;
    Ok(events.iter().map(|one| one.event.type_name()).collect())
}
