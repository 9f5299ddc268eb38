//! Strategies by name: every file that was put under a name is a version, and
//! stays one.
//!
//! A version is the text of a strategy file with what is known beside it:
//! settings its backtests begin with, an experiment they belong to, tags for
//! other programs. What the file says stays in the file.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use fondaco_domain::strategy::{is_strategy_name, suggest};
use fondaco_domain::{ContentHash, ErrorKind, Hint, UnixMicros};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use thiserror::Error;

use super::{Checked, StrategyFile, StrategyFileError};
use crate::backtests::config::{self, ConfigError};
use crate::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use crate::ports::runs::{Asked, RunStoreError};

/// A version of a strategy.
#[derive(Debug, Clone, PartialEq)]
pub struct Registered {
    /// Its name, which is that of the file.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// When it was put.
    pub at: UnixMicros,
    /// By whom.
    pub actor: String,
    /// What it is.
    pub content: Content,
}

/// What a version is: the text of a file, and what is known beside it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// The file (TOML).
    pub text: String,
    /// SHA-256 of the text.
    pub hash: ContentHash,
    /// The version that the file gives itself.
    pub file_version: String,
    /// One line for people, from the file.
    pub description: String,
    /// Candle length, from the file.
    pub timeframe: String,
    /// What is known beside it.
    #[serde(flatten)]
    pub beside: Beside,
}

/// What is known of a version beside its file.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Beside {
    /// What its backtests are a part of, where they do not say.
    pub experiment: Option<String>,
    /// Settings its backtests begin with: a
    /// [`BacktestConfig`](fondaco_contract::v1alpha1::BacktestConfig).
    pub config: Map<String, Value>,
    /// For other programs: `config_path`, `ecr_url`, ….
    pub tags: BTreeMap<String, String>,
}

/// What came of putting a version.
#[derive(Debug, Clone, PartialEq)]
pub struct Put {
    /// The version: the newest of before, where it is the same.
    pub version: Registered,
    /// Whether it is new.
    pub fresh: bool,
}

/// A strategy by its name, and which version: `sma-cross`, `sma-cross@2`,
/// `sma-cross@1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StrategyRef {
    /// The name.
    pub name: String,
    /// A number, or what a file says; none for the newest.
    pub version: Option<String>,
}

impl FromStr for StrategyRef {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text.split_once('@') {
            Some((name, version)) => Self {
                name: name.to_owned(),
                version: Some(version.to_owned()),
            },
            None => Self {
                name: text.to_owned(),
                version: None,
            },
        })
    }
}

impl fmt::Display for StrategyRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match &self.version {
            Some(version) => write!(f, "@{version}"),
            None => Ok(()),
        }
    }
}

/// Why a strategy was not found or not put.
#[derive(Debug, Error)]
pub enum RegistryError {
    /// Nothing is registered under the name.
    #[error("there is no strategy `{name}`")]
    NoStrategy {
        /// The name.
        name: String,
        /// One of almost that name.
        meant: Option<String>,
    },
    /// The strategy has no such version.
    #[error("the strategy `{name}` has no version {version}")]
    NoVersion {
        /// Its name.
        name: String,
        /// As asked for.
        version: String,
        /// The newest there is.
        newest: u32,
    },
    /// The file names another strategy.
    #[error("the file holds a strategy `{found}`, not `{name}`")]
    OtherName {
        /// The name it was put under.
        name: String,
        /// The name in the file.
        found: String,
    },
    /// The file has mistakes.
    #[error(transparent)]
    File(#[from] StrategyFileError),
    /// The settings beside it are wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A record that is not what was written.
    #[error("version {version} of the strategy `{name}` cannot be read")]
    Damaged {
        /// Its name.
        name: String,
        /// The version.
        version: u32,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for RegistryError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoStrategy { .. } | Self::NoVersion { .. } => ErrorKind::NotFound,
            Self::OtherName { .. } => ErrorKind::Invalid,
            Self::File(error) => error.kind(),
            Self::Config(error) => error.kind(),
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoStrategy { meant: None, .. } => {
                Some("put one with `fondaco strategy put FILE`".to_owned())
            }
            Self::NoStrategy {
                meant: Some(meant), ..
            } => Some(format!("did you mean `{meant}`?")),
            Self::NoVersion { newest, .. } => Some(format!("the newest is {newest}")),
            Self::OtherName { found, .. } => {
                Some(format!("put it as `{found}`, or rename it in the file"))
            }
            Self::File(error) => error.hint(),
            Self::Config(error) => error.hint(),
            Self::Damaged { .. } => None,
            Self::Store(error) => error.hint(),
        }
    }
}

/// Registers a file under its name: a new version, unless it is the newest
/// already.
pub fn register(
    store: &dyn RecordStore,
    name: &str,
    text: &str,
    by: &Asked,
) -> Result<Put, RegistryError> {
    put(store, name, text, Beside::default(), None, by)
}

/// Puts a version. The same as the newest again is that version, and nothing
/// is written. `over` is the version it must replace, 0 where there must be
/// none: [`RunStoreError::RecordChanged`] otherwise.
pub fn put(
    store: &dyn RecordStore,
    name: &str,
    text: &str,
    beside: Beside,
    over: Option<u32>,
    by: &Asked,
) -> Result<Put, RegistryError> {
    let content = content(name, text, beside)?;
    loop {
        let newest = store.record(RecordKind::Strategy, name)?;
        let found = newest.as_ref().map_or(0, |record| record.version);
        if over.is_some_and(|over| over != found) {
            return Err(changed(name, found).into());
        }
        if let Some(record) = newest {
            let version = registered(record)?;
            if version.content == content {
                let fresh = false;
                return Ok(Put { version, fresh });
            }
        }
        let change = Change::write(RecordKind::Strategy, name, Some(found), &content);
        match store.put_record(change, by.clone()) {
            Ok(record) => {
                let version = registered(record)?;
                let fresh = true;
                return Ok(Put { version, fresh });
            }
            // Somebody put one in between: it may be the same.
            Err(RunStoreError::RecordChanged { .. }) if over.is_none() => {}
            Err(error) => return Err(error.into()),
        }
    }
}

/// The newest version of every strategy, by name.
pub fn registry(store: &dyn RecordStore) -> Result<Vec<Registered>, RegistryError> {
    let records = store.records(RecordKind::Strategy)?;
    records.into_iter().map(registered).collect()
}

/// One version.
pub fn find(store: &dyn RecordStore, wanted: &StrategyRef) -> Result<Registered, RegistryError> {
    if !is_strategy_name(&wanted.name) {
        return Err(no_strategy(&wanted.name, None));
    }
    let newest = store.record(RecordKind::Strategy, &wanted.name)?;
    let Some(newest) = newest else {
        return Err(unknown(store, &wanted.name)?);
    };
    let newest = registered(newest)?;
    let Some(version) = &wanted.version else {
        return Ok(newest);
    };
    if is_meant(&newest, version) {
        return Ok(newest);
    }
    let older = versions(store, &wanted.name)?;
    let number = newest.version;
    let found = older.into_iter().find(|it| is_meant(it, version));
    found.ok_or_else(|| RegistryError::NoVersion {
        name: wanted.name.clone(),
        version: version.clone(),
        newest: number,
    })
}

/// Every version of a strategy, the newest first; at least one.
pub fn versions(store: &dyn RecordStore, name: &str) -> Result<Vec<Registered>, RegistryError> {
    if !is_strategy_name(name) {
        return Err(no_strategy(name, None));
    }
    let trail = store.trail(&TrailQuery {
        kind: Some(RecordKind::Strategy),
        name: Some(name.to_owned()),
        ..TrailQuery::default()
    })?;
    let kept = trail.into_iter().filter(|record| record.body.is_some());
    let versions: Vec<_> = kept.map(registered).collect::<Result<_, _>>()?;
    if versions.is_empty() {
        return Err(unknown(store, name)?);
    }
    Ok(versions)
}

/// A version by its number, or the newest whose file says so.
fn is_meant(version: &Registered, wanted: &str) -> bool {
    wanted.parse() == Ok(version.version) || version.content.file_version == wanted
}

fn content(name: &str, text: &str, beside: Beside) -> Result<Content, RegistryError> {
    let file = StrategyFile::read(&format!("{name}.toml"), text.to_owned())?;
    let checked = Checked::of(&file)?;
    if checked.name != name {
        return Err(RegistryError::OtherName {
            name: name.to_owned(),
            found: checked.name,
        });
    }
    config::read("config", &Value::Object(beside.config.clone()))?;
    Ok(Content {
        hash: ContentHash::of(text.as_bytes()),
        file_version: checked.version,
        description: checked.description,
        timeframe: checked.timeframe.to_string(),
        text: file.text,
        beside,
    })
}

fn registered(record: Record) -> Result<Registered, RegistryError> {
    let body = record.body.unwrap_or_default();
    match serde_json::from_str(&body) {
        Ok(content) => Ok(Registered {
            name: record.name,
            version: record.version,
            at: record.at,
            actor: record.actor,
            content,
        }),
        Err(source) => Err(RegistryError::Damaged {
            name: record.name,
            version: record.version,
            source,
        }),
    }
}

fn unknown(store: &dyn RecordStore, name: &str) -> Result<RegistryError, RunStoreError> {
    let known = store.records(RecordKind::Strategy)?;
    let meant = suggest(name, known.iter().map(|record| record.name.as_str()));
    Ok(no_strategy(name, meant))
}

fn no_strategy(name: &str, meant: Option<&str>) -> RegistryError {
    RegistryError::NoStrategy {
        name: name.to_owned(),
        meant: meant.map(str::to_owned),
    }
}

fn changed(name: &str, found: u32) -> RunStoreError {
    RunStoreError::RecordChanged {
        kind: RecordKind::Strategy,
        name: name.to_owned(),
        found,
    }
}
