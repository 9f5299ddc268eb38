//! From the document of a job to one that makes sense, and back.

use std::collections::BTreeSet;
use std::fmt::Display;

use fondaco_contract::v1alpha1::analysis::{AnalysisItem, AnalysisJob, LlmJob};
use fondaco_domain::{Canonical, ErrorKind, Hint, Timeframe, UnixMillis};
use thiserror::Error;

/// What is wrong with a job.
#[derive(Debug, Error)]
pub enum JobError {
    /// It has not the form of one.
    #[error("the analysis job is not in its form{}", at(.field))]
    Form {
        /// Where.
        field: String,
        /// What is wrong there.
        #[source]
        source: serde_json::Error,
    },
    /// There is nothing to analyse.
    #[error("the analysis job has no items")]
    NoItems,
    /// An item stands there twice.
    #[error("{ticker} on {date} is asked for twice")]
    SameItem {
        /// The instrument.
        ticker: String,
        /// The day.
        date: String,
    },
    /// Neither lane is asked for.
    #[error("the analysis job asks for no lane")]
    NoLane,
    /// A number out of its range.
    #[error("`{field}` is {found}: {wanted} is wanted")]
    Range {
        /// Where.
        field: &'static str,
        /// What is there.
        found: String,
        /// What may be.
        wanted: &'static str,
    },
    /// An analyst is named twice, or none is.
    #[error("`llm.analysts` names {0}")]
    Analysts(&'static str),
    /// A number that JSON cannot hold.
    #[error("the analysis job holds a number that is not finite")]
    NotFinite,
}

fn at(field: &str) -> String {
    match field {
        "." | "?" => String::new(),
        field => format!(" at `{field}`"),
    }
}

impl Hint for JobError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Form { .. } => "schemas/analysis-job.v1alpha1.json has the form".to_owned(),
            Self::NoItems => {
                "write \"items\": [{\"ticker\": \"AAPL\", \"date\": \"2025-03-04\"}]".to_owned()
            }
            Self::SameItem { .. } => "name each day of an instrument once".to_owned(),
            Self::NoLane => "give `quant`, `llm` or both".to_owned(),
            Self::Range { .. } | Self::Analysts(_) | Self::NotFinite => return None,
        })
    }
}

/// Reads a job and checks it; what is wrong with it is said with its place.
pub fn parse(text: &str) -> Result<AnalysisJob, JobError> {
    let form = |field, source| JobError::Form { field, source };
    let mut reader = serde_json::Deserializer::from_str(text);
    let job: AnalysisJob = serde_path_to_error::deserialize(&mut reader)
        .map_err(|error| form(error.path().to_string(), error.into_inner()))?;
    reader
        .end()
        .map_err(|source| form(".".to_owned(), source))?;
    check(&job)?;
    Ok(job)
}

/// The one text of a job, and its hash: the name of the spec. Reading it gives
/// the job again.
pub fn canonical(job: &AnalysisJob) -> Result<Canonical, JobError> {
    check(job)?;
    let canonical = Canonical::of(job).map_err(|_| JobError::NotFinite)?;
    // JSON turns a NaN into `null`, which is something else here.
    match parse(canonical.text()) {
        Ok(read) if read == *job => Ok(canonical),
        _ => Err(JobError::NotFinite),
    }
}

/// Whether it makes sense.
pub fn check(job: &AnalysisJob) -> Result<(), JobError> {
    if job.items.is_empty() {
        return Err(JobError::NoItems);
    }
    let mut seen = BTreeSet::new();
    for item in &job.items {
        if !seen.insert(item) {
            return Err(JobError::SameItem {
                ticker: item.ticker.to_string(),
                date: item.date.to_string(),
            });
        }
    }
    if job.quant.is_none() && job.llm.is_none() {
        return Err(JobError::NoLane);
    }
    if let Some(budget) = job.budget_nano {
        within("budget_nano", &budget, 0, i64::MAX, "0 or more")?;
    }
    job.llm.as_ref().map_or(Ok(()), check_llm)
}

fn check_llm(llm: &LlmJob) -> Result<(), JobError> {
    let distinct: BTreeSet<_> = llm.analysts.iter().collect();
    if llm.analysts.is_empty() {
        return Err(JobError::Analysts("nobody"));
    }
    if distinct.len() < llm.analysts.len() {
        return Err(JobError::Analysts("one twice"));
    }
    within("llm.debate_rounds", &llm.debate_rounds, 1, 10, "1 to 10")?;
    within("llm.risk_rounds", &llm.risk_rounds, 1, 10, "1 to 10")?;
    let seconds = "1 to 86400";
    within(
        "llm.analyst_seconds",
        &llm.analyst_seconds,
        1,
        86_400,
        seconds,
    )?;
    within(
        "llm.research_seconds",
        &llm.research_seconds,
        1,
        86_400,
        seconds,
    )?;
    within("llm.tool_turns", &llm.tool_turns, 0, 50, "0 to 50")?;
    within(
        "llm.max_tokens",
        &llm.max_tokens,
        1,
        1_000_000,
        "1 to 1000000",
    )
}

fn within<N: PartialOrd + Display>(
    field: &'static str,
    found: &N,
    least: N,
    most: N,
    wanted: &'static str,
) -> Result<(), JobError> {
    if (least..=most).contains(found) {
        return Ok(());
    }
    Err(JobError::Range {
        field,
        found: found.to_string(),
        wanted,
    })
}

/// The instant from which on nothing exists for an item: the end of its day in
/// UTC, which is after the close of the American and the Asian exchanges, or
/// the acceptance of the job, where that was earlier.
pub fn clock(job: &AnalysisJob, item: &AnalysisItem) -> UnixMillis {
    let end = UnixMillis::midnight(item.date).plus(Timeframe::DAY.millis());
    let accepted = job.data.as_ref().map(|data| UnixMillis(data.accepted_ms));
    accepted.map_or(end, |accepted| end.min(accepted))
}
