//! Reports of analyses: what one decided, what it read, and who said what.
//!
//! A report is made when it is asked for, from the outputs of the run's tasks:
//! nothing is kept beside them. What it looks like is an adapter's matter, see
//! [`Pages`].

mod read;

pub use read::{Which, find, of_run};

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::analysis::{AnalysisJob, AnalysisResult, NodeOutcome, NodeReport};
use fondaco_domain::signal::Rating;
use fondaco_domain::task::TaskState;
use fondaco_domain::{ErrorKind, Hint, RunId, Symbol, UnixMicros};
use jiff::civil::Date;
use serde::Serialize;
use thiserror::Error;

use crate::analysis::keys::{Node, Stage};
use crate::ports::Failure;
use crate::ports::runs::RunStoreError;
use crate::recommendations::RecommendationError;

/// All that a report of one analysis tells.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The run that made it.
    pub run: RunId,
    /// When that was accepted.
    pub asked_at: UnixMicros,
    /// What was asked for, with nothing left open.
    pub job: AnalysisJob,
    /// What came of it.
    pub result: AnalysisResult,
    /// Its nodes, in the order of the plan; the decision is not one of them.
    pub nodes: Vec<NodeTold>,
}

/// A node, and what became of its task.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeTold {
    /// The key of its task.
    pub key: String,
    /// Which.
    pub node: Node,
    /// Where its task stands.
    pub state: TaskState,
    /// What it said; nothing where its task did not complete.
    pub report: Option<NodeReport>,
    /// When its last attempt began.
    pub started_at: Option<UnixMicros>,
    /// When that ended.
    pub ended_at: Option<UnixMicros>,
    /// How often it was tried.
    pub attempts: u32,
}

/// What reports look like.
pub trait Pages: Send + Sync {
    /// As Markdown.
    fn markdown(&self, report: &Report) -> String;

    /// As one HTML page that needs nothing else.
    fn html(&self, report: &Report) -> String;

    /// As PDF. Takes seconds: for a thread that may wait.
    fn pdf(&self, report: &Report) -> Result<Vec<u8>, Failure>;
}

/// A report as clients of the dashboard read it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Historical {
    /// Always `v1alpha1`.
    pub contract_version: String,
    /// The instrument.
    pub ticker: Symbol,
    /// The day.
    pub date: Date,
    /// The rating; `null` where there is none.
    pub decision: Option<Rating>,
    /// The whole report, as Markdown.
    pub report: String,
    /// Which parts of it there are.
    pub artifacts: Artifacts,
}

/// Which parts of a report there are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Artifacts {
    /// Whether every stage has spoken and there is a decision.
    pub complete_report: bool,
    /// Of each stage whether somebody has answered in it.
    pub stage_reports: BTreeMap<&'static str, bool>,
}

impl Report {
    /// As clients of the dashboard read it.
    pub fn historical(&self, pages: &dyn Pages) -> Historical {
        let answered = |stage: Stage| {
            let mut of_stage = self
                .nodes
                .iter()
                .filter(|one| one.node.stage() == Some(stage));
            of_stage.any(NodeTold::answered)
        };
        let stage_reports: BTreeMap<_, _> = Stage::ALL
            .into_iter()
            .map(|stage| (stage.as_str(), answered(stage)))
            .collect();
        Historical {
            contract_version: self.result.contract_version.clone(),
            ticker: self.result.ticker.clone(),
            date: self.result.date,
            decision: self.result.decision,
            report: pages.markdown(self),
            artifacts: Artifacts {
                complete_report: self.result.decision.is_some()
                    && stage_reports.values().all(|there| *there),
                stage_reports,
            },
        }
    }

    /// How its files are called, without the extension: `AAPL-2025-03-04`.
    pub fn file_stem(&self) -> String {
        format!("{}-{}", self.result.ticker.file_stem(), self.result.date)
    }
}

impl NodeTold {
    fn answered(&self) -> bool {
        let outcome = self.report.as_ref().map(|report| &report.outcome);
        matches!(outcome, Some(NodeOutcome::Answered(_)))
    }
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// Nothing was decided that day.
    #[error("there is no report of {ticker} on {date}")]
    None {
        /// The instrument.
        ticker: Symbol,
        /// The day.
        date: Date,
    },
    /// The run is no analysis, or not there.
    #[error("there is no analysis {0}")]
    NoAnalysis(RunId),
    /// It is about several items, and none or another was named.
    #[error("analysis {run} is about {}", .items.join(", "))]
    Which {
        /// The run.
        run: RunId,
        /// Its items.
        items: Vec<String>,
    },
    /// It has not come to an end yet, or to none that can be told.
    #[error("analysis {run} of {ticker} has no result yet")]
    NoResult {
        /// The run.
        run: RunId,
        /// The instrument.
        ticker: Symbol,
    },
    /// A document that cannot be read.
    #[error("{what} of run {run} cannot be read")]
    Damaged {
        /// The run.
        run: RunId,
        /// The key of a task, or `the spec`.
        what: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// What analyses decided cannot be read.
    #[error(transparent)]
    Recommendations(RecommendationError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl From<RecommendationError> for ReportError {
    fn from(error: RecommendationError) -> Self {
        match error {
            RecommendationError::None { ticker, date } => Self::None { ticker, date },
            other => Self::Recommendations(other),
        }
    }
}

impl Hint for ReportError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::None { .. } | Self::NoAnalysis(_) => ErrorKind::NotFound,
            Self::Which { .. } => ErrorKind::Invalid,
            Self::NoResult { .. } => ErrorKind::Conflict,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Recommendations(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::None { ticker, .. } => {
                format!("see `fondaco report list --ticker {ticker}`")
            }
            Self::NoAnalysis(_) => "see `fondaco run list --kind analysis`".to_owned(),
            Self::Which { .. } => "name the ticker and the day of one of them".to_owned(),
            Self::NoResult { run, .. } => format!("see how far it is: `fondaco run show {run}`"),
            Self::Damaged { run, .. } => {
                format!("it may be of another version of the program: see `fondaco run show {run}`")
            }
            Self::Recommendations(error) => return error.hint(),
            Self::Store(error) => return error.hint(),
        })
    }
}
