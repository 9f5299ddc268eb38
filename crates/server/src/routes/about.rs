//! `/v1/about`: who answers, and where its parts are.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, Method, header};
use fondaco_contract::http::{AboutView, RoleView};

use crate::state::{Platform, Shared};
use crate::table::Route;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::new(
            &Method::GET,
            "/v1/about",
            ("about", "Who answers, and where its parts are reached."),
            about,
        )
        .answers::<AboutView>(200),
    ]
}

async fn about(State(platform): State<Shared>, headers: HeaderMap) -> Json<AboutView> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    Json(view(&platform, host))
}

fn view(platform: &Platform, host: Option<&str>) -> AboutView {
    let roles = platform.addresses.iter().map(|(role, address)| RoleView {
        role: role.as_str().to_owned(),
        address: address.to_string(),
    });
    AboutView {
        name: "fondaco".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        roles: roles.collect(),
        gateway: platform.addresses.gateway(host),
    }
}
