//! What one node reports is held against the node's own name.

use fondaco_contract::v1alpha1::analysis::{NodeReport, faults_of_report};
use serde_json::{Value, json};

#[test]
fn a_report_is_held_against_its_node() {
    let report = |change: fn(&mut Value)| {
        let mut document = json!({
            "node": "AAPL/analysts/news",
            "role": "news",
            "model": "a/b",
            "outcome": {"outcome": "answered", "text": "Two stories."},
        });
        change(&mut document);
        let report: NodeReport = serde_json::from_value(document).unwrap();
        let faults = faults_of_report(&report);
        faults.into_iter().map(|it| it.pointer).collect::<Vec<_>>()
    };
    assert_eq!(report(|_| {}), [""; 0]);
    for (change, pointer) in [
        (
            (|it| it["node"] = json!("AAPL/analysts/market")) as fn(&mut Value),
            "/node",
        ),
        (|it| it["node"] = json!("analysts/news"), "/node"),
        (
            |it| {
                it["role"] = json!("bull");
                it["node"] = json!("AAPL/research/bull");
            },
            "/node",
        ),
        (|it| it["outcome"]["direction"] = json!(1), "/confidence"),
        (|it| it["outcome"]["rating"] = json!("BUY"), "/rating"),
        (|it| it["outcome"]["text"] = json!(""), "/text"),
        (
            |it| {
                it["read"] = json!([{
                    "tool": "news", "source": "s", "from": null, "until": null, "rows": 1,
                    "hash": "abc",
                }]);
            },
            "/read/0/hash",
        ),
        (
            |it| {
                it["calls"] = json!([{
                    "ordinal": 1, "request": {}, "completion": {},
                    "tokens": {"input": 0, "cached": 0, "output": 0},
                    "cost_nano": 0, "took_micros": 0,
                }]);
            },
            "/calls/0/ordinal",
        ),
    ] {
        assert_eq!(report(change), [pointer]);
    }
    let bitcoin = |it: &mut Value| {
        it["node"] = json!("BTC/USDT@2025-03-04/research/bear/2");
        it["role"] = json!("bear");
    };
    assert_eq!(report(bitcoin), [""; 0]);
}
