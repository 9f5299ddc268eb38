//! `/api/stocks/screen`.

use axum::Json;
use axum::http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::Value;

use super::detail::Detail;
use super::form::Words;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::new(
        &Method::GET,
        "/api/stocks/screen",
        ("s000_stocks_screen", "Stocks that fit a rule."),
        screen,
    )]
}

#[derive(Debug, Deserialize)]
struct Screen {
    mode: Option<String>,
    #[serde(rename = "refresh")]
    _refresh: Option<String>,
}

/// The rules that the dashboard knows.
const MODES: [&str; 1] = ["china_strict"];

/// The screen of the original reads a provider of A-share fundamentals that
/// nobody has here. An empty list would read as a market without any fit.
async fn screen(Words(words): Words<Screen>) -> Result<Json<Value>, Detail> {
    let mode = words.mode.as_deref().unwrap_or(MODES[0]);
    if !MODES.contains(&mode) {
        return Err(Detail::bad(format!("Unknown mode: {mode}")));
    }
    Err(Detail::new(
        StatusCode::SERVICE_UNAVAILABLE,
        format!("Screening ({mode}) is not available: no source of A-share fundamentals is set up"),
    ))
}
