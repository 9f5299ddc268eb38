//! A body that does what its input says.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fondaco_app::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::TaskKind;
use fondaco_exec::Bodies;
use serde::{Deserialize, Serialize};

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "do")]
pub(crate) enum Script {
    /// Completes with this.
    Complete { output: String },
    /// Fails with this.
    Fail { class: ErrorClass, error: String },
    /// Tells so many steps, the first a little before the others, then
    /// completes.
    Count { steps: u32 },
    /// Panics with this.
    Panic { message: String },
    /// Tells `waiting`, and waits to be stopped.
    Wait,
    /// Tells `waiting`, and waits for a file; completes with `open`.
    Gate { file: PathBuf },
    /// Tells `waiting`, and obeys nothing.
    Stubborn,
    /// Starts a process, tells its number, and obeys nothing.
    Family,
    /// Starts a process and completes with its number.
    Orphan,
    /// Ends the process with this exit code, after a last line.
    Exit { code: i32 },
    /// Prints so many lines, then completes.
    Print { lines: u32 },
    /// Prints lines until the file is there, then completes.
    Chatter { file: PathBuf },
    /// Wants so many bytes at once.
    Gorge { bytes: usize },
    /// Computes for ever.
    Spin,
    /// Finds the disk full when it comes to write its outcome.
    FullDisk,
    /// Completes with what it sees of the world.
    Look,
}

/// The bodies of the tests: scripts are tasks of kind `sleep`.
pub(crate) fn bodies() -> Bodies {
    Bodies::new().with(TaskKind::Sleep, Actor)
}

/// Waits for ever.
pub(crate) fn hold() -> ! {
    loop {
        std::thread::park();
    }
}

struct Actor;

impl TaskBody for Actor {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        let input = assignment.input.as_deref().expect("a script");
        act(serde_json::from_str(input).expect("a script"), watch)
    }
}

fn act(script: Script, watch: &dyn Watch) -> Outcome {
    match script {
        Script::Complete { output } => completed(output),
        Script::Fail { class, error } => Outcome::Failed { class, error },
        Script::Count { steps } => {
            for step in 1..=steps {
                watch.progress(&format!("{step} of {steps}"));
                if step == 1 {
                    watch.wait(Duration::from_millis(50));
                }
            }
            completed("counted")
        }
        Script::Panic { message } => panic!("{message}"),
        Script::Wait => {
            watch.progress("waiting");
            while !watch.stopped() {
                watch.wait(Duration::from_hours(1));
            }
            Outcome::Stopped
        }
        Script::Gate { file } => {
            watch.progress("waiting");
            pass(&file, watch, || ())
        }
        Script::Stubborn => {
            watch.progress("waiting");
            hold()
        }
        Script::Family => {
            watch.progress(&descendant());
            hold()
        }
        Script::Orphan => completed(descendant()),
        Script::Exit { code } => {
            say("the last line\n");
            std::process::exit(code)
        }
        Script::Print { lines } => {
            for line in 0..lines {
                say(&format!("line {line} of the log\n"));
            }
            completed("printed")
        }
        Script::Chatter { file } => {
            watch.progress("waiting");
            let text = "all work and no play\n".repeat(50);
            pass(&file, watch, || say(&text))
        }
        Script::Gorge { bytes } => completed(vec![1_u8; bytes].len().to_string()),
        Script::Spin => loop {
            std::hint::spin_loop();
        },
        Script::FullDisk => {
            let folder = std::env::current_dir().expect("a folder");
            std::os::unix::fs::symlink("/dev/full", folder.join("outcome.json.new"))
                .expect("a full disk");
            completed("x".repeat(100_000))
        }
        Script::Look => completed(serde_json::to_string(&World::seen()).expect("a world")),
    }
}

/// What a child sees of the world.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct World {
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) folder: PathBuf,
    /// Bytes that standard input has.
    pub(crate) input: usize,
    pub(crate) leads_its_group: bool,
    pub(crate) open_files: Option<u64>,
}

impl World {
    fn seen() -> Self {
        Self {
            environment: std::env::vars().collect(),
            folder: std::env::current_dir().expect("a folder"),
            input: std::io::copy(&mut std::io::stdin(), &mut std::io::sink()).expect("input")
                as usize,
            leads_its_group: rustix::process::getpgrp() == rustix::process::getpid(),
            open_files: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        }
    }
}

/// Does something again and again until the file is there.
fn pass(file: &Path, watch: &dyn Watch, meanwhile: impl Fn()) -> Outcome {
    while !watch.stopped() {
        if file.exists() {
            return completed("open");
        }
        meanwhile();
        watch.wait(Duration::from_millis(5));
    }
    Outcome::Stopped
}

fn completed(output: impl Into<String>) -> Outcome {
    Outcome::Completed {
        output: Some(output.into()),
    }
}

fn say(text: &str) {
    std::io::stdout().write_all(text.as_bytes()).expect("a log");
}

/// Starts a process that lives until it is killed.
#[expect(clippy::zombie_processes, reason = "it is to outlive this process")]
fn descendant() -> String {
    let program = std::env::current_exe().expect("its own path");
    let child = Command::new(program)
        .arg("hold")
        .stdin(Stdio::null())
        .spawn()
        .expect("a descendant");
    child.id().to_string()
}
