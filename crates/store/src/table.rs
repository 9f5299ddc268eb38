//! Trades as a Parquet file.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::Trade;
use parquet::arrow::ArrowWriter;

use crate::error::StoreError;

/// The trades with the columns of `trades.csv`, typed: stamps in UTC
/// milliseconds, numbers as doubles.
pub fn trades_parquet(trades: &[Trade]) -> Result<Vec<u8>, StoreError> {
    let columns = columns(trades);
    let fields: Vec<_> = columns
        .iter()
        .map(|(name, array)| Field::new(*name, array.data_type().clone(), array.is_nullable()))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let write = || {
        let batch = RecordBatch::try_new(schema.clone(), arrays)?;
        let mut writer = ArrowWriter::try_new(Vec::new(), schema, None)?;
        writer.write(&batch)?;
        writer.into_inner()
    };
    write().map_err(StoreError::Table)
}

fn columns(trades: &[Trade]) -> Vec<(&'static str, ArrayRef)> {
    let texts = |of: fn(&Trade) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(trades.iter().map(of)))
    };
    let flags = |of: fn(&Trade) -> bool| -> ArrayRef {
        Arc::new(trades.iter().map(of).map(Some).collect::<BooleanArray>())
    };
    let numbers = |of: fn(&Trade) -> f64| -> ArrayRef {
        Arc::new(Float64Array::from_iter_values(trades.iter().map(of)))
    };
    let stamps = |of: fn(&Trade) -> i64| -> ArrayRef {
        let values = TimestampMillisecondArray::from_iter_values(trades.iter().map(of));
        Arc::new(values.with_data_type(DataType::Timestamp(
            TimeUnit::Millisecond,
            Some("UTC".into()),
        )))
    };
    let counts = |of: fn(&Trade) -> i64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(trades.iter().map(of)))
    };
    vec![
        ("pair", texts(|trade| trade.pair.as_str())),
        ("is_short", flags(|trade| trade.side == Side::Short)),
        ("open_date", stamps(|trade| trade.open_time.0)),
        ("close_date", stamps(|trade| trade.close_time.0)),
        ("open_rate", numbers(|trade| trade.open_rate)),
        ("close_rate", numbers(|trade| trade.close_rate)),
        ("amount", numbers(|trade| trade.amount)),
        ("stake_amount", numbers(|trade| trade.stake_amount)),
        ("max_stake_amount", numbers(|trade| trade.max_stake_amount)),
        ("profit_abs", numbers(|trade| trade.profit_abs)),
        ("profit_ratio", numbers(|trade| trade.profit_ratio)),
        ("fee_open", numbers(|trade| trade.fee_open)),
        ("fee_close", numbers(|trade| trade.fee_close)),
        ("exit_reason", texts(|trade| trade.exit_reason.as_str())),
        (
            "enter_tag",
            texts(|trade| trade.enter_tag.as_deref().unwrap_or_default()),
        ),
        (
            "trade_duration",
            counts(|trade| (trade.close_time.0 - trade.open_time.0).div_euclid(60_000)),
        ),
        (
            "initial_stop_loss_abs",
            numbers(|trade| trade.initial_stop_loss),
        ),
        ("stop_loss_abs", numbers(|trade| trade.stop_loss)),
        ("stop_loss_ratio", numbers(|trade| trade.stop_loss_ratio)),
        ("min_rate", numbers(|trade| trade.min_rate)),
        ("max_rate", numbers(|trade| trade.max_rate)),
        ("leverage", numbers(|trade| trade.leverage)),
        ("funding_fees", numbers(|trade| trade.funding_fees)),
        ("is_open", flags(|trade| trade.is_open)),
        ("n_orders", counts(|trade| trade.orders.len() as i64)),
        ("open_timestamp", counts(|trade| trade.open_time.0)),
        ("close_timestamp", counts(|trade| trade.close_time.0)),
    ]
}
