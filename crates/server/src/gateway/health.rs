//! How the gateway is.

use std::sync::Arc;

use axum::{Extension, Json};
use fondaco_contract::gateway::GatewayHealth;

use super::Gateway;

pub(super) const PATH: &str = "/health";

/// Degraded where the store does not answer: clients stay, and wait.
pub(super) async fn health(Extension(gateway): Extension<Arc<Gateway>>) -> Json<GatewayHealth> {
    let failure = gateway.hub.failure();
    let status = if failure.is_none() {
        "healthy"
    } else {
        "degraded"
    };
    Json(GatewayHealth {
        status: status.to_owned(),
        service: "gateway".to_owned(),
        generation: gateway.options.generation,
        clients: gateway.connections() as u64,
        seq: gateway.hub.head(),
        failure,
        timestamp: gateway.platform.machine.wall().to_string(),
    })
}
