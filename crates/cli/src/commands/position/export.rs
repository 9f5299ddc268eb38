//! `fondaco position export`.

use std::path::PathBuf;

use fondaco_app::portfolio::to_csv;
use fondaco_store::results::write_file;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View, write_raw};

/// Which, and where to.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco position export --out positions.csv")]
pub(crate) struct Args {
    /// Of this account.
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// File to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Written {
    written: PathBuf,
    positions: usize,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let valued = super::valued(&client, args.account.as_deref(), context)?;
    let csv = to_csv(&valued);
    match &args.out {
        None => write_raw(csv.as_bytes())?,
        Some(path) => {
            write_file(path, csv.as_bytes())?;
            context.output.print(&Written {
                written: path.clone(),
                positions: valued.len(),
            })?;
        }
    }
    Ok(())
}

impl View for Written {
    fn text(&self, style: Style) -> String {
        let Self { written, positions } = self;
        format!(
            "{} {} ({positions} positions)\n",
            style.dim("written"),
            written.display()
        )
    }
}
