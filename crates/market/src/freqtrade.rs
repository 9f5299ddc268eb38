//! freqtrade's data folder, read where it lies.

use std::path::{Path, PathBuf};

use fondaco_app::data::{CandleKind, FileContent, ReadOptions};
use fondaco_domain::market::TradingMode;
use fondaco_domain::{Bars, Symbol, Timeframe};

use crate::error::ReadError;
use crate::files::read_series;
use crate::read::FileName;

/// The folder of one exchange: `BTC_USDT-5m.feather` for spot,
/// `futures/BTC_USDT_USDT-5m-futures.feather`, `…-1h-mark…` and
/// `…-1h-funding_rate…` for swaps; `.json` and `.json.gz` likewise.
#[derive(Debug, Clone)]
pub struct FreqtradeDir {
    folder: PathBuf,
    entries: Vec<FreqtradeEntry>,
}

/// One file of the folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreqtradeEntry {
    /// The instrument.
    pub symbol: Symbol,
    /// The candle length.
    pub timeframe: Timeframe,
    /// What the numbers are.
    pub kind: CandleKind,
    /// Spot or futures.
    pub mode: TradingMode,
    /// The file.
    pub path: PathBuf,
}

impl FreqtradeDir {
    /// Lists a folder. The folder above is accepted where it holds the folder
    /// of one exchange only.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, ReadError> {
        let path = path.as_ref();
        let entries = entries(path)?;
        if !entries.is_empty() {
            return Ok(Self {
                folder: path.to_owned(),
                entries,
            });
        }
        let mut exchanges = Vec::new();
        for folder in listing(path)? {
            if folder.is_dir() {
                let entries = self::entries(&folder)?;
                if !entries.is_empty() {
                    exchanges.push(Self { folder, entries });
                }
            }
        }
        match exchanges.len() {
            0 => Err(ReadError::NotInFolder {
                folder: path.to_owned(),
                what: "candles named as freqtrade names them".to_owned(),
            }),
            1 => Ok(exchanges.remove(0)),
            _ => Err(ReadError::SeveralExchanges {
                folder: path.to_owned(),
                names: exchanges
                    .iter()
                    .filter_map(|it| it.folder.file_name())
                    .map(|name| name.to_string_lossy().into_owned())
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
        }
    }

    /// The folder of the exchange.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// All files, by instrument, length and kind.
    pub fn list(&self) -> &[FreqtradeEntry] {
        &self.entries
    }

    /// The candles of an instrument, as they lie in the file: missing ones
    /// are not filled.
    pub fn bars(
        &self,
        symbol: &Symbol,
        timeframe: Timeframe,
        mode: TradingMode,
    ) -> Result<Bars, ReadError> {
        let entry = self.entries.iter().find(|entry| {
            entry.symbol == *symbol
                && entry.timeframe == timeframe
                && entry.mode == mode
                && entry.kind == CandleKind::Trades
        });
        self.load(entry, || format!("{timeframe} candles of {symbol}"))
    }

    /// The mark prices of a swap, in the shortest candles there are.
    pub fn mark(&self, symbol: &Symbol) -> Result<Bars, ReadError> {
        self.load(self.shortest(symbol, CandleKind::Mark), || {
            format!("mark prices of {symbol}")
        })
    }

    /// The funding rates of a swap: one row for each funding time, the rate
    /// in `open`.
    pub fn funding(&self, symbol: &Symbol) -> Result<Bars, ReadError> {
        self.load(self.shortest(symbol, CandleKind::FundingRate), || {
            format!("funding rates of {symbol}")
        })
    }

    fn shortest(&self, symbol: &Symbol, kind: CandleKind) -> Option<&FreqtradeEntry> {
        self.entries
            .iter()
            .filter(|entry| entry.symbol == *symbol && entry.kind == kind)
            .min_by_key(|entry| entry.timeframe)
    }

    fn load(
        &self,
        entry: Option<&FreqtradeEntry>,
        what: impl Fn() -> String,
    ) -> Result<Bars, ReadError> {
        let absent = || ReadError::NotInFolder {
            folder: self.folder.clone(),
            what: what(),
        };
        let entry = entry.ok_or_else(absent)?;
        match read_series(&entry.path, &ReadOptions::default())? {
            FileContent::Series(mut all) if all.len() == 1 => Ok(all.remove(0).bars),
            FileContent::Series(_) | FileContent::Skipped(_) => Err(absent()),
        }
    }
}

fn entries(folder: &Path) -> Result<Vec<FreqtradeEntry>, ReadError> {
    let mut all = Vec::new();
    for (folder, mode) in [
        (folder.to_owned(), TradingMode::Spot),
        (folder.join("futures"), TradingMode::Futures),
    ] {
        if mode == TradingMode::Futures && !folder.is_dir() {
            continue;
        }
        for path in listing(&folder)? {
            let name = FileName::of(&path);
            let known = matches!(name.extension.as_str(), "feather" | "json" | "parquet");
            if let (true, true, Some(symbol), Some(timeframe)) =
                (known, name.freqtrade, name.symbol, name.timeframe)
            {
                all.push(FreqtradeEntry {
                    symbol,
                    timeframe,
                    kind: name.kind,
                    mode,
                    path,
                });
            }
        }
    }
    all.sort_by(|a, b| {
        (&a.symbol, a.timeframe, a.kind, &a.path).cmp(&(&b.symbol, b.timeframe, b.kind, &b.path))
    });
    Ok(all)
}

fn listing(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<Vec<_>, std::io::Error>>()
        })
        .map_err(|cause| ReadError::io(folder, cause))?;
    paths.sort();
    Ok(paths)
}
