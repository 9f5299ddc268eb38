//! `/api/reports`: what analyses decided, as documents.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use fondaco_app::analysis::shown::legacy;
use fondaco_app::recommendations::{RecommendationQuery, to_csv};
use fondaco_app::reports::{Historical, Pages, Report, ReportError, find};
use fondaco_domain::signal::{Probability, Rating};
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;

use super::analysis::ticker;
use super::detail::Detail;
use super::form::date;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/api/reports/list",
            (
                "s000_reports",
                "Reports that there are, the newest day first.",
            ),
            list,
        ),
        Route::new(
            &Method::GET,
            "/api/reports/export",
            ("s000_reports_export", "What was decided, as CSV."),
            export,
        ),
        Route::new(
            &Method::GET,
            "/api/reports/{ticker}/{date}",
            ("s000_report", "The report of an instrument on a day."),
            show,
        ),
        Route::new(
            &Method::GET,
            "/api/reports/{ticker}/{date}/pdf",
            ("s000_report_pdf", "The same as PDF."),
            pdf,
        ),
    ]
}

/// To `GET list`.
#[derive(Debug, Serialize)]
struct Reports {
    contract_version: &'static str,
    reports: Vec<Listed>,
}

/// A report that there is.
#[derive(Debug, Serialize)]
struct Listed {
    ticker: String,
    date: String,
    decision: Rating,
    confidence: Probability,
    degraded: bool,
    path: String,
}

async fn list(State(platform): State<Shared>) -> Result<Json<Reports>, Detail> {
    let page = platform.blocking(|platform| {
        let all = RecommendationQuery::default();
        Ok(platform.analyses.recommendations.list(&all)?)
    });
    let reports = page.await?.recommendations.into_iter().map(|one| Listed {
        path: legacy::report_path(&one.ticker, one.date),
        ticker: one.ticker.to_string(),
        date: one.date.to_string(),
        decision: one.decision,
        confidence: one.confidence,
        degraded: one.degraded,
    });
    Ok(Json(Reports {
        contract_version: legacy::CONTRACT,
        reports: reports.collect(),
    }))
}

async fn export(State(platform): State<Shared>) -> Result<Response, Detail> {
    let csv = platform.blocking(|platform| {
        let all = RecommendationQuery::default();
        let page = platform.analyses.recommendations.list(&all)?;
        Ok(to_csv(&page.recommendations))
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"reports.csv\"",
        ),
    ];
    Ok((headers, csv.await?).into_response())
}

async fn show(
    State(platform): State<Shared>,
    Path((of, day)): Path<(String, String)>,
) -> Result<Json<Historical>, Detail> {
    let made = made(&platform, (&of, &day), |report, pages| {
        Ok(report.historical(pages))
    });
    Ok(Json(made.await?))
}

async fn pdf(
    State(platform): State<Shared>,
    Path((of, day)): Path<(String, String)>,
) -> Result<Response, Detail> {
    let made = made(&platform, (&of, &day), |report, pages| {
        let name = format!("attachment; filename=\"{}.pdf\"", report.file_stem());
        Ok((name, pages.pdf(report).map_err(Detail::from)?))
    });
    let (name, bytes) = made.await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, name),
    ];
    Ok((headers, bytes).into_response())
}

/// Finds a report and makes something of it.
async fn made<T: Send + 'static>(
    platform: &Shared,
    (of, day): (&str, &str),
    make: impl FnOnce(&Report, &dyn Pages) -> Result<T, Detail> + Send + 'static,
) -> Result<T, Detail> {
    // What cannot be a ticker or a day has no report.
    let (Ok(of), Ok(day)) = (ticker(of), date(day)) else {
        return Err(none());
    };
    let found = platform.blocking(move |platform| {
        let recommendations = &platform.analyses.recommendations;
        Ok(find(&*platform.store, recommendations, &of, day))
    });
    let report = found
        .await?
        .map_err(|error: ReportError| match error.kind() {
            ErrorKind::NotFound => none(),
            _ => error.into(),
        })?;
    let pages: Arc<dyn Pages> = platform.analyses.pages.clone().ok_or_else(|| {
        let problem = "Reports cannot be made by this program";
        Detail::new(StatusCode::SERVICE_UNAVAILABLE, problem)
    })?;
    let made = platform.blocking(move |_| Ok(make(&report, &*pages)));
    made.await?
}

fn none() -> Detail {
    Detail::missing("Report not found")
}
