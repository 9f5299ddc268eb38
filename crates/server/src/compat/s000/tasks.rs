//! `/api/analysis/tasks`: analyses that there are.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::analysis::shown::legacy::{Subject, TaskPayload};
use fondaco_app::analysis::shown::names;
use fondaco_app::migration::legacy::LegacyTask;
use fondaco_app::migration::parity::SeenBy;
use fondaco_domain::signal::Probability;
use serde::Serialize;
use serde_json::{Value, json};

use super::detail::Detail;
use super::told::{self, Told, version};
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new(
        &Method::GET,
        "/api/analysis/tasks",
        ("s000_analysis_tasks", "Analyses, the newest first."),
        tasks,
    )]
}

/// Tasks of one answer.
const LISTED: usize = 200;

/// To `GET tasks`.
#[derive(Debug, Serialize)]
struct TaskList {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
    tasks: Vec<Summary>,
    total: usize,
}

/// A task, in short.
#[derive(Debug, Serialize)]
struct Summary {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    ticker: Option<String>,
    date: Option<String>,
    status: &'static str,
    progress: u8,
    decision: Option<String>,
    confidence: Option<f64>,
    created_at: Option<String>,
    /// An object by the contract, a text otherwise.
    error: Option<Value>,
}

async fn tasks(State(platform): State<Shared>) -> Result<Json<TaskList>, Detail> {
    let listed = platform.blocking(|platform| Ok(listed(platform))).await??;
    Ok(Json(listed))
}

/// All of them by one plan, whatever is switched meanwhile.
fn listed(platform: &Platform) -> Result<TaskList, Detail> {
    let plan = platform.migration.plan()?;
    let all = newest_first(platform)?;
    let total = all.len();
    let mut tasks = Vec::new();
    for task_id in all.into_iter().take(LISTED) {
        let read = platform
            .migration
            .read_task_by(&plan, &task_id, SeenBy::Read)?;
        // Removed since.
        let Some(read) = read else { continue };
        tasks.push(summary(Told::of(platform, read, plan.shape)?));
    }
    Ok(TaskList {
        contract_version: version(plan.shape),
        tasks,
        total,
    })
}

/// The names of all tasks that either store knows, without parts of others.
fn newest_first(platform: &Platform) -> Result<Vec<String>, Detail> {
    let named = names::all(&*platform.store)?;
    let mut all: Vec<String> = named.into_iter().map(|found| found.task_id).collect();
    let filed = platform.migration.files().task_ids();
    let filed = filed.map_err(fondaco_app::migration::MigrationError::Legacy)?;
    let known: BTreeSet<String> = all.iter().chain(&filed).cloned().collect();
    let is_part = |id: &str| {
        id.rsplit_once('_')
            .is_some_and(|(list, _)| known.contains(list))
    };
    let ours: BTreeSet<String> = all.iter().cloned().collect();
    let others = filed
        .into_iter()
        .filter(|id| !ours.contains(id) && !is_part(id));
    all.extend(others);
    // Of the same second those of the store first, in its order.
    all.sort_by_cached_key(|id| Reverse(accepted(id)));
    Ok(all)
}

/// When a task was accepted, by its name: `20250304_153000`.
fn accepted(task_id: &str) -> Option<(String, String)> {
    let mut words = task_id.rsplit('_').skip(1);
    let (time, day) = (words.next()?, words.next()?);
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_stamp = time.len() == 6 && day.len() == 8 && is_number(time) && is_number(day);
    is_stamp.then(|| (day.to_owned(), time.to_owned()))
}

fn summary(told: Told) -> Summary {
    match told {
        Told::Legacy(task) => {
            let error = task.error.clone().map(Value::from);
            of_file(*task, (None, error))
        }
        Told::Filed(task, contract) => {
            let kept = contract.and_then(|contract| contract.get("error").cloned());
            let error = told::error(&task, kept);
            of_file(
                *task,
                (version(fondaco_app::migration::Shape::V1alpha1), error),
            )
        }
        Told::Contract(payload) => of_contract(*payload),
    }
}

fn of_file(
    task: LegacyTask,
    (contract_version, error): (Option<&'static str>, Option<Value>),
) -> Summary {
    Summary {
        contract_version,
        r#type: task.batch.is_some().then_some("portfolio"),
        status: task.status.as_str(),
        task_id: task.task_id,
        ticker: task.ticker,
        date: task.date,
        progress: task.progress,
        decision: task.decision,
        confidence: task.confidence,
        created_at: task.created_at,
        error,
    }
}

fn of_contract(payload: TaskPayload) -> Summary {
    let (r#type, ticker, date, progress) = match payload.subject {
        Subject::Analysis {
            ticker,
            date,
            progress,
            ..
        } => (None, Some(ticker), Some(date), progress),
        Subject::Portfolio {
            r#type, progress, ..
        } => (Some(r#type), None, None, progress),
    };
    Summary {
        contract_version: Some(payload.contract_version),
        task_id: payload.task_id,
        r#type,
        ticker,
        date,
        status: payload.status,
        progress,
        decision: payload.compat.decision.map(|it| it.as_str().to_owned()),
        confidence: payload.compat.confidence.map(Probability::get),
        created_at: Some(payload.created_at),
        error: payload.error.map(|error| json!(error)),
    }
}
