//! What came of a simulation.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::SimDate;
use crate::error::ContractError;

/// The name of the form of results.
pub const SIMULATION_RESULT: &str = "simulation-result.v1alpha1";

/// What came of a simulation: models, days, and what they were worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationResult {
    /// Always `simulation-result.v1alpha1`.
    pub contract: String,
    /// The run.
    pub run: String,
    /// How the run stands.
    pub status: String,
    /// How many model-days stand where; they add up.
    pub progress: Progress,
    /// What is to be known about the data.
    pub warnings: Vec<String>,
    /// At which price orders were filled: `open`, `next_open`, `vwap`.
    pub execution: String,
    /// The models, best first.
    pub models: Vec<ModelLine>,
    /// What the same money made without anybody's decisions; best first.
    pub baselines: Vec<ModelLine>,
    /// Every model-day, in the order of the plan.
    pub days: Vec<DayLine>,
}

/// How many model-days stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Progress {
    /// All of them: the sum of the others.
    pub total_model_days: u64,
    /// Not begun.
    pub pending: u64,
    /// Being done.
    pub running: u64,
    /// Done.
    pub completed: u64,
    /// Not done for a failure, or cancelled.
    pub failed: u64,
    /// Not done for one of the three reasons.
    pub skipped: u64,
}

/// Where a model-day stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DayStatus {
    /// Not begun.
    Pending,
    /// Being done.
    Running,
    /// Done.
    Completed,
    /// Not done for a failure, or cancelled.
    Failed,
    /// Not done for one of the three reasons.
    Skipped,
}

impl DayStatus {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// A model-day.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DayLine {
    /// The step.
    pub date: SimDate,
    /// The name of the model.
    pub model: String,
    /// Where it stands.
    pub status: DayStatus,
    /// Why it failed or was skipped.
    pub error: Option<String>,
    /// When it began, RFC 3339.
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    pub completed_at: Option<String>,
}

/// A model, or a baseline, over the days it completed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelLine {
    /// Its name.
    pub name: String,
    /// `provider/model`; `null` of a baseline.
    pub model: Option<String>,
    /// What it was worth at the end of each day, at that day's open.
    pub values: Vec<ValuePoint>,
    /// From the first to the last value, in per cent; `null` without any.
    pub return_pct: Option<f64>,
    /// The deepest fall from a peak, in per cent, not more than 0.
    pub max_drawdown_pct: Option<f64>,
    /// Mean over sample deviation of the returns from step to step, times the
    /// root of the steps of a year; `null` where there are too few.
    pub sharpe_annualised: Option<f64>,
    /// Fills.
    pub trades: u64,
    /// Fees, duties and slippage.
    #[schemars(with = "String")]
    pub costs: Decimal,
    /// Questions asked.
    pub calls: u64,
    /// Tokens of questions and answers.
    pub tokens: u64,
    /// What they cost, in billionths of a US dollar.
    pub cost_nano: i64,
    /// `before_window`, `not_before_window`, or `unknown`: whether all that the
    /// model learnt from is older than the first day. `null` of a baseline.
    pub training_cutoff: Option<String>,
}

/// A value at a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValuePoint {
    /// The step.
    pub date: SimDate,
    /// The value of everything.
    #[schemars(with = "String")]
    pub value: Decimal,
}

/// The published JSON schema of [`SimulationResult`], as it is in `schemas/`.
pub fn simulation_result_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(SimulationResult);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
