//! `/ws/analysis/{task_id}`: how far a task is, on every change.

use axum::extract::ws::{Message, WebSocket};
use fondaco_app::analysis::shown::Seen;
use fondaco_app::analysis::shown::legacy::{Subject, TaskPayload};
use fondaco_app::analysis::shown::names::Found;
use fondaco_domain::run::Run;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Pulse, close};
use crate::compat::s000::analysis::{find, unknown, unseen};
use crate::compat::s000::detail::Detail;
use crate::state::Shared;

/// To a client: the payload with a word for what it is.
#[derive(Serialize)]
struct Progress<'a> {
    r#type: &'static str,
    #[serde(flatten)]
    payload: &'a TaskPayload,
}

#[derive(Deserialize)]
struct Said {
    r#type: String,
}

/// What is known of a task.
struct Watch {
    found: Found,
    run: Option<Run>,
    seen: Seen,
    told: Option<TaskPayload>,
}

/// Tells how far a task is until the client has had enough.
pub(super) async fn tell(platform: Shared, mut socket: WebSocket, task_id: String) {
    let mut pulse = platform.pulse();
    let found = platform
        .blocking(move |platform| Ok(find(platform, &task_id)))
        .await;
    let found = match found.map_err(Detail::from).and_then(|found| found) {
        Ok(found) => found,
        Err(detail) => return part(socket, detail).await,
    };
    let mut watch = Box::new(Watch {
        found,
        run: None,
        seen: Seen::default(),
        told: None,
    });
    let stop = platform.stop.clone();
    loop {
        watch = match look(&platform, watch).await {
            Ok((watch, None)) => watch,
            Ok((watch, Some(text))) => {
                if socket.send(Message::text(text)).await.is_err() {
                    return;
                }
                watch
            }
            Err(detail) => return part(socket, detail).await,
        };
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

/// Looks at the run, and says what is new.
async fn look(
    platform: &Shared,
    mut watch: Box<Watch>,
) -> Result<(Box<Watch>, Option<String>), Detail> {
    let looked = platform.blocking(move |platform| {
        let new = news(platform, &mut watch);
        Ok(new.map(|new| (watch, new)))
    });
    looked.await?
}

fn news(platform: &crate::state::Platform, watch: &mut Watch) -> Result<Option<String>, Detail> {
    let analyses = platform.shown_analyses("http");
    let id = watch.found.named.run_id;
    let run = analyses.run(id).map_err(unseen)?;
    let is_over = run.state.is_terminal();
    // What a worker has begun shows in the run; that nobody has it does not.
    if watch.run.as_ref() == Some(&run) && (is_over || run.counts.running > 0) {
        return Ok(None);
    }
    let shown = analyses.look(id, &mut watch.seen).map_err(unseen)?;
    watch.run = Some(run);
    let payload = TaskPayload::of(&watch.found, &shown, platform.machine.wall());
    let payload = payload.ok_or_else(unknown)?;
    if watch
        .told
        .as_ref()
        .is_some_and(|told| is_same(told, &payload))
    {
        return Ok(None);
    }
    let progress = Progress {
        r#type: "progress",
        payload: &payload,
    };
    let text = serde_json::to_string(&progress).map_err(|error| {
        Detail::new(
            axum::http::StatusCode::INTERNAL_SERVER_ERROR,
            error.to_string(),
        )
    })?;
    watch.told = Some(payload);
    Ok(Some(text))
}

/// That time has passed is no change.
fn is_same(told: &TaskPayload, now: &TaskPayload) -> bool {
    let mut now = now.clone();
    match (&mut now.subject, &told.subject) {
        (
            Subject::Analysis {
                elapsed_seconds, ..
            },
            Subject::Analysis {
                elapsed_seconds: then,
                ..
            },
        )
        | (
            Subject::Portfolio {
                elapsed_seconds, ..
            },
            Subject::Portfolio {
                elapsed_seconds: then,
                ..
            },
        ) => *elapsed_seconds = *then,
        _ => return false,
    }
    now == *told
}

async fn part(mut socket: WebSocket, detail: Detail) {
    let text = detail.text();
    let error = json!({"error": text});
    let _ = socket.send(Message::text(error.to_string())).await;
    close(socket, 4404, &text).await;
}
