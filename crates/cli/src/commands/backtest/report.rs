//! `fondaco backtest report`.

use std::path::PathBuf;

use fondaco_store::results::write_file;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View, write_raw};

/// Which report and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco backtest report sma-cross --out report.html")]
pub(crate) struct Args {
    /// Id of a result, the start of one, or its folder.
    result: String,
    /// File to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Serialize)]
struct Written {
    report: PathBuf,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let found = super::results(context).find(&args.result)?;
    // A result that was kept without a report still has all but its candles.
    let html = found
        .report()
        .unwrap_or_else(|_| fondaco_report::render(&found.result, &[]));
    match &args.out {
        None => write_raw(html.as_bytes())?,
        Some(path) => {
            write_file(path, html.as_bytes())?;
            context.output.print(&Written {
                report: path.clone(),
            })?;
        }
    }
    Ok(())
}

impl View for Written {
    fn text(&self, style: Style) -> String {
        format!("{} {}\n", style.dim("written"), self.report.display())
    }
}
