//! Tools of models for programs of others: a server of the Model Context
//! Protocol over a [`Toolbox`](fondaco_app::tools::Toolbox).
//!
//! It knows the protocol and nothing of what a tool reads or who may ask: the
//! clock and whatever else a call may see is said by whoever serves ([`Scopes`]),
//! and so is who is let in ([`Door`]). Start at [`Served`]; [`stdio`] and
//! [`http`] are its two ways in.

mod http;
mod served;
mod stdio;

pub use axum::http::HeaderMap;
pub use http::{Door, HttpError, PATH, Refusal, http};
pub use served::{Scopes, Served};
pub use stdio::{StdioError, stdio, streams};
