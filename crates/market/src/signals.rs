//! Signals from files of columns: one file for each instrument, candles and
//! what a strategy computed on them.

use std::path::{Path, PathBuf};

use fondaco_app::backtests::source::{SignalFile, SignalSource};
use fondaco_app::ports::Failure;
use fondaco_domain::bars::{BarsError, Columns};
use fondaco_domain::time::parse_stamp;
use fondaco_domain::{Bars, ContentHash, ErrorKind, Hint, Symbol};
use fondaco_engine::signals::{Signals, TagId, Tags};
use thiserror::Error;

use crate::ReadError;
use crate::read::load_bytes;

/// Names of a signal file, tried in order.
const SUFFIXES: [&str; 2] = ["csv.gz", "csv"];

/// A folder with a file for each instrument: `BTC_USDT.csv.gz` with the
/// columns `date`, `open`, `high`, `low`, `close`, `volume` and any of
/// `enter_long`, `exit_long`, `enter_short`, `exit_short`, `enter_tag`,
/// `exit_tag`; further columns are passed over. A signal is set by `1`, `1.0`
/// or `true`.
#[derive(Debug, Clone)]
pub struct SignalsDir {
    folder: PathBuf,
}

/// A signal file that does not read.
#[derive(Debug, Error)]
pub enum SignalsError {
    /// The folder does not exist.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// The bytes could not be had.
    #[error(transparent)]
    Bytes(#[from] ReadError),
    /// The text is not a table.
    #[error("{} is not a table", path.display())]
    Table {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: csv::Error,
    },
    /// A column that must be there.
    #[error("{} has no column `{column}`", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A cell that is not what its column holds.
    #[error("{}, line {line}: `{column}` is `{text}`, not {expected}", path.display())]
    Cell {
        /// The file.
        path: PathBuf,
        /// One-based line.
        line: usize,
        /// The column.
        column: &'static str,
        /// What it holds.
        text: String,
        /// What it should hold.
        expected: &'static str,
    },
    /// Rows that are no candles.
    #[error("{} does not hold candles", path.display())]
    Bars {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: BarsError,
    },
}

impl Hint for SignalsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoFolder(_) => ErrorKind::NotFound,
            Self::Bytes(error) => error.kind(),
            _ => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoFolder(_) => Some("give the folder with a <PAIR>.csv.gz for each pair".into()),
            Self::Bytes(error) => error.hint(),
            _ => Some(
                "a signal file has date, open, high, low, close, volume and enter_long, \
                 exit_long, enter_short, exit_short, enter_tag, exit_tag"
                    .into(),
            ),
        }
    }
}

impl SignalsDir {
    /// A folder of signal files.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, SignalsError> {
        let folder = folder.into();
        if folder.is_dir() {
            Ok(Self { folder })
        } else {
            Err(SignalsError::NoFolder(folder))
        }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file of an instrument, where there is one.
    pub fn path(&self, symbol: &Symbol) -> Option<PathBuf> {
        let stem = symbol.file_stem();
        SUFFIXES
            .iter()
            .map(|suffix| self.folder.join(format!("{stem}.{suffix}")))
            .find(|p| p.is_file())
    }
}

impl SignalSource for SignalsDir {
    fn load(&self, symbol: &Symbol) -> Result<Option<SignalFile>, Failure> {
        self.path(symbol)
            .map(|path| read(&path).map_err(Failure::new))
            .transpose()
    }
}

fn read(path: &Path) -> Result<SignalFile, SignalsError> {
    let bytes = load_bytes(path)?;
    let version = ContentHash::of(&bytes).to_string();
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let table = |source| SignalsError::Table {
        path: path.to_owned(),
        source,
    };
    let header = reader.byte_headers().map_err(table)?.clone();
    let mut rows = Rows::new(path, &header)?;
    let mut record = csv::ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(table)? {
        rows.push(&record)?;
    }
    let bars = Bars::new(rows.candles).map_err(|source| SignalsError::Bars {
        path: path.to_owned(),
        source,
    })?;
    Ok(SignalFile {
        bars,
        signals: rows.signals,
        version,
    })
}

/// Rows read so far and where the columns are.
struct Rows<'a> {
    path: &'a Path,
    line: usize,
    date: usize,
    prices: [(&'static str, usize); 5],
    flags: [(&'static str, Option<usize>); 4],
    tags: [Option<usize>; 2],
    candles: Columns,
    signals: Signals,
}

impl<'a> Rows<'a> {
    fn new(path: &'a Path, header: &csv::ByteRecord) -> Result<Self, SignalsError> {
        let find = |name: &str| header.iter().position(|column| column == name.as_bytes());
        let need = |column| {
            find(column).ok_or_else(|| SignalsError::Column {
                path: path.to_owned(),
                column,
            })
        };
        let price = |name| Ok::<_, SignalsError>((name, need(name)?));
        Ok(Self {
            path,
            line: 1,
            date: need("date")?,
            prices: [
                price("open")?,
                price("high")?,
                price("low")?,
                price("close")?,
                price("volume")?,
            ],
            flags: ["enter_long", "exit_long", "enter_short", "exit_short"]
                .map(|name| (name, find(name))),
            tags: ["enter_tag", "exit_tag"].map(find),
            candles: Columns::default(),
            signals: Signals {
                tags: Tags::default(),
                ..Signals::default()
            },
        })
    }

    fn push(&mut self, record: &csv::ByteRecord) -> Result<(), SignalsError> {
        self.line += 1;
        let text = |index: usize| std::str::from_utf8(&record[index]).unwrap_or("\u{fffd}");
        let wrong = |column, index: usize, expected| SignalsError::Cell {
            path: self.path.to_owned(),
            line: self.line,
            column,
            text: text(index).to_owned(),
            expected,
        };
        let stamp =
            parse_stamp(text(self.date).trim()).map_err(|_| wrong("date", self.date, "a time"))?;
        let mut numbers = [0.0; 5];
        for (number, (name, index)) in numbers.iter_mut().zip(self.prices) {
            *number = text(index)
                .parse()
                .map_err(|_| wrong(name, index, "a number"))?;
        }
        let mut flags = [false; 4];
        for (flag, (name, index)) in flags.iter_mut().zip(self.flags) {
            let Some(index) = index else { continue };
            *flag = match text(index) {
                "" | "0" | "0.0" | "false" | "False" | "nan" | "NaN" => false,
                "1" | "1.0" | "true" | "True" => true,
                _ => return Err(wrong(name, index, "1 or nothing")),
            };
        }
        let [enter_tag, exit_tag] = self
            .tags
            .map(|index| index.map_or(TagId::NONE, |index| self.signals.tags.intern(text(index))));
        let [open, high, low, close, volume] = numbers;
        self.candles.time.push(stamp);
        self.candles.open.push(open);
        self.candles.high.push(high);
        self.candles.low.push(low);
        self.candles.close.push(close);
        self.candles.volume.push(volume);
        let [enter_long, exit_long, enter_short, exit_short] = flags;
        self.signals.enter_long.push(enter_long);
        self.signals.exit_long.push(exit_long);
        self.signals.enter_short.push(enter_short);
        self.signals.exit_short.push(exit_short);
        self.signals.enter_tag.push(enter_tag);
        self.signals.exit_tag.push(exit_tag);
        Ok(())
    }
}
