//! Where the attempts of tasks run: on threads of this process ([`Inline`]), or
//! in child processes that outlive a restart of it ([`Local`], whose other end
//! is [`child`]).
//!
//! Knows nothing of what a task means: that is the
//! [`TaskBody`](fondaco_app::ports::exec::TaskBody) it is handed. Beside them, where
//! the [`gateway`] runs.

mod bodies;
pub mod browser;
pub mod child;
mod desk;
pub mod gateway;
mod inline;
mod limits;
pub mod local;
mod order;
pub mod process;
mod start;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use bodies::Bodies;
pub use inline::Inline;
pub use limits::Limits;
pub use local::Local;
pub use start::Refusal;

/// Called when there is news where there was none. It must not ask the
/// executor that calls it: it only wakes somebody who will.
pub type Ring = Arc<dyn Fn() + Send + Sync>;

/// Locks what no holder leaves half changed, so that a panic elsewhere does
/// not matter.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
