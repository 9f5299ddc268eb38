//! Workers of analyses that say what a test wants.

use std::sync::Arc;

use fondaco_app::analysis::keys::{Node, split};
use fondaco_app::ports::runs::{Claimed, Exchange, Report, Want};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{UnixMicros, WorkerId};
use fondaco_server::Platform;
use serde_json::{Value, json};

use crate::client::Client;

/// What a decision may come to: the published examples of the contract.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome {
    Complete,
    QuantOnly,
    Failed,
}

impl Outcome {
    /// The result of an instrument on a day.
    pub(crate) fn result(self, ticker: &str, date: &str) -> Value {
        let text = match self {
            Self::Complete => {
                include_str!("../../../contract/golden/analysis-result.v1alpha1.complete.json")
            }
            Self::QuantOnly => {
                include_str!("../../../contract/golden/analysis-result.v1alpha1.quant-only.json")
            }
            Self::Failed => {
                include_str!("../../../contract/golden/analysis-result.v1alpha1.failed.json")
            }
        };
        let mut result: Value = serde_json::from_str(text).unwrap();
        result["ticker"] = json!(ticker);
        result["date"] = json!(date);
        result
    }
}

/// A worker at a platform.
#[derive(Clone)]
pub(crate) struct Analyst(pub(crate) Arc<Platform>);

impl Client {
    pub(crate) fn analyst(&self) -> Analyst {
        Analyst(Arc::clone(&self.platform))
    }

    /// Asks for an analysis that must be accepted.
    pub(crate) async fn analysis(&self, body: &Value) -> String {
        Self::accepted(&self.post("/v1/analyses", body).await)
    }
}

impl Analyst {
    /// Takes the next node that can be done.
    pub(crate) fn take(&self) -> Option<Claimed> {
        let want = Want {
            queues: vec!["default".to_owned()],
            kinds: vec![TaskKind::Analysis],
            run: None,
            limit: 1,
            until: UnixMicros(i64::MAX / 2),
            start: true,
        };
        self.exchange(Vec::new(), Some(want)).pop()
    }

    /// Does the next node, and says which it was.
    pub(crate) fn step(&self, decide: impl Fn(&str) -> Outcome) -> Option<String> {
        let task = self.take()?;
        self.finish(&task, decide);
        Some(task.task.plan.key)
    }

    /// Does all there is to do.
    pub(crate) fn work(&self, decide: impl Fn(&str) -> Outcome) {
        while self.step(&decide).is_some() {}
    }

    /// Ends a node: with a report, or with what the decision comes to.
    pub(crate) fn finish(&self, task: &Claimed, decide: impl Fn(&str) -> Outcome) {
        let key = &task.task.plan.key;
        let (prefix, node) = split(key).unwrap();
        if node != Node::Decision {
            let report = report(key, node);
            return self.complete(task, &report.to_string());
        }
        let job = self.job(task);
        let item = job["items"].as_array().unwrap().iter();
        let mut item = item.filter(|item| {
            let ticker = item["ticker"].as_str().unwrap();
            prefix == ticker || prefix.starts_with(&format!("{ticker}@"))
        });
        let date = item.next().unwrap()["date"].as_str().unwrap();
        let ticker = prefix.split('@').next().unwrap();
        let outcome = decide(ticker);
        let result = outcome.result(ticker, date).to_string();
        match outcome {
            Outcome::Failed => self.report(
                task,
                TaskCommand::Fail {
                    fence: task.task.fence,
                    class: ErrorClass::Permanent,
                    error: result,
                },
            ),
            Outcome::Complete | Outcome::QuantOnly => self.complete(task, &result),
        }
    }

    /// Gives a node back unfinished.
    pub(crate) fn drop_it(&self, task: &Claimed) {
        let fence = task.task.fence;
        self.report(task, TaskCommand::Stopped { fence });
    }

    fn job(&self, task: &Claimed) -> Value {
        let run = self.0.store.run(task.run).unwrap();
        serde_json::from_str(&self.0.store.spec(&run.new.spec).unwrap()).unwrap()
    }

    fn complete(&self, task: &Claimed, output: &str) {
        let fence = task.task.fence;
        let output = fondaco_app::runner::body_reference(&*self.0.store, output).unwrap();
        let output = Some(output);
        self.report(task, TaskCommand::Complete { fence, output });
    }

    fn report(&self, task: &Claimed, command: TaskCommand) {
        let report = Report {
            run: task.run,
            task: task.task.no,
            command,
        };
        self.exchange(vec![report], None);
    }

    fn exchange(&self, reports: Vec<Report>, want: Option<Want>) -> Vec<Claimed> {
        let exchange = Exchange {
            worker: WorkerId::new(1, [1; 10]),
            reports,
            beats: Vec::new(),
            want,
        };
        let by = fondaco_app::ports::runs::Asked {
            actor: "worker".to_owned(),
            at: self.0.machine.wall(),
        };
        let done = self.0.store.exchange(exchange, by).unwrap();
        assert!(done.reports.iter().all(Result::is_ok), "{:?}", done.reports);
        done.claimed
    }
}

/// A node that has asked once and leans upwards.
fn report(key: &str, node: Node) -> Value {
    json!({
        "node": key,
        "role": node.role().unwrap(),
        "model": "fondaco/rule-based",
        "outcome": {
            "outcome": "answered",
            "text": format!("{node} was heard."),
            "points": ["one"],
            "direction": 1,
            "confidence": 0.6,
            "rating": null,
            "document": {},
        },
        "read": [],
        "calls": [{
            "ordinal": 0, "request": {}, "completion": {}, "error": null,
            "tokens": {"input": 100, "cached": 10, "output": 5},
            "cost_nano": 7, "took_micros": 1,
        }],
    })
}
