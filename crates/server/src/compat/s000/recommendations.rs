//! `/api/portfolio/recommendations`: what analyses decided, of both stores.

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;
use fondaco_app::analysis::shown::legacy;
use fondaco_app::migration::legacy::Recommended;
use fondaco_app::migration::{MigrationError, Plan, Reads, Shape};
use fondaco_app::recommendations::{
    Lane, Recommendation, RecommendationError, RecommendationQuery,
};
use fondaco_domain::signal::Rating;
use fondaco_domain::{Symbol, UnixMicros};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::analysis::ticker;
use super::detail::Detail;
use super::form::{Words, date};
use super::told::{document, version};
use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/api/portfolio/recommendations",
            ("s000_recommendations", "What analyses decided."),
            list,
        ),
        Route::new(
            &Method::GET,
            "/api/portfolio/recommendations/{date}/{ticker}",
            (
                "s000_recommendation",
                "What the newest analysis of an instrument on a day decided.",
            ),
            show,
        ),
    ]
}

/// Recommendations of a page where nothing is said, and at most.
const PAGE: (usize, usize) = (50, 500);

#[derive(Debug, Deserialize)]
struct ListQuery {
    date: Option<String>,
    limit: Option<usize>,
    offset: Option<usize>,
}

/// To `GET recommendations`.
#[derive(Debug, Serialize)]
struct Listed {
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_version: Option<&'static str>,
    recommendations: Vec<Value>,
    total: usize,
    limit: usize,
    offset: usize,
}

async fn list(
    State(platform): State<Shared>,
    Words(words): Words<ListQuery>,
) -> Result<Json<Listed>, Detail> {
    let day = words.date.as_deref().filter(|text| !text.is_empty());
    let (limit, offset) = (words.limit.unwrap_or(PAGE.0), words.offset.unwrap_or(0));
    if !(1..=PAGE.1).contains(&limit) {
        return Err(Detail::bad(format!("limit must be from 1 to {}", PAGE.1)));
    }
    let day = day.map(date).transpose()?;
    let listed = platform.blocking(move |platform| {
        let plan = platform.migration.plan()?;
        let found = both(platform, &plan, day);
        Ok(found.and_then(|found| {
            let total = found.len();
            let page = found.into_values().skip(offset).take(limit);
            let page = page.map(|one| one.document(plan.shape));
            Ok(Listed {
                contract_version: version(plan.shape),
                recommendations: page.collect::<Result<_, _>>()?,
                total,
                limit,
                offset,
            })
        }))
    });
    Ok(Json(listed.await??))
}

/// A recommendation of either store.
enum Either {
    Ours(Box<Recommendation>),
    Filed(Box<Recommended>),
}

impl Either {
    /// When its analysis was accepted; nothing where nobody knows.
    fn accepted(&self) -> Option<UnixMicros> {
        match self {
            Self::Ours(one) => Some(one.asked_at),
            Self::Filed(one) => {
                let at: Timestamp = one.created_at.as_deref()?.parse().ok()?;
                Some(UnixMicros(at.as_microsecond()))
            }
        }
    }

    fn document(&self, shape: Shape) -> Result<Value, Detail> {
        match (self, shape) {
            (Self::Filed(one), Shape::Legacy) => document(one),
            (Self::Ours(one), Shape::Legacy) => Ok(as_filed(one)),
            (Self::Ours(one), Shape::V1alpha1) => Ok(by_contract(document(one)?)),
            (Self::Filed(one), Shape::V1alpha1) => Ok(by_contract(as_ours(one))),
        }
    }
}

fn by_contract(one: Value) -> Value {
    let mut fields = Map::new();
    fields.insert("contract_version".to_owned(), legacy::CONTRACT.into());
    if let Value::Object(one) = one {
        fields.extend(one);
    }
    Value::Object(fields)
}

/// The newest day first, by ticker within a day.
type Place = (Reverse<String>, String);

/// What both stores say, of each day and ticker the newest. Of what both say
/// of the same analysis that of the authoritative one counts.
fn both(
    platform: &Platform,
    plan: &Plan,
    day: Option<Date>,
) -> Result<BTreeMap<Place, Either>, Detail> {
    let query = RecommendationQuery {
        date: day,
        ..RecommendationQuery::default()
    };
    let ours = platform.analyses.recommendations.list(&query)?;
    let filed = platform.migration.files().recommendations();
    let filed = filed.map_err(MigrationError::Legacy)?;
    let day = day.map(|day| day.to_string());
    let filed = filed
        .into_iter()
        .filter(|one| day.as_ref().is_none_or(|day| *day == one.date));
    let mut found: BTreeMap<Place, Either> = ours
        .recommendations
        .into_iter()
        .map(|one| {
            let place = (Reverse(one.date.to_string()), one.ticker.to_string());
            (place, Either::Ours(Box::new(one)))
        })
        .collect();
    for one in filed {
        let place = (Reverse(one.date.clone()), one.ticker.clone());
        let filed = Either::Filed(Box::new(one));
        match found.entry(place) {
            Entry::Vacant(entry) => {
                entry.insert(filed);
            }
            Entry::Occupied(mut entry) => {
                if is_before(plan, &filed, entry.get()) {
                    entry.insert(filed);
                }
            }
        }
    }
    Ok(found)
}

/// Whether that of a file counts and ours does not.
fn is_before(plan: &Plan, filed: &Either, ours: &Either) -> bool {
    let is_authoritative = matches!(plan.reads, Reads::Legacy | Reads::LegacyCompared);
    match filed.accepted().cmp(&ours.accepted()) {
        Ordering::Greater => true,
        Ordering::Equal => is_authoritative,
        Ordering::Less => false,
    }
}

/// Ours as a file would say it, where none does yet.
fn as_filed(one: &Recommendation) -> Value {
    let rating = |lane: &Option<Lane>| lane.map(|lane| lane.rating);
    json!({
        "ticker": one.ticker, "date": one.date, "task_id": null,
        "created_at": one.asked_at.to_string(), "decision": one.decision,
        "confidence": one.confidence, "quant_signal": rating(&one.quant),
        "llm_signal": rating(&one.llm), "degrade_reason_codes": one.reason_codes,
    })
}

/// That of a file by the contract: no run is behind it, and lanes are known by
/// their ratings only.
fn as_ours(one: &Recommended) -> Value {
    let direction = |rating: &str| Rating::parse(rating).map(|rating| rating.meaning().0);
    let lane = |rating: &Option<String>| {
        let rating = rating.as_deref()?;
        Some(json!({"direction": direction(rating), "rating": rating, "confidence": null}))
    };
    let is_whole = one.quant_signal.is_some() && one.llm_signal.is_some();
    let degraded = !is_whole || !one.degrade_reason_codes.is_empty();
    json!({
        "ticker": one.ticker, "date": one.date, "run": null, "step": null,
        "asked_at": one.created_at,
        "status": if degraded { "degraded_success" } else { "completed" },
        "decision": one.decision, "direction": one.decision.as_deref().and_then(direction),
        "confidence": one.confidence, "quant": lane(&one.quant_signal),
        "llm": lane(&one.llm_signal), "degraded": degraded,
        "reason_codes": one.degrade_reason_codes, "model": null,
    })
}

async fn show(
    State(platform): State<Shared>,
    Path((day, of)): Path<(String, String)>,
) -> Result<Json<Value>, Detail> {
    // What cannot be a day or a ticker has no recommendation.
    let (Ok(day), Ok(of)) = (date(&day), ticker(&of)) else {
        return Err(none());
    };
    let shown = platform.blocking(move |platform| Ok(one(platform, day, &of)));
    Ok(Json(shown.await??))
}

/// The short form as the list has it; by the contract also the whole result.
fn one(platform: &Platform, day: Date, of: &Symbol) -> Result<Value, Detail> {
    let plan = platform.migration.plan()?;
    let mut found = both(platform, &plan, Some(day))?;
    let place = (Reverse(day.to_string()), of.to_string());
    let one = found.remove(&place).ok_or_else(none)?;
    let mut shown = one.document(plan.shape)?;
    if let (Shape::V1alpha1, Some(fields)) = (plan.shape, shown.as_object_mut()) {
        fields.insert("result".to_owned(), result(platform, &one)?);
    }
    Ok(shown)
}

/// All that came of it; `null` where nobody kept that.
fn result(platform: &Platform, one: &Either) -> Result<Value, Detail> {
    match one {
        Either::Ours(one) => match platform.analyses.recommendations.result(one) {
            Ok(result) => document(&result),
            Err(RecommendationError::None { .. }) => Err(none()),
            Err(error) => Err(error.into()),
        },
        Either::Filed(one) => {
            let Some(task_id) = &one.task_id else {
                return Ok(Value::Null);
            };
            let contract = platform.migration.files().contract(task_id);
            Ok(contract.map_err(MigrationError::Legacy)?.into())
        }
    }
}

fn none() -> Detail {
    Detail::missing("Recommendation not found")
}
