//! Both hosts of gateways over one contract, and what only children do.

use std::fs;
use std::path::Path;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use fondaco_app::ports::gateway::{GatewayHost, Sight};
use fondaco_app::ports::services::Holder;
use fondaco_exec::gateway::{ChildGateways, ChildSettings, InlineGateways, Launched};
use fondaco_exec::process;
use tempfile::TempDir;

const RUN: &str = "20260131_120000";
const HERE: &str = "here";

/// What the gateway of a test does when it is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Manner {
    Obeys,
    /// Only to force.
    Stubborn,
    /// Ends by itself, with 3.
    Fails,
}

impl Manner {
    fn word(self) -> &'static str {
        match self {
            Self::Obeys => "obeys",
            Self::Stubborn => "stubborn",
            Self::Fails => "fails",
        }
    }
}

/// A host, with the folder it writes in.
struct Rig {
    host: Box<dyn GatewayHost>,
    forced: Option<i32>,
    /// Whether it says in its log that it listens.
    says: bool,
    _home: TempDir,
}

fn child_at(home: &Path, program: &str, manner: Manner) -> ChildGateways {
    ChildGateways::new(ChildSettings {
        program: program.into(),
        words: vec!["gateway".into(), manner.word().into()],
        environment: Vec::new(),
        home: home.to_owned(),
        host: HERE.to_owned(),
    })
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_exec-test-child");

fn child(manner: Manner) -> Rig {
    let home = tempfile::tempdir().unwrap();
    Rig {
        host: Box::new(child_at(home.path(), PROGRAM, manner)),
        forced: Some(-9),
        says: true,
        _home: home,
    }
}

fn inline(manner: Manner) -> Rig {
    let home = tempfile::tempdir().unwrap();
    let launch = move |_| {
        let (sender, told) = channel();
        let thread = thread::spawn(move || {
            if manner == Manner::Fails {
                return 3;
            }
            loop {
                match told.recv() {
                    Ok(true) => return 7,
                    Ok(false) if manner == Manner::Obeys => return 0,
                    Ok(false) => {}
                    Err(_) => return 1,
                }
            }
        });
        Ok(Launched {
            stop: Box::new(move |force| {
                // One that has ended hears nothing.
                let _ = sender.send(force);
            }),
            thread,
        })
    };
    Rig {
        host: Box::new(InlineGateways::new(
            Box::new(launch),
            home.path(),
            HERE.to_owned(),
        )),
        forced: Some(7),
        says: false,
        _home: home,
    }
}

impl Rig {
    /// Starts one, and waits until it hears what it is told.
    fn start(&self, generation: u64) {
        self.host.start(RUN, generation).unwrap();
        if self.says {
            listens(&*self.host, generation);
        }
    }
}

fn listens(host: &dyn GatewayHost, generation: u64) {
    let words = format!("generation {generation} listens");
    until("it listens", || {
        let log = host.log(RUN, 100).unwrap();
        log.is_some_and(|log| log.contains(&words))
    });
}

const HOSTS: [fn(Manner) -> Rig; 2] = [child, inline];

#[track_caller]
fn until(what: &str, mut look: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_mins(1);
    while !look() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
}

#[track_caller]
fn alive(host: &dyn GatewayHost, generation: u64) -> u32 {
    match host.look(generation, None) {
        Sight::Alive { pid } => pid,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn is_gone(host: &dyn GatewayHost, generation: u64, returncode: Option<i32>) {
    until("it is gone", || {
        !matches!(host.look(generation, None), Sight::Alive { .. })
    });
    let gone = Sight::Gone { returncode };
    assert_eq!(host.look(generation, None), gone);
    // And stays so.
    assert_eq!(host.look(generation, None), gone);
}

#[test]
fn one_that_is_told_to_end_ends() {
    for rig in HOSTS.map(|host| host(Manner::Obeys)) {
        let host = &*rig.host;
        assert_eq!(host.look(1, None), Sight::Unknown);
        rig.start(1);
        assert!(process::lives(alive(host, 1), ""));
        assert_eq!(host.look(2, None), Sight::Unknown);
        host.stop(2, None, true).unwrap();
        alive(host, 1);
        host.stop(1, None, false).unwrap();
        is_gone(host, 1, Some(0));
        // Told again, and gone already.
        host.stop(1, None, true).unwrap();
        rig.start(2);
        alive(host, 2);
        host.stop(2, None, true).unwrap();
        is_gone(host, 2, rig.forced);
    }
}

#[test]
fn one_that_does_not_listen_is_made_to() {
    for rig in HOSTS.map(|host| host(Manner::Stubborn)) {
        let host = &*rig.host;
        rig.start(4);
        host.stop(4, None, false).unwrap();
        alive(host, 4);
        host.stop(4, None, true).unwrap();
        is_gone(host, 4, rig.forced);
    }
}

#[test]
fn one_that_fails_says_how() {
    for rig in HOSTS.map(|host| host(Manner::Fails)) {
        rig.host.start(RUN, 9).unwrap();
        is_gone(&*rig.host, 9, Some(3));
    }
}

#[test]
fn what_others_started_is_known_to_be_gone_and_left_alone() {
    let here = |pid| Holder {
        host: HERE.to_owned(),
        pid,
        pid_start: String::new(),
        address: "127.0.0.1:1".to_owned(),
    };
    for rig in HOSTS.map(|host| host(Manner::Obeys)) {
        let host = &*rig.host;
        // The kernel gives no number beyond 2^22.
        let dead = here(1 << 23);
        let gone = Sight::Gone { returncode: None };
        assert_eq!(host.look(1, Some(&dead)), gone);
        let elsewhere = Holder {
            host: "there".to_owned(),
            ..dead
        };
        assert_eq!(host.look(1, Some(&elsewhere)), Sight::Unknown);
        // This very test: it must not be told to end.
        let me = here(std::process::id());
        assert_eq!(host.look(1, Some(&me)), Sight::Unknown);
        host.stop(1, Some(&me), true).unwrap();
    }
}

#[test]
fn what_was_written_down_is_read_from_its_end() {
    for rig in HOSTS.map(|host| host(Manner::Obeys)) {
        let host = &*rig.host;
        assert_eq!(host.log(RUN, 5).unwrap(), None);
        for line in ["one", "two", "three"] {
            host.write_log(RUN, line).unwrap();
        }
        let read = |lines| host.log(RUN, lines).unwrap().unwrap();
        assert_eq!(read(2), "two\nthree\n");
        assert_eq!(read(9), "one\ntwo\nthree\n");
        assert_eq!(read(0), "");
    }
}

#[test]
fn a_child_is_found_again_by_the_next_runtime() {
    let home = tempfile::tempdir().unwrap();
    let first = child_at(home.path(), PROGRAM, Manner::Obeys);
    first.start(RUN, 5).unwrap();
    let pid = alive(&first, 5);
    listens(&first, 5);
    drop(first);
    let second = child_at(home.path(), PROGRAM, Manner::Obeys);
    // It has not said at the store that it is there, and is known.
    assert_eq!(alive(&second, 5), pid);
    second.stop(5, None, false).unwrap();
    is_gone(&second, 5, None);
}

#[test]
fn another_process_that_got_the_number_is_neither_seen_nor_signalled() {
    let home = tempfile::tempdir().unwrap();
    let host = child_at(home.path(), PROGRAM, Manner::Obeys);
    fs::create_dir_all(home.path().join("gateway")).unwrap();
    let path = home.path().join("gateway/5");
    let mut parts = process::own_start();
    parts.insert(0, '1');
    fs::write(path, format!("{}:{parts}", std::process::id())).unwrap();
    assert_eq!(host.look(5, None), Sight::Gone { returncode: None });
    host.stop(5, None, true).unwrap();
}

#[test]
fn a_program_that_is_not_there_is_a_gateway_that_is_gone() {
    let home = tempfile::tempdir().unwrap();
    let host = child_at(home.path(), "/nowhere/fondaco", Manner::Obeys);
    let failure = host.start(RUN, 1).unwrap_err();
    assert_eq!(failure.to_string(), "cannot run /nowhere/fondaco");
    is_gone(&host, 1, None);
}

#[test]
fn what_a_child_says_is_in_the_log_of_its_run() {
    let rig = child(Manner::Fails);
    rig.host.start(RUN, 1).unwrap();
    is_gone(&*rig.host, 1, Some(3));
    let log = rig.host.log(RUN, 10).unwrap().unwrap();
    assert_eq!(log, "gateway of generation 1 fails\n");
}
