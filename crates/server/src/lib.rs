//! The native API over HTTP: requests in, use cases of `app` called, answers
//! and problem details out. No rule is decided here.
//!
//! [`routes`] is one table: the router and the `OpenAPI` document are both
//! made of it. Start at [`router`].

mod extract;
mod layers;
mod openapi;
mod problem;
mod routes;
mod serve;
mod state;
mod table;

pub use openapi::openapi;
pub use serve::serve;
pub use state::{Limits, Platform};

use std::sync::Arc;

use axum::Router;

/// The router of the native API, with everything around it.
pub fn router(platform: Arc<Platform>) -> Router {
    layers::around(table::router(routes::all()), &platform).with_state(platform)
}
