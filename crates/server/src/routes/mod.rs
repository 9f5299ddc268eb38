//! Every route of the native API, by noun, and which role has it.

mod about;
pub(crate) mod backtests;
mod events;
mod flags;
mod halts;
mod keys;
mod runs;
mod strategies;
mod trail;
mod workers;

use fondaco_app::roles::Role;

use crate::table::Route;

/// What a role answers at its own address. A worker has none.
pub(crate) fn of(role: Role) -> Vec<Route> {
    match role {
        Role::Control => all(),
        Role::Trading | Role::News | Role::Runtime | Role::Gateway | Role::Worker => Vec::new(),
    }
}

/// The native API, in the order of the document.
pub(crate) fn all() -> Vec<Route> {
    [
        about::routes(),
        backtests::routes(),
        strategies::routes(),
        runs::routes(),
        halts::routes(),
        keys::routes(),
        flags::routes(),
        trail::routes(),
        workers::routes(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
