//! `/v1/runs`: submitted, looked at, cancelled, taken up again.

use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode};
use fondaco_app::ports::runs::{RunQuery, TaskQuery};
use fondaco_app::runs::{Overrides, Spec};
use fondaco_contract::http::{
    CancelBody, EventView, Page, ProblemCode, ReplayBody, RunView, SubmitBody, SubmittedView,
    TaskView, words,
};
use fondaco_domain::RunId;
use fondaco_domain::run::{RunKind, RunState};
use fondaco_domain::task::{TaskNo, TaskState};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::events;
use super::words::{accepted, id, instant, page_of, word};
use crate::conditional::{Conditions, Tagged};
use crate::extract::{Actor, Body, Idempotency, Named, Query};
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

const RUNS: &str = "/v1/runs";
const RUN: &str = "/v1/runs/{run_id}";

pub(super) fn routes() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    let mut routes = vec![
        Route::new(
            &Method::POST,
            RUNS,
            ("run_submit", "Accepts a run of a spec."),
            submit,
        )
        .key()
        .body::<SubmitBody>()
        .answers::<SubmittedView>(202)
        .gives(&[("run_id", "/run_id")])
        .example(two_steps),
        Route::new(
            &Method::GET,
            RUNS,
            ("run_list", "Runs, the newest first."),
            list,
        )
        .query::<ListQuery>()
        .answers::<Page<RunView>>(200),
        Route::new(&Method::GET, RUN, ("run_show", "One run."), show)
            .answers::<RunView>(200)
            .conditional()
            .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/runs/{run_id}/tasks",
            ("run_tasks", "The tasks of a run, in the order of its plan."),
            tasks,
        )
        .query::<TasksQuery>()
        .answers::<Page<TaskView>>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/runs/{run_id}/events",
            (
                "run_events",
                "The events of a run from a place on; as they happen where `text/event-stream` is accepted.",
            ),
            events::page,
        )
        .query::<events::EventsQuery>()
        .answers::<Page<EventView>>(200)
        .problems(&missing),
        Route::new(
            &Method::GET,
            "/v1/runs/{run_id}/events/stream",
            (
                "run_follow",
                "The events of a run as they happen, until it ends.",
            ),
            events::stream,
        )
        .query::<events::StreamQuery>()
        .streams("text/event-stream")
        .problems(&missing),
    ];
    routes.extend(commands());
    routes
}

/// What is told to a run that is there.
fn commands() -> Vec<Route> {
    let missing = [ProblemCode::NotFound];
    let commanded = [ProblemCode::NotFound, ProblemCode::Conflict];
    vec![
        Route::new(
            &Method::POST,
            "/v1/runs/{run_id}/cancel",
            ("run_cancel", "Ends a run."),
            cancel,
        )
        .body::<CancelBody>()
        .answers::<RunView>(200)
        .problems(&missing),
        Route::new(
            &Method::POST,
            "/v1/runs/{run_id}/resume",
            (
                "run_resume",
                "Lets a halted run go on, once its halt is cleared.",
            ),
            resume,
        )
        .answers::<RunView>(200)
        .problems(&commanded),
        Route::new(
            &Method::POST,
            "/v1/runs/{run_id}/retry",
            (
                "run_retry",
                "A new run that does what an ended one left undone.",
            ),
            retry,
        )
        .key()
        .answers::<SubmittedView>(202)
        .problems(&commanded),
        Route::new(
            &Method::POST,
            "/v1/runs/{run_id}/replay",
            (
                "run_replay",
                "A new run of the same spec, from a step on or all of it.",
            ),
            replay,
        )
        .key()
        .body::<ReplayBody>()
        .answers::<SubmittedView>(202)
        .problems(&commanded),
    ]
}

fn two_steps() -> Value {
    json!({"spec": {
        "kind": "workflow",
        "name": "two-steps",
        "tasks": [
            {"key": "one", "kind": "noop"},
            {"key": "two", "kind": "noop", "needs": ["one"]},
        ],
    }})
}

async fn submit(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Idempotency(key): Idempotency,
    Body(body): Body<SubmitBody>,
) -> Result<(StatusCode, Json<SubmittedView>), Refusal> {
    let overrides = overrides(&body)?;
    let submitted = platform
        .blocking(move |platform| {
            let spec = Spec::parse(&body.spec.to_string())?;
            Ok(platform.runs(&actor).submit(&spec, key, &overrides)?)
        })
        .await?;
    Ok(accepted(RUNS, &submitted))
}

fn overrides(body: &SubmitBody) -> Result<Overrides, Refusal> {
    let deadline = body
        .deadline
        .as_deref()
        .map(|text| instant("deadline", text));
    Ok(Overrides {
        queue: body.queue.clone(),
        priority: body.priority,
        tenant: body.tenant.clone(),
        concurrency_key: body.concurrency_key.clone(),
        deadline: deadline.transpose()?,
        parent: None,
    })
}

/// Which runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Only in this state.
    #[serde(default)]
    #[schemars(schema_with = "words::run_state")]
    state: Option<String>,
    /// Only of this kind.
    #[serde(default)]
    #[schemars(schema_with = "words::run_kind")]
    kind: Option<String>,
    /// Only in this queue.
    queue: Option<String>,
    /// Only about this strategy.
    strategy: Option<String>,
    /// Only on behalf of this tenant.
    tenant: Option<String>,
    /// Only those that take this run up again.
    #[serde(default)]
    #[schemars(schema_with = "words::id")]
    parent: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(schema_with = "words::id")]
    cursor: Option<String>,
}

async fn list(
    State(platform): State<Shared>,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<RunView>>, Refusal> {
    let limit = page_of(query.limit, platform.limits)?;
    let query = RunQuery {
        states: word("state", query.state.as_deref(), RunState::parse)?
            .into_iter()
            .collect(),
        kind: word("kind", query.kind.as_deref(), RunKind::parse)?,
        queue: query.queue,
        strategy: query.strategy,
        tenant: query.tenant,
        parent: id("parent", query.parent.as_deref())?,
        before: id("cursor", query.cursor.as_deref())?,
        limit: Some(limit + 1),
        ..RunQuery::default()
    };
    let mut runs = platform
        .blocking(move |platform| Ok(platform.store.runs(&query)?))
        .await?;
    let more = runs.len() > limit;
    runs.truncate(limit);
    let next = runs.last().filter(|_| more).map(|run| run.id.to_string());
    let items = runs.iter().map(RunView::from).collect();
    Ok(Json(Page { items, next }))
}

async fn show(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    conditions: Conditions,
) -> Result<Tagged, Refusal> {
    let run = platform
        .blocking(move |platform| Ok(platform.store.run(run)?))
        .await?;
    Tagged::of(&conditions, &RunView::from(&run))
}

/// Which tasks.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TasksQuery {
    /// Only in this state.
    #[serde(default)]
    #[schemars(schema_with = "words::task_state")]
    state: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<u32>,
}

async fn tasks(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    Query(query): Query<TasksQuery>,
) -> Result<Json<Page<TaskView>>, Refusal> {
    let limit = page_of(query.limit, platform.limits)?;
    let query = TaskQuery {
        states: word("state", query.state.as_deref(), TaskState::parse)?
            .into_iter()
            .collect(),
        after: query.cursor.map(TaskNo),
        limit: Some(limit + 1),
    };
    let mut tasks = platform
        .blocking(move |platform| Ok(platform.store.tasks(run, &query)?))
        .await?;
    let more = tasks.len() > limit;
    tasks.truncate(limit);
    let next = tasks
        .last()
        .filter(|_| more)
        .map(|task| task.no.0.to_string());
    let items = tasks.iter().map(TaskView::from).collect();
    Ok(Json(Page { items, next }))
}

async fn cancel(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(run): Named<RunId>,
    Body(body): Body<CancelBody>,
) -> Result<Json<RunView>, Refusal> {
    let run = platform
        .blocking(move |platform| Ok(platform.runs(&actor).cancel(run, &body.reason)?))
        .await?;
    Ok(Json(RunView::from(&run)))
}

async fn resume(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(run): Named<RunId>,
) -> Result<Json<RunView>, Refusal> {
    let run = platform
        .blocking(move |platform| Ok(platform.runs(&actor).resume(run)?))
        .await?;
    Ok(Json(RunView::from(&run)))
}

async fn retry(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(run): Named<RunId>,
    Idempotency(key): Idempotency,
) -> Result<(StatusCode, Json<SubmittedView>), Refusal> {
    let submitted = platform
        .blocking(move |platform| {
            let runs = platform.runs(&actor);
            Ok(runs.retry(run, key, &Overrides::default())?)
        })
        .await?;
    Ok(accepted(RUNS, &submitted))
}

async fn replay(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Named(run): Named<RunId>,
    Idempotency(key): Idempotency,
    Body(body): Body<ReplayBody>,
) -> Result<(StatusCode, Json<SubmittedView>), Refusal> {
    let submitted = platform
        .blocking(move |platform| {
            let from = body.from.as_deref();
            let runs = platform.runs(&actor);
            Ok(runs.replay(run, from, key, &Overrides::default())?)
        })
        .await?;
    Ok(accepted(RUNS, &submitted))
}
