//! Runs again and again.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::client::{Client, wish};

fn nightly() -> Value {
    json!({
        "name": "nightly",
        "trigger": {"type": "cron", "expression": "30 2 * * *"},
        "spec": wish(1)["spec"],
    })
}

#[tokio::test]
async fn a_schedule_is_added_rests_goes_on_and_goes() {
    let client = Client::new();
    let added = client.post("/v1/schedules", &nightly()).await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.text);
    let added = added.json();
    assert_eq!(added["trigger"]["zone"], "UTC");
    assert_eq!(
        (&added["overlap"], &added["catch_up"]),
        (&json!("skip"), &json!("one"))
    );
    assert_eq!(
        (&added["paused"], &added["kind"]),
        (&json!(false), &json!("workflow"))
    );
    // The client's clock stands at 2025-10-09 08:53.
    assert_eq!(added["next"], "2025-10-10T02:30:00.000000Z");
    let next = client
        .get("/v1/schedules/nightly/next?limit=2")
        .await
        .json();
    assert_eq!(next[1]["at"], "2025-10-11T02:30:00.000000Z");
    assert_eq!(
        client.get("/v1/schedules/nightly/ticks").await.json(),
        json!([])
    );
    let post = async |verb: &str| {
        let path = format!("/v1/schedules/nightly/{verb}");
        client.post(&path, &json!({})).await.json()["paused"].clone()
    };
    assert_eq!(post("pause").await, true);
    assert_eq!(post("pause").await, true);
    assert_eq!(post("resume").await, false);
    let listed = client.get("/v1/schedules").await.json();
    assert_eq!(listed["items"][0]["name"], "nightly");
    let delete = Request::delete("/v1/schedules/nightly");
    let gone = client.send(delete.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (gone.status, gone.text.as_str()),
        (StatusCode::NO_CONTENT, "")
    );
    let again = client.get("/v1/schedules/nightly").await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_can_never_fire_is_refused() {
    let client = Client::new();
    client.post("/v1/schedules", &nightly()).await;
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = nightly();
        body["name"] = json!("other");
        change(&mut body);
        body
    };
    for (body, status, about) in [
        (nightly(), 409, "taken"),
        (with(&|it| it["name"] = json!("../up")), 400, "name"),
        (
            with(&|it| it["trigger"]["expression"] = json!("61 2 * * *")),
            400,
            "minute",
        ),
        (
            with(&|it| it["trigger"]["zone"] = json!("Mars/Olympus")),
            400,
            "zone",
        ),
        (
            with(&|it| it["trigger"] = json!({"type": "interval", "every_ms": 0})),
            400,
            "nothing",
        ),
        (
            with(&|it| it["jitter_ms"] = json!(86_400_001)),
            400,
            "jitter",
        ),
        (
            with(&|it| it["trigger"] = json!({"type": "moon"})),
            400,
            "type",
        ),
        (
            with(&|it| it["spec"] = json!({"kind": "dance"})),
            400,
            "spec",
        ),
        (with(&|it| it["colour"] = json!("red")), 400, "field"),
    ] {
        let answer = client.post("/v1/schedules", &body).await;
        assert_eq!(answer.status.as_u16(), status, "{about}: {}", answer.text);
    }
    let interval = json!({"type": "interval", "every_ms": 60_000, "first": "2025-10-09T10:00:00Z"});
    let body = with(&|it| it["trigger"] = interval.clone());
    let added = client.post("/v1/schedules", &body).await.json();
    assert_eq!(added["next"], "2025-10-09T10:00:00.000000Z");
    assert_eq!(added["trigger"]["every_ms"], 60_000);
}
