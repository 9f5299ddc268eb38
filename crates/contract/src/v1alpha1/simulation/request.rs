//! A wish for a simulation, as people write it.

use fondaco_domain::{Symbol, Timeframe};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Completeness, Download, Execution, SimDate, SimulationAccount, Style};
use crate::error::ContractError;

/// A wish for a simulation: what it leaves open is filled in when it is
/// accepted, and stands in the [`SimulationJob`](super::SimulationJob) then.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimulationRequest {
    /// The first day; with a book, `null` goes on after the last day that each
    /// model completed.
    #[schemars(with = "Option<String>")]
    pub start: Option<Date>,
    /// The last day.
    #[schemars(with = "Option<String>")]
    pub end: Option<Date>,
    /// The steps, in place of all trading days from `start` to `end`.
    pub dates: Option<Vec<SimDate>>,
    /// Length of the candles; a day where none is said.
    #[schemars(with = "Option<String>")]
    pub timeframe: Option<Timeframe>,
    /// Whose candles; `null` for any.
    pub venue: Option<String>,
    /// What may be traded; none for all there are candles of.
    #[schemars(with = "Vec<String>")]
    pub symbols: Vec<Symbol>,
    /// Who trades.
    pub models: Vec<RequestModel>,
    /// How a day is traded.
    pub style: Style,
    /// Money and rules.
    pub account: SimulationAccount,
    /// At which price orders are filled.
    pub execution: Execution,
    /// When the prices of a day are complete.
    pub completeness: Completeness,
    /// The account history it goes on with and adds to.
    pub book: Option<String>,
    /// Whether days that are completed in the book are done again.
    pub replace_existing: bool,
    /// What figures are compared with.
    #[schemars(with = "Option<String>")]
    pub benchmark: Option<Symbol>,
    /// What all calls of the run together may cost, in US dollars.
    #[schemars(range(min = 0))]
    pub budget: Option<f64>,
    /// Hash of the recording whose answers are given again.
    pub replay: Option<String>,
    /// Prices that are downloaded before the first day.
    pub download: Option<Download>,
}

/// Who trades.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RequestModel {
    /// Its name in the run; that of the model where none is said.
    pub name: Option<String>,
    /// `provider/model`.
    pub model: String,
    /// In thousandths; `null` for the provider's own.
    pub temperature_milli: Option<u32>,
    /// For providers that take one.
    pub seed: Option<u32>,
    /// The last day of what it learnt from, where known.
    #[schemars(with = "Option<String>")]
    pub training_cutoff: Option<Date>,
    /// How many times it trades, each with an account of its own: `name#2` is
    /// the second.
    #[schemars(range(min = 1, max = 100))]
    pub repeats: Option<u32>,
}

/// The published JSON schema of [`SimulationRequest`], as it is in `schemas/`.
pub fn simulation_request_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(SimulationRequest);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
