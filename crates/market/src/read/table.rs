//! From columns of stamps and numbers to series of instruments.

use std::collections::BTreeMap;
use std::path::Path;

use fondaco_app::data::{FileContent, Note, RawSeries, ReadOptions, SkipReason, StampMeans};
use fondaco_domain::bars::Columns;
use fondaco_domain::{Symbol, UnixMillis};

use super::FileName;
use super::stamp::{Resolver, Stamp};
use super::timeframe;
use crate::error::ReadError;

/// Rows in the order of a file.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// The line or row each came from, from 1.
    pub(crate) lines: Vec<usize>,
    pub(crate) stamps: Vec<Stamp>,
    /// The instrument of each row, where the table says it.
    pub(crate) symbols: Option<Vec<Symbol>>,
    /// Open, high, low, close, volume.
    pub(crate) numbers: [Vec<f64>; 5],
    pub(crate) notes: Vec<Note>,
}

/// What is known of a table besides its rows.
pub(crate) struct Origin<'a> {
    pub(crate) path: &'a Path,
    pub(crate) name: &'a FileName,
    pub(crate) options: &'a ReadOptions,
    /// The zone the file itself states.
    pub(crate) zone: Option<&'a str>,
}

impl Table {
    pub(crate) fn push(&mut self, line: usize, stamp: Stamp, numbers: [f64; 5]) {
        self.lines.push(line);
        self.stamps.push(stamp);
        for (column, value) in self.numbers.iter_mut().zip(numbers) {
            column.push(value);
        }
    }

    /// One series for each instrument.
    pub(crate) fn into_series(
        self,
        origin: &Origin<'_>,
    ) -> Result<FileContent<RawSeries>, ReadError> {
        if self.lines.is_empty() {
            return Err(ReadError::Empty {
                path: origin.path.into(),
            });
        }
        let zone = origin.options.zone.as_deref().or(origin.zone);
        let times = self.resolve(origin.path, zone)?;
        let mut notes = self.notes;
        if times.assumed_utc {
            notes.push(Note::ZoneAssumedUtc);
        }
        let groups = match self.symbols {
            Some(symbols) => group(symbols, origin.options.symbol.as_ref()),
            None => match origin
                .options
                .symbol
                .as_ref()
                .or(origin.name.symbol.as_ref())
            {
                Some(symbol) => BTreeMap::from([(symbol.clone(), None)]),
                None => return Ok(FileContent::Skipped(SkipReason::SymbolNotStated)),
            },
        };
        if groups.is_empty() {
            return Err(ReadError::NotInFolder {
                folder: origin.path.into(),
                what: origin
                    .options
                    .symbol
                    .as_ref()
                    .map_or_else(String::new, ToString::to_string),
            });
        }
        let mut all = Vec::with_capacity(groups.len());
        for (symbol, rows) in groups {
            let (columns, lines) = match rows {
                Some(rows) => (
                    select(&times.at, &self.numbers, &rows),
                    rows.iter().map(|&row| self.lines[row]).collect(),
                ),
                None => (
                    select(
                        &times.at,
                        &self.numbers,
                        &(0..times.at.len()).collect::<Vec<_>>(),
                    ),
                    self.lines.clone(),
                ),
            };
            let stated = origin.options.timeframe.or(origin.name.timeframe);
            let timeframe = match stated.map_or_else(|| timeframe::infer(&columns.time), Ok) {
                Ok(timeframe) => timeframe,
                Err(because) => {
                    let reason = SkipReason::TimeframeNotStated { because };
                    return Ok(FileContent::Skipped(reason));
                }
            };
            all.push(RawSeries {
                venue: origin.name.venue.clone(),
                symbol,
                timeframe,
                kind: origin.options.kind.unwrap_or(origin.name.kind),
                rows: opened(columns, origin.options.stamp, timeframe.millis()),
                lines,
                notes: notes.clone(),
            });
        }
        Ok(FileContent::Series(all))
    }

    fn resolve(&self, path: &Path, zone: Option<&str>) -> Result<Times, ReadError> {
        let mut resolver = Resolver::new(self.stamps.iter().copied(), zone)?;
        let assumed_utc = self.stamps.iter().any(|&stamp| resolver.assumes_utc(stamp));
        let mut at = Vec::with_capacity(self.stamps.len());
        for (row, &stamp) in self.stamps.iter().enumerate() {
            at.push(resolver.resolve(stamp).map_err(|problem| ReadError::Cell {
                path: path.into(),
                line: self.lines[row],
                column: "time".to_owned(),
                value: match stamp {
                    Stamp::Instant(at) => at.to_string(),
                    Stamp::Civil(civil) => civil.to_string(),
                },
                problem,
            })?);
        }
        Ok(Times { at, assumed_utc })
    }
}

struct Times {
    at: Vec<UnixMillis>,
    assumed_utc: bool,
}

/// The rows of each instrument, or of the one asked for.
fn group(symbols: Vec<Symbol>, only: Option<&Symbol>) -> BTreeMap<Symbol, Option<Vec<usize>>> {
    let mut groups: BTreeMap<Symbol, Option<Vec<usize>>> = BTreeMap::new();
    for (row, symbol) in symbols.into_iter().enumerate() {
        if only.is_none_or(|only| *only == symbol) {
            groups
                .entry(symbol)
                .or_insert_with(|| Some(Vec::new()))
                .get_or_insert_default()
                .push(row);
        }
    }
    groups
}

fn select(times: &[UnixMillis], numbers: &[Vec<f64>; 5], rows: &[usize]) -> Columns {
    let column = |at: usize| rows.iter().map(|&row| numbers[at][row]).collect();
    Columns {
        time: rows.iter().map(|&row| times[row]).collect(),
        open: column(0),
        high: column(1),
        low: column(2),
        close: column(3),
        volume: column(4),
    }
}

/// Stamps of ends become stamps of starts.
fn opened(mut columns: Columns, stamp: StampMeans, millis: i64) -> Columns {
    if stamp == StampMeans::Close {
        for time in &mut columns.time {
            *time = time.plus(-millis);
        }
    }
    columns
}
