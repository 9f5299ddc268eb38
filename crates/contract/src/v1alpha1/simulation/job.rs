//! What a simulation is asked to be.

use fondaco_domain::{Symbol, Timeframe};
use jiff::civil::Date;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{RoomDay, SimDate, WaitingOrder};
use crate::error::ContractError;
use crate::v1alpha1::job::{JobDataset, JobVersion};

/// Everything a simulation needs, as values. What depends on the moment (which
/// versions of candles, what was imported of news, what earlier runs of the
/// book came to) is filled in when the document is accepted, so that a run that
/// does the same once more has the same document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationJob {
    /// What kind of run it is.
    pub kind: SimulationKind,
    /// Version of this form.
    pub version: JobVersion,
    /// The steps, in the order of time; none twice. All of one kind: days, or
    /// hours of days.
    pub dates: Vec<SimDate>,
    /// Who trades, each with an account of its own; none twice.
    pub models: Vec<SimulationModel>,
    /// What may be traded; at least one, none twice.
    #[schemars(with = "Vec<String>")]
    pub symbols: Vec<Symbol>,
    /// How a day is traded.
    #[serde(default)]
    pub style: Style,
    /// Money and rules.
    #[serde(default)]
    pub account: SimulationAccount,
    /// At which price orders are filled.
    #[serde(default)]
    pub execution: Execution,
    /// When the prices of a day are complete.
    #[serde(default)]
    pub completeness: Completeness,
    /// The account history it goes on with and adds to; `null` for none: every
    /// model begins with the initial cash.
    #[serde(default)]
    pub book: Option<String>,
    /// Whether days that are completed in the book are done again. Later days
    /// of the same model become stale.
    #[serde(default)]
    pub replace_existing: bool,
    /// What figures are compared with; `null` for nothing.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub benchmark: Option<Symbol>,
    /// What all calls of the run together may cost, in billionths of a US
    /// dollar; `null` for no limit.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub budget_nano: Option<i64>,
    /// Hash of the recording whose answers are given again; `null` where
    /// models are asked.
    #[serde(default)]
    pub replay: Option<String>,
    /// Hash of the prompts; `null` for those of the program that accepts the
    /// document.
    #[serde(default)]
    pub prompts: Option<String>,
    /// Prices that are downloaded before the first day; `null` for none.
    #[serde(default)]
    pub download: Option<Download>,
    /// What may be read, and what is known of the dates; `null` for what there
    /// is when the document is accepted.
    #[serde(default)]
    pub data: Option<SimulationData>,
}

/// Always `simulation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SimulationKind {
    /// A simulation.
    #[default]
    Simulation,
}

/// Who trades.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationModel {
    /// Its name in the run and in the book: its signature. Without `|`.
    pub name: String,
    /// `provider/model`, such as `fondaco/rule-based`.
    pub model: String,
    /// In thousandths; `null` for the provider's own.
    #[serde(default)]
    pub temperature_milli: Option<u32>,
    /// For providers that take one.
    #[serde(default)]
    pub seed: Option<u32>,
    /// The last day of what it learnt from; `null` where it is not known.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub training_cutoff: Option<Date>,
    /// Its first step; `null` for the first of all.
    #[serde(default)]
    pub from: Option<SimDate>,
    /// Steps of the run that are completed in the book and not done again, in
    /// order. Filled in when the document is accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub completed: Vec<SimDate>,
    /// The states it goes on from, in order: the last one before each step
    /// that does not follow one of this run. Filled in when the document is
    /// accepted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bases: Vec<Base>,
}

/// What a model had at the end of an earlier step of its book.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Base {
    /// That step.
    pub date: SimDate,
    /// What all it had was worth then.
    #[schemars(with = "String")]
    pub value: Decimal,
    /// Its ledger, as in the document of that day.
    pub ledger: Value,
    /// Orders that wait for the next open.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting: Vec<WaitingOrder>,
    /// What its room remembers; `null` of a single agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub room: Option<RoomDay>,
}

/// How a day is traded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "style", rename_all = "snake_case", deny_unknown_fields)]
pub enum Style {
    /// One agent with tools.
    Agent(AgentStyle),
    /// A room of analysts, a risk manager and a portfolio manager.
    Room(RoomStyle),
}

impl Default for Style {
    fn default() -> Self {
        Self::Agent(AgentStyle::default())
    }
}

/// One agent with tools.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct AgentStyle {
    /// Answers of the model at most before its day ends.
    #[schemars(range(min = 1, max = 1000))]
    pub max_steps: u32,
    /// Tokens of one answer at most.
    #[schemars(range(min = 1))]
    pub max_tokens: u32,
    /// Seconds that a day has.
    #[schemars(range(min = 1))]
    pub day_seconds: u32,
    /// Whether the model is asked for a summary of its day.
    pub summary: bool,
}

impl Default for AgentStyle {
    fn default() -> Self {
        Self {
            max_steps: 30,
            max_tokens: 4_000,
            day_seconds: 600,
            summary: true,
        }
    }
}

/// A room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RoomStyle {
    /// Rounds of the conference; 0 for none.
    #[schemars(range(max = 10))]
    pub cycles: u32,
    /// Answers with wishes for tools that a member may give before it has to
    /// answer.
    #[schemars(range(max = 50))]
    pub tool_turns: u32,
    /// Tokens of one answer at most.
    #[schemars(range(min = 1))]
    pub max_tokens: u32,
    /// Seconds that a member has for one answer.
    #[schemars(range(min = 1))]
    pub answer_seconds: u32,
}

impl Default for RoomStyle {
    fn default() -> Self {
        Self {
            cycles: 2,
            tool_turns: 6,
            max_tokens: 2_000,
            answer_seconds: 120,
        }
    }
}

/// Money and rules. What is `null` is as the market has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SimulationAccount {
    /// Cash of every model at its beginning, more than 0.
    #[schemars(with = "String")]
    pub initial_cash: Decimal,
    /// Whose calendar, lots, limits and taxes.
    pub market: MarketName,
    /// Whether parts of a unit can be traded.
    pub fractional: Option<bool>,
    /// Of the value of a fill, in hundredths of a per cent.
    #[schemars(with = "Option<String>")]
    pub commission_bp: Option<Decimal>,
    /// Commission of a fill at least.
    #[schemars(with = "Option<String>")]
    pub min_commission: Option<Decimal>,
    /// Of the value of a sale, in hundredths of a per cent.
    #[schemars(with = "Option<String>")]
    pub stamp_duty_bp: Option<Decimal>,
    /// By which every fill is worse than its price, in hundredths of a per
    /// cent.
    #[schemars(with = "Option<String>")]
    pub slippage_bp: Option<Decimal>,
    /// Cash held for a short position, as a part of its value; `null` where
    /// nothing is sold short.
    #[schemars(with = "Option<String>")]
    pub margin_requirement: Option<Decimal>,
    /// Whether imported dividends and splits are booked: right for prices that
    /// are as they were traded, wrong for prices that were adjusted.
    pub corporate_actions: bool,
}

impl Default for SimulationAccount {
    fn default() -> Self {
        Self {
            initial_cash: Decimal::from(10_000),
            market: MarketName::default(),
            fractional: None,
            commission_bp: None,
            min_commission: None,
            stamp_duty_bp: None,
            slippage_bp: None,
            margin_requirement: None,
            corporate_actions: false,
        }
    }
}

/// Markets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MarketName {
    /// American shares: whole ones, New York's calendar.
    #[default]
    UsEquity,
    /// Chinese shares: lots of 100, T+1, price limits, stamp duty.
    AShare,
    /// Coins: parts of them, every day.
    Crypto,
}

impl MarketName {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UsEquity => "us_equity",
            Self::AShare => "a_share",
            Self::Crypto => "crypto",
        }
    }
}

/// At which price an order of a step is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Execution {
    /// The open of the step, which the model saw when it decided.
    Open,
    /// The open of the next step, before anybody looks.
    #[default]
    NextOpen,
    /// A third of high, low and close of the step, after the model decided.
    Vwap,
}

impl Execution {
    /// The name in documents.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::NextOpen => "next_open",
            Self::Vwap => "vwap",
        }
    }
}

/// When the prices of a day are complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// Every symbol of the run has a candle.
    #[default]
    AllSymbols,
    /// At least one has. What has none cannot be traded that day, and what is
    /// held of it keeps its last price, marked as old.
    HeldAndRequested,
}

/// Prices that are downloaded before the first day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Download {
    /// From where: `alpha-vantage`.
    pub source: String,
}

/// What may be read, and what is known of the dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SimulationData {
    /// The candles, each in one version. Where prices are downloaded, those
    /// there were before.
    pub candles: Vec<JobDataset>,
    /// Length of the candles.
    #[schemars(with = "String")]
    pub timeframe: Timeframe,
    /// News, filings and corporate actions imported up to this place.
    pub research: u64,
    /// When the document was accepted, in Unix milliseconds.
    pub accepted_ms: i64,
    /// Steps without complete prices, in order: nobody trades then.
    #[serde(default)]
    pub incomplete: Vec<SimDate>,
}

/// The published JSON schema of [`SimulationJob`], as it is in `schemas/`.
pub fn simulation_job_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(SimulationJob);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
