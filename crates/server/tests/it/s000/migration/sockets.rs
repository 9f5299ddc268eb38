//! The flags of the migration, over the sockets.

use std::sync::Arc;
use std::time::Duration;

use axum::http::Method;
use fondaco_app::migration::Phase;
use fondaco_app::migration::triggers::{Trigger, judge};
use fondaco_server::GuardSettings;
use serde_json::{Value, json};

use super::{START, status_of};
use crate::analysts::Outcome;
use crate::client::Client;
use crate::gateway::desk::PATIENCE;
use crate::keyring::guarded;
use crate::s000::sockets::House;
use crate::s000::{get, pair, post, ready_as, started};

#[tokio::test]
async fn a_socket_follows_the_flags_while_it_is_open() {
    let house = House::of(ready_as(None).await);
    let task = started(&house.client, "AAPL").await;
    let mut line = house.connect(&format!("/ws/analysis/{task}")).await;
    let first = line.next().await;
    let keys: Vec<&String> = first.as_object().unwrap().keys().collect();
    assert_eq!((keys[0].as_str(), keys[1].as_str()), ("type", "task_id"));
    assert_eq!(first.get("contract_version"), None);
    let (_, asked) = get(&house.client, &status_of(&task)).await;
    let mut same = first.clone();
    same.as_object_mut().unwrap().shift_remove("type");
    assert_eq!(same, asked);
    house.client.phase(Phase::Contract);
    let by_contract = line.next().await;
    assert_eq!(by_contract["contract_version"], "v1alpha1");
    house.client.phase(Phase::ContractFreeze);
    assert_eq!(line.next().await, first);
    house.client.analyst().work(|_| Outcome::Complete);
    let seen = line.until(|it| it["status"] == "completed").await;
    let last = seen.last().unwrap();
    assert_eq!(
        (
            &last["decision"],
            &last["progress"],
            last.get("contract_version")
        ),
        (&json!("BUY"), &json!(100), None)
    );
}

#[tokio::test]
async fn live_signals_in_the_legacy_shape_have_no_version() {
    let house = House::of(ready_as(None).await);
    let mut line = house.connect("/ws/orchestrator").await;
    line.say(json!({"tickers": ["a//b"], "date": "2024-10-04"}))
        .await;
    let told = line.next().await;
    assert_eq!(told.get("contract_version"), None);
    let signal = &told["signals"][0];
    assert_eq!(signal.get("contract_version"), None);
    assert!(
        signal["error"].as_str().unwrap().contains("ticker"),
        "{signal}"
    );
}

/// Waits until something holds of what sockets have sent.
async fn watched(client: &Client, wanted: impl Fn(&[fondaco_app::migration::Watched]) -> bool) {
    let waiting = async {
        while !wanted(&client.platform.migration.sockets.watched()) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap();
}

#[tokio::test]
async fn what_sockets_have_sent_is_counted_and_silence_is_an_alarm() {
    let (client, hand) = guarded(GuardSettings::default());
    let task = started(&client, "AAPL").await;
    let house = House::of(client);
    let client = &house.client;
    let migration = Arc::clone(&client.platform.migration);
    let mut line = house.connect(&format!("/ws/analysis/{task}")).await;
    line.next().await;
    watched(client, |all| {
        all.len() == 1 && all[0].task == task && all[0].clients == 1
    })
    .await;
    // Two tasks change; the clients of one of them are told.
    let (_, silent) = post(
        client,
        START,
        json!({"ticker": "MSFT", "date": "2024-10-04"}),
    )
    .await;
    let silent = silent["task_id"].as_str().unwrap().to_owned();
    migration
        .sockets
        .opened(&silent, client.platform.machine.wall());
    hand.pass(Duration::from_secs(1));
    let changed = client.platform.machine.wall();
    client.analyst().work(|_| Outcome::Complete);
    line.until(|it| it["status"] == "completed").await;
    watched(client, |all| {
        all.iter().any(|it| it.task == task && it.sent >= changed)
    })
    .await;
    for task in [&task, &silent] {
        pair(client, Method::GET, &status_of(task), Value::Null).await;
    }
    let alarmed = || {
        let alarms = judge(&migration.look_over().unwrap().observations).into_iter();
        let mut stopped = alarms.filter(|alarm| alarm.trigger == Trigger::ProgressStopped);
        stopped.next().map(|alarm| alarm.tasks)
    };
    hand.pass(Duration::from_secs(29));
    assert_eq!(alarmed(), None);
    hand.pass(Duration::from_secs(1));
    assert_eq!(alarmed(), Some(vec![silent.clone()]));
    // Who has gone waits for nothing.
    migration.sockets.closed(&silent);
    drop(line);
    watched(client, <[_]>::is_empty).await;
    assert_eq!(alarmed(), None);
}
