//! The dashboard of the first system: analyses of one instrument or of a
//! watchlist, what is held, reports, and two sockets.
//!
//! Errors are `{"detail": …}`. A task has the dashboard's name
//! (`AAPL_20250304_153000_1a2b3c`) and is a durable run of ours; what it is
//! told as is decided in `fondaco_app::analysis::shown::legacy`, and where it is
//! read and in which shape it is told by the flags: `fondaco_app::migration`.

mod analysis;
mod config;
mod detail;
mod form;
mod portfolio;
mod provider_keys;
mod recommendations;
mod reports;
mod sockets;
mod stocks;
mod tasks;
mod told;

pub use provider_keys::saved_key;

use crate::guard::Dialect;
use crate::table::Route;

pub(crate) use sockets::{PATHS, Pulse, router};

/// All of them but the sockets, for the address of control.
pub(crate) fn routes() -> Vec<Route> {
    let routes = config::routes()
        .into_iter()
        .chain(stocks::routes())
        .chain(analysis::routes())
        .chain(tasks::routes())
        .chain(portfolio::routes())
        .chain(recommendations::routes())
        .chain(reports::routes());
    routes.map(|route| route.dialect(Dialect::Detail)).collect()
}
