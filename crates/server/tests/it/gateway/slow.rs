//! Who does not read costs the others nothing.

use std::sync::Arc;

use fondaco_app::feed::{Bounds, Settings};
use fondaco_server::GatewayOptions;
use fondaco_store::runs::MemoryRuns;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::task::spawn_blocking;

use super::desk::{Desk, Seen, Socket, platform};

/// Bytes that a line holds on either side: the kernel rounds up.
const BUFFER: u32 = 4 << 10;

fn small() -> TcpSocket {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(BUFFER).unwrap();
    socket.set_recv_buffer_size(BUFFER).unwrap();
    socket
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_does_not_read_gets_a_snapshot_and_the_others_everything() {
    let listener = small();
    listener.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = listener.listen(64).unwrap().into_std().unwrap();
    let options = GatewayOptions {
        feed: Settings {
            ring: Bounds {
                items: 2_000,
                bytes: 1 << 20,
            },
            ..Settings::default()
        },
        ..GatewayOptions::of(1)
    };
    let desk = Desk::at(listener, platform(Arc::new(MemoryRuns::default())), options);
    let stream = small().connect(desk.address).await.unwrap();
    let url = format!("ws://{}/", desk.address);
    let mut slow = Socket::over(stream, &url, &[]).await.unwrap();
    slow.subscribe(json!({})).await;
    slow.until("snapshot").await;
    let mut quick = desk.subscribed(json!({})).await;
    let begin = quick.seq;
    // The quick one has everything before the slow one reads at all.
    let mut seen = Vec::new();
    for _ in 0..12 {
        let mill = desk.mill.clone();
        let ground = spawn_blocking(move || {
            for _ in 0..50 {
                mill.grind(3);
            }
        });
        ground.await.unwrap();
        seen.extend(quick.events(desk.mill.end()).await);
    }
    let written = Seen::rows(&desk.mill.feed(begin));
    assert_eq!(seen, written);
    let (before, snapshot) = slow.up_to("snapshot").await;
    assert_eq!(
        (&snapshot["cause"], &snapshot["reset"]),
        (&json!("slow"), &json!(true))
    );
    let before: Vec<Seen> = before
        .iter()
        .filter(|frame| frame["type"] == "event")
        .map(Seen::of)
        .collect();
    assert!(before.len() < written.len());
    assert_eq!(before, written[..before.len()]);
    let reached = snapshot["seq"].as_u64().unwrap();
    assert!(reached > before.last().unwrap().0);
    let mill = desk.mill.clone();
    spawn_blocking(move || mill.grind(3)).await.unwrap();
    let after = slow.events(desk.mill.end()).await;
    assert_eq!(after, Seen::rows(&desk.mill.feed(reached)));
    let counted = desk.mill.0.feed.look();
    assert_eq!((counted.slow, counted.readers), (1, 2));
    desk.end().await;
}
