//! Candles to Parquet and back, to the last bit.

use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMillisecondType};
use arrow_array::{ArrayRef, Float64Array, RecordBatch, TimestampMillisecondArray};
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use bytes::Bytes;
use fondaco_domain::bars::Columns;
use fondaco_domain::{Bars, UnixMillis};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;

use crate::error::ReadError;
use crate::read::{guarded, parquet_batches};

const NUMBERS: [&str; 5] = ["open", "high", "low", "close", "volume"];

/// Columns `date` (milliseconds, UTC), `open`, `high`, `low`, `close`,
/// `volume` (doubles). Equal candles and tags yield equal bytes.
pub(crate) fn encode(bars: &Bars, tags: &[(&str, String)]) -> Result<Bytes, ArrowError> {
    let batch = batch(bars)?;
    let tags = tags
        .iter()
        .map(|(key, value)| KeyValue::new(format!("fondaco.{key}"), value.clone()))
        .collect();
    let properties = WriterProperties::builder()
        .set_created_by("fondaco".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_column_dictionary_enabled(ColumnPath::from("date"), false)
        .set_column_encoding(ColumnPath::from("date"), Encoding::DELTA_BINARY_PACKED)
        .set_key_value_metadata(Some(tags))
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(bytes.into())
}

/// The candles of one file of the store.
pub(super) fn decode(key: &str, bytes: Bytes) -> Result<Columns, ReadError> {
    let batches = guarded(Path::new(key), "Parquet", || parquet_batches(bytes))?;
    let mut columns = Columns::default();
    for batch in &batches {
        append(batch, &mut columns).ok_or_else(|| {
            ReadError::damaged(
                Path::new(key),
                "Parquet",
                "its columns are not those of candles",
            )
        })?;
    }
    Ok(columns)
}

/// The candles as one batch of columns.
pub(crate) fn batch(bars: &Bars) -> Result<RecordBatch, ArrowError> {
    let date = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let fields: Vec<Field> = std::iter::once(Field::new("date", date, false))
        .chain(NUMBERS.map(|name| Field::new(name, DataType::Float64, false)))
        .collect();
    let time = TimestampMillisecondArray::from_iter_values(bars.time().iter().map(|at| at.0))
        .with_timezone("UTC");
    let numbers = [
        bars.open(),
        bars.high(),
        bars.low(),
        bars.close(),
        bars.volume(),
    ];
    let columns: Vec<ArrayRef> = std::iter::once(Arc::new(time) as ArrayRef)
        .chain(numbers.map(|values| Arc::new(Float64Array::from(values.to_vec())) as ArrayRef))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn append(batch: &RecordBatch, columns: &mut Columns) -> Option<()> {
    let time = batch
        .column_by_name("date")?
        .as_primitive_opt::<TimestampMillisecondType>()?;
    columns
        .time
        .extend(time.values().iter().map(|&at| UnixMillis(at)));
    let targets = [
        &mut columns.open,
        &mut columns.high,
        &mut columns.low,
        &mut columns.close,
        &mut columns.volume,
    ];
    for (name, target) in NUMBERS.into_iter().zip(targets) {
        let values = batch
            .column_by_name(name)?
            .as_primitive_opt::<Float64Type>()?;
        target.extend_from_slice(values.values());
    }
    Some(())
}
