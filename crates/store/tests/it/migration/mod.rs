//! From the legacy files to the store of runs, and back.

mod damage;
mod golden;
mod shapes;
mod steps;
mod told;
mod triggers;
mod world;
