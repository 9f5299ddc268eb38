//! `fondaco news`: the stories there are, and the role that explains by them.

pub(crate) mod import;
mod list;
mod search;
mod show;

use std::path::PathBuf;

use clap::Subcommand;
use fondaco_app::ports::CandleFiles as _;
use fondaco_app::ports::research::{Horizon, Story};
use fondaco_app::research::Document;
use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint, UnixMillis, time};
use fondaco_market::LocalFiles;
use fondaco_store::research::{ResearchError, SqliteResearch};
use serde::Serialize;
use thiserror::Error;

use crate::commands::roles;
use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco news`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Read files of stories into the store.
    Import(import::Args),
    /// Stories by their words, their instruments and their time.
    Search(search::Args),
    /// One story.
    Show(show::Args),
    /// What the store holds, by instrument.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// The role.
    #[command(flatten)]
    Role(roles::Command),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Import(args) => import::run(args, context),
        Command::Search(args) => search::run(args, context),
        Command::Show(args) => show::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Role(command) => roles::run(Role::News, command, context),
    }
}

/// The store of the home.
pub(crate) fn open(context: &Context) -> Result<SqliteResearch, ResearchError> {
    SqliteResearch::open(&context.home().join(SqliteResearch::FILE))
}

/// How far is looked.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct HorizonArgs {
    /// As it was known at that time; nothing that came later [default: all
    /// there is].
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// Nothing that was imported after this place [default: all there is].
    #[arg(long, value_name = "NUMBER")]
    place: Option<u64>,
}

impl HorizonArgs {
    pub(crate) fn horizon(&self) -> Result<Horizon, TimeError> {
        Ok(Horizon {
            known: instant("--at", self.at.as_deref())?.unwrap_or(UnixMillis(i64::MAX)),
            place: self.place,
        })
    }
}

/// A time that does not read as one.
#[derive(Debug, Error)]
#[error("{flag} does not hold a time")]
pub(crate) struct TimeError {
    flag: &'static str,
    #[source]
    source: time::TimeRangeError,
}

impl Hint for TimeError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some(format!(
            "write {} 2025-03-04 or 2025-03-04T12:00:00Z",
            self.flag
        ))
    }
}

/// The value of a flag.
pub(crate) fn instant(
    flag: &'static str,
    text: Option<&str>,
) -> Result<Option<UnixMillis>, TimeError> {
    text.map(time::parse_stamp)
        .transpose()
        .map_err(|source| TimeError { flag, source })
}

/// The files named, and those below the folders named whose names end in one
/// of these ways, unpacked.
pub(crate) fn documents(paths: &[PathBuf], endings: &[&str]) -> Result<Vec<Document>, Failure> {
    let mut documents = Vec::new();
    for root in paths {
        for path in LocalFiles.find(std::slice::from_ref(root))? {
            let name = path.to_string_lossy().to_lowercase();
            let name = name.strip_suffix(".gz").unwrap_or(&name);
            if path != *root && !endings.iter().any(|ending| name.ends_with(ending)) {
                continue;
            }
            documents.push(Document {
                bytes: LocalFiles.bytes(&path)?,
                name: path.display().to_string(),
            });
        }
    }
    Ok(documents)
}

/// A story as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    published_at: String,
    known_at: String,
    title: String,
    summary: String,
    source: String,
    url: Option<String>,
    symbols: Vec<String>,
}

impl From<Story> for Shown {
    fn from(story: Story) -> Self {
        Self {
            id: story.id,
            published_at: story.published_at.timestamp().to_string(),
            known_at: story.known_at.timestamp().to_string(),
            title: story.title,
            summary: story.summary,
            source: story.source,
            url: story.url,
            symbols: story.symbols.iter().map(ToString::to_string).collect(),
        }
    }
}
