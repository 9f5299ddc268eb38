//! `fondaco strategy put`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fondaco_app::strategies::{Beside, put};
use fondaco_domain::{ErrorKind, Hint};
use serde::Serialize;
use serde_json::{Map, Value};
use thiserror::Error;

use super::files;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// What to put, and what is known beside it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco strategy put strategies/sma-cross.toml\n  fondaco strategy put strategies/sma-cross.toml \
                        --experiment autumn --settings defaults.json --tag owner=desk-2\n\nThe same file again is the same \
                        version. Backtests are then asked for by the name: sma-cross, sma-cross@2, sma-cross@1.0.0."
)]
pub(crate) struct Args {
    /// Strategy file.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// What its backtests are a part of, where they do not say.
    #[arg(long, value_name = "NAME")]
    experiment: Option<String>,
    /// Settings its backtests begin with (JSON).
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// For other programs; may be repeated.
    #[arg(long = "tag", value_name = "NAME=TEXT")]
    tags: Vec<String>,
    /// The version it must replace, 0 where there must be none.
    #[arg(long, value_name = "VERSION")]
    over: Option<u32>,
    #[command(flatten)]
    store: StoreArgs,
}

/// Words that do not fit.
#[derive(Debug, Error)]
pub(crate) enum PutError {
    /// A tag that is no assignment.
    #[error("`{0}` is no tag: write NAME=TEXT")]
    Tag(String),
    /// Settings that are no JSON object.
    #[error("{} does not hold settings", path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl Hint for PutError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Tag(_) => None,
            Self::Settings { .. } => {
                Some("write {\"pairs\": [\"AAPL\"], \"account\": {\"balance\": 5000}}".to_owned())
            }
        }
    }
}

/// A version that is there now.
#[derive(Debug, Serialize)]
struct Done {
    name: String,
    version: u32,
    fresh: bool,
    hash: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let file = files::read(&args.file)?;
    let beside = Beside {
        experiment: args.experiment.clone(),
        config: args
            .settings
            .as_deref()
            .map(settings)
            .transpose()?
            .unwrap_or_default(),
        tags: tags(&args.tags)?,
    };
    let client = Client::open(&args.store, context)?;
    let (name, text) = (&file.strategy.name, &file.text);
    let put = put(
        client.store(),
        name,
        text,
        beside,
        args.over,
        &client.asked(),
    )?;
    context.output.print(&Done {
        name: put.version.name,
        version: put.version.version,
        fresh: put.fresh,
        hash: put.version.content.hash.to_string(),
    })?;
    Ok(())
}

fn settings(path: &Path) -> Result<Map<String, Value>, Failure> {
    let (_, text) = files::text(path)?;
    let settings = serde_json::from_str(&text).map_err(|source| PutError::Settings {
        path: path.to_owned(),
        source,
    })?;
    Ok(settings)
}

fn tags(words: &[String]) -> Result<BTreeMap<String, String>, PutError> {
    let tag = |word: &String| match word.split_once('=') {
        Some((name, text)) if !name.is_empty() => Ok((name.to_owned(), text.to_owned())),
        _ => Err(PutError::Tag(word.clone())),
    };
    words.iter().map(tag).collect()
}

impl View for Done {
    fn text(&self, _style: Style) -> String {
        let Self { name, version, .. } = self;
        if self.fresh {
            format!("{name} is at version {version} now\n")
        } else {
            format!("{name} is at version {version}: it is the same\n")
        }
    }
}
