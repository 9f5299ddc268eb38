//! `fondaco run submit`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fondaco_app::ports::runs::IdempotencyKey;
use fondaco_app::runs::{Overrides, RunsError, Spec};
use fondaco_domain::{ErrorKind, Hint, RunId, UnixMicros};
use serde::Serialize;
use thiserror::Error;

use super::RunShown;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What to submit.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco run submit nightly.json\n  fondaco run submit nightly.json \
                  --key nightly-2026-11-21 --priority 5\n  fondaco run submit -"
)]
pub(crate) struct Args {
    /// File with the spec as JSON; - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Name of this request: sent twice with the same name, it is one run.
    #[arg(long, value_name = "TEXT")]
    key: Option<String>,
    #[command(flatten)]
    overrides: OverrideArgs,
    #[command(flatten)]
    store: StoreArgs,
}

/// What a submission says beside its spec.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "In place of what the spec says")]
pub(crate) struct OverrideArgs {
    /// Line to wait in.
    #[arg(long, value_name = "NAME")]
    queue: Option<String>,
    /// Larger is sooner.
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true)]
    priority: Option<i32>,
    /// On whose behalf: halts may cover a tenant.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Of the runs with the same one, one at a time.
    #[arg(long, value_name = "TEXT")]
    concurrency_key: Option<String>,
    /// It is cancelled where it has not ended after this time, such as 90s,
    /// 15m or 2h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    deadline: Option<Duration>,
}

impl OverrideArgs {
    /// As the use cases want them.
    pub(crate) fn resolve(&self, now: UnixMicros) -> Overrides {
        Overrides {
            queue: self.queue.clone(),
            priority: self.priority,
            tenant: self.tenant.clone(),
            concurrency_key: self.concurrency_key.clone(),
            deadline: self
                .deadline
                .map(|time| now.plus(i64::try_from(time.as_micros()).unwrap_or(i64::MAX))),
            parent: None,
        }
    }
}

/// Whose keys those of the command line are.
pub(super) const KEYS: &str = "cli";

/// A spec that could not be read.
#[derive(Debug, Error)]
#[error("cannot read {}", .path.display())]
pub(crate) struct SpecFileError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Hint for SpecFileError {
    fn kind(&self) -> ErrorKind {
        match self.source.kind() {
            std::io::ErrorKind::NotFound => ErrorKind::NotFound,
            std::io::ErrorKind::InvalidData => ErrorKind::Corrupt,
            _ => ErrorKind::Storage,
        }
    }
}

/// Reads a spec from a file, or from standard input.
pub(crate) fn read_spec(path: &Path) -> Result<Spec, Failure> {
    let failed = |source| SpecFileError {
        path: path.to_owned(),
        source,
    };
    let text = if path == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(failed)?;
        text
    } else {
        std::fs::read_to_string(path).map_err(failed)?
    };
    Ok(Spec::parse(&text).map_err(RunsError::from)?)
}

/// `1500ms`, `90s`, `15m`, `2h`, `1d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let millis: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return Err("write a number and ms, s, m, h or d".to_owned()),
    };
    number
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(millis))
        .filter(|millis| *millis > 0)
        .map(Duration::from_millis)
        .ok_or_else(|| "write a number and ms, s, m, h or d".to_owned())
}

/// What came of it.
#[derive(Debug, Serialize)]
pub(super) struct Accepted {
    /// False where the key was known: this is the run of before.
    pub(super) fresh: bool,
    pub(super) run: RunShown,
}

impl Accepted {
    pub(super) fn of(client: &Client, id: RunId, fresh: bool) -> Result<Self, Failure> {
        Ok(Self {
            fresh,
            run: super::stands(client, id)?,
        })
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let spec = read_spec(&args.file)?;
    let client = Client::open(&args.store, context)?;
    let runs = client.runs();
    let overrides = args
        .overrides
        .resolve(fondaco_app::ports::machine::Machine::wall(&*client.machine));
    let submitted = runs.submit(&spec, key(args.key.as_ref()), &overrides)?;
    let accepted = Accepted::of(&client, submitted.id, submitted.fresh)?;
    Ok(context.output.print(&accepted)?)
}

/// A key of the command line.
pub(super) fn key(key: Option<&String>) -> Option<IdempotencyKey> {
    key.map(|key| IdempotencyKey {
        scope: KEYS.to_owned(),
        key: key.clone(),
    })
}

impl View for Accepted {
    fn text(&self, style: Style) -> String {
        let known = if self.fresh {
            ""
        } else {
            "accepted before under this key\n"
        };
        format!(
            "{}{known}{} {}, in queue `{}`\n",
            self.run.line(style),
            self.run.counts.total,
            if self.run.counts.total == 1 {
                "task"
            } else {
                "tasks"
            },
            self.run.queue,
        )
    }
}
