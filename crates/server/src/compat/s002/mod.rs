//! The backtest platform in the words of its clients: submit, poll, strategies
//! and data.
//!
//! Errors are `{"detail": …}`: a text, with a code of the catalogue where there
//! is one, or a list of fields where the request itself is wrong.

mod answers;
mod backtests;
mod data;
pub(super) mod detail;
pub(super) mod form;
mod overrides;
mod strategies;

use crate::guard::Dialect;
use crate::table::Route;

/// All of them, for the address of control.
pub(crate) fn routes() -> Vec<Route> {
    let routes = backtests::routes()
        .into_iter()
        .chain(strategies::routes())
        .chain(data::routes());
    routes.map(|route| route.dialect(Dialect::Detail)).collect()
}

/// Those of the data service, for an address of its own.
pub(crate) fn data_service() -> Vec<Route> {
    let routes = data::routes().into_iter().chain(data::own());
    routes.map(|route| route.dialect(Dialect::Detail)).collect()
}
