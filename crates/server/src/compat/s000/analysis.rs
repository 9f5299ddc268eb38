//! `/api/analysis`: start, look, cancel.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use fondaco_app::analysis::shown::ShowError;
use fondaco_app::analysis::shown::legacy::{self, Subject, TaskPayload};
use fondaco_app::analysis::shown::names::{self, About, Found, NameError, Named};
use fondaco_app::analysis::submit::Wish;
use fondaco_contract::v1alpha1::analysis::{PeerContext, PortfolioContext};
use fondaco_domain::signal::{Probability, Rating};
use fondaco_domain::{RunId, Symbol};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::detail::Detail;
use super::form::{Form, date};
use crate::extract::Actor;
use crate::routes::analyses::{ask, of_items, quant};
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::POST,
            "/api/analysis/start",
            ("s000_analysis_start", "Begins an analysis."),
            start,
        ),
        Route::new(
            &Method::GET,
            "/api/analysis/status/{task_id}",
            ("s000_analysis_status", "Where an analysis stands."),
            status,
        ),
        Route::new(
            &Method::GET,
            "/api/analysis/tasks",
            ("s000_analysis_tasks", "Analyses, the newest first."),
            tasks,
        ),
        Route::new(
            &Method::DELETE,
            "/api/analysis/cancel/{task_id}",
            ("s000_analysis_cancel", "Ends an analysis."),
            cancel,
        ),
    ]
}

#[derive(Debug, Deserialize)]
struct Start {
    ticker: String,
    date: Option<String>,
    /// What is held: nothing said is what is noted here, `false` is nothing.
    portfolio_context: Option<Value>,
    /// What is thought of others, in the same way.
    peer_context: Option<Value>,
    /// Views of others are always a snapshot; how it is called is not looked
    /// at.
    #[serde(rename = "peer_context_mode")]
    _peer_context_mode: Option<Value>,
}

/// To `POST start`.
#[derive(Debug, Serialize)]
struct Started {
    contract_version: &'static str,
    task_id: String,
    ticker: String,
    date: String,
    status: &'static str,
}

async fn start(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    headers: HeaderMap,
    Form(body): Form<Start>,
) -> Result<Json<Started>, Detail> {
    let ticker = ticker(&body.ticker)?;
    let day = body.date.as_deref().map(date).transpose()?;
    let mut wish = wish(&platform, vec![ticker.clone()], day);
    let held = context::<PortfolioContext>("portfolio_context", body.portfolio_context)?;
    let peers = context::<PeerContext>("peer_context", body.peer_context)?;
    (wish.left.portfolio, wish.job.portfolio) = held.parts();
    (wish.left.peers, wish.job.peers) = peers.parts();
    let begun = begin(&platform, actor, wish, (About::Analysis, &headers)).await?;
    Ok(Json(Started {
        contract_version: legacy::CONTRACT,
        task_id: begun.task_id,
        ticker: ticker.to_string(),
        date: begun.date.to_string(),
        status: "running",
    }))
}

/// A ticker as it was sent.
pub(super) fn ticker(text: &str) -> Result<Symbol, Detail> {
    text.trim()
        .parse()
        .map_err(|error| Detail::bad(format!("Invalid ticker: {error}")))
}

/// What a run is to be told of something.
enum Context<T> {
    /// What is known here.
    Known,
    /// This, or nothing.
    Given(Option<T>),
}

impl<T> Context<T> {
    /// Whether it is left to what is known, and what it is otherwise.
    fn parts(self) -> (bool, Option<T>) {
        match self {
            Self::Known => (true, None),
            Self::Given(given) => (false, given),
        }
    }
}

fn context<T: serde::de::DeserializeOwned>(
    field: &str,
    said: Option<Value>,
) -> Result<Context<T>, Detail> {
    match said {
        None | Some(Value::Null | Value::Bool(true)) => Ok(Context::Known),
        Some(Value::Bool(false)) => Ok(Context::Given(None)),
        Some(said @ Value::Object(_)) => match serde_json::from_value(said) {
            Ok(context) => Ok(Context::Given(Some(context))),
            Err(error) => Err(Detail::bad(format!("Invalid {field}: {error}"))),
        },
        Some(_) => Err(Detail::bad(format!(
            "Invalid {field}: free text is not read; leave it out for what is noted here"
        ))),
    }
}

/// A wish for these, with the usual lanes.
pub(super) fn wish(platform: &Platform, tickers: Vec<Symbol>, day: Option<Date>) -> Wish {
    let date = day.unwrap_or(Date::ZERO);
    let items = tickers.into_iter().map(|ticker| (ticker, date));
    let mut wish = of_items(items, day.is_none());
    if let Some(strategy) = &platform.analyses.strategy {
        wish.job.quant = Some(quant(strategy.clone(), std::collections::BTreeMap::new()));
    }
    wish
}

/// An analysis that was begun.
pub(super) struct Begun {
    pub(super) task_id: String,
    pub(super) date: Date,
}

/// Begins an analysis under a name of the dashboard's.
pub(super) async fn begin(
    platform: &Shared,
    actor: String,
    wish: Wish,
    (about, headers): (About, &HeaderMap),
) -> Result<Begun, Detail> {
    let submitted = ask(platform, actor.clone(), wish, None).await??;
    let given = headers
        .get("x-correlation-id")
        .and_then(|id| id.to_str().ok());
    let named = Named {
        run_id: submitted.id,
        about,
        request_id: given.map_or_else(|| submitted.id.to_string(), str::to_owned),
    };
    let begun = platform.blocking(move |platform| {
        let shown = platform.shown_analyses(&actor).show(submitted.id)?;
        let first = shown.job.items.first();
        let subject = match (about, first) {
            (About::Analysis, Some(item)) => item.ticker.to_string(),
            _ => "portfolio".to_owned(),
        };
        let (store, machine) = (&*platform.store, &*platform.machine);
        let task_id = names::give(store, machine, &actor, &subject, &named)?;
        let date = first.map_or(Date::ZERO, |item| item.date);
        Ok(Begun { task_id, date })
    });
    Ok(begun.await?)
}

async fn status(
    State(platform): State<Shared>,
    Path(task_id): Path<String>,
) -> Result<Json<TaskPayload>, Detail> {
    let payload = platform
        .blocking(move |platform| Ok(payload(platform, &task_id)))
        .await?;
    payload.map(Json)
}

/// The payload of a task by its name.
fn payload(platform: &Platform, task_id: &str) -> Result<TaskPayload, Detail> {
    let found = find(platform, task_id)?;
    let shown = platform.shown_analyses("http").show(found.named.run_id);
    let shown = shown.map_err(unseen)?;
    let payload = TaskPayload::of(&found, &shown, platform.machine.wall());
    payload.ok_or_else(unknown)
}

/// What a name stands for.
pub(super) fn find(platform: &Platform, task_id: &str) -> Result<Found, Detail> {
    names::find(&*platform.store, task_id).map_err(|error| match error {
        NameError::Unknown(_) => unknown(),
        other => other.into(),
    })
}

/// A run that was removed has taken its tasks with it.
pub(super) fn unseen(error: ShowError) -> Detail {
    match error {
        ShowError::NoAnalysis(_) => unknown(),
        other => other.into(),
    }
}

pub(super) fn unknown() -> Detail {
    Detail::missing("Task not found")
}

/// Tasks of one answer.
const LISTED: usize = 200;

/// To `GET tasks`.
#[derive(Debug, Serialize)]
struct TaskList {
    contract_version: &'static str,
    tasks: Vec<Summary>,
    total: usize,
}

/// A task, in short.
#[derive(Debug, Serialize)]
struct Summary {
    contract_version: &'static str,
    task_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    r#type: Option<&'static str>,
    ticker: Option<String>,
    date: Option<String>,
    status: &'static str,
    progress: u8,
    decision: Option<Rating>,
    confidence: Option<Probability>,
    created_at: String,
    error: Option<legacy::TaskError>,
}

async fn tasks(State(platform): State<Shared>) -> Result<Json<TaskList>, Detail> {
    let listed = platform.blocking(|platform| Ok(listed(platform))).await??;
    Ok(Json(listed))
}

fn listed(platform: &Platform) -> Result<TaskList, Detail> {
    let all = names::all(&*platform.store)?;
    let total = all.len();
    let analyses = platform.shown_analyses("http");
    let mut tasks = Vec::new();
    for found in all.into_iter().take(LISTED) {
        let shown = match analyses.show(found.named.run_id) {
            Ok(shown) => shown,
            Err(ShowError::NoAnalysis(_)) => continue,
            Err(error) => return Err(error.into()),
        };
        let payload = TaskPayload::of(&found, &shown, platform.machine.wall());
        tasks.extend(payload.map(summary));
    }
    Ok(TaskList {
        contract_version: legacy::CONTRACT,
        tasks,
        total,
    })
}

fn summary(payload: TaskPayload) -> Summary {
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
        contract_version: legacy::CONTRACT,
        task_id: payload.task_id,
        r#type,
        ticker,
        date,
        status: payload.status,
        progress,
        decision: payload.compat.decision,
        confidence: payload.compat.confidence,
        created_at: payload.created_at,
        error: payload.error,
    }
}

/// To `DELETE cancel`.
#[derive(Debug, Serialize)]
struct Cancelled {
    contract_version: &'static str,
    task_id: String,
    status: &'static str,
}

async fn cancel(
    State(platform): State<Shared>,
    Actor(actor): Actor,
    Path(task_id): Path<String>,
) -> Result<Json<Cancelled>, Detail> {
    let ended = platform
        .blocking(move |platform| Ok(end(platform, &actor, task_id)))
        .await?;
    ended.map(Json)
}

fn end(platform: &Platform, actor: &str, task_id: String) -> Result<Cancelled, Detail> {
    let found = find(platform, &task_id)?;
    if found.part.is_some() {
        return Err(Detail::bad(
            "Cancel the portfolio task that it is a part of",
        ));
    }
    let run: RunId = found.named.run_id;
    let analyses = platform.shown_analyses(actor);
    let shown = analyses.cancel(run, "cancelled by the dashboard");
    let shown = shown.map_err(unseen)?;
    let payload = TaskPayload::of(&found, &shown, platform.machine.wall());
    match payload.ok_or_else(unknown)?.status {
        // What a worker holds is still let go; nothing of it counts any more.
        "cancelled" | "running" | "pending" => Ok(Cancelled {
            contract_version: legacy::CONTRACT,
            task_id,
            status: "cancelled",
        }),
        ended => Err(Detail::bad(format!("Task is already {ended}"))),
    }
}
