//! How well the gateway is.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::http::Method;
use fondaco_app::runtime::health::checkup;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::answers::{HealthShown, port};
use super::refusal::Detail;
use super::runtime::ask;
use crate::extract::Actor;
use crate::state::Shared;
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    let names = ("gateway_health", "How well the gateway is.");
    vec![
        Route::new(&Method::GET, "/api/runtime/gateway/health", names, gateway),
        Route::new(&Method::GET, "/health/gateway", names, gateway),
    ]
}

/// How long an address may take to answer.
const KNOCK: Duration = Duration::from_secs(1);

async fn gateway(
    State(platform): State<Shared>,
    actor: Actor,
) -> Result<Json<HealthShown>, Detail> {
    let service = ask(&platform, actor, |runtime| runtime.gateway()).await?;
    let holder = service.as_ref().and_then(|service| service.holder.as_ref());
    let accessible = match holder {
        Some(holder) => answers(&holder.address).await,
        None => false,
    };
    let status = platform.runtime.get().map(|desk| desk.status());
    let checkup = checkup(status.as_ref(), holder.map(|holder| holder.pid), accessible);
    let now = platform.machine.wall().to_string();
    Ok(Json(HealthShown::of(&checkup, port(service.as_ref()), now)))
}

async fn answers(address: &str) -> bool {
    // One that listens everywhere listens here.
    let address = address
        .replace("0.0.0.0:", "127.0.0.1:")
        .replace("[::]:", "[::1]:");
    matches!(timeout(KNOCK, TcpStream::connect(address)).await, Ok(Ok(_)))
}
