//! Documents of models, good and bad.

use fondaco_contract::v1alpha1::analysis::{NodeOutcome, NodeRole};
use fondaco_domain::signal::{Direction, Probability, Rating};
use serde_json::{Value, json};

use super::super::{completed, read, templates};
use super::{abstained, analyst, models};

fn good(role: NodeRole) -> Value {
    match role {
        NodeRole::Bull | NodeRole::Bear => json!({
            "argument": "It rises.", "points": ["RSI is 55."], "rebuts": [], "confidence": 0.6,
        }),
        NodeRole::ResearchManager => json!({
            "winner": "bull", "rationale": "Growth decided it.", "direction": 1,
            "confidence": 0.6, "plan": "Buy on weakness.",
        }),
        NodeRole::Trader => json!({
            "action": "buy", "rationale": "The verdict.", "horizon_days": 20,
            "stop_loss_pct": 4.5, "take_profit_pct": null,
        }),
        NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => json!({
            "argument": "The stop limits it.", "points": [], "stance": "Carry it out.",
        }),
        NodeRole::PortfolioManager => json!({
            "rating": "OVERWEIGHT", "hold_subtype": "N/A", "confidence": 0.6,
            "rationale": "The case leans up.", "warnings": [],
        }),
        _ => analyst("It falls."),
    }
}

#[test]
fn good_documents_become_answers() {
    let of = |role| match read(role, &good(role)) {
        Ok(NodeOutcome::Answered(answer)) => answer,
        other => panic!("{role:?}: {other:?}"),
    };
    for role in models() {
        assert_eq!(of(role).document, good(role), "kept whole");
    }
    let market = of(NodeRole::Market);
    assert_eq!(market.text, "It falls.");
    assert_eq!(market.direction, Some(Direction::Short));
    assert_eq!(market.confidence.map(Probability::get), Some(0.4));
    let bull = of(NodeRole::Bull);
    assert_eq!((bull.direction, bull.confidence), (None, None), "it argues");
    let manager = of(NodeRole::ResearchManager);
    assert_eq!(manager.text, "Growth decided it.\n\nBuy on weakness.");
    assert_eq!(manager.direction, Some(Direction::Long));
    let trader = of(NodeRole::Trader);
    assert_eq!(
        trader.points,
        ["Horizon: 20 days.", "Stop: 4.5 % from the last close."]
    );
    assert_eq!(trader.direction, Some(Direction::Long));
    let decided = of(NodeRole::PortfolioManager);
    assert_eq!(decided.rating, Some(Rating::Overweight));
    assert_eq!(decided.direction, Some(Direction::Long));
    assert_eq!(of(NodeRole::Neutral).rating, None);
}

#[test]
fn an_analyst_without_data_abstains() {
    let document = json!({
        "summary": "", "points": [], "direction": 0, "confidence": 0,
        "abstain": "There are no stories in these 14 days.",
    });
    let expected = abstained("There are no stories in these 14 days.");
    assert_eq!(read(NodeRole::News, &document), Ok(expected));
}

/// Role, field and value, and what is said of it.
const BAD: &str = r#"
    market summary "  " -> `summary` is empty
    market points [] -> `points` is empty
    market points ["a", " "] -> an empty entry
    market direction 2 -> `direction` is 2
    market confidence 1.5 -> `confidence` is 1.5
    market confidence -0.1 -> `confidence` is -0.1
    market confidence 0 -> a side is taken
    news abstain "Nothing." -> nothing to say
    bull argument "" -> `argument` is empty
    bull points [] -> `points` is empty
    bear confidence 60 -> `confidence` is 60
    bear rebuts [""] -> `rebuts` has an empty entry
    research_manager direction -1 -> with bull it is 1
    research_manager direction 0 -> with bull it is 1
    research_manager winner "bear" -> with bear it is -1
    research_manager winner "neither" -> with neither it is 0
    research_manager winner "both" -> bull, bear or neither
    research_manager plan "" -> `plan` is empty
    trader horizon_days 0 -> 1 to 730
    trader horizon_days 10000 -> 1 to 730
    trader stop_loss_pct -4.5 -> above 0 and below 100
    trader stop_loss_pct 100 -> above 0 and below 100
    trader take_profit_pct 0 -> above 0 and below 1000
    trader action "short" -> buy, hold or sell
    neutral stance "" -> `stance` is empty
    portfolio_manager rating "STRONG BUY" -> can be
    portfolio_manager rating "do not BUY" -> can be
    portfolio_manager rating "HOLD" -> names its reason
    portfolio_manager hold_subtype "EVENT" -> it is N/A
    portfolio_manager confidence 0 -> a side is taken
    portfolio_manager rationale "" -> `rationale` is empty
    portfolio_manager warnings [""] -> an empty entry
"#;

#[test]
fn what_a_schema_cannot_say_is_said() {
    for line in BAD.lines().filter(|line| !line.is_empty()) {
        let (case, problem) = line.trim().split_once(" -> ").unwrap();
        let (name, field_and_value) = case.split_once(' ').unwrap();
        let (field, value) = field_and_value.split_once(' ').unwrap();
        let role = models().find(|role| role.as_str() == name).unwrap();
        let mut document = good(role);
        document[field] = serde_json::from_str(value).unwrap();
        let said = read(role, &document).unwrap_err();
        assert!(said.contains(problem), "{case}: {said}");
    }
    assert!(read(NodeRole::Quant, &json!({})).is_err());
}

#[test]
fn every_reason_to_hold_is_one_and_no_other() {
    let mut document = good(NodeRole::PortfolioManager);
    document["rating"] = json!("HOLD");
    for (reason, fits) in [
        ("BALANCED", true),
        ("INSUFFICIENT", true),
        ("EVENT", true),
        ("POSITION", true),
        ("N/A", false),
        ("UNSPECIFIED", false),
        ("", false),
    ] {
        document["hold_subtype"] = json!(reason);
        assert_eq!(
            read(NodeRole::PortfolioManager, &document).is_ok(),
            fits,
            "{reason}"
        );
    }
}

#[test]
fn a_hold_for_want_of_reports_is_no_opinion() {
    let mut document = good(NodeRole::PortfolioManager);
    document["rating"] = json!("HOLD");
    document["hold_subtype"] = json!("INSUFFICIENT");
    let expected = abstained("The case leans up.");
    assert_eq!(read(NodeRole::PortfolioManager, &document), Ok(expected));
}

#[test]
fn nonsense_is_answered_with_a_message_and_never_with_an_opinion() {
    for role in NodeRole::ALL {
        for nonsense in [
            json!(null),
            json!([]),
            json!("BUY"),
            json!({}),
            json!({ "confidence": "high", "direction": "up", "rating": 1 }),
        ] {
            assert!(read(role, &nonsense).is_err(), "{role:?} {nonsense}");
        }
    }
}

/// By the form of a role.
fn filled(role: NodeRole, document: Value) -> Value {
    let schema = templates::schema(role).unwrap();
    completed(&serde_json::from_str(schema).unwrap(), document)
}

#[test]
fn what_may_be_null_may_be_left_out() {
    for role in models() {
        let whole = filled(role, good(role));
        assert_eq!(whole, good(role), "nothing is changed");
        let mut short = good(role);
        let object = short.as_object_mut().unwrap();
        object.retain(|_, value| !value.is_null());
        assert_eq!(filled(role, short), good(role));
    }
    assert_eq!(filled(NodeRole::Market, json!([1])), json!([1]));
}
