//! `fondaco tool list`.

use fondaco_app::ports::model::ToolSpec;
use serde::Serialize;

use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::host::tools;
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Options of `fondaco tool list`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "With --output json it prints the JSON Schema of the arguments, as models are given it.\n\n\
                  Example:\n  fondaco tool list"
)]
pub(crate) struct Args {}

/// Runs it.
pub(crate) fn run(_: &Args, context: &Context) -> Result<(), Failure> {
    let runtime = runtime()?;
    let tools = tools::toolbox(context, runtime.handle().clone())?.specs(None);
    Ok(context.output.print(&Listed { tools })?)
}

#[derive(Debug, Serialize)]
struct Listed {
    tools: Vec<ToolSpec>,
}

impl View for Listed {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Name", Align::Left),
            ("Arguments", Align::Left),
            ("Answers", Align::Left),
        ]);
        for tool in &self.tools {
            let sentence = tool.description.split(". ").next().unwrap_or_default();
            table.row([
                tool.name.as_str().into(),
                arguments(tool).into(),
                sentence.trim_end_matches('.').into(),
            ]);
        }
        table.render(style)
    }
}

/// `symbol, bars?`: those with a mark may be left out.
fn arguments(tool: &ToolSpec) -> String {
    let required = tool.parameters["required"].as_array();
    let is_required = |name: &str| required.is_some_and(|all| all.iter().any(|it| it == name));
    let properties = tool.parameters["properties"].as_object();
    let names = properties.into_iter().flat_map(|all| all.keys());
    let names: Vec<String> = names
        .map(|name| format!("{name}{}", if is_required(name) { "" } else { "?" }))
        .collect();
    names.join(", ")
}
