//! Events are stored for ever: the file beside this one was written by hand
//! from their description, every line of it must be read, and be written
//! again byte for byte. A line is never changed; a new event is a new line.

use std::collections::BTreeSet;

use fondaco_domain::halt::Epoch;
use fondaco_domain::retry::{ErrorClass, RetryPolicy};
use fondaco_domain::run::{CompletionRule, Event, NewRun, RunKind};
use fondaco_domain::task::{Adopted, Fence, OnNeedFailed, TaskKind, TaskNo, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

const LINES: &str = include_str!("../golden/events.jsonl");

fn events() -> Vec<Event> {
    LINES
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{line}: {error}")))
        .collect()
}

#[test]
fn every_line_is_read_and_written_again() {
    for (event, line) in events().iter().zip(LINES.lines()) {
        assert_eq!(serde_json::to_string(event).unwrap(), line);
        let tag = format!(r#"{{"type":"{}""#, event.type_name());
        assert!(line.starts_with(&tag), "{line} has the tag of {tag}");
    }
}

/// A new event does not compile here before it has its line.
#[test]
fn every_event_has_a_line() {
    let number = |event: &Event| match event {
        Event::Submitted { .. } => 0,
        Event::Planned { .. } => 1,
        Event::RunStarted => 2,
        Event::RunHalting { .. } => 3,
        Event::RunHalted => 4,
        Event::RunResumed { .. } => 5,
        Event::RunCancelling { .. } => 6,
        Event::RunEnded { .. } => 7,
        Event::TaskNeedEnded { .. } => 8,
        Event::TaskLeased { .. } => 9,
        Event::TaskAdopted { .. } => 10,
        Event::TaskEscalated { .. } => 11,
        Event::TaskStarted { .. } => 12,
        Event::TaskCompleted { .. } => 13,
        Event::TaskRetried { .. } => 14,
        Event::TaskReleased { .. } => 15,
        Event::TaskFailed { .. } => 16,
        Event::TaskSkipped { .. } => 17,
        Event::TaskCancelled { .. } => 18,
        Event::LateResult { .. } => 19,
    };
    let found: BTreeSet<i32> = events().iter().map(number).collect();
    assert_eq!(found, (0..20).collect());
}

/// What the fields of the richest lines mean.
#[test]
fn the_lines_say_what_they_should() {
    let events = events();
    let run = RunId::new(1, [0; 10]);
    let new = NewRun {
        rule: CompletionRule::AllRequired,
        tenant: "desk".to_owned(),
        strategy: Some("sma-cross".to_owned()),
        queue: "night".to_owned(),
        priority: -3,
        concurrency_key: Some("btc".to_owned()),
        deadline: Some(UnixMicros(1_767_225_600_000_000)),
        parent: Some(run),
        ..NewRun::new(RunKind::Backtest, ContentHash::of(b""))
    };
    assert!(events.contains(&Event::Submitted {
        new,
        epoch: Epoch(u64::MAX)
    }));
    let tasks = vec![
        TaskPlan::new("2025-10-01|gpt-5", TaskKind::Noop),
        TaskPlan {
            needs: vec![TaskNo(32)],
            on_need_failed: OnNeedFailed::Fail,
            required: false,
            retry: RetryPolicy {
                max_attempts: 3,
                first: 100_000,
                longest: 1_000_000,
            },
            priority: 5,
            input: Some(r#"{"ms":1}"#.to_owned()),
            ..TaskPlan::new("b", TaskKind::Sleep)
        },
        TaskPlan {
            needs: vec![TaskNo(32), TaskNo(33)],
            on_need_failed: OnNeedFailed::Proceed,
            adopted: Some(Adopted {
                from: run,
                output: Some("done".to_owned()),
            }),
            ..TaskPlan::new("c", TaskKind::Backtest)
        },
    ];
    assert!(events.contains(&Event::Planned {
        first: TaskNo(32),
        tasks,
        last: false
    }));
    assert!(events.contains(&Event::TaskLeased {
        task: TaskNo(2),
        fence: Fence(3),
        worker: WorkerId::new(2, [0; 10]),
        until: UnixMicros(1_767_225_630_000_000),
    }));
    assert!(events.contains(&Event::TaskRetried {
        task: TaskNo(2),
        fence: Fence(4),
        ready_at: UnixMicros(1_767_225_600_000_000),
        class: ErrorClass::TimedOut,
        error: "60 s".to_owned(),
    }));
}
