//! How a process is, for those who start, stop and watch it.

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use fondaco_app::roles::Role;
use serde_json::{Value, json};

use crate::client::Client;

fn dependency<'a>(ready: &'a Value, name: &str) -> &'a Value {
    let all = ready["dependencies"].as_array().unwrap();
    all.iter().find(|it| it["name"] == name).unwrap()
}

#[tokio::test]
async fn a_process_that_answers_lives_and_says_what_it_is() {
    let client = Client::new();
    let health = client.get("/health").await;
    assert_eq!(health.status, StatusCode::OK);
    let health = health.json();
    for (field, expected) in [
        ("status", json!("healthy")),
        ("service", json!("backend-api")),
        ("database", json!("connected")),
        ("deployment_mode", json!("PROD")),
        ("is_dev_mode", json!(false)),
        ("preserve_dev_data", json!(false)),
        ("role", json!("control")),
    ] {
        assert_eq!(health[field], expected, "{field}");
    }
    assert!(health["timestamp"].is_string());
}

#[tokio::test]
async fn each_role_answers_for_itself() {
    let client = Client::new();
    for (role, service) in [
        (Role::Control, "backend-api"),
        (Role::Trading, "trading_service"),
        (Role::News, "news_service"),
        (Role::Runtime, "runtime_service"),
        (Role::Gateway, "gateway"),
    ] {
        let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
        let health = client.send_to(role, get("/health")).await.json();
        assert_eq!(health["service"], service);
        assert_eq!(health["role"], role.as_str());
        let ready = client.send_to(role, get("/ready")).await;
        assert_eq!(ready.status, StatusCode::OK, "{role:?}: {}", ready.text);
        let metrics = client.send_to(role, get("/metrics")).await;
        assert_eq!(metrics.status, StatusCode::OK, "{role:?}");
    }
}

#[tokio::test]
async fn readiness_names_each_dependency_and_why() {
    let client = Client::new();
    let ready = client.get("/ready").await;
    assert_eq!(ready.status, StatusCode::OK);
    let ready = ready.json();
    assert_eq!(ready["status"], "ready");
    let checks = json!({"mlflow": true, "data_collection": true, "dynamodb": true});
    assert_eq!(ready["checks"], checks);
    for (name, state, required) in [
        ("store", "up", true),
        ("candles", "up", true),
        ("disk", "up", true),
        ("workers", "down", false),
        ("gateway", "down", false),
    ] {
        let found = dependency(&ready, name);
        let (said, needed) = (&found["state"], &found["required"]);
        assert_eq!((said, needed), (&json!(state), &json!(required)), "{name}");
    }
    let why = |name: &str| dependency(&ready, name)["detail"].clone();
    assert_eq!(why("workers"), "nobody takes tasks: start `fondaco worker`");
    assert_eq!(why("gateway"), "there has been none yet");
}

#[tokio::test]
async fn a_home_that_is_gone_makes_it_unready() {
    let client = Client::new();
    std::fs::remove_dir_all(&client.platform.home).unwrap();
    let ready = client.get("/ready").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    let ready = ready.json();
    assert_eq!(ready["status"], "not_ready");
    let disk = dependency(&ready, "disk");
    assert_eq!(disk["state"], "down");
    let why = disk["detail"].as_str().unwrap();
    assert!(why.starts_with("the home cannot be written: "), "{why}");
    // The process lives all the same.
    assert_eq!(client.get("/health").await.status, StatusCode::OK);
}

/// Samples by name and labels. Panics where a line is none, where a metric has
/// no help or no type before its samples, and where a sample comes twice.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let (mut helped, mut typed) = (BTreeSet::new(), BTreeMap::new());
    let mut samples = BTreeMap::new();
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').unwrap();
            assert!(!help.is_empty());
            assert!(helped.insert(name), "{name} is told of twice");
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert!(helped.contains(name), "{name} has no help");
            typed.insert(name, kind);
        } else {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let name = series.split('{').next().unwrap();
            let base = ["_bucket", "_sum", "_count"]
                .iter()
                .find_map(|ending| name.strip_suffix(ending))
                .filter(|base| typed.get(base) == Some(&"histogram"))
                .unwrap_or(name);
            assert!(typed.contains_key(base), "{name} has no type");
            if typed[base] == "counter" {
                assert!(name.ends_with("_total"), "{name} is a counter");
            }
            let known = samples.insert(series.to_owned(), value.parse().unwrap());
            assert_eq!(known, None, "{series} comes twice");
        }
    }
    samples
}

#[tokio::test]
async fn metrics_count_what_passed_by_the_template_of_its_route() {
    let client = Client::new();
    let run = client.submit(1).await;
    for _ in 0..3 {
        client.get(&format!("/v1/runs/{run}")).await;
    }
    client.get("/v1/nothing/at/all").await;
    let order = json!({"scope": "kind:analysis", "mode": "drain", "reason": "drill"});
    client.post("/v1/halts", &order).await;
    let metrics = client.get("/metrics").await;
    assert_eq!(
        metrics.headers["content-type"],
        "text/plain; version=0.0.4; charset=utf-8"
    );
    let samples = parse(&metrics.text);
    let shown = r#"role="control",method="GET",route="/v1/runs/{run_id}""#;
    for (series, expected) in [
        (format!("fondaco_http_requests_total{{{shown},status=\"200\"}}"), 3.0),
        (format!("fondaco_http_request_duration_seconds_count{{{shown}}}"), 3.0),
        (
            format!("fondaco_http_request_duration_seconds_bucket{{{shown},le=\"+Inf\"}}"),
            3.0,
        ),
        (
            r#"fondaco_http_requests_total{role="control",method="GET",route="unmatched",status="404"}"#
                .to_owned(),
            1.0,
        ),
        (r#"fondaco_runs_open{kind="workflow",state="queued"}"#.to_owned(), 1.0),
        (r#"fondaco_runs_open{kind="backtest",state="queued"}"#.to_owned(), 0.0),
        (r#"fondaco_halts_in_force{mode="drain"}"#.to_owned(), 1.0),
        ("fondaco_scrape_failures".to_owned(), 0.0),
        (r#"fondaco_http_requests_in_flight{role="control"}"#.to_owned(), 1.0),
    ] {
        assert_eq!(samples.get(&series), Some(&expected), "{series}");
    }
    assert!(samples["process_resident_memory_bytes"] > 1e6);
    let text = &metrics.text;
    assert!(!text.contains(&run), "a name of a run is no label");
}
