//! Plans that are cut off half-way, over a store in memory.

use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::plan::Planner;
use fondaco_app::ports::runs::{Asked, Exchange, Report, Submission, TaskQuery, Want};
use fondaco_app::runs::workflow::Workflows;
use fondaco_app::runs::{CHUNK, Overrides, Runs, RunsError, Spec};
use fondaco_domain::run::{NewRun, RunKind, RunState};
use fondaco_domain::task::{Adopted, Task, TaskCommand, TaskKind, TaskPlan};
use fondaco_domain::{Canonical, RunId};
use fondaco_store::runs::MemoryRuns;
use serde_json::json;

use super::{ThisMachine, planners};

fn asked(machine: &ThisMachine) -> Asked {
    Asked {
        actor: "test".into(),
        at: machine.wall(),
    }
}

fn with_runs(test: impl FnOnce(Runs<'_>)) {
    let (store, machine, planners) = (MemoryRuns::default(), ThisMachine::new(), planners());
    test(Runs {
        store: &store,
        planners: &planners,
        machine: &machine,
        actor: "test",
    });
}

fn spec(tasks: usize) -> Spec {
    let tasks: Vec<_> = (0..tasks)
        .map(|no| json!({"key": format!("task/{no}"), "kind": "noop"}))
        .collect();
    Spec::of(&json!({"kind": "workflow", "tasks": tasks})).unwrap()
}

/// What a submitter leaves that dies after the first transaction.
fn cut_off(runs: Runs<'_>, spec: &Spec, new: NewRun, tasks: Vec<TaskPlan>) -> RunId {
    let id = runs.machine.run_id();
    let submission = Submission {
        id,
        new,
        spec: spec.text().to_owned(),
        tasks,
        last: false,
        key: None,
    };
    runs.store
        .submit(submission, asked(&ThisMachine::new()))
        .unwrap();
    id
}

fn new_run(spec: &Spec) -> NewRun {
    Workflows.new_run(spec.text(), spec.hash().clone()).unwrap()
}

fn plan(spec: &Spec) -> Vec<TaskPlan> {
    Workflows.tasks(spec.text()).unwrap().collect()
}

fn tasks(runs: Runs<'_>, id: RunId) -> Vec<Task> {
    runs.store.tasks(id, &TaskQuery::default()).unwrap()
}

#[test]
fn a_plan_that_was_cut_off_is_made_whole_by_whoever_comes() {
    with_runs(|runs| {
        let spec = spec(2 * CHUNK + 500);
        let first = plan(&spec).into_iter().take(CHUNK).collect();
        let id = cut_off(runs, &spec, new_run(&spec), first);
        assert!(!runs.store.run(id).unwrap().planned);
        let store = runs.store;
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(move || {
                    let (machine, planners) = (ThisMachine::new(), planners());
                    let runs = Runs {
                        store,
                        planners: &planners,
                        machine: &machine,
                        actor: "another",
                    };
                    runs.finish_planning(id).unwrap();
                });
            }
        });
        let whole: Vec<TaskPlan> = tasks(runs, id).into_iter().map(|task| task.plan).collect();
        assert_eq!(whole, plan(&spec));
        assert!(runs.store.run(id).unwrap().planned);
        assert!(runs.store.check_run(id).unwrap().is_empty());
    });
}

/// Claims and completes tasks of a run, so many.
fn complete(runs: Runs<'_>, count: usize) {
    let machine = ThisMachine::new();
    let worker = machine.worker_id();
    let call = |reports, limit| Exchange {
        worker,
        reports,
        beats: Vec::new(),
        want: Some(Want {
            queues: vec!["default".into()],
            kinds: TaskKind::ALL.to_vec(),
            run: None,
            limit,
            until: machine.wall().plus(60_000_000),
            start: true,
        }),
    };
    let answer = runs
        .store
        .exchange(call(Vec::new(), count), asked(&machine));
    let reports: Vec<Report> = answer
        .unwrap()
        .claimed
        .into_iter()
        .map(|claimed| Report {
            run: claimed.run,
            task: claimed.task.no,
            command: TaskCommand::Complete {
                fence: claimed.task.fence,
                output: Some(claimed.task.plan.key),
            },
        })
        .collect();
    assert_eq!(reports.len(), count);
    runs.store
        .exchange(call(reports, 0), asked(&machine))
        .unwrap();
}

#[test]
fn a_retry_that_was_cut_off_goes_on_adopting() {
    with_runs(|runs| {
        let spec = spec(4);
        let parent = runs.submit(&spec, None, &Overrides::default()).unwrap().id;
        complete(runs, 3);
        assert_eq!(
            runs.cancel(parent, "enough").unwrap().state,
            RunState::Cancelled
        );
        let mut first = plan(&spec).remove(0);
        first.adopted = Some(Adopted {
            from: parent,
            output: Some("task/0".into()),
        });
        let new = NewRun {
            parent: Some(parent),
            ..new_run(&spec)
        };
        let cut = cut_off(runs, &spec, new, vec![first]);
        runs.finish_planning(cut).unwrap();
        let whole = runs.retry(parent, None, &Overrides::default()).unwrap().id;
        let plans =
            |id| -> Vec<TaskPlan> { tasks(runs, id).into_iter().map(|task| task.plan).collect() };
        assert_eq!(plans(cut), plans(whole));
        let adopted: Vec<bool> = plans(cut).iter().map(|one| one.adopted.is_some()).collect();
        assert_eq!(adopted, [true, true, true, false]);
    });
}

#[test]
fn a_plan_that_nobody_can_make_fails_the_run() {
    with_runs(|runs| {
        let text = json!({"kind": "analysis"});
        let spec = Spec::of(&text).unwrap();
        let hash = Canonical::of(&text).unwrap().hash().clone();
        let new = NewRun::new(RunKind::Analysis, hash);
        let id = cut_off(runs, &spec, new, Vec::new());
        let refused = runs.finish_planning(id).unwrap_err();
        assert!(matches!(refused, RunsError::Unplannable { .. }));
        let run = runs.store.run(id).unwrap();
        assert_eq!(run.state, RunState::Failed);
        assert!(run.reason.unwrap().contains("analysis"));
    });
}
