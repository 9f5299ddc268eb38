//! What is measured.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fondaco_app::ports::Store;
use fondaco_app::ports::exec::{Assignment, Outcome, TaskBody, Watch};
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{Asked, Exchange, Report, RunQuery, RunStoreError, Want};
use fondaco_app::runner::NoLog;
use fondaco_app::runs::{Overrides, RunsError, Spec};
use fondaco_domain::run::RunState;
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{RunId, WorkerId};
use fondaco_exec::Bodies;
use serde::Serialize;
use serde_json::json;

use super::measure::{Latency, Memory};
use super::runs::Args;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, Host, HostOptions, Place, StoreArgs};

/// Claims and completions by many clients at once.
#[derive(Debug, Serialize)]
pub(super) struct Transitions {
    pub(super) clients: usize,
    pub(super) batch: usize,
    pub(super) events: usize,
    pub(super) seconds: f64,
    pub(super) per_second: f64,
    /// One exchange: completions told, tasks claimed and started.
    pub(super) exchange: Latency,
}

/// Tasks by a worker.
#[derive(Debug, Serialize)]
pub(super) struct Tasks {
    pub(super) count: usize,
    pub(super) seconds: f64,
    pub(super) per_second: f64,
}

/// From a submission to the start of its task.
#[derive(Debug, Serialize)]
pub(super) struct Starts {
    pub(super) latency: Latency,
}

/// A large plan.
#[derive(Debug, Serialize)]
pub(super) struct Accepted {
    pub(super) count: usize,
    pub(super) seconds: f64,
}

/// The store, closed and opened.
#[derive(Debug, Serialize)]
pub(super) struct Restarted {
    pub(super) open: u64,
    pub(super) seconds: f64,
}

/// A queue of its own for each part, so that none takes what another left.
fn submit(client: &Client, queue: &str, tasks: usize) -> Result<RunId, RunsError> {
    let tasks: Vec<_> = (0..tasks)
        .map(|no| json!({"key": format!("task/{no}"), "kind": "noop"}))
        .collect();
    let spec = Spec::of(&json!({"kind": "workflow", "name": queue, "tasks": tasks}))?;
    let overrides = Overrides {
        queue: Some(queue.to_owned()),
        ..Overrides::default()
    };
    Ok(client.runs().submit(&spec, None, &overrides)?.id)
}

/// Each client is a worker that claims, starts and completes.
pub(super) fn transitions(client: &Client, args: &Args) -> Result<Transitions, Failure> {
    let (clients, batch) = (args.clients.get(), args.batch.get());
    let queue = format!("bench-transitions-{}", std::process::id());
    // More than the clients can do in the time.
    let most = 15_000.0 * args.time.as_secs_f64();
    let id = submit(client, &queue, (most as usize).max(1_000))?;
    let store = &client.opened.store;
    let began = Instant::now();
    let until = began + args.time;
    let done: Vec<Result<Done, RunStoreError>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..clients)
            .map(|_| {
                let (store, queue) = (Arc::clone(store), queue.clone());
                let (worker, machine) = (client.machine.worker_id(), client.machine.clone());
                scope.spawn(move || exchange(&*store, &*machine, worker, &queue, batch, until))
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_else(|_| Ok(Done::default())))
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    let (mut events, mut all) = (0, Vec::new());
    for done in done {
        let done = done?;
        events += done.events;
        all.extend(done.times);
    }
    client.runs().cancel(id, "measured")?;
    Ok(Transitions {
        clients,
        batch,
        events,
        seconds,
        per_second: events as f64 / seconds,
        exchange: Latency::of(all),
    })
}

#[derive(Default)]
struct Done {
    events: usize,
    times: Vec<Duration>,
}

fn exchange(
    store: &dyn Store,
    machine: &dyn Machine,
    worker: WorkerId,
    queue: &str,
    batch: usize,
    until: Instant,
) -> Result<Done, RunStoreError> {
    let mut done = Done::default();
    let mut reports: Vec<Report> = Vec::new();
    loop {
        let now = machine.wall();
        let over = Instant::now() >= until;
        let want = Want {
            queues: vec![queue.to_owned()],
            kinds: vec![TaskKind::Noop],
            run: None,
            limit: batch,
            until: now.plus(60_000_000),
            start: true,
        };
        let asked = Asked {
            actor: "bench".into(),
            at: now,
        };
        let call = Exchange {
            worker,
            reports: std::mem::take(&mut reports),
            beats: Vec::new(),
            want: (!over).then_some(want),
        };
        let began = Instant::now();
        let answer = store.exchange(call, asked)?;
        done.times.push(began.elapsed());
        done.events += answer.reports.iter().flatten().sum::<usize>();
        if over || answer.claimed.is_empty() {
            return Ok(done);
        }
        // Leased and started in one transaction.
        done.events += 2 * answer.claimed.len();
        reports = answer
            .claimed
            .into_iter()
            .map(|claimed| Report {
                run: claimed.run,
                task: claimed.task.no,
                command: TaskCommand::Complete {
                    fence: claimed.task.fence,
                    output: None,
                },
            })
            .collect();
    }
}

/// A worker of this process does tasks that do nothing.
pub(super) fn tasks(client: &Client, context: &Context, args: &Args) -> Result<Tasks, Failure> {
    let queue = format!("bench-tasks-{}", std::process::id());
    let count = args.tasks.get();
    let id = submit(client, &queue, count)?;
    let host = Host::start(client, context, options(context, args, &queue))?;
    let began = Instant::now();
    host.until_ended(client.store(), id, &mut |_| {})?;
    let seconds = began.elapsed().as_secs_f64();
    host.shutdown()?;
    Ok(Tasks {
        count,
        seconds,
        per_second: count as f64 / seconds,
    })
}

/// A task that says when it began.
struct Began(Mutex<Sender<Instant>>);

impl TaskBody for Began {
    fn run(&self, _assignment: &Assignment, _watch: &dyn Watch) -> Outcome {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Nobody waits for one that is done again.
        let _ = sender.send(Instant::now());
        Outcome::Completed { output: None }
    }
}

/// One run after the other, with a worker that waits for them: from the call
/// of submit to the first line of the task.
pub(super) fn starts(client: &Client, context: &Context, args: &Args) -> Result<Starts, Failure> {
    let queue = format!("bench-starts-{}", std::process::id());
    let (sender, began) = channel();
    let bodies = Bodies::new().with(TaskKind::Noop, Began(Mutex::new(sender)));
    let host = Host::start_with(client, context, options(context, args, &queue), bodies)?;
    let mut all = Vec::with_capacity(args.starts.get());
    for _ in 0..args.starts.get() {
        let asked = Instant::now();
        let id = submit(client, &queue, 1)?;
        host.until_ended(client.store(), id, &mut |_| {})?;
        all.extend(
            began
                .try_iter()
                .map(|at| at.saturating_duration_since(asked)),
        );
    }
    host.shutdown()?;
    Ok(Starts {
        latency: Latency::of(all),
    })
}

/// Three tasks, one after the other.
#[derive(Debug, Serialize)]
pub(super) struct Workflows {
    pub(super) clients: usize,
    pub(super) count: usize,
    pub(super) per_second: f64,
    /// From the call of submit until the client knows of the end.
    pub(super) latency: Latency,
}

/// Each client submits a workflow of three steps, waits for its end and submits
/// the next, with one worker for all of them.
pub(super) fn workflows(
    client: &Client,
    context: &Context,
    args: &Args,
) -> Result<Workflows, Failure> {
    let queue = format!("bench-workflows-{}", std::process::id());
    let host = Host::start(client, context, options(context, args, &queue))?;
    let clients = args.clients.get();
    let began = Instant::now();
    let until = began + args.time;
    let all: Vec<Result<Vec<Duration>, Failure>> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..clients)
            .map(|_| scope.spawn(|| one_after_the_other(client, &host, &queue, until)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap_or_else(|_| Ok(Vec::new())))
            .collect()
    });
    let seconds = began.elapsed().as_secs_f64();
    host.shutdown()?;
    let all: Vec<Duration> = all
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    Ok(Workflows {
        clients,
        count: all.len(),
        per_second: all.len() as f64 / seconds,
        latency: Latency::of(all),
    })
}

fn one_after_the_other(
    client: &Client,
    host: &Host,
    queue: &str,
    until: Instant,
) -> Result<Vec<Duration>, Failure> {
    let spec = Spec::of(&json!({"kind": "workflow", "name": queue, "tasks": [
        {"key": "one", "kind": "noop"},
        {"key": "two", "kind": "noop", "needs": ["one"]},
        {"key": "three", "kind": "noop", "needs": ["two"]},
    ]}))?;
    let overrides = Overrides {
        queue: Some(queue.to_owned()),
        ..Overrides::default()
    };
    let mut all = Vec::new();
    while Instant::now() < until {
        let asked = Instant::now();
        let id = client.runs().submit(&spec, None, &overrides)?.id;
        host.until_ended(client.store(), id, &mut |_| {})?;
        all.push(asked.elapsed());
    }
    Ok(all)
}

/// Memory of a worker that waits.
pub(super) fn idle(client: &Client, context: &Context, args: &Args) -> Result<Memory, Failure> {
    let host = Host::start(client, context, options(context, args, "bench-idle"))?;
    let memory = Memory::now();
    host.shutdown()?;
    Ok(memory)
}

fn options(context: &Context, args: &Args, queue: &str) -> HostOptions {
    HostOptions {
        slots: args.clients,
        calls: 0,
        queues: vec![queue.to_owned()],
        run: None,
        place: Place::Auto,
        threads: context.threads(),
        at_once: false,
        log: Arc::new(NoLog),
    }
}

/// Accepts a large plan, which stays open.
pub(super) fn accept(client: &Client, args: &Args) -> Result<Accepted, Failure> {
    let queue = format!("bench-large-{}", std::process::id());
    let count = args.large.get();
    let began = Instant::now();
    submit(client, &queue, count)?;
    Ok(Accepted {
        count,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// Opens the store and lists what is open; cancels it afterwards.
pub(super) fn restart(store: &StoreArgs, context: &Context) -> Result<Restarted, Failure> {
    let queue = format!("bench-large-{}", std::process::id());
    let began = Instant::now();
    let client = Client::open(store, context)?;
    let query = RunQuery {
        states: vec![RunState::Queued, RunState::Running],
        queue: Some(queue.clone()),
        ..RunQuery::default()
    };
    let runs = client.store().runs(&query)?;
    let seconds = began.elapsed().as_secs_f64();
    let open = runs.iter().map(|run| u64::from(run.counts.open())).sum();
    for run in runs {
        client.runs().cancel(run.id, "measured")?;
    }
    Ok(Restarted { open, seconds })
}
