//! Options several verbs share.

use std::path::Path;

use clap::{Args, ValueEnum};
use fondaco_app::data::{
    CandleKind, Decimal, Keep, QuoteSide, ReadOptions, Repair, Selector, StampMeans, Venue,
};
use fondaco_app::ports::StoreError;
use fondaco_domain::{Symbol, Timeframe};
use fondaco_market::ParquetStore;

use crate::context::Context;

/// Where candles are kept.
#[derive(Debug, Clone, Args)]
pub(crate) struct StoreArgs {
    /// Folder or URL of the store [default: the folder `data` in the home].
    #[arg(long = "store", value_name = "PLACE", id = "store_place")]
    place: Option<String>,
}

impl StoreArgs {
    /// The store.
    pub(crate) fn open(&self, context: &Context) -> Result<ParquetStore, StoreError> {
        ParquetStore::open(&self.place(context))
    }

    /// The place, where one is named.
    pub(crate) fn stated(&self) -> Option<&str> {
        self.place.as_deref()
    }

    /// The place.
    pub(crate) fn place(&self, context: &Context) -> String {
        self.place
            .clone()
            .unwrap_or_else(|| context.home().join("data").display().to_string())
    }
}

/// Which data sets.
#[derive(Debug, Clone, Args)]
pub(super) struct SelectorArgs {
    /// Only this venue.
    #[arg(long)]
    venue: Option<Venue>,
    /// Only candles of this length.
    #[arg(long, short)]
    timeframe: Option<Timeframe>,
    /// Only numbers of this kind.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
}

impl SelectorArgs {
    /// With the instrument, which verbs take in their own ways.
    pub(super) fn with(&self, symbol: Option<&Symbol>) -> Selector {
        Selector {
            venue: self.venue.clone(),
            symbol: symbol.cloned(),
            timeframe: self.timeframe,
            kind: self.kind.map(CandleKind::from),
        }
    }
}

/// What the numbers of candles are.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum Kind {
    /// Of trades.
    Trades,
    /// Mark prices.
    Mark,
    /// Funding rates.
    FundingRate,
}

impl From<Kind> for CandleKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Trades => Self::Trades,
            Kind::Mark => Self::Mark,
            Kind::FundingRate => Self::FundingRate,
        }
    }
}

/// What the user states about files.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "What the files hold")]
pub(super) struct ReadArgs {
    /// The instrument, where neither the file nor its name tells; of a file
    /// with several, the only one to read.
    #[arg(long)]
    symbol: Option<Symbol>,
    /// The candle length, where neither name nor stamps tell.
    #[arg(long, short)]
    timeframe: Option<Timeframe>,
    /// What the numbers are, where the name does not tell.
    #[arg(long, value_enum)]
    kind: Option<Kind>,
    /// Zone of stamps that carry none, such as `America/New_York` [default:
    /// UTC]. Dates have no zone.
    #[arg(long, value_name = "ZONE")]
    tz: Option<String>,
    /// Whether stamps mark the start or the end of a candle.
    #[arg(long, value_enum, default_value = "open")]
    stamp: Stamp,
    /// The decimal mark, where the numbers do not prove it.
    #[arg(long, value_enum)]
    decimal: Option<Mark>,
    /// The character between columns [default: what the first line suggests].
    #[arg(long, value_name = "CHAR")]
    delimiter: Option<char>,
    /// Names of the columns, where the first line does not name them.
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    columns: Option<Vec<String>>,
    /// Which side of a file of quotes.
    #[arg(long, value_enum)]
    side: Option<Side>,
    /// Take each column as closes of the instrument it is named after.
    #[arg(long)]
    wide: bool,
    /// What to do with rows that cannot be candles, or contradict each other
    /// [default: refuse the file].
    #[arg(long, value_enum, value_delimiter = ',')]
    repair: Vec<RepairWord>,
}

impl ReadArgs {
    /// As the readers want it.
    pub(super) fn options(&self) -> ReadOptions {
        let asked = |word| self.repair.contains(&word);
        ReadOptions {
            symbol: self.symbol.clone(),
            timeframe: self.timeframe,
            kind: self.kind.map(CandleKind::from),
            zone: self.tz.clone(),
            stamp: match self.stamp {
                Stamp::Open => StampMeans::Open,
                Stamp::Close => StampMeans::Close,
            },
            decimal: self.decimal.map(|mark| match mark {
                Mark::Point => Decimal::Point,
                Mark::Comma => Decimal::Comma,
            }),
            delimiter: self.delimiter,
            columns: self.columns.clone(),
            side: self.side.map(|side| match side {
                Side::Bid => QuoteSide::Bid,
                Side::Ask => QuoteSide::Ask,
                Side::Mid => QuoteSide::Mid,
            }),
            wide: self.wide,
            repair: Repair {
                drop_bad_rows: asked(RepairWord::DropBadRows),
                conflicts: if asked(RepairWord::KeepFirst) {
                    Some(Keep::First)
                } else if asked(RepairWord::KeepLast) {
                    Some(Keep::Last)
                } else {
                    None
                },
            },
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Stamp {
    /// The start.
    Open,
    /// The end.
    Close,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Mark {
    /// 1,234.5
    #[value(alias = ".")]
    Point,
    /// 1.234,5
    #[value(alias = ",")]
    Comma,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Side {
    /// Buyers' prices.
    Bid,
    /// Sellers' prices.
    Ask,
    /// The mean of both.
    Mid,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum RepairWord {
    /// Leave them out, and say how many.
    DropBadRows,
    /// Of rows with one stamp, the first in the file.
    KeepFirst,
    /// Of rows with one stamp, the last in the file.
    KeepLast,
}

/// `1234567` as `1,234,567`.
pub(crate) fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A path as the user would write it.
pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}
