//! Everything in order, once, whoever serves it.

use std::sync::Arc;

use fondaco_app::feed::{Bounds, Settings};
use fondaco_app::ports::Store;
use fondaco_server::GatewayOptions;
use fondaco_store::runs::{MemoryRuns, SqliteOptions, SqliteRuns};
use serde_json::json;
use tokio::task::{JoinSet, spawn_blocking};

use super::desk::{Desk, Mill, Seen, Socket, assert_whole, platform};

const SUBMITTERS: usize = 8;
const RUNS: usize = 25;

fn grind(mill: &Mill) -> JoinSet<()> {
    let mut grinding = JoinSet::new();
    for _ in 0..SUBMITTERS {
        let mill = mill.clone();
        grinding.spawn_blocking(move || {
            for _ in 0..RUNS {
                mill.grind(3);
            }
        });
    }
    grinding
}

async fn everybody_gets_everything_once(store: Arc<dyn Store>) {
    let desk = Desk::over(store);
    let named = desk.mill.submit(2);
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(desk.subscribed(json!({})).await);
    }
    let mut of_kind = desk.subscribed(json!({"kinds": ["workflow"]})).await;
    let mut of_none = desk.subscribed(json!({"kinds": ["backtest"]})).await;
    let mut of_run = desk.subscribed(json!({"runs": [named.to_string()]})).await;
    let begin = all[0].seq;
    let grinding = grind(&desk.mill);
    let mut readers = JoinSet::new();
    let total = SUBMITTERS * RUNS;
    for mut socket in all {
        readers.spawn(async move {
            let mut seen = Vec::new();
            let mut ended = 0;
            while ended < total {
                let event = Seen::of(&socket.until("event").await);
                ended += usize::from(event.3 == "run_ended");
                seen.push(event);
            }
            seen
        });
    }
    let read = readers.join_all().await;
    grinding.join_all().await;
    let written = Seen::rows(&desk.mill.feed(begin));
    assert_whole(&written);
    assert_eq!(written.len(), total * 7);
    for seen in read {
        assert_eq!(seen, written);
    }
    let last = written.last().unwrap().0;
    assert_eq!(of_kind.events(last).await, written);
    let mill = desk.mill.clone();
    let cancelled = spawn_blocking(move || mill.cancel(named));
    cancelled.await.unwrap();
    let rest = Seen::rows(&desk.mill.feed(last));
    assert_eq!(of_run.events(desk.mill.end()).await, rest);
    of_none.say(json!({"type": "ping"})).await;
    let (between, _) = of_none.up_to("pong").await;
    assert!(between.is_empty(), "{between:?}");
    desk.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_everything_once_from_memory() {
    everybody_gets_everything_once(Arc::new(MemoryRuns::default())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_everything_once_from_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteRuns::open(&folder.path().join("runs.db"), SqliteOptions::default());
    everybody_gets_everything_once(Arc::new(store.unwrap())).await;
}

/// The ring of a gateway that keeps nearly nothing: what was missed comes from
/// the store.
fn forgetful(generation: u64) -> GatewayOptions {
    GatewayOptions {
        feed: Settings {
            ring: Bounds {
                items: 16,
                bytes: 1 << 20,
            },
            warm: 0,
            ..Settings::default()
        },
        ..GatewayOptions::of(generation)
    }
}

/// Connects with the last number, reads some events, and is gone again.
async fn visit(desk: &Desk, seen: &mut Vec<Seen>, some: usize) {
    let mut socket = desk.connect().await;
    let from = seen.last().map_or(0, |event| event.0);
    socket.subscribe(json!({"resume_from": from})).await;
    for _ in 0..some {
        let frame = read(&mut socket).await;
        seen.push(Seen::of(&frame));
    }
}

/// The next event; a snapshot on the way must not stand for any.
async fn read(socket: &mut Socket) -> serde_json::Value {
    loop {
        let frame = socket.next().await;
        match frame["type"].as_str().unwrap() {
            "event" => return frame,
            "snapshot" => assert_eq!(frame["reset"], false, "{frame}"),
            _ => {}
        }
    }
}

async fn who_comes_again_goes_on(options: fn(u64) -> GatewayOptions) {
    let platform = platform(Arc::new(MemoryRuns::default()));
    let mut seen = Vec::new();
    let mill = Mill(Arc::clone(&platform));
    for generation in 1..4 {
        let desk = Desk::open(Arc::clone(&platform), options(generation));
        for _ in 0..3 {
            for _ in 0..10 {
                mill.grind(3);
            }
            visit(&desk, &mut seen, 40).await;
        }
        desk.end().await;
        mill.grind(3);
    }
    let desk = Desk::open(platform, options(4));
    let end = mill.end();
    let mut socket = desk.connect().await;
    let from = seen.last().unwrap().0;
    socket.subscribe(json!({"resume_from": from})).await;
    while seen.last().unwrap().0 < end {
        let frame = read(&mut socket).await;
        seen.push(Seen::of(&frame));
    }
    assert_eq!(seen, Seen::rows(&mill.feed(0)));
    assert_whole(&seen);
    let snapshot = socket.until("snapshot").await;
    assert_eq!(
        (&snapshot["cause"], &snapshot["seq"]),
        (&json!("resumed"), &json!(end))
    );
    desk.end().await;
}

#[tokio::test]
async fn who_comes_again_goes_on_from_the_ring() {
    who_comes_again_goes_on(GatewayOptions::of).await;
}

#[tokio::test]
async fn who_comes_again_goes_on_from_the_store() {
    who_comes_again_goes_on(forgetful).await;
}

#[tokio::test]
async fn who_missed_too_much_or_knows_another_store_begins_anew() {
    let options = GatewayOptions {
        feed: Settings {
            replay: 20,
            ..forgetful(1).feed
        },
        ..GatewayOptions::of(1)
    };
    let desk = Desk::open(platform(Arc::new(MemoryRuns::default())), options);
    for _ in 0..10 {
        desk.mill.grind(3);
    }
    let end = desk.mill.end();
    for from in [0, end - 21, end + 1, u64::MAX] {
        let mut socket = desk.connect().await;
        socket.subscribe(json!({"resume_from": from})).await;
        let frame = socket.next().await;
        assert_eq!(frame["type"], "snapshot", "{from}: {frame}");
        assert_eq!(
            (&frame["cause"], &frame["reset"], &frame["seq"]),
            (&json!("too_old"), &json!(true), &json!(end))
        );
        assert_eq!(frame["runs"].as_array().unwrap().len(), 10);
    }
    let mut socket = desk.connect().await;
    socket.subscribe(json!({"resume_from": end - 20})).await;
    assert_eq!(socket.events(end).await.len(), 20);
    desk.end().await;
}

#[tokio::test]
async fn much_that_was_missed_comes_in_pages() {
    let desk = Desk::open(platform(Arc::new(MemoryRuns::default())), forgetful(1));
    for _ in 0..180 {
        desk.mill.grind(3);
    }
    let mut socket = desk.connect().await;
    socket.subscribe(json!({"resume_from": 3})).await;
    let seen = socket.events(desk.mill.end()).await;
    assert_eq!(seen, Seen::rows(&desk.mill.feed(3)));
    assert!(seen.len() > 1_000);
    assert_eq!(socket.until("snapshot").await["reset"], false);
    desk.end().await;
}

#[tokio::test]
async fn a_gateway_that_ends_says_where_to_go_on() {
    let desk = Desk::over(Arc::new(MemoryRuns::default()));
    desk.mill.grind(1);
    let mut socket = desk.subscribed(json!({})).await;
    desk.stop();
    let told = socket.until("system").await;
    assert_eq!(
        told["content"],
        "gateway generation 1 ends; go on with the next one"
    );
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason), (1001, format!("seq={}", desk.mill.end())));
    desk.end().await;
}
