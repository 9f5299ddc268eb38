//! `fondaco run events`.

use std::ops::ControlFlow;

use fondaco_app::runs::{Followed, watch};
use serde::Serialize;

use super::OneRun;
use super::tell::{Names, Told};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco run events 3f2a9c01d4e5\n  fondaco run events 3f2a9c01d4e5 --after 100 \
                  --limit 50\n  fondaco run events 3f2a9c01d4e5 --follow"
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Only events after this one.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    after: u64,
    /// How many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 1_000)]
    limit: usize,
    /// Go on until the run ends; as JSON, one document per line.
    #[arg(long, conflicts_with = "limit")]
    follow: bool,
}

/// A page of them.
#[derive(Debug, Serialize)]
struct Listing {
    events: Vec<Told>,
    /// Give it as `--after` for the next page; absent on the last one.
    next: Option<u64>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let store = client.store();
    let mut names = Names::of(store, id);
    if args.follow {
        let mut failed = None;
        watch(
            store,
            id,
            Some(args.after),
            &mut |seen| match print(seen, &mut names, context) {
                Ok(()) => ControlFlow::Continue(()),
                Err(failure) => {
                    failed = Some(failure);
                    ControlFlow::Break(())
                }
            },
        )?;
        return failed.map_or(Ok(()), Err);
    }
    let mut found = store.events(id, args.after, args.limit.saturating_add(1))?;
    let more = found.len() > args.limit;
    found.truncate(args.limit);
    let next = found.last().filter(|_| more).map(|event| event.seq);
    let events = found
        .iter()
        .map(|event| Told::of(event, &mut names))
        .collect::<Result<_, _>>()?;
    Ok(context.output.print(&Listing { events, next })?)
}

/// Prints what is new, a line each.
pub(super) fn print(
    seen: &Followed,
    names: &mut Names<'_>,
    context: &Context,
) -> Result<(), Failure> {
    for event in &seen.events {
        context.output.print_line(&One(Told::of(event, names)?))?;
    }
    Ok(())
}

/// One event.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct One(Told);

impl View for One {
    fn text(&self, _style: Style) -> String {
        self.0.line()
    }
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        let mut text: String = self.events.iter().map(Told::line).collect();
        if let Some(next) = self.next {
            text.push_str(&style.dim(&format!("more: --after {next}\n")));
        }
        text
    }
}
