//! Candles in columns.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::error::{ErrorKind, Hint};
use crate::time::{TimeRange, UnixMillis};

/// One candle. Prices are in the quote currency, volume in units of the base.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bar {
    /// Open time.
    pub time: UnixMillis,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Traded volume.
    pub volume: f64,
}

/// Candles of one instrument in columns of equal length, oldest first, every
/// stamp once, every number finite.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Bars {
    time: Vec<UnixMillis>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

/// Rows that cannot be candles.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum BarsError {
    /// Columns of different lengths.
    #[error("column `{column}` has {found} rows where `time` has {expected}")]
    Length {
        /// The odd column.
        column: &'static str,
        /// Its rows.
        found: usize,
        /// Rows of the time column.
        expected: usize,
    },
    /// A stamp that is not after the one before it.
    #[error("row {row}: {at} is not after {before}")]
    Order {
        /// Zero-based row.
        row: usize,
        /// Its stamp.
        at: UnixMillis,
        /// The stamp before.
        before: UnixMillis,
    },
    /// NaN or infinite.
    #[error("row {row} ({at}): `{column}` is {value}, not a finite number")]
    NotFinite {
        /// Zero-based row.
        row: usize,
        /// Its stamp.
        at: UnixMillis,
        /// The column.
        column: &'static str,
        /// What it holds.
        value: f64,
    },
}

impl Hint for BarsError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Corrupt
    }
}

/// The columns of [`Bars`] before they are checked.
#[derive(Debug, Clone, Default)]
pub struct Columns {
    /// Open times.
    pub time: Vec<UnixMillis>,
    /// First prices.
    pub open: Vec<f64>,
    /// Highest prices.
    pub high: Vec<f64>,
    /// Lowest prices.
    pub low: Vec<f64>,
    /// Last prices.
    pub close: Vec<f64>,
    /// Traded volumes.
    pub volume: Vec<f64>,
}

impl Bars {
    /// Checks lengths, order and finiteness.
    pub fn new(columns: Columns) -> Result<Self, BarsError> {
        let Columns {
            time,
            open,
            high,
            low,
            close,
            volume,
        } = columns;
        let numbers = [
            ("open", &open),
            ("high", &high),
            ("low", &low),
            ("close", &close),
            ("volume", &volume),
        ];
        for (column, values) in numbers {
            if values.len() != time.len() {
                return Err(BarsError::Length {
                    column,
                    found: values.len(),
                    expected: time.len(),
                });
            }
            if let Some(row) = values.iter().position(|value| !value.is_finite()) {
                let value = values[row];
                return Err(BarsError::NotFinite {
                    row,
                    at: time[row],
                    column,
                    value,
                });
            }
        }
        if let Some(row) = (1..time.len()).find(|&row| time[row] <= time[row - 1]) {
            return Err(BarsError::Order {
                row,
                at: time[row],
                before: time[row - 1],
            });
        }
        Ok(Self {
            time,
            open,
            high,
            low,
            close,
            volume,
        })
    }

    /// From rows, with the same checks as [`Bars::new`].
    pub fn from_rows(rows: impl IntoIterator<Item = Bar>) -> Result<Self, BarsError> {
        let mut columns = Columns::default();
        for bar in rows {
            columns.time.push(bar.time);
            columns.open.push(bar.open);
            columns.high.push(bar.high);
            columns.low.push(bar.low);
            columns.close.push(bar.close);
            columns.volume.push(bar.volume);
        }
        Self::new(columns)
    }

    /// Number of candles.
    pub fn len(&self) -> usize {
        self.time.len()
    }

    /// Whether there is no candle.
    pub fn is_empty(&self) -> bool {
        self.time.is_empty()
    }

    /// Open times.
    pub fn time(&self) -> &[UnixMillis] {
        &self.time
    }

    /// First prices.
    pub fn open(&self) -> &[f64] {
        &self.open
    }

    /// Highest prices.
    pub fn high(&self) -> &[f64] {
        &self.high
    }

    /// Lowest prices.
    pub fn low(&self) -> &[f64] {
        &self.low
    }

    /// Last prices.
    pub fn close(&self) -> &[f64] {
        &self.close
    }

    /// Traded volumes.
    pub fn volume(&self) -> &[f64] {
        &self.volume
    }

    /// The candle of a row.
    ///
    /// # Panics
    /// When the row does not exist.
    pub fn bar(&self, row: usize) -> Bar {
        Bar {
            time: self.time[row],
            open: self.open[row],
            high: self.high[row],
            low: self.low[row],
            close: self.close[row],
            volume: self.volume[row],
        }
    }

    /// All candles, oldest first.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Bar> + '_ {
        (0..self.len()).map(|row| self.bar(row))
    }

    /// The row of the first candle at or after the instant.
    pub fn row_at(&self, at: UnixMillis) -> usize {
        self.time.partition_point(|&time| time < at)
    }

    /// The candles of some rows.
    #[must_use]
    pub fn slice(&self, rows: std::ops::Range<usize>) -> Self {
        Self {
            time: self.time[rows.clone()].to_vec(),
            open: self.open[rows.clone()].to_vec(),
            high: self.high[rows.clone()].to_vec(),
            low: self.low[rows.clone()].to_vec(),
            close: self.close[rows.clone()].to_vec(),
            volume: self.volume[rows].to_vec(),
        }
    }

    /// The rows whose stamps lie in the range.
    pub fn rows_in(&self, range: TimeRange) -> std::ops::Range<usize> {
        let from = range.from.map_or(0, |from| self.row_at(from));
        let to = range.to.map_or(self.len(), |to| self.row_at(to));
        from..to.max(from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bar(time: i64, price: f64) -> Bar {
        Bar {
            time: UnixMillis(time),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 1.0,
        }
    }

    #[test]
    fn refuses_what_is_no_candle() {
        assert!(matches!(
            Bars::from_rows([bar(2, 1.0), bar(2, 1.0)]),
            Err(BarsError::Order { row: 1, .. })
        ));
        assert!(matches!(
            Bars::from_rows([bar(1, 1.0), bar(2, f64::NAN)]),
            Err(BarsError::NotFinite {
                row: 1,
                column: "open",
                ..
            })
        ));
    }

    #[test]
    fn a_range_selects_rows() {
        let bars = Bars::from_rows((0..5).map(|i| bar(i * 10, 1.0))).unwrap();
        let range = TimeRange {
            from: Some(UnixMillis(5)),
            to: Some(UnixMillis(30)),
        };
        assert_eq!(bars.rows_in(range), 1..3);
    }
}
