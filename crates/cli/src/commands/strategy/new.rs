//! `fondaco strategy new`.

use std::path::PathBuf;

use fondaco_app::strategies::template;
use serde::Serialize;

use super::files;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// What to write, and where.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco strategy new my-first")]
pub(crate) struct Args {
    /// Name of the strategy and of its file.
    name: String,
    /// Folder to write the file into.
    #[arg(long, value_name = "DIR", default_value = "strategies")]
    dir: PathBuf,
}

#[derive(Debug, Serialize)]
struct Written {
    name: String,
    path: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let text = template(&args.name)?;
    let path = args.dir.join(format!("{}.toml", args.name));
    files::create(&path, &text)?;
    let written = Written {
        name: args.name.clone(),
        path: path.display().to_string(),
    };
    context.output.print(&written)?;
    Ok(())
}

impl View for Written {
    fn text(&self, _style: Style) -> String {
        format!(
            "Wrote {path}. Check it with: fondaco strategy check {path}\n",
            path = self.path
        )
    }
}
