//! Whole graphs, run node by node against models that say what they are told.

mod recovery;
mod results;
mod talk;
mod world;
