//! `/reasoning`: how models came to what they did.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{Method, StatusCode};
use fondaco_app::ports::days::{DayQuery, KeptDay};
use fondaco_app::simulation::days::follow;
use fondaco_contract::v1alpha1::simulation::MessageRole;
use fondaco_domain::ContentHash;
use serde::Serialize;
use serde_json::{Value, json};

use super::Deployed;
use super::query::{Words, day};
use super::results::{filled, of_job, or_imported};
use crate::compat::s002::detail::Detail;
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new(
        &Method::GET,
        "/reasoning",
        ("s004_reasoning", "How models came to what they did."),
        reasoning,
    )]
}

/// To `GET /reasoning`.
#[derive(Debug, Serialize)]
struct Answer {
    sessions: Vec<Value>,
    count: usize,
    #[serde(flatten)]
    mode: Deployed,
}

async fn reasoning(
    State(platform): State<Shared>,
    Query(words): Query<BTreeMap<String, String>>,
) -> Result<Json<Answer>, Detail> {
    let words = Words(words);
    let is_full = words.truth("include_full_conversation")?;
    let date = words.text("date").map(|text| {
        day(text).ok_or_else(|| {
            let problem = format!("Invalid date format: {text}. Expected YYYY-MM-DD");
            Detail::new(StatusCode::BAD_REQUEST, problem)
        })
    });
    let date = date.transpose()?;
    let query = DayQuery {
        model: words.text("model").map(str::to_owned),
        dates: date.map(|date| date..=date),
        ..of_job(words.text("job_id"))
    };
    platform
        .blocking(move |platform| Ok(found(platform, &query, is_full)))
        .await?
        .map(Json)
}

fn found(platform: &Platform, query: &DayQuery, is_full: bool) -> Result<Answer, Detail> {
    let days = &*platform.simulations.days;
    follow(&*platform.store, days).map_err(|error| Detail::of_kind(&error))?;
    let read = |query: &DayQuery| days.days(query).map_err(|error| Detail::of_kind(&error));
    let mut found = read(query)?;
    if let (true, Some(other)) = (found.is_empty(), or_imported(query)) {
        found = read(&other)?;
    }
    if found.is_empty() {
        return Err(Detail::new(
            StatusCode::NOT_FOUND,
            "No trading sessions found matching the provided filters",
        ));
    }
    Ok(Answer {
        sessions: found.iter().map(|kept| session(kept, is_full)).collect(),
        count: found.len(),
        mode: platform.simulations.deployment.into(),
    })
}

fn session(kept: &KeptDay, is_full: bool) -> Value {
    let day = &kept.day;
    let at = kept.completed_at.to_string();
    let positions = filled(&day.actions).zip(1..).map(|(done, no)| {
        json!({
            "action_id": no,
            "action_type": done.action.kind.as_str(),
            "symbol": done.symbol(),
            "amount": done.quantity(),
            "price": done.price,
            "cash_after": done.cash_after,
            "portfolio_value": done.value_after,
        })
    });
    let said = &day.session.conversation;
    let conversation = said.iter().enumerate().map(|(index, said)| {
        json!({
            "message_index": index,
            "role": said.role.as_str(),
            "content": said.text,
            // The words of a tool need none.
            "summary": match said.role {
                MessageRole::Assistant if index + 1 == day.session.conversation.len() => {
                    json!(day.session.summary)
                }
                _ => Value::Null,
            },
            "tool_name": said.tool,
            "tool_input": said.input.as_ref().map(ToString::to_string),
            "timestamp": at,
        })
    });
    json!({
        "session_id": number(kept),
        "job_id": kept.origin.to_string(),
        "date": day.date.to_string(),
        "model": day.model,
        "session_summary": day.session.summary,
        "started_at": kept.started_at.to_string(),
        "completed_at": at,
        "total_messages": said.len(),
        "positions": positions.collect::<Value>(),
        "conversation": if is_full { conversation.collect() } else { Value::Null },
    })
}

/// A number that stays the same, and that every reader of JSON can hold.
fn number(kept: &KeptDay) -> u64 {
    let name = format!("{}|{}|{}", kept.origin, kept.day.date, kept.day.model);
    let hash = ContentHash::of(name.as_bytes()).to_string();
    u64::from_str_radix(&hash[..12], 16).unwrap_or_default()
}
