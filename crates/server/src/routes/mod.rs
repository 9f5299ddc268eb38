//! Every route of the native API, by noun.

mod events;
mod halts;
mod runs;
mod workers;

use crate::table::Route;

/// In the order of the document.
pub(crate) fn all() -> Vec<Route> {
    [runs::routes(), halts::routes(), workers::routes()]
        .into_iter()
        .flatten()
        .collect()
}
