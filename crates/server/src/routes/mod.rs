//! Every route of the native API, by noun, and which role has it.

mod about;
pub(crate) mod analyses;
pub(crate) mod backtests;
mod data;
mod events;
mod flags;
mod halts;
mod health;
mod keys;
mod metrics;
mod news;
mod prices;
mod runs;
mod schedules;
pub(crate) mod simulations;
mod strategies;
mod trail;
mod words;
mod workers;

use fondaco_app::roles::Role;

use crate::table::Route;

/// What a role answers at its own address. A worker has none.
pub(crate) fn of(role: Role) -> Vec<Route> {
    match role {
        Role::Control => all()
            .into_iter()
            .chain(crate::compat::s000::routes())
            .chain(crate::compat::s002::routes())
            .chain(crate::compat::s004::routes())
            .collect(),
        Role::Runtime => with(crate::compat::s001::routes(), own(role)),
        Role::Trading => with(prices::routes(), own(role)),
        Role::News => with(news::routes(), own(role)),
        Role::Gateway | Role::Worker => own(role),
    }
}

/// The native API, in the order of the document.
pub(crate) fn all() -> Vec<Route> {
    [
        about::routes(),
        analyses::routes(),
        backtests::routes(),
        simulations::routes(),
        strategies::routes(),
        data::routes(),
        runs::routes(),
        halts::routes(),
        keys::routes(),
        flags::routes(),
        trail::routes(),
        schedules::routes(),
        workers::routes(),
        own(Role::Control),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// What every role answers about itself.
fn own(role: Role) -> Vec<Route> {
    with(health::routes(role), metrics::routes())
}

fn with(mut some: Vec<Route>, more: Vec<Route>) -> Vec<Route> {
    some.extend(more);
    some
}
