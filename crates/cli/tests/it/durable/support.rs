//! Workers that can be killed, and waiting for what they do.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::Place;

/// No wait of these tests is longer: the machine may be busy.
pub(super) const PATIENCE: Duration = Duration::from_mins(2);

/// A lease that tests can wait for, in milliseconds.
pub(super) const LEASE: &str = "1500";

/// Looks again and again until something is there.
#[track_caller]
pub(super) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "never: {what}");
        std::thread::yield_now();
    }
}

/// A running `fondaco worker`; killed when it is dropped.
pub(super) struct Worker {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Worker {
    /// Starts one and waits until it works.
    pub(super) fn start(place: &Place, words: &[&str]) -> Self {
        let mut worker = Self::spawn(place, words);
        worker.says("takes");
        worker
    }

    /// Starts one.
    pub(super) fn spawn(place: &Place, words: &[&str]) -> Self {
        Self::spawn_as(place, "worker", words)
    }

    /// Starts a program of another name that works.
    pub(super) fn spawn_as(place: &Place, noun: &str, words: &[&str]) -> Self {
        Self::of(place.command(&[&[noun], words].concat()))
    }

    /// Starts a command.
    pub(super) fn of(mut command: Command) -> Self {
        let mut child = command
            .env("FONDACO_LEASE_MS", LEASE)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = child.stderr.take().unwrap();
        Self::reading(child, stderr)
    }

    /// Starts a program whose standard output is read.
    pub(super) fn spawn_reading(place: &Place, words: &[&str]) -> Self {
        let mut child = place.command(words).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = child.stdout.take().unwrap();
        Self::reading(child, stdout)
    }

    fn reading(child: Child, said: impl Read + Send + 'static) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(said).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child,
            lines,
            seen: Vec::new(),
        }
    }

    /// Waits for a line on its standard error.
    #[track_caller]
    pub(super) fn says(&mut self, words: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) => {
                    self.seen.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("never `{words}` in {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without `{words}`: {:#?}", self.seen)
                }
            }
        }
    }

    /// All that it has said, once it has ended.
    pub(super) fn rest(&mut self) -> String {
        self.seen.extend(self.lines.iter());
        self.seen.join("\n")
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Its exit code, once it has ended by itself.
    pub(super) fn ends(&mut self) -> Option<i32> {
        let code = until("the worker ends", || self.child.try_wait().unwrap());
        code.code()
    }

    /// Ends it as a crash does.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Submits a workflow of these tasks and gives the id of its run.
#[track_caller]
pub(super) fn submit(place: &Place, tasks: &Value, words: &[&str]) -> String {
    let spec = json!({"kind": "workflow", "tasks": tasks}).to_string();
    let name = format!("{:x}.json", spec.len() * 31 + words.len());
    std::fs::write(place.path().join(&name), spec).unwrap();
    let words = [&["run", "submit", name.as_str()], words].concat();
    let accepted = place.json(&words);
    accepted["run"]["id"].as_str().unwrap().to_owned()
}

/// The run, once it is in this state.
#[track_caller]
pub(super) fn stands(place: &Place, run: &str, state: &str) -> Value {
    until(&format!("run {run} is {state}"), || {
        let shown = place.json(&["run", "show", run]);
        (shown["run"]["state"] == state).then_some(shown)
    })
}

/// The first event of a type, once there is one; of a task, where one is named.
#[track_caller]
pub(super) fn happens(place: &Place, run: &str, what: &str) -> Value {
    until(&format!("{what} in run {run}"), || {
        let found = events(place, run, what);
        found.into_iter().next()
    })
}

/// The events of a type.
pub(super) fn events(place: &Place, run: &str, what: &str) -> Vec<Value> {
    let words = ["run", "events", run, "--limit", "100000"];
    let all = place.json(&words);
    let all = all["events"].as_array().unwrap().iter();
    all.filter(|event| event["type"] == what).cloned().collect()
}

/// Tasks that sleep so long, without needs.
pub(super) fn sleepers(count: usize, ms: u64) -> Value {
    let task = |no: usize| {
        json!({
            "key": format!("sleeper/{no}"),
            "kind": "sleep",
            "input": {"ms": ms, "output": format!("slept {no}")},
            "retry": {"max_attempts": 50, "first_ms": 1, "longest_ms": 1}
        })
    };
    (0..count).map(task).collect()
}

/// Without what differs from run to run: ids, times, and the place.
pub(super) fn masked(place: &Place, text: &str) -> String {
    let text = text.replace(&place.path().display().to_string(), "<place>");
    let mut masked = String::new();
    let mut word = String::new();
    for letter in text.chars().chain(['\0']) {
        if letter.is_ascii_alphanumeric() || "-:.".contains(letter) {
            word.push(letter);
            continue;
        }
        let bare = word.trim_end_matches(':');
        masked.push_str(mask(bare));
        masked.push_str(&word[bare.len()..]);
        word.clear();
        if letter != '\0' {
            masked.push(letter);
        }
    }
    // Columns are as wide as what was masked in them.
    let lines = masked.lines().map(|line| {
        let words: Vec<&str> = line.split("  ").filter(|word| !word.is_empty()).collect();
        words.join("  ").trim_end().to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn mask(word: &str) -> &str {
    let hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if word.len() == 36 && word.matches('-').count() == 4 {
        "<id>"
    } else if word.len() == 12 && hex(word) {
        "<short>"
    } else if word.len() >= 20 && word.as_bytes()[10] == b'T' {
        "<time>"
    } else {
        word
    }
}
