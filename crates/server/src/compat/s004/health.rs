//! `/health` of an address of its own.

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use serde::Serialize;

use super::Deployed;
use crate::probe;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn own() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/health",
            ("s004_health", "Whether the process lives."),
            health,
        )
        .open(),
    ]
}

/// To `GET /health`.
#[derive(Debug, Serialize)]
struct Health {
    status: &'static str,
    database: &'static str,
    timestamp: String,
    #[serde(flatten)]
    mode: Deployed,
}

async fn health(State(platform): State<Shared>) -> Json<Health> {
    let (store, _) = probe::store(&platform).await;
    let (status, database) = if store.is_up {
        ("healthy", "connected")
    } else {
        ("unhealthy", "disconnected")
    };
    Json(Health {
        status,
        database,
        timestamp: platform.machine.wall().to_string(),
        mode: platform.simulations.deployment.into(),
    })
}
