//! `fondaco analysis transcript`.

use fondaco_app::analysis::keys::split;
use fondaco_app::analysis::transcript::transcript;
use fondaco_contract::v1alpha1::analysis::NodeReport;
use serde::Serialize;

use super::analyses;
use crate::commands::run::OneRun;
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// Which.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  fondaco analysis transcript 3f2a9c01d4e5\n\nMarkdown: who said what, on which data, for \
                  how many tokens."
)]
pub(crate) struct Args {
    #[command(flatten)]
    one: OneRun,
    /// Only this item: its ticker, or `TICKER@DATE` where there are several
    /// days.
    #[arg(long, value_name = "ITEM")]
    item: Option<String>,
}

/// What was said of each item.
#[derive(Debug, Serialize)]
struct Transcripts {
    items: Vec<Said>,
}

#[derive(Debug, Serialize)]
struct Said {
    item: String,
    nodes: Vec<NodeReport>,
    #[serde(skip)]
    markdown: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let (client, id) = args.one.open(context)?;
    let analyses = analyses(&client);
    if let Some(item) = &args.item {
        analyses.result(id, Some(item))?;
    }
    let shown = analyses.show(id)?;
    let nodes = analyses.nodes(id)?;
    let meant = |key: &str| args.item.as_deref().is_none_or(|item| item == key);
    let items = shown.items.iter().filter(|item| meant(&item.key));
    let items = items.map(|item| {
        let reports = nodes.iter().filter_map(|node| node.report.clone());
        let of_item =
            |report: &NodeReport| split(&report.node).is_some_and(|(prefix, _)| prefix == item.key);
        let nodes: Vec<NodeReport> = reports.filter(of_item).collect();
        Said {
            item: item.key.clone(),
            markdown: transcript(&item.item, &nodes),
            nodes,
        }
    });
    Ok(context.output.print(&Transcripts {
        items: items.collect(),
    })?)
}

impl View for Transcripts {
    fn text(&self, _style: Style) -> String {
        let items = self.items.iter().map(|item| item.markdown.as_str());
        items.collect::<Vec<_>>().join("\n")
    }
}
