//! `fondaco tool call`.

use fondaco_contract::v1alpha1::analysis::Read;
use fondaco_domain::{ErrorKind, Hint, UnixMillis};
use serde::Serialize;
use serde_json::Value;
use thiserror::Error;

use crate::context::{Context, runtime};
use crate::errors::Failure;
use crate::host::tools;
use crate::output::{Style, View};

/// Which tool, with what, and when.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Standard output is the answer, byte for byte as a model gets it; with --output json, the answer and \
                  what it rests on.\n\nExamples:\n  fondaco tool call prices --json '{\"symbol\": \"AAPL\", \"bars\": 5}' \
                  --at 2025-03-04\n  fondaco tool call math --json '{\"expression\": \"(243.5 - 231.2) / 231.2\"}'"
)]
pub(crate) struct Args {
    /// The tool, see `fondaco tool list`.
    name: String,
    /// Its arguments, as a JSON object.
    #[arg(long = "json", value_name = "ARGS", default_value = "{}")]
    arguments: String,
    /// The clock: a day, to its end, or an instant [default: now].
    #[arg(long, value_name = "DATE|RFC3339", value_parser = super::clock)]
    at: Option<UnixMillis>,
}

/// Arguments that are no JSON.
#[derive(Debug, Error)]
#[error("the arguments are no JSON")]
struct ArgumentsError(#[source] serde_json::Error);

impl Hint for ArgumentsError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("write an object, such as --json '{\"symbol\": \"AAPL\"}'".into())
    }
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let arguments: Value = serde_json::from_str(&args.arguments).map_err(ArgumentsError)?;
    let scope = super::scope(args.at, context.clock.now());
    let runtime = runtime()?;
    let toolbox = tools::toolbox(context, runtime.handle().clone())?;
    let answer = toolbox.call(&args.name, &arguments, &scope)?;
    Ok(context.output.print(&Shown {
        tool: &args.name,
        arguments: &arguments,
        text: &answer.text,
        read: &answer.read,
    })?)
}

#[derive(Debug, Serialize)]
struct Shown<'a> {
    tool: &'a str,
    arguments: &'a Value,
    text: &'a str,
    read: &'a [Read],
}

impl View for Shown<'_> {
    fn text(&self, _: Style) -> String {
        format!("{}\n", self.text)
    }
}
