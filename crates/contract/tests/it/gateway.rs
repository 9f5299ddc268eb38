//! Frames of the socket: what is published stays readable, both ways.

use fondaco_contract::gateway::{ClientFrame, ServerFrame, SnapshotCause, gateway_schema};

/// Hand-written, with every frame and every kind of absence at least once.
/// Never regenerate them.
const CLIENT: &str = include_str!("../../golden/gateway-client.v1.json");
const SERVER: &str = include_str!("../../golden/gateway-server.v1.json");

#[test]
fn the_golden_frames_still_read_and_write_byte_for_byte() {
    let sent: Vec<ClientFrame> = serde_json::from_str(CLIENT).unwrap();
    assert_eq!(serde_json::to_string_pretty(&sent).unwrap() + "\n", CLIENT);
    let told: Vec<ServerFrame> = serde_json::from_str(SERVER).unwrap();
    assert_eq!(serde_json::to_string_pretty(&told).unwrap() + "\n", SERVER);
}

#[test]
fn what_a_client_may_not_say_is_refused_by_name() {
    for (frame, part) in [
        ("7", "invalid type"),
        (r"{}", "missing field `type`"),
        (r#"{"type": "shout"}"#, "unknown variant `shout`"),
        // A subscription to all in place of one would be a surprise.
        (
            r#"{"type": "subscribe", "run": ["x"]}"#,
            "unknown field `run`",
        ),
        (r#"{"type": "subscribe", "runs": ["x"]}"#, "x"),
        (r#"{"type": "subscribe", "kinds": ["days"]}"#, "days"),
        (r#"{"type": "subscribe", "resume_from": -1}"#, "-1"),
        (r#"{"type": "auth"}"#, "missing field `key`"),
    ] {
        let error = serde_json::from_str::<ClientFrame>(frame).unwrap_err();
        assert!(error.to_string().contains(part), "{frame}: {error}");
    }
}

#[test]
fn a_dashboard_may_say_more_than_is_read() {
    for frame in [
        r#"{"type": "ping", "timestamp": 1}"#,
        r#"{"type": "start_backtest", "dates": ["2025-10-01"], "speed": 2}"#,
    ] {
        assert!(
            serde_json::from_str::<ClientFrame>(frame).is_ok(),
            "{frame}"
        );
    }
}

#[test]
fn only_what_left_events_out_is_a_reset() {
    let resets = [
        (SnapshotCause::Subscribed, false),
        (SnapshotCause::Resumed, false),
        (SnapshotCause::TooOld, true),
        (SnapshotCause::Slow, true),
    ];
    for (cause, reset) in resets {
        assert_eq!(cause.is_reset(), reset);
    }
}

/// The published schema is the one of the types; `UPDATE=1` writes it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test writes the published schema when asked to"
)]
fn the_published_schema_is_current() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/gateway.v1.json");
    let schema = gateway_schema().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == schema,
        "schemas/gateway.v1.json is not that of the types: run this test with UPDATE=1"
    );
}
