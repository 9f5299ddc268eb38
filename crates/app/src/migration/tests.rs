//! What counts as a difference, and what fires.

use fondaco_domain::UnixMicros;
use serde_json::{Value, json};

use super::legacy::{LegacyStatus, LegacyTask};
use super::parity::{Field, GRACE, Look, SeenBy, compare, unreadable};
use super::triggers::{Face, Observations, TaskSeen, Trigger, judge};

fn task(words: &Value) -> LegacyTask {
    LegacyTask::read("one", &words.to_string()).unwrap()
}

fn look(seen: SeenBy, age: i64) -> Look {
    Look {
        at: UnixMicros(10 * GRACE),
        changed: UnixMicros(10 * GRACE - age),
        seen,
    }
}

#[test]
fn five_fields_are_compared_and_no_other() {
    let new = task(
        &json!({"status": "failed", "progress": 60, "current_stage": null,
        "error": "no data", "confidence": 0.5, "elapsed_seconds": 7}),
    );
    let cases = [
        (
            json!({"confidence": 0.1, "elapsed_seconds": 9, "quant_signal": "BUY"}),
            vec![],
        ),
        (json!({"status": "cancelled"}), vec![Field::Status]),
        (json!({"progress": 40}), vec![Field::Progress]),
        (json!({"current_stage": "risk"}), vec![Field::CurrentStage]),
        (json!({"decision": "HOLD"}), vec![Field::Decision]),
        (json!({"error": null}), vec![Field::Error]),
        (
            json!({"status": "running", "progress": 20}),
            vec![Field::Status, Field::Progress],
        ),
    ];
    for (change, expected) in cases {
        let mut words = json!({"status": "failed", "progress": 60, "current_stage": null,
            "error": "no data"});
        for (name, value) in change.as_object().unwrap() {
            words[name] = value.clone();
        }
        let found = compare(&new, &task(&words), look(SeenBy::Read, GRACE));
        let fields: Vec<Field> = found.iter().map(|it| it.field).collect();
        assert_eq!(fields, expected, "{change}");
    }
}

#[test]
fn what_is_behind_has_a_moment_and_what_was_just_written_has_none() {
    let new = task(&json!({"status": "running", "progress": 60, "current_stage": "risk"}));
    let behind = task(&json!({"status": "running", "progress": 40, "current_stage": "trading"}));
    let ahead = task(&json!({"status": "running", "progress": 80, "current_stage": "portfolio"}));
    let count = |legacy: &LegacyTask, seen, age| compare(&new, legacy, look(seen, age)).len();
    assert_eq!(count(&behind, SeenBy::Read, GRACE - 1), 0);
    assert_eq!(count(&behind, SeenBy::Read, GRACE), 2);
    assert_eq!(count(&behind, SeenBy::Sweep, GRACE - 1), 0);
    assert_eq!(count(&behind, SeenBy::Write, 0), 2);
    // It cannot know what has not happened.
    assert_eq!(count(&ahead, SeenBy::Read, 0), 2);
    // Whether somebody is at it just now is no difference.
    let idle = task(&json!({"status": "pending", "progress": 60, "current_stage": null}));
    assert_eq!(count(&idle, SeenBy::Write, GRACE), 0);
    assert!(unreadable(&new, None, look(SeenBy::Read, 0)).is_none());
    assert!(unreadable(&new, None, look(SeenBy::Read, GRACE)).is_some());
    assert!(unreadable(&new, Some("torn"), look(SeenBy::Read, 0)).is_some());
}

fn face() -> Face {
    Face {
        status: LegacyStatus::DegradedSuccess,
        progress: 100,
        decision: Some("BUY".to_owned()),
        confidence: Some(0.7),
        quant: None,
        llm: Some("BUY".to_owned()),
    }
}

fn seen() -> TaskSeen {
    TaskSeen {
        task: "one".to_owned(),
        changed: Some(UnixMicros(0)),
        filed: true,
        truth: Some(face()),
        shown: Some(face()),
        missing: Vec::new(),
    }
}

fn fired(task: TaskSeen) -> Vec<Trigger> {
    let alarms = judge(&Observations {
        at: UnixMicros(GRACE),
        writes_legacy: true,
        tasks: vec![task],
        sockets: Vec::new(),
    });
    alarms.iter().map(|alarm| alarm.trigger).collect()
}

#[test]
fn each_trigger_fires_on_what_it_is_for_and_on_nothing_else() {
    let shown = |change: fn(&mut Face)| {
        let mut face = face();
        change(&mut face);
        fired(TaskSeen {
            shown: Some(face),
            ..seen()
        })
    };
    assert_eq!(fired(seen()), []);
    let gone = TaskSeen {
        shown: None,
        ..seen()
    };
    assert_eq!(fired(gone), [Trigger::StatusDisappeared]);
    let unwritten = |at: i64| TaskSeen {
        filed: false,
        changed: Some(UnixMicros(at)),
        ..seen()
    };
    assert_eq!(fired(unwritten(0)), [Trigger::StatusDisappeared]);
    assert_eq!(fired(unwritten(1)), []);
    let stuck: fn(&mut Face) = |face| {
        face.status = LegacyStatus::Running;
        face.progress = 40;
    };
    assert_eq!(shown(stuck), [Trigger::ProgressStopped]);
    assert_eq!(shown(|face| face.decision = None), [Trigger::DecisionLost]);
    assert_eq!(
        shown(|face| face.confidence = None),
        [Trigger::DecisionLost]
    );
    assert_eq!(
        shown(|face| face.quant = Some("HOLD".to_owned())),
        [Trigger::LaneReclassified]
    );
    assert_eq!(shown(|face| face.llm = None), [Trigger::LaneReclassified]);
    assert_eq!(
        shown(|face| face.status = LegacyStatus::Completed),
        [Trigger::LaneReclassified]
    );
    let lost = TaskSeen {
        missing: vec!["contract"],
        ..seen()
    };
    assert_eq!(fired(lost), [Trigger::ArtifactsMissing]);
}

#[test]
fn an_alarm_names_some_and_counts_all() {
    let tasks = (0..8).map(|number| TaskSeen {
        task: format!("task_{number}"),
        shown: None,
        ..seen()
    });
    let alarms = judge(&Observations {
        tasks: tasks.collect(),
        ..Observations::default()
    });
    assert_eq!(
        alarms[0].to_string(),
        "status_disappeared: task_0, task_1, task_2, task_3, task_4 and 3 more"
    );
    assert_eq!((alarms.len(), alarms[0].count), (1, 8));
}
