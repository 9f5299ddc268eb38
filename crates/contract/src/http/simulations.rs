//! Simulations on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Page, words};
use crate::v1alpha1::simulation::{DayLine, Progress, SimulationJob, SimulationRequest};

/// A wish for a simulation: a `request`, which leaves to the moment what it
/// does not name, or a whole `job`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SimulationBody {
    /// Dates, models, symbols and rules. Which candles are read and what was
    /// completed before is written into its job when it is accepted.
    pub request: Option<SimulationRequest>,
    /// All of it, as a document.
    pub job: Option<SimulationJob>,
    /// The line it waits in.
    pub queue: Option<String>,
    /// Larger is sooner.
    pub priority: Option<i32>,
    /// On whose behalf.
    pub tenant: Option<String>,
    /// It is cancelled where it has not ended by then (RFC 3339).
    #[schemars(schema_with = "words::instant_or_none")]
    pub deadline: Option<String>,
}

/// A simulation as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationView {
    /// Its name.
    #[schemars(schema_with = "words::id")]
    pub run_id: String,
    /// Where its run stands.
    pub state: String,
    /// The same in one of the words `pending`, `downloading_data`, `running`,
    /// `completed`, `partial`, `failed`.
    pub status: String,
    /// How many model-days stand where; they add up.
    pub progress: Progress,
    /// What is to be known about its data.
    pub warnings: Vec<String>,
    /// The first step.
    pub first: Option<String>,
    /// The last one.
    pub last: Option<String>,
    /// How many steps there are.
    pub steps: usize,
    /// Names of the models.
    pub models: Vec<String>,
    /// How many instruments may be traded.
    pub symbols: usize,
    /// At which price orders are filled: `open`, `next_open`, `vwap`.
    pub execution: String,
    /// The account history it adds to.
    pub book: Option<String>,
    /// Hash of its job.
    #[schemars(schema_with = "words::hash")]
    pub spec: String,
    /// When it was accepted.
    #[schemars(schema_with = "words::instant")]
    pub created_at: String,
    /// When it began.
    #[schemars(schema_with = "words::instant_or_none")]
    pub started_at: Option<String>,
    /// When it ended.
    #[schemars(schema_with = "words::instant_or_none")]
    pub finished_at: Option<String>,
    /// Why it ended, where that is not its work.
    pub reason: Option<String>,
    /// A page of its model-days, in the order of the plan; `null` in a list.
    pub days: Option<Page<DayLine>>,
}
