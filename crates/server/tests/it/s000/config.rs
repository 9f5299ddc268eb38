//! `/api/config` and `/api/stocks`.

use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use fondaco_app::ports::records::{RecordKind, TrailQuery};
use serde_json::{Value, json};

use super::{get, post, ready};
use crate::client::Client;

#[tokio::test]
async fn a_key_of_a_provider_is_saved_and_never_told_again() {
    let client = ready().await;
    let none = json!({"configured": false, "providers": []});
    assert_eq!(get(&client, "/api/config/check").await, (200, none));
    let body = json!({"provider": "openai", "api_key": "sk-secret"});
    let (status, told) = post(&client, "/api/config/apikey", body).await;
    assert_eq!(
        (status, told),
        (
            200,
            json!({"status": "saved", "provider": "openai", "restart_required": true})
        )
    );
    let one = json!({"configured": true, "providers": ["openai"]});
    assert_eq!(get(&client, "/api/config/check").await, (200, one));
    let home = &client.platform.home;
    let saved = fondaco_server::saved_key(home, "OPENAI_API_KEY");
    assert_eq!(saved.as_deref(), Some("sk-secret"));
    let file = home.join("provider-keys.env");
    let mode = std::fs::metadata(file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // That it was done is on the record, and nothing of the key.
    let trail = client.platform.store.trail(&TrailQuery {
        kind: Some(RecordKind::ProviderKey),
        ..TrailQuery::default()
    });
    let trail = trail.unwrap();
    assert_eq!(
        (trail[0].name.as_str(), trail[0].actor.as_str()),
        ("openai", "http:local")
    );
    assert!(!format!("{trail:?}").contains("sk-secret"));
}

#[tokio::test]
async fn a_key_is_taken_from_this_machine_only() {
    let client = Client::new();
    let admin = client.add_key("boss", &[fondaco_domain::access::Scope::Admin]);
    for (peer, status) in [
        ("127.0.0.1:5000", 200),
        ("[::1]:5000", 200),
        ("[::ffff:127.0.0.1]:5000", 200),
        ("192.0.2.7:5000", 403),
    ] {
        let peer: SocketAddr = peer.parse().unwrap();
        let request = Request::post("/api/config/apikey")
            .header("api-key", &admin)
            .extension(ConnectInfo(peer))
            .body(Body::from(r#"{"api_key": "sk"}"#))
            .unwrap();
        let answer = client.send(request).await;
        assert_eq!(answer.status.as_u16(), status, "{peer}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_is_no_key_is_refused() {
    let client = ready().await;
    let path = "/api/config/apikey";
    for (body, told) in [
        (Value::Null, "api_key is required"),
        (json!({"api_key": "  "}), "api_key is required"),
        (json!({"api_key": "two\nlines"}), "Invalid API key"),
        (
            json!({"api_key": "sk", "provider": "../x"}),
            "Invalid provider",
        ),
    ] {
        let (status, answer) = post(&client, path, body.clone()).await;
        assert_eq!(status, 400, "{body}: {answer}");
        assert!(
            answer["detail"].as_str().unwrap().contains(told),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn nothing_is_screened_where_there_is_nothing_to_screen() {
    let client = ready().await;
    let (status, told) = get(&client, "/api/stocks/screen?mode=china_strict&refresh=true").await;
    assert_eq!(status, 503);
    assert!(
        told["detail"].as_str().unwrap().contains("not available"),
        "{told}"
    );
    let (status, _) = get(&client, "/api/stocks/screen?mode=moon").await;
    assert_eq!(status, 400);
}
