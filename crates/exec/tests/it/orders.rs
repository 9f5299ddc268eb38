//! Whatever is ordered in whatever order, each attempt ends once.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_app::ports::exec::{AttemptId, Executor, News, Outcome};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::Rung;
use proptest::prelude::*;
use proptest::sample::select;

use crate::rig::{Rig, attempt, inline, local};
use crate::script::Script;

/// Something done to a task of [`TASKS`].
#[derive(Debug, Clone, Copy)]
enum Deed {
    Begin(u32),
    Stop(u32, Rung),
    Listen,
}

const TASKS: u32 = 6;

fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let deed = prop_oneof![
        (0..TASKS).prop_map(Deed::Begin),
        (0..TASKS, select(Rung::ALL.to_vec())).prop_map(|(task, rung)| Deed::Stop(task, rung)),
        Just(Deed::Listen),
    ];
    prop::collection::vec(deed, 0..25)
}

fn script(task: u32) -> Script {
    match task % 3 {
        0 => Script::Wait,
        1 => Script::Complete {
            output: task.to_string(),
        },
        _ => Script::Fail {
            class: ErrorClass::Transient,
            error: task.to_string(),
        },
    }
}

/// How the script ends unless it is stopped.
fn by_itself(task: u32) -> Outcome {
    match script(task) {
        Script::Complete { output } => Outcome::Completed {
            output: Some(output),
        },
        Script::Fail { class, error } => Outcome::Failed { class, error },
        _ => Outcome::Stopped,
    }
}

fn check<E: Executor>(rig: &Rig<E>, deeds: &[Deed]) {
    let mut begun = BTreeSet::new();
    let mut stopped = BTreeSet::new();
    let mut let_go = BTreeSet::new();
    let mut news = Vec::new();
    for deed in deeds {
        match *deed {
            Deed::Begin(task) => {
                if begun.insert(attempt(task)) {
                    rig.begin(task, &script(task));
                }
            }
            Deed::Stop(task, rung) => {
                let id = attempt(task);
                rig.stop(id, rung);
                if begun.contains(&id) {
                    stopped.insert(id);
                    if rung == Rung::Expire {
                        let_go.insert(id);
                    }
                }
            }
            Deed::Listen => news.extend(rig.news()),
        }
    }
    // Those that wait are told to stop in the end, also what was let go.
    for id in &begun {
        if script(id.task.0) == Script::Wait {
            rig.stop(*id, Rung::Token);
        }
    }
    let ended = |news: &[News]| {
        let mut ends: BTreeMap<AttemptId, Vec<Outcome>> = BTreeMap::new();
        for one in news {
            match one {
                News::Ended(id, outcome) => ends.entry(*id).or_default().push(outcome.clone()),
                News::Progress(id, _) => assert!(!ends.contains_key(id), "after its end"),
            }
        }
        ends
    };
    let awaited = begun.difference(&let_go);
    let awaited: Vec<AttemptId> = awaited.copied().collect();
    while !awaited.iter().all(|id| ended(&news).contains_key(id)) {
        news.extend(rig.until(|_| true));
    }
    for (id, ends) in ended(&news) {
        let by_itself = by_itself(id.task.0);
        match &ends[..] {
            [Outcome::Stopped] => assert!(stopped.contains(&id) || by_itself == Outcome::Stopped),
            [outcome] => assert_eq!(*outcome, by_itself),
            several => panic!("{id:?} ended as {several:?}"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn threads_end_once(deeds in deeds()) {
        check(&inline(2), &deeds);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10, ..ProptestConfig::default() })]

    #[test]
    fn children_end_once(deeds in deeds()) {
        check(&local(), &deeds);
    }
}
