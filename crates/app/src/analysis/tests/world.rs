//! A graph that runs: the plan in its order, each node with what it needs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, AnalysisJob, AnalysisResult, NodeAnswer, NodeOutcome, NodeReport,
};
use fondaco_domain::signal::{Direction, Probability};
use fondaco_domain::task::{Fence, TaskNo, TaskPlan, TaskState};
use fondaco_domain::{RunId, UnixMicros};
use serde_json::{Value, json};

use crate::analysis::body::{AnalysisBody, QuantLane, QuantTold};
use crate::analysis::keys::{Node, split};
use crate::analysis::plan::AnalysisPlanner;
use crate::ports::exec::{Assignment, AttemptId, Need, Outcome, TaskBody, Watch};
use crate::ports::machine::Machine;
use crate::ports::model::{
    CallContext, Capabilities, Completion, Finish, Model, ModelError, ModelRequest, Models,
    NanoDollars, Seat, ToolCall, ToolSpec, Usage,
};
use crate::ports::plan::Planner;
use crate::tools::{Answer, Scope, Tool, ToolError, Toolbox};

/// What a node is answered, in order; the last again and again.
pub(super) type Script = Vec<Said>;

/// One answer.
#[derive(Clone)]
pub(super) enum Said {
    /// A document.
    Json(Value),
    /// Words.
    Text(&'static str),
    /// A wish for a tool.
    Wish(&'static str, Value),
    /// Cut off.
    Cut(&'static str),
    /// Held back.
    Refused,
    /// None.
    Error(fn() -> ModelError),
    /// None, after so many seconds.
    Slow(u64, fn() -> ModelError),
}

/// Models, tools and time.
pub(super) struct World {
    pub(super) job: Value,
    scripts: BTreeMap<String, Script>,
    pub(super) can: Capabilities,
    pub(super) refuses: Option<fn() -> ModelError>,
    asked: Mutex<Vec<(String, ModelRequest)>>,
    seconds: AtomicU64,
    pub(super) quant: NodeOutcome,
}

/// What came of a run.
pub(super) struct Ran {
    pub(super) reports: Vec<NodeReport>,
    pub(super) result: AnalysisResult,
    pub(super) asked: Vec<(String, ModelRequest)>,
}

impl World {
    /// In which all goes well: analysts and managers look up.
    pub(super) fn new() -> Self {
        Self {
            job: json!({
                "kind": "analysis", "version": 1,
                "items": [{"ticker": "AAPL", "date": "2025-03-04"}],
                "quant": {"strategy": {"text": ""}},
                "llm": {"quick": "test/quick", "deep": "test/deep"},
            }),
            scripts: BTreeMap::new(),
            can: Capabilities {
                schema: true,
                tools: true,
                seed: true,
                temperature: true,
                context_tokens: 100_000,
            },
            refuses: None,
            asked: Mutex::default(),
            seconds: AtomicU64::new(0),
            quant: NodeOutcome::Answered(NodeAnswer {
                text: "long since Monday".into(),
                points: vec![],
                direction: Some(Direction::Long),
                confidence: Some(Probability::try_from(0.5).unwrap()),
                rating: None,
                document: Value::Null,
            }),
        }
    }

    /// With what a node is answered.
    pub(super) fn node(mut self, node: &str, script: Script) -> Self {
        self.scripts.insert(node.to_owned(), script);
        self
    }

    pub(super) fn job(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.job);
        self
    }

    /// Runs all of it.
    pub(super) fn run(self) -> Ran {
        let spec = self.job.to_string();
        let world = Arc::new(self);
        let body = AnalysisBody {
            models: world.clone(),
            tools: Toolbox::default()
                .with(Echo("indicators"))
                .with(Echo("news")),
            quant: world.clone(),
            machine: world.clone(),
        };
        let plan: Vec<TaskPlan> = AnalysisPlanner.tasks(&spec).unwrap().collect();
        let mut ended: Vec<Need> = Vec::new();
        for (task, no) in plan.iter().zip(0..) {
            let needs = task.needs.iter().map(|need| ended[need.0 as usize].clone());
            let outcome = body.run(&assignment(&spec, task, no, needs.collect()), &Patient);
            ended.push(need(task, outcome));
        }
        let last = ended.pop().unwrap();
        let result = last.output.or(last.detail).unwrap();
        let report = |need: &Need| serde_json::from_str(need.output.as_ref().unwrap()).unwrap();
        Ran {
            reports: ended.iter().map(report).collect(),
            result: serde_json::from_str(&result).unwrap(),
            asked: world.asked.lock().unwrap().clone(),
        }
    }
}

fn assignment(spec: &str, task: &TaskPlan, no: u32, needs: Vec<Need>) -> Assignment {
    Assignment {
        id: AttemptId {
            run: RunId::new(1, [0; 10]),
            task: TaskNo(no),
            fence: Fence(0),
        },
        attempt: 1,
        kind: task.kind,
        key: task.key.clone(),
        spec: spec.to_owned(),
        input: None,
        needs,
    }
}

fn need(task: &TaskPlan, outcome: Outcome) -> Need {
    let key = task.key.clone();
    match outcome {
        Outcome::Completed { output } => Need {
            key,
            state: TaskState::Completed,
            output,
            detail: None,
        },
        Outcome::Failed { error, .. } => Need {
            key,
            state: TaskState::Failed,
            output: None,
            detail: Some(error),
        },
        Outcome::Skipped { .. } | Outcome::Stopped => panic!("{key} was stopped by nobody"),
    }
}

impl Ran {
    pub(super) fn report(&self, node: &str) -> &NodeReport {
        let is_it = |report: &&NodeReport| report.node == format!("AAPL/{node}");
        self.reports.iter().find(is_it).unwrap()
    }

    /// What a node was asked, in order.
    pub(super) fn asked(&self, node: &str) -> Vec<&ModelRequest> {
        let of_node = self
            .asked
            .iter()
            .filter(|(seat, _)| seat.ends_with(&format!("AAPL/{node}")));
        of_node.map(|(_, request)| request).collect()
    }

    /// The reason of a node that gave no answer.
    pub(super) fn reason(&self, node: &str) -> &str {
        match &self.report(node).outcome {
            NodeOutcome::Degraded(degraded) => &degraded.reason,
            other => panic!("{node}: {other:?}"),
        }
    }
}

/// A document that fits the form of a node.
pub(super) fn document(node: Node) -> Value {
    match node {
        Node::Analyst(_) => json!({
            "summary": "It rises.", "points": ["Up 3 % in 5 days."], "direction": 1,
            "confidence": 0.6, "abstain": null
        }),
        Node::Bull(_) | Node::Bear(_) => json!({
            "argument": "It has momentum.", "points": ["Up 3 %."], "rebuts": [], "confidence": 0.6
        }),
        Node::ResearchManager => json!({
            "winner": "bull", "rationale": "Momentum weighs more.", "direction": 1,
            "confidence": 0.6, "plan": "Buy in two steps."
        }),
        Node::Trader => json!({
            "action": "buy", "rationale": "With the trend.", "horizon_days": 20,
            "stop_loss_pct": 5.0, "take_profit_pct": null
        }),
        Node::PortfolioManager => manager("BUY"),
        _ => json!({"argument": "The stop is close.", "points": [], "stance": "Take it."}),
    }
}

/// A decision.
pub(super) fn manager(rating: &str) -> Value {
    json!({
        "rating": rating, "hold_subtype": "N/A", "confidence": 0.7,
        "rationale": "All point up.", "warnings": ["Earnings in a week."]
    })
}

/// An error of each kind that a provider has.
pub(super) fn rate_limited() -> ModelError {
    ModelError::RateLimited {
        provider: "test".into(),
        retry_after: None,
    }
}

pub(super) fn timed_out() -> ModelError {
    ModelError::TimedOut {
        provider: "test".into(),
        deadline: Duration::from_secs(75),
    }
}

pub(super) fn no_key() -> ModelError {
    ModelError::Auth {
        provider: "test".into(),
    }
}

pub(super) fn mismatch() -> ModelError {
    ModelError::Mismatch {
        provider: "test".into(),
        url: "http://other".into(),
    }
}

impl Models for World {
    fn capabilities(&self, _model: &str) -> Result<Capabilities, ModelError> {
        self.refuses.map_or(Ok(self.can), |refuses| Err(refuses()))
    }

    fn open<'a>(&'a self, _seat: &Seat<'a>) -> Result<Box<dyn Model + 'a>, ModelError> {
        Ok(Box::new(self))
    }

    fn cost(&self, _model: &str, usage: Usage) -> NanoDollars {
        NanoDollars((usage.input + usage.output) as i64)
    }
}

impl Model for World {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let mut asked = self.asked.lock().unwrap();
        let (_, node) = split(context.node).unwrap();
        let name = node.to_string();
        let before = asked
            .iter()
            .filter(|(seat, _)| split(seat).unwrap().1 == node);
        let place = before.count();
        asked.push((context.node.to_owned(), request.clone()));
        let script = self.scripts.get(&name);
        let said = script.and_then(|script| script.get(place).or(script.last()));
        match said.cloned().unwrap_or_else(|| Said::Json(document(node))) {
            Said::Json(document) => Ok(words(&document.to_string(), Finish::Stop)),
            Said::Text(text) => Ok(words(text, Finish::Stop)),
            Said::Cut(text) => Ok(words(text, Finish::Length)),
            Said::Refused => Ok(words("", Finish::Refused)),
            Said::Wish(tool, arguments) => Ok(Completion {
                calls: vec![ToolCall {
                    id: format!("call-{place}"),
                    name: tool.to_owned(),
                    arguments,
                }],
                ..words("", Finish::Tools)
            }),
            Said::Error(error) => Err(error()),
            Said::Slow(seconds, error) => {
                self.seconds.fetch_add(seconds, Ordering::Relaxed);
                Err(error())
            }
        }
    }
}

fn words(text: &str, finish: Finish) -> Completion {
    Completion {
        text: text.to_owned(),
        calls: Vec::new(),
        finish,
        usage: Usage {
            input: 100,
            cached: 40,
            output: 10,
        },
        model: "test".into(),
    }
}

impl QuantLane for World {
    fn outcome(&self, _job: &AnalysisJob, _item: &AnalysisItem) -> QuantTold {
        QuantTold {
            outcome: self.quant.clone(),
            read: Vec::new(),
        }
    }
}

impl Machine for World {
    fn wall(&self) -> UnixMicros {
        UnixMicros(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::Relaxed))
    }

    fn entropy(&self) -> [u8; 10] {
        [0; 10]
    }
}

/// A tool that says what it was asked, and by which clock.
struct Echo(&'static str);

impl Tool for Echo {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.0.into(),
            description: "says it again".into(),
            parameters: json!({"type": "object"}),
        }
    }

    fn call(&self, arguments: &Value, scope: &Scope) -> Result<Answer, ToolError> {
        if arguments.get("symbol").is_none() {
            return Err(ToolError::Arguments {
                tool: self.0.into(),
                problem: "`symbol` is wanted".into(),
            });
        }
        Ok(Answer {
            text: json!({"asked": arguments, "clock": scope.clock}).to_string(),
            read: Vec::new(),
        })
    }
}

/// Wants every answer.
struct Patient;

impl Watch for Patient {
    fn stopped(&self) -> bool {
        false
    }

    fn wait(&self, _time: Duration) {}

    fn progress(&self, _text: &str) {}
}
