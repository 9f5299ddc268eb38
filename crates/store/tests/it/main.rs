//! The store of runs over its suite, its files and its crashes.

mod conformance;
mod crash;
mod sqlite;
