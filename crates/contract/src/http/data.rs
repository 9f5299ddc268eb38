//! Candles on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;

/// The name of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetName {
    /// Where the candles come from.
    #[schemars(schema_with = "words::venue")]
    pub venue: String,
    /// The instrument.
    #[schemars(schema_with = "words::symbol")]
    pub symbol: String,
    /// The length of a candle.
    #[schemars(schema_with = "words::timeframe")]
    pub timeframe: String,
    /// What the numbers are.
    #[schemars(schema_with = "words::candle_kind")]
    pub kind: String,
}

/// One state of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataVersionView {
    /// 1 for the first, then upwards by one.
    #[schemars(range(min = 1))]
    pub number: u32,
    /// SHA-256 of its rows.
    #[schemars(schema_with = "words::hash")]
    pub id: String,
    /// The version it was made from.
    pub parent: Option<String>,
    /// Candles.
    pub rows: u64,
    /// Open time of the first candle.
    #[schemars(schema_with = "words::instant")]
    pub first: String,
    /// Open time of the last candle.
    #[schemars(schema_with = "words::instant")]
    pub last: String,
    /// File names or an address.
    pub source: String,
    /// When it was made.
    #[schemars(schema_with = "words::instant")]
    pub created_at: String,
}

/// A data set with its newest version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetView {
    /// Its name.
    #[serde(flatten)]
    pub name: DatasetName,
    /// Where it can be looked at.
    pub url: String,
    /// The newest version.
    pub version: DataVersionView,
}

/// A data set with its history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatasetHistoryView {
    /// Its name.
    #[serde(flatten)]
    pub name: DatasetName,
    /// Every version, the oldest first.
    pub versions: Vec<DataVersionView>,
}

/// Whether a data set reaches to the present.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FreshnessWord {
    /// It has all that there should be.
    Fresh,
    /// A candle that should be there is not.
    Stale,
    /// Nobody can tell: there is no list of the days its market was closed.
    NoHolidays,
    /// Nobody can tell: the calendar of its market does not know the year.
    NotInCalendar,
}

/// How far a data set reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreshnessView {
    /// Its name.
    #[serde(flatten)]
    pub name: DatasetName,
    /// Whether it has all that there should be. What nobody can tell is not.
    pub is_fresh: bool,
    /// What is to be said.
    pub verdict: FreshnessWord,
    /// Open time of its last candle.
    #[schemars(schema_with = "words::instant")]
    pub last: String,
    /// Open time of the newest candle that should be there, where one can tell.
    #[schemars(schema_with = "words::instant_or_none")]
    #[serde(default)]
    pub expected: Option<String>,
    /// The calendar it was held against.
    #[schemars(schema_with = "words::calendar")]
    pub calendar: String,
    /// Whether that was guessed from the name.
    pub calendar_guessed: bool,
    /// Candles.
    pub rows: u64,
}

/// How far data sets reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FreshnessReport {
    /// The time it was judged for.
    #[schemars(schema_with = "words::instant")]
    pub as_of: String,
    /// Whether all of them are fresh.
    pub all_fresh: bool,
    /// By data set, in order.
    pub items: Vec<FreshnessView>,
}

/// Candles of a data set, by column.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CandlesView {
    /// The name of the data set.
    #[serde(flatten)]
    pub name: DatasetName,
    /// The version they are from.
    pub version: DataVersionView,
    /// Open times, in milliseconds since 1970.
    pub time: Vec<i64>,
    /// Open prices.
    pub open: Vec<f64>,
    /// The highest prices.
    pub high: Vec<f64>,
    /// The lowest prices.
    pub low: Vec<f64>,
    /// Close prices.
    pub close: Vec<f64>,
    /// Volumes.
    pub volume: Vec<f64>,
    /// Give it as `from` to get what follows; absent where this is all.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(schema_with = "words::instant")]
    #[serde(default)]
    pub next: Option<String>,
}

/// Missing candles that follow one another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MissingView {
    /// The first missing stamp.
    #[schemars(schema_with = "words::instant")]
    pub first: String,
    /// The last.
    #[schemars(schema_with = "words::instant")]
    pub last: String,
    /// How many.
    pub missing: usize,
}

/// A row that shows a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExampleView {
    /// Its place among the candles, from 0.
    pub row: usize,
    /// Its stamp.
    #[schemars(schema_with = "words::instant")]
    pub at: String,
    /// What it shows.
    pub shows: String,
}

/// Something wrong with candles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FindingView {
    /// What, of the closed list.
    #[schemars(schema_with = "issues")]
    pub issue: String,
    /// `info`, `warning` or `error`.
    #[schemars(schema_with = "severities")]
    pub severity: String,
    /// How many candles.
    pub count: usize,
    /// The first few.
    pub examples: Vec<ExampleView>,
    /// What is missing, for gaps and stale tails; the first hundred ranges.
    pub missing: Vec<MissingView>,
}

fn severities(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words::closed(["info", "warning", "error"])
}

fn issues(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words::closed([
        "gap",
        "duplicate",
        "contradiction",
        "out_of_order",
        "not_finite",
        "negative",
        "zero_price",
        "high_below_low",
        "outside_range",
        "spike",
        "step",
        "stale_tail",
        "unaligned",
        "off_session",
        "not_in_calendar",
    ])
}

/// The candles of a data set against the calendar of their market.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DataCheckView {
    /// The name of the data set.
    #[serde(flatten)]
    pub name: DatasetName,
    /// The version that was looked at.
    pub version: DataVersionView,
    /// The calendar it was held against.
    #[schemars(schema_with = "words::calendar")]
    pub calendar: String,
    /// Whether that was guessed from the name.
    pub calendar_guessed: bool,
    /// The worst finding, where there is one.
    #[schemars(schema_with = "severity_or_none")]
    #[serde(default)]
    pub worst: Option<String>,
    /// What was found, the worst first.
    pub findings: Vec<FindingView>,
}

fn severity_or_none(schemas: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words::or_none(severities(schemas))
}

/// What an import did to a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportedView {
    /// Its name.
    #[serde(flatten)]
    pub name: DatasetName,
    /// Where it can be looked at.
    pub url: String,
    /// Its newest version; none where nothing was to be stored.
    pub version: Option<DataVersionView>,
    /// Candles of the file.
    pub read: usize,
    /// Candles that were not there before.
    pub added: usize,
    /// Candles that took the place of others.
    pub replaced: usize,
    /// What was assumed and left out.
    pub notes: Vec<String>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportView {
    /// The name of the file as it was kept.
    pub filename: String,
    /// Its bytes.
    pub bytes: u64,
    /// Whether nothing was stored because that was asked.
    pub dry_run: bool,
    /// By data set, in order.
    pub imported: Vec<ImportedView>,
}
