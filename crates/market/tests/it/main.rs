//! Files, folders, stores and servers, as a user meets them.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]
#![expect(clippy::print_stdout, reason = "a test that is skipped says why")]

mod downloads;
mod freqtrade;
mod imports;
mod quality;
mod readers;
mod store;
mod support;
mod vantage;
#[expect(dead_code, reason = "tests of the command line use the rest")]
mod vantage_server;
mod vantage_store;
