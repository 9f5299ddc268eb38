//! Children whose parent died.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use fondaco_app::ports::exec::{Executor, Found, Outcome};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::Rung;
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::rig::{assignment, attempt, await_end, local, local_at, program};
use crate::script::Script;

/// A child whose parent is another process.
struct Strange {
    parent: Child,
    reference: String,
}

impl Strange {
    fn begin(home: &TempDir, script: &Script) -> Self {
        let mut parent = Command::new(program())
            .arg("parent")
            .arg(home.path())
            .arg(serde_json::to_string(&assignment(1, script)).unwrap())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut reference = String::new();
        BufReader::new(parent.stdout.as_mut().unwrap())
            .read_line(&mut reference)
            .unwrap();
        let reference = reference.trim().to_owned();
        assert!(!reference.is_empty());
        Self { parent, reference }
    }

    /// Kills the parent, so that nobody watches the child.
    fn orphan(mut self) -> String {
        self.parent.kill().unwrap();
        self.parent.wait().unwrap();
        self.reference
    }
}

fn pid(reference: &str) -> &str {
    reference.split(':').next().unwrap()
}

fn kill(reference: &str) {
    let pid = Pid::from_raw(pid(reference).parse().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
}

fn home() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().unwrap())
}

fn opened() -> Outcome {
    Outcome::Completed {
        output: Some("open".into()),
    }
}

#[test]
fn a_child_outlives_its_parent_and_is_taken_over() {
    let home = home();
    let file = home.path().join("gate");
    let reference = Strange::begin(&home, &Script::Gate { file }).orphan();
    let rig = local_at(home, |_| ());
    assert_eq!(rig.find(attempt(1), &reference), Found::Running);
    assert!(rig.adopt(attempt(1), &reference));
    assert_eq!(rig.told_by(attempt(1)), "waiting");
    rig.open_gate();
    assert_eq!(rig.end_of(attempt(1)), (vec![], opened()));
}

#[test]
fn one_that_was_taken_over_climbs_the_same_ladder() {
    for (script, rungs) in [
        (Script::Wait, &[Rung::Token][..]),
        (Script::Wait, &[Rung::Terminate]),
        (
            Script::Stubborn,
            &[Rung::Token, Rung::Terminate, Rung::Kill],
        ),
        (Script::Family, &[Rung::Kill]),
    ] {
        let home = home();
        let reference = Strange::begin(&home, &script).orphan();
        let rig = local_at(home, |_| ());
        assert!(rig.adopt(attempt(1), &reference));
        let told = rig.told_by(attempt(1));
        for rung in rungs {
            rig.stop(attempt(1), *rung);
        }
        assert_eq!(rig.end_of(attempt(1)).1, Outcome::Stopped);
        if script == Script::Family {
            await_end(&told);
        }
    }
}

#[test]
fn an_end_nobody_saw_is_found() {
    let home = home();
    let output = "done".to_owned();
    let script = Script::Complete { output };
    let reference = Strange::begin(&home, &script).orphan();
    await_end(pid(&reference));
    let rig = local_at(home, |_| ());
    let output = Some("done".to_owned());
    let ended = Outcome::Completed { output };
    assert_eq!(
        rig.find(attempt(1), &reference),
        Found::Ended(ended.clone())
    );
    // Between finding and taking over it may end: that is news then.
    assert!(rig.adopt(attempt(1), &reference));
    assert_eq!(rig.end_of(attempt(1)).1, ended);
}

#[test]
fn one_that_died_is_gone() {
    let home = home();
    let reference = Strange::begin(&home, &Script::Wait).orphan();
    kill(&reference);
    await_end(pid(&reference));
    let rig = local_at(home, |_| ());
    assert_eq!(rig.find(attempt(1), &reference), Found::Gone);
    assert!(!rig.adopt(attempt(1), &reference));
}

#[test]
fn one_that_dies_after_it_was_taken_over_failed() {
    let home = home();
    let reference = Strange::begin(&home, &Script::Wait).orphan();
    let rig = local_at(home, |_| ());
    assert!(rig.adopt(attempt(1), &reference));
    kill(&reference);
    let error = "its process ended and left no outcome".to_owned();
    let class = ErrorClass::Transient;
    assert_eq!(rig.end_of(attempt(1)).1, Outcome::Failed { class, error });
}

#[test]
fn a_number_used_again_is_not_taken_for_ours() {
    let home = home();
    let ours = Strange::begin(&home, &Script::Wait);
    let mut parts = ours.reference.splitn(3, ':');
    let (pid, start, boot) = (
        parts.next().unwrap(),
        parts.next().unwrap().parse::<u64>().unwrap(),
        parts.next().unwrap(),
    );
    let rig = local_at(Arc::clone(&home), |_| ());
    assert_eq!(rig.find(attempt(1), &ours.reference), Found::Running);
    for other in [
        format!("{pid}:{}:{boot}", start + 1),
        format!("{pid}:{start}:another-start-of-the-machine"),
    ] {
        assert_eq!(rig.find(attempt(1), &other), Found::Gone, "{other}");
        assert!(!rig.adopt(attempt(1), &other));
    }
    // Without a start it may be anybody's.
    assert_eq!(rig.find(attempt(1), pid), Found::Unknown);
    assert!(!rig.adopt(attempt(1), pid));
    assert_eq!(rig.find(attempt(1), "not one of ours"), Found::Unknown);
    kill(&ours.orphan());
}

#[test]
fn what_runs_in_another_data_folder_is_left_to_others() {
    let home = home();
    let ours = Strange::begin(&home, &Script::Wait);
    let rig = local();
    assert_eq!(rig.find(attempt(1), &ours.reference), Found::Unknown);
    assert!(!rig.adopt(attempt(1), &ours.reference));
    kill(&ours.orphan());
}

#[test]
fn a_lost_reference_is_in_the_folder() {
    let home = home();
    let file = home.path().join("gate");
    let reference = Strange::begin(&home, &Script::Gate { file });
    let rig = local_at(home, |_| ());
    // Its first progress comes after it wrote its reference.
    assert!(rig.adopt(attempt(1), &reference.orphan()));
    assert_eq!(rig.told_by(attempt(1)), "waiting");
    let other = local_at(Arc::clone(&rig.home), |_| ());
    assert_eq!(other.find(attempt(1), ""), Found::Running);
    assert!(other.adopt(attempt(1), ""));
    rig.open_gate();
    assert_eq!(rig.end_of(attempt(1)).1, opened());
    assert_eq!(other.end_of(attempt(1)).1, opened());
}

#[test]
fn one_that_was_given_up_before_it_began_does_not_begin() {
    let rig = local();
    let folder = rig.folder(attempt(1));
    fs::create_dir_all(&folder).unwrap();
    let message = "it ran".to_owned();
    let assignment = assignment(1, &Script::Panic { message });
    let text = serde_json::json!({"form": 1, "assignment": assignment}).to_string();
    fs::write(folder.join("assignment.json"), text).unwrap();
    // Its parent died before it could say which process it started.
    assert_eq!(rig.find(attempt(1), ""), Found::Gone);
    let late = Command::new(program())
        .args(["task", "run"])
        .arg(&folder)
        .status()
        .unwrap();
    assert!(late.success());
    assert_eq!(rig.find(attempt(1), ""), Found::Ended(Outcome::Stopped));
}

#[test]
fn an_attempt_ends_those_before_it() {
    let home = home();
    let earlier = Strange::begin(&home, &Script::Stubborn).orphan();
    let rig = local_at(home, |_| ());
    assert!(rig.adopt(attempt(1), &earlier));
    assert_eq!(rig.told_by(attempt(1)), "waiting");
    let output = "second".to_owned();
    let mut later = assignment(
        1,
        &Script::Complete {
            output: output.clone(),
        },
    );
    later.id.fence = later.id.fence.next();
    let id = later.id;
    rig.start(later).unwrap();
    await_end(pid(&earlier));
    let output = Some(output);
    assert_eq!(rig.end_of(id).1, Outcome::Completed { output });
}

#[test]
fn what_never_was_is_gone() {
    let rig = local();
    assert_eq!(rig.find(attempt(1), ""), Found::Gone);
    assert!(!rig.adopt(attempt(1), ""));
}
