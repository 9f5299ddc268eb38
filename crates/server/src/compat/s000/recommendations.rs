//! `/api/portfolio/recommendations`: what analyses decided.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::Method;
use fondaco_app::analysis::shown::legacy;
use fondaco_app::recommendations::{
    Decided, Recommendation, RecommendationError, RecommendationQuery,
};
use fondaco_contract::v1alpha1::analysis::AnalysisResult;
use serde::{Deserialize, Serialize};

use super::analysis::ticker;
use super::detail::Detail;
use super::form::{Words, date};
use crate::state::Shared;
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
    contract_version: &'static str,
    recommendations: Vec<Shown>,
    total: usize,
    limit: usize,
    offset: usize,
}

/// A recommendation.
#[derive(Debug, Serialize)]
struct Shown {
    contract_version: &'static str,
    #[serde(flatten)]
    recommendation: Recommendation,
}

impl From<Recommendation> for Shown {
    fn from(recommendation: Recommendation) -> Self {
        Self {
            contract_version: legacy::CONTRACT,
            recommendation,
        }
    }
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
    let query = RecommendationQuery {
        date: day.map(date).transpose()?,
        ticker: None,
        offset,
        limit: Some(limit),
    };
    let page = platform
        .blocking(move |platform| Ok(platform.analyses.recommendations.list(&query)?))
        .await?;
    Ok(Json(Listed {
        contract_version: legacy::CONTRACT,
        recommendations: page.recommendations.into_iter().map(Shown::from).collect(),
        total: page.total,
        limit,
        offset,
    }))
}

/// To `GET {date}/{ticker}`.
#[derive(Debug, Serialize)]
struct Whole {
    #[serde(flatten)]
    shown: Shown,
    result: AnalysisResult,
}

async fn show(
    State(platform): State<Shared>,
    Path((day, of)): Path<(String, String)>,
) -> Result<Json<Whole>, Detail> {
    // What cannot be a day or a ticker has no recommendation.
    let (Ok(day), Ok(of)) = (date(&day), ticker(&of)) else {
        return Err(none());
    };
    let found = platform
        .blocking(move |platform| Ok(platform.analyses.recommendations.show(&of, day)))
        .await?;
    match found {
        Ok(Decided {
            recommendation,
            result,
        }) => Ok(Json(Whole {
            shown: recommendation.into(),
            result,
        })),
        Err(RecommendationError::None { .. }) => Err(none()),
        Err(error) => Err(error.into()),
    }
}

fn none() -> Detail {
    Detail::missing("Recommendation not found")
}
