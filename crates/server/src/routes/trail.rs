//! `/v1/trail`: who changed what.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::ports::records::{RecordKind, TrailQuery};
use fondaco_app::trail::{self, Entry};
use fondaco_contract::http::{ChangeView, Page, words};
use schemars::JsonSchema;
use serde::Deserialize;

use super::words::{page_of, word};
use crate::extract::Query;
use crate::problem::Refusal;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/v1/trail",
            (
                "trail_list",
                "Every change of anything that is no run, the newest first.",
            ),
            list,
        )
        .query::<TrailWords>()
        .answers::<Page<ChangeView>>(200),
    ]
}

/// Which changes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct TrailWords {
    /// Only of this kind.
    #[serde(default)]
    #[schemars(schema_with = "words::record_kind")]
    kind: Option<String>,
    /// Only of what has this name.
    name: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    cursor: Option<u64>,
}

async fn list(
    State(platform): State<Shared>,
    Query(asked): Query<TrailWords>,
) -> Result<Json<Page<ChangeView>>, Refusal> {
    let limit = page_of(asked.limit, platform.limits)?;
    let query = TrailQuery {
        kind: word("kind", asked.kind.as_deref(), RecordKind::parse)?,
        name: asked.name,
        before: asked.cursor,
        limit: Some(limit + 1),
    };
    let mut entries = platform
        .blocking(move |platform| Ok(trail::list(&*platform.store, &query)?))
        .await?;
    let more = entries.len() > limit;
    entries.truncate(limit);
    let next = entries
        .last()
        .filter(|_| more)
        .map(|entry| entry.no.to_string());
    let items = entries.into_iter().map(view).collect();
    Ok(Json(Page { items, next }))
}

fn view(entry: Entry) -> ChangeView {
    ChangeView {
        no: entry.no,
        kind: entry.kind.as_str().to_owned(),
        name: entry.name,
        version: entry.version,
        at: entry.at.to_string(),
        actor: entry.actor,
        removed: entry.body.is_none(),
        body: entry.body,
    }
}
