//! Downloads without a network: a source, a shelf and a book in memory.

mod fakes;
mod following;
mod planning;
