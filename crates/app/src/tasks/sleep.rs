//! Waits, and fails or refuses to stop where it is told to: for drills.

use std::sync::Mutex;
use std::time::Duration;

use fondaco_domain::retry::ErrorClass;
use serde::Deserialize;

use crate::ports::exec::{Assignment, Outcome, TaskBody, Watch};

/// Waits as long as its input says. The result is the input's `output`,
/// where it has one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sleep;

/// The input: `{"ms": 500}`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Input {
    /// How long.
    ms: u64,
    /// Whether it does not listen when it is told to stop.
    stubborn: bool,
    /// How it ends after that, instead of well.
    fail: Option<Fail>,
    /// It fails up to this attempt; for ever where nothing is said.
    times: Option<u32>,
    /// What comes of it.
    output: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Fail {
    Transient,
    Permanent,
}

impl TaskBody for Sleep {
    fn run(&self, assignment: &Assignment, watch: &dyn Watch) -> Outcome {
        let input = match input(assignment) {
            Ok(input) => input,
            Err(error) => return failed(ErrorClass::Permanent, error),
        };
        let time = Duration::from_millis(input.ms);
        watch.progress(&format!("sleeps for {} ms", input.ms));
        if input.stubborn {
            sleep_soundly(time);
        } else {
            watch.wait(time);
            if watch.stopped() {
                return Outcome::Stopped;
            }
        }
        let fails = input.times.is_none_or(|times| assignment.attempt <= times);
        match input.fail.filter(|_| fails) {
            Some(fail) => {
                let class = match fail {
                    Fail::Transient => ErrorClass::Transient,
                    Fail::Permanent => ErrorClass::Permanent,
                };
                failed(
                    class,
                    format!("told to fail in attempt {}", assignment.attempt),
                )
            }
            None => Outcome::Completed {
                output: input.output,
            },
        }
    }
}

fn input(assignment: &Assignment) -> Result<Input, String> {
    match &assignment.input {
        None => Ok(Input::default()),
        Some(text) => serde_json::from_str(text)
            .map_err(|error| format!("the input of `{}` is wrong: {error}", assignment.key)),
    }
}

fn failed(class: ErrorClass, error: String) -> Outcome {
    Outcome::Failed { class, error }
}

/// Waits on something that never happens.
fn sleep_soundly(time: Duration) {
    let nothing = std::sync::Condvar::new();
    if let Ok(lock) = Mutex::new(()).lock() {
        drop(nothing.wait_timeout_while(lock, time, |()| true));
    }
}
