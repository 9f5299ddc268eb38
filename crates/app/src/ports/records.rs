//! Where named records are kept, and the trail of who changed what.
//!
//! A record is a small document of one kind under one name. Every change is a
//! new version; old versions stay, and all of them in order are the trail.

use fondaco_domain::UnixMicros;
use serde::{Deserialize, Serialize};

use super::runs::{Asked, RunStoreError};

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// A key to the API; never its secret.
    Key,
    /// A flag and its value.
    Flag,
    /// A strategy file.
    Strategy,
    /// A wish to do what cannot be taken back, to be confirmed.
    Confirmation,
    /// A latch of a halt as it was set or cleared. Written with the latch.
    Halt,
    /// A schedule as it was added, paused or removed. Written with it.
    Schedule,
    /// Candles that were imported.
    Data,
    /// What the runtime was told to run.
    Runtime,
    /// What the calls of a run have cost, and what is set aside for those
    /// under way.
    Spending,
    /// Instruments that are watched.
    Watchlist,
    /// An account that positions are noted under.
    Account,
    /// A position that somebody noted.
    Position,
    /// The name of an analysis in the words of seed 000, and its run.
    AnalysisTask,
    /// A phase of the migration from the legacy store.
    Migration,
    /// That the key of a provider of models was saved; never the key.
    ProviderKey,
}

impl RecordKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::Key,
        Self::Flag,
        Self::Strategy,
        Self::Confirmation,
        Self::Halt,
        Self::Schedule,
        Self::Data,
        Self::Runtime,
        Self::Spending,
        Self::Watchlist,
        Self::Account,
        Self::Position,
        Self::AnalysisTask,
        Self::Migration,
        Self::ProviderKey,
    ];

    /// As it is stored and sent.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Key => "key",
            Self::Flag => "flag",
            Self::Strategy => "strategy",
            Self::Confirmation => "confirmation",
            Self::Halt => "halt",
            Self::Schedule => "schedule",
            Self::Data => "data",
            Self::Runtime => "runtime",
            Self::Spending => "spending",
            Self::Watchlist => "watchlist",
            Self::Account => "account",
            Self::Position => "position",
            Self::AnalysisTask => "analysis_task",
            Self::Migration => "migration",
            Self::ProviderKey => "provider_key",
        }
    }

    /// The kind of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// One version of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its place in the trail: grows with every change of any record.
    pub no: u64,
    /// What it is about.
    pub kind: RecordKind,
    /// Its name among those of its kind.
    pub name: String,
    /// From 1.
    pub version: u32,
    /// When it was written.
    pub at: UnixMicros,
    /// By whom.
    pub actor: String,
    /// What it says, as JSON; nothing where this version removed it.
    pub body: Option<String>,
}

/// A change of a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What it is about.
    pub kind: RecordKind,
    /// Its name.
    pub name: String,
    /// The version it replaces, 0 where there must be none (a removed one is
    /// none, too); nothing where any will do.
    pub over: Option<u32>,
    /// What it says now, as JSON; nothing removes it.
    pub body: Option<String>,
}

impl Change {
    /// Another version of a record, or its first.
    ///
    /// # Panics
    ///
    /// Where `body` has no JSON: a map whose keys are no texts, or a form that
    /// refuses. Bodies are plain documents of this program, and one that is
    /// left out would remove the record.
    pub fn write<T: Serialize + ?Sized>(
        kind: RecordKind,
        name: &str,
        over: Option<u32>,
        body: &T,
    ) -> Self {
        let body = serde_json::to_string(body).expect("a plain document is always JSON");
        Self {
            kind,
            name: name.to_owned(),
            over,
            body: Some(body),
        }
    }

    /// The end of a record.
    pub fn remove(kind: RecordKind, name: &str, over: Option<u32>) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            over,
            body: None,
        }
    }
}

/// Which part of the trail.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TrailQuery {
    /// Of this kind.
    pub kind: Option<RecordKind>,
    /// Of this name.
    pub name: Option<String>,
    /// Older than this place: the last of the page before.
    pub before: Option<u64>,
    /// How many at most; none for all.
    pub limit: Option<usize>,
}

/// Named records in versions.
pub trait RecordStore: Send + Sync {
    /// Writes a version: committed before it returns.
    /// [`RunStoreError::RecordChanged`] where [`Change::over`] is not the
    /// version there is.
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError>;

    /// The newest version, unless that removed it.
    fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError>;

    /// The newest version of each that is not removed, by name.
    fn records(&self, kind: RecordKind) -> Result<Vec<Record>, RunStoreError>;

    /// Changes, the newest first.
    fn trail(&self, query: &TrailQuery) -> Result<Vec<Record>, RunStoreError>;
}
