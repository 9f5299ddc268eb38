//! Where keys are needed.

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::keys::{self, NewKey};
use fondaco_domain::access::{Scope, Scopes};
use fondaco_server::{GatewayOptions, Platform};
use fondaco_store::runs::MemoryRuns;
use serde_json::json;

use super::desk::{Desk, platform};

fn key(platform: &Platform, name: &str, scope: Scope) -> String {
    let new = NewKey {
        name: name.to_owned(),
        scopes: Scopes::from_iter([scope]),
        expires_at: None,
    };
    let added = keys::add(&*platform.store, &*platform.machine, "test", new);
    added.unwrap().secret.expose().to_owned()
}

fn desk(heartbeat: Duration) -> Desk {
    let options = GatewayOptions {
        heartbeat,
        ..GatewayOptions::of(1)
    };
    Desk::open(platform(Arc::new(MemoryRuns::default())), options)
}

const MINUTE: Duration = Duration::from_mins(1);

#[tokio::test]
async fn a_key_is_shown_in_a_header_or_in_a_frame() {
    let desk = desk(MINUTE);
    let read = key(&desk.mill.0, "reader", Scope::Read);
    let trade = key(&desk.mill.0, "trader", Scope::Trade);
    desk.mill.grind(1);
    let bearer = format!("Bearer {read}");
    for header in [("authorization", &*bearer), ("x-api-key", &*read)] {
        let socket = desk.connect_as("/", &[header]).await.unwrap();
        assert_eq!(socket.hello["authenticated"], true);
    }
    let wrong = desk.connect_as("/", &[("x-api-key", "fdk_no")]).await;
    assert_eq!(wrong.err().unwrap().status, 401);
    let narrow = desk.connect_as("/", &[("x-api-key", &trade)]).await;
    assert_eq!(narrow.err().unwrap().status, 403);
    let mut socket = desk.connect().await;
    assert_eq!(
        json!([socket.hello["authenticated"], socket.hello["head"]]),
        json!([false, 0])
    );
    for wish in [json!({"type": "subscribe"}), json!({"type": "get_state"})] {
        socket.say(wish).await;
        assert_eq!(socket.next().await["code"], "unauthenticated");
    }
    socket.say(json!({"type": "auth", "key": "guess"})).await;
    assert_eq!(socket.next().await["code"], "unauthenticated");
    socket.say(json!({"type": "auth", "key": trade})).await;
    assert_eq!(socket.next().await["code"], "forbidden");
    socket.say(json!({"type": "auth", "key": read})).await;
    let hello = socket.next().await;
    assert_eq!(
        json!([hello["type"], hello["authenticated"], hello["head"]]),
        json!(["hello", true, desk.mill.end()])
    );
    socket.subscribe(json!({})).await;
    assert_eq!(socket.next().await["type"], "snapshot");
    desk.end().await;
}

#[tokio::test]
async fn whoever_may_not_look_any_more_is_sent_away() {
    let desk = desk(Duration::from_millis(50));
    let mut early = desk.subscribed(json!({})).await;
    let read = key(&desk.mill.0, "reader", Scope::Read);
    // Nobody needed a key when this one came; by now everybody does.
    assert_eq!(early.until("error").await["code"], "unauthenticated");
    assert_eq!(early.closed().await.0, 1008);
    let header = [("x-api-key", &*read)];
    let mut keyed = desk.connect_as("/", &header).await.unwrap();
    let (store, machine) = (&*desk.mill.0.store, &*desk.mill.0.machine);
    keys::revoke(store, machine, "test", "reader").unwrap();
    assert_eq!(keyed.until("error").await["code"], "unauthenticated");
    assert_eq!(keyed.closed().await.0, 1008);
    desk.end().await;
}
