//! Real clients of the protocol, over streams and sockets.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on stops here")]

mod http;
mod streams;
mod world;
