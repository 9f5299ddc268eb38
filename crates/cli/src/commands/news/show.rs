//! `fondaco news show`.

use std::fmt::Write as _;

use fondaco_app::ports::research::ResearchStore as _;
use fondaco_domain::{ErrorKind, Hint};
use thiserror::Error;

use super::{HorizonArgs, Shown, open};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Options of `fondaco news show`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  fondaco news show 0c1f6c1b9ad24b1f8d0a77e2")]
pub(crate) struct Args {
    /// Name of the story, as `fondaco news search` shows it.
    #[arg(value_name = "STORY")]
    id: String,
    #[command(flatten)]
    horizon: HorizonArgs,
}

/// There is none of that name, or it was not known then.
#[derive(Debug, Error)]
#[error("there is no story `{0}`")]
struct NoStory(String);

impl Hint for NoStory {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NotFound
    }

    fn hint(&self) -> Option<String> {
        Some("find it with `fondaco news search`".to_owned())
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let horizon = args.horizon.horizon()?;
    let story = open(context)?.story(&args.id, horizon)?;
    let story = story.ok_or_else(|| NoStory(args.id.clone()))?;
    Ok(context.output.print(&Shown::from(story))?)
}

impl View for Shown {
    fn text(&self, style: Style) -> String {
        let plain = |text: &str| text.replace(|c: char| c.is_control() && c != '\n', " ");
        let mut text = format!("{}\n", style.bold(&plain(&self.title)));
        if !self.summary.is_empty() && self.summary != self.title {
            let _ = writeln!(text, "{}", plain(&self.summary));
        }
        let mut line = |name: &str, value: &str| {
            if !value.is_empty() {
                let _ = writeln!(text, "{} {}", style.dim(name), plain(value));
            }
        };
        line("about:", &self.symbols.join(" "));
        line("source:", &self.source);
        line("published:", &self.published_at);
        if self.known_at != self.published_at {
            line("known:", &self.known_at);
        }
        line("at:", self.url.as_deref().unwrap_or_default());
        text
    }
}
