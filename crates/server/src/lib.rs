//! The roles over HTTP: requests in, use cases of `app` called, answers and
//! problem details out. No rule is decided here.
//!
//! Of the native API, [`routes`] is one table: the router and the `OpenAPI`
//! document are both made of it. Start at [`router`].

mod addresses;
mod extract;
mod layers;
mod openapi;
mod page;
mod problem;
mod routes;
mod serve;
mod state;
mod table;

pub use addresses::Addresses;
pub use openapi::openapi;
pub use serve::serve;
pub use state::{Candles, Limits, Platform};

use std::sync::Arc;

use axum::Router;
use fondaco_app::roles::Role;

/// What a role answers, with everything around it.
pub fn router(role: Role, platform: Arc<Platform>) -> Router {
    let routes = table::router(routes::of(role));
    let routes = match role {
        Role::Control => routes.merge(page::router()),
        _ => routes,
    };
    layers::around(routes, &platform).with_state(platform)
}
