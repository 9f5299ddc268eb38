//! `fondaco news search`.

use fondaco_app::ports::research::{NewsQuery, ResearchStore as _};
use fondaco_domain::Symbol;
use serde::Serialize;

use super::{HorizonArgs, Shown, instant, open};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options of `fondaco news search`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The newest first. All words must stand in headline or summary, in any order.\n\nExamples:\n  \
                  fondaco news search iPhone tariffs\n  \
                  fondaco news search --symbol AAPL --from 2025-03-01 --at 2025-03-05\n  \
                  fondaco news search earnings --symbol JPM --symbol GS --limit 5"
)]
pub(crate) struct Args {
    /// Words.
    #[arg(value_name = "WORD")]
    words: Vec<String>,
    /// About this instrument; may be given several times, for any of them.
    #[arg(long = "symbol", short, value_name = "SYMBOL")]
    symbols: Vec<Symbol>,
    /// Known at this time or later.
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// How many at most.
    #[arg(long, default_value_t = 20, value_name = "NUMBER")]
    limit: usize,
    #[command(flatten)]
    horizon: HorizonArgs,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let query = NewsQuery {
        symbols: args.symbols.clone(),
        words: (!args.words.is_empty()).then(|| args.words.join(" ")),
        from: instant("--from", args.from.as_deref())?,
        horizon: args.horizon.horizon()?,
        limit: args.limit,
    };
    let found = open(context)?.stories(&query)?;
    let stories = found.into_iter().map(Shown::from).collect();
    Ok(context.output.print(&Found { stories })?)
}

#[derive(Debug, Serialize)]
struct Found {
    stories: Vec<Shown>,
}

impl View for Found {
    fn text(&self, style: Style) -> String {
        if self.stories.is_empty() {
            return "no stories: see what there is with `fondaco news list`\n".to_owned();
        }
        let mut table = Table::new([
            ("Known", Align::Left),
            ("Symbols", Align::Left),
            ("Source", Align::Left),
            ("Headline", Align::Left),
            ("Story", Align::Left),
        ]);
        for story in &self.stories {
            table.row([
                story.known_at.as_str().into(),
                story.symbols.join(" ").into(),
                story.source.as_str().into(),
                shortened(&story.title).into(),
                Cell::dim(story.id.as_str()),
            ]);
        }
        table.render(style)
    }
}

/// The beginning of a headline, without what would break the line.
fn shortened(title: &str) -> String {
    const LONGEST: usize = 72;
    let plain: String = title
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    if plain.chars().count() <= LONGEST {
        return plain;
    }
    let start: String = plain.chars().take(LONGEST - 1).collect();
    format!("{}…", start.trim_end())
}
