//! `fondaco run list`.

use clap::ValueEnum;
use clap::builder::PossibleValue;
use fondaco_app::ports::runs::RunQuery;
use fondaco_domain::run::{RunKind, RunState};
use serde::Serialize;

use super::RunShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, ids};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which runs.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco run list\n  fondaco run list --state running,halted --kind workflow\n  \
                  fondaco run list --limit 50 --before 3f2a9c01d4e5"
)]
pub(crate) struct Args {
    /// Only runs in these states.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE")]
    state: Vec<StateWord>,
    /// Only runs of this kind.
    #[arg(long, value_enum, value_name = "KIND")]
    kind: Option<KindWord>,
    /// Only runs in this queue.
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Only runs that take this one up again.
    #[arg(long, value_name = "RUN")]
    parent: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 20)]
    limit: usize,
    /// Only runs older than this one: the last of the page before.
    #[arg(long, value_name = "RUN")]
    before: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
}

/// A state as a word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StateWord(pub(crate) RunState);

impl ValueEnum for StateWord {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [StateWord; 9] = [
            StateWord(RunState::Queued),
            StateWord(RunState::Running),
            StateWord(RunState::Halting),
            StateWord(RunState::Halted),
            StateWord(RunState::Cancelling),
            StateWord(RunState::Cancelled),
            StateWord(RunState::Completed),
            StateWord(RunState::Partial),
            StateWord(RunState::Failed),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

/// A kind as a word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KindWord(pub(crate) RunKind);

impl ValueEnum for KindWord {
    fn value_variants<'a>() -> &'a [Self] {
        const ALL: [KindWord; 6] = [
            KindWord(RunKind::Backtest),
            KindWord(RunKind::Hyperopt),
            KindWord(RunKind::Analysis),
            KindWord(RunKind::Simulation),
            KindWord(RunKind::Workflow),
            KindWord(RunKind::Trading),
        ];
        &ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.0.as_str()))
    }
}

/// A page of them.
#[derive(Debug, Serialize)]
struct Listing {
    runs: Vec<RunShown>,
    /// Give it as `--before` for the next page; absent on the last one.
    next: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let store = client.store();
    let find = |text: &Option<String>| -> Result<_, Failure> {
        Ok(text
            .as_ref()
            .map(|text| ids::resolve(store, text))
            .transpose()?)
    };
    let query = RunQuery {
        states: args.state.iter().map(|word| word.0).collect(),
        kind: args.kind.map(|word| word.0),
        queue: args.queue.clone(),
        parent: find(&args.parent)?,
        before: find(&args.before)?,
        limit: Some(args.limit.saturating_add(1)),
        ..RunQuery::default()
    };
    let mut found = store.runs(&query)?;
    let more = found.len() > args.limit;
    found.truncate(args.limit);
    let next = found.last().filter(|_| more).map(|run| run.id.to_string());
    let runs = found.iter().map(RunShown::of).collect();
    Ok(context.output.print(&Listing { runs, next })?)
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.runs.is_empty() {
            return "no runs: submit one with `fondaco run submit`\n".to_owned();
        }
        let mut table = Table::new([
            ("Run", Align::Left),
            ("Kind", Align::Left),
            ("State", Align::Left),
            ("Done", Align::Right),
            ("Failed", Align::Right),
            ("Queue", Align::Left),
            ("Created", Align::Left),
        ]);
        for run in &self.runs {
            let counts = &run.counts;
            let done = counts.total - counts.open();
            table.row([
                run.short().into(),
                run.kind.as_str().into(),
                run.state_cell(),
                format!("{done}/{}", counts.total).into(),
                if counts.failed == 0 {
                    Cell::dim("0")
                } else {
                    Cell::bad(counts.failed.to_string())
                },
                run.queue.clone().into(),
                Cell::dim(cut(&run.created_at)),
            ]);
        }
        let mut text = table.render(style);
        if let Some(next) = &self.next {
            let short = &next[next.len() - 12..];
            text.push_str(&style.dim(&format!("more: --before {short}\n")));
        }
        text
    }
}

/// A printed time to the second.
fn cut(time: &str) -> String {
    match time.split_once('.') {
        Some((seconds, _)) => format!("{seconds}Z"),
        None => time.to_owned(),
    }
}
