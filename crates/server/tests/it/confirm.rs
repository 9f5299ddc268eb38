//! Clearing a halt takes two.

use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use fondaco_app::ports::records::TrailQuery;
use fondaco_domain::access::Scope;
use fondaco_server::GuardSettings;
use serde_json::{Value, json};

use crate::client::{Answer, Client};
use crate::keyring::{Hand, guarded};

struct Desk {
    client: Client,
    hand: Arc<Hand>,
    key: String,
}

impl Desk {
    /// Somebody who may halt, and a global halt.
    async fn halted() -> Self {
        let (client, hand) = guarded(GuardSettings::default());
        let key = client.add_key("desk", &[Scope::Halt]);
        let desk = Self { client, hand, key };
        desk.halt("global", "drain").await;
        desk
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.client.tell(&self.key, "POST", path, body).await
    }

    async fn halt(&self, scope: &str, mode: &str) {
        let order = json!({"scope": scope, "mode": mode, "reason": "drill"});
        let set = self.post("/v1/halts", &order).await;
        assert_eq!(set.status, StatusCode::OK, "{}", set.text);
    }

    async fn confirm(&self, scope: &str) -> Answer {
        let wish = json!({"scope": scope, "reason": "prices are right"});
        self.post("/v1/halts/confirmations", &wish).await
    }

    async fn confirmed(&self) -> String {
        let given = self.confirm("global").await;
        assert_eq!(given.status, StatusCode::CREATED, "{}", given.text);
        given.json()["confirmation"].as_str().unwrap().to_owned()
    }

    async fn clear(&self, confirmation: &str) -> Answer {
        let order = json!({
            "scope": "global", "reason": "prices are right", "confirmation": confirmation,
        });
        self.post("/v1/halts/clear", &order).await
    }
}

#[tokio::test]
async fn a_halt_is_cleared_with_a_confirmation_and_only_once() {
    let desk = Desk::halted().await;
    let confirmation = desk.confirmed().await;
    desk.hand.pass(Duration::from_mins(3));
    let cleared = desk.clear(&confirmation).await;
    assert_eq!(cleared.status, StatusCode::OK, "{}", cleared.text);
    let latch = &cleared.json()["latches"][0];
    assert_eq!(
        (&latch["mode"], &latch["actor"]),
        (&json!("active"), &json!("key:desk"))
    );
    desk.halt("global", "halted").await;
    let again = desk.clear(&confirmation).await;
    assert_eq!(again.status, StatusCode::CONFLICT);
    assert!(again.json()["detail"].as_str().unwrap().contains("used at"));
}

#[tokio::test]
async fn a_confirmation_counts_for_three_minutes() {
    let desk = Desk::halted().await;
    let confirmation = desk.confirmed().await;
    desk.hand
        .pass(Duration::from_mins(3) + Duration::from_micros(1));
    let late = desk.clear(&confirmation).await;
    assert_eq!(
        late.status,
        StatusCode::PRECONDITION_FAILED,
        "{}",
        late.text
    );
    assert_eq!(late.json()["code"], "precondition_failed");
}

#[tokio::test]
async fn how_long_it_counts_can_be_shortened_and_not_made_longer() {
    let (client, hand) = guarded(GuardSettings::default());
    let key = client.add_key("desk", &[Scope::Admin]);
    let desk = Desk { client, hand, key };
    desk.halt("global", "drain").await;
    let flag = "/v1/flags/halt_confirmation_seconds";
    let set = async |seconds: i64| {
        let body = json!({"value": seconds});
        let answer = desk.client.tell(&desk.key, "PUT", flag, &body).await;
        answer.status.as_u16()
    };
    assert_eq!((set(181).await, set(10).await), (400, 200));
    let confirmation = desk.confirmed().await;
    desk.hand.pass(Duration::from_secs(11));
    assert_eq!(desk.clear(&confirmation).await.status.as_u16(), 412);
}

#[tokio::test]
async fn a_confirmation_is_of_the_halt_that_was_looked_at() {
    let desk = Desk::halted().await;
    let confirmation = desk.confirmed().await;
    desk.halt("global", "killed").await;
    let other = desk.clear(&confirmation).await;
    assert_eq!(other.status, StatusCode::PRECONDITION_FAILED);
    let detail = other.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("changed in epoch 2"), "{detail}");
    // A refusal before the use leaves it unused, and it counts no more anyhow.
    assert_eq!(desk.clear(&confirmation).await.status.as_u16(), 412);
    // A halt of something else in between takes nothing away.
    let confirmation = desk.confirmed().await;
    desk.halt("tenant:b", "drain").await;
    assert_eq!(desk.clear(&confirmation).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_confirmation_is_of_one_scope_and_of_who_asked() {
    let desk = Desk::halted().await;
    desk.halt("tenant:b", "drain").await;
    let confirmation = desk.confirmed().await;
    let order = json!({
        "scope": "tenant:b", "reason": "prices are right", "confirmation": confirmation,
    });
    let other = desk.post("/v1/halts/clear", &order).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.text);
    let second = desk.client.add_key("second", &[Scope::Admin]);
    desk.hand.pass(Duration::from_secs(1));
    let order = json!({
        "scope": "global", "reason": "prices are right", "confirmation": confirmation,
    });
    let clear = "/v1/halts/clear";
    let other = desk.client.tell(&second, "POST", clear, &order).await;
    assert_eq!(other.status, StatusCode::CONFLICT, "{}", other.text);
    assert_eq!(desk.clear(&confirmation).await.status, StatusCode::OK);
}

#[tokio::test]
async fn words_without_sense_are_refused() {
    let desk = Desk::halted().await;
    let wish = |scope: &str, reason: &str| json!({"scope": scope, "reason": reason});
    let path = "/v1/halts/confirmations";
    for (body, status) in [
        (wish("global", " "), 400),
        (wish("everything", "why not"), 400),
        (wish("tenant:b", "never halted"), 409),
    ] {
        assert_eq!(desk.post(path, &body).await.status.as_u16(), status);
    }
    assert_eq!(desk.clear("nothing").await.status, StatusCode::NOT_FOUND);
    let confirmation = desk.confirmed().await;
    let no_reason = json!({"scope": "global", "reason": "", "confirmation": confirmation});
    let refused = desk.post("/v1/halts/clear", &no_reason).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);
    assert_eq!(desk.clear(&confirmation).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn of_many_uses_at_the_same_moment_exactly_one_counts() {
    for _ in 0..20 {
        let desk = Arc::new(Desk::halted().await);
        let confirmation = desk.confirmed().await;
        let uses = (0..8).map(|_| {
            let (desk, confirmation) = (Arc::clone(&desk), confirmation.clone());
            tokio::spawn(async move { desk.clear(&confirmation).await.status.as_u16() })
        });
        let mut statuses: Vec<u16> = futures::future::join_all(uses)
            .await
            .into_iter()
            .map(|done| done.unwrap())
            .collect();
        statuses.sort_unstable();
        assert_eq!(statuses[0], 200);
        assert_eq!(statuses[1..], [409; 7], "{statuses:?}");
        let trail = desk.client.platform.store.trail(&TrailQuery::default());
        let uses = trail.unwrap();
        let uses = uses.iter().filter(|record| record.name == confirmation);
        assert_eq!(uses.count(), 2, "given once and used once");
    }
}
