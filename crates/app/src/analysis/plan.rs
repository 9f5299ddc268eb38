//! From a job to a run: a graph of nodes per item.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::analysis::{AnalysisItem, AnalysisJob, LlmJob};
use fondaco_domain::ContentHash;
use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::run::{CompletionRule, NewRun, RunKind};
use fondaco_domain::task::{OnNeedFailed, TaskKind, TaskNo, TaskPlan};

use super::job;
use super::keys::{Node, key, prefix};
use crate::ports::plan::{PlanError, Planner, Tasks};

/// Tried again where the worker was lost.
const RETRY: RetryPolicy = RetryPolicy {
    max_attempts: 3,
    first: 200_000,
    longest: 10_000_000,
};

/// Plans runs of [`RunKind::Analysis`].
#[derive(Debug, Clone, Copy, Default)]
pub struct AnalysisPlanner;

impl Planner for AnalysisPlanner {
    fn new_run(&self, spec: &str, hash: ContentHash) -> Result<NewRun, PlanError> {
        let job = read(spec)?;
        let mut new = NewRun::new(RunKind::Analysis, hash);
        if job.items.len() > 1 {
            new.rule = CompletionRule::ModelDays;
        }
        Ok(new)
    }

    fn tasks(&self, spec: &str) -> Result<Tasks, PlanError> {
        let job = read(spec)?;
        let mut first = 0;
        let mut tasks = Vec::new();
        for item in &job.items {
            tasks.extend(of_item(&job, item, first));
            first = tasks.len() as u32;
        }
        Ok(Box::new(tasks.into_iter()))
    }
}

fn read(spec: &str) -> Result<AnalysisJob, PlanError> {
    job::parse(spec).map_err(|error| PlanError {
        source: Box::new(error),
    })
}

fn of_item(job: &AnalysisJob, item: &AnalysisItem, first: u32) -> Vec<TaskPlan> {
    let prefix = prefix(job, item);
    let nodes = nodes(job);
    let places: BTreeMap<Node, TaskNo> = nodes
        .iter()
        .zip(first..)
        .map(|(node, no)| (*node, TaskNo(no)))
        .collect();
    let task = |node: &Node| {
        let needs = needs(*node, &nodes).map(|need| places[&need]).collect();
        TaskPlan {
            needs,
            // Whether something is missing is for the node to judge.
            on_need_failed: OnNeedFailed::Proceed,
            required: *node == Node::Decision,
            retry: RETRY,
            ..TaskPlan::new(key(&prefix, *node), TaskKind::Analysis)
        }
    };
    nodes.iter().map(task).collect()
}

/// The nodes of one item, each after those it needs.
pub fn nodes(job: &AnalysisJob) -> Vec<Node> {
    let mut nodes = Vec::new();
    if job.quant.is_some() {
        nodes.push(Node::Quant);
    }
    nodes.extend(job.llm.iter().flat_map(graph));
    nodes.push(Node::Decision);
    nodes
}

fn graph(llm: &LlmJob) -> Vec<Node> {
    let mut nodes: Vec<Node> = llm.analysts.iter().copied().map(Node::Analyst).collect();
    for round in 1..=llm.debate_rounds {
        nodes.extend([Node::Bull(round), Node::Bear(round)]);
    }
    nodes.extend([Node::ResearchManager, Node::Trader]);
    for round in 1..=llm.risk_rounds {
        nodes.extend([
            Node::Aggressive(round),
            Node::Conservative(round),
            Node::Neutral(round),
        ]);
    }
    nodes.push(Node::PortfolioManager);
    nodes
}

/// What a node hears: of those before it, analysts hear nobody, the others all
/// of the llm lane, the decision everybody.
fn needs(node: Node, nodes: &[Node]) -> impl Iterator<Item = Node> {
    let alone = matches!(node, Node::Quant | Node::Analyst(_));
    let before = nodes
        .iter()
        .copied()
        .take_while(move |other| *other != node);
    before.filter(move |other| !alone && (*other != Node::Quant || node == Node::Decision))
}

#[cfg(test)]
mod tests;
