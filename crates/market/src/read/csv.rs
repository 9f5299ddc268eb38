//! Text with a line for each candle.

use std::path::Path;

use csv::{ByteRecord, ReaderBuilder};
use fondaco_app::data::{Decimal, FileContent, Note, RawSeries, ReadOptions, SkipReason};
use fondaco_domain::Symbol;

use super::FileName;
use super::bytes;
use super::columns::{Candles, Layout, layout};
use super::number::{self, Evidence};
use super::stamp::{self, Stamp};
use super::table::{Origin, Table};
use crate::error::{CellProblem, ReadError};

/// Reads `.csv`, `.tsv` and `.txt`, packed or not.
pub(crate) fn read(
    path: &Path,
    name: &FileName,
    options: &ReadOptions,
) -> Result<FileContent<RawSeries>, ReadError> {
    let bytes = bytes::load(path)?;
    let text = Text::new(path, &bytes, options)?;
    let Some(names) = text.names.clone() else {
        return Ok(FileContent::Skipped(headless(path)));
    };
    let origin = Origin {
        path,
        name,
        options,
        zone: None,
    };
    match layout(path, &names, options)? {
        Layout::Skipped(reason) => Ok(FileContent::Skipped(reason)),
        Layout::Candles(candles) => text.candles(&candles, options)?.into_series(&origin),
        Layout::Wide { time, closes } => text.wide(time, &closes, options)?.into_series(&origin),
    }
}

/// Files without names of columns that are known by where they lie.
fn headless(path: &Path) -> SkipReason {
    let folder = path.parent().and_then(Path::file_name);
    if folder.is_some_and(|folder| folder == "factor_files") {
        SkipReason::NotCandles {
            holds: "factors for splits and dividends".to_owned(),
        }
    } else {
        SkipReason::ColumnsNotStated
    }
}

struct Text<'a> {
    path: &'a Path,
    bytes: &'a [u8],
    delimiter: u8,
    /// `None` where the first line is numbers and none were stated.
    names: Option<Vec<String>>,
    /// Whether the first line is data.
    headless: bool,
}

impl<'a> Text<'a> {
    fn new(path: &'a Path, bytes: &'a [u8], options: &ReadOptions) -> Result<Self, ReadError> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let delimiter = match options.delimiter {
            Some(delimiter) => delimiter as u8,
            None => detect_delimiter(bytes),
        };
        let mut text = Self {
            path,
            bytes,
            delimiter,
            names: options.columns.clone(),
            headless: true,
        };
        if text.names.is_none() {
            let mut first = ByteRecord::new();
            text.reader()
                .read_byte_record(&mut first)
                .map_err(|cause| ReadError::damaged(path, "CSV", cause))?;
            let names: Vec<String> = first.iter().map(lossy).collect();
            if names.iter().any(|name| name.contains(char::is_alphabetic)) {
                text.names = Some(names);
                text.headless = false;
            }
        }
        Ok(text)
    }

    /// Calls `visit` with the line and the cells of every row of data.
    fn rows(
        &self,
        mut visit: impl FnMut(usize, &ByteRecord) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let width = self.names.as_ref().map_or(0, Vec::len);
        let mut reader = self.reader();
        let mut record = ByteRecord::new();
        let mut skip_first = !self.headless;
        loop {
            match reader.read_byte_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) if skip_first => skip_first = false,
                Ok(true) => {
                    let line = record.position().map_or(0, |at| at.line() as usize);
                    if record.len() != width {
                        let problem = format!(
                            "line {line} has {} cells where {width} columns are named",
                            record.len()
                        );
                        return Err(ReadError::damaged(self.path, "CSV", problem));
                    }
                    visit(line, &record)?;
                }
                Err(cause) => return Err(ReadError::damaged(self.path, "CSV", cause)),
            }
        }
    }

    fn candles(&self, candles: &Candles, options: &ReadOptions) -> Result<Table, ReadError> {
        let mut used: Vec<usize> = candles.prices.iter().flat_map(|it| it.columns()).collect();
        used.extend(candles.volume.iter().flat_map(|it| it.columns()));
        let decimal = self.decimal(&used, options)?;
        let mut table = Table {
            symbols: candles.symbol.map(|_| Vec::new()),
            ..Table::default()
        };
        let mut bad = BadRows::new(options.repair.drop_bad_rows);
        let mut cells = vec![f64::NAN; self.names.as_ref().map_or(0, Vec::len)];
        self.rows(|line, record| {
            let row = (|| {
                let stamp = self.stamp(line, record, candles.time, candles.clock)?;
                for &column in &used {
                    cells[column] = self.number(line, record, column, decimal)?;
                }
                let symbol = candles.symbol.map(|at| self.symbol(line, record, at));
                Ok((stamp, symbol.transpose()?))
            })();
            let Some((stamp, symbol)) = bad.admit(line, row)? else {
                return Ok(());
            };
            let value = |source: super::columns::Source| source.value(|at| cells[at]);
            let [open, high, low, close] = candles.prices.map(value);
            let volume = candles.volume.map_or(0.0, value);
            table.push(line, stamp, [open, high, low, close, volume]);
            if let (Some(all), Some(symbol)) = (&mut table.symbols, symbol) {
                all.push(symbol);
            }
            Ok(())
        })?;
        if candles.volume.is_none() {
            table.notes.push(Note::NoVolume);
        }
        table.notes.extend(bad.note());
        Ok(table)
    }

    /// One candle for each cell that is not empty.
    fn wide(
        &self,
        time: usize,
        closes: &[usize],
        options: &ReadOptions,
    ) -> Result<Table, ReadError> {
        let decimal = self.decimal(closes, options)?;
        let names = self.names.as_deref().unwrap_or_default();
        let mut instruments = Vec::with_capacity(closes.len());
        for &column in closes {
            let name = names[column].trim();
            instruments.push(name.parse::<Symbol>().map_err(|_| ReadError::Symbol {
                path: self.path.into(),
                name: name.to_owned(),
            })?);
        }
        let mut table = Table::default();
        let mut symbols = Vec::new();
        let mut empty = 0;
        self.rows(|line, record| {
            let stamp = self.stamp(line, record, time, None)?;
            for (&column, symbol) in closes.iter().zip(&instruments) {
                if record[column].is_empty() {
                    empty += 1;
                    continue;
                }
                let close = self.number(line, record, column, decimal)?;
                table.push(line, stamp, [close, close, close, close, 0.0]);
                symbols.push(symbol.clone());
            }
            Ok(())
        })?;
        table.symbols = Some(symbols);
        table.notes.push(Note::CloseOnly);
        if empty > 0 {
            table.notes.push(Note::EmptyCells { rows: empty });
        }
        Ok(table)
    }

    /// The decimal mark all numbers of the file agree on.
    fn decimal(&self, columns: &[usize], options: &ReadOptions) -> Result<Decimal, ReadError> {
        if let Some(stated) = options.decimal {
            return Ok(stated);
        }
        let (mut proven, mut doubtful): (Option<Decimal>, Option<ReadError>) = (None, None);
        self.rows(|line, record| {
            for &column in columns {
                // Most cells have at most one point: nothing to look at.
                let marks = |b: &&u8| matches!(**b, b',' | b'.');
                if record[column].iter().filter(marks).count() == 0 {
                    continue;
                }
                let value = lossy(&record[column]);
                let ambiguous = || ReadError::AmbiguousNumber {
                    path: self.path.into(),
                    line,
                    column: self.name(column),
                    value: value.clone(),
                };
                match number::evidence(&value) {
                    Evidence::Plain => {}
                    Evidence::Either => doubtful = Some(doubtful.take().unwrap_or_else(ambiguous)),
                    Evidence::Proves(mark) if proven.is_some_and(|it| it != mark) => {
                        return Err(ambiguous());
                    }
                    Evidence::Proves(mark) => proven = Some(mark),
                }
            }
            Ok(())
        })?;
        match (proven, doubtful) {
            (Some(proven), _) => Ok(proven),
            (None, Some(doubt)) => Err(doubt),
            (None, None) => Ok(Decimal::Point),
        }
    }

    fn stamp(
        &self,
        line: usize,
        record: &ByteRecord,
        time: usize,
        clock: Option<usize>,
    ) -> Result<Stamp, ReadError> {
        let mut text = lossy(&record[time]);
        if let Some(clock) = clock {
            text = format!("{} {}", text.trim(), lossy(&record[clock]).trim());
        }
        stamp::parse(&text).ok_or_else(|| self.cell(line, time, text, CellProblem::NotATime))
    }

    /// A number; an empty cell is not a finite one.
    fn number(
        &self,
        line: usize,
        record: &ByteRecord,
        column: usize,
        decimal: Decimal,
    ) -> Result<f64, ReadError> {
        let text = lossy(&record[column]);
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("null") || text.eq_ignore_ascii_case("na") {
            return Ok(f64::NAN);
        }
        number::parse(text, decimal)
            .ok_or_else(|| self.cell(line, column, text.to_owned(), CellProblem::NotANumber))
    }

    fn symbol(&self, line: usize, record: &ByteRecord, at: usize) -> Result<Symbol, ReadError> {
        let text = lossy(&record[at]);
        text.trim()
            .parse()
            .map_err(|_| self.cell(line, at, text, CellProblem::NotASymbol))
    }

    fn cell(&self, line: usize, column: usize, value: String, problem: CellProblem) -> ReadError {
        ReadError::Cell {
            path: self.path.into(),
            line,
            column: self.name(column),
            value,
            problem,
        }
    }

    fn name(&self, column: usize) -> String {
        self.names
            .as_ref()
            .and_then(|names| names.get(column))
            .filter(|name| !name.is_empty())
            .cloned()
            .unwrap_or_else(|| format!("column {}", column + 1))
    }

    fn reader(&self) -> csv::Reader<&'a [u8]> {
        ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.bytes)
    }
}

/// Rows that cannot be parsed: an error, or left out and counted.
struct BadRows {
    drop: bool,
    rows: usize,
    lines: Vec<usize>,
}

impl BadRows {
    fn new(drop: bool) -> Self {
        Self {
            drop,
            rows: 0,
            lines: Vec::new(),
        }
    }

    fn admit<T>(&mut self, line: usize, row: Result<T, ReadError>) -> Result<Option<T>, ReadError> {
        match row {
            Ok(row) => Ok(Some(row)),
            Err(_) if self.drop => {
                self.rows += 1;
                if self.lines.len() < 10 {
                    self.lines.push(line);
                }
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn note(self) -> Option<Note> {
        (self.rows > 0).then_some(Note::BadRowsDropped {
            rows: self.rows,
            lines: self.lines,
        })
    }
}

/// The most frequent of the usual characters in the first line.
fn detect_delimiter(bytes: &[u8]) -> u8 {
    let line = bytes.split(|&b| b == b'\n').next().unwrap_or_default();
    let count = |wanted: u8| line.split(|&b| b == wanted).count();
    // The last of equal counts wins: the comma, when there is none at all.
    *[b'|', b'\t', b';', b',']
        .iter()
        .max_by_key(|&&candidate| count(candidate))
        .unwrap_or(&b',')
}

fn lossy(cell: &[u8]) -> String {
    String::from_utf8_lossy(cell).into_owned()
}
