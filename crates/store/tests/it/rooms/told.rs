//! What the gateway tells of a room.

use std::sync::Arc;

use fondaco_app::feed::{Hub, Reader, Settings, Step, Tally, initial_state};
use fondaco_contract::gateway::Subscribe;
use serde_json::{Value, json};

use super::world::{DAYS, Ran, Said, World};

fn hub(ran: &Ran) -> Arc<Hub> {
    let machine = Arc::new(World::new());
    let tally = Arc::new(Tally::default());
    Arc::new(Hub::new(
        ran.store.clone(),
        machine,
        Settings::default(),
        tally,
    ))
}

/// All that a reader is told until there is nothing more.
fn frames(reader: &mut Reader) -> Vec<Value> {
    let mut all = Vec::new();
    loop {
        let frames = match reader.step() {
            Step::Frames(frames) => frames,
            Step::Load => reader.load().unwrap(),
            Step::Wait => return all,
        };
        all.extend(
            frames
                .iter()
                .map(|it| serde_json::from_slice::<Value>(it).unwrap()),
        );
    }
}

fn told_after(ran: &Ran, resume_from: u64) -> Vec<Value> {
    let hub = hub(ran);
    let mut reader = hub.join().unwrap();
    let wish = Subscribe {
        resume_from: Some(resume_from),
        ..Subscribe::default()
    };
    reader.subscribe(&wish).unwrap();
    frames(&mut reader)
}

fn kinds(frames: &[Value]) -> Vec<&str> {
    let of_room = frames.iter().filter(|frame| frame["team"].is_string());
    of_room
        .map(|frame| frame["type"].as_str().unwrap())
        .collect()
}

fn two_days() -> World {
    World::new().job(|job| job["dates"] = json!(DAYS[..2]))
}

#[test]
fn a_room_is_told_from_its_first_step_to_its_last() {
    let ran = two_days()
        .says(
            &format!("{}|team/decision", DAYS[1]),
            vec![Said::Text("no")],
        )
        .run();
    let frames = told_after(&ran, 0);
    let day = [
        "agent_message",
        "agent_message",
        "agent_message",
        "agent_message",
        "agent_message",
        "conference_start",
        "conference_cycle_start",
        "conference_message",
        "conference_message",
        "conference_message",
        "conference_message",
        "conference_message",
        "conference_cycle_end",
        "conference_message",
        "conference_end",
        "agent_message",
        "agent_message",
        "agent_message",
        "agent_message",
        "agent_message",
    ];
    let ends = [
        "team_holdings",
        "team_trades",
        "team_stats",
        "team_leaderboard",
        "team_summary",
        "day_complete",
    ];
    let mut all = vec!["day_start"];
    all.extend(day);
    all.extend(ends);
    all.push("day_start");
    all.extend(day);
    all.push("day_error");
    assert_eq!(kinds(&frames), all);

    let first = |kind: &str| frames.iter().find(|frame| frame["type"] == kind).unwrap();
    assert_eq!(first("day_start")["date"], DAYS[0]);
    assert_eq!(first("day_start")["progress"], 0.0);
    assert_eq!(first("day_complete")["progress"], 0.5);
    let message = first("agent_message");
    assert_eq!(message["agentId"], "fundamentals_analyst");
    // Of the step that is gone over: 3 March 2025.
    assert_eq!(message["ts"], 1_740_960_000_000_i64);
    assert_eq!(first("conference_cycle_start")["totalCycles"], 1);
    let error = first("day_error")["content"].as_str().unwrap();
    assert!(error.starts_with("malformed: "), "{error}");
    let summary = first("team_summary");
    assert_eq!(summary["balance"], 10_000.0);
    assert_eq!(summary["equity"].as_array().unwrap().len(), 2);
    assert_eq!(summary["baseline_return"][1]["v"], 0.0);
}

/// Every frame has its number, and numbers never go back.
#[test]
fn whoever_comes_again_misses_nothing() {
    let ran = World::new()
        .job(|job| {
            job["dates"] = json!(DAYS[..1]);
            job["style"]["cycles"] = json!(0);
        })
        .run();
    let all = told_after(&ran, 0);
    let numbers: Vec<u64> = all
        .iter()
        .map(|frame| frame["seq"].as_u64().unwrap())
        .collect();
    assert!(numbers.is_sorted(), "{numbers:?}");
    let rooms = |frames: &[Value]| -> Vec<Value> {
        let of_room = frames.iter().filter(|frame| frame["team"].is_string());
        of_room.cloned().collect()
    };
    let whole = rooms(&all);
    // Cut off after any frame, it goes on with the next one, or with the same.
    for (place, number) in numbers.iter().enumerate() {
        let seen = rooms(&all[..=place]);
        let rest = rooms(&told_after(&ran, *number));
        let again = seen.len() + rest.len() - whole.len();
        assert_eq!(
            rest[..],
            whole[whole.len() - rest.len()..],
            "after {number}"
        );
        assert!(again <= seen.len());
    }
}

/// Clients of a room's dashboard do not subscribe.
#[test]
fn who_has_asked_for_nothing_is_told_of_rooms() {
    let world = two_days();
    let ran = world.run_until(|key| key.ends_with("/risk"));
    let hub = hub(&ran);
    let mut reader = hub.join().unwrap();
    assert!(frames(&mut reader).is_empty(), "what was before is over");
    let ran = ran.go_on();
    hub.look().unwrap();
    let told = frames(&mut reader);
    assert!(told.iter().all(|frame| frame["seq"] == 0));
    assert_eq!(kinds(&told).len(), told.len());
    assert_eq!(told.last().unwrap()["type"], "day_complete");
    drop(ran);
}

#[test]
fn what_a_dashboard_shows_first_is_of_the_newest_room() {
    let ran = two_days()
        .decides(DAYS[0], &[("AAPL", "long", 10.0), ("MSFT", "hold", 0.0)])
        .run();
    let state = initial_state(&*ran.store, &World::new()).unwrap();
    let state = serde_json::to_value(&state).unwrap();
    assert_eq!(state["is_backtest"], true);
    assert_eq!(state["current_date"], DAYS[1]);
    assert_eq!(state["trading_days_total"], 2);
    assert_eq!(state["trading_days_completed"], 2);
    assert_eq!(state["trades"].as_array().unwrap().len(), 1);
    assert_eq!(state["dashboard"]["holdings"][0]["ticker"], "AAPL");
    assert_eq!(state["leaderboard"].as_array().unwrap().len(), 5);
    assert_eq!(
        state["portfolio"]["positions"]["AAPL"]["long_cost_basis"],
        100.0
    );
    assert_eq!(state["realtime_prices"]["MSFT"], 190.0);
    let history = state["feed_history"].as_array().unwrap();
    assert!(history.len() <= 200);
    assert_eq!(history[0]["type"], "day_complete");
    assert_eq!(history[0]["date"], DAYS[1]);
    for never in [
        "conference_cycle_start",
        "conference_cycle_end",
        "team_holdings",
    ] {
        assert!(
            history.iter().all(|entry| entry["type"] != never),
            "{never}"
        );
    }
    assert!(
        history
            .iter()
            .any(|entry| entry["type"] == "conference_message")
    );
}
