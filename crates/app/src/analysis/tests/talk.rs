//! One node and its model.

use fondaco_contract::v1alpha1::analysis::NodeOutcome;
use fondaco_domain::signal::Rating;
use serde_json::json;

use super::world::{Said, World, document, manager, timed_out};
use crate::analysis::keys::Node;
use crate::ports::model::Message;

#[test]
fn tools_are_served_by_the_clock_of_the_run() {
    let ran = World::new()
        .node(
            "analysts/news",
            vec![
                Said::Wish("news", json!({"symbol": "AAPL", "until": "2030-01-01"})),
                Said::Wish("news", json!({})),
                Said::Wish("indicators", json!({"symbol": "AAPL"})),
                Said::Json(document(Node::Trader)),
                Said::Json(document(Node::Bull(1))),
            ],
        )
        .run();
    let last = *ran.asked("analysts/news").last().unwrap();
    let tools: Vec<&str> = last
        .messages
        .iter()
        .filter_map(|message| match message {
            Message::Tool { text, .. } => Some(text.as_str()),
            _ => None,
        })
        .collect();
    // The end of 4 March 2025 in UTC.
    assert!(tools[0].ends_with(r#""clock":1741132800000}"#), "{tools:?}");
    assert_eq!(tools[1], "news: `symbol` is wanted");
    assert_eq!(tools[2], "there is no tool `indicators` for you");
}

#[test]
fn an_answer_in_another_form_is_asked_for_once_more() {
    let ran = World::new()
        .node(
            "trading/trader",
            vec![Said::Text("buy!"), Said::Json(document(Node::Trader))],
        )
        .run();
    assert!(matches!(
        ran.report("trading/trader").outcome,
        NodeOutcome::Answered(_)
    ));
    let again = ran.asked("trading/trader")[1];
    let Message::User { text } = again.messages.last().unwrap() else {
        panic!("{again:?}");
    };
    assert!(text.contains("it is not JSON"), "{text}");

    let ran = World::new()
        .node("trading/trader", vec![Said::Json(json!({"action": "buy"}))])
        .run();
    assert_eq!(ran.reason("trading/trader"), "malformed");
    assert_eq!(ran.asked("trading/trader").len(), 2);
}

#[test]
fn a_rating_in_free_text_counts_on_a_line_of_its_own_only() {
    let ran = World::new()
        .node(
            "portfolio/manager",
            vec![Said::Text("Well.\n**Rating: SELL**\nDo not BUY.")],
        )
        .run();
    let llm = &ran.result.signals.llm;
    assert_eq!(llm.rating, Some(Rating::Sell));
    let structured = llm.structured.as_ref().unwrap();
    assert_eq!(structured.rating_source, "rating_line");
    assert_eq!(structured.warnings, ["rating_from_a_line_of_free_text"]);
}

#[test]
fn limits_end_a_talk_with_their_own_reason() {
    let endless = vec![Said::Wish("news", json!({"symbol": "AAPL"}))];
    let ran = World::new().node("analysts/news", endless).run();
    assert_eq!(ran.reason("analysts/news"), "tool_turns");
    // Six turns with tools, and one without any.
    let asked = ran.asked("analysts/news");
    assert_eq!(asked.len(), 7);
    assert!(asked[6].tools.is_empty() && !asked[5].tools.is_empty());

    for (said, reason) in [
        (Said::Cut("{\"rat"), "length"),
        (Said::Refused, "refused"),
        (Said::Text(""), "malformed"),
        (Said::Text("null"), "malformed"),
        (Said::Slow(80, timed_out), "timeout"),
    ] {
        let ran = World::new().node("trading/trader", vec![said]).run();
        assert_eq!(ran.reason("trading/trader"), reason);
    }
}

#[test]
fn a_node_that_used_its_time_up_is_not_asked_again() {
    // The repair would come after the deadline of 75 s.
    let ran = World::new()
        .node(
            "analysts/market",
            vec![
                Said::Wish("indicators", json!({"symbol": "AAPL"})),
                Said::Slow(130, timed_out),
                Said::Json(document(Node::Trader)),
            ],
        )
        .run();
    assert_eq!(ran.reason("analysts/market"), "timeout");
    assert_eq!(ran.asked("analysts/market").len(), 2);
}

#[test]
fn a_model_is_asked_for_what_it_can_do_only() {
    let mut world = World::new().job(|job| {
        job["llm"]["seed"] = json!(7);
        job["llm"]["temperature_milli"] = json!(0);
    });
    world.can.tools = false;
    world.can.schema = false;
    world.can.seed = false;
    world.can.temperature = false;
    let ran = world.run();
    let first = ran.asked("analysts/news")[0];
    assert!(first.tools.is_empty() && first.schema.is_none());
    assert!(first.seed.is_none() && first.temperature_milli.is_none());
    // What the tools say is in the question then.
    let Message::User { text } = &first.messages[0] else {
        panic!("{first:?}");
    };
    assert!(text.contains("<tool name=\"news\">"), "{text}");
}

#[test]
fn the_forms_of_this_file_are_those_of_the_roles() {
    // Else the tests above would test nothing.
    assert_eq!(manager("BUY"), document(Node::PortfolioManager));
    assert!(
        World::new()
            .run()
            .reports
            .iter()
            .all(|report| matches!(report.outcome, NodeOutcome::Answered(_)))
    );
}
