//! What a user states about files of candles, and what was read from them.

use fondaco_domain::bars::Columns;
use fondaco_domain::{Bars, Symbol, Timeframe};
use serde::{Deserialize, Serialize};

use super::CandleKind;

/// What a stamp in a file marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StampMeans {
    /// The start of the candle.
    #[default]
    Open,
    /// Its end; stamps are moved back by one timeframe.
    Close,
}

/// The decimal mark of numbers in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decimal {
    /// `1,234.5`
    Point,
    /// `1.234,5`
    Comma,
}

/// Which prices of a file of quotes become candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuoteSide {
    /// Buyers'.
    Bid,
    /// Sellers'.
    Ask,
    /// The mean of both.
    Mid,
}

/// What to do with rows that cannot be candles. Nothing unless asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub struct Repair {
    /// Leave out rows that are not finite, negative, or whose high is below
    /// their low, and rows that cannot be parsed.
    pub drop_bad_rows: bool,
    /// Of different rows with one stamp keep one.
    pub conflicts: Option<Keep>,
}

/// Which of several rows with one stamp stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// The first in the file.
    First,
    /// The last in the file.
    Last,
}

/// What the user states about the files.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// The instrument; from the file otherwise.
    pub symbol: Option<Symbol>,
    /// The candle length; from the file's name or its stamps otherwise.
    pub timeframe: Option<Timeframe>,
    /// The kind; from the file's name otherwise.
    pub kind: Option<CandleKind>,
    /// The IANA time zone of stamps that carry none; UTC otherwise.
    pub zone: Option<String>,
    /// What stamps mark.
    pub stamp: StampMeans,
    /// The decimal mark; from the numbers otherwise.
    pub decimal: Option<Decimal>,
    /// The character between columns; from the first line otherwise.
    pub delimiter: Option<char>,
    /// The names of the columns of a text file without a first line that
    /// names them.
    pub columns: Option<Vec<String>>,
    /// The side of a file of quotes.
    pub side: Option<QuoteSide>,
    /// Read each column of a file without prices by name as closes of the
    /// instrument it is named after.
    pub wide: bool,
    /// What to do with rows that cannot be candles.
    pub repair: Repair,
}

/// Candles of one instrument in one file, as they lie there.
#[derive(Debug, Clone)]
pub struct RawSeries {
    /// A venue the file itself names.
    pub venue: Option<String>,
    /// The instrument.
    pub symbol: Symbol,
    /// The candle length.
    pub timeframe: Timeframe,
    /// What the numbers are.
    pub kind: CandleKind,
    /// The rows in the order of the file; unparsable ones are not among them.
    pub rows: Columns,
    /// The line (of text) or row (of columns) each came from, from 1.
    pub lines: Vec<usize>,
    /// What a reader should know.
    pub notes: Vec<Note>,
}

/// Candles of one instrument in one file, fit to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct FileSeries {
    /// A venue the file itself names.
    pub venue: Option<String>,
    /// The instrument.
    pub symbol: Symbol,
    /// The candle length.
    pub timeframe: Timeframe,
    /// What the numbers are.
    pub kind: CandleKind,
    /// The candles.
    pub bars: Bars,
    /// What was assumed and what was left out.
    pub notes: Vec<Note>,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq)]
pub enum FileContent<S> {
    /// Candles of one or more instruments.
    Series(Vec<S>),
    /// None, or none that can be read without being told more.
    Skipped(SkipReason),
}

/// Why a file was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum SkipReason {
    /// Text for people.
    Documentation,
    /// Not a format that holds candles.
    UnknownFormat,
    /// Known, and something else.
    NotCandles {
        /// What it holds.
        holds: String,
    },
    /// Quotes without a stated side.
    SideNotStated,
    /// Columns of closes that were not asked for.
    WideNotStated {
        /// How many instruments.
        columns: usize,
    },
    /// Neither the name nor the stamps tell the candle length.
    TimeframeNotStated {
        /// What the stamps look like.
        because: String,
    },
    /// The name is no instrument's.
    SymbolNotStated,
    /// Numbers from the first line on.
    ColumnsNotStated,
}

impl SkipReason {
    /// One line for people.
    pub fn describe(&self) -> String {
        match self {
            Self::Documentation => "documentation".to_owned(),
            Self::UnknownFormat => "not a format that holds candles".to_owned(),
            Self::NotCandles { holds } => format!("{holds}, not candles"),
            Self::SideNotStated => "bid and ask quotes: state --side bid, ask or mid".to_owned(),
            Self::WideNotStated { columns } => {
                format!("closes of {columns} instruments side by side: state --wide")
            }
            Self::TimeframeNotStated { because } => format!("{because}: state --timeframe"),
            Self::SymbolNotStated => "no instrument in its name: state --symbol".to_owned(),
            Self::ColumnsNotStated => "no line that names the columns: state --columns".to_owned(),
        }
    }
}

/// Something assumed, or something done to rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "note", rename_all = "snake_case")]
pub enum Note {
    /// Stamps carry no zone and none was stated.
    ZoneAssumedUtc,
    /// There is no volume column; volumes are zero.
    NoVolume,
    /// There are only closes; open, high and low repeat them.
    CloseOnly,
    /// Rows were not in order of time.
    Sorted {
        /// How many came before a row above them.
        rows: usize,
    },
    /// Rows that repeat another were left out.
    DuplicatesDropped {
        /// How many.
        rows: usize,
    },
    /// Different rows of one stamp; one was kept, as asked.
    ConflictsDropped {
        /// How many were left out.
        rows: usize,
    },
    /// Rows that cannot be candles were left out, as asked.
    BadRowsDropped {
        /// How many.
        rows: usize,
        /// Lines of the first ten.
        lines: Vec<usize>,
    },
    /// Candles of which only the open is known, the newest of their files;
    /// they are left out.
    OnlyOpened {
        /// How many.
        rows: usize,
    },
    /// Columns without a number on some lines; those lines are no candles of
    /// that instrument.
    EmptyCells {
        /// How many.
        rows: usize,
    },
}

impl Note {
    /// One line for people.
    pub fn describe(&self) -> String {
        match self {
            Self::ZoneAssumedUtc => "stamps carry no zone and were read as UTC".to_owned(),
            Self::NoVolume => "no volume column: volumes are zero".to_owned(),
            Self::CloseOnly => "closes only: open, high and low repeat them".to_owned(),
            Self::Sorted { rows } => format!("{rows} rows out of order were sorted"),
            Self::DuplicatesDropped { rows } => format!("{rows} repeated rows were dropped"),
            Self::ConflictsDropped { rows } => {
                format!("{rows} rows that contradict another of the same stamp were dropped")
            }
            Self::BadRowsDropped { rows, lines } => {
                let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
                format!(
                    "{rows} rows that cannot be candles were dropped (lines {})",
                    lines.join(", ")
                )
            }
            Self::OnlyOpened { rows } => {
                format!("{rows} candles that have only begun were left out")
            }
            Self::EmptyCells { rows } => format!("{rows} empty cells are no candles"),
        }
    }
}
