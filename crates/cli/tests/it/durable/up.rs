//! `fondaco up` and what is done with it.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::support::{LEASE, Worker, sleepers, submit, until};
use crate::harness::{Place, Ran, finish};

const LISTEN: [&str; 5] = [
    "FONDACO_CONTROL_LISTEN",
    "FONDACO_TRADING_LISTEN",
    "FONDACO_NEWS_LISTEN",
    "FONDACO_RUNTIME_LISTEN",
    "FONDACO_GATEWAY_LISTEN",
];

/// A home in which something may be up; not any more when it is dropped.
struct Home(Place);

impl Home {
    fn new() -> Self {
        Self(Place::new())
    }

    /// A command, each role at a free port.
    fn command(&self, words: &[&str]) -> Command {
        let mut command = self.0.command(words);
        for variable in LISTEN {
            command.env(variable, "127.0.0.1:0");
        }
        command.env("FONDACO_LEASE_MS", LEASE);
        command
    }

    fn run(&self, words: &[&str]) -> Ran {
        finish(&mut self.command(words))
    }

    /// Starts it in the background and gives its process.
    #[track_caller]
    fn up(&self) -> Value {
        let ran = self.run(&["up", "-d", "--output", "json"]);
        assert_eq!(ran.code, 0, "{}", ran.stderr);
        let up: Value = serde_json::from_str(&ran.stdout).unwrap();
        up["process"].clone()
    }

    /// The exit code, and what is said.
    fn status(&self) -> (i32, Value) {
        let ran = self.run(&["status", "--output", "json"]);
        (ran.code, serde_json::from_str(&ran.stdout).unwrap())
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        self.run(&["down", "--force", "--timeout", "20"]);
    }
}

fn pid(process: &Value) -> Pid {
    let number = process["pid"].as_i64().unwrap();
    Pid::from_raw(i32::try_from(number).unwrap()).unwrap()
}

#[test]
fn everything_is_up_in_the_background_and_goes_down() {
    let home = Home::new();
    let process = home.up();
    let (code, status) = home.status();
    assert_eq!(code, 0, "{status}");
    assert_eq!(status["up"], true);
    let seen = &status["processes"][0];
    assert_eq!(seen["pid"], process["pid"]);
    assert_eq!(seen["roles"], process["roles"]);
    assert_eq!(seen["health"].as_array().unwrap().len(), 5);
    // One that computes, and one that asks models.
    assert_eq!(status["store"]["workers"], 2);
    assert_eq!(
        status["store"]["access"],
        "through the process that owns it"
    );

    // One at a time, in the foreground or not.
    for words in [&["up", "-d"][..], &["up"]] {
        let again = home.run(words);
        assert_eq!(again.code, 4, "{}", again.stderr);
        let number = process["pid"].to_string();
        assert!(again.stderr.contains(&number), "{}", again.stderr);
    }

    let log = home.run(&["logs", "-n", "3"]);
    assert_eq!(log.stdout.lines().count(), 3, "{}", log.stdout);
    assert!(home.run(&["logs"]).stdout.contains("control: serving at"));

    let down: Value =
        serde_json::from_str(&home.run(&["down", "--output", "json"]).stdout).unwrap();
    assert_eq!(down["pid"], process["pid"]);
    assert_eq!(down["killed"], false);
    assert_eq!(home.run(&["down"]).stdout, "nothing is up in this home\n");
    let (code, status) = home.status();
    assert_eq!(code, 7, "{status}");
    assert_eq!(status["died"], Value::Null);
}

#[test]
fn the_first_start_brings_samples_and_later_ones_do_not() {
    let home = Home::new();
    home.up();
    let listed = home.0.json(&["data", "list"]);
    let count = |listed: &Value| listed.to_string().matches("\"AAPL\"").count();
    assert!(count(&listed) > 0, "{listed}");
    let shown = home.0.ok(&["strategy", "show", "sma-cross@1"]);
    assert!(shown.contains("sma-cross"), "{shown}");
    home.run(&["down"]);
    home.up();
    assert_eq!(home.0.json(&["data", "list"]), listed);
    let (code, _) = home.0.refused(&["strategy", "show", "sma-cross@2"]);
    assert_eq!(code, 3);
    let log = home.run(&["logs"]).stdout;
    assert_eq!(log.matches("sample data sets").count(), 1, "{log}");
    assert_eq!(log.matches("sample strategies").count(), 1, "{log}");
}

#[test]
fn after_a_kill_it_is_said_and_everything_is_there_again_at_once() {
    let home = Home::new();
    let process = home.up();
    home.0.ok(&[
        "halt", "set", "--scope", "global", "--mode", "drain", "--reason", "test",
    ]);
    let run = submit(&home.0, &sleepers(1, 1), &[]);
    kill_process(pid(&process), Signal::KILL).unwrap();
    until("it is gone", || home.status().1["died"]["pid"].as_i64());
    let (code, status) = home.status();
    assert_eq!(code, 7, "{status}");
    assert_eq!(status["died"]["pid"], process["pid"]);

    let again = home.up();
    let (code, status) = home.status();
    assert_eq!(code, 0, "{status}");
    assert_eq!(status["processes"][0]["pid"], again["pid"]);
    assert_eq!(status["died"], Value::Null);
    assert_eq!(status["store"]["open_runs"]["halted"], 1, "{status}");
    assert_eq!(status["store"]["halts"][0]["mode"], "drain", "{status}");
    assert_eq!(
        home.0.json(&["run", "show", &run])["run"]["state"],
        "halted"
    );
}

/// A number that belongs to another process by now is nobody's.
#[test]
fn a_file_that_another_process_left_is_no_obstacle() {
    let home = Home::new();
    let process = home.up();
    let path = home.0.path().join("home/processes/up.json");
    let text = std::fs::read_to_string(&path).unwrap();
    home.run(&["down"]);
    assert!(!path.exists());
    let own = std::process::id().to_string();
    std::fs::write(&path, text.replace(&process["pid"].to_string(), &own)).unwrap();
    assert_eq!(home.status().0, 7);
    // It is not this test that goes down.
    assert_eq!(home.run(&["down"]).stdout, "nothing is up in this home\n");
    let again = home.up();
    assert_eq!(home.status().1["processes"][0]["pid"], again["pid"]);
}

#[test]
fn what_fails_in_the_background_is_told_in_the_foreground() {
    let home = Home::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = home.command(&["up", "-d", "--output", "json"]);
    let ran = finish(command.env("FONDACO_RUNTIME_LISTEN", &address));
    assert_eq!(ran.code, 7, "{}", ran.stderr);
    assert_eq!(ran.stdout, "");
    let said: Value = serde_json::from_str(&ran.stderr).unwrap();
    let message = said["error"]["message"].as_str().unwrap();
    assert_eq!(message, format!("runtime cannot listen at {address}"));
    assert_eq!(home.status().0, 7);
    assert!(!home.0.path().join("home/runs.db").exists());
    let log = home.run(&["logs"]).stdout;
    assert!(log.contains("runtime cannot listen"), "{log}");
}

#[test]
fn in_the_foreground_it_prints_its_addresses_and_ends_by_a_signal() {
    let home = Home::new();
    let mut child = home
        .command(&[
            "up",
            "--output",
            "json",
            "--log-format",
            "json",
            "--log-level",
            "debug",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut printed =
        serde_json::Deserializer::from_reader(child.stdout.take().unwrap()).into_iter::<Value>();
    let up = printed.next().unwrap().unwrap();
    assert_eq!(home.status().0, 0);
    kill_process(pid(&up["process"]), Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let facts: Vec<Value> = lines
        .by_ref()
        .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
        .collect();
    let fact = |name: &str| facts.iter().find(|fact| fact["fact"] == name).cloned();
    assert_eq!(fact("ended").unwrap()["level"], "info");
    let request = fact("request").unwrap();
    assert_eq!(request["path"], "/health");
    assert_eq!(request["level"], "debug");
    assert!(!request["correlation_id"].as_str().unwrap().is_empty());
    // The same lines are in the file.
    let log = home.run(&["logs", "-n", "1000"]).stdout;
    assert_eq!(log.lines().count(), facts.len());
}

#[test]
fn a_log_is_followed() {
    let home = Home::new();
    home.up();
    let mut follower = Worker::spawn_reading(&home.0, &["logs", "-f", "-n", "1000"]);
    // It reads: what is written from now on is followed.
    follower.says("control: serving at");
    home.run(&["down"]);
    follower.says("has ended");
    home.up();
    follower.says("control: serving at");
}

/// With --force it does not wait for what runs: that is given back.
#[test]
fn what_runs_is_given_back_by_force() {
    let home = Home::new();
    home.up();
    let run = submit(&home.0, &sleepers(1, 3_600_000), &[]);
    until("it runs", || {
        let shown = home.0.json(&["run", "show", &run]);
        (shown["run"]["counts"]["running"] == 1).then_some(())
    });
    let late = home.run(&["down", "--timeout", "0"]);
    assert_eq!(late.code, 7, "{}", late.stderr);
    assert!(late.stderr.contains("--force"), "{}", late.stderr);
    let down = home.run(&["down", "--force", "--output", "json"]);
    assert_eq!(down.code, 0, "{}", down.stderr);
    let down: Value = serde_json::from_str(&down.stdout).unwrap();
    assert_eq!(down["killed"], false);
    let shown = home.0.json(&["run", "show", &run]);
    assert_eq!(shown["tasks"][0]["state"], "ready", "{shown}");
}
