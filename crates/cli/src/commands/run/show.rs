//! `fondaco run show`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fondaco_app::backtests::told::Told;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{Attempt, RunStore, TaskQuery};
use fondaco_app::ports::workers::Worker;
use fondaco_app::runs::why::{Situation, Why};
use fondaco_domain::task::{SkipReason, Task, TaskKind, TaskNo, TaskState};
use fondaco_domain::{Hint, RunId, UnixMicros};
use serde::Serialize;

use super::{OneRun, RunShown, failure};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which, and how much of it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco run show 3f2a9c01d4e5\n  fondaco run show 3f2a9c01d4e5 --open --limit 200\n  \
                  fondaco run show 3f2a9c01d4e5 --task report"
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Only tasks that have not ended.
    #[arg(long, conflicts_with = "task")]
    open: bool,
    /// Only this task, with all its attempts.
    #[arg(long, value_name = "KEY")]
    task: Option<String>,
    /// Tasks at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
    /// Only tasks after this place in the plan: the last of the page before.
    #[arg(long, value_name = "NUMBER")]
    after: Option<u32>,
}

/// Silence of a worker, in microseconds, after which it does not count as one
/// that could take something.
pub(crate) const SILENT: i64 = 60_000_000;

/// A run with some of its tasks.
#[derive(Debug, Serialize)]
struct Shown {
    run: RunShown,
    tasks: Vec<TaskShown>,
    /// Give it as `--after` for the next page; absent on the last one.
    next: Option<u32>,
    #[serde(skip)]
    with_attempts: bool,
}

#[derive(Debug, Serialize)]
struct TaskShown {
    no: u32,
    key: String,
    kind: TaskKind,
    state: TaskState,
    attempts: u32,
    failures: u32,
    required: bool,
    adopted_from: Option<RunId>,
    skip: Option<&'static str>,
    detail: Option<String>,
    /// The detail, where it is a failure that says its kind and what to do.
    failure: Option<Told>,
    output: Option<String>,
    /// Why it is not under way, or with whom it is.
    why: Option<String>,
    reason: Option<Why>,
    /// How far it said it was, where it is under way.
    progress: Option<String>,
    /// Present with `--task`.
    #[serde(skip_serializing_if = "Option::is_none")]
    tries: Option<Vec<AttemptShown>>,
}

#[derive(Debug, Serialize)]
struct AttemptShown {
    number: u32,
    fence: u64,
    worker: String,
    executor: Option<String>,
    reference: Option<String>,
    leased_at: String,
    started_at: Option<String>,
    ended_at: Option<String>,
    outcome: Option<String>,
    error: Option<String>,
    progress: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let store = client.store();
    let run = store.run(id)?;
    let now = client.machine.wall();
    let alive = |worker: &Worker| alive(worker, now);
    let mut situation = Situation::of(store, &run, now, &alive)?;
    let (found, next) = match &args.task {
        Some(key) => (vec![client.runs().task_by_key(id, key)?], None),
        None => page(args, store, id)?,
    };
    let mut tasks = Vec::with_capacity(found.len());
    for task in &found {
        let why = situation.why(task)?;
        let tries = store_attempts(args, store, id, task)?;
        tasks.push(TaskShown::of(task, why, tries, args.task.is_some()));
    }
    Ok(context.output.print(&Shown {
        run: RunShown::of(&run),
        tasks,
        next,
        with_attempts: args.task.is_some(),
    })?)
}

/// Whether a worker on the list has been heard of lately.
pub(crate) fn alive(worker: &Worker, now: UnixMicros) -> bool {
    now.0.saturating_sub(worker.seen.0) < SILENT
}

fn page(args: &Args, store: &dyn RunStore, id: RunId) -> Result<(Vec<Task>, Option<u32>), Failure> {
    let states: &[TaskState] = if args.open {
        &[
            TaskState::Blocked,
            TaskState::Ready,
            TaskState::Leased,
            TaskState::Running,
        ]
    } else {
        &[]
    };
    let query = TaskQuery {
        states: states.to_vec(),
        after: args.after.map(TaskNo),
        limit: Some(args.limit.saturating_add(1)),
    };
    let mut found = store.tasks(id, &query)?;
    let more = found.len() > args.limit;
    found.truncate(args.limit);
    let next = found.last().filter(|_| more).map(|task| task.no.0);
    Ok((found, next))
}

/// Attempts are read for one task, and for those under way, whose progress
/// they hold.
fn store_attempts(
    args: &Args,
    store: &dyn RunStore,
    id: RunId,
    task: &Task,
) -> Result<Vec<Attempt>, Failure> {
    if args.task.is_none() && !task.state.is_held() {
        return Ok(Vec::new());
    }
    Ok(store.attempts(id, task.no)?)
}

impl TaskShown {
    fn of(task: &Task, why: Option<Why>, tries: Vec<Attempt>, with_tries: bool) -> Self {
        let progress = tries
            .last()
            .filter(|_| task.state.is_held())
            .and_then(|attempt| attempt.progress.clone());
        Self {
            no: task.no.0,
            key: task.plan.key.clone(),
            kind: task.plan.kind,
            state: task.state,
            attempts: task.attempt,
            failures: task.failures,
            required: task.plan.required,
            adopted_from: task.plan.adopted.as_ref().map(|adopted| adopted.from),
            skip: task.skip.map(SkipReason::text),
            detail: task.detail.clone(),
            failure: task.detail.as_deref().and_then(Told::from_json),
            output: task.output.clone(),
            why: why.as_ref().map(ToString::to_string),
            reason: why,
            progress,
            tries: with_tries.then(|| tries.into_iter().map(AttemptShown::of).collect()),
        }
    }

    /// What is worth saying of it, in one line.
    fn words(&self) -> String {
        if let Some(why) = &self.why {
            return match &self.progress {
                Some(progress) => format!("{why}: {progress}"),
                None => why.clone(),
            };
        }
        if let Some(from) = self.adopted_from {
            return format!("taken over from run {from}");
        }
        match (self.skip, &self.detail) {
            (Some(skip), Some(detail)) => format!("{skip}: {}", failure::words(detail)),
            (Some(skip), None) => skip.to_owned(),
            (None, Some(detail)) => failure::words(detail),
            (None, None) => self.output.clone().unwrap_or_default(),
        }
    }
}

impl AttemptShown {
    fn of(attempt: Attempt) -> Self {
        let (executor, reference) = match attempt.external {
            Some(external) => (Some(external.executor), external.reference),
            None => (None, None),
        };
        Self {
            number: attempt.number,
            fence: attempt.fence.0,
            worker: attempt.worker.to_string(),
            executor,
            reference,
            leased_at: attempt.leased_at.to_string(),
            started_at: attempt.started_at.map(|at| at.to_string()),
            ended_at: attempt.ended_at.map(|at| at.to_string()),
            outcome: attempt.outcome,
            error: attempt.error,
            progress: attempt.progress,
        }
    }
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let mut text = self.run.line(style);
        self.head(&mut text, style);
        text.push('\n');
        let mut table = Table::new([
            ("No", Align::Right),
            ("Task", Align::Left),
            ("Kind", Align::Left),
            ("State", Align::Left),
            ("Tries", Align::Right),
            ("", Align::Left),
        ]);
        for task in &self.tasks {
            table.row([
                Cell::dim(task.no.to_string()),
                task.key.clone().into(),
                Cell::dim(task.kind.as_str()),
                state(task.state),
                task.attempts.to_string().into(),
                task.words().into(),
            ]);
        }
        text.push_str(&table.render(style));
        self.hints(&mut text, style);
        if let Some(next) = self.next {
            text.push_str(&style.dim(&format!("more: --after {next}\n")));
        }
        if self.with_attempts {
            for task in &self.tasks {
                attempts(&mut text, task, style);
            }
        }
        text
    }
}

impl Shown {
    /// What to do about what failed, each once.
    fn hints(&self, text: &mut String, style: Style) {
        let failures = self.tasks.iter().filter_map(|task| task.failure.as_ref());
        let hints: BTreeSet<String> = failures.filter_map(Hint::hint).collect();
        for hint in hints {
            let _ = writeln!(text, "{} {hint}", style.dim("hint:"));
        }
    }

    fn head(&self, text: &mut String, style: Style) {
        let run = &self.run;
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{} {value}", style.dim(&format!("{name:<8}")));
        };
        let plan = if run.planned { "" } else { ", more to come" };
        line(
            "tasks",
            format!("{}: {}{plan}", run.counts.total, run.counted()),
        );
        line(
            "queue",
            format!(
                "{}, priority {}, tenant {}",
                run.queue, run.priority, run.tenant
            ),
        );
        if let Some(key) = &run.concurrency_key {
            line("key", key.clone());
        }
        line("spec", format!("{} {}", run.kind.as_str(), &run.spec[..12]));
        if let Some(parent) = run.parent {
            line("parent", parent.to_string());
        }
        line("created", run.created_at.clone());
        if let Some(at) = &run.started_at {
            line("started", at.clone());
        }
        if let Some(at) = &run.finished_at {
            line("ended", at.clone());
        }
        if let Some(at) = &run.deadline {
            line("deadline", at.clone());
        }
    }
}

fn attempts(text: &mut String, task: &TaskShown, style: Style) {
    for attempt in task.tries.iter().flatten() {
        let _ = writeln!(
            text,
            "\n{} {} of `{}`: {}",
            style.dim("attempt"),
            attempt.number,
            task.key,
            attempt.outcome.as_deref().unwrap_or("under way"),
        );
        let mut line = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                let _ = writeln!(text, "  {} {value}", style.dim(&format!("{name:<8}")));
            }
        };
        let error = attempt.error.as_deref().map(failure::words);
        line("error", error.as_deref());
        line("worker", Some(&attempt.worker));
        line("executor", attempt.executor.as_deref());
        line("at", attempt.reference.as_deref());
        line("leased", Some(&attempt.leased_at));
        line("started", attempt.started_at.as_deref());
        line("ended", attempt.ended_at.as_deref());
        line("progress", attempt.progress.as_deref());
    }
}

fn state(state: TaskState) -> Cell {
    let text = state.as_str();
    match state {
        TaskState::Completed => Cell::good(text),
        TaskState::Failed => Cell::bad(text),
        TaskState::Skipped | TaskState::Cancelled => Cell::dim(text),
        _ => text.into(),
    }
}
