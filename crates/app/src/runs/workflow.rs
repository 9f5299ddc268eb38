//! A plain graph of tasks: the spec of kind `workflow`, and its planner.
//!
//! ```json
//! {"kind": "workflow", "name": "nightly", "rule": "all_required",
//!  "tasks": [
//!    {"key": "fetch", "kind": "sleep", "input": {"ms": 200}},
//!    {"key": "check", "kind": "noop", "needs": ["fetch"], "required": false,
//!     "on_need_failed": "skip",
//!     "retry": {"max_attempts": 3, "first_ms": 100, "longest_ms": 1000}}]}
//! ```
//!
//! Tasks may stand in any order; the plan has each after what it needs, and
//! otherwise keeps the order of the spec.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_domain::retry::RetryPolicy;
use fondaco_domain::run::{CompletionRule, NewRun, RunKind};
use fondaco_domain::strategy::suggest;
use fondaco_domain::task::{OnNeedFailed, TaskKind, TaskNo, TaskPlan};
use fondaco_domain::{Canonical, ContentHash, ErrorKind, Hint};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use thiserror::Error;

use crate::ports::plan::{PlanError, Planner, Tasks};

/// Plans specs of kind `workflow`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Workflows;

impl Planner for Workflows {
    fn new_run(&self, spec: &str, hash: ContentHash) -> Result<NewRun, PlanError> {
        let document = Document::read(spec).map_err(plan_error)?;
        let new = NewRun::new(RunKind::Workflow, hash);
        Ok(NewRun {
            rule: document.rule,
            strategy: document.strategy,
            tenant: document.tenant.unwrap_or(new.tenant),
            queue: document.queue.unwrap_or(new.queue),
            priority: document.priority,
            concurrency_key: document.concurrency_key,
            ..new
        })
    }

    fn tasks(&self, spec: &str) -> Result<Tasks, PlanError> {
        let document = Document::read(spec).map_err(plan_error)?;
        let plan = plan(&document.tasks).map_err(plan_error)?;
        Ok(Box::new(plan.into_iter()))
    }
}

fn plan_error(error: WorkflowError) -> PlanError {
    PlanError {
        source: error.into(),
    }
}

/// What is wrong with a workflow.
#[derive(Debug, Error)]
pub enum WorkflowError {
    /// A field beside the tasks.
    #[error("{problem}")]
    Document {
        /// What is wrong with it.
        problem: String,
    },
    /// There is nothing to do.
    #[error("it has no tasks")]
    NoTasks,
    /// A task that does not read.
    #[error("task {task}: {problem}")]
    Task {
        /// Its name, or its place from 1 where it has none.
        task: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Two tasks of one name.
    #[error("two tasks have the key `{key}`")]
    SameKey {
        /// The name.
        key: String,
    },
    /// A need that is no task.
    #[error("task `{task}` needs `{need}`, which is no task{}", meant(.suggestion.as_ref()))]
    UnknownNeed {
        /// Which.
        task: String,
        /// What it needs.
        need: String,
        /// A task of almost that name.
        suggestion: Option<String>,
    },
    /// Tasks that wait for each other.
    #[error("tasks wait for each other: {}", .keys.join(" -> "))]
    Circle {
        /// Each needs the one after; the last is the first again.
        keys: Vec<String>,
    },
}

impl Hint for WorkflowError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

fn meant(suggestion: Option<&String>) -> String {
    suggestion.map_or(String::new(), |key| format!(" (did you mean `{key}`?)"))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[expect(
        dead_code,
        reason = "it is known here; named so that it may be present"
    )]
    kind: String,
    #[serde(default)]
    #[expect(dead_code, reason = "for people")]
    name: Option<String>,
    #[serde(default = "all_required")]
    rule: CompletionRule,
    #[serde(default)]
    strategy: Option<String>,
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    queue: Option<String>,
    #[serde(default)]
    priority: i32,
    #[serde(default)]
    concurrency_key: Option<String>,
    #[serde(default)]
    tasks: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    key: String,
    #[serde(deserialize_with = "by_hand")]
    kind: TaskKind,
    #[serde(default)]
    needs: Vec<String>,
    #[serde(default = "skip")]
    on_need_failed: OnNeedFailed,
    #[serde(default = "yes")]
    required: bool,
    #[serde(default)]
    retry: Option<Retry>,
    #[serde(default)]
    priority: i32,
    #[serde(default)]
    input: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Retry {
    max_attempts: u32,
    #[serde(default = "first_ms")]
    first_ms: u32,
    #[serde(default = "longest_ms")]
    longest_ms: u32,
}

/// Kinds that say all they need in their task. The others read the spec of a
/// run of their own kind, which this one is not.
const BY_HAND: [TaskKind; 2] = [TaskKind::Noop, TaskKind::Sleep];

fn by_hand<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TaskKind, D::Error> {
    let word = String::deserialize(deserializer)?;
    match TaskKind::parse(&word) {
        Some(kind) if BY_HAND.contains(&kind) => Ok(kind),
        Some(_) => Err(D::Error::custom(format!(
            "a task of kind `{word}` comes with a run of kind `{word}`, and cannot be one of a \
             workflow: submit that run instead"
        ))),
        None => Err(D::Error::unknown_variant(&word, &["noop", "sleep"])),
    }
}

fn all_required() -> CompletionRule {
    CompletionRule::AllRequired
}

fn skip() -> OnNeedFailed {
    OnNeedFailed::Skip
}

fn yes() -> bool {
    true
}

fn first_ms() -> u32 {
    1_000
}

fn longest_ms() -> u32 {
    60_000
}

impl Document {
    fn read(spec: &str) -> Result<Self, WorkflowError> {
        let document: Self =
            serde_json::from_str(spec).map_err(|error| WorkflowError::Document {
                problem: without_place(&error),
            })?;
        if document.tasks.is_empty() {
            return Err(WorkflowError::NoTasks);
        }
        Ok(document)
    }
}

/// The place is of the canonical form, which nobody wrote.
fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rfind(" at line ") {
        Some(place) => text[..place].to_owned(),
        None => text,
    }
}

fn plan(tasks: &[Value]) -> Result<Vec<TaskPlan>, WorkflowError> {
    let steps: Vec<Step> = tasks
        .iter()
        .enumerate()
        .map(|(index, value)| step(index, value))
        .collect::<Result<_, _>>()?;
    let needs = resolve(&steps)?;
    let order = order(&steps, &needs)?;
    let mut places = vec![TaskNo(0); steps.len()];
    for (place, &index) in order.iter().enumerate() {
        places[index] = TaskNo(place as u32);
    }
    let mut steps: Vec<Option<Step>> = steps.into_iter().map(Some).collect();
    order
        .into_iter()
        .filter_map(|index| steps[index].take().map(|step| (index, step)))
        .map(|(index, step)| {
            let needs = needs[index].iter().map(|&need| places[need]).collect();
            task_plan(step, needs)
        })
        .collect()
}

fn step(index: usize, value: &Value) -> Result<Step, WorkflowError> {
    let key = value.get("key").and_then(Value::as_str);
    let wrong = |problem: String| WorkflowError::Task {
        task: key.map_or(format!("{}", index + 1), |key| format!("`{key}`")),
        problem,
    };
    let step: Step = Step::deserialize(value).map_err(|error| wrong(without_place(&error)))?;
    if step.key.trim().is_empty() {
        return Err(wrong("its key is empty".into()));
    }
    if let Some(retry) = &step.retry {
        if retry.max_attempts == 0 {
            return Err(wrong("`max_attempts` must be at least 1".into()));
        }
        if retry.first_ms > retry.longest_ms {
            return Err(wrong("`first_ms` is more than `longest_ms`".into()));
        }
    }
    Ok(step)
}

/// The needs of each task, as places in the spec; one named twice counts once.
fn resolve(steps: &[Step]) -> Result<Vec<BTreeSet<usize>>, WorkflowError> {
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        if places.insert(&step.key, index).is_some() {
            let key = step.key.clone();
            return Err(WorkflowError::SameKey { key });
        }
    }
    let place = |step: &Step, need: &String| {
        places
            .get(need.as_str())
            .copied()
            .ok_or_else(|| WorkflowError::UnknownNeed {
                task: step.key.clone(),
                need: need.clone(),
                suggestion: suggest(need, places.keys().copied()).map(str::to_owned),
            })
    };
    steps
        .iter()
        .map(|step| step.needs.iter().map(|need| place(step, need)).collect())
        .collect()
}

/// Each task after what it needs; of those that may come next, the first of
/// the spec.
fn order(steps: &[Step], needs: &[BTreeSet<usize>]) -> Result<Vec<usize>, WorkflowError> {
    let mut left: Vec<usize> = needs.iter().map(BTreeSet::len).collect();
    let mut dependents: Vec<Vec<usize>> = vec![Vec::new(); steps.len()];
    for (index, needs) in needs.iter().enumerate() {
        for &need in needs {
            dependents[need].push(index);
        }
    }
    let mut next: BTreeSet<usize> = (0..steps.len()).filter(|&index| left[index] == 0).collect();
    let mut order = Vec::with_capacity(steps.len());
    while let Some(index) = next.pop_first() {
        order.push(index);
        for &dependent in &dependents[index] {
            left[dependent] -= 1;
            if left[dependent] == 0 {
                next.insert(dependent);
            }
        }
    }
    match left.iter().position(|&left| left > 0) {
        None => Ok(order),
        Some(stuck) => Err(circle(steps, needs, &left, stuck)),
    }
}

/// Follows needs that never end until one comes again.
fn circle(
    steps: &[Step],
    needs: &[BTreeSet<usize>],
    left: &[usize],
    stuck: usize,
) -> WorkflowError {
    let mut path = vec![stuck];
    loop {
        let at = path[path.len() - 1];
        let need = needs[at].iter().copied().find(|&need| left[need] > 0);
        // A task that is stuck needs one that is stuck.
        let need = need.unwrap_or(stuck);
        if let Some(first) = path.iter().position(|&one| one == need) {
            path.drain(..first);
            path.push(need);
            let keys = path.into_iter().map(|one| steps[one].key.clone());
            return WorkflowError::Circle {
                keys: keys.collect(),
            };
        }
        path.push(need);
    }
}

fn task_plan(step: Step, needs: Vec<TaskNo>) -> Result<TaskPlan, WorkflowError> {
    let retry = step.retry.map_or(RetryPolicy::ONCE, |retry| RetryPolicy {
        max_attempts: retry.max_attempts,
        first: i64::from(retry.first_ms) * 1_000,
        longest: i64::from(retry.longest_ms) * 1_000,
    });
    let input = step.input.map(|value| Canonical::of(&value)).transpose();
    let input = input.map_err(|error| WorkflowError::Task {
        task: format!("`{}`", step.key),
        problem: error.to_string(),
    })?;
    Ok(TaskPlan {
        needs,
        on_need_failed: step.on_need_failed,
        required: step.required,
        retry,
        priority: step.priority,
        input: input.map(|canonical| canonical.text().to_owned()),
        ..TaskPlan::new(step.key, step.kind)
    })
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use serde_json::json;

    use super::*;

    fn tasks(tasks: &Value) -> Vec<TaskPlan> {
        let spec = json!({"kind": "workflow", "tasks": tasks}).to_string();
        Workflows.tasks(&spec).unwrap().collect()
    }

    fn refused(spec: &Value) -> String {
        let Err(error) = Workflows.tasks(&spec.to_string()) else {
            panic!("{spec} is accepted");
        };
        error.source().unwrap().to_string()
    }

    #[test]
    fn each_task_comes_after_what_it_needs() {
        let plan = tasks(&json!([
            {"key": "last", "kind": "noop", "needs": ["b", "a", "b"]},
            {"key": "a", "kind": "noop"},
            {"key": "b", "kind": "noop", "needs": ["a"]},
            {"key": "free", "kind": "noop"},
        ]));
        let seen: Vec<_> = plan
            .iter()
            .map(|task| (task.key.as_str(), task.needs.clone()))
            .collect();
        assert_eq!(
            seen,
            [
                ("a", vec![]),
                ("b", vec![TaskNo(0)]),
                ("last", vec![TaskNo(0), TaskNo(1)]),
                ("free", vec![]),
            ]
        );
    }

    #[test]
    fn fields_reach_the_plan() {
        let plan = tasks(&json!([{
            "key": "a", "kind": "sleep", "input": {"ms": 5, "a": 1}, "required": false,
            "on_need_failed": "proceed", "priority": -3,
            "retry": {"max_attempts": 3, "first_ms": 100, "longest_ms": 1000}
        }]));
        let retry = RetryPolicy {
            max_attempts: 3,
            first: 100_000,
            longest: 1_000_000,
        };
        assert_eq!(
            plan,
            [TaskPlan {
                required: false,
                on_need_failed: OnNeedFailed::Proceed,
                priority: -3,
                retry,
                input: Some(r#"{"a":1,"ms":5}"#.into()),
                ..TaskPlan::new("a", TaskKind::Sleep)
            }]
        );
    }

    #[test]
    fn what_is_wrong_names_the_task() {
        let workflow = |tasks| json!({"kind": "workflow", "tasks": tasks});
        let specs = [
            json!({"kind": "workflow"}),
            json!({"kind": "workflow", "rule": "some", "tasks": [{}]}),
            json!({"kind": "workflow", "task": []}),
            workflow(json!([{"key": "a", "kind": "noop"}, {"kind": "noop"}])),
            workflow(json!([{"key": "a", "kind": "nap"}])),
            workflow(json!([{"key": "a", "kind": "backtest"}])),
            workflow(json!([{"key": "a", "kind": "analysis"}])),
            workflow(json!([{"key": " ", "kind": "noop"}])),
            workflow(json!([{"key": "a", "kind": "noop", "need": ["b"]}])),
            workflow(json!([{"key": "a", "kind": "noop", "retry": {"max_attempts": 0}}])),
            workflow(json!([{"key": "a", "kind": "noop"}, {"key": "a", "kind": "noop"}])),
            workflow(json!([{"key": "fetch", "kind": "noop"},
                            {"key": "b", "kind": "noop", "needs": ["fetsh"]}])),
            workflow(json!([{"key": "a", "kind": "noop", "needs": ["b"]},
                            {"key": "b", "kind": "noop", "needs": ["c"]},
                            {"key": "c", "kind": "noop", "needs": ["b"]}])),
            workflow(json!([{"key": "a", "kind": "noop", "needs": ["a"]}])),
        ];
        let refusals: Vec<String> = specs.iter().map(refused).collect();
        insta::assert_snapshot!(refusals.join("\n"), @r"
        it has no tasks
        unknown variant `some`, expected `all_required` or `model_days`
        unknown field `task`, expected one of `kind`, `name`, `rule`, `strategy`, `tenant`, `queue`, `priority`, `concurrency_key`, `tasks`
        task 2: missing field `key`
        task `a`: unknown variant `nap`, expected `noop` or `sleep`
        task `a`: a task of kind `backtest` comes with a run of kind `backtest`, and cannot be one of a workflow: submit that run instead
        task `a`: a task of kind `analysis` comes with a run of kind `analysis`, and cannot be one of a workflow: submit that run instead
        task ` `: its key is empty
        task `a`: unknown field `need`, expected one of `key`, `kind`, `needs`, `on_need_failed`, `required`, `retry`, `priority`, `input`
        task `a`: `max_attempts` must be at least 1
        two tasks have the key `a`
        task `b` needs `fetsh`, which is no task (did you mean `fetch`?)
        tasks wait for each other: b -> c -> b
        tasks wait for each other: a -> a
        ");
    }
}
