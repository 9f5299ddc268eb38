//! Models as those who open them meet them: over sockets, on disks, through
//! crashes.

#![expect(clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod faults;
mod journals;
mod kept;
mod limits;
mod paid;
mod protocols;
mod requests;
mod secrets;
mod server;
mod support;
