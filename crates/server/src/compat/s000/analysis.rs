//! `/api/analysis`: start, look at one, cancel.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method};
use fondaco_app::analysis::shown::ShowError;
use fondaco_app::analysis::shown::legacy::TaskPayload;
use fondaco_app::analysis::shown::names::{self, About, Found, NameError, Named};
use fondaco_app::analysis::submit::Wish;
use fondaco_app::migration::Shape;
use fondaco_contract::v1alpha1::analysis::{PeerContext, PortfolioContext};
use fondaco_domain::{RunId, Symbol};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::detail::Detail;
use super::form::{Form, date};
use super::told::{Told, shape, version};
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
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
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
        contract_version: version(begun.shape),
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
    /// What it is answered as.
    pub(super) shape: Shape,
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
        let shape = platform.migration.plan()?.shape;
        let shown = platform.shown_analyses(&actor).show(submitted.id)?;
        let first = shown.job.items.first();
        let subject = match (about, first) {
            (About::Analysis, Some(item)) => item.ticker.to_string(),
            _ => "portfolio".to_owned(),
        };
        let (store, machine) = (&*platform.store, &*platform.machine);
        let task_id = names::give(store, machine, &actor, &subject, &named)?;
        let date = first.map_or(Date::ZERO, |item| item.date);
        Ok(Begun {
            task_id,
            date,
            shape,
        })
    });
    Ok(begun.await?)
}

async fn status(
    State(platform): State<Shared>,
    Path(task_id): Path<String>,
) -> Result<Json<Value>, Detail> {
    let told = platform
        .blocking(move |platform| Ok(Told::find(platform, &task_id)))
        .await??;
    told.document().map(Json)
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

/// To `DELETE cancel`.
#[derive(Debug, Serialize)]
struct Cancelled {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
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
    let shape = shape(platform)?;
    let found = match names::find(&*platform.store, &task_id) {
        Ok(found) => found,
        // One that only files know: nobody works at it.
        Err(NameError::Unknown(_)) => {
            let read = platform.migration.read_task(&task_id)?;
            let ended = read.ok_or_else(unknown)?.task.status;
            return Err(already(ended.as_str()));
        }
        Err(error) => return Err(error.into()),
    };
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
            contract_version: version(shape),
            task_id,
            status: "cancelled",
        }),
        ended => Err(already(ended)),
    }
}

fn already(ended: &str) -> Detail {
    Detail::bad(format!("Task is already {ended}"))
}
