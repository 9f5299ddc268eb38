//! A room plays a step, with tools that are served here.

use std::time::Duration;

use fondaco_app::analysis::prompts::envelope;
use fondaco_app::ports::model::{CallContext, Message, Model, ModelRequest, ToolSpec};
use fondaco_app::simulation::room::keys::{Node, SPEAKERS, key};
use fondaco_contract::v1alpha1::simulation::RoomMember;
use serde_json::{Value, json};

use crate::rule_based::{RuleBased, Temperament};

/// Tickers with an open, and how each rises; `LATE` has none.
const MARKET: [(&str, f64, f64); 3] = [
    ("DOWN", 50.0, -0.9),
    ("HELD", 80.0, -0.8),
    ("RISE", 100.0, 0.9),
];

fn schema(node: Node) -> Value {
    let text = match node {
        Node::Analysis(_) => include_str!("../../../../../prompts/room/v1/schemas/analysis.json"),
        Node::Risk => include_str!("../../../../../prompts/room/v1/schemas/risk.json"),
        Node::Speech(..) => include_str!("../../../../../prompts/room/v1/schemas/speech.json"),
        Node::Summary => include_str!("../../../../../prompts/room/v1/schemas/summary.json"),
        Node::Prediction(_) => {
            include_str!("../../../../../prompts/room/v1/schemas/prediction.json")
        }
        Node::Decision => include_str!("../../../../../prompts/room/v1/schemas/decision.json"),
        Node::Day => "false",
    };
    serde_json::from_str(text).unwrap()
}

fn portfolio() -> Value {
    json!({"cash": 9_200, "margin": 0, "value": 10_000, "positions": [
        {"ticker": "HELD", "quantity": 10, "price": 80, "price_of": null, "value": 800, "weight": 0.3}]})
}

fn question(node: Node, said: &[(Node, RoomMember, Value)], tools: &[&str]) -> ModelRequest {
    let mut prices: Vec<Value> = MARKET
        .iter()
        .map(|(ticker, open, _)| json!({"ticker": ticker, "open": open}))
        .collect();
    prices.push(json!({"ticker": "LATE", "open": null}));
    let mut text = [
        envelope::seal(
            "step",
            &[],
            &json!({"date": "2025-03-04", "team": "rules", "turn": node.to_string()}),
        ),
        envelope::seal("prices", &[], &json!(prices)),
        envelope::seal("portfolio", &[], &portfolio()),
    ]
    .join("\n");
    for (turn, member, document) in said {
        let attributes = [("turn", &*turn.to_string()), ("member", member.as_str())];
        text.push_str(&envelope::seal("report", &attributes, document));
    }
    let spec = |name: &&str| ToolSpec {
        name: (*name).to_owned(),
        description: String::new(),
        parameters: json!({}),
    };
    ModelRequest {
        model: "fondaco/rule-based".to_owned(),
        system: "You are a member.".to_owned(),
        messages: vec![Message::User { text }],
        tools: tools.iter().map(spec).collect(),
        schema: Some(schema(node)),
        max_tokens: 2_000,
        temperature_milli: None,
        seed: None,
    }
}

/// The tools of the technical analyst; others know nothing.
fn serve(tool: &str, ticker: &str) -> String {
    let market = MARKET.iter().find(|(name, ..)| *name == ticker);
    let (Some((_, open, rise)), "indicators") = (market, tool) else {
        return json!({"symbol": ticker, "error": {"kind": "unknown_symbol", "message": "nothing"}}).to_string();
    };
    json!({"timeframe": "1d", "as_of": "2025-03-03", "close": open, "values": {
        "sma_20": open * (1.0 - 0.05 * rise), "sma_50": open * (1.0 - 0.08 * rise),
        "return_20": 0.09 * rise, "rsi_14": 50.0 + 25.0 * rise}})
    .to_string()
}

/// What a member answers: in its form, and always the same.
fn answer(
    who: Temperament,
    node: Node,
    said: &[(Node, RoomMember, Value)],
    tools: &[&str],
) -> Value {
    let ask = |request: &ModelRequest, ordinal| {
        let node = key("2025-03-04".parse().unwrap(), "rules", node);
        let context = CallContext {
            node: &node,
            ordinal,
            deadline: Duration::from_secs(10),
            stopped: &|| false,
        };
        RuleBased(who).complete(request, &context).unwrap()
    };
    let mut request = question(node, said, tools);
    let mut completion = ask(&request, 0);
    if !completion.calls.is_empty() {
        let answers: Vec<Message> = completion
            .calls
            .iter()
            .map(|call| Message::Tool {
                call: call.id.clone(),
                text: serve(&call.name, call.arguments["symbol"].as_str().unwrap()),
            })
            .collect();
        request.messages.push(Message::Assistant {
            text: String::new(),
            calls: completion.calls,
        });
        request.messages.extend(answers);
        completion = ask(&request, 1);
    }
    assert!(completion.calls.is_empty(), "tools are asked for once");
    assert_eq!(ask(&request, 1).text, completion.text);
    let document: Value = serde_json::from_str(&completion.text).unwrap();
    let form = jsonschema::validator_for(&schema(node)).unwrap();
    assert!(form.is_valid(&document), "{node}: {document}");
    document
}

/// As others hear an answer.
fn heard(document: &Value) -> Value {
    let views = ["views", "predictions"]
        .iter()
        .find_map(|name| document.get(*name));
    json!({"text": "", "views": views})
}

/// The whole step.
fn step(who: Temperament) -> Vec<(Node, RoomMember, Value)> {
    let mut said: Vec<(Node, RoomMember, Value)> = Vec::new();
    let mut nodes: Vec<(Node, &[&str])> = vec![
        (
            Node::Analysis(RoomMember::FundamentalsAnalyst),
            &["fundamentals"],
        ),
        (
            Node::Analysis(RoomMember::TechnicalAnalyst),
            &["indicators", "math"],
        ),
        (Node::Analysis(RoomMember::SentimentAnalyst), &["news"]),
        (
            Node::Analysis(RoomMember::ValuationAnalyst),
            &["fundamentals"],
        ),
        (Node::Risk, &["indicators"]),
    ];
    nodes.extend(SPEAKERS.map(|speaker| (Node::Speech(1, speaker), &[] as &[&str])));
    nodes.push((Node::Summary, &[]));
    nodes.extend(RoomMember::ANALYSTS.map(|analyst| (Node::Prediction(analyst), &[] as &[&str])));
    nodes.push((Node::Decision, &[]));
    let mut answers = Vec::new();
    for (node, tools) in nodes {
        let document = answer(who, node, &said, tools);
        said.push((node, node.member().unwrap(), heard(&document)));
        answers.push((node, node.member().unwrap(), document));
    }
    answers
}

fn of(answers: &[(Node, RoomMember, Value)], node: Node) -> &Value {
    &answers.iter().find(|(turn, ..)| *turn == node).unwrap().2
}

#[test]
fn a_room_of_rules_plays_a_step_in_its_forms() {
    for who in Temperament::ALL {
        let answers = step(who);
        let technical = of(&answers, Node::Prediction(RoomMember::TechnicalAnalyst));
        let outlooks: Vec<String> = technical["predictions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                format!(
                    "{} {}",
                    it["ticker"].as_str().unwrap(),
                    it["outlook"].as_str().unwrap()
                )
            })
            .collect();
        assert_eq!(outlooks, ["DOWN DOWN", "HELD DOWN", "RISE UP"], "{who:?}");
        // Who has no readings predicts nothing, and is not heard as neutral.
        let other = of(&answers, Node::Prediction(RoomMember::ValuationAnalyst));
        assert_eq!(
            other["predictions"][2],
            json!({"ticker": "RISE", "outlook": "NEUTRAL", "confidence": 0})
        );
        let decision = of(&answers, Node::Decision);
        let orders: Vec<String> = decision["decisions"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| {
                format!(
                    "{} {} {}",
                    it["action"].as_str().unwrap(),
                    it["ticker"].as_str().unwrap(),
                    it["quantity"]
                )
            })
            .collect();
        // 11 %, 23 % and 6 % of 10,000, at 101 a unit.
        let units = [
            (Temperament::Even, 10),
            (Temperament::Bold, 22),
            (Temperament::Cautious, 5),
        ];
        let units = units.iter().find(|(other, _)| *other == who).unwrap().1;
        assert_eq!(
            orders,
            [
                "hold DOWN 0".to_owned(),
                "short HELD 10".to_owned(),
                format!("long RISE {units}")
            ]
        );
    }
}

#[test]
fn who_looks_at_risk_names_what_is_large() {
    let answers = step(Temperament::Even);
    let review = of(&answers, Node::Risk);
    assert_eq!(
        review["warnings"],
        json!([
            "HELD is 30.0 % of the value.",
            "HELD is held, and 1 of 1 voices see it fall."
        ])
    );
    assert_eq!(
        of(&answers, Node::Analysis(RoomMember::ValuationAnalyst))["abstain"],
        "The rules compare no price with what stands in filings."
    );
}

#[test]
fn nobody_with_a_view_is_no_order() {
    let decision = answer(Temperament::Bold, Node::Decision, &[], &[]);
    let actions = decision["decisions"].as_array().unwrap().iter();
    assert!(
        actions
            .clone()
            .all(|it| it["action"] == "hold" && it["quantity"] == 0),
        "{decision}"
    );
    assert_eq!(actions.count(), MARKET.len());
}
