//! Set, and seen by who must stop.

use axum::http::StatusCode;
use serde_json::json;

use crate::client::Client;

#[tokio::test]
async fn a_halt_covers_what_it_names() {
    let client = Client::new();
    let (one, two) = (client.submit(1).await, client.submit(1).await);
    let order = json!({"scope": format!("run:{one}"), "mode": "halted", "reason": "drill"});
    let told = client.post("/v1/halts", &order).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    assert_eq!(told.json()["latches"][0]["mode"], "halted");
    let state =
        async |run: &str| client.get(&format!("/v1/runs/{run}")).await.json()["state"].clone();
    assert_eq!(state(&one).await, "halted");
    assert_eq!(state(&two).await, "queued");
    let milder = json!({"scope": format!("run:{one}"), "mode": "drain", "reason": "drill"});
    assert_eq!(
        client.post("/v1/halts", &milder).await.status,
        StatusCode::CONFLICT
    );
}

#[tokio::test]
async fn words_that_are_no_scope_and_no_mode_are_refused_by_name() {
    let client = Client::new();
    for (scope, mode, field) in [
        ("everything", "halted", "scope"),
        ("global", "stop", "mode"),
        ("global", "active", "mode"),
    ] {
        let order = json!({"scope": scope, "mode": mode, "reason": "drill"});
        let answer = client.post("/v1/halts", &order).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert_eq!(answer.json()["fields"][0]["at"], field);
    }
}
