//! The runtime service of the split-service rooms: the life of the gateway
//! over HTTP, with the names and words that its clients know.
//!
//! Errors are `{"detail": …}`: a text, or a list of fields where the request
//! itself is wrong.

mod answers;
mod health;
mod refusal;
mod runtime;

use crate::guard::Dialect;
use crate::table::Route;

/// All of them, for the address of the runtime.
pub(crate) fn routes() -> Vec<Route> {
    let routes = runtime::routes().into_iter().chain(health::routes());
    routes.map(|route| route.dialect(Dialect::Detail)).collect()
}
