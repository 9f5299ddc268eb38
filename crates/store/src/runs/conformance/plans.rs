//! Plans and what becomes of their tasks.

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Exchange, INLINE, RunStoreError, TaskQuery};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::{Command, CompletionRule, PLAN_EVENT, Rejection, RunCommand, RunState};
use fondaco_domain::task::{
    Adopted, OnNeedFailed, SkipReason, TaskCommand, TaskNo, TaskPlan, TaskState,
};

use super::{
    agrees, at, begin, claim, completed, exchange, failed, names, plan, report, say, submission,
    want,
};

pub(super) fn in_parts(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 0);
    asked.last = false;
    store.submit(asked.clone(), at(1))?;
    let add =
        |tasks: Vec<TaskPlan>, last| store.command(asked.id, Command::Plan { tasks, last }, at(2));
    let many = (0..3 * PLAN_EVENT).map(|no| plan(&format!("many/{no}")));
    assert!(!add(many.collect(), false)?.run.planned);
    // What is planned may start before the plan is whole, and the run waits
    // for the rest.
    let held = begin(store, "q", 999)?;
    assert_eq!(held.len(), 3 * PLAN_EVENT);
    let reports = held
        .iter()
        .map(|one| report(one, completed(one.task.fence)));
    say(store, reports.collect(), 11)?;
    assert_eq!(store.run(asked.id)?.state, RunState::Running);
    let mut late = plan("late");
    late.needs = vec![TaskNo(0), TaskNo(5)];
    let mut later = plan("later");
    later.needs = vec![TaskNo(3 * PLAN_EVENT as u32)];
    let done = add(vec![late, later], true)?;
    assert!(done.run.planned);
    assert_eq!(done.run.counts.total as usize, 3 * PLAN_EVENT + 2);
    assert_eq!(names(&claim(store, "q", 9)?).len(), 1);
    assert!(matches!(
        add(vec![plan("more")], true),
        Err(RunStoreError::Rejected(Rejection::PlanIsWhole))
    ));
    agrees(store)
}

pub(super) fn adopted(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 3);
    let from = submission(9, "", 0).id;
    let output = Some("before".to_owned());
    asked.tasks[0].adopted = Some(Adopted { from, output });
    asked.tasks[1].needs = vec![TaskNo(0)];
    asked.tasks[2].needs = vec![TaskNo(1)];
    store.submit(asked.clone(), at(1))?;
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    assert_eq!(tasks[0].state, TaskState::Completed);
    assert_eq!(tasks[0].output.as_deref(), Some("before"));
    assert_eq!(store.attempts(asked.id, TaskNo(0))?, []);
    for no in [1, 2] {
        let held = begin(store, "q", 9)?;
        assert_eq!(names(&held), [(asked.id, no)]);
        say(
            store,
            vec![report(&held[0], completed(held[0].task.fence))],
            10,
        )?;
    }
    assert_eq!(store.run(asked.id)?.state, RunState::Completed);

    // Nothing left to do: it ends as it begins.
    let mut whole = submission(2, "q", 1);
    whole.tasks[0].adopted = Some(Adopted { from, output: None });
    store.submit(whole.clone(), at(2))?;
    assert_eq!(store.run(whole.id)?.state, RunState::Completed);
    agrees(store)
}

/// Skipped by the plan, or by the worker who looked: both are done with, and
/// those who need them go on.
pub(super) fn skipped(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 4);
    asked.tasks[0].skip = Some(SkipReason::AlreadyCompleted);
    asked.tasks[1].needs = vec![TaskNo(0)];
    asked.tasks[2].needs = vec![TaskNo(1)];
    asked.tasks[3].skip = Some(SkipReason::IncompletePriceData);
    store.submit(asked.clone(), at(1))?;
    let held = begin(store, "q", 9)?;
    assert_eq!(names(&held), [(asked.id, 1)]);
    let passed = TaskCommand::Pass {
        fence: held[0].task.fence,
        reason: SkipReason::RateLimited,
        detail: Some("at noon".to_owned()),
    };
    // Said twice, it is so once.
    for _ in 0..2 {
        say(store, vec![report(&held[0], passed.clone())], 10)?;
    }
    let held = begin(store, "q", 9)?;
    assert_eq!(names(&held), [(asked.id, 2)]);
    say(
        store,
        vec![report(&held[0], completed(held[0].task.fence))],
        11,
    )?;
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    let reasons: Vec<Option<SkipReason>> = tasks.iter().map(|task| task.skip).collect();
    assert_eq!(
        reasons,
        [
            Some(SkipReason::AlreadyCompleted),
            Some(SkipReason::RateLimited),
            None,
            Some(SkipReason::IncompletePriceData)
        ]
    );
    assert_eq!(tasks[1].detail.as_deref(), Some("at noon"));
    let run = store.run(asked.id)?;
    assert_eq!((run.state, run.counts.skipped), (RunState::Completed, 3));

    // Nothing but skips: it ends as it begins, and well.
    let mut all = submission(2, "q", 2);
    for task in &mut all.tasks {
        task.skip = Some(SkipReason::IncompletePriceData);
    }
    store.submit(all.clone(), at(2))?;
    assert_eq!(store.run(all.id)?.state, RunState::Completed);
    agrees(store)
}

/// Days of models end by their required tasks: what is optional neither saves
/// a run in which they failed nor spoils one in which they did not.
pub(super) fn model_days(store: &dyn Store) -> Result<(), RunStoreError> {
    let good = [("optional", true), ("required", true)];
    let all_bad = [("optional", true), ("required", false)];
    let some_bad = [("required", true), ("required", false), ("optional", true)];
    let optional_bad = [("optional", false), ("required", true)];
    for (number, ends, state, degraded, counted) in [
        (1, &good[..], RunState::Completed, false, (1, 0)),
        (2, &all_bad, RunState::Failed, false, (0, 1)),
        (3, &some_bad, RunState::Partial, false, (1, 1)),
        (4, &optional_bad, RunState::Completed, true, (1, 0)),
    ] {
        let mut asked = submission(number, "q", ends.len());
        for (task, (what, _)) in asked.tasks.iter_mut().zip(ends) {
            task.required = *what == "required";
        }
        store.submit(asked.clone(), at(1))?;
        let held = begin(store, "q", 9)?;
        let reports = held.iter().zip(ends).map(|(one, (_, done))| {
            let fence = one.task.fence;
            let bad = failed(fence, ErrorClass::Permanent);
            report(one, if *done { completed(fence) } else { bad })
        });
        say(store, reports.collect(), 11)?;
        let run = store.run(asked.id)?;
        assert_eq!((run.state, run.degraded), (state, degraded), "{ends:?}");
        assert_eq!((run.required_completed, run.required_failed), counted);
    }
    agrees(store)
}

pub(super) fn failed_planning(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 2);
    asked.last = false;
    store.submit(asked.clone(), at(1))?;
    let fail = RunCommand::FailPlanning {
        reason: "no such model".to_owned(),
    };
    let done = store.command(asked.id, Command::Run(fail), at(2))?;
    assert_eq!(done.run.state, RunState::Failed);
    assert_eq!(done.run.reason.as_deref(), Some("no such model"));
    assert_eq!(claim(store, "q", 9)?, []);
    agrees(store)
}

pub(super) fn names_once(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 40);
    asked.last = false;
    store.submit(asked.clone(), at(1))?;
    let before = store.run(asked.id)?;
    let refused = |tasks: Vec<TaskPlan>| {
        let last = true;
        store.command(asked.id, Command::Plan { tasks, last }, at(2))
    };
    let mut looks_ahead = plan("new");
    looks_ahead.needs = vec![TaskNo(40)];
    for tasks in [
        vec![plan("new"), plan("step/39")],
        vec![plan("new"), plan("new")],
        vec![plan("")],
        vec![looks_ahead],
    ] {
        assert!(matches!(
            refused(tasks),
            Err(RunStoreError::Rejected(
                Rejection::Key { .. } | Rejection::Need { .. }
            ))
        ));
    }
    assert_eq!(store.run(asked.id)?, before);
    agrees(store)
}

/// Events of planning stay in their rows, however large the inputs are
/// together.
pub(super) fn small_events(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 3 * PLAN_EVENT);
    for (task, no) in asked.tasks.iter_mut().zip(0_usize..) {
        task.input = Some("model-day ".repeat(no * 4));
    }
    store.submit(asked.clone(), at(1))?;
    let events = store.events(asked.id, 0, usize::MAX)?;
    assert!(events.iter().all(|one| one.body.len() <= INLINE));
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    let plans: Vec<_> = tasks.into_iter().map(|task| task.plan).collect();
    assert_eq!(plans, asked.tasks);
    agrees(store)
}

/// A diamond with one bad corner, in one exchange each.
pub(super) fn needs(store: &dyn Store) -> Result<(), RunStoreError> {
    let mut asked = submission(1, "q", 6);
    asked.new.rule = CompletionRule::AllRequired;
    asked.tasks[1].needs = vec![TaskNo(0)];
    asked.tasks[2].needs = vec![TaskNo(0)];
    asked.tasks[3].needs = vec![TaskNo(1), TaskNo(2)];
    asked.tasks[4].needs = vec![TaskNo(3)];
    asked.tasks[5].needs = vec![TaskNo(3)];
    asked.tasks[4].on_need_failed = OnNeedFailed::Fail;
    asked.tasks[5].on_need_failed = OnNeedFailed::Proceed;
    store.submit(asked.clone(), at(1))?;
    let first = begin(store, "q", 9)?;
    assert_eq!(names(&first), [(asked.id, 0)]);
    let mut next = want("q", 9);
    next.start = true;
    let asked_for = Exchange {
        reports: vec![report(&first[0], completed(first[0].task.fence))],
        want: Some(next),
        ..exchange()
    };
    let both = store.exchange(asked_for, at(11))?.claimed;
    assert_eq!(names(&both), [(asked.id, 1), (asked.id, 2)]);
    let reports = vec![
        report(&both[0], completed(both[0].task.fence)),
        report(&both[1], failed(both[1].task.fence, ErrorClass::Permanent)),
    ];
    // Completed, failed, and what follows: the one need ended, the other
    // skipped by it, one failed by that, one goes on.
    assert_eq!(say(store, reports, 12)?, [Ok(2), Ok(4)]);
    let tasks = store.tasks(asked.id, &TaskQuery::default())?;
    let states: Vec<_> = tasks.iter().map(|task| task.state).collect();
    assert_eq!(
        states,
        [
            TaskState::Completed,
            TaskState::Completed,
            TaskState::Failed,
            TaskState::Skipped,
            TaskState::Failed,
            TaskState::Ready
        ]
    );
    let mut last = want("q", 9);
    last.start = true;
    let last = super::take(store, last, 13)?;
    say(
        store,
        vec![report(&last[0], completed(last[0].task.fence))],
        13,
    )?;
    assert_eq!(store.run(asked.id)?.state, RunState::Failed);
    agrees(store)
}
