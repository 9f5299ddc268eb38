//! What is read is what was meant, and what is written reads as itself.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

fn read(words: &Value) -> Result<LegacyTask, LegacyProblem> {
    LegacyTask::read("AAPL_20250304_153000_1a2b3c", &words.to_string())
}

#[test]
fn signals_and_errors_stand_where_they_stand() {
    for (words, quant, error) in [
        (
            json!({"status": "completed", "quant_signal": "BUY"}),
            Some("BUY"),
            None,
        ),
        (
            json!({"status": "completed", "quant_signal": {"rating": "SELL"}}),
            Some("SELL"),
            None,
        ),
        (
            json!({"status": "completed", "compat": {"quant_signal": "HOLD"}}),
            Some("HOLD"),
            None,
        ),
        (
            json!({"status": "completed",
                "result": {"signals": {"quant": {"rating": "HOLD", "available": true}}}}),
            Some("HOLD"),
            None,
        ),
        // A lane that is missing is not HOLD, wherever that is said.
        (
            json!({"status": "completed", "quant_signal": "HOLD",
                "result": {"signals": {"quant": {"rating": "HOLD", "available": false}}}}),
            None,
            None,
        ),
        (
            json!({"status": "completed", "quant_signal": {"rating": "HOLD", "available": false}}),
            None,
            None,
        ),
        (
            json!({"status": "failed", "error": "gone"}),
            None,
            Some("gone"),
        ),
        (
            json!({"status": "failed", "error": {"code": "x", "message": "gone"}}),
            None,
            Some("gone"),
        ),
        (
            json!({"status": "failed", "error": {"code": "cancelled"}}),
            None,
            Some("cancelled"),
        ),
    ] {
        let task = read(&words).unwrap();
        assert_eq!(task.quant_signal.as_deref(), quant, "{words}");
        assert_eq!(task.error.as_deref(), error, "{words}");
    }
}

#[test]
fn every_status_of_the_original_is_known() {
    for (word, status) in [
        ("pending", LegacyStatus::Pending),
        ("RUNNING", LegacyStatus::Running),
        ("collecting_evidence", LegacyStatus::Running),
        ("auto_recovering", LegacyStatus::Running),
        ("classification_pending", LegacyStatus::Running),
        ("probing_provider", LegacyStatus::Running),
        ("degraded_success", LegacyStatus::DegradedSuccess),
        ("cancelled", LegacyStatus::Cancelled),
    ] {
        assert_eq!(read(&json!({"status": word})).unwrap().status, status);
    }
    for (words, status) in [
        (json!({"decision": "BUY"}), LegacyStatus::Completed),
        (json!({"error": "x"}), LegacyStatus::Failed),
    ] {
        assert_eq!(read(&words).unwrap().status, status);
    }
}

#[test]
fn the_ticker_is_in_the_name_where_the_file_has_none() {
    for (name, ticker) in [
        ("AAPL_20250304_153000_1a2b3c", Some("AAPL")),
        ("BRK_B_20250304_153000_1a2b3c", Some("BRK_B")),
        ("_20250304_153000_1a2b3c", None),
        ("AAPL_20250304_153000", None),
        ("portfolio", None),
    ] {
        let task = LegacyTask::read(name, r#"{"status":"running"}"#).unwrap();
        assert_eq!(task.ticker.as_deref(), ticker, "{name}");
    }
}

#[test]
fn stages_follow_from_progress_and_progress_from_stages() {
    let task = read(&json!({"status": "running", "progress": 40})).unwrap();
    let states: Vec<&str> = task.stages.iter().map(|it| it.status.as_str()).collect();
    assert_eq!(
        states,
        ["completed", "completed", "pending", "pending", "pending"]
    );
    assert_eq!(task.current_stage.as_deref(), Some("trading"));
    let stages = json!([{"name": "analysts", "status": "completed"}, {"name": "research"}]);
    let task = read(&json!({"status": "running", "stages": stages})).unwrap();
    assert_eq!(task.progress, 20);
    assert_eq!(task.current_stage.as_deref(), Some("research"));
}

#[test]
fn an_instant_without_an_offset_is_in_utc() {
    for (said, read_as) in [
        ("2025-03-04T15:30:00.5", "2025-03-04T15:30:00.5Z"),
        ("2025-03-04 15:30:00", "2025-03-04T15:30:00Z"),
        ("2025-03-04T15:30:00+08:00", "2025-03-04T15:30:00+08:00"),
        ("2025-03-04T15:30:00Z", "2025-03-04T15:30:00Z"),
    ] {
        let task = read(&json!({"status": "running", "created_at": said})).unwrap();
        assert_eq!(task.created_at.as_deref(), Some(read_as));
    }
}

fn word() -> impl Strategy<Value = Option<String>> {
    proptest::option::of("[A-Za-z][A-Za-z ]{0,12}")
}

prop_compose! {
    fn any_task()(
        status in proptest::sample::select(LegacyStatus::ALL.to_vec()),
        progress in 0_u8..=100,
        words in proptest::array::uniform6(word()),
        confidence in proptest::option::of(0.0..=1.0),
        elapsed_seconds in proptest::option::of(0_u64..1_000_000),
        codes in proptest::collection::vec("[a-z_]{1,9}", 0..3),
    ) -> LegacyTask {
        let [ticker, stage, decision, quant, llm, error] = words;
        LegacyTask {
            task_id: "one".to_owned(),
            ticker,
            date: Some("2025-03-04".to_owned()),
            status,
            progress,
            current_stage: stage,
            stages: vec![LegacyStage {
                name: "analysts".to_owned(),
                status: "completed".to_owned(),
                completed_at: Some("2025-03-04T15:30:00Z".to_owned()),
            }],
            created_at: Some("2025-03-04T15:30:00Z".to_owned()),
            elapsed_seconds,
            decision,
            confidence,
            quant_signal: quant,
            llm_signal: llm,
            degrade_reason_codes: codes,
            error,
            result_ref: None,
            batch: None,
        }
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_as_itself(task in any_task()) {
        let text = String::from_utf8(task.to_bytes()).unwrap();
        prop_assert_eq!(LegacyTask::read("one", &text), Ok(task));
    }

    #[test]
    fn a_batch_reads_as_itself(parts in proptest::collection::vec(any_task(), 0..3)) {
        let mut task = LegacyTask::read("list", r#"{"status":"running"}"#).unwrap();
        task.batch = Some(LegacyBatch {
            kind: BatchType::Portfolio,
            total: 3,
            completed: 1,
            failed: 0,
            current_ticker: None,
            results: parts,
        });
        let text = String::from_utf8(task.to_bytes()).unwrap();
        prop_assert_eq!(LegacyTask::read("list", &text), Ok(task));
    }

    #[test]
    fn no_text_is_read_half(text in "\\PC*", cut in 0_usize..200) {
        let _ = LegacyTask::read("one", &text);
        let whole = LegacyTask::read("one", r#"{"status":"running"}"#).unwrap().to_bytes();
        let torn = &whole[..cut.min(whole.len() - 2)];
        prop_assert!(LegacyTask::read("one", &String::from_utf8_lossy(torn)).is_err());
    }
}
