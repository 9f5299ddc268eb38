//! `fondaco bench listing`.

use std::num::NonZeroUsize;
use std::time::Instant;

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::{Asked, RunQuery, RunStoreError, Submission};
use fondaco_domain::run::{Command, NewRun, RunCommand, RunKind, RunState};
use fondaco_domain::task::{TaskKind, TaskPlan};
use fondaco_domain::{ContentHash, RunId};
use serde::Serialize;

use super::measure::Latency;
use super::runs::FolderError;
use crate::commands::db::StoreShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Runs of a page.
const PAGE: usize = 50;

/// Threads that fill the store.
const WRITERS: usize = 64;

/// Of so many runs one is of a rare sort.
const RARE: usize = 50_000;

/// When the first of them was made, in milliseconds.
const FIRST: u64 = 1_700_000_000_000;

/// How much of what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco bench listing --runs 1000000\n\nWithout --store it uses a new store in a folder of the home, and removes it. A store that has so many runs already is not filled."
)]
pub(crate) struct Args {
    /// Runs that the store has.
    #[arg(long, value_name = "NUMBER", default_value = "100000")]
    runs: NonZeroUsize,
    /// Pages that are read of each sort.
    #[arg(long, value_name = "NUMBER", default_value = "200")]
    pages: NonZeroUsize,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Figures {
    store: StoreShown,
    runs: usize,
    fill_seconds: f64,
    open_seconds: f64,
    pages: Vec<Page>,
}

/// Pages of one sort.
#[derive(Debug, Serialize)]
struct Page {
    filter: String,
    /// Runs of the first page.
    found: usize,
    newest: Latency,
    deep: Latency,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if args.store.named(context)?.is_some() {
        return Ok(context
            .output
            .print(&measure(args, &args.store, context)?)?);
    }
    let folder = context
        .home()
        .join(format!("bench-listing-{}", std::process::id()));
    let failed = |source| FolderError {
        path: folder.clone(),
        source,
    };
    std::fs::create_dir_all(&folder).map_err(failed)?;
    let file = folder.join("runs.db");
    let store = StoreArgs::of(format!("sqlite:{}?profile=research", file.display()));
    let figures = measure(args, &store, context);
    std::fs::remove_dir_all(&folder).map_err(failed)?;
    Ok(context.output.print(&figures?)?)
}

fn measure(args: &Args, store: &StoreArgs, context: &Context) -> Result<Figures, Failure> {
    let client = Client::open(store, context)?;
    let began = Instant::now();
    fill(&client, args.runs.get())?;
    let fill_seconds = began.elapsed().as_secs_f64();
    drop(client);
    let began = Instant::now();
    let client = Client::open(store, context)?;
    client.store().runs(&page())?;
    let open_seconds = began.elapsed().as_secs_f64();
    let pages = sorts()
        .into_iter()
        .map(|(filter, query)| read(client.store(), filter, &query, args))
        .collect::<Result<_, _>>()?;
    Ok(Figures {
        store: StoreShown::of(&client.store().vitals()?),
        runs: args.runs.get(),
        fill_seconds,
        open_seconds,
        pages,
    })
}

fn page() -> RunQuery {
    RunQuery {
        limit: Some(PAGE),
        ..RunQuery::default()
    }
}

/// Every filter, common and rare, and some of them together.
fn sorts() -> Vec<(&'static str, RunQuery)> {
    let states = |states: &[RunState]| RunQuery {
        states: states.to_vec(),
        ..page()
    };
    let kind = |kind| RunQuery {
        kind: Some(kind),
        ..page()
    };
    let queue = |name: &str| RunQuery {
        queue: Some(name.to_owned()),
        ..page()
    };
    let strategy = |name: &str| RunQuery {
        strategy: Some(name.to_owned()),
        ..page()
    };
    let tenant = |name: &str| RunQuery {
        tenant: Some(name.to_owned()),
        ..page()
    };
    vec![
        ("all", page()),
        ("kind backtest", kind(RunKind::Backtest)),
        ("kind trading (rare)", kind(RunKind::Trading)),
        ("state completed", states(&[RunState::Completed])),
        ("state queued (rare)", states(&[RunState::Queued])),
        (
            "states failed, cancelled",
            states(&[RunState::Failed, RunState::Cancelled]),
        ),
        ("queue default", queue("default")),
        ("queue rare", queue("rare")),
        ("strategy s1", strategy("s1")),
        ("strategy rare", strategy("rare")),
        ("tenant default", tenant("default")),
        ("tenant rare", tenant("rare")),
        (
            "parent",
            RunQuery {
                parent: Some(id(3)),
                ..page()
            },
        ),
        (
            "backtests of s1 that failed",
            RunQuery {
                kind: Some(RunKind::Backtest),
                states: vec![RunState::Failed],
                ..strategy("s1")
            },
        ),
        (
            "backtests of a tenant that wait",
            RunQuery {
                kind: Some(RunKind::Backtest),
                states: vec![RunState::Queued, RunState::Running],
                ..tenant("default")
            },
        ),
    ]
}

/// Pages with the newest, and from the middle on.
fn read(
    store: &dyn Store,
    filter: &str,
    query: &RunQuery,
    args: &Args,
) -> Result<Page, RunStoreError> {
    let found = store.runs(query)?.len();
    let (mut newest, mut deep) = (Vec::new(), Vec::new());
    for n in 0..args.pages.get() {
        let began = Instant::now();
        store.runs(query)?;
        newest.push(began.elapsed());
        // Each page somewhere else, so that not one of them is read again.
        let middle = args.runs.get() / 2 - n * args.runs.get() / args.pages.get() / 4;
        let query = RunQuery {
            before: Some(id(middle)),
            ..query.clone()
        };
        let began = Instant::now();
        store.runs(&query)?;
        deep.push(began.elapsed());
    }
    Ok(Page {
        filter: filter.to_owned(),
        found,
        newest: Latency::of(newest),
        deep: Latency::of(deep),
    })
}

/// Submits the runs that are not there yet.
fn fill(client: &Client, runs: usize) -> Result<(), Failure> {
    let store = client.store();
    match store.run(id(runs - 1)) {
        Err(RunStoreError::NoRun(_)) => {}
        found => return Ok(found.map(|_| ())?),
    }
    let by = client.asked();
    let filled: Vec<Result<(), RunStoreError>> = std::thread::scope(|scope| {
        let part = |part: usize| {
            let by = by.clone();
            let mut all = (part..runs).step_by(WRITERS);
            scope.spawn(move || all.try_for_each(|n| add(store, n, &by)))
        };
        let writers: Vec<_> = (0..WRITERS).map(part).collect();
        let ended = writers.into_iter().map(std::thread::ScopedJoinHandle::join);
        ended
            .map(|one| one.unwrap_or(Err(RunStoreError::Stopped)))
            .collect()
    });
    Ok(filled.into_iter().collect::<Result<(), _>>()?)
}

/// A run without tasks has completed at once; some fail, some are cancelled,
/// and a few wait.
fn add(store: &dyn Store, n: usize, by: &Asked) -> Result<(), RunStoreError> {
    let spec = format!("{{\"number\":{}}}", n % 500);
    let rare = |place| n % RARE == place;
    let kind = match n {
        _ if rare(11) => RunKind::Trading,
        _ if n % 20 == 4 => RunKind::Workflow,
        _ => RunKind::Backtest,
    };
    let mut new = NewRun::new(kind, ContentHash::of(spec.as_bytes()));
    new.strategy = match n {
        _ if rare(12) => Some("rare".to_owned()),
        _ if n % 20 == 4 => None,
        _ => Some(format!("s{}", (n % 50) / 5)),
    };
    for (place, name) in [(13, &mut new.queue), (14, &mut new.tenant)] {
        let common = if rare(place) { "rare" } else { "default" };
        common.clone_into(name);
    }
    new.parent = (n % 100 == 7 && n > 100).then(|| id(if n < 5_000 { 3 } else { n - 50 }));
    let waits = rare(15) || rare(16);
    let submission = Submission {
        id: id(n),
        new,
        spec,
        tasks: if waits || n % 10 == 1 {
            vec![TaskPlan::new("wait", TaskKind::Noop)]
        } else {
            Vec::new()
        },
        last: n % 20 != 2,
        key: None,
    };
    store.submit(submission, by.clone())?;
    let reason = "so that there are some".to_owned();
    let command = match n {
        _ if waits => return Ok(()),
        _ if n % 20 == 2 => RunCommand::FailPlanning { reason },
        _ if n % 10 == 1 => RunCommand::Cancel { reason },
        _ => return Ok(()),
    };
    store.command(id(n), Command::Run(command), by.clone())?;
    Ok(())
}

/// The name of a run by its number.
fn id(number: usize) -> RunId {
    let [a, b, c, d, e, f, g, h] = (number as u64).to_be_bytes();
    RunId::new(FIRST + number as u64, [a, b, c, d, e, f, g, h, 0, 0])
}

impl View for Figures {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("", Align::Left),
            ("Runs", Align::Right),
            ("p50 ms", Align::Right),
            ("p95 ms", Align::Right),
            ("Deep p50 ms", Align::Right),
            ("Deep p95 ms", Align::Right),
        ]);
        for page in &self.pages {
            let ms = |ms: f64| format!("{ms:.2}").into();
            table.row([
                page.filter.clone().into(),
                page.found.to_string().into(),
                ms(page.newest.p50_ms),
                ms(page.newest.p95_ms),
                ms(page.deep.p50_ms),
                ms(page.deep.p95_ms),
            ]);
        }
        let Self {
            runs,
            fill_seconds,
            open_seconds,
            ..
        } = self;
        format!(
            "{}{}pages of {PAGE} of {runs} runs, filled in {fill_seconds:.1} s, opened again in {open_seconds:.3} s\n",
            self.store.line(style),
            table.render(style)
        )
    }
}
