use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::{Cassette, Mode, Recording, Scripted};
use fondaco_app::ports::model::{
    CallContext, Completion, Message, Model, ModelError, ModelRequest, NanoDollars,
};

fn request(text: &str) -> ModelRequest {
    ModelRequest {
        model: "test/scripted".into(),
        system: "You answer.".into(),
        messages: vec![Message::User { text: text.into() }],
        tools: Vec::new(),
        schema: None,
        max_tokens: 100,
        temperature_milli: None,
        seed: None,
    }
}

fn ask(model: &impl Model, node: &str, ordinal: u32, text: &str) -> Result<Completion, ModelError> {
    let context = CallContext {
        node,
        ordinal,
        deadline: Duration::from_secs(1),
        stopped: &|| false,
    };
    model.complete(&request(text), &context)
}

fn words(model: &impl Model, node: &str, ordinal: u32, text: &str) -> String {
    match ask(model, node, ordinal, text) {
        Ok(answer) => answer.text,
        Err(error) => format!("error: {error}"),
    }
}

#[test]
fn what_was_recorded_is_said_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let live = Scripted::default()
        .says("bull", "up")
        .says("bull", "still up");
    let recording = Arc::new(Recording::create(&path).unwrap());
    let recorder = Cassette::new(&live, &recording, Mode::Replay);
    // The same question twice is two questions.
    assert_eq!(words(&recorder, "bull", 0, "and?"), "up");
    assert_eq!(words(&recorder, "bull", 1, "and?"), "still up");
    assert_eq!(words(&recorder, "bull", 0, "and?"), "up");
    assert_eq!(live.asked().len(), 2);
    drop((recorder, recording));
    // A crash while the next answer was written.
    let mut bytes = std::fs::read(&path).unwrap();
    let whole = bytes.len();
    bytes.extend_from_slice(br#"{"node":"bear","ordinal":0,"requ"#);
    std::fs::write(&path, &bytes).unwrap();
    let recording = Arc::new(Recording::open(&path).unwrap());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), whole as u64);
    let nobody = Scripted::default();
    let replay = Cassette::new(&nobody, &recording, Mode::ReplayOrFail);
    assert_eq!(words(&replay, "bull", 0, "and?"), "up");
    assert_eq!(words(&replay, "bull", 1, "and?"), "still up");
    assert!(nobody.asked().is_empty());
}

#[test]
fn a_question_that_was_not_recorded_says_what_is_near() {
    let live = Scripted::default().says("bull", "up");
    let recording = Arc::new(Recording::default());
    words(
        &Cassette::new(&live, &recording, Mode::Record),
        "bull",
        0,
        "AAPL on 2025-03-03?",
    );
    let replay = Cassette::new(&live, &recording, Mode::ReplayOrFail);
    insta::assert_snapshot!(words(&replay, "bull", 0, "AAPL on 2025-03-04?"), @r#"error: the recording has no answer for bull #0: #0 differs at /messages/0/text from character 17: recorded "3?", asked "4?""#);
    insta::assert_snapshot!(words(&replay, "bull", 1, "AAPL on 2025-03-03?"), @"error: the recording has no answer for bull #1: the same question is #0");
    insta::assert_snapshot!(words(&replay, "bear", 0, "AAPL on 2025-03-03?"), @"error: the recording has no answer for bear #0: nothing was recorded for this node");
    assert_eq!(live.asked().len(), 1);
}

#[test]
fn a_foreign_file_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    for text in ["hello\n", "{\"cassette\":2}\n", "{\"cassette\":1}\nhello\n"] {
        std::fs::write(&path, text).unwrap();
        let error = Recording::open(&path).unwrap_err();
        assert!(matches!(error, ModelError::Recording { .. }), "{error}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
    }
    assert!(Recording::create(&path).is_err());
}

#[test]
fn a_stopped_call_asks_nobody() {
    let live = Scripted::default().says("pm", "hold");
    let stop = AtomicBool::new(true);
    let context = CallContext {
        node: "pm",
        ordinal: 0,
        deadline: Duration::from_secs(1),
        stopped: &|| stop.load(Ordering::Relaxed),
    };
    let error = live.complete(&request("rate"), &context).unwrap_err();
    assert!(matches!(error, ModelError::Stopped));
}

#[test]
fn money_is_exact() {
    let shown = |nanos| NanoDollars(nanos).to_string();
    assert_eq!(shown(0), "$0.00");
    assert_eq!(shown(1_500_000_000), "$1.50");
    assert_eq!(shown(-3), "-$0.000000003");
    assert_eq!(shown(123_456_000), "$0.123456");
}
