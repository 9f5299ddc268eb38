//! Runs in PostgreSQL: the suite, several processes on one database, and a
//! server that is restarted under load.

mod server;
mod together;

use fondaco_store::runs::conformance::CASES;

use self::server::{shared, store};

#[test]
fn conformance() {
    let Some(server) = shared() else { return };
    for (name, case) in CASES {
        case(&store(server)).unwrap_or_else(|error| panic!("{name}: {error:?}"));
    }
}
