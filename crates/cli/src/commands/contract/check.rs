//! `fondaco contract check`.

use std::fmt::Write;
use std::io;
use std::path::PathBuf;

use fondaco_contract::v1alpha1::analysis::Fault;
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use super::known::{self, Unknown};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};

/// What to check.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco contract check result.json\n  fondaco contract check jobs/today.json frames.json --output json\n\nA document says \
                  itself what it is: results and jobs of backtests and analyses, reports of the nodes of an analysis, \
                  frames of the gateway, and lists of the last two. Each fault is named by its JSON pointer. The \
                  exit code is that of the first file that is not in order: 5 for faults, 2 for a document that \
                  follows no contract of this program, 3 for a file that is not there."
)]
pub(crate) struct Args {
    /// Documents (JSON).
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// All files in the order in which they were named.
#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report(Vec<Checked>);

/// A file that was looked at.
#[derive(Debug, Serialize)]
struct Checked {
    file: String,
    /// Which contract it follows; `null` where none is known.
    contract: Option<&'static str>,
    /// Whether it is in order.
    valid: bool,
    faults: Vec<Fault>,
    #[serde(skip)]
    kind: Option<ErrorKind>,
}

/// A document that cannot be read.
#[derive(Debug, Error)]
#[error("cannot read {path}")]
struct ReadError {
    path: String,
    #[source]
    cause: io::Error,
}

impl Hint for ReadError {
    fn kind(&self) -> ErrorKind {
        match self.cause.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::InvalidData => ErrorKind::Corrupt,
            _ => ErrorKind::Storage,
        }
    }
}

/// Documents that are not in order.
#[derive(Debug, Error)]
#[error("{bad} of {all} documents are not in order")]
struct NotInOrder {
    bad: usize,
    all: usize,
    kind: ErrorKind,
}

impl Hint for NotInOrder {
    fn kind(&self) -> ErrorKind {
        self.kind
    }

    fn hint(&self) -> Option<String> {
        (self.kind == ErrorKind::Invalid)
            .then(|| "schemas/ has the forms that are known".to_owned())
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut checked = Vec::with_capacity(args.files.len());
    for path in &args.files {
        let file = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|cause| ReadError {
            path: file.clone(),
            cause,
        })?;
        checked.push(Checked::of(file, &text));
    }
    let report = Report(checked);
    context.output.print(&report)?;
    let all = report.0.len();
    let bad = report.0.iter().filter(|it| !it.valid).count();
    match report.0.iter().find_map(|it| it.kind) {
        Some(kind) => Err(NotInOrder { bad, all, kind }.into()),
        None => Ok(()),
    }
}

impl Checked {
    fn of(file: String, text: &str) -> Self {
        let (contract, faults, kind) = match known::contract(text) {
            Ok(contract) => {
                let faults = contract.faults(text);
                let kind = (!faults.is_empty()).then_some(ErrorKind::Corrupt);
                (Some(contract.name()), faults, kind)
            }
            Err(Unknown::NotJson(problem)) => {
                (None, vec![whole(problem)], Some(ErrorKind::Corrupt))
            }
            Err(Unknown::NoContract(fault)) => (None, vec![fault], Some(ErrorKind::Invalid)),
        };
        Self {
            file,
            contract,
            valid: faults.is_empty(),
            faults,
            kind,
        }
    }
}

fn whole(problem: String) -> Fault {
    Fault {
        pointer: String::new(),
        problem,
    }
}

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        for it in &self.0 {
            let contract = it.contract.unwrap_or("no known contract");
            let mark = if it.valid {
                style.good("ok")
            } else {
                style.bad("bad")
            };
            let _ = writeln!(text, "{mark} {} ({contract})", style.bold(&it.file));
            for fault in &it.faults {
                let fault = fault.to_string();
                for line in fault.lines() {
                    let _ = writeln!(text, "  {line}");
                }
            }
        }
        text
    }
}
