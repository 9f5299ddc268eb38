//! Columnar files: freqtrade's feather (Arrow IPC) and Parquet.

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use ::bytes::Bytes;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Date64Type, Float32Type, Float64Type, Int32Type, Int64Type,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType, UInt64Type,
};
use arrow_array::{Array, RecordBatch};
use arrow_ipc::reader::FileReader;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use fondaco_app::data::{FileContent, Note, RawSeries, ReadOptions};
use fondaco_domain::{Symbol, UnixMillis};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::columns::{Candles, Layout, Source, layout};
use super::stamp::{self, Stamp};
use super::table::{Origin, Table};
use super::{FileName, bytes};
use crate::error::{CellProblem, ReadError};

/// Reads an Arrow IPC file.
pub(crate) fn feather_series(
    path: &Path,
    name: &FileName,
    options: &ReadOptions,
) -> Result<FileContent<RawSeries>, ReadError> {
    let bytes = bytes::load(path)?;
    if bytes.starts_with(b"FEA1") {
        let problem = "it is of the first version of the format; write it with version 2";
        return Err(ReadError::damaged(path, "feather", problem));
    }
    let batches = guarded(path, "feather", || {
        FileReader::try_new(Cursor::new(bytes), None)?.collect::<Result<Vec<_>, _>>()
    })?;
    series(path, name, options, &batches)
}

/// Reads a Parquet file.
pub(crate) fn parquet_series(
    path: &Path,
    name: &FileName,
    options: &ReadOptions,
) -> Result<FileContent<RawSeries>, ReadError> {
    let bytes = bytes::load(path)?;
    let batches = guarded(path, "Parquet", || parquet_batches(bytes.into()))?;
    series(path, name, options, &batches)
}

/// All rows of a Parquet file.
pub(crate) fn parquet_batches(bytes: Bytes) -> Result<Vec<RecordBatch>, ArrowError> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
        .map_err(|cause| ArrowError::ParquetError(cause.to_string()))?
        .with_batch_size(1 << 16)
        .build()
        .map_err(|cause| ArrowError::ParquetError(cause.to_string()))?;
    reader.collect()
}

/// Decoders may panic on bytes that nobody wrote; to a reader of files that
/// is a damaged file like any other.
pub(crate) fn guarded<T>(
    path: &Path,
    format: &'static str,
    decode: impl FnOnce() -> Result<T, ArrowError>,
) -> Result<T, ReadError> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(decoded)) => Ok(decoded),
        Ok(Err(cause)) => Err(ReadError::damaged(path, format, cause)),
        Err(_) => Err(ReadError::damaged(path, format, "it cannot be decoded")),
    }
}

fn series(
    path: &Path,
    name: &FileName,
    options: &ReadOptions,
    batches: &[RecordBatch],
) -> Result<FileContent<RawSeries>, ReadError> {
    let Some(first) = batches.first() else {
        return Err(ReadError::Empty { path: path.into() });
    };
    let names: Vec<String> = first
        .schema()
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    let file = Columnar {
        path,
        names: &names,
        batches,
    };
    let table = match layout(path, &names, options)? {
        Layout::Skipped(reason) => return Ok(FileContent::Skipped(reason)),
        Layout::Candles(candles) => file.candles(&candles)?,
        Layout::Wide { time, closes } => file.wide(time, &closes)?,
    };
    table.into_series(&Origin {
        path,
        name,
        options,
        zone: None,
    })
}

struct Columnar<'a> {
    path: &'a Path,
    names: &'a [String],
    batches: &'a [RecordBatch],
}

impl Columnar<'_> {
    fn candles(&self, candles: &Candles) -> Result<Table, ReadError> {
        let stamps = self.stamps(candles.time)?;
        let column = |source: Source| -> Result<Vec<f64>, ReadError> {
            let parts = source
                .columns()
                .map(|at| self.doubles(at))
                .collect::<Result<Vec<_>, _>>()?;
            let first = source.columns().next();
            let value = |row: usize| source.value(|at| parts[usize::from(Some(at) != first)][row]);
            Ok((0..stamps.len()).map(value).collect())
        };
        let [open, high, low, close] = candles.prices;
        let mut notes = Vec::new();
        let volume = if let Some(source) = candles.volume {
            column(source)?
        } else {
            notes.push(Note::NoVolume);
            vec![0.0; stamps.len()]
        };
        Ok(Table {
            lines: (1..=stamps.len()).collect(),
            symbols: candles.symbol.map(|at| self.symbols(at)).transpose()?,
            numbers: [
                column(open)?,
                column(high)?,
                column(low)?,
                column(close)?,
                volume,
            ],
            stamps,
            notes,
        })
    }

    fn wide(&self, time: usize, closes: &[usize]) -> Result<Table, ReadError> {
        let stamps = self.stamps(time)?;
        let mut table = Table::default();
        let mut symbols = Vec::new();
        let mut empty = 0;
        for &column in closes {
            let name = &self.names[column];
            let symbol: Symbol = name.parse().map_err(|_| ReadError::Symbol {
                path: self.path.into(),
                name: name.clone(),
            })?;
            for (row, close) in self.doubles(column)?.into_iter().enumerate() {
                if close.is_nan() {
                    empty += 1;
                    continue;
                }
                table.push(row + 1, stamps[row], [close, close, close, close, 0.0]);
                symbols.push(symbol.clone());
            }
        }
        table.symbols = Some(symbols);
        table.notes.push(Note::CloseOnly);
        if empty > 0 {
            table.notes.push(Note::EmptyCells { rows: empty });
        }
        Ok(table)
    }

    fn stamps(&self, column: usize) -> Result<Vec<Stamp>, ReadError> {
        let mut all = Vec::new();
        for batch in self.batches {
            let array = batch.column(column);
            for row in 0..array.len() {
                match stamp_at(array, row) {
                    StampCell::Stamp(stamp) => all.push(stamp),
                    StampCell::OtherType => return Err(self.type_of(column, array)),
                    StampCell::NotATime => {
                        return Err(ReadError::Cell {
                            path: self.path.into(),
                            line: all.len() + 1,
                            column: self.names[column].clone(),
                            value: text_at(array, row).unwrap_or("null").to_owned(),
                            problem: CellProblem::NotATime,
                        });
                    }
                }
            }
        }
        Ok(all)
    }

    /// Numbers; null is not a finite one.
    fn doubles(&self, column: usize) -> Result<Vec<f64>, ReadError> {
        let mut all = Vec::new();
        for batch in self.batches {
            let array = batch.column(column);
            macro_rules! collect {
                ($kind:ty) => {
                    all.extend(
                        array
                            .as_primitive::<$kind>()
                            .iter()
                            .map(|value| value.map_or(f64::NAN, |value| value as f64)),
                    )
                };
            }
            match array.data_type() {
                DataType::Float64 => all.extend(
                    array
                        .as_primitive::<Float64Type>()
                        .iter()
                        .map(|value| value.unwrap_or(f64::NAN)),
                ),
                DataType::Float32 => all.extend(
                    array
                        .as_primitive::<Float32Type>()
                        .iter()
                        .map(|value| value.map_or(f64::NAN, f64::from)),
                ),
                DataType::Int64 => collect!(Int64Type),
                DataType::UInt64 => collect!(UInt64Type),
                DataType::Int32 => all.extend(
                    array
                        .as_primitive::<Int32Type>()
                        .iter()
                        .map(|value| value.map_or(f64::NAN, f64::from)),
                ),
                _ => return Err(self.type_of(column, array)),
            }
        }
        Ok(all)
    }

    fn symbols(&self, column: usize) -> Result<Vec<Symbol>, ReadError> {
        let mut all = Vec::new();
        for batch in self.batches {
            let array = batch.column(column);
            for row in 0..array.len() {
                let text = text_at(array, row).ok_or_else(|| self.type_of(column, array))?;
                all.push(text.parse().map_err(|_| ReadError::Cell {
                    path: self.path.into(),
                    line: all.len() + 1,
                    column: self.names[column].clone(),
                    value: text.to_owned(),
                    problem: CellProblem::NotASymbol,
                })?);
            }
        }
        Ok(all)
    }

    fn type_of(&self, column: usize, array: &dyn Array) -> ReadError {
        ReadError::ColumnType {
            path: self.path.into(),
            column: self.names[column].clone(),
            found: array.data_type().to_string(),
        }
    }
}

/// What a cell of a column of stamps holds.
enum StampCell {
    Stamp(Stamp),
    NotATime,
    /// The column holds something else altogether.
    OtherType,
}

impl From<Option<Stamp>> for StampCell {
    fn from(stamp: Option<Stamp>) -> Self {
        stamp.map_or(Self::NotATime, Self::Stamp)
    }
}

fn stamp_at(array: &dyn Array, row: usize) -> StampCell {
    const DAY: i64 = 86_400_000;
    if array.is_null(row) {
        return StampCell::NotATime;
    }
    let (millis, zoned) = match array.data_type() {
        DataType::Timestamp(unit, zone) => (timestamp_at(array, *unit, row), zone.is_some()),
        DataType::Date32 => (
            i64::from(array.as_primitive::<Date32Type>().value(row)) * DAY,
            false,
        ),
        DataType::Date64 => (array.as_primitive::<Date64Type>().value(row), false),
        DataType::Int64 => {
            let epoch = array.as_primitive::<Int64Type>().value(row);
            return stamp::parse(&epoch.to_string()).into();
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            return text_at(array, row).and_then(stamp::parse).into();
        }
        _ => return StampCell::OtherType,
    };
    let at = UnixMillis(millis);
    StampCell::Stamp(if zoned {
        Stamp::Instant(at)
    } else {
        let utc = at.timestamp().to_zoned(jiff::tz::TimeZone::UTC);
        Stamp::Civil(utc.datetime())
    })
}

/// Milliseconds, rounded down.
fn timestamp_at(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row) * 1_000,
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row),
        TimeUnit::Microsecond => array
            .as_primitive::<TimestampMicrosecondType>()
            .value(row)
            .div_euclid(1_000),
        TimeUnit::Nanosecond => array
            .as_primitive::<TimestampNanosecondType>()
            .value(row)
            .div_euclid(1_000_000),
    }
}

fn text_at(array: &dyn Array, row: usize) -> Option<&str> {
    match array.data_type() {
        DataType::Utf8 => Some(array.as_string::<i32>().value(row)),
        DataType::LargeUtf8 => Some(array.as_string::<i64>().value(row)),
        DataType::Utf8View => Some(array.as_string_view().value(row)),
        _ => None,
    }
}
