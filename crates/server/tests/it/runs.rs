//! Submitted, listed, looked at, cancelled, replayed.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, wish};

#[tokio::test]
async fn a_submitted_run_can_be_looked_at() {
    let client = Client::new();
    let run = client.submit(2).await;
    let shown = client.get(&format!("/v1/runs/{run}")).await.json();
    assert_eq!(shown["run_id"], run.as_str());
    assert_eq!(shown["state"], "queued");
    assert_eq!(shown["counts"]["pending"], 2);
    let tasks = client.get(&format!("/v1/runs/{run}/tasks")).await.json();
    let keys: Vec<&Value> = tasks["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| &task["key"])
        .collect();
    assert_eq!(keys, ["step/0", "step/1"]);
    let events = client
        .get(&format!("/v1/runs/{run}/events?limit=1"))
        .await
        .json();
    assert_eq!(events["items"][0]["type"], "submitted");
    let next = events["next"].as_str().unwrap();
    let path = format!("/v1/runs/{run}/events?cursor={next}");
    assert_eq!(
        client.get(&path).await.json()["items"][0]["type"],
        "planned"
    );
}

#[tokio::test]
async fn a_key_makes_twice_the_same_as_once_and_another_body_a_conflict() {
    let client = Client::new();
    let key = [("idempotency-key", "morning")];
    let first = client.post_with("/v1/runs", &key, &wish(1)).await.json();
    let again = client.post_with("/v1/runs", &key, &wish(1)).await.json();
    assert_eq!(
        (first["fresh"].as_bool(), again["fresh"].as_bool()),
        (Some(true), Some(false))
    );
    assert_eq!(first["run_id"], again["run_id"]);
    let other = client.post_with("/v1/runs", &key, &wish(2)).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    assert_eq!(other.json()["code"], "conflict");
}

#[tokio::test]
async fn pages_follow_each_other_without_gap_or_repeat() {
    let client = Client::new();
    let mut submitted = Vec::new();
    for _ in 0..7 {
        submitted.push(client.submit(1).await);
    }
    submitted.reverse();
    let mut listed: Vec<String> = Vec::new();
    let mut path = "/v1/runs?limit=3".to_owned();
    loop {
        let page = client.get(&path).await.json();
        let items = page["items"].as_array().unwrap();
        listed.extend(
            items
                .iter()
                .map(|run| run["run_id"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/runs?limit=3&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(listed, submitted);
    let none = client.get("/v1/runs?state=failed").await.json();
    assert_eq!(none, json!({"items": []}));
}

#[tokio::test]
async fn a_cancelled_run_can_be_done_again() {
    let client = Client::new();
    let run = client.submit(1).await;
    let path = format!("/v1/runs/{run}/cancel");
    let ended = client
        .post(&path, &json!({"reason": "enough"}))
        .await
        .json();
    assert_eq!(
        (&ended["state"], &ended["reason"]),
        (&json!("cancelled"), &json!("enough"))
    );
    let again = client
        .post(&format!("/v1/runs/{run}/replay"), &json!({}))
        .await;
    assert_eq!(again.status, StatusCode::ACCEPTED);
    let again = again.json()["run_id"].as_str().unwrap().to_owned();
    let shown = client.get(&format!("/v1/runs/{again}")).await.json();
    assert_eq!(shown["parent"], run.as_str());
    let children = client.get(&format!("/v1/runs?parent={run}")).await.json();
    assert_eq!(children["items"][0]["run_id"], again.as_str());
}

#[tokio::test]
async fn the_stream_tells_every_event_from_a_place_on_and_ends_with_the_run() {
    let client = Client::new();
    let run = client.submit(1).await;
    client
        .post(
            &format!("/v1/runs/{run}/cancel"),
            &json!({"reason": "enough"}),
        )
        .await;
    let all = client.get(&format!("/v1/runs/{run}/events")).await.json();
    let types = all["items"].as_array().unwrap().iter().skip(1);
    let told = client
        .get(&format!("/v1/runs/{run}/events/stream?after=1"))
        .await;
    assert_eq!(told.headers["content-type"], "text/event-stream");
    let names: Vec<&str> = told
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("event: "))
        .collect();
    let wanted: Vec<&str> = types.map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!(names, wanted);
    assert_eq!(names.last(), Some(&"run_ended"));
}

#[tokio::test]
async fn events_come_as_a_page_or_as_a_stream_whatever_is_accepted() {
    let client = Client::new();
    let run = client.submit(1).await;
    let reason = json!({"reason": "enough seen"});
    client
        .post(&format!("/v1/runs/{run}/cancel"), &reason)
        .await;
    let ask = |accepted: &'static str| {
        let request = Request::get(format!("/v1/runs/{run}/events"))
            .header("host", "localhost")
            .header("accept", accepted);
        client.send(request.body(Body::empty()).unwrap())
    };
    let page = ask("application/json, text/event-stream").await.json();
    let last = page["items"].as_array().unwrap().last().unwrap();
    assert_eq!(last["type"], "run_ended");
    let stream = ask("text/event-stream").await;
    assert_eq!(stream.headers["content-type"], "text/event-stream");
    let ids: Vec<&str> = stream
        .text
        .lines()
        .filter_map(|line| line.strip_prefix("id: "))
        .collect();
    let seqs: Vec<String> = (1..=last["seq"].as_u64().unwrap())
        .map(|seq| seq.to_string())
        .collect();
    assert_eq!(ids, seqs);
}

#[tokio::test]
async fn runs_are_listed_by_tenant_and_strategy() {
    let client = Client::new();
    client.submit(1).await;
    let mut theirs = wish(1);
    theirs["tenant"] = json!("desk-2");
    let theirs = client.post("/v1/runs", &theirs).await.json();
    client.cross().await;
    client.candles("AAPL", 20_000).await;
    let backtest = json!({"strategy": "cross", "pairs": ["AAPL"]});
    let backtest = client.post("/v1/backtests", &backtest).await.json();
    for (path, run) in [
        ("/v1/runs?tenant=desk-2", &theirs),
        ("/v1/runs?strategy=cross", &backtest),
    ] {
        let found = client.get(path).await.json();
        let found = found["items"].as_array().unwrap();
        assert_eq!(found.len(), 1, "{path}");
        assert_eq!(found[0]["run_id"], run["run_id"], "{path}");
    }
}
