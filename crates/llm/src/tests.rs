use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fondaco_app::ports::model::{
    CallContext, Completion, Message, Model, ModelError, ModelRequest, NanoDollars,
};
use proptest::prelude::*;

use crate::{Budget, Budgeted, Cassette, Mode, Price, Recording, Scripted};

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

/// Three cents per thousand tokens of either kind.
const PRICE: Price = Price {
    input: NanoDollars(30_000),
    cached: NanoDollars(3_000),
    output: NanoDollars(30_000),
};

#[test]
fn what_was_recorded_is_said_again_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let live = Scripted::default()
        .says("bull", "up")
        .says("bull", "still up");
    let recording = Recording::create(&path).unwrap();
    let recorder = Cassette::new(&live, &recording, Mode::Replay);
    // The same question twice is two questions.
    assert_eq!(words(&recorder, "bull", 0, "and?"), "up");
    assert_eq!(words(&recorder, "bull", 1, "and?"), "still up");
    assert_eq!(words(&recorder, "bull", 0, "and?"), "up");
    assert_eq!(live.asked().len(), 2);
    drop(recording);
    // A crash while the next answer was written.
    let mut bytes = std::fs::read(&path).unwrap();
    let whole = bytes.len();
    bytes.extend_from_slice(br#"{"node":"bear","ordinal":0,"requ"#);
    std::fs::write(&path, &bytes).unwrap();
    let recording = Recording::open(&path).unwrap();
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
    let recording = Recording::default();
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
fn a_call_that_may_cost_too_much_is_not_made() {
    let live = Scripted::default().says("pm", "hold");
    let budget = Budget::new(NanoDollars(1_000_000));
    let paid = Budgeted::new(&live, PRICE, &budget);
    let error = ask(&paid, "pm", 0, "rate AAPL").unwrap_err();
    assert!(matches!(error, ModelError::Budget { .. }), "{error}");
    assert!(live.asked().is_empty());
    assert_eq!(budget.spent().cost, NanoDollars(0));
}

#[test]
fn a_lost_answer_counts_as_dear_as_it_can_have_been() {
    let live = Scripted::default()
        .step("pm", |_| {
            Err(ModelError::TimedOut {
                provider: "test".into(),
                deadline: Duration::from_secs(1),
            })
        })
        .step("pm", |_| {
            Err(ModelError::RateLimited {
                provider: "test".into(),
                retry_after: None,
            })
        })
        .says("pm", "hold");
    let budget = Budget::new(NanoDollars(1_000_000_000));
    let paid = Budgeted::new(&live, PRICE, &budget);
    assert!(ask(&paid, "pm", 0, "rate AAPL").is_err());
    let bytes = serde_json::to_vec(&request("rate AAPL")).unwrap().len() as i64;
    let dearest = 30_000 * (bytes + 100);
    assert_eq!(budget.spent().cost, NanoDollars(dearest));
    // Refused before any work: free.
    assert!(ask(&paid, "pm", 1, "rate AAPL").is_err());
    assert_eq!(budget.spent().cost, NanoDollars(dearest));
    let answer = ask(&paid, "pm", 2, "rate AAPL").unwrap();
    let spent = budget.spent();
    assert_eq!(spent.cost.0, dearest + PRICE.of(answer.usage).0);
    assert_eq!((spent.calls, spent.lost), (1, 1));
    assert_eq!(budget.by_node()["pm"], spent);
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

proptest! {
    /// However many ask at once, and whatever becomes of their calls, the
    /// budget is never overdrawn.
    #[test]
    fn a_budget_holds(limit in 0..20_000_000_i64, asks in prop::collection::vec(0..3_u8, 1..12)) {
        let mut live = Scripted::default();
        for (no, outcome) in asks.iter().enumerate() {
            let node = format!("n{no}");
            live = match outcome {
                0 => live.says(&node, "fine"),
                1 => live.step(&node, |_| Err(ModelError::Stopped)),
                _ => live.step(&node, |_| Err(ModelError::Auth { provider: "test".into() })),
            };
        }
        let budget = Budget::new(NanoDollars(limit));
        std::thread::scope(|scope| {
            for no in 0..asks.len() {
                let (live, budget) = (&live, &budget);
                scope.spawn(move || {
                    let _ = ask(&Budgeted::new(live, PRICE, budget), &format!("n{no}"), 0, "?");
                });
            }
        });
        prop_assert!(budget.spent().cost.0 <= limit);
        prop_assert_eq!(budget.spent().calls + budget.spent().lost <= asks.len() as u64, true);
    }
}
