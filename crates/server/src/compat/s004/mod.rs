//! The model-day simulator in the words of its clients: trigger, poll, results
//! and reasoning.
//!
//! Errors are `{"detail": …}`: a text, or a list of fields where the request
//! itself is wrong. A job is a durable run of ours in the book `simulate`, or
//! one of a database that was imported. Whatever the original answered, model-
//! days that are skipped are counted as skipped, and all counts add up.

mod health;
mod jobs;
mod money;
mod query;
mod reasoning;
mod results;
mod trigger;

use serde::Serialize;

use crate::guard::Dialect;
use crate::state::Deployment;
use crate::table::Route;

/// All of them but `/health`, for the address of control.
pub(crate) fn routes() -> Vec<Route> {
    let routes = trigger::routes()
        .into_iter()
        .chain(jobs::routes())
        .chain(results::routes())
        .chain(reasoning::routes());
    routes.map(|route| route.dialect(Dialect::Detail)).collect()
}

/// Those of the simulator, for an address of its own.
pub(crate) fn own_service() -> Vec<Route> {
    let routes = routes().into_iter().chain(health::own());
    routes.map(|route| route.dialect(Dialect::Detail)).collect()
}

/// How the process was started, in every answer.
#[derive(Debug, Clone, Copy, Serialize)]
struct Deployed {
    deployment_mode: &'static str,
    is_dev_mode: bool,
    /// Nothing in production.
    preserve_dev_data: Option<bool>,
}

impl From<Deployment> for Deployed {
    fn from(deployment: Deployment) -> Self {
        Self {
            deployment_mode: if deployment.is_dev { "DEV" } else { "PROD" },
            is_dev_mode: deployment.is_dev,
            preserve_dev_data: deployment.is_dev.then_some(deployment.preserve_dev_data),
        }
    }
}
