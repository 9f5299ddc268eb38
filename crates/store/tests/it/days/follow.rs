//! Days of runs come into the store as their tasks complete.

use fondaco_app::ports::days::{DayQuery, DayStore, Origin};
use fondaco_app::ports::runs::{Asked, Claimed, Exchange, Report, RunStore, Submission, Want};
use fondaco_app::simulation::days::{Passed, follow};
use fondaco_domain::run::{Command, NewRun, RunCommand, RunKind};
use fondaco_domain::task::{TaskCommand, TaskKind, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use fondaco_store::days::{MemoryDays, SqliteDays};
use fondaco_store::runs::MemoryRuns;
use serde_json::json;

use super::{all, day, found, run};

fn by(at: i64) -> Asked {
    Asked {
        actor: "test".to_owned(),
        at: UnixMicros(at),
    }
}

/// A simulation whose tasks have these keys.
fn simulation(store: &MemoryRuns, number: u64, book: Option<&str>, keys: &[&str]) -> RunId {
    let spec = json!({
        "kind": "simulation", "version": 1, "dates": ["2025-10-01", "2025-10-02", "2025-10-03"],
        "models": [{"name": "gpt", "model": "x/gpt"}, {"name": "claude", "model": "x/claude"}],
        "symbols": ["AAPL"], "book": book, "budget_nano": number,
    });
    planned(store, number, RunKind::Simulation, spec.to_string(), keys)
}

fn planned(store: &MemoryRuns, number: u64, kind: RunKind, spec: String, keys: &[&str]) -> RunId {
    let task = |key: &&str| TaskPlan::new(*key, TaskKind::ModelDay);
    let submission = Submission {
        id: run(number),
        new: NewRun::new(kind, ContentHash::of(spec.as_bytes())),
        spec,
        tasks: keys.iter().map(task).collect(),
        last: true,
        key: None,
    };
    store.submit(submission, by(1)).unwrap();
    run(number)
}

fn exchange(store: &MemoryRuns, at: i64, reports: Vec<Report>, limit: usize) -> Vec<Claimed> {
    let want = Want {
        queues: vec!["default".to_owned()],
        kinds: vec![TaskKind::ModelDay],
        run: None,
        limit,
        until: UnixMicros(i64::MAX / 2),
        start: true,
    };
    let exchange = Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports,
        beats: Vec::new(),
        want: (limit > 0).then_some(want),
    };
    let done = store.exchange(exchange, by(at)).unwrap();
    assert!(done.reports.iter().all(Result::is_ok), "{:?}", done.reports);
    done.claimed
}

/// Completes what can be begun, one after the other, from an instant on; each
/// with the document of its key, or with another one.
fn work(store: &MemoryRuns, from: i64, other: Option<&str>) -> usize {
    let mut at = from;
    loop {
        let Some(held) = exchange(store, at, Vec::new(), 1).pop() else {
            return (at - from) as usize / 10;
        };
        let key = held.task.plan.key.clone();
        let output = match (key.split_once('|'), other) {
            (Some((date, model)), None) => {
                let kept = day(("", 0), model, date, 7);
                serde_json::to_string(&kept.day).unwrap()
            }
            (_, other) => other.unwrap_or("{}").to_owned(),
        };
        let report = Report {
            run: held.run,
            task: held.task.no,
            command: TaskCommand::Complete {
                fence: held.task.fence,
                output: Some(output),
            },
        };
        exchange(store, at + 5, vec![report], 0);
        at += 10;
    }
}

#[test]
fn days_come_with_their_book_their_run_and_their_times() {
    let (runs, days) = (MemoryRuns::default(), MemoryDays::default());
    let keys = [
        "prices",
        "2025-10-01|gpt/analyst",
        "2025-10-01|gpt",
        "2025-10-01|claude",
    ];
    let id = simulation(&runs, 1, Some("b"), &keys);
    assert_eq!(follow(&runs, &days).unwrap().days, 0);
    assert_eq!(work(&runs, 100, None), 4);
    let followed = follow(&runs, &days).unwrap();
    assert_eq!(followed.days, 2);
    assert!(followed.passed.is_empty(), "{:?}", followed.passed);
    let kept = days.days(&all()).unwrap();
    let names: Vec<&str> = kept.iter().map(|kept| kept.day.model.as_str()).collect();
    assert_eq!(names, ["claude", "gpt"]);
    for (kept, started) in kept.iter().zip([130, 120]) {
        assert_eq!(kept.book.as_deref(), Some("b"));
        assert_eq!(kept.origin, Origin::Run(id));
        assert_eq!(kept.started_at, UnixMicros(started));
        assert_eq!(kept.completed_at, UnixMicros(started + 5));
    }
    assert_eq!(days.followed().unwrap(), runs.feed_end().unwrap());
    // Nothing is new.
    assert_eq!(follow(&runs, &days).unwrap().days, 0);
}

/// What is begun before one look and completed before the next one has its
/// time all the same.
#[test]
fn a_day_is_found_whole_between_two_looks() {
    let (runs, days) = (MemoryRuns::default(), MemoryDays::default());
    simulation(&runs, 1, None, &["2025-10-01|gpt"]);
    let held = exchange(&runs, 50, Vec::new(), 1).remove(0);
    assert_eq!(follow(&runs, &days).unwrap().days, 0);
    let output = serde_json::to_string(&day(("", 0), "gpt", "2025-10-01", 7).day).unwrap();
    // Long enough to lie apart from its row.
    let output = output.replacen('{', &format!("{{{}", " ".repeat(20_000)), 1);
    let report = Report {
        run: held.run,
        task: held.task.no,
        command: TaskCommand::Complete {
            fence: held.task.fence,
            output: Some(output),
        },
    };
    exchange(&runs, 90, vec![report], 0);
    assert_eq!(follow(&runs, &days).unwrap().days, 1);
    let kept = days.days(&all()).unwrap().remove(0);
    assert_eq!(
        (kept.started_at, kept.completed_at),
        (UnixMicros(50), UnixMicros(90))
    );
    assert_eq!(kept.book, None);
}

#[test]
fn what_is_no_day_is_passed_over_with_a_reason() {
    let (runs, days) = (MemoryRuns::default(), MemoryDays::default());
    simulation(&runs, 1, Some("b"), &["2025-10-01|gpt"]);
    work(&runs, 10, Some("{\"no\": \"day\"}"));
    simulation(&runs, 2, Some("b"), &["2025-10-02|gpt"]);
    let another = serde_json::to_string(&day(("", 0), "claude", "2025-10-02", 7).day).unwrap();
    work(&runs, 30, Some(&another));
    planned(
        &runs,
        3,
        RunKind::Simulation,
        "{\"kind\":\"simulation\"}".to_owned(),
        &["2025-10-03|gpt"],
    );
    work(&runs, 50, None);
    let gone = simulation(&runs, 4, Some("b"), &["2025-10-01|claude"]);
    work(&runs, 70, None);
    runs.remove(gone).unwrap();
    planned(
        &runs,
        5,
        RunKind::Workflow,
        "{}".to_owned(),
        &["2025-10-03|gpt"],
    );
    work(&runs, 90, None);
    simulation(&runs, 6, Some("b"), &["2025-10-03|gpt"]);
    work(&runs, 110, None);
    let followed = follow(&runs, &days).unwrap();
    let why: Vec<(RunId, &str)> = followed
        .passed
        .iter()
        .map(|passed| {
            let why = match &passed.why {
                Passed::Document(_) => "document",
                Passed::Another { .. } => "another",
                Passed::Job(_) => "job",
                Passed::Gone => "gone",
                Passed::Removed => "removed",
            };
            (passed.run, why)
        })
        .collect();
    assert_eq!(
        why,
        [(run(1), "document"), (run(2), "another"), (run(3), "job")]
    );
    assert_eq!(found(&days, &all()), ["gpt 2025-10-03 115"]);
    assert_eq!(follow(&runs, &days).unwrap().passed.len(), 0);
}

#[test]
fn a_day_that_failed_or_was_cancelled_is_none() {
    let (runs, days) = (MemoryRuns::default(), MemoryDays::default());
    let id = simulation(&runs, 1, Some("b"), &["2025-10-01|gpt", "2025-10-02|gpt"]);
    let held = exchange(&runs, 10, Vec::new(), 1).remove(0);
    let report = Report {
        run: held.run,
        task: held.task.no,
        command: TaskCommand::Fail {
            fence: held.task.fence,
            class: fondaco_domain::retry::ErrorClass::Permanent,
            error: "no".to_owned(),
        },
    };
    exchange(&runs, 20, vec![report], 0);
    let reason = "enough".to_owned();
    runs.command(id, Command::Run(RunCommand::Cancel { reason }), by(30))
        .unwrap();
    runs.command(id, Command::Run(RunCommand::Sweep), by(31))
        .unwrap();
    assert_eq!(follow(&runs, &days).unwrap().days, 0);
    assert_eq!(found(&days, &all()), [""; 0]);
}

/// A run over many pages of the feed, followed by two at once while it goes on.
#[test]
fn several_follow_at_once_and_each_day_is_there_once() {
    let runs = MemoryRuns::default();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("simulations.db");
    let keys: Vec<String> = (1..=28_u8)
        .flat_map(|n| ["gpt", "claude"].map(|model| format!("2025-10-{n:02}|{model}")))
        .collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    for number in 1..=12 {
        simulation(&runs, number, Some("b"), &keys);
    }
    std::thread::scope(|scope| {
        scope.spawn(|| work(&runs, 1_000, None));
        for _ in 0..2 {
            scope.spawn(|| {
                let days = SqliteDays::open(&path).unwrap();
                while days
                    .dates(&DayQuery {
                        replaced: true,
                        ..all()
                    })
                    .unwrap()
                    .len()
                    < 12 * 56
                {
                    follow(&runs, &days).unwrap();
                    std::thread::yield_now();
                }
            });
        }
    });
    let days = SqliteDays::open(&path).unwrap();
    follow(&runs, &days).unwrap();
    assert_eq!(days.followed().unwrap(), runs.feed_end().unwrap());
    assert_eq!(days.dates(&all()).unwrap().len(), 56);
    let whole = DayQuery {
        replaced: true,
        ..all()
    };
    assert_eq!(days.dates(&whole).unwrap().len(), 12 * 56);
}

/// The runs of a home that was put away: those of the new one are found.
#[test]
fn another_store_of_runs_is_followed_from_its_beginning() {
    let days = MemoryDays::default();
    days.put(&[], Some(1_000_000)).unwrap();
    let runs = MemoryRuns::default();
    simulation(&runs, 1, Some("b"), &["2025-10-01|gpt"]);
    work(&runs, 10, None);
    assert_eq!(follow(&runs, &days).unwrap().days, 1);
    assert_eq!(found(&days, &all()), ["gpt 2025-10-01 15"]);
}
