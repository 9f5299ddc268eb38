//! The rules play whole analyses over invented data.

mod answers;
mod debate;
mod properties;
mod world;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use fondaco_app::analysis::keys::{self, Node};
use fondaco_app::analysis::prompts::{self, Inputs};
use fondaco_app::ports::model::{CallContext, Completion, Message, Model, ModelRequest, ToolSpec};
use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, Analyst, NodeAnswer, NodeOutcome, NodeReport, NodeRole,
};
use fondaco_domain::signal::Rating;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::{RuleBased, Temperament};
use world::World;

/// Schemas of all roles, ready to judge.
static FORMS: LazyLock<BTreeMap<NodeRole, Validator>> = LazyLock::new(|| {
    let roles = NodeRole::ALL
        .into_iter()
        .filter(|role| *role != NodeRole::Quant);
    let form = |role| {
        let inputs = inputs(&[], 1);
        let prompt = prompts::prompt(role, &inputs).unwrap();
        (role, jsonschema::validator_for(&prompt.schema).unwrap())
    };
    roles.map(form).collect()
});

const CLOCK: Duration = Duration::from_secs(10);

static ITEM: LazyLock<AnalysisItem> = LazyLock::new(|| AnalysisItem {
    ticker: "AAPL".parse().unwrap(),
    date: "2025-03-04".parse().unwrap(),
});

fn inputs(earlier: &[NodeReport], round: u32) -> Inputs<'_> {
    Inputs {
        item: &ITEM,
        round,
        earlier,
        portfolio: None,
        peers: None,
        compact: true,
    }
}

fn request(system: String, user: String, schema: &Value, tools: &[&str]) -> ModelRequest {
    let spec = |name: &&str| ToolSpec {
        name: (*name).to_owned(),
        description: String::new(),
        parameters: json!({}),
    };
    ModelRequest {
        model: "fondaco/rule-based".to_owned(),
        system,
        messages: vec![Message::User { text: user }],
        tools: tools.iter().map(spec).collect(),
        schema: Some(schema.clone()),
        max_tokens: 2_000,
        temperature_milli: None,
        seed: None,
    }
}

fn complete(model: RuleBased, node: &str, ordinal: u32, request: &ModelRequest) -> Completion {
    let context = CallContext {
        node,
        ordinal,
        deadline: CLOCK,
        stopped: &|| false,
    };
    model.complete(request, &context).unwrap()
}

/// One node, with its tools served, its form checked and its answer read.
fn node(temperament: Temperament, world: &World, node: Node, earlier: &[NodeReport]) -> NodeReport {
    let (model, role) = (RuleBased(temperament), node.role().unwrap());
    let prompt = prompts::prompt(role, &inputs(earlier, node.round())).unwrap();
    let key = keys::key("AAPL", node);
    let mut request = request(prompt.system, prompt.user, &prompt.schema, prompt.tools);
    let mut completion = complete(model, &key, 0, &request);
    if !completion.calls.is_empty() {
        let calls = completion.calls.clone();
        let answers = calls.iter().map(|call| Message::Tool {
            call: call.id.clone(),
            text: world.tool(&call.name, &call.arguments),
        });
        let answers: Vec<Message> = answers.collect();
        request.messages.push(Message::Assistant {
            text: String::new(),
            calls,
        });
        request.messages.extend(answers);
        completion = complete(model, &key, 1, &request);
    }
    assert!(completion.calls.is_empty(), "tools are asked for once");
    assert_eq!(completion.model, model.model());
    let document: Value = serde_json::from_str(&completion.text).unwrap();
    let problem = FORMS[&role].iter_errors(&document).next();
    assert_eq!(problem.map(|it| it.to_string()), None, "{key}: {document}");
    let outcome = prompts::read(role, &document);
    NodeReport {
        node: key.clone(),
        role,
        model: Some(completion.model),
        outcome: outcome.unwrap_or_else(|problem| panic!("{key}: {problem}: {document}")),
        read: Vec::new(),
        calls: Vec::new(),
    }
}

/// The whole graph with some rounds of both debates.
fn analysis(temperament: Temperament, world: &World, rounds: u32) -> Vec<NodeReport> {
    let mut reports = Vec::new();
    let mut nodes: Vec<Node> = Analyst::ALL.into_iter().map(Node::Analyst).collect();
    nodes.extend((1..=rounds).flat_map(|round| [Node::Bull(round), Node::Bear(round)]));
    nodes.extend([Node::ResearchManager, Node::Trader]);
    nodes.extend((1..=rounds).flat_map(|round| {
        [
            Node::Aggressive(round),
            Node::Conservative(round),
            Node::Neutral(round),
        ]
    }));
    nodes.push(Node::PortfolioManager);
    for next in nodes {
        let report = node(temperament, world, next, &reports);
        reports.push(report);
    }
    reports
}

fn answer(reports: &[NodeReport], role: NodeRole) -> Option<&NodeAnswer> {
    let report = reports.iter().rev().find(|report| report.role == role)?;
    match &report.outcome {
        NodeOutcome::Answered(answer) => Some(answer),
        _ => None,
    }
}

/// What was decided; nothing where there was nothing to go by.
fn rating(temperament: Temperament, world: &World) -> Option<Rating> {
    let reports = analysis(temperament, world, 1);
    answer(&reports, NodeRole::PortfolioManager)?.rating
}
