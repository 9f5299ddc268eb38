//! Words of a request that are the same on many routes, read or refused with
//! their place.

use axum::Json;
use axum::http::StatusCode;
use fondaco_app::ports::runs::{RunQuery, Submitted};
use fondaco_contract::http::{Page, SubmittedView, words};
use fondaco_domain::micros::MicrosError;
use fondaco_domain::run::RunState;
use fondaco_domain::{RunId, UnixMicros};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::problem::Refusal;
use crate::state::Limits;

/// Which runs of a kind.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    /// Only in this state.
    #[serde(default)]
    #[schemars(schema_with = "words::run_state")]
    state: Option<String>,
    /// Only on behalf of this tenant.
    tenant: Option<String>,
    /// How many at most.
    #[schemars(range(min = 1, max = 1_000))]
    limit: Option<usize>,
    /// The `next` of the page before.
    #[serde(default)]
    #[schemars(schema_with = "words::id")]
    cursor: Option<String>,
}

impl ListQuery {
    /// As a question to the store, for one more than the page holds; and how
    /// many it holds.
    pub(super) fn read(self, limits: Limits) -> Result<(RunQuery, usize), Refusal> {
        let limit = page_of(self.limit, limits)?;
        let query = RunQuery {
            states: word("state", self.state.as_deref(), RunState::parse)?
                .into_iter()
                .collect(),
            tenant: self.tenant,
            before: id("cursor", self.cursor.as_deref())?,
            limit: Some(limit + 1),
            ..RunQuery::default()
        };
        Ok((query, limit))
    }
}

/// A page of what was found, which is one more where there is another page.
pub(super) fn paged<T, V>(
    mut found: Vec<T>,
    limit: usize,
    name: impl Fn(&T) -> String,
    view: impl Fn(T) -> V,
) -> Json<Page<V>> {
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(name);
    let items = found.into_iter().map(view).collect();
    Json(Page { items, next })
}

/// A run that was accepted, and where it can be looked at: below `base`.
pub(super) fn accepted(base: &str, submitted: &Submitted) -> (StatusCode, Json<SubmittedView>) {
    let view = SubmittedView {
        run_id: submitted.id.to_string(),
        fresh: submitted.fresh,
        status_url: format!("{base}/{}", submitted.id),
    };
    (StatusCode::ACCEPTED, Json(view))
}

/// How many items a page holds.
pub(super) fn page_of(asked: Option<usize>, limits: Limits) -> Result<usize, Refusal> {
    match asked {
        None => Ok(limits.page),
        Some(limit) if (1..=limits.longest_page).contains(&limit) => Ok(limit),
        Some(_) => Err(Refusal::of_field(
            "limit",
            format!("1 to {} is wanted", limits.longest_page),
        )),
    }
}

/// A word of a closed list.
pub(super) fn word<T>(
    field: &str,
    text: Option<&str>,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    match parse(text) {
        Some(value) => Ok(Some(value)),
        None => Err(Refusal::of_field(field, format!("`{text}` is not one"))),
    }
}

pub(super) fn id(field: &str, text: Option<&str>) -> Result<Option<RunId>, Refusal> {
    word(field, text, |text| text.parse().ok())
}

/// A point in time.
pub(super) fn instant(field: &str, text: &str) -> Result<UnixMicros, Refusal> {
    text.parse()
        .map_err(|error: MicrosError| Refusal::of_field(field, error.to_string()))
}
