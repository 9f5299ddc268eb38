//! The runtime: what the gateway is told, and who keeps it alive.
//!
//! An order is a record ([`Told`]), so that a runtime that is started again
//! knows what should be. One supervisor per runtime ([`Turns`]) looks at the
//! order, at the newest claim of the name `gateway` and at the process behind
//! it, decides ([`supervisor`]) and acts through a
//! [`GatewayHost`](crate::ports::gateway::GatewayHost). The gateway on its side
//! keeps a lease ([`Keeper`]). Start at [`Runtime`].

mod error;
pub mod health;
mod keeper;
mod note;
pub mod supervisor;
mod told;
mod turn;

use serde_json::{Map, Value};

pub use error::RuntimeError;
pub use keeper::{Keeper, Kept, LEASE, Lost};
pub use note::{Journal, Note};
pub use told::{Config, ConfigProblem, Mode, RuntimeId, RuntimeIdError, ScheduleMode, Told};
pub use turn::{Desk, Status, SupervisorPorts, Turns};

use crate::ports::Store;
use crate::ports::gateway::GATEWAY;
use crate::ports::machine::Machine;
use crate::ports::records::{Change, Record, RecordKind, TrailQuery};
use crate::ports::runs::{Asked, RunStoreError};
use crate::ports::services::Service;

/// Orders to the runtime, given by someone.
#[derive(Clone, Copy)]
pub struct Runtime<'a> {
    /// Where orders are kept.
    pub store: &'a dyn Store,
    /// Time.
    pub machine: &'a dyn Machine,
    /// Who asks.
    pub actor: &'a str,
}

/// One run of the runtime, from its start to its stop.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// As it was told last.
    pub told: Told,
    /// Who started it.
    pub started_by: String,
    /// Who stopped it.
    pub stopped_by: Option<String>,
    /// Why: the next one was started in its place.
    pub replaced: bool,
}

impl Runtime<'_> {
    /// Starts a run with these settings; what is not named has its default.
    pub fn start(&self, changes: &Map<String, Value>) -> Result<Told, RuntimeError> {
        let before = self.newest()?;
        if let Some((_, told)) = &before
            && told.serve
        {
            return Err(RuntimeError::AlreadyRunning(told.run_id.clone()));
        }
        let config = Config::default().over(changes)?;
        self.begin(before, config)
    }

    /// Ends the run: gently, or at once.
    pub fn stop(&self, force: bool) -> Result<Told, RuntimeError> {
        let (version, told) = self.running()?;
        let at = self.machine.wall();
        let stopped = Told {
            serve: false,
            force,
            stopped_at: Some(at),
            ..told
        };
        self.put(version, stopped)
    }

    /// Ends the run, if there is one, and starts another with its settings and
    /// these changes of them.
    pub fn restart(&self, changes: &Map<String, Value>) -> Result<Told, RuntimeError> {
        let before = self.newest()?;
        let config = match &before {
            Some((_, told)) => told.config.over(changes)?,
            None => Config::default().over(changes)?,
        };
        self.begin(before, config)
    }

    /// Changes the settings of the run there is, or of the last one. A gateway
    /// that serves has them after the next restart.
    pub fn configure(&self, changes: &Map<String, Value>) -> Result<Told, RuntimeError> {
        let (version, told) = self.newest()?.ok_or(RuntimeError::NeverStarted)?;
        let config = told.config.over(changes)?;
        self.put(version, Told { config, ..told })
    }

    /// Starts a run with the default settings where the runtime was never told
    /// anything: what a program does that brings its own gateway.
    pub fn start_unless_told(&self) -> Result<(), RuntimeError> {
        if self.newest()?.is_some() {
            return Ok(());
        }
        match self.begin(None, Config::default()) {
            // Somebody else was faster, and has said what should be.
            Err(RuntimeError::Store(RunStoreError::RecordChanged { .. })) => Ok(()),
            begun => begun.map(|_| ()),
        }
    }

    /// The last order, where there ever was one.
    pub fn current(&self) -> Result<Option<Told>, RuntimeError> {
        Ok(self.newest()?.map(|(_, told)| told))
    }

    /// Runs, the newest first.
    pub fn history(&self, limit: usize) -> Result<Vec<Past>, RuntimeError> {
        let mut past: Vec<Past> = Vec::new();
        let mut query = TrailQuery {
            kind: Some(RecordKind::Runtime),
            name: Some(GATEWAY.to_owned()),
            before: None,
            limit: Some(PAGE),
        };
        loop {
            let page = self.store.trail(&query)?;
            for record in &page {
                add(&mut past, record)?;
            }
            match page.last() {
                // The run at the end of a page may go on in the next one.
                Some(last) if page.len() == PAGE && past.len() <= limit => {
                    query.before = Some(last.no);
                }
                _ => break,
            }
        }
        past.truncate(limit);
        Ok(past)
    }

    /// The newest claim of the gateway's name.
    pub fn gateway(&self) -> Result<Option<Service>, RuntimeError> {
        Ok(the_gateway(self.store)?)
    }

    fn begin(&self, before: Option<(u32, Told)>, config: Config) -> Result<Told, RuntimeError> {
        let at = self.machine.wall();
        let run_before = before.as_ref().map(|(_, told)| &told.run_id);
        let told = Told {
            version: 1,
            run_id: RuntimeId::next(at, run_before),
            serve: true,
            force: false,
            after: self.gateway()?.map_or(0, |service| service.generation),
            config,
            started_at: at,
            stopped_at: None,
        };
        self.put(before.map_or(0, |(version, _)| version), told)
    }

    fn running(&self) -> Result<(u32, Told), RuntimeError> {
        let newest = self.newest()?.filter(|(_, told)| told.serve);
        newest.ok_or(RuntimeError::NotRunning)
    }

    fn newest(&self) -> Result<Option<(u32, Told)>, RuntimeError> {
        Ok(newest(self.store)?)
    }

    fn put(&self, over: u32, told: Told) -> Result<Told, RuntimeError> {
        let change = Change::write(RecordKind::Runtime, GATEWAY, Some(over), &told);
        let by = Asked {
            actor: self.actor.to_owned(),
            at: self.machine.wall(),
        };
        self.store.put_record(change, by)?;
        Ok(told)
    }
}

/// Versions read at a time.
const PAGE: usize = 200;

/// A version, older than those before it, into the runs it tells of.
fn add(past: &mut Vec<Past>, record: &Record) -> Result<(), RunStoreError> {
    let Some(told) = read(record)? else {
        return Ok(());
    };
    match past.last_mut() {
        Some(known) if known.told.run_id == told.run_id => {
            record.actor.clone_into(&mut known.started_by);
            if told.serve {
                return Ok(());
            }
            // The oldest version without it is the one that stopped it.
            known.stopped_by = Some(record.actor.clone());
        }
        after => {
            let replaced = told.serve && after.is_some();
            past.push(Past {
                started_by: record.actor.clone(),
                stopped_by: (!told.serve).then(|| record.actor.clone()),
                replaced,
                told,
            });
        }
    }
    Ok(())
}

/// The last order with its version.
fn newest(store: &dyn Store) -> Result<Option<(u32, Told)>, RunStoreError> {
    match store.record(RecordKind::Runtime, GATEWAY)? {
        Some(record) => Ok(read(&record)?.map(|told| (record.version, told))),
        None => Ok(None),
    }
}

fn read(record: &Record) -> Result<Option<Told>, RunStoreError> {
    let Some(body) = &record.body else {
        return Ok(None);
    };
    let told = serde_json::from_str(body).map_err(|error| {
        RunStoreError::Damaged(format!("record {} of the runtime: {error}", record.no))
    })?;
    Ok(Some(told))
}

fn the_gateway(store: &dyn Store) -> Result<Option<Service>, RunStoreError> {
    let services = store.services()?;
    Ok(services.into_iter().find(|service| service.name == GATEWAY))
}
