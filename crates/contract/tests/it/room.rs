//! Rooms: what their members left stays readable, and what is told of them.

use fondaco_contract::gateway::{FeedEntry, ServerFrame};
use fondaco_contract::v1alpha1::simulation::{
    CallResult, CallTally, RoomReport, room_report_schema,
};

/// Hand-written, with every outcome and every kind of absence at least once.
/// Never regenerate them.
const REPORTS: &str = include_str!("../../golden/room-report.v1alpha1.json");
/// Every frame of a room.
const FRAMES: &str = include_str!("../../golden/gateway-rooms.v1.json");

#[test]
fn the_golden_reports_still_read_and_write_byte_for_byte() {
    let reports: Vec<RoomReport> = serde_json::from_str(REPORTS).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&reports).unwrap() + "\n",
        REPORTS
    );
}

#[test]
fn the_golden_frames_still_read_and_write_byte_for_byte() {
    let frames: Vec<ServerFrame> = serde_json::from_str(FRAMES).unwrap();
    assert_eq!(
        serde_json::to_string_pretty(&frames).unwrap() + "\n",
        FRAMES
    );
    // What is told again to those who come later reads as the same.
    let entries: Vec<FeedEntry> = serde_json::from_str(FRAMES).unwrap();
    let of_rooms = entries.iter().filter_map(|entry| match entry {
        FeedEntry::Room(room) => Some(room),
        FeedEntry::System { .. } => None,
    });
    assert_eq!(of_rooms.clone().count(), frames.len());
    assert_eq!(of_rooms.filter(|room| !room.event.is_kept()).count(), 3);
}

#[test]
fn what_is_unknown_is_no_win_and_a_call_all_the_same() {
    let results = [CallResult::Right, CallResult::Wrong, CallResult::Unknown];
    let tally = results
        .into_iter()
        .fold(CallTally::default(), CallTally::with);
    assert_eq!((tally.n, tally.win, tally.unknown), (3, 1, 1));
}

/// The published schema is that of the type; `UPDATE=1` writes it.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the test writes the published schema when asked to"
)]
fn the_published_schema_is_current() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../schemas/room-report.v1alpha1.json"
    );
    let schema = room_report_schema().unwrap();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &schema).unwrap();
    }
    let published = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        published == schema,
        "schemas/room-report.v1alpha1.json is not that of the type: run this test with UPDATE=1"
    );
}
