//! `fondaco halt drill`.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use fondaco_app::halts::{Drill, DrillPlan, drill};
use fondaco_app::ports::machine::Machine;
use fondaco_app::runner::NoLog;
use fondaco_domain::run::DEFAULT;
use serde::Serialize;

use crate::commands::run::alive;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, Host, HostOptions, Place, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// How much of it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco halt drill\n  fondaco halt drill --rounds 50 --tasks 8\n\nTasks that sleep are \
                  submitted for a tenant of their own and halted; nothing else is touched. Without a worker, this \
                  process is one."
)]
pub(crate) struct Args {
    /// How often.
    #[arg(long, value_name = "NUMBER", default_value = "20")]
    rounds: NonZeroUsize,
    /// Sleeping tasks in each round; not more than there are slots.
    #[arg(long, value_name = "NUMBER", default_value = "1")]
    tasks: NonZeroUsize,
    /// Line they go into.
    #[arg(long, value_name = "NAME", default_value = DEFAULT)]
    queue: String,
    /// Longest wait for one step.
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = crate::commands::run::duration)]
    patience: Duration,
    #[command(flatten)]
    store: StoreArgs,
}

/// How long each step took, in milliseconds after the commit of the halt.
#[derive(Debug, Serialize)]
struct Drilled {
    scope: String,
    rounds: usize,
    workers: usize,
    in_this_process: bool,
    /// A worker told the task to stop.
    seen: Quantiles,
    /// The task was given back.
    stopped: Quantiles,
    /// A worker said that nothing covered runs there any more.
    acknowledged: Quantiles,
}

#[derive(Debug, Serialize)]
struct Quantiles {
    count: usize,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

impl Quantiles {
    fn of(micros: impl Iterator<Item = i64>) -> Self {
        let mut all: Vec<i64> = micros.collect();
        all.sort_unstable();
        let at = |share: f64| {
            let rank = (share * all.len() as f64).ceil() as usize;
            all.get(rank.saturating_sub(1))
                .map_or(0.0, |micros| *micros as f64 / 1e3)
        };
        Self {
            count: all.len(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: at(1.0),
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let now = client.machine.wall();
    let workers = client.store().workers()?;
    let others = workers
        .iter()
        .filter(|worker| alive(worker, now) && worker.queues.contains(&args.queue))
        .count();
    let host = (others == 0)
        .then(|| Host::start(&client, context, options(args, context)))
        .transpose()?;
    let plan = DrillPlan {
        rounds: args.rounds.get(),
        tasks: args.tasks.get(),
        queue: args.queue.clone(),
        patience: args.patience,
    };
    let drilled = drill(client.runs(), &plan);
    if let Some(host) = host {
        host.shutdown()?;
    }
    let drilled = Drilled::of(&drilled?, others);
    Ok(context.output.print(&drilled)?)
}

fn options(args: &Args, context: &Context) -> HostOptions {
    HostOptions {
        slots: args.tasks,
        calls: 0,
        queues: vec![args.queue.clone()],
        run: None,
        place: Place::Auto,
        threads: context.threads(),
        at_once: false,
        log: Arc::new(NoLog),
    }
}

impl Drilled {
    fn of(drill: &Drill, others: usize) -> Self {
        let rounds = &drill.rounds;
        Self {
            scope: drill.scope.clone(),
            rounds: rounds.len(),
            workers: others.max(1),
            in_this_process: others == 0,
            seen: Quantiles::of(rounds.iter().flat_map(|round| round.seen.iter().copied())),
            stopped: Quantiles::of(
                rounds
                    .iter()
                    .flat_map(|round| round.stopped.iter().copied()),
            ),
            acknowledged: Quantiles::of(
                rounds
                    .iter()
                    .flat_map(|round| round.acknowledged.iter().copied()),
            ),
        }
    }
}

impl View for Drilled {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("After the commit", Align::Left),
            ("Count", Align::Right),
            ("p50 ms", Align::Right),
            ("p99 ms", Align::Right),
            ("Most ms", Align::Right),
        ]);
        for (name, times) in [
            ("told to stop", &self.seen),
            ("given back", &self.stopped),
            ("acknowledged", &self.acknowledged),
        ] {
            table.row([
                name.into(),
                times.count.to_string().into(),
                format!("{:.2}", times.p50_ms).into(),
                format!("{:.2}", times.p99_ms).into(),
                format!("{:.2}", times.max_ms).into(),
            ]);
        }
        let place = if self.in_this_process {
            "in this process".to_owned()
        } else if self.workers == 1 {
            "on 1 worker".to_owned()
        } else {
            format!("on {} workers", self.workers)
        };
        let head = format!("{} halts of {}, {place}\n", self.rounds, self.scope);
        style.dim(&head) + &table.render(style)
    }
}
