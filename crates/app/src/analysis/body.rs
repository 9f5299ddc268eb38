//! A node's task: asked on a thread of a worker, its report the output.

use std::sync::Arc;
use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, AnalysisJob, AnalysisResult, AnalysisStatus, Degraded, LlmJob, NodeOutcome,
    NodeReport, NodeRole,
};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::signal::ReasonCode;
use fondaco_domain::{ErrorKind, Hint, Timeframe};
use thiserror::Error;

use super::ask::{Desk, Limits, Question, ask};
use super::decision::decide;
use super::keys::{self, Node};
use super::lanes::{answer, degraded};
use super::prompts::{self, Inputs, PromptError, prompt};
use super::reader::OfRole;
use super::recovery::{Again, recover};
use super::{job, keys::split};
use crate::ports::exec::{Assignment, Need, Outcome, TaskBody, Watch};
use crate::ports::machine::Machine;
use crate::ports::model::{Models, NanoDollars, Seat};
use crate::runner::in_words;
use crate::tools::{Scope, Toolbox};

/// Where nodes get their answers: the adapters, put together outside.
#[derive(Clone)]
pub struct AnalysisBody {
    /// Models by name.
    pub models: Arc<dyn Models>,
    /// What they may call.
    pub tools: Toolbox,
    /// The strategy's lane.
    pub quant: Arc<dyn QuantLane>,
    /// Time.
    pub machine: Arc<dyn Machine>,
}

/// A strategy, evaluated up to the day of an item.
pub trait QuantLane: Send + Sync {
    /// What it says. A lane that says nothing is an outcome, too.
    fn outcome(&self, job: &AnalysisJob, item: &AnalysisItem) -> QuantTold;
}

/// What a strategy says, and on what data.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantTold {
    /// Its opinion, or why it has none.
    pub outcome: NodeOutcome,
    /// What it read.
    pub read: Vec<fondaco_contract::v1alpha1::analysis::Read>,
}

/// A task that cannot be done.
#[derive(Debug, Error)]
enum BodyError {
    /// The spec is no analysis.
    #[error(transparent)]
    Job(#[from] job::JobError),
    /// The key names nothing in the spec.
    #[error("task `{0}` is no node of this analysis")]
    Node(String),
    /// What a node before it left does not read.
    #[error("the report of `{node}` does not read")]
    Report {
        /// Whose.
        node: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// There is no prompt to ask with.
    #[error("the prompt of `{node}` cannot be written")]
    Prompt {
        /// Whose.
        node: String,
        /// Why not.
        #[source]
        source: PromptError,
    },
}

impl Hint for BodyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Job(error) => error.kind(),
            Self::Node(_) => ErrorKind::Invalid,
            Self::Report { .. } => ErrorKind::Corrupt,
            Self::Prompt { .. } => ErrorKind::Internal,
        }
    }
}

impl TaskBody for AnalysisBody {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        match self.done(assignment, watch) {
            Ok(outcome) => outcome,
            Err(error) => Outcome::Failed {
                class: ErrorClass::Permanent,
                error: in_words(&error),
            },
        }
    }
}

impl AnalysisBody {
    fn done(&self, assignment: &Assignment, watch: &dyn Watch) -> Result<Outcome, BodyError> {
        let job = job::parse(&assignment.spec)?;
        let unknown = || BodyError::Node(assignment.key.clone());
        let (prefix, node) = split(&assignment.key).ok_or_else(unknown)?;
        let mut items = job.items.iter();
        let item = items.find(|item| keys::prefix(&job, item) == prefix);
        let sitting = Sitting {
            body: self,
            assignment,
            job: &job,
            item: item.ok_or_else(unknown)?,
            earlier: assignment
                .needs
                .iter()
                .map(report)
                .collect::<Result<_, _>>()?,
            stopped: &|| watch.stopped(),
        };
        match node {
            Node::Quant => Ok(completed(&sitting.quant())),
            Node::Decision => sitting.decision(),
            _ => sitting.asked(node),
        }
    }
}

/// What a node before it left; of one that left nothing, that it did.
fn report(need: &Need) -> Result<NodeReport, BodyError> {
    if let Some(output) = &need.output {
        return serde_json::from_str(output).map_err(|source| BodyError::Report {
            node: need.key.clone(),
            source,
        });
    }
    let role = split(&need.key).and_then(|(_, node)| node.role());
    let role = role.ok_or_else(|| BodyError::Node(need.key.clone()))?;
    let detail = need.detail.as_deref().unwrap_or("no reason is known");
    Ok(NodeReport {
        node: need.key.clone(),
        role,
        model: None,
        outcome: NodeOutcome::Degraded(Degraded {
            reason: "lost".to_owned(),
            lane: None,
            data_quality: None,
            detail: format!("its task {}: {detail}", need.state.as_str()),
            retryable: true,
        }),
        read: Vec::new(),
        calls: Vec::new(),
    })
}

fn completed(report: &impl serde::Serialize) -> Outcome {
    Outcome::Completed {
        output: Some(serde_json::to_string(report).expect("reports always serialise")),
    }
}

/// One node of one item, with what it heard.
struct Sitting<'a> {
    body: &'a AnalysisBody,
    assignment: &'a Assignment,
    job: &'a AnalysisJob,
    item: &'a AnalysisItem,
    earlier: Vec<NodeReport>,
    stopped: &'a (dyn Fn() -> bool + Sync),
}

impl Sitting<'_> {
    fn quant(&self) -> NodeReport {
        let told = self.body.quant.outcome(self.job, self.item);
        NodeReport {
            node: self.assignment.key.clone(),
            role: NodeRole::Quant,
            model: None,
            outcome: told.outcome,
            read: told.read,
            calls: Vec::new(),
        }
    }

    fn asked(&self, node: Node) -> Result<Outcome, BodyError> {
        let again = Again {
            node,
            seat: self.assignment.key.clone(),
            earlier: &self.earlier,
            time: Duration::MAX,
            compact: false,
        };
        Ok(match self.node(&again)? {
            Some(report) => completed(&report),
            None => Outcome::Stopped,
        })
    }

    /// Merges the lanes, after a last try where one was lost.
    fn decision(&self) -> Result<Outcome, BodyError> {
        let wrong = std::cell::RefCell::new(None);
        let ask = |again: &Again<'_>| match self.node(again) {
            Ok(report) => report,
            Err(error) => {
                *wrong.borrow_mut() = Some(error);
                None
            }
        };
        let elapsed = || self.body.machine.monotonic();
        let recovered = recover(self.job, self.earlier.clone(), &elapsed, &ask);
        if let Some(error) = wrong.into_inner() {
            return Err(error);
        }
        let Some(recovered) = recovered else {
            return Ok(Outcome::Stopped);
        };
        let result = decide(self.job, self.item, &recovered);
        Ok(match result.status {
            AnalysisStatus::Failed => Outcome::Failed {
                class: ErrorClass::Permanent,
                error: without_evidence(result),
            },
            _ => completed(&result),
        })
    }

    /// Asks a node; nothing where nobody wants its answer any more.
    fn node(&self, again: &Again<'_>) -> Result<Option<NodeReport>, BodyError> {
        let (Some(llm), Some(role)) = (&self.job.llm, again.node.role()) else {
            return Err(BodyError::Node(self.assignment.key.clone()));
        };
        let model = if again.node.is_manager() {
            &llm.deep
        } else {
            &llm.quick
        };
        let report = |outcome, read, calls| NodeReport {
            node: again.seat.clone(),
            role,
            model: Some(model.clone()),
            outcome,
            read,
            calls,
        };
        let nothing = nothing_to_go_on(again.node, again.earlier)
            .or_else(|| other_prompts(llm.prompts.as_deref()));
        if let Some(nothing) = nothing {
            let outcome = NodeOutcome::Degraded(nothing);
            return Ok(Some(report(outcome, Vec::new(), Vec::new())));
        }
        let inputs = Inputs {
            item: self.item,
            round: again.node.round(),
            earlier: again.earlier,
            portfolio: self.job.portfolio.as_ref(),
            peers: self.job.peers.as_ref(),
            compact: again.compact,
        };
        let prompt = prompt(role, &inputs).map_err(|source| BodyError::Prompt {
            node: again.seat.clone(),
            source,
        })?;
        let scope = self.scope();
        let question = Question {
            seat: Seat {
                run: self.assignment.id.run,
                node: &again.seat,
                model,
                limit: self.job.budget_nano.map(NanoDollars),
                replay: self.job.replay.as_deref(),
            },
            about: std::slice::from_ref(&self.item.ticker),
            prompt,
            scope: &scope,
            limits: Limits {
                max_tokens: llm.max_tokens,
                tool_turns: llm.tool_turns,
                temperature_milli: llm.temperature_milli,
                seed: llm.seed,
                time: time(again.node, llm).min(again.time),
            },
        };
        let desk = Desk {
            models: &*self.body.models,
            tools: &self.body.tools,
            machine: &*self.body.machine,
            stopped: self.stopped,
        };
        Ok(ask(&desk, &question, &OfRole(role)).map(|told| {
            let outcome = told.answer.unwrap_or_else(NodeOutcome::Degraded);
            let outcome = lose_the_lane(again.node, outcome);
            report(outcome, told.read, told.calls)
        }))
    }

    fn scope(&self) -> Scope {
        let data = self.job.data.as_ref();
        Scope {
            clock: job::clock(self.job, self.item),
            opening: None,
            candles: data.map(|data| data.candles.clone()),
            timeframe: data.map_or(Timeframe::DAY, |data| data.timeframe),
            research: data.map(|data| data.research),
            portfolio: self.job.portfolio.clone(),
        }
    }
}

fn time(node: Node, llm: &LlmJob) -> Duration {
    let seconds = match node {
        Node::Analyst(_) => llm.analyst_seconds,
        _ => llm.research_seconds,
    };
    Duration::from_secs(seconds.into())
}

/// Another program than the one that accepted the run would ask other
/// questions under the same name.
fn other_prompts(pinned: Option<&str>) -> Option<Degraded> {
    let own = prompts::hash().to_string();
    let pinned = pinned.filter(|pinned| *pinned != own)?;
    Some(Degraded {
        reason: "prompts".to_owned(),
        lane: Some(ReasonCode::LlmInitFailed),
        data_quality: None,
        detail: format!("the run was accepted with the prompts {pinned}; this program has {own}"),
        retryable: false,
    })
}

/// Why a node need not be asked at all: its lane is lost already, or nobody
/// who looked had anything to say.
fn nothing_to_go_on(node: Node, earlier: &[NodeReport]) -> Option<Degraded> {
    let because = |lane, detail: String| Degraded {
        reason: "no_input".to_owned(),
        lane,
        data_quality: None,
        detail,
        retryable: false,
    };
    if matches!(node, Node::Analyst(_)) {
        return None;
    }
    let mut of_lane = earlier
        .iter()
        .filter(|report| report.role != NodeRole::Quant);
    let lost = of_lane.find_map(|report| {
        let degraded = degraded(report)?;
        Some((report, degraded.lane?))
    });
    if let Some((report, lane)) = lost {
        let detail = format!("the lane was lost at {}", report.node);
        return Some(because(Some(lane), detail));
    }
    let looked = earlier.iter().filter(|report| {
        let node = split(&report.node).map(|(_, node)| node);
        matches!(node, Some(Node::Analyst(_)))
    });
    if looked.clone().any(|report| answer(report).is_some()) {
        return None;
    }
    let why: Vec<String> = looked
        .map(|report| format!("{}: {}", report.node, why_not(report)))
        .collect();
    let detail = format!("no analyst had anything to say ({})", why.join("; "));
    Some(because(Some(ReasonCode::LlmSignalFailed), detail))
}

fn why_not(report: &NodeReport) -> &str {
    match &report.outcome {
        NodeOutcome::Answered(_) => "answered",
        NodeOutcome::Abstained(abstention) => &abstention.why,
        NodeOutcome::Degraded(degraded) => &degraded.detail,
    }
}

/// Without the verdict or the decision there is no lane. The others may be
/// missing.
fn lose_the_lane(node: Node, outcome: NodeOutcome) -> NodeOutcome {
    match outcome {
        NodeOutcome::Degraded(degraded) if node.is_manager() => NodeOutcome::Degraded(Degraded {
            lane: degraded.lane.or(Some(ReasonCode::LlmSignalFailed)),
            ..degraded
        }),
        other => other,
    }
}

/// As the reason of a task that failed: what nodes said stands in their
/// reports.
fn without_evidence(mut result: AnalysisResult) -> String {
    result.evidence.clear();
    serde_json::to_string(&result).expect("results always serialise")
}
