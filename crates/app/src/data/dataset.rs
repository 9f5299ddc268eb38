//! Data sets and their versions.

use std::fmt;
use std::str::FromStr;

use fondaco_domain::{Bars, ContentHash, ErrorKind, Hint, Symbol, Timeframe, UnixMillis};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the numbers of a candle are.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum CandleKind {
    /// Prices and volumes of trades (or of quotes, where a market has no tape).
    #[default]
    Trades,
    /// Mark prices of a swap.
    Mark,
    /// Funding rates of a swap: the rate is in `open`, the rest is zero.
    FundingRate,
}

impl CandleKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Trades, Self::Mark, Self::FundingRate];

    /// The name in folders, JSON and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Mark => "mark",
            Self::FundingRate => "funding_rate",
        }
    }
}

impl fmt::Display for CandleKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// Where candles come from: an exchange, a vendor or a folder, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Venue(String);

/// A string that cannot name a venue.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a venue: use up to 40 lower-case letters, digits, - and _")]
pub struct VenueError(pub String);

impl Hint for VenueError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }
}

impl Venue {
    /// The name as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Venue {
    type Err = VenueError;

    fn from_str(text: &str) -> Result<Self, VenueError> {
        let valid = (1..=40).contains(&text.len())
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_'));
        if valid {
            Ok(Self(text.to_owned()))
        } else {
            Err(VenueError(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Venue {
    type Error = VenueError;

    fn try_from(text: String) -> Result<Self, VenueError> {
        text.parse()
    }
}

impl From<Venue> for String {
    fn from(venue: Venue) -> Self {
        venue.0
    }
}

impl fmt::Display for Venue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// The name of a data set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DatasetId {
    /// Where the candles come from.
    pub venue: Venue,
    /// The instrument.
    pub symbol: Symbol,
    /// The length of a candle.
    pub timeframe: Timeframe,
    /// What its numbers are.
    pub kind: CandleKind,
}

/// `binance BTC/USDT 5m`, with the kind where it is not trades.
impl fmt::Display for DatasetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.venue, self.symbol, self.timeframe)?;
        match self.kind {
            CandleKind::Trades => Ok(()),
            kind => write!(f, " {kind}"),
        }
    }
}

/// Some data sets: every given part must be equal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    /// The venue, or any.
    pub venue: Option<Venue>,
    /// The instrument, or any.
    pub symbol: Option<Symbol>,
    /// The candle length, or any.
    pub timeframe: Option<Timeframe>,
    /// The kind, or any.
    pub kind: Option<CandleKind>,
}

impl Selector {
    /// Whether a data set is meant.
    pub fn matches(&self, id: &DatasetId) -> bool {
        self.venue.as_ref().is_none_or(|venue| *venue == id.venue)
            && self.symbol.as_ref().is_none_or(|it| *it == id.symbol)
            && self.timeframe.is_none_or(|it| it == id.timeframe)
            && self.kind.is_none_or(|it| it == id.kind)
    }
}

/// What it names, in the order of a data set's name.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.venue.as_ref().map(ToString::to_string),
            self.symbol.as_ref().map(ToString::to_string),
            self.timeframe.map(|it| it.to_string()),
            self.kind.map(|it| it.to_string()),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            f.write_str("data set")
        } else {
            write!(f, "{}", parts.join(" "))
        }
    }
}

/// One state of a data set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// 1 for the first, then upwards by one.
    pub number: u32,
    /// The hash of all rows, see [`content_hash`].
    pub id: ContentHash,
    /// The version this one was made from.
    pub parent: Option<ContentHash>,
    /// Number of candles.
    pub rows: u64,
    /// Open time of the first candle.
    pub first: UnixMillis,
    /// Open time of the last candle.
    pub last: UnixMillis,
    /// What the change was made from: file names or an address.
    pub source: String,
    /// When it was made.
    pub created_at: UnixMillis,
}

/// Which version is meant: `latest`, a number, or the start of an id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum VersionRef {
    /// The newest.
    #[default]
    Latest,
    /// By number.
    Number(u32),
    /// By the first digits of its id, at least six.
    Id(String),
}

/// A string that names no version.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a version: write latest, a number, or at least six digits of an id")]
pub struct VersionRefError(pub String);

impl VersionRef {
    /// Finds the version among all of a data set.
    pub fn find<'a>(&self, versions: &'a [Version]) -> Option<&'a Version> {
        match self {
            Self::Latest => versions.last(),
            Self::Number(number) => versions.iter().find(|it| it.number == *number),
            // The same rows can come back in a later version; either will do.
            Self::Id(start) => versions
                .iter()
                .rev()
                .find(|it| it.id.as_str().starts_with(start)),
        }
    }
}

impl FromStr for VersionRef {
    type Err = VersionRefError;

    fn from_str(text: &str) -> Result<Self, VersionRefError> {
        let hex = text.len() <= 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        match text {
            "latest" => Ok(Self::Latest),
            _ if hex && text.len() >= 6 => Ok(Self::Id(text.to_owned())),
            _ => text
                .parse()
                .map(Self::Number)
                .map_err(|_| VersionRefError(text.to_owned())),
        }
    }
}

impl fmt::Display for VersionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Latest => f.write_str("latest"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Id(id) => f.write_str(id),
        }
    }
}

/// The name of a version: SHA-256 over the columns in the order time (64-bit
/// milliseconds), open, high, low, close, volume (64-bit doubles), each as
/// little-endian bytes after its length. How rows lie in files does not count.
pub fn content_hash(bars: &Bars) -> ContentHash {
    let time: Vec<u8> = bars.time().iter().flat_map(|t| t.0.to_le_bytes()).collect();
    let column = |values: &[f64]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let numbers = [
        bars.open(),
        bars.high(),
        bars.low(),
        bars.close(),
        bars.volume(),
    ]
    .map(column);
    ContentHash::of_parts(
        [b"fondaco-bars-1".as_slice(), &time]
            .into_iter()
            .chain(numbers.iter().map(Vec::as_slice)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_named_in_three_ways() {
        let hex = ContentHash::of(b"x");
        let version = |number, id: &ContentHash| Version {
            number,
            id: id.clone(),
            parent: None,
            rows: 1,
            first: UnixMillis(0),
            last: UnixMillis(0),
            source: String::new(),
            created_at: UnixMillis(0),
        };
        let versions = [version(1, &hex), version(2, &ContentHash::of(b"y"))];
        let number = |text: &str| {
            let found = text.parse::<VersionRef>().unwrap();
            found.find(&versions).map(|it| it.number)
        };
        assert_eq!(number("latest"), Some(2));
        assert_eq!(number("1"), Some(1));
        assert_eq!(number(hex.short()), Some(1));
        assert_eq!(number("3"), None);
        assert!("newest".parse::<VersionRef>().is_err());
    }

    #[test]
    fn a_venue_is_a_folder_name() {
        assert!("binance-us".parse::<Venue>().is_ok());
        for bad in ["", "..", "a/b", "Binance", "a b"] {
            assert!(bad.parse::<Venue>().is_err(), "{bad:?}");
        }
    }
}
