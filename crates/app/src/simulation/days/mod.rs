//! Completed days of models: what runs did, followed through their feed, and
//! what another program did, imported.

mod follow;
pub mod import;

pub use follow::{FollowError, Followed, Passed, PassedDay, follow};
