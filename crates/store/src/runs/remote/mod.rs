//! A store of one process for the others on its machine.
//!
//! The owner puts a socket in front of any store ([`Served`]); a client
//! ([`RemoteRuns`]) has the same ports through it. Every method of the ports
//! is one [`Request`](wire::Request) with one answer; a subscription is a
//! connection of its own. What a connection says:
//!
//! ```text
//! client   {"fondaco_runs":2}                       the protocol it speaks
//! server   {"fondaco_runs":2,"pid":4711,…}          or why it does not talk
//! client   {"run":"0193…"}                          a request
//! server   {"run":{…}} or {"failed":{"no_run":…}}   its answer
//! ```
//!
//! A connection carries one call at a time; several calls at once are several
//! connections.

mod dispatch;
mod fault;
mod frame;
mod line;
mod place;
mod ports;
mod served;
pub mod wire;

pub use fault::Fault;
pub use frame::{FRAME_LIMIT, FrameError};
pub use line::{Line, LineError, RemoteNotices, RemoteRuns};
pub use place::SocketPlace;
pub use ports::{Carried, Carrier};
pub use served::Served;

pub(super) use dispatch::dispatch;
pub(super) use ports::outcome;
