//! Orders to stop: set, cleared, looked at, practised.

mod drill;
mod shown;

pub use drill::{Drill, DrillError, DrillPlan, Round, drill};

use fondaco_domain::halt::{Epoch, Halt, HaltCommand, HaltMode, Scope};
use fondaco_domain::{UnixMicros, WorkerId};
use serde::Serialize;

use crate::ports::Store;
use crate::ports::halts::HaltStore;
use crate::ports::machine::Machine;
use crate::ports::runs::{Asked, RunStoreError};
use crate::ports::workers::Worker;

/// Runs that one transaction tells of a halt.
pub const OBEY: usize = 1_000;

/// A latch that was changed, or was so already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Latched {
    /// As it is now.
    pub halt: Halt,
    /// Runs that were told.
    pub told: usize,
}

/// Sets a latch. It is committed, and nothing starts below it, before any run
/// is told; all that it covers have been told when this returns.
pub fn set(
    store: &dyn Store,
    machine: &dyn Machine,
    actor: &str,
    (scope, mode, reason): (Scope, HaltMode, String),
) -> Result<Latched, RunStoreError> {
    let command = HaltCommand::Set {
        scope,
        mode,
        reason,
    };
    let halt = store.halt(command, asked(machine, actor))?;
    let told = obey_all(store, machine, actor)?;
    Ok(Latched { halt, told })
}

/// Clears a latch. Runs halted under it stay halted until each is resumed.
pub fn clear(
    store: &dyn Store,
    machine: &dyn Machine,
    actor: &str,
    scope: Scope,
    reason: String,
    confirmed: bool,
) -> Result<Halt, RunStoreError> {
    let command = HaltCommand::Clear {
        scope,
        reason,
        confirmed,
    };
    store.halt(command, asked(machine, actor))
}

/// Tells every run that a latch covers and that does not know yet. Returns how
/// many were told.
pub fn obey_all(
    store: &dyn HaltStore,
    machine: &dyn Machine,
    actor: &str,
) -> Result<usize, RunStoreError> {
    let mut told = 0;
    loop {
        let more = store.obey(OBEY, asked(machine, actor))?;
        told += more;
        if more < OBEY {
            return Ok(told);
        }
    }
}

/// The latches, and who obeys them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// The counter.
    pub epoch: Epoch,
    /// Every latch, those in force first, then by scope.
    pub latches: Vec<Latch>,
}

/// One latch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Latch {
    /// As it is.
    pub halt: Halt,
    /// Who has said that nothing it forbids runs there any more.
    pub acknowledged: Vec<Word>,
    /// Who has not. Empty where nothing is forbidden.
    pub missing: Vec<Worker>,
}

/// A worker's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    /// Who.
    pub worker: WorkerId,
    /// Its machine and process, while it is on the list.
    pub host: Option<String>,
    /// Its process.
    pub pid: Option<u32>,
    /// When.
    pub at: UnixMicros,
}

/// The latches, and for each in force which of the listed workers have
/// acknowledged it.
pub fn status(store: &dyn Store) -> Result<Status, RunStoreError> {
    let halts = store.halts()?;
    let acks = store.halt_acks()?;
    let workers = store.workers()?;
    let epoch = halts.iter().map(|halt| halt.epoch).max();
    let mut latches: Vec<Latch> = halts
        .into_iter()
        .map(|halt| {
            let of_it = |worker: WorkerId| {
                acks.iter().find(|ack| {
                    ack.worker == worker && ack.scope == halt.scope && ack.epoch == halt.epoch
                })
            };
            let missing = if halt.mode.forbids_start() {
                let silent = |worker: &&Worker| of_it(worker.id).is_none();
                workers.iter().filter(silent).cloned().collect()
            } else {
                Vec::new()
            };
            let acknowledged = acks
                .iter()
                .filter(|ack| ack.scope == halt.scope && ack.epoch == halt.epoch)
                .map(|ack| {
                    let worker = workers.iter().find(|worker| worker.id == ack.worker);
                    Word {
                        worker: ack.worker,
                        host: worker.map(|worker| worker.host.clone()),
                        pid: worker.map(|worker| worker.pid),
                        at: ack.at,
                    }
                })
                .collect();
            Latch {
                halt,
                acknowledged,
                missing,
            }
        })
        .collect();
    latches.sort_by_key(|latch| latch.halt.mode == HaltMode::Active);
    Ok(Status {
        epoch: epoch.unwrap_or_default(),
        latches,
    })
}

fn asked(machine: &dyn Machine, actor: &str) -> Asked {
    Asked {
        actor: actor.to_owned(),
        at: machine.wall(),
    }
}
