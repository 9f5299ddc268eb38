//! From a job to tasks.

use std::collections::BTreeMap;

use fondaco_domain::ContentHash;
use fondaco_domain::run::CompletionRule;
use fondaco_domain::task::{OnNeedFailed, SkipReason, TaskPlan};
use serde_json::{Value, json};

use crate::ports::plan::Planner;
use crate::simulation::plan::{SimulationPlanner, key, split};

fn job(change: impl FnOnce(&mut Value)) -> String {
    let mut job = json!({
        "kind": "simulation",
        "version": 1,
        "dates": ["2025-10-01", "2025-10-02", "2025-10-03"],
        "models": [{"name": "a", "model": "x/a"}, {"name": "b", "model": "x/b"}],
        "symbols": ["AAPL"],
    });
    change(&mut job);
    job.to_string()
}

fn tasks(job: &str) -> Vec<TaskPlan> {
    SimulationPlanner.tasks(job).unwrap().collect()
}

/// The keys that each task needs.
fn needs(tasks: &[TaskPlan]) -> BTreeMap<&str, Vec<&str>> {
    let key = |no: usize| tasks[no].key.as_str();
    tasks
        .iter()
        .map(|task| {
            let needs = task.needs.iter().map(|no| key(no.0 as usize)).collect();
            (task.key.as_str(), needs)
        })
        .collect()
}

#[test]
fn days_of_a_model_follow_each_other_and_models_do_not() {
    let tasks = tasks(&job(|_| ()));
    let needs = needs(&tasks);
    assert_eq!(needs.len(), 6);
    assert_eq!(needs["2025-10-01|a"], [""; 0]);
    assert_eq!(needs["2025-10-02|a"], ["2025-10-01|a"]);
    assert_eq!(needs["2025-10-03|b"], ["2025-10-02|b"]);
    // One model's failure stops neither itself nor others.
    let proceeds = |task: &TaskPlan| task.on_need_failed == OnNeedFailed::Proceed;
    assert!(tasks.iter().all(proceeds));
    let new = SimulationPlanner
        .new_run(&job(|_| ()), ContentHash::of(b""))
        .unwrap();
    assert_eq!(new.rule, CompletionRule::ModelDays);
    assert_eq!(new.concurrency_key, None);
}

#[test]
fn what_is_known_not_to_be_done_is_skipped_from_the_beginning() {
    let job = job(|job| {
        job["models"][0]["completed"] = json!(["2025-10-02"]);
        job["models"][1]["from"] = json!("2025-10-02");
        job["book"] = json!("diary");
        job["data"] = json!({
            "candles": [], "timeframe": "1d", "research": 0, "accepted_ms": 0,
            "incomplete": ["2025-10-03"],
        });
    });
    let tasks = tasks(&job);
    let skips: Vec<_> = tasks
        .iter()
        .map(|task| (task.key.as_str(), task.skip))
        .collect();
    assert_eq!(
        skips,
        [
            ("2025-10-01|a", None),
            ("2025-10-02|a", Some(SkipReason::AlreadyCompleted)),
            ("2025-10-02|b", None),
            ("2025-10-03|a", Some(SkipReason::IncompletePriceData)),
            ("2025-10-03|b", Some(SkipReason::IncompletePriceData)),
        ]
    );
    let new = SimulationPlanner
        .new_run(&job, ContentHash::of(b""))
        .unwrap();
    assert_eq!(new.concurrency_key.as_deref(), Some("book:diary"));
}

#[test]
fn a_day_after_a_skipped_one_needs_the_last_that_is_done() {
    let job = job(|job| job["models"][0]["completed"] = json!(["2025-10-02"]));
    let tasks = tasks(&job);
    assert_eq!(needs(&tasks)["2025-10-03|a"], ["2025-10-01|a"]);
}

#[test]
fn prices_come_first_where_they_are_downloaded() {
    let job = job(|job| job["download"] = json!({"source": "alpha-vantage"}));
    let tasks = tasks(&job);
    let needs = needs(&tasks);
    assert_eq!(tasks[0].key, "prices");
    assert!(!tasks[0].required);
    assert_eq!(needs["2025-10-01|a"], ["prices"]);
    assert_eq!(needs["2025-10-03|a"], ["prices", "2025-10-02|a"]);
}

#[test]
fn the_last_turn_of_a_room_is_its_day() {
    let job = job(|job| {
        job["style"] = json!({"style": "room", "cycles": 1});
        job["models"] = json!([{"name": "team", "model": "x/a"}]);
    });
    let tasks = tasks(&job);
    let days: Vec<&TaskPlan> = tasks
        .iter()
        .filter(|task| split(&task.key).is_some())
        .collect();
    assert_eq!(days.len(), 3);
    assert!(days.iter().all(|task| task.required));
    let required = tasks.iter().filter(|task| task.required).count();
    assert_eq!(required, 3, "nothing but the days themselves");
    let needs = needs(&tasks);
    assert!(needs["2025-10-02|team"].contains(&"2025-10-01|team"));
}

#[test]
fn keys_are_read_as_they_are_written() {
    for (date, model) in [("2025-10-01", "gpt-5"), ("2025-10-01 10:00:00", "a#2")] {
        let date = date.parse().unwrap();
        assert_eq!(split(&key(date, model)), Some((date, model)));
    }
    for other in ["prices", "2025-10-01|team/risk", "someday|a", ""] {
        assert_eq!(split(other), None, "{other}");
    }
}
