//! What every executor does.

use fondaco_app::ports::exec::{Executor, Found, News, Outcome};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{Rung, TaskKind};

use crate::rig::{Rig, assignment, attempt, inline, local, news_of};
use crate::script::Script;

/// Every case as a test over an executor.
macro_rules! over {
    ($name:ident, $rig:expr, [$($case:ident),* $(,)?]) => {
        mod $name {
            use super::*;

            $(#[test]
            fn $case() {
                super::$case(&$rig);
            })*
        }
    };
}

/// Every case over both executors.
macro_rules! over_both {
    ($($case:ident),* $(,)?) => {
        over!(on_threads, inline(4), [$($case),*]);
        over!(in_children, local(), [$($case),*]);
    };
}

over_both!(
    an_output_arrives_as_it_was,
    news_comes_once,
    progress_comes_before_the_end,
    a_failure_keeps_its_class_and_words,
    a_panic_is_permanent_and_the_next_attempt_runs,
    a_token_stops,
    an_attempt_begins_once,
    what_was_let_go_has_no_news,
    unknown_attempts_can_be_stopped,
    a_body_is_needed,
    many_run_at_once,
    an_attempt_of_its_own_is_running,
);

fn an_output_arrives_as_it_was<E: Executor>(rig: &Rig<E>) {
    let texts = ["", "{}", "ünï\n\"\\\u{0}\u{2028}", &"x".repeat(1 << 20)];
    for (task, text) in (0..).zip(texts) {
        let output = text.to_owned();
        let script = Script::Complete {
            output: output.clone(),
        };
        let expected = Outcome::Completed {
            output: Some(output),
        };
        assert_eq!(rig.outcome_of(task, &script), expected);
    }
}

fn news_comes_once<E: Executor>(rig: &Rig<E>) {
    assert_eq!(rig.news(), []);
    let output = String::new();
    rig.outcome_of(1, &Script::Complete { output });
    assert_eq!(rig.news(), []);
}

fn progress_comes_before_the_end<E: Executor>(rig: &Rig<E>) {
    for task in 0..5 {
        let attempt = rig.begin(task, &Script::Count { steps: 2_000 });
        let (told, outcome) = rig.end_of(attempt);
        assert!(matches!(outcome, Outcome::Completed { .. }));
        assert_eq!(told.last().map(String::as_str), Some("2000 of 2000"));
        let step = |text: &String| text.split(' ').next().unwrap().parse::<u32>().unwrap();
        assert!(told.is_sorted_by_key(step));
    }
}

fn a_failure_keeps_its_class_and_words<E: Executor>(rig: &Rig<E>) {
    let classes = [
        ErrorClass::Transient,
        ErrorClass::LostWorker,
        ErrorClass::TimedOut,
        ErrorClass::Permanent,
    ];
    for (task, class) in (0..).zip(classes) {
        let error = "no \"prices\"".to_owned();
        let script = Script::Fail {
            class,
            error: error.clone(),
        };
        assert_eq!(
            rig.outcome_of(task, &script),
            Outcome::Failed { class, error }
        );
    }
}

fn a_panic_is_permanent_and_the_next_attempt_runs<E: Executor>(rig: &Rig<E>) {
    // More than there are threads.
    for task in 0..6 {
        let message = "index 7 of 3".to_owned();
        assert_eq!(
            rig.outcome_of(task, &Script::Panic { message }),
            Outcome::Failed {
                class: ErrorClass::Permanent,
                error: "the sleep task panicked: index 7 of 3".into()
            }
        );
    }
    let output = "fine".to_owned();
    let script = Script::Complete { output };
    assert!(matches!(
        rig.outcome_of(6, &script),
        Outcome::Completed { .. }
    ));
}

fn a_token_stops<E: Executor>(rig: &Rig<E>) {
    let attempt = rig.begin(1, &Script::Wait);
    assert_eq!(rig.told_by(attempt), "waiting");
    rig.stop(attempt, Rung::Token);
    rig.stop(attempt, Rung::Token);
    assert_eq!(rig.end_of(attempt), (vec![], Outcome::Stopped));
}

fn an_attempt_begins_once<E: Executor>(rig: &Rig<E>) {
    let attempt = rig.begin(1, &Script::Wait);
    let again = rig.start(assignment(1, &Script::Wait)).unwrap_err();
    assert_eq!(again.class, ErrorClass::Permanent);
    assert_eq!(again.to_string(), "cannot start task `task/1`");
    assert_eq!(again.source.to_string(), "this attempt was begun before");
    rig.stop(attempt, Rung::Token);
    assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
}

fn what_was_let_go_has_no_news<E: Executor>(rig: &Rig<E>) {
    let lost = rig.begin(1, &Script::Wait);
    assert_eq!(rig.told_by(lost), "waiting");
    rig.stop(lost, Rung::Expire);
    rig.stop(lost, Rung::Kill);
    let output = String::new();
    let other = rig.begin(2, &Script::Complete { output });
    let news = rig.until(|news| matches!(news, News::Ended(id, _) if *id == other));
    assert!(news.iter().all(|news| news_of(news) == other), "{news:?}");
}

fn unknown_attempts_can_be_stopped<E: Executor>(rig: &Rig<E>) {
    for rung in Rung::ALL {
        rig.stop(attempt(9), rung);
    }
    assert_eq!(rig.news(), []);
}

fn a_body_is_needed<E: Executor>(rig: &Rig<E>) {
    let mut assignment = assignment(1, &Script::Wait);
    assignment.kind = TaskKind::Backtest;
    let words = match rig.start(assignment) {
        Err(refused) => {
            assert_eq!(refused.class, ErrorClass::Permanent);
            refused.source.to_string()
        }
        Ok(_) => match rig.end_of(attempt(1)).1 {
            Outcome::Failed {
                class: ErrorClass::Permanent,
                error,
            } => error,
            other => panic!("{other:?}"),
        },
    };
    assert!(
        words.ends_with("nothing here does backtest tasks"),
        "{words}"
    );
}

fn many_run_at_once<E: Executor>(rig: &Rig<E>) {
    let all: Vec<_> = (0..50)
        .map(|task| {
            let output = task.to_string();
            rig.begin(task, &Script::Complete { output })
        })
        .collect();
    let mut left = all.len();
    let mut seen = Vec::new();
    while left > 0 {
        for news in rig.until(|news| matches!(news, News::Ended(..))) {
            if let News::Ended(id, outcome) = news {
                left -= 1;
                seen.push((id, outcome));
            }
        }
    }
    seen.sort_by_key(|(id, _)| *id);
    let expected: Vec<_> = all
        .into_iter()
        .map(|id| {
            let output = Some(id.task.0.to_string());
            (id, Outcome::Completed { output })
        })
        .collect();
    assert_eq!(seen, expected);
}

fn an_attempt_of_its_own_is_running<E: Executor>(rig: &Rig<E>) {
    let attempt = rig.begin(1, &Script::Wait);
    assert_eq!(rig.find(attempt, ""), Found::Running);
    assert!(rig.adopt(attempt, ""));
    rig.stop(attempt, Rung::Token);
    assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
}
