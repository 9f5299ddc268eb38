//! The two examples by which runs over dates and models are known: what is
//! skipped counts as done, says why, and never keeps a run open.

use serde_json::{Value, json};

use super::world::World;
use super::*;
use crate::task::OnNeedFailed;

/// Dates by models; the days of one model in order, and a failed one stops
/// none after it.
fn simulation(dates: &[&str], models: &[&str]) -> World {
    let mut tasks = Vec::new();
    for (day, date) in dates.iter().enumerate() {
        for model in models {
            let before = tasks.len().checked_sub(models.len()).filter(|_| day > 0);
            tasks.push(TaskPlan {
                needs: before.map(|no| TaskNo(no as u32)).into_iter().collect(),
                on_need_failed: OnNeedFailed::Proceed,
                ..TaskPlan::new(format!("{date}|{model}"), TaskKind::Noop)
            });
        }
    }
    World::new(CompletionRule::ModelDays, tasks, true)
}

fn place(world: &World, key: &str) -> u32 {
    let of_key = |task: &&&crate::task::Task| task.plan.key == key;
    world.tasks().iter().find(of_key).unwrap().no.0
}

/// The run as its readers see it: four counts and one more.
fn shown(world: &World) -> Value {
    let counts = world.run.counts;
    let details: Vec<Value> = world
        .tasks()
        .iter()
        .map(|task| {
            let (date, model) = task.plan.key.split_once('|').unwrap();
            let status = match task.state {
                TaskState::Blocked | TaskState::Ready => "pending",
                TaskState::Leased => "running",
                state => state.as_str(),
            };
            let error = task.skip.map(|reason| reason.text().to_owned());
            let error = error.or_else(|| task.detail.clone());
            json!({"date": date, "model": model, "status": status, "error": error})
        })
        .collect();
    json!({
        "status": world.run.state.as_str(),
        "progress": {
            "total_model_days": counts.total,
            "completed": counts.completed,
            "failed": counts.failed,
            "pending": counts.pending,
            "running": counts.running,
            "skipped": counts.skipped,
        },
        "details": details,
    })
}

#[test]
fn five_days_of_one_model_of_which_three_are_skipped() {
    let mut world = simulation(
        &[
            "2025-10-01",
            "2025-10-02",
            "2025-10-03",
            "2025-10-04",
            "2025-10-05",
        ],
        &["gpt-5"],
    );
    world.skip(0, SkipReason::AlreadyCompleted).unwrap();
    for no in [3, 4] {
        world.skip(no, SkipReason::IncompletePriceData).unwrap();
    }
    for no in [1, 2] {
        world.begin(no);
        world.complete(no).unwrap();
    }
    world.check();
    let day = |date: &str, status: &str, error: Value| json!({"date": date, "model": "gpt-5", "status": status, "error": error});
    assert_eq!(
        shown(&world),
        json!({
            "status": "completed",
            "progress": {
                "total_model_days": 5,
                "completed": 2,
                "failed": 0,
                "pending": 0,
                "running": 0,
                "skipped": 3,
            },
            "details": [
                day("2025-10-01", "skipped", json!("Already completed")),
                day("2025-10-02", "completed", Value::Null),
                day("2025-10-03", "completed", Value::Null),
                day("2025-10-04", "skipped", json!("Incomplete price data")),
                day("2025-10-05", "skipped", json!("Incomplete price data")),
            ],
        })
    );
    // Those that were skipped never began.
    let began: Vec<_> = world.tasks().iter().map(|task| task.attempt).collect();
    assert_eq!(began, [0, 1, 1, 0, 0]);
}

#[test]
fn a_day_that_one_model_has_done_is_run_for_the_other() {
    let mut world = simulation(
        &["2025-10-01", "2025-10-02", "2025-10-03"],
        &["gpt-5", "claude-opus"],
    );
    let done = place(&world, "2025-10-01|gpt-5");
    world.skip(done, SkipReason::AlreadyCompleted).unwrap();
    for date in ["2025-10-01", "2025-10-02", "2025-10-03"] {
        for model in ["gpt-5", "claude-opus"] {
            let no = place(&world, &format!("{date}|{model}"));
            if no != done {
                world.begin(no);
                world.complete(no).unwrap();
            }
        }
    }
    world.check();
    let day = |date: &str, model: &str, status: &str, error: Value| json!({"date": date, "model": model, "status": status, "error": error});
    assert_eq!(
        shown(&world),
        json!({
            "status": "completed",
            "progress": {
                "total_model_days": 6,
                "completed": 5,
                "failed": 0,
                "pending": 0,
                "running": 0,
                "skipped": 1,
            },
            "details": [
                day("2025-10-01", "gpt-5", "skipped", json!("Already completed")),
                day("2025-10-01", "claude-opus", "completed", Value::Null),
                day("2025-10-02", "gpt-5", "completed", Value::Null),
                day("2025-10-02", "claude-opus", "completed", Value::Null),
                day("2025-10-03", "gpt-5", "completed", Value::Null),
                day("2025-10-03", "claude-opus", "completed", Value::Null),
            ],
        })
    );
}

/// The counts add up at every moment, and the days of one model wait for each
/// other but not for another model's.
#[test]
fn under_way_the_counts_say_where_it_stands() {
    let mut world = simulation(&["2025-10-01", "2025-10-02"], &["gpt-5", "claude-opus"]);
    world.skip(0, SkipReason::RateLimited).unwrap();
    world.begin(1);
    assert_eq!(world.state_of(2), TaskState::Ready, "after a skipped day");
    assert_eq!(world.state_of(3), TaskState::Blocked);
    let progress = &shown(&world)["progress"];
    assert_eq!(
        *progress,
        json!({"total_model_days": 4, "completed": 0, "failed": 0, "pending": 2, "running": 1, "skipped": 1})
    );
    assert_eq!(
        shown(&world)["details"][0]["error"],
        "Rate limited during download"
    );
    world.fail(1).unwrap();
    assert_eq!(world.state_of(3), TaskState::Ready, "after a failed day");
    for no in [2, 3] {
        world.begin(no);
        world.complete(no).unwrap();
    }
    let shown = shown(&world);
    assert_eq!(shown["status"], "partial");
    assert_eq!(shown["details"][1]["error"], "no");
    world.check();
}
