//! Days of models, found by book, model and date.

mod imported;

use std::ops::RangeInclusive;

use fondaco_contract::v1alpha1::simulation::{ModelDay, SimDate};
use fondaco_domain::{RunId, UnixMicros};
use rust_decimal::Decimal;

use super::Failure;

pub use imported::{ImportedDetail, ImportedJob, ImportedStatus, Taken};

/// A completed day of a model, as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptDay {
    /// The book it belongs to; none of a run by itself.
    pub book: Option<String>,
    /// Where it was done.
    pub origin: Origin,
    /// When it began.
    pub started_at: UnixMicros,
    /// When it was done.
    pub completed_at: UnixMicros,
    /// Whether an earlier day of the same model was done anew since: it goes on
    /// from something that is no longer so.
    pub stale: bool,
    /// The day.
    pub day: ModelDay,
}

/// Where a day was done.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// In a run.
    Run(RunId),
    /// In another program: the name of its job there.
    Imported(String),
}

impl std::fmt::Display for Origin {
    /// The name of the job in answers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Run(run) => write!(f, "{run}"),
            Self::Imported(job) => f.write_str(job),
        }
    }
}

/// Which days.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DayQuery {
    /// Of this book; none for any, and for days that belong to none.
    pub book: Option<String>,
    /// Done there.
    pub origin: Option<Origin>,
    /// Of this model.
    pub model: Option<String>,
    /// Of these days, whole days included.
    pub dates: Option<RangeInclusive<jiff::civil::Date>>,
    /// Before this step.
    pub before: Option<SimDate>,
    /// Whether days that another one replaced since are given, too.
    pub replaced: bool,
    /// Whether stale ones are left out.
    pub fresh_only: bool,
    /// The newest first, in place of the oldest.
    pub newest_first: bool,
    /// How many at most; none for all.
    pub limit: Option<usize>,
}

/// What a day came to, without the day.
#[derive(Debug, Clone, PartialEq)]
pub struct DayValue {
    /// The book it belongs to.
    pub book: Option<String>,
    /// Where it was done.
    pub origin: Origin,
    /// Whose.
    pub model: String,
    /// The step.
    pub date: SimDate,
    /// When it was done.
    pub completed_at: UnixMicros,
    /// What all was worth at its end.
    pub value: Decimal,
}

/// Kept days. Of a book, a model and a date the day that was done last is the
/// one there is (by [`KeptDay::completed_at`]; of two that were done at the
/// same time, the one that was put later). The others are replaced, and stay to
/// be found by [`DayQuery::replaced`]. Days of no book replace none.
///
/// A day is stale where an earlier one of its book and model was done after it.
///
/// Days of a run are put as its tasks complete. A model has one day of a date
/// in a run: who puts it twice changes nothing. Calls may come from any thread
/// and wait for the disk.
pub trait DayStore: Send + Sync {
    /// Keeps days, and how far the feed of runs was followed for that: both or
    /// nothing. Later days of the same book and model that were done before
    /// become stale. What was followed further already is left as it is.
    fn put(&self, days: &[KeptDay], followed: Option<u64>) -> Result<(), Failure>;

    /// How far the feed of runs was followed.
    fn followed(&self) -> Result<u64, Failure>;

    /// Days, by date, then by model, then as they were put.
    fn days(&self, query: &DayQuery) -> Result<Vec<KeptDay>, Failure>;

    /// Models and dates of days: as [`DayStore::days`] without reading them.
    fn dates(&self, query: &DayQuery) -> Result<Vec<(String, SimDate)>, Failure>;

    /// What days came to: as [`DayStore::days`] without reading them.
    fn values(&self, query: &DayQuery) -> Result<Vec<DayValue>, Failure>;

    /// Keeps the jobs of another program and their days: all or nothing. A job
    /// that was taken in before is as it is told now; a day that was is left as
    /// it is.
    fn import(&self, jobs: &[ImportedJob], days: &[KeptDay]) -> Result<Taken, Failure>;

    /// A job of another program.
    fn imported(&self, job: &str) -> Result<Option<ImportedJob>, Failure>;
}
