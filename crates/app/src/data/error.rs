//! What can go wrong with market data.

use std::path::PathBuf;

use fondaco_domain::{ErrorKind, Hint, Timeframe, UnixMillis};
use thiserror::Error;

use super::{DatasetId, OverlapConflict, Selector, SkipReason};
use crate::ports::{Failure, StoreError};

/// A use case of market data that failed.
#[derive(Debug, Error)]
pub enum DataError {
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] Failure),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// None of the files named holds candles that could be read.
    #[error("no candles in {files} files; {path}: {why}", path = path.display(), why = reason.describe())]
    NothingRead {
        /// How many files were looked at.
        files: usize,
        /// The first that was left out.
        path: PathBuf,
        /// Why.
        reason: SkipReason,
    },
    /// There are no files.
    #[error("there are no files to import")]
    NoFiles,
    /// New candles differ from stored ones, or from those of another file.
    #[error("{source_name}: {dataset}: {conflict}")]
    Overlap {
        /// The data set.
        dataset: DatasetId,
        /// The file or address of the new candles.
        source_name: String,
        /// The difference.
        conflict: Box<OverlapConflict>,
    },
    /// Nothing in the store is meant.
    #[error("the store has no {0}")]
    NoMatch(Selector),
    /// Several data sets are meant where one is needed.
    #[error("{wanted} could be {candidates}", candidates = candidates.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or "))]
    Ambiguous {
        /// What was asked for.
        wanted: Selector,
        /// What it could be.
        candidates: Vec<DatasetId>,
    },
    /// A range without candles.
    #[error("{dataset} has no candles in that range; it has {first} to {last}")]
    EmptyRange {
        /// The data set.
        dataset: DatasetId,
        /// Its first stamp.
        first: UnixMillis,
        /// Its last stamp.
        last: UnixMillis,
    },
    /// A check needs the days the exchange was closed.
    #[error("{symbol} trades on a mainland exchange, whose closed days are not known")]
    NoHolidays {
        /// The instrument.
        symbol: String,
    },
    /// A check found something the caller does not accept.
    #[error("findings of that severity in {count} series")]
    Findings {
        /// How many.
        count: usize,
    },
    /// The source yields candles that were not asked for.
    #[error("asked for {timeframe} candles from {asked} on, the source gave one of {found}")]
    WrongPage {
        /// The candle length.
        timeframe: Timeframe,
        /// The first stamp asked for.
        asked: UnixMillis,
        /// What came.
        found: UnixMillis,
    },
    /// A download needs a start.
    #[error("there are no {0} candles yet, so the start of the download must be stated")]
    NoStart(DatasetId),
    /// A download stopped after some candles, which are stored.
    #[error("the download stopped after {stored} candles, which are stored")]
    Stopped {
        /// How many are stored.
        stored: usize,
        /// Why.
        #[source]
        cause: Failure,
    },
}

impl Hint for DataError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::File(failure) | Self::Stopped { cause: failure, .. } => failure.kind(),
            Self::Store(error) => error.kind(),
            Self::NothingRead { .. } | Self::NoFiles | Self::EmptyRange { .. } => ErrorKind::NoData,
            Self::Overlap { .. } => ErrorKind::Conflict,
            Self::NoMatch(_) => ErrorKind::NotFound,
            Self::Ambiguous { .. } | Self::NoHolidays { .. } | Self::NoStart(_) => {
                ErrorKind::Invalid
            }
            Self::Findings { .. } | Self::WrongPage { .. } => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        let text = match self {
            Self::File(failure) => return failure.hint(),
            Self::Store(error) => return error.hint(),
            Self::NothingRead { .. } => "state what the reason asks for, or name other files",
            Self::NoFiles => "name a file, or a folder that holds files",
            Self::Overlap { .. } => {
                "store them under another --venue, or let the new candles win with --replace"
            }
            Self::NoMatch(_) => "see what there is with `fondaco data list`",
            Self::Ambiguous { .. } => "say more with --venue, --timeframe or --kind",
            Self::EmptyRange { .. } => "choose a range within the data, or download more",
            Self::NoHolidays { .. } => "state a list of closed weekdays with --holidays FILE",
            Self::Findings { .. } => return None,
            Self::WrongPage { .. } => "check --base-url: this source does not keep to its protocol",
            Self::NoStart(_) => "state it with --from",
            Self::Stopped { .. } => "run the command again: it goes on where it stopped",
        };
        Some(text.to_owned())
    }
}
