//! Documents of members, good and bad.

use fondaco_contract::v1alpha1::simulation::{
    Outlook, RoomAction, RoomAnswer, RoomMember, RoomOutcome,
};
use fondaco_domain::Symbol;
use fondaco_domain::ledger::Prices;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::super::keys::Node;
use super::super::prompts::OfTurn;
use crate::analysis::ask::Reader;

const PREDICTION: Node = Node::Prediction(RoomMember::TechnicalAnalyst);
const ANALYSIS: Node = Node::Analysis(RoomMember::TechnicalAnalyst);

/// Of three tickers, two of which are traded.
fn read(node: Node, document: &Value) -> Result<RoomOutcome, String> {
    let symbols: Vec<Symbol> = ["A", "B", "C"].map(|it| it.parse().unwrap()).to_vec();
    let opens: Prices = symbols
        .iter()
        .take(2)
        .map(|symbol| (symbol.clone(), Decimal::TEN))
        .collect();
    let reader = OfTurn {
        node,
        symbols: &symbols,
        opens: &opens,
    };
    reader.read(document)
}

fn answer(node: Node, document: &Value) -> RoomAnswer {
    match read(node, document) {
        Ok(RoomOutcome::Answered(answer)) => answer,
        other => panic!("{other:?}"),
    }
}

fn prediction(ticker: &str, outlook: &str) -> Value {
    json!({"ticker": ticker, "outlook": outlook, "confidence": 70})
}

fn predictions(list: &[Value]) -> Value {
    json!({"predictions": list, "reasoning": "There is SUPPORT, so it goes UP."})
}

fn decision(ticker: &str, action: &str, quantity: f64) -> Value {
    json!({
        "ticker": ticker, "action": action, "quantity": quantity, "confidence": 80,
        "reasoning": "so",
    })
}

fn decisions(list: &[Value]) -> Value {
    json!({"decisions": list, "summary": "so"})
}

/// Words are never read: `SUPPORT` holds no `UP`, and the confidence is the
/// stated one.
#[test]
fn a_prediction_is_its_field_and_nothing_else() {
    let list = [prediction("A", "DOWN"), prediction("B", "NEUTRAL")];
    let answer = answer(PREDICTION, &predictions(&list));
    let said: Vec<_> = answer
        .predictions
        .iter()
        .map(|it| (it.ticker.as_str(), it.outlook, it.confidence))
        .collect();
    assert_eq!(
        said,
        [("A", Outlook::Down, 70), ("B", Outlook::Neutral, 70)]
    );
    for wrong in ["SUPPORT", "up", "UPWARD", "DOWN with support", ""] {
        let list = [prediction("A", wrong), prediction("B", "UP")];
        let problem = read(PREDICTION, &predictions(&list)).unwrap_err();
        assert!(
            problem.contains("UP, DOWN or NEUTRAL"),
            "{wrong}: {problem}"
        );
    }
}

#[test]
fn every_ticker_with_an_open_is_spoken_of_once() {
    let up = |ticker| prediction(ticker, "UP");
    for (list, problem) in [
        (vec![up("A")], "says nothing of B"),
        (vec![up("A"), up("B"), up("A")], "names A twice"),
        (vec![up("A"), up("B"), up("C")], "C, which has no open"),
        (vec![up("A"), up("B"), up("D")], "`D`, which is none"),
        (vec![up("A"), up("B"), json!({})], "``, which is none"),
        (vec![up("A"), json!("B up")], "``, which is none"),
    ] {
        let said = read(PREDICTION, &predictions(&list)).unwrap_err();
        assert!(said.contains(problem), "{problem}: {said}");
    }
    for wrong in [
        json!({}),
        json!([]),
        json!(null),
        json!({"predictions": {}, "reasoning": "x"}),
    ] {
        assert!(read(PREDICTION, &wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_confidence_is_from_0_to_100() {
    let with = |confidence: Value| {
        let mut first = prediction("A", "UP");
        first["confidence"] = confidence;
        read(PREDICTION, &predictions(&[first, prediction("B", "UP")]))
    };
    for good in [json!(0), json!(100), json!(62.0)] {
        assert!(with(good.clone()).is_ok(), "{good}");
    }
    for bad in [
        json!(-1),
        json!(101),
        json!("70"),
        json!(null),
        json!("high"),
    ] {
        let problem = with(bad.clone()).unwrap_err();
        assert!(problem.contains("0 to 100"), "{bad}: {problem}");
    }
}

#[test]
fn a_decision_is_a_change_and_more_than_nothing() {
    let list = [decision("B", "short", 2.5), decision("A", "hold", 0.0)];
    let answer = answer(Node::Decision, &decisions(&list));
    let said: Vec<_> = answer
        .decisions
        .iter()
        .map(|it| (it.ticker.as_str(), it.action, it.quantity.to_string()))
        .collect();
    // In the order of the answer: what sells may pay for what buys.
    let (short, hold) = (RoomAction::Short, RoomAction::Hold);
    assert_eq!(said, [("B", short, "2.5".into()), ("A", hold, "0".into())]);
    for (action, quantity, problem) in [
        ("long", 0.0, "hold is that"),
        ("short", 0.0, "hold is that"),
        ("hold", 3.0, "with hold, `quantity` is 0"),
        ("long", -3.0, "0 or more can be"),
        ("buy", 3.0, "long, short or hold"),
        ("LONG", 3.0, "long, short or hold"),
    ] {
        let list = [decision("A", action, quantity), decision("B", "hold", 0.0)];
        let said = read(Node::Decision, &decisions(&list)).unwrap_err();
        assert!(said.contains(problem), "{action} {quantity}: {said}");
    }
    let text = json!({"ticker": "A", "action": "long", "quantity": "5", "confidence": 1,
        "reasoning": "so"});
    let list = [text, decision("B", "hold", 0.0)];
    let said = read(Node::Decision, &decisions(&list)).unwrap_err();
    assert!(said.contains("no number"), "{said}");
}

#[test]
fn an_analysis_says_something_or_why_not() {
    let view = json!({"ticker": "C", "outlook": "UP", "confidence": 40, "reason": "It rises."});
    let good = answer(
        ANALYSIS,
        &json!({"summary": "Up.", "views": [view], "abstain": null}),
    );
    assert_eq!(good.points, ["C: It rises."]);
    assert_eq!(good.predictions[0].outlook, Outlook::Up);
    let none = json!({"summary": "", "views": [], "abstain": "There are no filings."});
    assert!(matches!(
        read(ANALYSIS, &none),
        Ok(RoomOutcome::Abstained(_))
    ));
    for both in [
        json!({"summary": "Up.", "views": [view], "abstain": "Nothing."}),
        json!({"summary": "Up.", "views": [], "abstain": " "}),
        json!({"summary": " ", "views": [view], "abstain": null}),
    ] {
        assert!(read(ANALYSIS, &both).is_err(), "{both}");
    }
}
