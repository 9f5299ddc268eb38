//! Flags over HTTP, and the trail of who changed them.

use axum::http::StatusCode;
use fondaco_app::flags::{Environment, Flags};
use fondaco_domain::access::Scope;
use fondaco_server::GuardSettings;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::client::Client;
use crate::keyring::guarded;

const FLAG: &str = "/v1/flags/dashboard_compat_exports";

#[tokio::test]
async fn a_flag_is_set_and_unset_and_both_are_on_the_trail() {
    let client = Client::new();
    let flags = Flags::new(Arc::clone(&client.platform.store));
    let before = flags.snapshot().unwrap();
    assert!(before.dashboard_exports());
    let set = client.put(FLAG, &[], &json!({"value": false})).await;
    assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    assert_eq!(
        (&set.json()["value"], &set.json()["default"]),
        (&json!(false), &json!(true))
    );
    assert_eq!(set.json()["set_by"], "http:local");
    // Who reads a snapshot keeps it; who reads the next one sees the change.
    assert!(before.dashboard_exports());
    assert!(!flags.snapshot().unwrap().dashboard_exports());
    let unset = client.ask("DELETE", FLAG, &[]).await;
    assert_eq!(
        (&unset.json()["value"], &unset.json()["version"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(flags.snapshot().unwrap().hash(), before.hash());
    // It has its default: nothing changes, and nothing is on the trail.
    client.ask("DELETE", FLAG, &[]).await;
    let trail = client.get("/v1/trail?kind=flag").await.json();
    let told: Vec<Value> = trail["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| json!([change["version"], change["removed"], change["body"]]))
        .collect();
    assert_eq!(told, [json!([2, true, null]), json!([1, false, false])]);
}

#[tokio::test]
async fn who_knows_an_older_value_does_not_overwrite_a_newer_one() {
    let client = Client::new();
    let tag = async || {
        let shown = client.get(FLAG).await;
        shown.headers["etag"].to_str().unwrap().to_owned()
    };
    let never_set = tag().await;
    let put = async |tag: &str, value: bool| {
        let body = json!({"value": value});
        let answer = client.put(FLAG, &[("if-match", tag)], &body).await;
        answer.status.as_u16()
    };
    assert_eq!(put(&never_set, false).await, 200);
    assert_eq!(put(&never_set, true).await, 412);
    let set_once = tag().await;
    assert_eq!(put(&set_once, true).await, 200);
    let unset = client.ask("DELETE", FLAG, &[("if-match", &set_once)]).await;
    assert_eq!(unset.status, StatusCode::PRECONDITION_FAILED);
    let known = [("if-none-match", set_once.as_str())];
    assert_eq!(client.ask("GET", FLAG, &known).await.status, StatusCode::OK);
    let now = tag().await;
    let known = [("if-none-match", now.as_str())];
    let same = client.ask("GET", FLAG, &known).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
}

#[tokio::test]
async fn unknown_flags_and_wrong_values_are_refused() {
    let client = Client::new();
    for (path, value, status) in [
        ("/v1/flags/colour", json!(true), 404),
        (FLAG, json!("false"), 400),
        (FLAG, json!(0), 400),
        (FLAG, json!(null), 400),
        ("/v1/flags/halt_confirmation_seconds", json!(181), 400),
        ("/v1/flags/halt_confirmation_seconds", json!(60.5), 400),
        ("/v1/flags/halt_confirmation_seconds", json!(true), 400),
    ] {
        let answer = client.put(path, &[], &json!({"value": value})).await;
        assert_eq!(answer.status.as_u16(), status, "{value} to {path}");
    }
    let trail = client.get("/v1/trail").await.json();
    assert_eq!(trail["items"], json!([]));
}

#[tokio::test]
async fn the_trail_is_paged_and_shows_no_hash() {
    let (client, _) = guarded(GuardSettings::default());
    let key = client.add_key("desk", &[Scope::Admin]);
    for value in [false, true, false] {
        let body = json!({"value": value});
        let set = client.tell(&key, "PUT", FLAG, &body).await;
        assert_eq!(set.status, StatusCode::OK);
    }
    let get = async |path: &str| client.tell(&key, "GET", path, &Value::Null).await;
    let mut seen = Vec::new();
    let mut path = "/v1/trail?limit=3".to_owned();
    loop {
        let page = get(&path).await.json();
        for change in page["items"].as_array().unwrap() {
            seen.push((
                change["kind"].as_str().unwrap().to_owned(),
                change["actor"].as_str().unwrap().to_owned(),
            ));
        }
        match page["next"].as_str() {
            Some(next) => path = format!("/v1/trail?limit=3&cursor={next}"),
            None => break,
        }
    }
    let flag = || ("flag".to_owned(), "key:desk".to_owned());
    let added = ("key".to_owned(), "test".to_owned());
    assert_eq!(seen, [flag(), flag(), flag(), added]);
    let all = get("/v1/trail").await.text + &get("/v1/keys").await.text;
    assert!(!all.contains("argon2"), "{all}");
    assert!(!all.contains(&key), "{all}");
    assert_eq!(get("/v1/trail?kind=colour").await.status.as_u16(), 400);
}

#[tokio::test]
async fn a_variable_of_the_environment_counts_until_somebody_sets_the_flag() {
    const SERVICE: &str = "/v1/flags/ta_app_service_enabled";
    let mut client = Client::new();
    let said = |name: &str| (name == "TA_APP_SERVICE_ENABLED").then(|| "1".to_owned());
    let platform = Arc::get_mut(&mut client.platform).unwrap();
    platform.environment = Environment::read(said).unwrap();
    let value = async || {
        let one = client.get(SERVICE).await.json();
        let all = client.get("/v1/flags").await.json();
        let listed = all["flags"].as_array().unwrap().iter();
        let mut listed = listed.filter(|flag| flag["name"] == "ta_app_service_enabled");
        assert_eq!(listed.next().unwrap()["value"], one["value"]);
        one["value"].clone()
    };
    assert_eq!(value().await, true);
    client.put(SERVICE, &[], &json!({"value": false})).await;
    assert_eq!(value().await, false);
    let unset = client.ask("DELETE", SERVICE, &[]).await.json();
    assert_eq!(
        (&unset["value"], &unset["version"]),
        (&json!(true), &json!(0))
    );
    assert_eq!(value().await, true);
}
