//! Analyses in the words of the dashboard: its task payload, its result and
//! its live signals. The only place where that is decided.
//!
//! A lane that says nothing has no direction, no rating and `available:
//! false`; it is never a wish to hold.

mod live;

pub use live::{LiveResult, LiveSignal};

use fondaco_contract::v1alpha1::analysis::{
    AnalysisResult, BudgetState, Classification, DataQualitySummary, Degradation, Evidence,
    LaneResult, StructuredDecision,
};
use fondaco_domain::run::RunState;
use fondaco_domain::signal::{Direction, Probability, Rating};
use fondaco_domain::{Symbol, UnixMicros};
use jiff::civil::Date;
use serde::Serialize;

use super::names::{self, About, Found};
use super::{ItemShown, ItemState, Shown, StageState};

/// The version of all of these.
pub const CONTRACT: &str = "v1alpha1";

/// The public payload of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct TaskPayload {
    pub contract_version: &'static str,
    pub task_id: String,
    pub request_id: String,
    pub executor_type: &'static str,
    /// Where the result is, once there is one.
    pub result_ref: Option<String>,
    pub status: &'static str,
    pub created_at: String,
    pub degradation_summary: Option<Degradation>,
    pub data_quality_summary: Option<DataQualitySummary>,
    pub evidence: Option<Vec<Evidence>>,
    pub tentative_classification: Option<Classification>,
    pub budget_state: BudgetState,
    pub error: Option<TaskError>,
    #[serde(flatten)]
    pub subject: Subject,
    pub compat: Compat,
}

/// What a task is about.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub enum Subject {
    /// One item.
    Analysis {
        ticker: String,
        date: String,
        progress: u8,
        current_stage: Option<&'static str>,
        elapsed_seconds: i64,
        stages: Vec<TaskStage>,
        result: Option<TaskResult>,
    },
    /// A list.
    Portfolio {
        r#type: &'static str,
        total: usize,
        completed: usize,
        failed: usize,
        current_ticker: Option<String>,
        progress: u8,
        elapsed_seconds: i64,
        results: Vec<Part>,
    },
}

/// A stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct TaskStage {
    pub name: &'static str,
    pub status: &'static str,
    pub completed_at: Option<String>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct Part {
    pub task_id: String,
    pub ticker: String,
    pub date: String,
    pub status: &'static str,
    pub progress: u8,
    pub result: Option<TaskResult>,
    pub error: Option<TaskError>,
}

/// What came of an item.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct TaskResult {
    pub decision: Option<Rating>,
    pub confidence: Option<Probability>,
    pub signals: Signals,
    pub degraded: bool,
    pub report: Report,
}

/// The lanes, and what they come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct Signals {
    pub merged: Merged,
    pub quant: QuantLane,
    pub llm: LlmLane,
}

/// One signal of both lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct Merged {
    pub direction: Option<Direction>,
    pub rating: Option<Rating>,
}

/// The strategy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct QuantLane {
    pub direction: Option<Direction>,
    pub rating: Option<Rating>,
    pub available: bool,
}

/// The models'.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct LlmLane {
    pub direction: Option<Direction>,
    pub rating: Option<Rating>,
    pub available: bool,
    pub structured: Option<StructuredDecision>,
}

/// The report that belongs to a result.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct Report {
    pub path: Option<String>,
    pub available: bool,
}

/// Why there is no decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct TaskError {
    pub code: String,
    pub message: String,
    pub retryable: bool,
}

/// The same once more where older clients look for it; what is not there is
/// left out.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct Compat {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Rating>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quant_signal: Option<Rating>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub llm_signal: Option<Rating>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Probability>,
}

impl TaskPayload {
    /// Of a task as it stands; nothing where the part of a list that is asked
    /// for is not one of it.
    pub fn of(found: &Found, shown: &Shown, now: UnixMicros) -> Option<Self> {
        match (found.named.about, found.part) {
            (About::Portfolio, None) => Some(Self::of_list(found, shown, now)),
            (_, part) => {
                let item = shown.items.get(part.unwrap_or(0))?;
                Some(Self::of_item(found, shown, item, now))
            }
        }
    }

    fn of_item(found: &Found, shown: &Shown, item: &ItemShown, now: UnixMicros) -> Self {
        let result = item.result.as_ref();
        let shown_result = task_result(item);
        Self {
            result_ref: result.map(|_| result_ref(shown, item)),
            status: status(item),
            degradation_summary: result.map(|result| result.degradation.clone()),
            data_quality_summary: result.and_then(|result| result.data_quality.clone()),
            evidence: result.map(|result| result.evidence.clone()),
            tentative_classification: result
                .and_then(|result| result.tentative_classification.clone()),
            budget_state: BudgetState {
                limit_nano: shown.job.budget_nano,
                ..item.spent
            },
            error: error(shown, item),
            compat: shown_result
                .as_ref()
                .map_or_else(Compat::default, Compat::of),
            subject: Subject::Analysis {
                ticker: item.item.ticker.to_string(),
                date: item.item.date.to_string(),
                progress: item.progress,
                current_stage: item.current.map(super::super::keys::Stage::as_str),
                elapsed_seconds: elapsed(shown, item.ended_at.or(shown.run.finished_at), now),
                stages: stages(item),
                result: shown_result,
            },
            ..Self::bare(found, shown)
        }
    }

    fn of_list(found: &Found, shown: &Shown, now: UnixMicros) -> Self {
        let count =
            |wanted: fn(&ItemShown) -> bool| shown.items.iter().filter(|it| wanted(it)).count();
        let current = shown.items.iter().find(|it| it.state == ItemState::Running);
        let parts = shown.items.iter().enumerate().map(|(index, item)| Part {
            task_id: names::part(&found.task_id, index),
            ticker: item.item.ticker.to_string(),
            date: item.item.date.to_string(),
            status: status(item),
            progress: item.progress,
            result: task_result(item),
            error: error(shown, item),
        });
        Self {
            result_ref: None,
            status: list_status(shown),
            budget_state: shown.spent(),
            error: ended_by_somebody(shown),
            subject: Subject::Portfolio {
                r#type: "portfolio",
                total: shown.items.len(),
                completed: count(|it| {
                    status(it) == "completed" || status(it) == "degraded_success"
                }),
                failed: count(|it| status(it) == "failed"),
                current_ticker: current.map(|it| it.item.ticker.to_string()),
                progress: shown.progress(),
                elapsed_seconds: elapsed(shown, shown.run.finished_at, now),
                results: parts.collect(),
            },
            ..Self::bare(found, shown)
        }
    }

    fn bare(found: &Found, shown: &Shown) -> Self {
        Self {
            contract_version: CONTRACT,
            task_id: found.task_id.clone(),
            request_id: found.named.request_id.clone(),
            executor_type: "direct",
            result_ref: None,
            status: "pending",
            created_at: shown.run.created_at.to_string(),
            degradation_summary: None,
            data_quality_summary: None,
            evidence: None,
            tentative_classification: None,
            budget_state: BudgetState::default(),
            error: None,
            subject: Subject::Portfolio {
                r#type: "portfolio",
                total: 0,
                completed: 0,
                failed: 0,
                current_ticker: None,
                progress: 0,
                elapsed_seconds: 0,
                results: Vec::new(),
            },
            compat: Compat::default(),
        }
    }
}

impl Compat {
    fn of(result: &TaskResult) -> Self {
        Self {
            decision: result.decision,
            quant_signal: result.signals.quant.rating,
            llm_signal: result.signals.llm.rating,
            confidence: result.confidence,
        }
    }
}

/// The word for where an item stands.
pub fn status(item: &ItemShown) -> &'static str {
    match item.state {
        ItemState::Pending => "pending",
        ItemState::Running => "running",
        ItemState::Completed | ItemState::DegradedSuccess => {
            if item.result.as_ref().is_some_and(is_degraded) {
                "degraded_success"
            } else {
                "completed"
            }
        }
        ItemState::Failed => "failed",
        ItemState::Cancelled | ItemState::Halted => "cancelled",
    }
}

/// The word for where a list stands.
fn list_status(shown: &Shown) -> &'static str {
    let is_whole = |item: &ItemShown| status(item) == "completed";
    match shown.run.state {
        RunState::Queued => "pending",
        RunState::Running | RunState::Halting | RunState::Cancelling => "running",
        RunState::Completed if shown.items.iter().all(is_whole) => "completed",
        RunState::Completed | RunState::Partial => "degraded_success",
        RunState::Failed => "failed",
        RunState::Cancelled | RunState::Halted => "cancelled",
    }
}

/// Anything missing: a reason why a lane is, something wrong with the data, or
/// a lane without a rating.
pub fn is_degraded(result: &AnalysisResult) -> bool {
    let lanes = [&result.signals.quant, &result.signals.llm];
    !result.degradation.reason_codes.is_empty()
        || result.degradation.degraded
        || result.data_quality.is_some()
        || lanes.iter().any(|lane| lane.rating.is_none())
}

/// What came of an item that has a decision.
pub fn task_result(item: &ItemShown) -> Option<TaskResult> {
    let result = item.result.as_ref().filter(|it| it.decision.is_some())?;
    let merged = result.signals.merged.as_ref();
    let (quant, llm) = (&result.signals.quant, &result.signals.llm);
    Some(TaskResult {
        decision: result.decision,
        confidence: result.confidence,
        signals: Signals {
            merged: Merged {
                direction: merged.map(|merged| merged.direction),
                rating: merged.map(|merged| merged.rating),
            },
            quant: QuantLane {
                direction: said(quant, quant.direction),
                rating: said(quant, quant.rating),
                available: quant.available,
            },
            llm: LlmLane {
                direction: said(llm, llm.direction),
                rating: said(llm, llm.rating),
                available: llm.available,
                structured: said(llm, llm.structured.clone()),
            },
        },
        degraded: is_degraded(result),
        report: Report {
            path: Some(report_path(&result.ticker, result.date)),
            available: true,
        },
    })
}

/// Where the report of an instrument on a day is read.
pub fn report_path(ticker: &Symbol, date: Date) -> String {
    let ticker = ticker.as_str().replace('/', "%2F");
    format!("/api/reports/{ticker}/{date}")
}

/// What a lane says, where it says anything.
fn said<T>(lane: &LaneResult, what: Option<T>) -> Option<T> {
    what.filter(|_| lane.available)
}

fn stages(item: &ItemShown) -> Vec<TaskStage> {
    let stages = item.stages.iter().map(|stage| TaskStage {
        name: stage.stage.as_str(),
        // What ended without its aim has an end all the same; why is said by
        // the task.
        status: match stage.state {
            StageState::Failed | StageState::Cancelled => "pending",
            other => other.as_str(),
        },
        completed_at: stage.completed_at.map(|at| at.to_string()),
    });
    stages.collect()
}

fn error(shown: &Shown, item: &ItemShown) -> Option<TaskError> {
    if matches!(item.state, ItemState::Cancelled | ItemState::Halted) {
        return ended_by_somebody(shown).or_else(|| Some(cancelled("cancelled", None)));
    }
    if item.state != ItemState::Failed {
        return None;
    }
    let told = item.result.as_ref().and_then(|result| result.error.clone());
    Some(match told {
        Some(error) => TaskError {
            code: error.code,
            message: error.message,
            retryable: error.retryable,
        },
        None => TaskError {
            code: "analysis_failed".to_owned(),
            message: item.failure.clone().unwrap_or_default(),
            retryable: false,
        },
    })
}

fn ended_by_somebody(shown: &Shown) -> Option<TaskError> {
    let reason = shown.run.reason.as_deref();
    match shown.run.state {
        RunState::Cancelled | RunState::Cancelling => Some(cancelled("cancelled", reason)),
        RunState::Halted => Some(cancelled("halted", reason)),
        _ => None,
    }
}

fn cancelled(code: &str, reason: Option<&str>) -> TaskError {
    let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
    TaskError {
        code: code.to_owned(),
        message: format!("the analysis was {code}{reason}"),
        retryable: false,
    }
}

fn result_ref(shown: &Shown, item: &ItemShown) -> String {
    let base = format!("/v1/analyses/{}/result", shown.run.id);
    if shown.items.len() > 1 {
        format!("{base}?item={}", item.key)
    } else {
        base
    }
}

fn elapsed(shown: &Shown, ended: Option<UnixMicros>, now: UnixMicros) -> i64 {
    let until = ended.unwrap_or(now);
    (until.0 - shown.run.created_at.0).max(0) / 1_000_000
}
