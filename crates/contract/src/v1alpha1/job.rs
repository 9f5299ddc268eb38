//! What a backtest is asked to be.

use std::collections::BTreeMap;

use fondaco_domain::{Symbol, Timeframe};
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::backtest::Kind;
use super::costs::Costs;
use super::freqtrade_config::{self, FreqtradeConfig};
use super::settings::{Profile, Range, Stake, TradingMode};
use crate::error::ContractError;

/// Everything a backtest needs, as values: the same document gives the same
/// result, now or later, here or on another machine that has the candles.
///
/// All but the kind, the version and the strategy may be left out. What
/// depends on the moment (which instruments there are, which versions of
/// their candles) is filled in when the document is accepted. Money is in the
/// stake currency, ratios are plain numbers (0.05 is 5 %).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BacktestJob {
    /// What kind of run it is.
    pub kind: Kind,
    /// Version of this form.
    pub version: JobVersion,
    /// The rules.
    pub strategy: JobStrategy,
    /// Values of parameters of the strategy, in place of its defaults.
    #[serde(default)]
    pub params: BTreeMap<String, f64>,
    /// Instruments in the order in which they compete for slots. None: those
    /// of the freqtrade configuration, or all there are candles of.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub pairs: Vec<Symbol>,
    /// The tested range.
    #[serde(default)]
    pub range: Range,
    /// Where the candles come from.
    #[serde(default)]
    pub candles: JobCandles,
    /// Files of signals in place of the strategy's rules.
    #[serde(default)]
    pub signals: Option<JobFolder>,
    /// Money and slots.
    #[serde(default)]
    pub account: JobAccount,
    /// Whose semantics.
    #[serde(default = "freqtrade")]
    pub profile: Profile,
    /// The numbers of the realistic profile; `null` for its defaults.
    #[serde(default)]
    pub costs: Option<Costs>,
    /// Splits and dividends for the realistic profile, by the name that an
    /// instrument has in files, in lower case: `aapl`, `btc_usdt`.
    #[serde(default)]
    pub histories: BTreeMap<String, JobHistory>,
    /// Steps, minimum costs and leverage tiers of further markets: the text of
    /// a markets file (TOML).
    #[serde(default)]
    pub markets: Option<String>,
    /// Whether missing candles are filled with the close before them.
    #[serde(default)]
    pub fill_gaps: JobFill,
    /// Decide what happens inside a candle by smaller ones, such as `1m`.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub timeframe_detail: Option<Timeframe>,
    /// Whether the strategy's protections lock pairs.
    #[serde(default)]
    pub protections: bool,
    /// Seed of everything random; at most 9007199254740991, the largest that
    /// every reader of JSON keeps.
    #[serde(default)]
    #[schemars(range(max = 9_007_199_254_740_991_u64))]
    pub seed: u64,
    /// Whether an HTML report is written with the result.
    #[serde(default = "yes")]
    pub report: bool,
    /// Candle length in place of the strategy's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub timeframe: Option<Timeframe>,
    /// What it was prepared for and from, where it was asked for by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<JobOrigin>,
}

/// What a job was prepared for and from. It changes no figure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobOrigin {
    /// The run it was prepared for. A run that does the same once more has the
    /// same job, and names its parent.
    pub run_id: String,
    /// Version of the registered strategy; `null` where the text was handed in.
    pub strategy_version: Option<u32>,
    /// What the run is a part of, in the words of who asked.
    pub experiment: Option<String>,
    /// SHA-256 of the request in its canonical form: what makes two requests
    /// the same one.
    pub request: String,
}

fn freqtrade() -> Profile {
    Profile::Freqtrade
}

fn yes() -> bool {
    true
}

/// Version of the form of a job: always 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct JobVersion;

impl TryFrom<u32> for JobVersion {
    type Error = String;

    fn try_from(version: u32) -> Result<Self, String> {
        if version == 1 {
            Ok(Self)
        } else {
            Err(format!("version {version} is not known, only 1 is"))
        }
    }
}

impl From<JobVersion> for u32 {
    fn from(_: JobVersion) -> Self {
        1
    }
}

impl JsonSchema for JobVersion {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "JobVersion".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "Version of the form of a job: always 1.",
            "type": "integer",
            "const": 1
        })
    }
}

/// The rules of a backtest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobStrategy {
    /// The text of a strategy file (TOML).
    pub text: String,
}

/// Where candles come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobCandles {
    /// A store of versioned candles.
    Store {
        /// Folder or URL; `null` for the store of whoever runs the job.
        #[serde(default)]
        place: Option<String>,
        /// Only candles of this venue; `null` for any.
        #[serde(default)]
        venue: Option<String>,
        /// The data sets and their versions; `null` for the newest there are
        /// when the job is accepted.
        #[serde(default)]
        versions: Option<Vec<JobDataset>>,
    },
    /// A freqtrade data folder, read where it lies.
    Freqtrade(JobFolder),
    /// Nowhere: the files of signals bring them.
    Signals {},
}

impl Default for JobCandles {
    /// The newest of the store of whoever runs the job.
    fn default() -> Self {
        Self::Store {
            place: None,
            venue: None,
            versions: None,
        }
    }
}

/// A version of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobDataset {
    /// Where the candles are from.
    pub venue: String,
    /// The instrument.
    #[schemars(with = "String")]
    pub symbol: Symbol,
    /// Candle length, such as `5m`.
    #[schemars(with = "String")]
    pub timeframe: Timeframe,
    /// What the numbers are.
    pub kind: CandleKind,
    /// The hash of its rows, or its first digits.
    pub version: String,
}

/// What the numbers of a candle are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandleKind {
    /// Prices and volumes of trades.
    Trades,
    /// Mark prices of a swap.
    Mark,
    /// Funding rates of a swap.
    FundingRate,
}

/// A folder of files to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFolder {
    /// Its absolute path.
    pub folder: String,
    /// SHA-256 of the files that are read, by their path in the folder: the
    /// job is refused where one has changed. `null` for as they are when the
    /// job is accepted.
    #[serde(default)]
    pub files: Option<BTreeMap<String, String>>,
}

/// Money and slots. What is absent or `null` is as the freqtrade
/// configuration says, or the strategy, or as stated here.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobAccount {
    /// A freqtrade configuration: the keys of it that a backtest reads.
    #[serde(default, deserialize_with = "freqtrade_config::strict")]
    pub freqtrade_config: Option<FreqtradeConfig>,
    /// Money at the start; otherwise 10000.
    #[serde(default)]
    pub balance: Option<f64>,
    /// Currency of the money; otherwise what the pairs are quoted in.
    #[serde(default)]
    pub currency: Option<String>,
    /// Fee of each fill as a ratio of its value; otherwise 0.001.
    #[serde(default)]
    pub fee: Option<f64>,
    /// Stake of an entry.
    #[serde(default)]
    pub stake: Option<Stake>,
    /// Positions open at once.
    #[serde(default)]
    pub max_open_trades: Option<OpenTrades>,
    /// Owned outright or on margin; otherwise on margin where every pair is a
    /// swap.
    #[serde(default)]
    pub trading_mode: Option<TradingMode>,
}

/// How many positions may be open at once: a number, or -1 for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub enum OpenTrades {
    /// As many as there are signals.
    Unlimited,
    /// So many.
    Limit(u32),
}

impl OpenTrades {
    /// The number, where there is one.
    pub fn limit(self) -> Option<u32> {
        match self {
            Self::Unlimited => None,
            Self::Limit(limit) => Some(limit),
        }
    }
}

impl TryFrom<i64> for OpenTrades {
    type Error = String;

    fn try_from(count: i64) -> Result<Self, String> {
        match u32::try_from(count) {
            Ok(limit) => Ok(Self::Limit(limit)),
            Err(_) if count == -1 => Ok(Self::Unlimited),
            Err(_) => Err(format!(
                "{count} is no number of open trades: write -1 for no limit, or 0 to {}",
                u32::MAX
            )),
        }
    }
}

impl From<OpenTrades> for i64 {
    fn from(open: OpenTrades) -> Self {
        open.limit().map_or(-1, Self::from)
    }
}

impl JsonSchema for OpenTrades {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "OpenTrades".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "How many positions may be open at once: a number, or -1 for no limit.",
            "type": "integer",
            "minimum": -1,
            "maximum": u32::MAX
        })
    }
}

/// Splits and dividends of one instrument.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum JobHistory {
    /// Factors that adjust its prices.
    Factors {
        /// Names what they were read from; part of the result's hash.
        version: String,
        /// Oldest first.
        rows: Vec<JobFactors>,
    },
    /// The events themselves.
    Lists {
        /// Names what they were read from; part of the result's hash.
        version: String,
        /// Oldest first.
        splits: Vec<JobSplit>,
        /// Oldest first.
        dividends: Vec<JobDividend>,
    },
}

/// Factors for all days up to and including one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobFactors {
    /// The last day they are for.
    #[schemars(with = "String")]
    pub date: Date,
    /// Multiplies prices for dividends paid later.
    pub price_factor: f64,
    /// Multiplies prices for splits made later.
    pub split_factor: f64,
    /// The raw close of that day; zero where not known.
    pub reference_price: f64,
}

/// Shares exchanged for others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobSplit {
    /// The first day traded in new shares.
    #[schemars(with = "String")]
    pub date: Date,
    /// Old shares given.
    pub from: f64,
    /// New shares received.
    pub to: f64,
}

/// Cash paid for each share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JobDividend {
    /// The first day traded without it.
    #[schemars(with = "String")]
    pub ex_date: Date,
    /// When the cash arrives, where known.
    #[schemars(with = "Option<String>")]
    pub pay_date: Option<Date>,
    /// Cash for one share.
    pub amount: f64,
    /// Its currency.
    pub currency: String,
}

/// Whether missing candles are filled with the close before them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum JobFill {
    /// For pairs with a quote currency, whose market never closes.
    #[default]
    Auto,
    /// For all.
    Always,
    /// For none.
    Never,
}

/// The published JSON schema of [`BacktestJob`], as it is in `schemas/`.
pub fn backtest_job_schema() -> Result<String, ContractError> {
    let schema = schemars::schema_for!(BacktestJob);
    serde_json::to_string_pretty(&schema)
        .map(|text| text + "\n")
        .map_err(ContractError::Write)
}
