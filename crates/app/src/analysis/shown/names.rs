//! Names of analyses in the words of the dashboard: `AAPL_20250304_153000_1a2b3c`,
//! and of the parts of a watchlist's, `…_1a2b3c_0`.

use fondaco_domain::{ErrorKind, Hint, RunId, UnixMicros};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::ports::machine::Machine;
use crate::ports::records::{Change, Record, RecordKind, RecordStore};
use crate::ports::runs::{Asked, RunStoreError};

/// What a name stands for, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The run.
    pub run_id: RunId,
    /// Whether it is about one item or a list of them.
    pub about: About,
    /// The name of the request that it came with.
    pub request_id: String,
}

/// What an analysis is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// One item.
    Analysis,
    /// A list of them, each with a name of its own.
    Portfolio,
}

/// A name, and what it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// The name.
    pub task_id: String,
    /// What it stands for.
    pub named: Named,
    /// Which part of a list it is, from 0.
    pub part: Option<usize>,
}

/// Why a name leads to nothing.
#[derive(Debug, Error)]
pub enum NameError {
    /// Nobody has it.
    #[error("there is no analysis task {0}")]
    Unknown(String),
    /// Its record is not what was written.
    #[error("the record of analysis task {task_id} is damaged")]
    Damaged {
        /// The name.
        task_id: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for NameError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown(_) | Self::Damaged { .. } => None,
            Self::Store(error) => error.hint(),
        }
    }
}

/// Gives a run a name: that of what it is about, the time and six digits of
/// chance.
pub fn give(
    store: &dyn RecordStore,
    machine: &dyn Machine,
    actor: &str,
    subject: &str,
    named: &Named,
) -> Result<String, RunStoreError> {
    let by = Asked {
        actor: actor.to_owned(),
        at: machine.wall(),
    };
    loop {
        let task_id = task_id(subject, by.at, machine.entropy());
        let change = Change::write(RecordKind::AnalysisTask, &task_id, Some(0), named);
        match store.put_record(change, by.clone()) {
            Ok(_) => return Ok(task_id),
            // Sixteen million names a second, and one of them is taken.
            Err(RunStoreError::RecordChanged { .. }) => {}
            Err(error) => return Err(error),
        }
    }
}

fn task_id(subject: &str, at: UnixMicros, chance: [u8; 10]) -> String {
    let at = fondaco_domain::UnixMillis(at.0.div_euclid(1_000)).timestamp();
    let at = at.to_zoned(TimeZone::UTC).strftime("%Y%m%d_%H%M%S");
    let subject = subject.replace(['/', ':'], "-");
    // Names of a machine differ in their last bytes first.
    let [.., a, b, c] = chance;
    format!("{subject}_{at}_{a:02x}{b:02x}{c:02x}")
}

/// What a name stands for; a part of a list has that of the list and a number.
pub fn find(store: &dyn RecordStore, task_id: &str) -> Result<Found, NameError> {
    if let Some(record) = store.record(RecordKind::AnalysisTask, task_id)? {
        return read(record, None);
    }
    let unknown = || NameError::Unknown(task_id.to_owned());
    let (list, part) = task_id.rsplit_once('_').ok_or_else(unknown)?;
    let part = part.parse().map_err(|_| unknown())?;
    let record = store.record(RecordKind::AnalysisTask, list)?;
    let found = read(record.ok_or_else(unknown)?, Some(part))?;
    if found.named.about == About::Analysis {
        return Err(unknown());
    }
    Ok(Found {
        task_id: task_id.to_owned(),
        ..found
    })
}

/// All names, the newest first; parts of lists are not among them.
pub fn all(store: &dyn RecordStore) -> Result<Vec<Found>, NameError> {
    let mut records = store.records(RecordKind::AnalysisTask)?;
    records.sort_by_key(|record| std::cmp::Reverse(record.no));
    records
        .into_iter()
        .map(|record| read(record, None))
        .collect()
}

/// The name of a part of a list.
pub fn part(list: &str, index: usize) -> String {
    format!("{list}_{index}")
}

fn read(record: Record, part: Option<usize>) -> Result<Found, NameError> {
    let named = serde_json::from_str(&record.body.unwrap_or_default());
    Ok(Found {
        named: named.map_err(|source| NameError::Damaged {
            task_id: record.name.clone(),
            source,
        })?,
        task_id: record.name,
        part,
    })
}
