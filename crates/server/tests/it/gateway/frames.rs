//! What may be said, and what is answered.

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::feed::LONGEST_BODY;
use fondaco_app::halts;
use fondaco_app::roles::Role;
use fondaco_contract::gateway::ServerFrame;
use fondaco_domain::halt::{HaltMode, Scope};
use fondaco_server::GatewayOptions;
use fondaco_store::runs::MemoryRuns;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio_tungstenite::tungstenite::Message;

use super::desk::{Desk, PATIENCE, platform};

fn desk() -> Desk {
    Desk::over(Arc::new(MemoryRuns::default()))
}

#[tokio::test]
async fn it_greets_and_begins_with_how_things_stand() {
    let desk = desk();
    let (open, ended) = (desk.mill.submit(2), desk.mill.grind(1));
    for path in ["/", "/ws"] {
        let mut socket = desk.connect_as(path, &[]).await.unwrap();
        let end = desk.mill.end();
        assert_eq!(
            socket.hello,
            json!({
                "seq": 0, "type": "hello", "protocol": 1, "generation": 1, "head": end,
                "heartbeat_seconds": 15, "authenticated": true,
            })
        );
        socket.subscribe(json!({})).await;
        let snapshot = socket.next().await;
        let ids: Vec<&Value> = snapshot["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| &run["run_id"])
            .collect();
        assert_eq!(ids, [&open.to_string(), &ended.to_string()]);
        assert_eq!(
            json!([
                snapshot["seq"],
                snapshot["cause"],
                snapshot["reset"],
                snapshot["open"],
                snapshot["more"],
                snapshot["halts"]
            ]),
            json!([
                end,
                "subscribed",
                false,
                [{"kind": "workflow", "state": "queued", "runs": 1}],
                false,
                {"epoch": 0, "latches": []}
            ])
        );
    }
    desk.end().await;
}

#[tokio::test]
async fn what_is_sent_is_what_is_published() {
    let desk = desk();
    let mut socket = desk.subscribed(json!({})).await;
    let run = desk.mill.submit(1);
    for kind in ["event", "event", "run"] {
        let frame = socket.next().await;
        assert_eq!(frame["type"], kind);
        let typed: ServerFrame = serde_json::from_value(frame.clone()).unwrap();
        assert_eq!(serde_json::to_value(&typed).unwrap(), frame);
        if kind == "run" {
            assert_eq!(
                (
                    &frame["run"]["run_id"],
                    &frame["run_seq"],
                    &frame["run"]["state"]
                ),
                (&json!(run.to_string()), &json!(2), &json!("queued"))
            );
        }
    }
    desk.end().await;
}

#[tokio::test]
async fn a_bad_frame_is_answered_and_changes_nothing() {
    let desk = desk();
    let mut socket = desk.subscribed(json!({})).await;
    for (bad, code, part) in [
        (Message::text("no json"), "invalid", "expected"),
        (Message::text("{}"), "invalid", "type"),
        (Message::text(r#"{"type": "shout"}"#), "invalid", "shout"),
        (
            Message::text(r#"{"type": "subscribe", "run": 1}"#),
            "invalid",
            "run",
        ),
        (
            Message::binary(vec![1, 2, 3]),
            "unsupported_media_type",
            "text",
        ),
    ] {
        socket.send(bad).await;
        let error = socket.next().await;
        assert_eq!(
            (&error["type"], &error["code"]),
            (&json!("error"), &json!(code))
        );
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains(part), "{detail}");
    }
    desk.mill.submit(1);
    socket.until("event").await;
    let many = vec![desk.mill.submit(1).to_string(); 1_001];
    socket.subscribe(json!({"runs": many})).await;
    let error = socket.until("error").await;
    assert_eq!(error["detail"], "1001 runs are named, of 1000 at most");
    let reached = socket.seq;
    socket.subscribe(json!({"resume_from": reached - 1})).await;
    let error = socket.until("error").await;
    assert_eq!(error["code"], "invalid");
    desk.end().await;
}

#[tokio::test]
async fn a_frame_that_is_too_long_ends_it() {
    let desk = desk();
    let mut socket = desk.connect().await;
    let key = "x".repeat(GatewayOptions::of(1).frame);
    socket.say(json!({"type": "auth", "key": key})).await;
    assert_eq!(socket.next().await["code"], "too_large");
    assert_eq!(socket.closed().await.0, 1009);
    let mut socket = desk.connect().await;
    socket.say(json!({"type": "ping"})).await;
    assert_eq!(socket.next().await["type"], "pong");
    desk.end().await;
}

#[tokio::test]
async fn a_dashboard_asks_as_it_always_has() {
    let desk = desk();
    let mut socket = desk.connect().await;
    socket.say(json!({"type": "ping", "timestamp": 1})).await;
    let pong = socket.next().await;
    let at: fondaco_domain::UnixMicros = pong["timestamp"].as_str().unwrap().parse().unwrap();
    assert!(at.0 > 1_700_000_000_000_000);
    // Ignored, since nothing is in backtest mode.
    socket
        .say(json!({"type": "start_backtest", "dates": ["2025-10-01"]}))
        .await;
    halt(&desk, HaltMode::Halted).await;
    let told = socket.next().await;
    assert_eq!(
        told,
        json!({"seq": 0, "type": "system", "content": "global is halted, by desk: flash crash"})
    );
    socket.say(json!({"type": "get_state"})).await;
    let mut state = socket.next().await;
    // These two go with the time of day.
    state["state"]["feed_history"][0]["timestamp"] = json!("(when)");
    state["state"]["market_status"]["status"] = json!("(now)");
    assert_eq!(
        state,
        json!({
            "seq": 0,
            "type": "initial_state",
            "state": {
                "server_mode": "stopped",
                "is_mock_mode": false,
                "is_backtest": false,
                "feed_history": [{
                    "type": "system",
                    "content": "global is halted, by desk: flash crash",
                    "timestamp": "(when)",
                }],
                "current_date": null,
                "trading_days_total": 0,
                "trading_days_completed": 0,
                "holdings": [],
                "trades": [],
                "stats": {},
                "leaderboard": [],
                "portfolio": {},
                "realtime_prices": {},
                "dashboard": {
                    "summary": {}, "holdings": [], "stats": {}, "trades": [], "leaderboard": [],
                },
                "market_status": {"status": "(now)"},
            },
        })
    );
    desk.end().await;
}

async fn halt(desk: &Desk, mode: HaltMode) {
    let platform = Arc::clone(&desk.mill.0);
    let set = spawn_blocking(move || {
        let what = (Scope::Global, mode, "flash crash".to_owned());
        halts::set(&*platform.store, &*platform.machine, "desk", what).unwrap();
    });
    set.await.unwrap();
}

#[tokio::test]
async fn halts_are_told_to_all_in_words_and_to_subscribers_whole() {
    let desk = desk();
    let run = desk.mill.submit(1);
    let mut socket = desk.subscribed(json!({"kinds": ["trading"]})).await;
    halt(&desk, HaltMode::Halted).await;
    let (before, halts) = socket.up_to("halts").await;
    let [told] = &before[..] else {
        panic!("{before:?}");
    };
    assert_eq!(told["content"], "global is halted, by desk: flash crash");
    assert_eq!(halts["halts"]["latches"][0]["mode"], "halted");
    let seen = desk.subscribed(json!({"runs": [run.to_string()]})).await;
    assert!(seen.seq > 0);
    let mut late = desk.connect().await;
    late.subscribe(json!({})).await;
    let snapshot = late.until("snapshot").await;
    assert_eq!(snapshot["halts"], halts["halts"]);
    assert_eq!(snapshot["runs"][0]["state"], "halted");
    desk.end().await;
}

#[tokio::test]
async fn what_is_asked_for_can_change_without_a_gap() {
    let desk = desk();
    let (one, other) = (desk.mill.submit(1), desk.mill.submit(1));
    let mut socket = desk.subscribed(json!({"runs": [one.to_string()]})).await;
    desk.mill.cancel(other);
    desk.mill.cancel(one);
    let first = socket.until("event").await;
    assert_eq!(first["run_id"], one.to_string());
    socket.events(desk.mill.end()).await;
    socket.subscribe(json!({})).await;
    let snapshot = socket.until("snapshot").await;
    assert_eq!(snapshot["cause"], "resumed");
    let third = desk.mill.submit(1);
    let next = socket.until("event").await;
    assert_eq!(next["run_id"], third.to_string());
    socket.events(desk.mill.end()).await;
    socket.say(json!({"type": "unsubscribe"})).await;
    socket.say(json!({"type": "ping"})).await;
    socket.until("pong").await;
    desk.mill.grind(1);
    socket.subscribe(json!({})).await;
    let snapshot = socket.until("snapshot").await;
    assert_eq!(snapshot["cause"], "resumed");
    let fourth = desk.mill.submit(1);
    while socket.until("event").await["run_id"] != fourth.to_string() {}
    desk.end().await;
}

#[tokio::test]
async fn a_long_event_is_told_without_its_body() {
    let desk = desk();
    let mut socket = desk.subscribed(json!({})).await;
    let run = desk.mill.submit(1);
    desk.mill.cancel_for(run, &"so long ".repeat(8 << 10));
    let long = loop {
        let frame = socket.until("event").await;
        if frame.get("body_bytes").is_some() {
            break frame;
        }
    };
    let seq = long["seq"].as_u64().unwrap();
    let row = desk.mill.feed(seq - 1).remove(0);
    assert!(row.event.body.len() > LONGEST_BODY);
    assert_eq!(
        long,
        json!({
            "seq": seq, "type": "event", "run_id": row.run.to_string(),
            "event": {
                "seq": row.event.seq, "at": row.event.at.to_string(), "actor": "test",
                "type": row.event.event.type_name(), "body": null, "hash": row.event.hash,
            },
            "body_bytes": row.event.body.len(),
        })
    );
    desk.end().await;
}

#[tokio::test]
async fn pages_of_other_sites_are_refused() {
    let desk = desk();
    for (origin, status) in [
        ("http://127.0.0.1:8000", 101),
        ("http://localhost:3000", 101),
        ("https://desk.example.com", 101),
        ("https://evil.example.com", 403),
        ("https://desk.example.com.evil.example", 403),
        ("null", 403),
    ] {
        match desk.connect_as("/", &[("origin", origin)]).await {
            Ok(_) => assert_eq!(status, 101, "{origin}"),
            Err(refused) => {
                assert_eq!(
                    (refused.status, &*refused.code),
                    (status, "forbidden"),
                    "{origin}"
                );
            }
        }
    }
    desk.end().await;
}

#[tokio::test]
async fn there_is_room_for_so_many() {
    let options = GatewayOptions {
        clients: 2,
        ..GatewayOptions::of(7)
    };
    let desk = Desk::open(platform(Arc::new(MemoryRuns::default())), options);
    let (one, mut two) = (desk.connect().await, desk.connect().await);
    let refused = desk.connect_as("/", &[]).await.err().unwrap();
    assert_eq!((refused.status, &*refused.code), (503, "unavailable"));
    let health = health(&desk).await;
    assert_eq!(
        json!([health["status"], health["service"], one.hello["generation"]]),
        json!(["healthy", "gateway", 7])
    );
    assert_eq!(desk.mill.0.feed.look().readers, 2);
    drop(one);
    // It is gone once the gateway has noticed.
    let vacant = async {
        while desk.connect_as("/", &[]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, vacant).await.unwrap();
    two.say(json!({"type": "ping"})).await;
    assert_eq!(two.next().await["type"], "pong");
    desk.end().await;
}

/// `GET /health` of the gateway, over the same port.
async fn health(desk: &Desk) -> Value {
    let text = ask(
        desk,
        "GET /health HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    )
    .await;
    let (_, body) = text.split_once("\r\n\r\n").unwrap();
    serde_json::from_str(body).unwrap()
}

async fn ask(desk: &Desk, request: &str) -> String {
    let mut stream = TcpStream::connect(desk.address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    let read = stream.read_to_end(&mut text);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    String::from_utf8_lossy(&text).into_owned()
}

#[tokio::test]
async fn a_look_without_a_socket_is_a_problem() {
    let desk = desk();
    let answer = ask(
        &desk,
        "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("urn:fondaco:problem:invalid"));
    assert_eq!(Role::Gateway.port(), Some(8765));
    desk.end().await;
}

#[tokio::test]
async fn pings_of_the_protocol_are_answered_too() {
    let desk = desk();
    let mut socket = desk.connect().await;
    socket.send(Message::Ping("you?".into())).await;
    assert_eq!(socket.receive().await, Message::Pong("you?".into()));
    desk.end().await;
}

#[tokio::test]
async fn who_answers_no_ping_is_given_up() {
    let options = GatewayOptions {
        heartbeat: Duration::from_millis(20),
        ..GatewayOptions::of(1)
    };
    let desk = Desk::open(platform(Arc::new(MemoryRuns::default())), options);
    let mut stream = TcpStream::connect(desk.address).await.unwrap();
    let request = "GET / HTTP/1.1\r\nhost: 127.0.0.1\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                   sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let read = stream.read_to_end(&mut bytes);
    tokio::time::timeout(PATIENCE, read).await.unwrap().unwrap();
    // A ping, and in place of the third a close frame: 1008 and 23 letters.
    let tail = &bytes[bytes.len() - 29..];
    assert_eq!(tail[..2], [0x89, 0]);
    assert_eq!(tail[2..4], [0x88, 25]);
    assert_eq!(u16::from_be_bytes([tail[4], tail[5]]), 1008);
    assert_eq!(&tail[6..], b"pings were not answered");
    // Who answers stays.
    let mut socket = desk.connect().await;
    for _ in 0..20 {
        desk.mill.grind(1);
        socket.say(json!({"type": "ping"})).await;
        socket.until("pong").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    desk.end().await;
}
