//! Prices that were not there when a run was accepted.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::JobDataset;
use fondaco_contract::v1alpha1::simulation::{SimDate, SimulationJob};
use fondaco_domain::task::SkipReason;
use serde::{Deserialize, Serialize};

use crate::ports::Failure;
use crate::ports::exec::Watch;

/// Brings the prices of a run in.
pub trait Pricer: Send + Sync {
    /// Downloads what is missing; nothing where it was told to stop. Asked
    /// again, it does not ask for what came before.
    fn bring(&self, job: &SimulationJob, watch: &dyn Watch) -> Result<Option<Priced>, Failure>;
}

/// The output of the task that brings prices in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Priced {
    /// The candles of the run, each in one version.
    pub candles: Vec<JobDataset>,
    /// The steps that cannot be done, and why not.
    pub skips: BTreeMap<SimDate, SkipReason>,
    /// What is to be known about it.
    pub warnings: Vec<String>,
}

impl Priced {
    /// Why a step cannot be done.
    pub fn skip(&self, date: SimDate) -> Option<SkipReason> {
        self.skips.get(&date).copied()
    }
}
