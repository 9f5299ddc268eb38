//! The core from outside: the protocol between workers and a store, every
//! parser over any input, and the forms that are stored for ever.

#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests fail as the tests themselves do"
)]

mod golden;
mod ledger;
mod parsers;
mod protocol;

/// How much a suite does: in CI, and before a release.
#[expect(
    clippy::disallowed_methods,
    reason = "the size of a test, not a setting of the program"
)]
fn size<T>(ci: T, release: T) -> T {
    if std::env::var("FONDACO_TORTURE").is_ok_and(|size| size == "release") {
        release
    } else {
        ci
    }
}
