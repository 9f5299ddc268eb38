//! Days of trading rooms, from the plan to their documents.

mod told;
mod world;

use fondaco_app::ports::runs::RunStore;
use fondaco_contract::v1alpha1::simulation::{
    Action, ActionKind, ActionState, CallResult, RoomMember, RoomOutcome,
};
use fondaco_domain::run::RunState;
use fondaco_domain::task::TaskState;
use rust_decimal::Decimal;
use serde_json::json;

use world::{DAYS, Ran, Said, World, all_completed};

fn run_state(ran: &Ran) -> RunState {
    ran.store.run(ran.run).unwrap().state
}

fn quantity(ran: &Ran, date: &str, symbol: &str) -> Decimal {
    let day = ran.day(date);
    let held = day
        .end
        .holdings
        .iter()
        .find(|it| it.symbol.as_str() == symbol);
    held.map_or(Decimal::ZERO, |held| held.quantity)
}

fn states(actions: &[Action]) -> Vec<String> {
    let state = |action: &Action| {
        let symbol = action.symbol.as_ref().map_or("-", |symbol| symbol.as_str());
        let state = match &action.state {
            ActionState::Filled { price, .. } => format!("filled at {price}"),
            ActionState::Waiting => "waits".to_owned(),
            ActionState::Refused { reason } => format!("refused: {reason}"),
            ActionState::Booked { .. } => "booked".to_owned(),
        };
        format!(
            "{} {} {symbol}: {state}",
            action.kind.as_str(),
            action.quantity
        )
    };
    actions.iter().map(state).collect()
}

#[test]
fn four_days_of_a_room() {
    let ran = World::new()
        .decides(DAYS[0], &[("AAPL", "long", 10.0), ("MSFT", "short", 5.0)])
        .decides(DAYS[2], &[("MSFT", "long", 8.0), ("AAPL", "short", 4.0)])
        .run();
    assert!(all_completed(&ran));
    assert_eq!(run_state(&ran), RunState::Completed);
    assert_eq!(ran.tasks.len(), 4 * 17);

    let day = ran.day(DAYS[0]);
    assert_eq!(
        states(&day.actions),
        ["buy 10 AAPL: filled at 100", "short 5 MSFT: filled at 200"]
    );
    // At the open of the day, whatever was traded is worth what it cost.
    assert_eq!(day.end.value, Decimal::from(10_000));
    assert_eq!(day.session.ended, "settled");
    // Sixteen turns, each with one question.
    assert_eq!(day.session.calls, 16);
    assert_eq!(day.session.cost_nano, 16 * 5);
    assert_eq!(day.session.conversation.len(), 16);
    let first = &day.session.conversation[0].text;
    assert!(first.starts_with("Fundamentals analyst (analysts/fundamentals): AAPL"));

    // A change is no target: long 8 covers the 5 that were short, and buys 3.
    let day = ran.day(DAYS[2]);
    assert_eq!(
        states(&day.actions),
        ["buy 8 MSFT: filled at 180", "short 4 AAPL: filled at 120"]
    );
    assert_eq!(quantity(&ran, DAYS[2], "MSFT"), Decimal::from(3));
    assert_eq!(quantity(&ran, DAYS[2], "AAPL"), Decimal::from(6));
    // Who holds on purpose says so.
    assert_eq!(ran.day(DAYS[1]).actions[0].kind, ActionKind::Hold);
}

/// Both legs, or neither: a cover whose purchase cannot be paid changes
/// nothing, and is written down.
#[test]
fn an_order_of_two_legs_is_done_whole_or_not_at_all() {
    let ran = World::new()
        .decides(DAYS[0], &[("MSFT", "short", 5.0), ("AAPL", "hold", 0.0)])
        .decides(DAYS[1], &[("MSFT", "long", 500.0), ("AAPL", "hold", 0.0)])
        .run();
    let refused = ran.day(DAYS[1]);
    assert_eq!(refused.actions.len(), 1);
    assert!(
        matches!(&refused.actions[0].state, ActionState::Refused { reason }
            if reason.contains("Insufficient cash")),
        "{:?}",
        refused.actions
    );
    assert_eq!(quantity(&ran, DAYS[1], "MSFT"), Decimal::from(-5));
    assert_eq!(refused.start.cash, refused.end.cash);
}

#[test]
fn orders_wait_for_the_next_open_where_the_run_says_so() {
    let ran = World::new()
        .job(|job| job["execution"] = json!("next_open"))
        .decides(DAYS[0], &[("AAPL", "long", 10.0), ("MSFT", "hold", 0.0)])
        .run();
    let (first, second) = (ran.day(DAYS[0]), ran.day(DAYS[1]));
    assert_eq!(states(&first.actions), ["buy 10 AAPL: waits"]);
    assert_eq!(first.end.cash, Decimal::from(10_000));
    assert_eq!(states(&second.actions)[0], "buy 10 AAPL: filled at 110");
    // Before anybody looked: the managers see it in what there is.
    let words = ran.words(&format!("{}|team/risk", DAYS[1]));
    assert!(words.contains("was filled at 110"), "{words}");
}

#[test]
fn each_hears_what_it_should_and_nothing_else() {
    let ran = World::new().run();
    let key = |turn: &str| format!("{}|team/{turn}", DAYS[0]);
    let reports = |turn: &str| ran.words(&key(turn)).matches("<report ").count();
    assert_eq!(reports("analysts/technical"), 0);
    assert_eq!(reports("risk"), 4);
    assert_eq!(reports("conference/1/pm"), 5);
    assert_eq!(reports("conference/1/valuation"), 9);
    assert_eq!(reports("conference/summary"), 10);
    assert_eq!(reports("prediction/technical"), 1 + 1 + 5 + 1);
    assert_eq!(reports("decision"), 15);
    // Today's open, and no price of today that came later.
    let words = ran.words(&key("decision"));
    assert!(words.contains(r#"{"ticker":"AAPL","open":100}"#), "{words}");
    for later in ["105", "108", "110"] {
        assert!(!words.contains(later), "{later}: {words}");
    }
}

#[test]
fn without_a_conference_nobody_hears_the_others_before_the_manager() {
    let ran = World::new()
        .job(|job| job["style"]["cycles"] = json!(0))
        .run();
    assert_eq!(ran.tasks.len(), 4 * 11);
    let words = ran.words(&format!("{}|team/prediction/technical", DAYS[0]));
    assert_eq!(words.matches("<report ").count(), 2);
    assert!(ran.day(DAYS[0]).room.unwrap().conference.is_none());
}

#[test]
fn a_member_without_an_answer_is_missing_and_the_day_goes_on() {
    let ran = World::new()
        .says(
            &format!("{}|team/analysts/technical", DAYS[0]),
            vec![Said::Text("AAPL will go UP!")],
        )
        .says(
            &format!("{}|team/prediction/valuation", DAYS[0]),
            vec![Said::Error],
        )
        .says(
            &format!("{}|team/analysts/sentiment", DAYS[0]),
            vec![Said::Json(
                json!({"summary": "", "views": [], "abstain": "No news."}),
            )],
        )
        .run();
    assert_eq!(run_state(&ran), RunState::Completed);
    let technical = ran.report(&format!("{}|team/analysts/technical", DAYS[0]));
    let RoomOutcome::Degraded(degraded) = technical.outcome else {
        panic!("{technical:?}");
    };
    assert_eq!(degraded.reason, "malformed");
    // It was told what was wrong, once.
    assert_eq!(technical.calls.len(), 2);
    let room = ran.day(DAYS[0]).room.unwrap();
    let missing: Vec<_> = room
        .missing
        .iter()
        .map(|it| (it.node.as_str(), it.reason.as_str()))
        .collect();
    assert_eq!(
        missing,
        [
            ("analysts/technical", "malformed"),
            ("analysts/sentiment", "abstained"),
            ("prediction/valuation", "auth"),
        ]
    );
    assert_eq!(room.predictions.len(), 3);
    let words = ran.words(&format!("{}|team/risk", DAYS[0]));
    assert!(
        words.contains("<missing turn=\"analysts/technical\""),
        "{words}"
    );
}

/// No decision, no order: the day fails with its reason, and the next goes on
/// from the last that is there.
#[test]
fn a_day_without_a_decision_fails_and_orders_nothing() {
    for (said, reason) in [
        (Said::Text("long AAPL 10"), "malformed"),
        (Said::Error, "auth"),
        (
            Said::Json(json!({"decisions": [], "summary": "so"})),
            "malformed",
        ),
        (Said::Wish("prices"), "tool_turns"),
    ] {
        let ran = World::new()
            .decides(DAYS[0], &[("AAPL", "long", 10.0), ("MSFT", "hold", 0.0)])
            .says(&format!("{}|team/decision", DAYS[1]), vec![said])
            .run();
        let failed = ran.task(&format!("{}|team", DAYS[1]));
        assert_eq!(failed.state, TaskState::Failed);
        let detail = failed.detail.as_deref().unwrap();
        assert!(
            detail.contains(&format!("{reason}: the portfolio manager")),
            "{detail}"
        );
        assert!(failed.output.is_none());
        assert_eq!(run_state(&ran), RunState::Partial, "{reason}");
        let next = ran.day(DAYS[2]);
        assert_eq!(next.after.unwrap().to_string(), DAYS[0]);
        assert_eq!(next.days_since_last_trading, 2);
        assert_eq!(next.start.holdings[0].quantity, Decimal::TEN);
        // The calls of the last day that is there are scored, late.
        let scored = next.room.unwrap().scored;
        assert!(scored.iter().all(|call| call.date.to_string() == DAYS[0]));
        assert_eq!(scored.len(), 4 * 2 + 1);
    }
}

#[test]
fn where_no_analyst_looks_nobody_decides() {
    let mut world = World::new();
    for analyst in RoomMember::ANALYSTS {
        let node = format!("{}|team/analysts/{}", DAYS[0], analyst.word());
        world = world.says(&node, vec![Said::Error]);
    }
    let ran = world.run();
    let failed = ran.task(&format!("{}|team", DAYS[0]));
    let detail = failed.detail.as_deref().unwrap();
    assert!(
        detail.contains("no_input: the portfolio manager"),
        "{detail}"
    );
    assert!(ran.asked(&format!("{}|team/decision", DAYS[0])).is_empty());
}

/// Calls are scored when their candle has closed, each by itself; who was
/// right on a day that lost is told so.
#[test]
fn calls_are_scored_when_their_outcome_is_known() {
    let down = json!({"reasoning": "It falls.", "predictions": [
        {"ticker": "AAPL", "outlook": "DOWN", "confidence": 55},
        {"ticker": "MSFT", "outlook": "DOWN", "confidence": 90},
    ]});
    let ran = World::new()
        .says(
            &format!("{}|team/prediction/technical", DAYS[0]),
            vec![Said::Json(down)],
        )
        // The team buys what falls.
        .decides(DAYS[0], &[("AAPL", "hold", 0.0), ("MSFT", "long", 10.0)])
        .run();
    let first = ran.day(DAYS[0]).room.unwrap();
    assert!(first.scored.is_empty());
    assert!(first.standings.iter().all(|it| it.win_rate().is_none()));

    let second = ran.day(DAYS[1]);
    assert!(second.figures.profit < Decimal::ZERO);
    let room = second.room.unwrap();
    let of = |member| {
        let calls = room.scored.iter().filter(|call| call.member == member);
        calls
            .map(|call| (call.ticker.as_str(), call.result))
            .collect::<Vec<_>>()
    };
    let (right, wrong) = (CallResult::Right, CallResult::Wrong);
    assert_eq!(
        of(RoomMember::TechnicalAnalyst),
        [("AAPL", wrong), ("MSFT", right)]
    );
    assert_eq!(
        of(RoomMember::ValuationAnalyst),
        [("AAPL", right), ("MSFT", wrong)]
    );
    assert_eq!(of(RoomMember::PortfolioManager), [("MSFT", wrong)]);

    // Nobody knows on the day itself; on the next each is told of its own.
    let lessons = |day: &str, turn: &str| {
        let words = ran.words(&format!("{day}|team/{turn}"));
        let (_, rest) = words.split_once("<lessons>")?;
        Some(rest.split_once("</lessons>").unwrap().0.trim().to_owned())
    };
    assert_eq!(lessons(DAYS[0], "analysts/technical"), None);
    assert_eq!(lessons(DAYS[0], "decision"), None);
    let told = lessons(DAYS[1], "analysts/technical").unwrap();
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!(
        told,
        json!([
            {"date": DAYS[0], "ticker": "AAPL", "call": "DOWN", "confidence": 55,
                "result": "wrong", "change_pct": 5.0},
            {"date": DAYS[0], "ticker": "MSFT", "call": "DOWN", "confidence": 90,
                "result": "right", "change_pct": -2.5},
        ])
    );
}

#[test]
fn what_is_not_traded_is_unknown_and_cannot_be_decided_on() {
    let ran = World::new()
        .job(|job| job["completeness"] = json!("held_and_requested"))
        .without_candle("MSFT", DAYS[1])
        .run();
    assert!(all_completed(&ran));
    let words = ran.words(&format!("{}|team/decision", DAYS[1]));
    assert!(
        words.contains(r#"{"ticker":"MSFT","open":null}"#),
        "{words}"
    );
    // What was said of AAPL alone is scored on the day after.
    let room = ran.day(DAYS[2]).room.unwrap();
    assert!(
        room.scored
            .iter()
            .all(|call| call.ticker.as_str() == "AAPL")
    );
    assert_eq!(room.scored.len(), 4);
}

/// A book goes on with what its room remembers.
#[test]
fn a_room_goes_on_from_an_earlier_run() {
    let first = World::new()
        .job(|job| job["dates"] = json!([DAYS[0]]))
        .run();
    let last = first.day(DAYS[0]);
    let base = json!({
        "date": DAYS[0], "value": last.end.value, "ledger": last.ledger, "room": last.room,
    });
    let next = World::new()
        .job(|job| {
            job["dates"] = json!([DAYS[1]]);
            job["models"][0]["bases"] = json!([base]);
        })
        .run();
    let day = next.day(DAYS[1]);
    assert_eq!(day.after.unwrap().to_string(), DAYS[0]);
    assert_eq!(day.room.unwrap().scored.len(), 4 * 2);
}

/// Whoever does a turn again comes to the same: nothing is decided twice.
#[test]
fn the_same_answers_give_the_same_days() {
    let days = || {
        let ran = World::new()
            .decides(DAYS[0], &[("AAPL", "long", 10.0), ("MSFT", "short", 5.0)])
            .run();
        DAYS.map(|day| serde_json::to_string(&ran.day(day)).unwrap())
    };
    assert_eq!(days(), days());
}

#[test]
fn teams_trade_beside_each_other() {
    let ran = World::new()
        .job(|job| {
            job["models"] = json!([
                {"name": "team", "model": "test/model"},
                {"name": "other", "model": "test/model"},
            ]);
        })
        .run_until(|key| key.starts_with(&format!("{}|other", DAYS[1])));
    let ended = |key: &str| ran.task(key).state == TaskState::Completed;
    assert!(ended(&format!("{}|other", DAYS[0])));
}
