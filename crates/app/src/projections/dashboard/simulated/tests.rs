//! Two days of a room, as its dashboard shows them.

use serde_json::{Value, json};

use super::super::Dashboard;
use fondaco_contract::v1alpha1::simulation::{ModelDay, SimulationJob};

fn job() -> SimulationJob {
    serde_json::from_value(json!({
        "kind": "simulation", "version": 1,
        "dates": ["2025-03-03", "2025-03-04", "2025-03-05"],
        "models": [{"name": "team", "model": "openai/gpt-5"}],
        "symbols": ["AAPL", "MSFT"],
        "style": {"style": "room"},
        "account": {"initial_cash": "10000"},
    }))
    .unwrap()
}

fn state(cash: &str, value: &str, holdings: &Value) -> Value {
    json!({"cash": cash, "margin": "0", "value": value, "holdings": holdings})
}

fn day(date: &str, end: &Value, actions: &Value, room: &Value) -> ModelDay {
    serde_json::from_value(json!({
        "version": 1, "date": date, "model": "team", "after": null,
        "days_since_last_trading": 0,
        "start": state("10000", "10000", &json!([])),
        "figures": {"profit": "0", "return_pct": 0.0, "costs": "0"},
        "actions": actions, "end": end, "ledger": null,
        "session": {
            "model": "openai/gpt-5", "ended": "settled", "summary": null, "calls": 1,
            "tokens": {"input": 1, "cached": 0, "output": 1}, "cost_nano": 0,
        },
        "room": room,
    }))
    .unwrap()
}

fn bought(kind: &str, quantity: &str, price: &str) -> Value {
    json!({"kind": kind, "symbol": "AAPL", "quantity": quantity, "state": "filled",
        "price": price, "costs": "0", "cash_after": "0", "value_after": "0"})
}

fn said(member: &str, outlook: &str) -> Value {
    json!({"member": member, "predictions": [
        {"ticker": "AAPL", "outlook": outlook, "confidence": 60},
    ]})
}

fn scored(member: &str, outlook: &str, result: &str) -> Value {
    json!({"member": member, "date": "2025-03-03", "ticker": "AAPL", "outlook": outlook,
        "confidence": 60, "result": result, "change_pct": 1.0, "known_at_ms": 0})
}

fn standing(member: &str, n: u32, win: u32, unknown: u32) -> Value {
    json!({"member": member, "bull": {"n": n, "win": win, "unknown": unknown},
        "bear": {"n": 0, "win": 0, "unknown": 0}})
}

fn days() -> Vec<ModelDay> {
    let held = json!([{"symbol": "AAPL", "quantity": "30", "price": "110"}]);
    let refused = json!({"kind": "buy", "symbol": "MSFT", "quantity": "5",
        "state": "refused", "reason": "Insufficient cash"});
    vec![
        day(
            "2025-03-03",
            &state(
                "6000",
                "10000",
                &json!([{"symbol": "AAPL", "quantity": "40", "price": "100"}]),
            ),
            &json!([
                bought("buy", "50", "100"),
                bought("sell", "10", "100"),
                refused
            ]),
            &json!({
                "predictions": [
                    said("technical_analyst", "UP"),
                    said("sentiment_analyst", "DOWN"),
                    said("valuation_analyst", "NEUTRAL"),
                ],
                "decisions": [{"ticker": "AAPL", "action": "long", "quantity": "40",
                    "confidence": 80, "reasoning": "so"}],
                "conference": null,
                "opens": {"AAPL": "100"},
                "baselines": [{"name": "equal_weight", "value": "10000"}],
                "standings": [],
            }),
        ),
        day(
            "2025-03-04",
            &state("7100", "10400", &held),
            &json!([bought("short", "10", "110")]),
            &json!({
                "predictions": [said("technical_analyst", "UP")],
                "decisions": [],
                "conference": null,
                "opens": {"AAPL": "110"},
                "baselines": [{"name": "equal_weight", "value": "10200"}],
                "scored": [
                    scored("technical_analyst", "UP", "right"),
                    scored("sentiment_analyst", "DOWN", "unknown"),
                    scored("portfolio_manager", "UP", "right"),
                ],
                "standings": [
                    standing("fundamentals_analyst", 0, 0, 0),
                    standing("technical_analyst", 4, 3, 0),
                    standing("sentiment_analyst", 1, 0, 1),
                    standing("valuation_analyst", 2, 0, 0),
                    standing("portfolio_manager", 2, 1, 0),
                ],
            }),
        ),
    ]
}

fn shown() -> Dashboard {
    let job = job();
    Dashboard::of_days(&job, &job.models[0], &days()).unwrap()
}

fn value(document: &impl serde::Serialize) -> Value {
    serde_json::to_value(document).unwrap()
}

#[test]
fn nothing_without_a_day() {
    let job = job();
    assert!(Dashboard::of_days(&job, &job.models[0], &[]).is_none());
}

/// What was refused is no trade; the newest stands first.
#[test]
fn every_fill_is_a_trade() {
    let trades = value(&shown().trades);
    let ids: Vec<_> = trades.as_array().unwrap().iter().collect();
    let ids: Vec<_> = ids
        .into_iter()
        .map(|it| (it["id"].as_str().unwrap(), it["side"].as_str().unwrap()))
        .collect();
    assert_eq!(
        ids,
        [
            ("t_20250304_AAPL_0", "SHORT"),
            ("t_20250303_AAPL_1", "SHORT"),
            ("t_20250303_AAPL_0", "LONG"),
        ]
    );
    // Its time is the step's, not that of the clock on the wall.
    assert_eq!(trades[0]["timestamp"], json!(1_741_046_400_000_i64));
}

#[test]
fn holdings_weigh_with_cash_as_much_as_there_is() {
    let shown = shown();
    let holdings = value(&shown.holdings);
    assert_eq!(holdings[1]["ticker"], "CASH");
    let sum: f64 = holdings
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["weight"].as_f64().unwrap())
        .sum();
    assert!((sum - 1.0).abs() < 1e-9, "{holdings}");
    let summary = value(&shown.summary);
    assert_eq!(summary["tickerWeights"]["AAPL"], json!(3_300.0 / 10_400.0));
    assert_eq!(summary["balance"], json!(10_400.0));
    // A point a day earlier with the money at the beginning, then one a step.
    let equity: Vec<_> = summary["equity"].as_array().unwrap().iter().collect();
    let values: Vec<_> = equity.iter().map(|point| &point["v"]).collect();
    assert_eq!(
        values,
        [&json!(10_000.0), &json!(10_000.0), &json!(10_400.0)]
    );
    // 16:00 of 4 March 2025.
    assert_eq!(equity[2]["t"], json!(1_741_104_000_000_i64));
    assert_eq!(summary["baseline"][2]["v"], json!(10_200.0));
    // A market value that nobody knows is not made up.
    assert_eq!(summary["baseline_vw"], json!([]));
    assert_eq!(shown.planned, Some(3));
}

/// Analysts without a scored call come last, and nothing fails for them.
#[test]
fn analysts_are_ranked_by_what_is_known_of_them() {
    let shown = shown();
    let ranks: Vec<_> = shown
        .leaderboard
        .iter()
        .map(|it| {
            (
                it["agentId"].as_str().unwrap(),
                it["rank"].as_u64(),
                it["winRate"].as_f64(),
            )
        })
        .collect();
    assert_eq!(
        ranks,
        [
            ("technical_analyst", Some(1), Some(0.75)),
            ("valuation_analyst", Some(2), Some(0.0)),
            ("fundamentals_analyst", Some(3), None),
            ("sentiment_analyst", Some(4), None),
            ("portfolio_manager", None, Some(0.5)),
        ]
    );
    assert_eq!(shown.leaderboard[0]["modelProvider"], "openai");
    let correct = |place: usize| {
        let signals = shown.leaderboard[place]["signals"].as_array().unwrap();
        let signals = signals
            .iter()
            .map(|it| (it["signal"].clone(), it["is_correct"].clone()));
        signals.collect::<Vec<_>>()
    };
    // The newest first: its outcome is not known yet.
    assert_eq!(
        correct(0),
        [(json!("bull"), Value::Null), (json!("bull"), json!(true))]
    );
    assert_eq!(correct(1), [(json!("neutral"), Value::Null)]);
    assert_eq!(correct(3), [(json!("bear"), json!("unknown"))]);
    assert_eq!(correct(4), [(json!("bull"), json!(true))]);
    assert_eq!(value(&shown.stats)["winRate"], json!(0.5));
}
