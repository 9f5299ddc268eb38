//! Put, listed, looked at, looked through.

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};

use crate::client::Client;
use crate::workshop::CROSS;

#[tokio::test]
async fn a_version_is_put_once() {
    let client = Client::new();
    let put = async |body: Value| client.put("/v1/strategies/cross", &[], &body).await;
    let first = put(json!({"text": CROSS})).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    assert_eq!(first.headers["etag"], "\"1\"");
    let again = put(json!({"text": CROSS, "tags": {}})).await;
    assert_eq!(
        (again.status, &again.json()["version"]),
        (StatusCode::OK, &json!(1))
    );
    let other = put(json!({"text": CROSS, "experiment": "autumn"})).await;
    assert_eq!(
        (other.status, &other.json()["version"]),
        (StatusCode::CREATED, &json!(2))
    );
    // What it was before is another change.
    let back = put(json!({"text": CROSS})).await;
    assert_eq!(
        (back.status, &back.json()["version"]),
        (StatusCode::CREATED, &json!(3))
    );
    let versions = client.get("/v1/strategies/cross/versions").await.json();
    let numbers: Vec<&Value> = versions["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| &version["version"])
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
}

#[tokio::test]
async fn a_version_is_named_by_its_number_or_by_its_file() {
    let client = Client::new();
    client.cross().await;
    let newer = CROSS.replace("1.0.0", "1.1.0");
    client
        .put("/v1/strategies/cross", &[], &json!({"text": newer}))
        .await;
    for (query, expected) in [
        ("", 2),
        ("?version=1", 1),
        ("?version=1.0.0", 1),
        ("?version=1.1.0", 2),
    ] {
        let shown = client.get(&format!("/v1/strategies/cross{query}")).await;
        assert_eq!(shown.json()["version"], expected, "{query}: {}", shown.text);
        assert!(
            shown.json()["text"]
                .as_str()
                .unwrap()
                .contains("[strategy]")
        );
    }
    let listed = client.get("/v1/strategies").await.json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    assert_eq!(listed["items"][0]["file_version"], "1.1.0");
    assert_eq!(listed["items"][0]["text"], Value::Null);
    let problem = client.get("/v1/strategies/cross?version=7").await;
    assert_eq!(problem.status, StatusCode::NOT_FOUND);
    assert_eq!(problem.json()["hint"], "the newest is 2");
    let problem = client.get("/v1/strategies/cros").await;
    assert_eq!(problem.status, StatusCode::NOT_FOUND);
    assert_eq!(problem.json()["hint"], "did you mean `cross`?");
    let nul = client.get("/v1/strategies/%00").await;
    assert_eq!(nul.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn who_knows_another_version_does_not_overwrite() {
    let client = Client::new();
    let put = async |condition: (&str, &str), text: &str| {
        client
            .put("/v1/strategies/cross", &[condition], &json!({"text": text}))
            .await
            .status
            .as_u16()
    };
    let newer = CROSS.replace("1.0.0", "1.1.0");
    assert_eq!(put(("if-match", "\"1\""), CROSS).await, 412);
    assert_eq!(put(("if-none-match", "*"), CROSS).await, 201);
    assert_eq!(put(("if-none-match", "*"), &newer).await, 412);
    assert_eq!(put(("if-match", "\"2\""), &newer).await, 412);
    assert_eq!(put(("if-match", "\"1\""), &newer).await, 201);
    let request = Request::get("/v1/strategies/cross").header("if-none-match", "\"2\"");
    let same = client.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!(
        (same.status, same.text.as_str()),
        (StatusCode::NOT_MODIFIED, "")
    );
}

#[tokio::test]
async fn what_cannot_be_a_version_is_refused_with_its_place() {
    let client = Client::new();
    let put = async |name: &str, body: Value| {
        let answer = client
            .put(&format!("/v1/strategies/{name}"), &[], &body)
            .await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
        answer.json()
    };
    let other = put("cros", json!({"text": CROSS})).await;
    assert_eq!(
        other["detail"],
        "the file holds a strategy `cross`, not `cros`"
    );
    let broken = put(
        "cross",
        json!({"text": CROSS.replace("stoploss", "stoplos")}),
    )
    .await;
    assert!(
        broken["detail"]
            .as_str()
            .unwrap()
            .contains("cross.toml:13:1"),
        "{broken}"
    );
    let settings = json!({"text": CROSS, "config": {"account": {"balanc": 1}}});
    let settings = put("cross", settings).await;
    assert_eq!(settings["fields"][0]["at"], "account.balanc");
    assert_eq!(
        client.get("/v1/strategies").await.json(),
        json!({"items": []})
    );
}

#[tokio::test]
async fn mistakes_have_lines_and_columns() {
    let client = Client::new();
    client.cross().await;
    let look = async |body: Value| {
        let answer = client.post("/v1/strategies/cross/validate", &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    };
    assert_eq!(
        look(json!({})).await,
        json!({"valid": true, "mistakes": [], "notes": [], "startup_candles": 2})
    );
    let found = look(json!({"text": CROSS.replace("close", "clos")})).await;
    assert_eq!(found["valid"], false);
    assert_eq!(found["mistakes"].as_array().unwrap().len(), 2);
    assert_eq!(
        found["mistakes"][0],
        json!({"line": 9, "column": 9, "length": 4, "message": "unknown name `clos`",
               "hint": found["mistakes"][0]["hint"]})
    );
    let nobody = client
        .post("/v1/strategies/nobody/validate", &json!({}))
        .await;
    assert_eq!(nobody.status, StatusCode::NOT_FOUND);
}
