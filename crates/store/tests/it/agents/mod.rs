//! Days of single agents, from the plan to their documents.

mod future;
mod orders;
mod recorded;
mod sources;
mod threats;
mod world;
