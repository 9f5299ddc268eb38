//! What is particular to children.

use std::collections::BTreeMap;
use std::fs;

use fondaco_app::ports::exec::{Assignment, Executor, Outcome};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{Rung, TaskKind};
use fondaco_exec::local::INHERITED;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::rig::{assignment, await_end, local, local_with};
use crate::script::{Script, World};

fn pid(reference: &str) -> &str {
    reference.split(':').next().unwrap()
}

fn failed(class: ErrorClass, error: &str) -> Outcome {
    Outcome::Failed {
        class,
        error: error.into(),
    }
}

#[test]
fn what_obeys_nothing_is_killed() {
    let rig = local();
    let attempt = rig.begin(1, &Script::Stubborn);
    assert_eq!(rig.told_by(attempt), "waiting");
    rig.stop(attempt, Rung::Token);
    rig.stop(attempt, Rung::Terminate);
    rig.stop(attempt, Rung::Kill);
    assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
}

#[test]
fn a_signal_is_an_order_to_stop() {
    let rig = local();
    let attempt = rig.begin(1, &Script::Wait);
    assert_eq!(rig.told_by(attempt), "waiting");
    rig.stop(attempt, Rung::Terminate);
    assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
    let outcome = fs::read_to_string(rig.folder(attempt).join("outcome.json")).unwrap();
    assert_eq!(outcome, r#"{"form":1,"outcome":"stopped"}"#, "by itself");
}

#[test]
fn where_no_order_can_be_left_a_signal_says_it() {
    let rig = local();
    let attempt = rig.begin(1, &Script::Wait);
    assert_eq!(rig.told_by(attempt), "waiting");
    let order = rig.folder(attempt).join("stop");
    std::os::unix::fs::symlink("/nowhere/at/all", order).unwrap();
    rig.stop(attempt, Rung::Token);
    assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
}

#[test]
fn a_child_whose_folder_is_gone_ends() {
    let rig = local();
    let assignment = assignment(1, &Script::Wait);
    let attempt = assignment.id;
    let reference = rig.start(assignment).unwrap().unwrap();
    assert_eq!(rig.told_by(attempt), "waiting");
    fs::remove_dir_all(rig.folder(attempt)).unwrap();
    await_end(pid(&reference));
    assert!(matches!(rig.end_of(attempt).1, Outcome::Failed { .. }));
}

#[test]
fn descendants_die_with_the_group() {
    let rig = local();
    let attempt = rig.begin(1, &Script::Family);
    let descendant = rig.told_by(attempt);
    rig.stop(attempt, Rung::Kill);
    assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
    await_end(&descendant);
}

#[test]
fn descendants_do_not_outlive_a_good_end() {
    let rig = local();
    match rig.outcome_of(1, &Script::Orphan) {
        Outcome::Completed {
            output: Some(descendant),
        } => await_end(&descendant),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_end_without_an_outcome_is_told_in_words() {
    let rig = local();
    let cases = [
        (1, ErrorClass::Transient),
        (8, ErrorClass::Transient),
        (2, ErrorClass::Permanent),
        (101, ErrorClass::Permanent),
    ];
    for (task, (code, class)) in (0..).zip(cases) {
        let error =
            format!("its process ended with exit code {code} and left no outcome: the last line");
        assert_eq!(
            rig.outcome_of(task, &Script::Exit { code }),
            failed(class, &error)
        );
    }
}

#[test]
fn a_signal_of_somebody_else_is_a_failure() {
    let rig = local();
    let assignment = assignment(1, &Script::Wait);
    let attempt = assignment.id;
    let reference = rig.start(assignment).unwrap().unwrap();
    assert_eq!(rig.told_by(attempt), "waiting");
    let pid = Pid::from_raw(pid(&reference).parse().unwrap()).unwrap();
    kill_process(pid, Signal::KILL).unwrap();
    assert_eq!(
        rig.end_of(attempt).1,
        failed(
            ErrorClass::Transient,
            "its process was killed by SIGKILL (perhaps for want of memory) \
             and left no outcome"
        )
    );
}

#[test]
fn a_full_disk_is_a_failure_and_no_half_outcome() {
    let rig = local();
    let attempt = rig.begin(1, &Script::FullDisk);
    let folder = rig.folder(attempt);
    let path = folder.join("outcome.json");
    let error = format!(
        "its process ended with exit code 8 and left no outcome: cannot write {}",
        path.display()
    );
    assert_eq!(rig.end_of(attempt).1, failed(ErrorClass::Transient, &error));
    assert!(!path.exists());
}

#[test]
fn a_file_larger_than_allowed_is_a_failure_and_no_half_outcome() {
    let rig = local_with(|settings| settings.limits.file_size = Some(64 << 10));
    let output = "x".repeat(1 << 20);
    let attempt = rig.begin(1, &Script::Complete { output });
    assert_eq!(
        rig.end_of(attempt).1,
        failed(
            ErrorClass::Permanent,
            "its process was killed by SIGXFSZ (it wrote a file larger than it may) \
             and left no outcome"
        )
    );
    assert!(!rig.folder(attempt).join("outcome.json").exists());
}

#[test]
fn memory_is_limited() {
    let rig = local_with(|settings| settings.limits.address_space = Some(1 << 30));
    let bytes = 2 << 30;
    assert_eq!(
        rig.outcome_of(1, &Script::Gorge { bytes }),
        failed(
            ErrorClass::Permanent,
            "its process was killed by SIGABRT (it gave up) and left no outcome: \
             memory allocation of 2147483648 bytes failed"
        )
    );
}

#[test]
fn processor_time_is_limited() {
    let rig = local_with(|settings| settings.limits.cpu_seconds = Some(1));
    assert_eq!(
        rig.outcome_of(1, &Script::Spin),
        failed(
            ErrorClass::TimedOut,
            "its process was killed by SIGXCPU (it used all the processor time it may) \
             and left no outcome"
        )
    );
}

#[test]
fn children_see_a_stated_world() {
    let rig = local_with(|settings| {
        settings.environment = vec![("FONDACO_HOME".into(), "/data".into())];
        settings.limits.open_files = Some(100);
    });
    let attempt = rig.begin(1, &Script::Look);
    let Outcome::Completed { output: Some(text) } = rig.end_of(attempt).1 else {
        panic!("no world");
    };
    let environment: BTreeMap<_, _> = INHERITED
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .chain([("FONDACO_HOME".to_owned(), "/data".to_owned())])
        .collect();
    let expected = World {
        environment,
        folder: rig.folder(attempt).canonicalize().unwrap(),
        input: 0,
        leads_its_group: true,
        open_files: Some(100),
    };
    assert_eq!(serde_json::from_str::<World>(&text).unwrap(), expected);
}

#[test]
fn a_long_log_loses_its_beginning() {
    let rig = local_with(|settings| settings.log = 1_000);
    let attempt = rig.begin(1, &Script::Print { lines: 1_000 });
    rig.end_of(attempt);
    let log = fs::read_to_string(rig.folder(attempt).join("log")).unwrap();
    let mut lines = log.lines();
    let first = lines.next().unwrap();
    assert!(
        first.starts_with('[') && first.ends_with(" bytes before this were cut]"),
        "{first}"
    );
    assert!(log.len() <= 1_000);
    // Whole lines, up to the last.
    let rest: Vec<_> = lines.collect();
    let count = rest.len();
    assert!(count > 10);
    for (number, line) in (1_000 - count..).zip(rest) {
        assert_eq!(line, format!("line {number} of the log"));
    }
}

#[test]
fn a_log_is_cut_while_it_is_written() {
    let rig = local_with(|settings| settings.log = 10_000);
    let file = rig.gate();
    let attempt = rig.begin(1, &Script::Chatter { file });
    let log = rig.folder(attempt).join("log");
    assert_eq!(rig.told_by(attempt), "waiting");
    // It prints without end, so it must have been cut when this is seen.
    let cut = || fs::read_to_string(&log).is_ok_and(|text| text.starts_with('['));
    while !cut() {
        std::thread::yield_now();
    }
    rig.open_gate();
    assert!(matches!(rig.end_of(attempt).1, Outcome::Completed { .. }));
    assert!(fs::metadata(&log).unwrap().len() <= 10_000);
}

#[test]
fn what_cannot_be_started_leaves_nothing() {
    let rig = local_with(|settings| settings.program = "/nowhere/fondaco".into());
    let refused = rig.start(assignment(1, &Script::Wait)).unwrap_err();
    assert_eq!(refused.class, ErrorClass::Transient);
    assert_eq!(refused.source.to_string(), "cannot run /nowhere/fondaco");
    let tasks = rig.home.path().join("tasks");
    assert_eq!(fs::read_dir(tasks).unwrap().count(), 0);
}

#[test]
fn a_child_runs_what_it_finds_or_says_why_not() {
    let rig = local();
    let folder = rig.home.path().join("by-hand");
    let run = || {
        let output = std::process::Command::new(crate::rig::program())
            .args(["task", "run"])
            .arg(&folder)
            .output()
            .unwrap();
        let words = String::from_utf8(output.stderr).unwrap();
        let words = words.replace(&folder.display().to_string(), "<folder>");
        format!("{} {words}", output.status).trim().to_owned()
    };
    let mut seen = vec![run()];
    fs::create_dir(&folder).unwrap();
    let mut write = |text: &str| {
        fs::write(folder.join("assignment.json"), text).unwrap();
        seen.push(run());
    };
    let mut assignment = assignment(1, &Script::Complete { output: "x".into() });
    let document =
        |assignment: &Assignment| json!({"form": 1, "assignment": assignment}).to_string();
    let whole = document(&assignment);
    write(&whole[..50]);
    write(r#"{"form":2}"#);
    write(&whole.replace("sleep", "dream"));
    assignment.kind = TaskKind::Backtest;
    write(&document(&assignment));
    write(&whole);
    write(&whole);
    insta::assert_snapshot!(seen.join("\n"), @r"
        exit status: 3 error: <folder>/assignment.json is not there
        exit status: 5 error: <folder>/assignment.json is damaged
        exit status: 2 error: cannot do what <folder>/assignment.json says: its form 2 is newer than this program
        exit status: 2 error: cannot do what <folder>/assignment.json says: it asks for a task of kind `dream`, which this program does not know
        exit status: 2 error: nothing here does backtest tasks
        exit status: 0
        exit status: 4 error: the attempt in <folder> has ended
        ");
}
