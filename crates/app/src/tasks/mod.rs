//! What the built-in tasks for drills and measurements do.

mod noop;
mod sleep;

pub use noop::Noop;
pub use sleep::Sleep;
