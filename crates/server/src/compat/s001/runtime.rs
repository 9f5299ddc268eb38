//! `/api/runtime`: told to start and stop, and looked at.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Query, Request, State};
use axum::http::{Method, StatusCode};
use fondaco_app::runtime::supervisor::Standing;
use fondaco_app::runtime::{Desk, Runtime, RuntimeError, Told};
use fondaco_domain::access::Scope;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answers::{
    ConfigShown, Current, History, Logs, ModeShown, PastShown, Started, Stopped, port, run_dir,
};
use super::refusal::Detail;
use crate::extract::Actor;
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::POST,
            "/api/runtime/start",
            (
                "runtime_start",
                "Start a run of the runtime, and its gateway.",
            ),
            start,
        )
        .scope(Scope::Run),
        Route::new(
            &Method::POST,
            "/api/runtime/stop",
            ("runtime_stop", "Stop the gateway."),
            stop,
        )
        .scope(Scope::Run),
        Route::new(
            &Method::POST,
            "/api/runtime/restart",
            (
                "runtime_restart",
                "Start another run in place of the one there is.",
            ),
            restart,
        )
        .scope(Scope::Run),
        Route::new(
            &Method::GET,
            "/api/runtime/current",
            ("runtime_current", "The run there is, or the last one."),
            current,
        ),
        Route::new(
            &Method::GET,
            "/api/runtime/mode",
            ("runtime_mode", "What time the run is in."),
            mode,
        ),
        Route::new(
            &Method::GET,
            "/api/runtime/history",
            ("runtime_history", "Runs of the runtime, the newest first."),
            history,
        ),
        Route::new(
            &Method::GET,
            "/api/runtime/logs",
            ("runtime_logs", "What the gateway of the run has said."),
            logs,
        ),
        Route::new(
            &Method::GET,
            "/api/runtime/config",
            ("runtime_config", "The settings of the run."),
            config,
        ),
        Route::new(
            &Method::PUT,
            "/api/runtime/config",
            ("runtime_configure", "Change settings for the next start."),
            configure,
        )
        .scope(Scope::Run),
    ]
}

/// How long a request waits for the gateway to come up or go down.
const PATIENCE: Duration = Duration::from_secs(10);

/// Between two looks of a request that waits.
const LOOK: Duration = Duration::from_millis(10);

/// A JSON object, or nothing at all.
struct Changes(Map<String, Value>);

impl<S: Send + Sync> FromRequest<S> for Changes {
    type Rejection = Detail;

    async fn from_request(request: Request, state: &S) -> Result<Self, Detail> {
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| Detail::new(rejection.status(), rejection.body_text()))?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(Map::new()));
        }
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(changes)) => Ok(Self(changes)),
            Ok(_) => Err(Detail::of_field(
                "model_attributes_type",
                &["body"],
                "Input should be a valid dictionary or object to extract fields from",
            )),
            Err(error) => Err(Detail::of_field(
                "json_invalid",
                &["body"],
                &error.to_string(),
            )),
        }
    }
}

async fn start(
    State(platform): State<Shared>,
    actor: Actor,
    Changes(changes): Changes,
) -> Result<Json<Started>, Detail> {
    let desk = desk(&platform)?;
    let told = ask(&platform, actor, move |runtime| runtime.start(&changes)).await?;
    let port = came_up(&platform, &desk, &told).await?;
    Ok(Json(started(&told, port, "started")))
}

async fn restart(
    State(platform): State<Shared>,
    actor: Actor,
    Changes(changes): Changes,
) -> Result<Json<Started>, Detail> {
    let desk = desk(&platform)?;
    let told = ask(&platform, actor, move |runtime| runtime.restart(&changes)).await?;
    let port = came_up(&platform, &desk, &told).await?;
    Ok(Json(started(&told, port, "restarted")))
}

fn started(told: &Told, port: Option<u16>, status: &'static str) -> Started {
    Started {
        run_id: told.run_id.to_string(),
        status,
        run_dir: run_dir(told),
        gateway_port: port,
        message: format!("Gateway {status}"),
    }
}

/// `?force=true`, or `{"force": true}`.
#[derive(Debug, Deserialize)]
struct Force {
    force: Option<String>,
}

async fn stop(
    State(platform): State<Shared>,
    actor: Actor,
    Query(query): Query<Force>,
    Changes(body): Changes,
) -> Result<Json<Stopped>, Detail> {
    let force = is_forced(query.force.as_deref(), body.get("force"))?;
    let desk = desk(&platform)?;
    let told = ask(&platform, actor, move |runtime| runtime.stop(force)).await?;
    went_down(&desk).await?;
    Ok(Json(Stopped {
        run_id: told.run_id.to_string(),
        status: "stopped",
        message: if force {
            "Gateway stopped by force"
        } else {
            "Gateway stopped"
        },
    }))
}

fn is_forced(query: Option<&str>, body: Option<&Value>) -> Result<bool, Detail> {
    let wrong = |place| {
        Detail::of_field(
            "bool_parsing",
            &[place, "force"],
            "Input should be a valid boolean, unable to interpret input",
        )
    };
    match (query, body) {
        (Some("true" | "1"), _) | (None, Some(Value::Bool(true))) => Ok(true),
        (Some("false" | "0"), _) | (None, None | Some(Value::Bool(false) | Value::Null)) => {
            Ok(false)
        }
        (Some(_), _) => Err(wrong("query")),
        (None, Some(_)) => Err(wrong("body")),
    }
}

async fn current(State(platform): State<Shared>, actor: Actor) -> Result<Json<Current>, Detail> {
    let (told, service) = ask(&platform, actor, |runtime| {
        Ok((runtime.current()?, runtime.gateway()?))
    })
    .await?;
    let told = told.ok_or(RuntimeError::NeverStarted)?;
    let status = platform.runtime.get().map(|desk| desk.status());
    Ok(Json(Current::of(&told, service.as_ref(), status.as_ref())))
}

async fn mode(State(platform): State<Shared>, actor: Actor) -> Result<Json<ModeShown>, Detail> {
    let told = ask(&platform, actor, |runtime| runtime.current()).await?;
    Ok(Json(ModeShown::of(told.as_ref())))
}

/// `?limit=20`.
#[derive(Debug, Deserialize)]
struct Many {
    limit: Option<String>,
}

/// Runs of `GET history`, where nobody says how many.
const RUNS: usize = 20;
/// Lines of `GET logs`, where nobody says how many.
const LINES: usize = 200;
/// Of either, at most.
const MOST: usize = 1_000;

impl Many {
    fn or(&self, default: usize) -> Result<usize, Detail> {
        let Some(text) = &self.limit else {
            return Ok(default);
        };
        let limit = text.parse().ok().filter(|limit| (1..=MOST).contains(limit));
        limit.ok_or_else(|| {
            Detail::of_field(
                "int_parsing",
                &["query", "limit"],
                &format!("Input should be a whole number from 1 to {MOST}"),
            )
        })
    }
}

async fn history(
    State(platform): State<Shared>,
    actor: Actor,
    Query(many): Query<Many>,
) -> Result<Json<History>, Detail> {
    let limit = many.or(RUNS)?;
    let past = ask(&platform, actor, move |runtime| runtime.history(limit)).await?;
    let runs = past.into_iter().map(PastShown::from).collect();
    Ok(Json(History { runs }))
}

async fn logs(
    State(platform): State<Shared>,
    actor: Actor,
    Query(many): Query<Many>,
) -> Result<Json<Logs>, Detail> {
    let lines = many.or(LINES)?;
    let desk = desk(&platform)?;
    let told = ask(&platform, actor, |runtime| runtime.current()).await?;
    let told = told.ok_or(RuntimeError::NeverStarted)?;
    let run = told.run_id.to_string();
    let read = tokio::task::spawn_blocking(move || desk.host.log(&run, lines)).await;
    let failed = |error: String| Detail::new(StatusCode::INTERNAL_SERVER_ERROR, error);
    let content = read
        .map_err(|panic| failed(panic.to_string()))?
        .map_err(|failure| failed(failure.to_string()))?;
    Ok(Json(Logs {
        run_id: told.run_id.to_string(),
        is_running: told.serve,
        log_path: format!("{}/logs/gateway.log", run_dir(&told)),
        content: content.unwrap_or_default(),
    }))
}

async fn config(State(platform): State<Shared>, actor: Actor) -> Result<Json<ConfigShown>, Detail> {
    let told = ask(&platform, actor, |runtime| runtime.current()).await?;
    let told = told.ok_or(RuntimeError::NeverStarted)?;
    Ok(Json(ConfigShown::of(&told, false)))
}

async fn configure(
    State(platform): State<Shared>,
    actor: Actor,
    Changes(changes): Changes,
) -> Result<Json<ConfigShown>, Detail> {
    let told = ask(&platform, actor, move |runtime| runtime.configure(&changes)).await?;
    Ok(Json(ConfigShown::of(&told, true)))
}

/// Asks the use cases, off the threads that serve sockets.
pub(super) async fn ask<T: Send + 'static>(
    platform: &Arc<Platform>,
    Actor(actor): Actor,
    question: impl FnOnce(Runtime<'_>) -> Result<T, RuntimeError> + Send + 'static,
) -> Result<T, Detail> {
    let shared = Arc::clone(platform);
    let asked = tokio::task::spawn_blocking(move || {
        question(Runtime {
            store: &*shared.store,
            machine: &*shared.machine,
            actor: &actor,
        })
    });
    match asked.await {
        Ok(answer) => Ok(answer?),
        Err(panic) => Err(Detail::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            panic.to_string(),
        )),
    }
}

fn desk(platform: &Platform) -> Result<Arc<Desk>, Detail> {
    let desk = platform.runtime.get().cloned();
    desk.ok_or_else(Detail::no_manager)
}

/// Waits for the gateway of an order. Its port, or why there is none: the
/// order stands, and the gateway is tried again.
async fn came_up(
    platform: &Arc<Platform>,
    desk: &Desk,
    told: &Told,
) -> Result<Option<u16>, Detail> {
    desk.wake();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut look = tokio::time::interval(LOOK);
    while tokio::time::Instant::now() < deadline {
        look.tick().await;
        let status = desk.status();
        if status.generation <= told.after {
            continue;
        }
        if status.standing == Some(Standing::Serving) {
            let gateway = |runtime: Runtime<'_>| runtime.gateway();
            let service = ask(platform, Actor("runtime".to_owned()), gateway).await?;
            return Ok(port(service.as_ref()));
        }
        if status.crashes.count > 0 {
            let ended = || match status.crashes.returncode {
                Some(code) => format!("it ended with {code}"),
                None => "it ended".to_owned(),
            };
            let why = status.failure.clone().unwrap_or_else(ended);
            return Err(Detail::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                format!("Gateway failed to start: {why}"),
            ));
        }
    }
    Err(Detail::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Gateway has not come up yet",
    ))
}

async fn went_down(desk: &Desk) -> Result<(), Detail> {
    desk.wake();
    let deadline = tokio::time::Instant::now() + PATIENCE;
    let mut look = tokio::time::interval(LOOK);
    while tokio::time::Instant::now() < deadline {
        look.tick().await;
        let status = desk.status();
        match status.standing {
            Some(Standing::Gone { .. }) if !status.held => return Ok(()),
            Some(Standing::Nobody) => return Ok(()),
            _ => {}
        }
    }
    Err(Detail::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Gateway has not stopped yet",
    ))
}
