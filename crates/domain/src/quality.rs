//! What is wrong with candles: found, counted and shown, never corrected.

mod fill;
mod gaps;
mod rows;
mod spikes;

pub use fill::fill_gaps;
pub use spikes::{SPIKE_SIGMAS, STEP_RATIO};

use serde::{Deserialize, Serialize};

use crate::bars::Columns;
use crate::calendar::{Anchor, Calendar};
use crate::time::UnixMillis;
use crate::timeframe::Timeframe;

/// The closed list of what can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Issue {
    /// Candles the market's calendar expects are missing.
    Gap,
    /// A row repeats another of the same stamp.
    Duplicate,
    /// A row differs from another of the same stamp.
    Contradiction,
    /// A row is older than the one above it.
    OutOfOrder,
    /// A number is NaN or infinite.
    NotFinite,
    /// A price or volume is negative.
    Negative,
    /// A price is zero.
    ZeroPrice,
    /// The high is below the low.
    HighBelowLow,
    /// The open or the close lies outside of low and high.
    OutsideRange,
    /// One candle leaves its neighbours and comes back; see
    /// [`SPIKE_SIGMAS`].
    Spike,
    /// The price moves by more than [`STEP_RATIO`] and stays: a split, or
    /// another instrument.
    Step,
    /// The data end before they should.
    StaleTail,
    /// A stamp is not at a multiple of the candle length.
    Unaligned,
    /// A candle at a time when the market was closed.
    OffSession,
    /// The calendar does not know the year: gaps were not looked for.
    NotInCalendar,
}

impl Issue {
    /// How bad it is.
    pub fn severity(self) -> Severity {
        match self {
            Self::Contradiction | Self::NotFinite | Self::Negative | Self::HighBelowLow => {
                Severity::Error
            }
            Self::Gap
            | Self::Duplicate
            | Self::ZeroPrice
            | Self::OutsideRange
            | Self::Spike
            | Self::Step
            | Self::StaleTail
            | Self::Unaligned => Severity::Warning,
            Self::OutOfOrder | Self::OffSession | Self::NotInCalendar => Severity::Info,
        }
    }

    /// The name in JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Gap => "gap",
            Self::Duplicate => "duplicate",
            Self::Contradiction => "contradiction",
            Self::OutOfOrder => "out_of_order",
            Self::NotFinite => "not_finite",
            Self::Negative => "negative",
            Self::ZeroPrice => "zero_price",
            Self::HighBelowLow => "high_below_low",
            Self::OutsideRange => "outside_range",
            Self::Spike => "spike",
            Self::Step => "step",
            Self::StaleTail => "stale_tail",
            Self::Unaligned => "unaligned",
            Self::OffSession => "off_session",
            Self::NotInCalendar => "not_in_calendar",
        }
    }
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Results may be wrong.
    Warning,
    /// Cannot be true.
    Error,
}

/// One kind of trouble in one series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What.
    pub issue: Issue,
    /// How bad.
    pub severity: Severity,
    /// How many candles or rows.
    pub count: usize,
    /// The first few rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<Example>,
    /// All missing candles, for gaps and stale tails.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ranges: Vec<MissingRange>,
}

/// A row that shows a finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Example {
    /// Zero-based row as read.
    pub row: usize,
    /// Its stamp.
    pub at: UnixMillis,
    /// What it shows.
    pub shows: String,
}

/// Missing candles that follow one another in the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MissingRange {
    /// The first missing stamp.
    pub first: UnixMillis,
    /// The last.
    pub last: UnixMillis,
    /// How many.
    pub missing: usize,
}

/// The outcome of a check.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Rows as read.
    pub rows: usize,
    /// The earliest stamp.
    pub first: Option<UnixMillis>,
    /// The latest stamp.
    pub last: Option<UnixMillis>,
    /// Where candles within a day were found to start.
    pub anchor: Anchor,
    /// What was found, by kind.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The worst finding.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// A finding of a kind.
    pub fn finding(&self, issue: Issue) -> Option<&Finding> {
        self.findings.iter().find(|finding| finding.issue == issue)
    }
}

/// What may differ between series of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Rules {
    /// Funding rates: only `open` counts, it may be negative or zero and jump.
    pub rates: bool,
}

/// Looks at rows as they were read. `as_of` is the time the data should reach
/// to; without it the tail is not judged.
pub fn check(
    rows: &Columns,
    calendar: &Calendar,
    timeframe: Timeframe,
    rules: Rules,
    as_of: Option<UnixMillis>,
) -> Report {
    let mut stamps = rows.time.clone();
    stamps.sort_unstable();
    stamps.dedup();
    let anchor = gaps::anchor(&stamps, calendar, timeframe);
    let mut findings = rows::findings(rows, rules);
    findings.extend(gaps::findings(
        &stamps, rows, calendar, timeframe, anchor, as_of,
    ));
    if !rules.rates {
        findings.extend(spikes::findings(rows));
    }
    findings.sort_by_key(|finding| (std::cmp::Reverse(finding.severity), finding.issue));
    Report {
        rows: rows.time.len(),
        first: stamps.first().copied(),
        last: stamps.last().copied(),
        anchor,
        findings,
    }
}

/// Collects the rows of one kind of trouble.
struct Collector {
    issue: Issue,
    count: usize,
    examples: Vec<Example>,
}

impl Collector {
    const MOST_EXAMPLES: usize = 5;

    fn new(issue: Issue) -> Self {
        Self {
            issue,
            count: 0,
            examples: Vec::new(),
        }
    }

    fn add(&mut self, row: usize, at: UnixMillis, shows: impl FnOnce() -> String) {
        self.count += 1;
        if self.examples.len() < Self::MOST_EXAMPLES {
            let shows = shows();
            self.examples.push(Example { row, at, shows });
        }
    }

    fn finding(self) -> Option<Finding> {
        (self.count > 0).then(|| Finding {
            issue: self.issue,
            severity: self.issue.severity(),
            count: self.count,
            examples: self.examples,
            ranges: Vec::new(),
        })
    }
}

#[cfg(test)]
mod tests;
