//! What the doctor looks at.

use std::path::Path;

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{RunQuery, RunStoreError, Vitals};
use fondaco_app::runner::EmergencyStop;
use fondaco_domain::halt::HaltMode;
use fondaco_domain::{Hint, UnixMicros};
use fondaco_exec::process;

use super::Finding;
use crate::commands::run::alive;
use crate::context::Context;
use crate::host::{Client, HaltFile, host_name};

/// Free bytes that are little, and too little.
const LITTLE: u64 = 1 << 30;
const TOO_LITTLE: u64 = 100 << 20;

/// Clocks of several machines differ by this much, in microseconds, without
/// anybody noticing.
const SLACK: i64 = 2_000_000;

type Checked = Result<Finding, RunStoreError>;

/// Everything that takes a store.
pub(super) fn all(client: &Client, runs: Option<usize>) -> Vec<Finding> {
    let vitals = match client.store().vitals() {
        Ok(vitals) => vitals,
        Err(error) => return vec![refused("store", &error)],
    };
    let checks: [(&'static str, Checked); 6] = [
        ("fold", fold(client, runs)),
        ("leases", leases(client)),
        ("workers", workers(client)),
        ("halts", halts(client)),
        ("schedules", schedules(client)),
        ("plans", plans(client)),
    ];
    let mut findings = vec![
        store(&vitals),
        file(&vitals),
        clock(&vitals, client.machine.wall()),
    ];
    findings.extend(
        checks
            .into_iter()
            .map(|(what, found)| found.unwrap_or_else(|error| refused(what, &error))),
    );
    findings
}

fn refused(what: &'static str, error: &RunStoreError) -> Finding {
    Finding::fail(
        what,
        crate::errors::in_words(error),
        error.hint().unwrap_or_default(),
    )
}

fn store(vitals: &Vitals) -> Finding {
    Finding::ok(
        "store",
        format!(
            "{}: {}, schema {}, {}",
            vitals.place, vitals.engine, vitals.schema, vitals.access
        ),
    )
}

fn file(vitals: &Vitals) -> Finding {
    match &vitals.fault {
        None => Finding::ok("file", "the engine finds nothing wrong"),
        Some(fault) => Finding::fail(
            "file",
            fault.clone(),
            "stop every worker, keep the file, and go back to a copy",
        ),
    }
}

/// Events must not be from the future.
fn clock(vitals: &Vitals, now: UnixMicros) -> Finding {
    match vitals.last_event_at {
        None => Finding::ok("clock", "no event to compare it with"),
        Some(last) if last.0 > now.0.saturating_add(SLACK) => Finding::warn(
            "clock",
            format!("it says {now}, and the newest event is of {last}"),
            "the clock was put back, or is wrong here: leases do not depend on it, schedules do",
        ),
        Some(last) => Finding::ok("clock", format!("the newest event is of {last}")),
    }
}

fn fold(client: &Client, runs: Option<usize>) -> Checked {
    let store = client.store();
    let query = RunQuery {
        limit: runs,
        ..RunQuery::default()
    };
    let runs = store.runs(&query)?;
    let mut found = Vec::new();
    for run in &runs {
        found.extend(store.check_run(run.id)?);
    }
    let count = match runs.len() {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    };
    Ok(match found.first() {
        None => Finding::ok("fold", format!("{count}: rows and events agree")),
        Some(first) => Finding::fail(
            "fold",
            format!("{first} ({} findings in {count})", found.len()),
            "see all of it with `fondaco db check`",
        ),
    })
}

fn leases(client: &Client) -> Checked {
    let held = client.store().held()?;
    let now = client.machine.wall();
    let over = held.iter().filter(|one| one.lease.until < now);
    Ok(match over.count() {
        0 => Finding::ok("leases", format!("{} held", held.len())),
        over => Finding::warn(
            "leases",
            format!("{over} of {} held without a sign of life", held.len()),
            "a running `fondaco worker` takes them back",
        ),
    })
}

fn workers(client: &Client) -> Checked {
    let workers = client.store().workers()?;
    let (now, here) = (client.machine.wall(), host_name());
    let dead = |worker: &&fondaco_app::ports::workers::Worker| {
        worker.host == here && !process::lives(worker.pid, &worker.pid_start)
    };
    if let Some(gone) = workers.iter().find(dead) {
        let count = workers.iter().filter(dead).count();
        return Ok(Finding::warn(
            "workers",
            format!(
                "{count} of {} died without a word, process {} among them",
                workers.len(),
                gone.pid
            ),
            "a running `fondaco worker` takes back what they held",
        ));
    }
    if let Some(silent) = workers.iter().find(|worker| !alive(worker, now)) {
        return Ok(Finding::warn(
            "workers",
            format!(
                "process {} on {} was last heard of at {}",
                silent.pid, silent.host, silent.seen
            ),
            "see whether that machine and its connection are well",
        ));
    }
    Ok(match workers.len() {
        0 => Finding::ok("workers", "none runs"),
        1 => Finding::ok("workers", "1, heard of in the last minute"),
        count => Finding::ok("workers", format!("{count}, heard of in the last minute")),
    })
}

fn halts(client: &Client) -> Checked {
    let halts = client.store().halts()?;
    let in_force: Vec<String> = halts
        .iter()
        .filter(|halt| halt.mode != HaltMode::Active)
        .map(|halt| format!("{} is {}: {}", halt.scope, halt.mode.as_str(), halt.reason))
        .collect();
    Ok(match in_force.first() {
        None => Finding::ok("halts", "nothing is halted"),
        Some(first) if in_force.len() == 1 => {
            Finding::warn("halts", first.clone(), "see `fondaco halt status`")
        }
        Some(first) => Finding::warn(
            "halts",
            format!("{first}, and {} more", in_force.len() - 1),
            "see `fondaco halt status`",
        ),
    })
}

/// A schedule whose time has long passed is fired by nobody.
fn schedules(client: &Client) -> Checked {
    let schedules = client.store().schedules()?;
    let now = client.machine.wall();
    let late = schedules.iter().find(|one| {
        let latest = i64::from(one.timing.jitter_ms) * 1_000 + 60_000_000;
        !one.paused && one.next.is_some_and(|next| next.plus(latest) < now)
    });
    Ok(match late {
        None => Finding::ok("schedules", format!("{}, none late", schedules.len())),
        Some(late) => Finding::warn(
            "schedules",
            format!("`{}` is late", late.name),
            "schedules fire while a `fondaco worker` runs",
        ),
    })
}

/// A plan that was cut off is made whole by a worker.
fn plans(client: &Client) -> Checked {
    let states = fondaco_domain::run::RunState::ALL;
    let query = RunQuery {
        states: states
            .into_iter()
            .filter(|state| !state.is_terminal())
            .collect(),
        planned: Some(false),
        ..RunQuery::default()
    };
    let unplanned = client.store().runs(&query)?;
    Ok(match unplanned.first() {
        None => Finding::ok("plans", "every open run has its whole plan"),
        Some(run) => Finding::warn(
            "plans",
            format!("run {} has only a part of its plan", run.id),
            "a running `fondaco worker` makes it whole",
        ),
    })
}

/// The file that stops everything.
pub(super) fn halt_file(context: &Context) -> Option<Finding> {
    let reason = HaltFile::of(context.home()).seen()?;
    Some(Finding::warn(
        "HALT file",
        reason,
        "remove it, then `fondaco halt clear --scope global`",
    ))
}

/// Free space where things are kept.
pub(super) fn disk(home: &Path) -> Finding {
    // The home need not be there yet.
    let there = home.ancestors().find(|folder| folder.exists());
    let free = there
        .ok_or(rustix::io::Errno::NOENT)
        .and_then(rustix::fs::statvfs)
        .map(|found| found.f_bavail.saturating_mul(found.f_frsize));
    match free {
        Err(error) => Finding::fail(
            "disk",
            format!("cannot look at {}: {error}", home.display()),
            "check the folder and its permissions",
        ),
        Ok(free) => {
            let found = format!("{} MiB free at {}", free >> 20, home.display());
            if free < TOO_LITTLE {
                Finding::fail(
                    "disk",
                    found,
                    "make room: the store stops when it cannot write",
                )
            } else if free < LITTLE {
                Finding::warn("disk", found, "make room soon")
            } else {
                Finding::ok("disk", found)
            }
        }
    }
}
