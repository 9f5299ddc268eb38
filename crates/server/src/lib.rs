//! The roles over HTTP: requests in, use cases of `app` called, answers and
//! problem details out. No rule is decided here.
//!
//! Of the native API, [`routes`] is one table: the router and the `OpenAPI`
//! document are both made of it. Start at [`router`].

mod access;
mod addresses;
mod compat;
mod conditional;
mod extract;
mod gateway;
mod guard;
mod layers;
mod openapi;
mod page;
mod probe;
mod problem;
mod routes;
mod serve;
mod spool;
mod state;
mod stored;
mod table;
pub mod telemetry;

pub use addresses::Addresses;
pub use compat::s000::saved_key;
pub use gateway::{Gateway, GatewayError, GatewayOptions, serve_gateway};
pub use guard::{Asking, Denial, Granted, Guard, GuardSettings, ListedRoute, RateLimit};
pub use openapi::openapi;
pub use serve::{Door, ServeError, Stop, Stopper, serve};
pub use state::{Analyses, Candles, Deployment, Limits, Platform, Simulations};

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use fondaco_app::roles::Role;

/// What there is of routes in the table of a role.
pub fn listed(role: Role) -> Vec<ListedRoute> {
    routes::of(role).iter().map(ListedRoute::from).collect()
}

/// What the data service of the backtest platform answers at an address of its
/// own, with everything around it.
pub fn data_router(platform: Arc<Platform>) -> Router {
    apart(compat::s002::data_service(), platform)
}

/// What the first simulator answers at an address of its own, with everything
/// around it.
pub fn simulation_router(platform: Arc<Platform>) -> Router {
    apart(compat::s004::own_service(), platform)
}

/// What a role answers, with everything around it.
pub fn router(role: Role, platform: Arc<Platform>) -> Router {
    let table = routes::of(role);
    let doors = guard::Doors::of(&table);
    let routes = table::router(table);
    let (routes, doors) = match role {
        Role::Control => (
            routes.merge(page::router()).merge(compat::s000::router()),
            // Sockets look at their visitors themselves: they say no with a
            // code of their own.
            doors
                .with_open(&page::PATHS)
                .with_open(&compat::s000::PATHS),
        ),
        _ => (routes, doors),
    };
    let counted = from_fn_with_state((role, Arc::clone(&platform.telemetry)), telemetry::measure);
    let routes = layers::around(routes, doors, &platform).layer(counted);
    access::told(routes.with_state(platform), role)
}

/// Routes of control at an address of their own.
fn apart(table: Vec<table::Route>, platform: Arc<Platform>) -> Router {
    let doors = guard::Doors::of(&table);
    let role = Role::Control;
    let counted = from_fn_with_state((role, Arc::clone(&platform.telemetry)), telemetry::measure);
    let routes = layers::around(table::router(table), doors, &platform).layer(counted);
    access::told(routes.with_state(platform), role)
}
