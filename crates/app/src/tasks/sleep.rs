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

#[cfg(test)]
mod tests {
    use fondaco_domain::RunId;
    use fondaco_domain::task::{Fence, TaskKind, TaskNo};

    use super::*;
    use crate::ports::exec::{AttemptId, Token};

    /// Waits for nothing.
    #[derive(Default)]
    struct Impatient(Token);

    impl Watch for Impatient {
        fn stopped(&self) -> bool {
            self.0.stopped()
        }

        fn wait(&self, _time: Duration) {}

        fn progress(&self, _text: &str) {}
    }

    fn run(input: Option<&str>, attempt: u32, watch: &Impatient) -> Outcome {
        let assignment = Assignment {
            id: AttemptId {
                run: RunId::new(0, [0; 10]),
                task: TaskNo(0),
                fence: Fence(0),
            },
            attempt,
            kind: TaskKind::Sleep,
            key: "nap".to_owned(),
            spec: "{}".to_owned(),
            input: input.map(str::to_owned),
            needs: Vec::new(),
        };
        Sleep.run(&assignment, watch)
    }

    #[test]
    fn it_ends_as_its_input_says() {
        let done = |output: Option<&str>| Outcome::Completed {
            output: output.map(str::to_owned),
        };
        let failed = |class, attempt| Outcome::Failed {
            class,
            error: format!("told to fail in attempt {attempt}"),
        };
        let transient = r#"{"fail":"transient","times":2}"#;
        let table = [
            (None, 1, done(None)),
            (
                Some(r#"{"ms":60000,"output":"rested"}"#),
                1,
                done(Some("rested")),
            ),
            (Some(transient), 2, failed(ErrorClass::Transient, 2)),
            (Some(transient), 3, done(None)),
            (
                Some(r#"{"fail":"permanent"}"#),
                9,
                failed(ErrorClass::Permanent, 9),
            ),
        ];
        for (input, attempt, outcome) in table {
            assert_eq!(
                run(input, attempt, &Impatient::default()),
                outcome,
                "{input:?}"
            );
        }
    }

    #[test]
    fn it_stops_when_it_is_told_to_unless_it_is_stubborn() {
        let told = Impatient::default();
        told.0.stop();
        assert_eq!(run(Some(r#"{"ms":60000}"#), 1, &told), Outcome::Stopped);
        assert_eq!(
            run(Some(r#"{"ms":1,"stubborn":true}"#), 1, &told),
            Outcome::Completed { output: None }
        );
    }

    #[test]
    fn a_wrong_input_is_told_and_not_tried_again() {
        let outcome = run(Some(r#"{"minutes":1}"#), 1, &Impatient::default());
        let Outcome::Failed { class, error } = outcome else {
            panic!("{outcome:?}");
        };
        assert_eq!(class, ErrorClass::Permanent);
        assert!(
            error.starts_with("the input of `nap` is wrong: unknown field `minutes`"),
            "{error}"
        );
    }
}
