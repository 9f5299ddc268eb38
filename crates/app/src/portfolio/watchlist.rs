//! Instruments that are watched.

use fondaco_domain::{Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::kept::read;
use super::{Portfolio, PortfolioError, name};
use crate::ports::records::{Record, RecordKind};

/// An instrument that is watched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Watched {
    /// The instrument.
    pub ticker: Symbol,
    /// What people call it.
    pub name: String,
    /// Since when.
    pub added_at: UnixMicros,
    /// By whom.
    pub added_by: String,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    name: String,
}

impl Portfolio<'_> {
    /// All of them, by ticker.
    pub fn watchlist(&self) -> Result<Vec<Watched>, PortfolioError> {
        let records = self.store.records(RecordKind::Watchlist)?;
        records.into_iter().map(watched).collect()
    }

    /// Adds one, under its ticker where it has no other name. One that is
    /// there already is [`PortfolioError::Watched`].
    pub fn watch(&self, ticker: &str, called: Option<&str>) -> Result<Watched, PortfolioError> {
        let ticker: Symbol = ticker.trim().parse()?;
        let called = name("name", called.unwrap_or(ticker.as_str()))?;
        let kept = Kept { name: called };
        match self.begin(RecordKind::Watchlist, ticker.as_str(), &kept)? {
            Some(record) => watched(record),
            None => Err(PortfolioError::Watched(ticker)),
        }
    }

    /// Takes one out.
    pub fn unwatch(&self, ticker: &str) -> Result<Watched, PortfolioError> {
        let ticker: Symbol = ticker.trim().parse()?;
        let seen = self.store.record(RecordKind::Watchlist, ticker.as_str())?;
        let Some(seen) = seen else {
            return Err(PortfolioError::NotWatched(ticker));
        };
        match self.end(&seen)? {
            Some(_) => watched(seen),
            None => Err(PortfolioError::NotWatched(ticker)),
        }
    }
}

fn watched(record: Record) -> Result<Watched, PortfolioError> {
    let Kept { name } = read(&record)?;
    Ok(Watched {
        ticker: record.name.parse()?,
        name,
        added_at: record.at,
        added_by: record.actor,
    })
}
