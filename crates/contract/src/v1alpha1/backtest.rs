//! The result of a backtest.

use fondaco_domain::metrics as domain;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::costs::Charges;
use super::freqtrade::FreqtradeMetrics;
use super::metrics::{AccountCheck, Metrics};
use super::settings::Settings;
use super::tables::{ExitReasonRow, PairRow, PeriodRow, TagRow};
use super::trades::{Equity, Lock, Trade};
use crate::error::ContractError;

/// The name of the contract, written into every document.
pub const BACKTEST_RESULT: &str = "backtest-result/v1alpha1";

/// The result of one backtest, whole: what ran on what, and what came out.
///
/// Money is in the stake currency, ratios are plain numbers (0.05 is 5 %),
/// stamps are Unix milliseconds in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestResult {
    /// The contract the document follows.
    pub contract: ContractName,
    /// What kind of run it was.
    pub kind: Kind,
    /// Which run.
    pub run: Run,
    /// The strategy as it was used.
    pub strategy: StrategyUsed,
    /// The candles of each pair, in the order of the pair list.
    pub data: Vec<PairData>,
    /// How it was run.
    pub settings: Settings,
    /// Figures of the marked account.
    pub metrics: Metrics,
    /// The same run by freqtrade's conventions.
    pub freqtrade: FreqtradeMetrics,
    /// Figures by pair, tag, exit reason and period.
    pub tables: Tables,
    /// Every trade in the order of its close; positions still open last.
    pub trades: Vec<Trade>,
    /// The account at every mark.
    pub equity: Equity,
    /// Times in which pairs were locked.
    pub locks: Vec<Lock>,
    /// What the reader of the figures must know.
    pub warnings: Vec<Warning>,
    /// Whether the account adds up.
    pub account: AccountCheck,
    /// What was paid and received beside gains; absent in the freqtrade
    /// profile, where fees are in the trades.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charges: Option<Charges>,
}

/// The one contract this module writes and reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum ContractName {
    /// [`BACKTEST_RESULT`].
    #[default]
    #[serde(rename = "backtest-result/v1alpha1")]
    BacktestResultV1alpha1,
}

/// Kinds of runs that yield this result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A strategy over recorded candles.
    #[default]
    Backtest,
}

/// Which run it was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Run {
    /// Its name, unique in a workspace.
    pub id: String,
    /// Hash of strategy, data versions, settings and seed: runs with the same
    /// hash have the same figures.
    pub spec_hash: String,
    /// When it was made; `null` in results that must repeat to the byte.
    pub created_at_ms: Option<i64>,
    /// Version of the program.
    pub engine: String,
}

/// The strategy as it was used.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StrategyUsed {
    /// Its name.
    pub name: String,
    /// Its semantic version.
    pub version: String,
    /// One line for people; empty if there is none.
    pub description: String,
    /// Content hash of the file.
    pub hash: String,
    /// Values of its parameters in this run.
    pub params: IndexMap<String, f64>,
}

/// The candles one pair was run on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PairData {
    /// The instrument.
    pub pair: String,
    /// The data set they were read from.
    pub dataset: String,
    /// Version of the data set: its content hash.
    pub version: String,
    /// Candles used, start-up candles not counted.
    pub rows: u64,
    /// Open time of the first; `null` without a candle.
    pub first_ms: Option<i64>,
    /// Open time of the last; `null` without a candle.
    pub last_ms: Option<i64>,
}

/// Figures by pair, tag, exit reason and period.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tables {
    /// One row per pair, in the order of the pair list.
    pub by_pair: Vec<PairRow>,
    /// One row per entry tag.
    pub by_tag: Vec<TagRow>,
    /// One row per exit reason.
    pub by_exit_reason: Vec<ExitReasonRow>,
    /// One row per calendar month.
    pub by_month: Vec<PeriodRow>,
    /// One row per calendar year.
    pub by_year: Vec<PeriodRow>,
}

impl From<&domain::Summary> for Tables {
    fn from(from: &domain::Summary) -> Self {
        Self {
            by_pair: from.by_pair.iter().cloned().map(Into::into).collect(),
            by_tag: from.by_tag.iter().cloned().map(Into::into).collect(),
            by_exit_reason: from
                .by_exit_reason
                .iter()
                .cloned()
                .map(Into::into)
                .collect(),
            by_month: from.by_month.iter().copied().map(Into::into).collect(),
            by_year: from.by_year.iter().copied().map(Into::into).collect(),
        }
    }
}

/// Something the reader of the figures must know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Warning {
    /// What it is.
    pub code: WarningCode,
    /// In words.
    pub message: String,
    /// The pair it is about; `null` for the run.
    pub pair: Option<String>,
}

/// The closed list of warnings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningCode {
    /// A forced exit never filled: the position is still open at the end, and
    /// by freqtrade's conventions it is in no table.
    TradeLeftOpen,
    /// The account does not add up.
    AccountMismatch,
    /// Candles are missing inside the range.
    DataGaps,
    /// A pair has fewer candles than the range.
    DataShort,
    /// Entry signals found no free slot or money.
    SignalsRejected,
    /// A position was liquidated.
    Liquidated,
    /// Too few trades for the figures to mean much.
    FewTrades,
    /// The order of events inside a candle was assumed.
    IntraCandle,
    /// Entries found less volume than they asked for.
    VolumeShort,
}

impl BacktestResult {
    /// The document: one line of JSON and a newline. The same value gives the
    /// same bytes.
    pub fn to_json(&self) -> Result<String, ContractError> {
        let text = serde_json::to_string(self).map_err(ContractError::Write)?;
        // JSON turns a NaN into `null`, which only figures may be: reading the
        // document back finds any other.
        serde_json::from_str::<Self>(&text).map_err(|error| ContractError::NotFinite {
            found: error.to_string(),
        })?;
        Ok(text + "\n")
    }

    /// Reads a document, refusing other contracts and unknown fields.
    pub fn from_json(text: &str) -> Result<Self, ContractError> {
        let shape = |source| ContractError::Shape {
            expected: BACKTEST_RESULT,
            source,
        };
        let named: Named = serde_json::from_str(text).map_err(shape)?;
        if named.contract != BACKTEST_RESULT {
            return Err(ContractError::Version {
                found: named.contract,
                expected: BACKTEST_RESULT,
            });
        }
        serde_json::from_str(text).map_err(shape)
    }
}

/// The published JSON schema of [`BacktestResult`], as it is in `schemas/`.
pub fn backtest_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(BacktestResult);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}

#[derive(Deserialize)]
struct Named {
    contract: String,
}
