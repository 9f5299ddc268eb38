//! Keys for tests, and a clock that stands until it is moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use fondaco_app::keys::{self, NewKey};
use fondaco_app::ports::machine::Machine;
use fondaco_app::roles::Role;
use fondaco_domain::UnixMicros;
use fondaco_domain::access::Scope;
use fondaco_server::GuardSettings;
use serde_json::Value;

use crate::client::{Answer, Client};

/// A machine whose time is moved by hand.
#[derive(Default)]
pub(crate) struct Hand {
    micros: AtomicI64,
    chance: AtomicU64,
}

impl Hand {
    pub(crate) fn pass(&self, time: Duration) {
        let micros = i64::try_from(time.as_micros()).unwrap();
        self.micros.fetch_add(micros, Ordering::Relaxed);
    }
}

impl Machine for Hand {
    fn wall(&self) -> UnixMicros {
        UnixMicros(1_760_000_000_000_000 + self.micros.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed).unsigned_abs())
    }

    fn entropy(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let count = self.chance.fetch_add(1, Ordering::Relaxed);
        // Spread over all letters, so that no text has long runs of one.
        let mixed = count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        bytes[..8].copy_from_slice(&mixed.to_le_bytes());
        bytes
    }
}

/// A client at such a machine.
pub(crate) fn guarded(settings: GuardSettings) -> (Client, Arc<Hand>) {
    let hand = Arc::new(Hand::default());
    let machine: Arc<dyn Machine> = hand.clone();
    (Client::with(machine, settings), hand)
}

impl Client {
    /// Adds a key and gives its text.
    pub(crate) fn add_key(&self, name: &str, scopes: &[Scope]) -> String {
        self.add_key_for(name, scopes, None)
    }

    /// One that expires.
    pub(crate) fn add_key_for(
        &self,
        name: &str,
        scopes: &[Scope],
        time: Option<Duration>,
    ) -> String {
        let machine = &*self.platform.machine;
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap();
        let new = NewKey {
            name: name.to_owned(),
            scopes: scopes.iter().copied().collect(),
            expires_at: time.map(|time| machine.wall().plus(micros(time))),
        };
        let added = keys::add(&*self.platform.store, machine, "test", new).unwrap();
        added.secret.expose().to_owned()
    }

    pub(crate) fn revoke_key(&self, name: &str) {
        let machine = &*self.platform.machine;
        keys::revoke(&*self.platform.store, machine, "test", name).unwrap();
    }

    /// A request with these headers and no body.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The answer of a role to an empty order, with a key or without.
    pub(crate) async fn at(
        &self,
        role: Role,
        method: &str,
        path: &str,
        key: Option<&str>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json");
        if let Some(key) = key {
            request = request.header("x-api-key", key);
        }
        let request = request.body(Body::from("{}")).unwrap();
        self.send_to(role, request).await
    }

    /// A request of a key with a document.
    pub(crate) async fn tell(&self, key: &str, method: &str, path: &str, body: &Value) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {key}"))
            .header("content-type", "application/json");
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// The status of a look at runs with a key.
    pub(crate) async fn look(&self, key: &str) -> u16 {
        let bearer = format!("Bearer {key}");
        let answer = self
            .ask("GET", "/v1/runs", &[("authorization", &bearer)])
            .await;
        answer.status.as_u16()
    }
}
