//! `/ws/analysis/{task_id}`: how far a task is, on every change.

use std::sync::Arc;

use axum::extract::ws::{Message, WebSocket, close_code};
use axum::http::StatusCode;
use fondaco_app::analysis::shown::legacy::TaskPayload;
use fondaco_app::analysis::shown::names::{self, Found, NameError};
use fondaco_app::analysis::shown::{Seen, ShowError};
use fondaco_app::migration::parity::SeenBy;
use fondaco_app::migration::{Migration, Plan, Shape};
use fondaco_domain::run::Run;
use fondaco_domain::{ContentHash, UnixMicros};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Pulse, close};
use crate::compat::s000::analysis::{unknown, unseen};
use crate::compat::s000::detail::Detail;
use crate::compat::s000::told::Told;
use crate::state::{Platform, Shared};

#[derive(Deserialize)]
struct Said {
    r#type: String,
}

/// What is known of a task.
struct Watch {
    task_id: String,
    /// Nothing where only files know it.
    found: Option<Found>,
    run: Option<Run>,
    /// By which flags it was told.
    flags: Option<ContentHash>,
    seen: Seen,
    told: Option<Value>,
}

/// What came of a look.
enum News {
    /// Nothing has happened.
    None,
    /// Something has, and it shows in nothing that clients are told.
    Same,
    /// This.
    Frame(String),
}

/// A client that is counted while it is there.
struct Counted {
    migration: Arc<Migration>,
    task_id: String,
}

impl Counted {
    fn open(migration: &Arc<Migration>, task_id: &str, at: UnixMicros) -> Self {
        migration.sockets.opened(task_id, at);
        Self {
            migration: Arc::clone(migration),
            task_id: task_id.to_owned(),
        }
    }

    /// The client knows all that there is.
    fn is_told(&self, at: UnixMicros) {
        self.migration.sockets.sent(&self.task_id, at);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.migration.sockets.closed(&self.task_id);
    }
}

/// Tells how far a task is until the client has had enough.
pub(super) async fn tell(platform: Shared, mut socket: WebSocket, task_id: String) {
    let mut pulse = platform.pulse();
    let counted = Counted::open(&platform.migration, &task_id, platform.machine.wall());
    let mut watch = match begin(&platform, task_id).await {
        Ok(watch) => watch,
        Err(detail) => return part(socket, detail).await,
    };
    let stop = platform.stop.clone();
    loop {
        // What happens after this instant is for the next look.
        let at = platform.machine.wall();
        let news = match look(&platform, watch).await {
            Ok((now, news)) => {
                watch = now;
                news
            }
            Err(detail) => return part(socket, detail).await,
        };
        match news {
            News::None => {}
            News::Same => counted.is_told(at),
            News::Frame(text) => {
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
                counted.is_told(platform.machine.wall());
            }
        }
        if !wait(&mut socket, &mut pulse, &stop).await {
            return;
        }
    }
}

/// Until something may have changed; false where it is over.
async fn wait(socket: &mut WebSocket, pulse: &mut Pulse, stop: &crate::serve::Stop) -> bool {
    loop {
        let heard = tokio::select! {
            () = stop.said() => return false,
            () = pulse.next() => return true,
            heard = socket.recv() => heard,
        };
        match heard {
            None | Some(Err(_) | Ok(Message::Close(_))) => return false,
            Some(Ok(Message::Text(text))) => {
                let is_ping =
                    serde_json::from_str::<Said>(&text).is_ok_and(|said| said.r#type == "ping");
                let pong = Message::text(json!({"type": "pong"}).to_string());
                if is_ping && socket.send(pong).await.is_err() {
                    return false;
                }
            }
            Some(Ok(_)) => {}
        }
    }
}

async fn begin(platform: &Shared, task_id: String) -> Result<Box<Watch>, Detail> {
    let found = platform.blocking(move |platform| {
        let found = match names::find(&*platform.store, &task_id) {
            Err(NameError::Unknown(_)) => None,
            found => Some(found?),
        };
        Ok((task_id, found))
    });
    let (task_id, found) = found.await?;
    Ok(Box::new(Watch {
        task_id,
        found,
        run: None,
        flags: None,
        seen: Seen::default(),
        told: None,
    }))
}

/// Looks at the task, and says what is new.
async fn look(platform: &Shared, mut watch: Box<Watch>) -> Result<(Box<Watch>, News), Detail> {
    let looked = platform.blocking(move |platform| {
        let news = news(platform, &mut watch);
        Ok(news.map(|news| (watch, news)))
    });
    looked.await?
}

fn news(platform: &Platform, watch: &mut Watch) -> Result<News, Detail> {
    // One plan per look: a flag that is switched shows in the next one.
    let plan = platform.migration.plan()?;
    let run = run(platform, watch)?;
    let is_same_plan = watch.flags.as_ref() == Some(&plan.flags);
    // What a worker has begun shows in the run; that nobody has it does not.
    let is_settled = |run: &Run| run.state.is_terminal() || run.counts.running > 0;
    if is_same_plan && watch.run == run && run.as_ref().is_none_or(is_settled) {
        return Ok(News::None);
    }
    let document = document(platform, watch, &plan, run.as_ref())?;
    watch.run = run;
    watch.flags = Some(plan.flags);
    if watch
        .told
        .as_ref()
        .is_some_and(|told| is_same(told, &document))
    {
        return Ok(News::Same);
    }
    let mut frame = Map::new();
    frame.insert("type".to_owned(), "progress".into());
    if let Value::Object(fields) = &document {
        frame.extend(fields.clone());
    }
    watch.told = Some(document);
    Ok(News::Frame(Value::Object(frame).to_string()))
}

/// The run behind it; nothing where there is none any more.
fn run(platform: &Platform, watch: &Watch) -> Result<Option<Run>, Detail> {
    let Some(found) = &watch.found else {
        return Ok(None);
    };
    match platform.shown_analyses("http").run(found.named.run_id) {
        Err(ShowError::NoAnalysis(_)) => Ok(None),
        run => Ok(Some(run?)),
    }
}

/// What a client is to be told now. By the contract a run is enough, and what
/// was seen of it before is not read again.
fn document(
    platform: &Platform,
    watch: &mut Watch,
    plan: &Plan,
    run: Option<&Run>,
) -> Result<Value, Detail> {
    if let (Shape::V1alpha1, Some(found), Some(run)) = (plan.socket, &watch.found, run) {
        let analyses = platform.shown_analyses("http");
        let shown = analyses.look(run.id, &mut watch.seen).map_err(unseen)?;
        let payload = TaskPayload::of(found, &shown, platform.machine.wall());
        return Told::Contract(Box::new(payload.ok_or_else(unknown)?)).document();
    }
    let migration = &platform.migration;
    let read = migration.read_task_by(plan, &watch.task_id, SeenBy::Read)?;
    Told::of(platform, read.ok_or_else(unknown)?, plan.socket)?.document()
}

/// That time has passed is no change.
fn is_same(told: &Value, now: &Value) -> bool {
    timeless(told) == timeless(now)
}

fn timeless(document: &Value) -> Value {
    let mut document = document.clone();
    let clock = "elapsed_seconds";
    if let Some(parts) = document.get_mut("results").and_then(Value::as_array_mut) {
        for part in parts.iter_mut().filter_map(Value::as_object_mut) {
            part.shift_remove(clock);
        }
    }
    if let Some(fields) = document.as_object_mut() {
        fields.shift_remove(clock);
    }
    document
}

async fn part(mut socket: WebSocket, detail: Detail) {
    // The reason of an end is short, and an error is as long as it is.
    let (code, reason) = match detail.status() {
        StatusCode::NOT_FOUND => (4404, "Task not found"),
        _ => (close_code::ERROR, "the task cannot be told"),
    };
    let error = json!({"error": detail.text()});
    let _ = socket.send(Message::text(error.to_string())).await;
    close(socket, code, reason).await;
}
