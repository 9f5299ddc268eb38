//! `fondaco run replay`.

use fondaco_app::ports::machine::Machine;

use super::OneRun;
use super::submit::{Accepted, OverrideArgs, key};
use crate::context::Context;
use crate::errors::Failure;

/// Which, and from where.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco run replay 3f2a9c01d4e5\n  fondaco run replay 3f2a9c01d4e5 --from report"
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Do only this task and what needs it again; the rest is taken over where
    /// it completed.
    #[arg(long, value_name = "TASK")]
    from: Option<String>,
    /// Name of this request: sent twice with the same name, it is one run.
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    #[command(flatten)]
    overrides: OverrideArgs,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let overrides = args.overrides.resolve(client.machine.wall());
    let key = key(args.key.as_ref());
    let submitted = client
        .runs()
        .replay(id, args.from.as_deref(), key, &overrides)?;
    let accepted = Accepted::of(&client, submitted.id, submitted.fresh)?;
    Ok(context.output.print(&accepted)?)
}
