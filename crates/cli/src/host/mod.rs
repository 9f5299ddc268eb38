//! Where durable runs are put together: a store by its address, this machine,
//! the planners, the bodies of tasks, and the loops around them.
//!
//! A command that only asks or tells makes a [`Client`]. One that also works
//! starts a [`Host`] around it.

mod analysis;
mod candles;
mod client;
mod crew;
mod emergency;
pub(crate) mod gateway;
pub(crate) mod ids;
mod interrupts;
mod loops;
mod machine;
mod migration;
pub(crate) mod models;
mod pages;
mod pricer;
mod projections;
pub(crate) mod simulation;
#[cfg(test)]
mod tests;
pub(crate) mod tools;
mod works;

use std::path::PathBuf;

pub(crate) use candles::candles;
pub(crate) use client::{Client, StoreArgs};
pub(crate) use emergency::HaltFile;
pub(crate) use interrupts::{Listening, exit_on_interrupt, signals};
pub(crate) use machine::ThisMachine;
pub(crate) use migration::{environment, migration};
pub(crate) use pages::ThesePages;
pub(crate) use projections::{Projecting, projector};
pub(crate) use works::{Host, HostError, HostOptions, Place, bodies, host_name, planners};

use crate::context::Context;

/// The file that stops everything when nothing else answers.
pub(crate) fn halt_file(context: &Context) -> PathBuf {
    context.home().join(emergency::FILE)
}
