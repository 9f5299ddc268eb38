//! Runs by a part of their id.

use fondaco_app::ports::runs::{RunQuery, RunStore, RunStoreError};
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

/// Letters of an id that are enough to look for it.
const LEAST: usize = 4;

/// Runs that one look reads.
const PAGE: usize = 1_000;

/// A part of an id that leads to no run, or to several.
#[derive(Debug, Error)]
pub(crate) enum IdError {
    /// Nothing begins or ends so.
    #[error("there is no run `{0}`")]
    None(String),
    /// Several do.
    #[error("`{part}` may be run {first} or {second}")]
    Several {
        /// As given.
        part: String,
        /// One of them.
        first: RunId,
        /// Another.
        second: RunId,
    },
    /// Too short to look for.
    #[error("`{0}` is too short to name a run")]
    Short(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for IdError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::None(_) => ErrorKind::NotFound,
            Self::Several { .. } => ErrorKind::Conflict,
            Self::Short(_) => ErrorKind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::None(_) => Some("see `fondaco run list`".into()),
            Self::Several { .. } => Some("give more of it".into()),
            Self::Short(_) => Some(format!(
                "give at least {LEAST} letters of its beginning or its end"
            )),
            Self::Store(error) => error.hint(),
        }
    }
}

/// The run that an id, or its beginning or end, names.
pub(crate) fn resolve(store: &dyn RunStore, text: &str) -> Result<RunId, IdError> {
    if let Ok(id) = text.parse() {
        return Ok(id);
    }
    let part = text.to_ascii_lowercase();
    let letters = part.bytes().filter(u8::is_ascii_hexdigit).count();
    if letters < LEAST {
        return Err(IdError::Short(text.to_owned()));
    }
    let mut found: Option<RunId> = None;
    let mut query = RunQuery {
        limit: Some(PAGE),
        ..RunQuery::default()
    };
    loop {
        let page = store.runs(&query)?;
        for run in &page {
            let id = run.id.to_string();
            if !id.starts_with(&part) && !id.ends_with(&part) {
                continue;
            }
            if let Some(first) = found.replace(run.id) {
                return Err(IdError::Several {
                    part: text.to_owned(),
                    first,
                    second: run.id,
                });
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE => query.before = Some(last.id),
            _ => return found.ok_or_else(|| IdError::None(text.to_owned())),
        }
    }
}
