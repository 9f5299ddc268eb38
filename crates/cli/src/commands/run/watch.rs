//! `fondaco run watch`.

use std::ops::ControlFlow;

use fondaco_app::runs::watch;
use fondaco_domain::run::RunState;

use super::tell::Names;
use super::{OneRun, RunShown, events, outcome};
use crate::cli::OutputMode;
use crate::context::Context;
use crate::errors::Failure;

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco run watch 3f2a9c01d4e5\n\nPrints what happens as it happens; as JSON, the run \
                  as it stands at its end. Ends with 0 for a run that completed, 9 for one that failed, is partial \
                  or is halted, and 130 for one that was cancelled."
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Only its end.
    #[arg(long)]
    silent: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let store = client.store();
    let mut names = Names::of(store, id);
    let lines = !args.silent && context.output.mode() == OutputMode::Text;
    let total = u64::from(store.run(id)?.counts.total);
    let progress = context.progress(total, "tasks");
    let mut failed = None;
    let last = watch(store, id, lines.then_some(0), &mut |seen| {
        let counts = &seen.run.counts;
        progress.set(u64::from(counts.total - counts.open()));
        progress.at(seen.run.state.as_str());
        if let Err(failure) = events::print(seen, &mut names, context) {
            failed = Some(failure);
            return ControlFlow::Break(());
        }
        // It waits for a person, who may be the one who watches.
        if seen.run.state == RunState::Halted {
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    })?;
    drop(progress);
    if let Some(failure) = failed {
        return Err(failure);
    }
    context.output.print(&RunShown::of(&last))?;
    Ok(outcome(&last)?)
}
