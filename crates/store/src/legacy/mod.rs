//! The JSON files of the dashboard of seed 000, as a store.
//!
//! ```text
//! <root>/data/task_status/<task_id>.json                                 state of a task
//! <root>/data/task_status/results/<task_id>/result.v1alpha1.json         its contract
//! <root>/data/task_status/result_contracts/<task_id>.json                an older one, read only
//! <root>/data/recommendations/<date>/<ticker>.json                       what a day's analysis decided
//! <root>/data/watchlist.json, <root>/data/positions.json                 read only
//! <root>/.told, <root>/parity_diff.jsonl, <root>/parity_diff.1.jsonl     ours
//! ```
//!
//! Every file is replaced whole: written beside its place, made sure of, moved.

mod differences;
mod files;

use std::io;
use std::path::{Path, PathBuf};

use fondaco_app::migration::legacy::{LegacyProblem, LegacyTask, Recommended, Shelf};
use fondaco_app::migration::parity::Difference;
use fondaco_app::ports::Failure;
use fondaco_app::ports::legacy::LegacyFiles;
use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use serde_json::Value;
use thiserror::Error;

use differences::Log;
use files::{file_name, names, read, replace_unless_same};

/// The files below one folder, told from the feed of one store.
#[derive(Debug)]
pub struct LegacyFolder {
    root: PathBuf,
    store: String,
    log: Log,
}

/// A file that could not be had.
#[derive(Debug, Error)]
pub enum LegacyError {
    /// Not read.
    #[error("cannot read {}", path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Not written.
    #[error("cannot write {}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// Read, and not understood.
    #[error("{} is no file of the legacy layout", path.display())]
    Broken {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: LegacyProblem,
    },
}

impl Hint for LegacyError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { .. } | Self::Write { .. } => ErrorKind::Storage,
            Self::Broken { .. } => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Read { .. } => "check the path and its permissions".to_owned(),
            Self::Write { .. } => {
                "check the free space and permissions of the legacy folder".to_owned()
            }
            Self::Broken { .. } => "mend the file, or move it away: one of an analysis of this \
                                    store is written again"
                .to_owned(),
        })
    }
}

/// How far the files are told, by store.
const TOLD: &str = ".told";

impl LegacyFolder {
    /// At a folder that holds, or will hold, `data`; told from the store of
    /// this name: its place, without a password.
    pub fn at(root: impl Into<PathBuf>, store: impl Into<String>) -> Self {
        let root = root.into();
        Self {
            log: Log::below(&root),
            store: store.into(),
            root,
        }
    }

    fn tasks(&self) -> PathBuf {
        self.root.join("data/task_status")
    }

    fn task_path(&self, id: &str) -> PathBuf {
        self.tasks().join(format!("{}.json", file_name(id)))
    }

    fn contract_path(&self, id: &str) -> PathBuf {
        let folder = self.tasks().join("results").join(file_name(id));
        folder.join("result.v1alpha1.json")
    }

    fn older_contract_path(&self, id: &str) -> PathBuf {
        let folder = self.tasks().join("result_contracts");
        folder.join(format!("{}.json", file_name(id)))
    }

    fn recommendations_path(&self) -> PathBuf {
        self.root.join("data/recommendations")
    }

    fn recommendation_path(&self, date: &str, ticker: &str) -> PathBuf {
        let folder = self.recommendations_path().join(file_name(date));
        folder.join(format!("{}.json", file_name(ticker)))
    }

    fn positions(&self) -> Result<std::collections::BTreeMap<String, u64>, LegacyError> {
        let path = self.root.join(TOLD);
        // One that cannot be understood says nothing: all is told again.
        let text = read(&path)?;
        Ok(text
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default())
    }
}

impl LegacyFiles for LegacyFolder {
    fn place(&self) -> String {
        self.root.display().to_string()
    }

    fn task(&self, id: &str) -> Result<Option<LegacyTask>, Failure> {
        understood(&self.task_path(id), |text| LegacyTask::read(id, text))
    }

    fn task_ids(&self) -> Result<Vec<String>, Failure> {
        names(&self.tasks(), Some(".json")).map_err(Failure::new)
    }

    fn put_task(&self, task: &LegacyTask) -> Result<bool, Failure> {
        let path = self.task_path(&task.task_id);
        replace_unless_same(&path, &task.to_bytes()).map_err(Failure::new)
    }

    fn contract(&self, id: &str) -> Result<Option<Value>, Failure> {
        let read = |path: PathBuf| understood(&path, contract);
        match read(self.contract_path(id))? {
            Some(found) => Ok(Some(found)),
            None => read(self.older_contract_path(id)),
        }
    }

    fn put_contract(&self, id: &str, contract: &Value) -> Result<bool, Failure> {
        // Values always serialise.
        let mut bytes = serde_json::to_vec_pretty(contract).unwrap_or_default();
        bytes.push(b'\n');
        replace_unless_same(&self.contract_path(id), &bytes).map_err(Failure::new)
    }

    fn recommendation(&self, date: &str, ticker: &str) -> Result<Option<Recommended>, Failure> {
        let path = self.recommendation_path(date, ticker);
        understood(&path, |text| Recommended::read(date, ticker, text))
    }

    fn recommendations(&self) -> Result<Vec<Recommended>, Failure> {
        let mut found = Vec::new();
        let root = self.recommendations_path();
        for date in names(&root, None).map_err(Failure::new)? {
            let folder = root.join(file_name(&date));
            for ticker in names(&folder, Some(".json")).map_err(Failure::new)? {
                found.extend(self.recommendation(&date, &ticker)?);
            }
        }
        Ok(found)
    }

    fn put_recommendation(&self, one: &Recommended) -> Result<bool, Failure> {
        let path = self.recommendation_path(&one.date, &one.ticker);
        replace_unless_same(&path, &one.to_bytes()).map_err(Failure::new)
    }

    fn shelf(&self) -> Result<Shelf, Failure> {
        let watchlist = self.root.join("data/watchlist.json");
        let positions = self.root.join("data/positions.json");
        Ok(Shelf {
            watchlist: understood(&watchlist, Shelf::read_watchlist)?.unwrap_or_default(),
            positions: understood(&positions, Shelf::read_positions)?.unwrap_or_default(),
        })
    }

    fn position(&self) -> Result<u64, Failure> {
        let positions = self.positions().map_err(Failure::new)?;
        Ok(positions.get(&self.store).copied().unwrap_or(0))
    }

    fn set_position(&self, position: u64) -> Result<(), Failure> {
        let mut positions = self.positions().map_err(Failure::new)?;
        positions.insert(self.store.clone(), position);
        let text = serde_json::to_vec(&positions).unwrap_or_default();
        let kept = replace_unless_same(&self.root.join(TOLD), &text);
        kept.map(|_| ()).map_err(Failure::new)
    }

    fn note(&self, differences: &[Difference]) -> Result<(), Failure> {
        self.log.note(differences).map_err(Failure::new)
    }

    fn differences(&self, since: UnixMicros) -> Result<Vec<Difference>, Failure> {
        let mut found = self.log.all().map_err(Failure::new)?;
        found.retain(|difference| difference.at >= since);
        Ok(found)
    }
}

fn contract(text: &str) -> Result<Value, LegacyProblem> {
    let value = serde_json::from_str(text);
    match value.map_err(|error| LegacyProblem::Json(error.to_string()))? {
        found @ Value::Object(_) => Ok(found),
        _ => Err(LegacyProblem::Kind {
            field: "it".to_owned(),
            wanted: "an object",
        }),
    }
}

/// What a file says; nothing where there is none.
fn understood<T>(
    path: &Path,
    parse: impl FnOnce(&str) -> Result<T, LegacyProblem>,
) -> Result<Option<T>, Failure> {
    let Some(text) = read(path).map_err(Failure::new)? else {
        return Ok(None);
    };
    let broken = |source| {
        Failure::new(LegacyError::Broken {
            path: path.to_owned(),
            source,
        })
    };
    parse(&text).map(Some).map_err(broken)
}
