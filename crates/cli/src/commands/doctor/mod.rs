//! `fondaco doctor`.

mod checks;

use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Options.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco doctor\n  fondaco doctor --runs all\n\nEnds with 0 where every line is ok or a \
                  warning, with 9 where one says fail."
)]
pub(crate) struct Args {
    /// How many runs are compared with their events, the newest first; all for
    /// every one.
    #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = sample)]
    runs: Sample,
    #[command(flatten)]
    store: StoreArgs,
}

/// How many runs.
#[derive(Debug, Clone, Copy)]
struct Sample(Option<usize>);

fn sample(text: &str) -> Result<Sample, String> {
    if text == "all" {
        return Ok(Sample(None));
    }
    text.parse()
        .map(|count| Sample(Some(count)))
        .map_err(|_| "write a number, or all".to_owned())
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Health {
    /// As it should be.
    Ok,
    /// Somebody should look at it.
    Warn,
    /// Something does not work, or is lost.
    Fail,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
struct Finding {
    what: &'static str,
    health: Health,
    found: String,
    /// What to do about it.
    advice: Option<String>,
}

impl Finding {
    fn ok(what: &'static str, found: impl Into<String>) -> Self {
        Self {
            what,
            health: Health::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            what,
            health: Health::Warn,
            found: found.into(),
            advice: Some(advice.into()),
        }
    }

    fn fail(what: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Self {
        Self {
            health: Health::Fail,
            ..Self::warn(what, found, advice)
        }
    }
}

/// Everything that was looked at.
#[derive(Debug, Serialize)]
struct Report {
    findings: Vec<Finding>,
}

/// Something does not work.
#[derive(Debug, Error)]
#[error("{0} of {1} checks failed")]
struct Unwell(usize, usize);

impl Hint for Unwell {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unsuccessful
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut findings = vec![checks::disk(context.home())];
    findings.extend(checks::halt_file(context));
    match Client::open(&args.store, context) {
        Ok(client) => findings.extend(checks::all(&client, args.runs.0)),
        Err(failure) => findings.push(Finding::fail(
            "store",
            failure.in_words(),
            failure.hint().unwrap_or_default(),
        )),
    }
    let report = Report { findings };
    context.output.print(&report)?;
    let all = report.findings.len();
    let failed = report
        .findings
        .iter()
        .filter(|finding| finding.health == Health::Fail);
    match failed.count() {
        0 => Ok(()),
        failed => Err(Unwell(failed, all).into()),
    }
}

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("", Align::Left),
            ("Check", Align::Left),
            ("Found", Align::Left),
        ]);
        for finding in &self.findings {
            table.row([
                match finding.health {
                    Health::Ok => Cell::good("ok"),
                    Health::Warn => Cell::bad("warn"),
                    Health::Fail => Cell::bad("fail"),
                },
                finding.what.into(),
                finding.found.clone().into(),
            ]);
            let advice = finding.advice.as_ref().filter(|advice| !advice.is_empty());
            if let Some(advice) = advice {
                table.row(["".into(), "".into(), Cell::dim(format!("-> {advice}"))]);
            }
        }
        table.render(style)
    }
}
