//! Stories, what they explain, and what companies filed.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryView {
    /// Its name: hash of what was published.
    pub id: String,
    /// When it was published.
    pub published_at: String,
    /// From when on it was known.
    pub known_at: String,
    /// Its headline.
    pub title: String,
    /// Its first words.
    pub summary: String,
    /// Who published it; empty where that is not known.
    pub source: String,
    /// Where.
    pub url: Option<String>,
    /// What it is about.
    pub symbols: Vec<String>,
}

/// A day of an instrument: a daily candle, and the stories that became known
/// on its date in UTC.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayView {
    /// Its date.
    pub date: String,
    /// Its close.
    pub close: f64,
    /// Its close over that of the day before, less one.
    pub change: Option<f64>,
    /// How many stories.
    pub stories: u64,
    /// Good words of their headlines without the bad ones, of all of either:
    /// -1 to 1; none where there are neither.
    pub tone: Option<f64>,
}

/// How far two days are from each other. Each part is a difference over the
/// standard deviation of all days compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DistanceView {
    /// The root of the sum of the squares of the parts.
    pub total: f64,
    /// Of the change of the price.
    pub change: f64,
    /// Of the logarithm of one more than the number of stories.
    pub stories: f64,
    /// Of the tone, 0 where there is none.
    pub tone: f64,
}

/// A day that was like another.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimilarDayView {
    /// Which.
    #[serde(flatten)]
    pub day: DayView,
    /// How like.
    pub distance: DistanceView,
    /// The change of the price on the next trading day, where that is before
    /// the day asked for.
    pub next_change: Option<f64>,
}

/// A day, and days before it that were like it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SimilarDaysView {
    /// The instrument.
    pub ticker: String,
    /// The day asked for.
    pub day: DayView,
    /// How many days were compared.
    pub compared: usize,
    /// The nearest first.
    pub similar_days: Vec<SimilarDayView>,
}

/// A day of a range, and what was told on it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainedDayView {
    /// Which.
    #[serde(flatten)]
    pub day: DayView,
    /// The newest of them.
    pub headlines: Vec<StoryView>,
}

/// What moved a price within a range.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RangeExplainView {
    /// The instrument.
    pub ticker: String,
    /// The first date.
    pub start_date: String,
    /// The last date.
    pub end_date: String,
    /// The last close over the close before the range, less one.
    pub change: Option<f64>,
    /// Days with a candle.
    pub trading_days: usize,
    /// Stories of all days.
    pub stories: u64,
    /// Those that moved most first.
    pub days: Vec<ExplainedDayView>,
}

/// A number and its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FigureView {
    /// The number.
    pub value: f64,
    /// `USD`, `USD / shares`, `shares`.
    pub unit: String,
}

/// Figures as a company filed them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FilingView {
    /// From when on they were known.
    pub known_at: String,
    /// The year they are about, as the company counts.
    pub fiscal_year: String,
    /// `Q1` to `Q4`, `FY` or `TTM`.
    pub fiscal_period: String,
    /// The first day they are about.
    pub period_start: Option<String>,
    /// The last day they are about.
    pub period_end: String,
    /// By statement and item: `income_statement.revenues`.
    pub figures: BTreeMap<String, FigureView>,
}

/// What a company filed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FinancialsView {
    /// The instrument.
    pub ticker: String,
    /// The newest known first; of several for one period, too.
    pub financials: Vec<FilingView>,
}
