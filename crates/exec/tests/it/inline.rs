//! What is particular to threads.

use fondaco_app::ports::exec::{Executor, Found, News, Outcome};
use fondaco_domain::task::Rung;

use crate::rig::{attempt, inline};
use crate::script::Script;

#[test]
fn attempts_beyond_the_threads_wait_their_turn() {
    let rig = inline(1);
    let first = rig.begin(1, &Script::Wait);
    assert_eq!(rig.told_by(first), "waiting");
    let output = "second".to_owned();
    let second = rig.begin(2, &Script::Complete { output });
    assert_eq!(rig.find(second, ""), Found::Running);
    assert_eq!(rig.news(), []);
    rig.stop(first, Rung::Token);
    let news = rig.until(|news| matches!(news, News::Ended(id, _) if *id == second));
    let output = Some("second".to_owned());
    let ends = [
        News::Ended(first, Outcome::Stopped),
        News::Ended(second, Outcome::Completed { output }),
    ];
    assert_eq!(news, ends);
}

#[test]
fn what_is_stopped_while_it_waits_never_runs() {
    let rig = inline(1);
    let first = rig.begin(1, &Script::Wait);
    assert_eq!(rig.told_by(first), "waiting");
    let message = "it ran".to_owned();
    let second = rig.begin(2, &Script::Panic { message });
    rig.stop(second, Rung::Token);
    rig.stop(first, Rung::Token);
    assert_eq!(rig.end_of(second).1, Outcome::Stopped);
}

#[test]
fn rungs_that_kill_only_ask() {
    let rig = inline(1);
    for (task, rung) in [(1, Rung::Terminate), (2, Rung::Kill)] {
        let attempt = rig.begin(task, &Script::Wait);
        rig.stop(attempt, rung);
        assert_eq!(rig.end_of(attempt).1, Outcome::Stopped);
    }
}

#[test]
fn threads_of_others_cannot_be_seen() {
    let rig = inline(1);
    assert_eq!(rig.find(attempt(1), ""), Found::Unknown);
    assert!(!rig.adopt(attempt(1), ""));
}

#[test]
fn all_of_many_end_once() {
    const MANY: u32 = 20_000;
    let rig = inline(4);
    for task in 0..MANY {
        let output = String::new();
        rig.begin(task, &Script::Complete { output });
    }
    let mut ended = Vec::new();
    while ended.len() < MANY as usize {
        let news = rig.until(|_| true);
        ended.extend(news.iter().map(|news| match news {
            News::Ended(id, Outcome::Completed { .. }) => id.task.0,
            other => panic!("{other:?}"),
        }));
    }
    ended.sort_unstable();
    assert!(ended.into_iter().eq(0..MANY));
}
