//! `fondaco run project`.

use std::fmt::Write as _;

use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs, ids, projector};
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco run project --all\n  fondaco run project 3f2a9c01d4e5\n\nThe files lie below \
                  `runs/` in the home: a folder per run. A process that serves control or works writes them as runs \
                  go on; this writes them again, byte for byte, from what the store says. With \
                  ENABLE_DASHBOARD_COMPAT_EXPORTS=false nothing below `team_dashboard` is written, and what is there \
                  stays as it is."
)]
pub(crate) struct Args {
    /// Their ids, or the beginnings or ends of them.
    #[arg(value_name = "RUN", required_unless_present = "all")]
    runs: Vec<String>,
    /// Every run; folders of runs that are gone go, too.
    #[arg(long, conflicts_with = "runs")]
    all: bool,
    #[command(flatten)]
    store: StoreArgs,
}

/// What was told.
#[derive(Debug, Serialize)]
struct Projected {
    /// Where the folders lie.
    folder: String,
    /// Runs that were told.
    told: usize,
    /// Folders of runs that are gone.
    removed: usize,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let settings = context.settings()?;
    let exports = settings.compat.dashboard_exports.value;
    let named = args.store.named(context)?;
    let address = named.unwrap_or(settings.store.value);
    let projector = projector(&client, context, &address, exports);
    let (told, removed) = if args.all {
        let progress = context.progress(0, "runs");
        let mut count = 0;
        projector.all(&mut |_| {
            count += 1;
            progress.set(count);
        })?
    } else {
        for text in &args.runs {
            let run = ids::resolve(client.store(), text)?;
            projector.run(run, 0)?;
        }
        (args.runs.len(), 0)
    };
    Ok(context.output.print(&Projected {
        folder: context.home().join("runs").display().to_string(),
        told,
        removed,
    })?)
}

impl View for Projected {
    fn text(&self, style: Style) -> String {
        let mut text = format!(
            "{} {} in {}\n",
            style.dim("told"),
            runs(self.told),
            self.folder
        );
        if self.removed > 0 {
            let _ = writeln!(
                text,
                "{} the folders of {} that are gone",
                style.dim("removed"),
                runs(self.removed)
            );
        }
        text
    }
}

fn runs(count: usize) -> String {
    match count {
        1 => "1 run".to_owned(),
        count => format!("{count} runs"),
    }
}
