//! `fondaco data check`.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueEnum;
use fondaco_app::data::{
    CalendarName, CheckReport, CheckRules, Checked, VersionRef, check_files, check_stored,
};
use fondaco_app::ports::{BarStore, StoreError};
use fondaco_domain::quality::{Finding, Severity};
use fondaco_domain::{Timeframe, UnixMillis, time};
use fondaco_market::{LocalFiles, read_holidays};
use serde::Serialize;

use super::bar::Bar;
use super::options::{ReadArgs, StoreArgs, grouped, shown};
use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::output::{Style, View};

/// Options of `fondaco data check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Without paths, the newest version of everything stored is checked. Gaps are what the \
                  market's calendar expects and the data lack.\n\nExamples:\n  \
                  fondaco data check\n  \
                  fondaco data check --symbol AAPL --as-of now\n  \
                  fondaco data check prices/daily --fail-on warning\n  \
                  fondaco data check shanghai --calendar a-shares --holidays closed-2025.json\n  \
                  fondaco data check --files"
)]
pub(crate) struct Args {
    /// Files and folders to check as they are, without importing them.
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// The calendar [default: what the name of each instrument suggests].
    #[arg(long, value_enum)]
    calendar: Option<CalendarWord>,
    /// Lists of the weekdays the mainland exchanges were closed.
    #[arg(long, value_name = "FILE")]
    holidays: Vec<PathBuf>,
    /// The time the data should reach to, or `now` [default: their end].
    #[arg(long, value_name = "TIME")]
    as_of: Option<String>,
    /// Fail when something at least that bad is found.
    #[arg(long, value_enum)]
    fail_on: Option<SeverityWord>,
    /// The version to check of what is stored.
    #[arg(long, default_value_t)]
    data_version: VersionRef,
    /// Check the files of the store itself: damaged ones, and left-overs.
    #[arg(long, conflicts_with = "paths")]
    files: bool,
    #[command(flatten)]
    store: StoreArgs,
    /// Only this venue, of what is stored.
    #[arg(long)]
    venue: Option<fondaco_app::data::Venue>,
    #[command(flatten)]
    read: ReadArgs,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum CalendarWord {
    /// Always open.
    #[value(name = "24/7")]
    AlwaysOpen,
    /// The New York exchanges.
    UsEquities,
    /// The mainland exchanges; needs --holidays.
    AShares,
    /// Currencies.
    Forex,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SeverityWord {
    /// Also what is only worth knowing.
    Info,
    /// What may make results wrong.
    Warning,
    /// What cannot be true.
    Error,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if args.files {
        return store_files(args, context);
    }
    let rules = rules(args, context)?;
    let bar = Bar::new(context);
    let options = args.read.options();
    let report = if args.paths.is_empty() {
        let store = args.store.open(context)?;
        let selector = fondaco_app::data::Selector {
            venue: args.venue.clone(),
            symbol: options.symbol,
            timeframe: options.timeframe,
            kind: options.kind,
        };
        let version = &args.data_version;
        block_on(check_stored(&store, &selector, version, &rules, &bar))??
    } else {
        check_files(&LocalFiles, &args.paths, &options, &rules, &bar)?
    };
    drop(bar);
    let verdict = args.fail_on.map_or(Ok(()), |word| {
        report.accept(match word {
            SeverityWord::Info => Severity::Info,
            SeverityWord::Warning => Severity::Warning,
            SeverityWord::Error => Severity::Error,
        })
    });
    context.output.print(&Report(report))?;
    Ok(verdict?)
}

fn rules(args: &Args, context: &Context) -> Result<CheckRules, Failure> {
    let mut holidays = None;
    for path in &args.holidays {
        let list = read_holidays(path)?;
        holidays = Some(match holidays {
            Some(known) => list.and(known),
            None => list,
        });
    }
    Ok(CheckRules {
        calendar: args.calendar.map(|word| match word {
            CalendarWord::AlwaysOpen => CalendarName::AlwaysOpen,
            CalendarWord::UsEquities => CalendarName::UsEquities,
            CalendarWord::AShares => CalendarName::AShares,
            CalendarWord::Forex => CalendarName::Forex,
        }),
        holidays,
        as_of: as_of(args.as_of.as_deref(), context)?,
    })
}

fn as_of(text: Option<&str>, context: &Context) -> Result<Option<UnixMillis>, AsOfError> {
    match text {
        None => Ok(None),
        Some("now") => Ok(Some(context.clock.now())),
        Some(text) => time::parse_stamp(text).map(Some).map_err(AsOfError),
    }
}

/// A time that is none.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct AsOfError(time::TimeRangeError);

impl fondaco_domain::Hint for AsOfError {
    fn kind(&self) -> fondaco_domain::ErrorKind {
        fondaco_domain::ErrorKind::Invalid
    }
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Report(CheckReport);

impl View for Report {
    fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let mut clean = 0;
        for it in &self.0.checked {
            if it.report.findings.is_empty() {
                clean += 1;
                continue;
            }
            let _ = writeln!(text, "{}", style.bold(&heading(it)));
            for finding in &it.report.findings {
                let _ = writeln!(text, "  {}", line(finding, it.timeframe, style));
            }
        }
        let all = self.0.checked.len();
        let _ = writeln!(text, "{all} series checked, {clean} without findings");
        if !self.0.skipped.is_empty() {
            let _ = writeln!(text, "{} files hold no candles", self.0.skipped.len());
        }
        text
    }
}

fn heading(it: &Checked) -> String {
    let place = match (&it.path, &it.venue) {
        (Some(path), _) => shown(path),
        (None, Some(venue)) => venue.to_string(),
        (None, None) => String::new(),
    };
    let guessed = if it.calendar_guessed {
        ", by its name"
    } else {
        ""
    };
    let calendar = match it.calendar {
        CalendarName::AlwaysOpen => "24/7",
        CalendarName::UsEquities => "us-equities",
        CalendarName::AShares => "a-shares",
        CalendarName::Forex => "forex",
    };
    format!(
        "{place} {} {} ({} rows, {calendar}{guessed})",
        it.symbol,
        it.timeframe,
        grouped(it.report.rows as u64)
    )
}

/// One finding with its first examples.
fn line(finding: &Finding, timeframe: Timeframe, style: Style) -> String {
    // Whole days have no time of day.
    let stamp = |at: UnixMillis| {
        if timeframe >= Timeframe::DAY {
            at.date().to_string()
        } else {
            at.to_string()
        }
    };
    let severity = match finding.severity {
        Severity::Error => style.bad("error  "),
        Severity::Warning => style.bold("warning"),
        Severity::Info => style.dim("info   "),
    };
    let name = finding.issue.as_str();
    let mut shows: Vec<String> = finding
        .ranges
        .iter()
        .take(3)
        .map(|range| match range.missing {
            1 => stamp(range.first),
            more => format!("{} to {} ({more})", stamp(range.first), stamp(range.last)),
        })
        .collect();
    shows.extend(
        finding
            .examples
            .iter()
            .take(2)
            .map(|example| format!("{}: {}", stamp(example.at), example.shows)),
    );
    let more = if finding.ranges.len() > 3 {
        format!("; {} more", finding.ranges.len() - 3)
    } else {
        String::new()
    };
    format!(
        "{severity} {name} × {}: {}{more}",
        finding.count,
        shows.join("; ")
    )
}

fn store_files(args: &Args, context: &Context) -> Result<(), Failure> {
    let store = args.store.open(context)?;
    let state = block_on(store.examine())??;
    let damaged = state.damaged.first().cloned();
    context.output.print(&Files {
        parts: state.parts,
        left_over: state.orphans,
        damaged: state.damaged,
    })?;
    match damaged {
        None => Ok(()),
        Some(problem) => Err(StoreError::Damaged {
            path: "a file".to_owned(),
            problem,
        }
        .into()),
    }
}

#[derive(Debug, Serialize)]
struct Files {
    parts: usize,
    left_over: Vec<String>,
    damaged: Vec<String>,
}

impl View for Files {
    fn text(&self, style: Style) -> String {
        let mut text = format!("{} files of candles checked\n", grouped(self.parts as u64));
        for path in &self.left_over {
            let _ = writeln!(
                text,
                "{} {path} belongs to no version",
                style.dim("left over:")
            );
        }
        for problem in &self.damaged {
            let _ = writeln!(text, "{} {problem}", style.bad("damaged:"));
        }
        text
    }
}
