//! What the exchange answers.

use fondaco_domain::{Bar, UnixMillis};
use serde_json::Value;
use thiserror::Error;

/// An answer that is not the protocol's.
#[derive(Debug, Error)]
pub(super) enum AnswerError {
    #[error("the answer is not JSON: {0}")]
    Json(#[from] serde_json::Error),
    #[error("row {0} of the answer is not a candle")]
    Row(usize),
    #[error("row {0} of the answer is older than the one before")]
    Order(usize),
}

/// `[[open time, "open", "high", "low", "close", "volume", …], …]`.
pub(super) fn bars(body: &[u8]) -> Result<Vec<Bar>, AnswerError> {
    let rows: Vec<Vec<Value>> = serde_json::from_slice(body)?;
    let mut bars: Vec<Bar> = Vec::with_capacity(rows.len());
    for (index, row) in rows.iter().enumerate() {
        let bar = bar(row).ok_or(AnswerError::Row(index))?;
        if bars.last().is_some_and(|last| last.time >= bar.time) {
            return Err(AnswerError::Order(index));
        }
        bars.push(bar);
    }
    Ok(bars)
}

/// The exchange's own words: `{"code": -1121, "msg": "Invalid symbol."}`.
pub(super) fn refusal(body: &[u8]) -> Option<String> {
    let value: Value = serde_json::from_slice(body).ok()?;
    value.get("msg")?.as_str().map(str::to_owned)
}

fn bar(row: &[Value]) -> Option<Bar> {
    let number = |at: usize| -> Option<f64> {
        let value: f64 = row.get(at)?.as_str()?.parse().ok()?;
        (value.is_finite() && value >= 0.0).then_some(value)
    };
    let bar = Bar {
        time: UnixMillis(row.first()?.as_i64()?),
        open: number(1)?,
        high: number(2)?,
        low: number(3)?,
        close: number(4)?,
        volume: number(5)?,
    };
    (bar.high >= bar.low).then_some(bar)
}
