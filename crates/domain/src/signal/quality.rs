//! What is wrong with the data of lanes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Source;

/// What is wrong, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityState {
    /// Provider and address do not belong together.
    ProviderMismatch,
    /// The market was closed on that day.
    NonTradingDay,
    /// The newest candle is older than the day.
    StaleData,
    /// Candles lack fields.
    PartialData,
    /// There are no candles.
    NoData,
    /// Some of the research gave no answer.
    ResearchDegraded,
}

/// What is wrong with the data of one lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataQuality {
    /// What.
    pub state: QualityState,
    /// Fields that candles lack.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_fields: Vec<String>,
    /// The last day there is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_available_date: Option<Date>,
}

/// What is wrong with the data of a lane, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Whose.
    pub source: Source,
    /// What.
    #[serde(flatten)]
    pub quality: DataQuality,
}

/// The worst, and all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualitySummary {
    /// The worst; of two alike, that of the quant lane.
    #[serde(flatten)]
    pub worst: Issue,
    /// All of them, quant first.
    pub issues: Vec<Issue>,
}

/// What is wrong with the data of both lanes; nothing where nothing is.
pub fn summary(quant: Option<&DataQuality>, llm: Option<&DataQuality>) -> Option<QualitySummary> {
    let issues: Vec<Issue> = [(Source::Quant, quant), (Source::Llm, llm)]
        .into_iter()
        .filter_map(|(source, quality)| {
            let quality = quality?.clone();
            Some(Issue { source, quality })
        })
        .collect();
    let worst = issues.iter().min_by_key(|issue| issue.quality.state)?;
    Some(QualitySummary {
        worst: worst.clone(),
        issues,
    })
}
