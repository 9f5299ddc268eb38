//! Events of a run: a page of them, or all as they happen.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use fondaco_app::runs::{Followed, watch};
use fondaco_contract::http::{EventView, Page};
use fondaco_domain::RunId;
use futures::Stream;
use futures::stream::unfold;
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::sync::mpsc;

use super::words::page_of;
use crate::extract::{Named, Query, prefers};
use crate::problem::Refusal;
use crate::state::Shared;

/// Which events.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before: the place after which they begin.
    cursor: Option<u64>,
}

/// A page, or where the client wants a stream, all as they happen.
pub(super) async fn page(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if prefers(&headers, "text/event-stream") {
        let after = last_seen(&headers)?.or(query.cursor);
        return Ok(follow(&platform, run, after).await?.into_response());
    }
    let limit = page_of(query.limit, platform.limits)?;
    let after = query.cursor.unwrap_or(0);
    let mut events = platform
        .blocking(move |platform| Ok(platform.store.events(run, after, limit + 1)?))
        .await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events
        .last()
        .filter(|_| more)
        .map(|event| event.seq.to_string());
    let items = events.iter().map(EventView::from).collect();
    Ok(Json(Page { items, next }).into_response())
}

/// From where.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamQuery {
    /// The place after which to begin; a `Last-Event-ID` goes before it.
    after: Option<u64>,
}

pub(super) async fn stream(
    State(platform): State<Shared>,
    Named(run): Named<RunId>,
    Query(query): Query<StreamQuery>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refusal> {
    follow(&platform, run, last_seen(&headers)?.or(query.after)).await
}

/// Events that wait for a slow reader at most; the watch waits with them.
const QUEUE: usize = 256;

async fn follow(
    platform: &Shared,
    run: RunId,
    after: Option<u64>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>> + use<>>, Refusal> {
    let after = after.unwrap_or(0);
    platform
        .blocking(move |platform| Ok(platform.store.run(run)?))
        .await?;
    let platform = Arc::clone(platform);
    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::task::spawn_blocking(move || {
        let mut tell = |followed: &Followed| {
            for event in &followed.events {
                if sender
                    .blocking_send(frame(&EventView::from(event)))
                    .is_err()
                {
                    return ControlFlow::Break(());
                }
            }
            if sender.is_closed() {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        // A store that fails ends the stream: the reader comes again with the
        // place it has reached.
        let _ = watch(&*platform.store, run, Some(after), &mut tell);
    });
    let frames = unfold(receiver, async |mut receiver| {
        let frame = receiver.recv().await?;
        Some((Ok(frame), receiver))
    });
    Ok(Sse::new(frames).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

fn frame(event: &EventView) -> Event {
    let plain = Event::default()
        .id(event.seq.to_string())
        .event(&event.kind);
    // A view is texts, numbers and JSON: it cannot fail to be written.
    plain.json_data(event).unwrap_or_default()
}

fn last_seen(headers: &HeaderMap) -> Result<Option<u64>, Refusal> {
    let Some(value) = headers.get("last-event-id") else {
        return Ok(None);
    };
    match value.to_str().ok().and_then(|text| text.parse().ok()) {
        Some(seq) => Ok(Some(seq)),
        None => Err(Refusal::of_field("Last-Event-ID", "a number is wanted")),
    }
}
