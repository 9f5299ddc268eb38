//! What a command about runs asks and tells with.

use std::sync::Arc;

use clap::Args;
use fondaco_app::portfolio::Portfolio;
use fondaco_app::ports::Store;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{Asked, RunStoreError};
use fondaco_app::recommendations::Recommendations;
use fondaco_app::runs::{Planners, Runs};
use fondaco_domain::RunId;
use fondaco_store::runs::{OpenOptions, Opened, open};

use super::{ThisMachine, planners};
use crate::context::Context;
use crate::errors::Failure;
use crate::settings::SettingsError;

/// Where runs are kept.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct StoreArgs {
    /// Store of runs: sqlite:PATH or postgres://… [default: the file `runs.db`
    /// in the home] [env: `FONDACO_STORE`].
    #[arg(long = "store", id = "run_store", value_name = "ADDRESS")]
    address: Option<String>,
}

impl StoreArgs {
    /// Of an address.
    pub(crate) fn of(address: String) -> Self {
        Self {
            address: Some(address),
        }
    }

    /// The address, where somebody named one.
    pub(crate) fn named(&self, context: &Context) -> Result<Option<String>, SettingsError> {
        match &self.address {
            Some(address) => Ok(Some(address.clone())),
            None => Ok(context.sources().store()?.map(|said| said.value)),
        }
    }

    /// What the command line says.
    pub(crate) fn flag(&self) -> Option<String> {
        self.address.clone()
    }
}

/// A store, and all that it takes to ask it for something.
pub(crate) struct Client {
    /// How the store was opened.
    pub(crate) opened: Opened,
    /// This machine.
    pub(crate) machine: Arc<ThisMachine>,
    planners: Planners,
    actor: String,
}

impl Client {
    /// Opens the store.
    pub(crate) fn open(args: &StoreArgs, context: &Context) -> Result<Self, Failure> {
        let named = args.named(context)?;
        let own = || format!("sqlite:{}", context.home().join("runs.db").display());
        Self::open_at(&named.unwrap_or_else(own), context)
    }

    /// Opens the store of an address.
    pub(crate) fn open_at(address: &str, context: &Context) -> Result<Self, Failure> {
        if address.contains(&*context.home().to_string_lossy()) {
            std::fs::create_dir_all(context.home()).map_err(|source| RunStoreError::Storage {
                action: "make the folder of",
                source: source.into(),
            })?;
        }
        Ok(Self {
            opened: open(address, OpenOptions::default())?,
            machine: Arc::new(ThisMachine::new()),
            planners: planners(),
            actor: Context::actor(),
        })
    }

    /// The store.
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.opened.store
    }

    /// Who asks.
    pub(crate) fn actor(&self) -> &str {
        &self.actor
    }

    /// Who asks, now.
    pub(crate) fn asked(&self) -> Asked {
        Asked {
            actor: self.actor.clone(),
            at: self.machine.wall(),
        }
    }

    /// Goes on with the plan of a run, for loops that find one cut off. What
    /// is wrong with the plan is then the end of the run.
    pub(super) fn planning(&self) -> Arc<dyn Fn(RunId) + Send + Sync> {
        let store = Arc::clone(&self.opened.store);
        let machine = Arc::clone(&self.machine);
        let planners = self.planners.clone();
        Arc::new(move |run| {
            let runs = Runs {
                store: &*store,
                planners: &planners,
                machine: &*machine,
                actor: "planner",
            };
            // A store that failed is asked again with the next turn.
            let _ = runs.finish_planning(run);
        })
    }

    /// What can be asked of watchlist, accounts and positions.
    pub(crate) fn portfolio(&self) -> Portfolio<'_> {
        Portfolio {
            store: self.store(),
            machine: &*self.machine,
            actor: &self.actor,
        }
    }

    /// What analyses decided.
    pub(crate) fn recommendations(&self) -> Recommendations {
        Recommendations::new(Arc::clone(&self.opened.store))
    }

    /// What can be asked of runs.
    pub(crate) fn runs(&self) -> Runs<'_> {
        Runs {
            store: self.store(),
            planners: &self.planners,
            machine: &*self.machine,
            actor: &self.actor,
        }
    }
}
