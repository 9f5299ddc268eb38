//! Integration tests of the engine, one module per subject.

mod expr;
mod indicators;
mod realistic;
