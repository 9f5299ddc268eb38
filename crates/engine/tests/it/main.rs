//! Integration tests of the engine, one module per subject.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]
#![expect(clippy::print_stderr, reason = "a skipped test says why")]
#![expect(clippy::disallowed_methods, reason = "tests read recorded files")]

mod expr;
mod indicators;
mod realistic;
