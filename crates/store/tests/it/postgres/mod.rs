//! Runs in `PostgreSQL`: the suite, several processes on one database, and a
//! server that is restarted under load.

mod database;
mod encrypted;
mod feed;
mod pace;
mod restarts;
mod server;
mod together;

use fondaco_store::runs::conformance::CASES;

use self::server::{own, store};

/// On a server where nobody else writes: the outbox is read up to the oldest
/// transaction that is open anywhere on it, and the suite expects its own rows
/// at once. It waits for the disk: a store says of a server that does not that
/// it may lose what was kept, and the suite expects a store to be content.
#[test]
fn conformance() {
    let Some(server) = own("-c autovacuum=off") else {
        return;
    };
    for (name, case) in CASES {
        case(&store(&server)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}
