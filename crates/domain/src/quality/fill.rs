//! Candles for times without trades.

use crate::bars::{Bar, Bars};
use crate::timeframe::Timeframe;

/// Fills missing candles between the first and the last: open, high, low and
/// close are the close before, the volume is zero. Candles there are stay as
/// they are.
#[must_use]
pub fn fill_gaps(bars: &Bars, timeframe: Timeframe) -> Bars {
    let step = timeframe.millis();
    let complete = bars
        .time()
        .windows(2)
        .all(|pair| pair[1].0 - pair[0].0 <= step);
    if complete {
        return bars.clone();
    }
    let mut rows: Vec<Bar> = Vec::with_capacity(bars.len());
    for bar in bars.rows() {
        if let Some(last) = rows.last().copied() {
            let mut time = last.time.plus(step);
            while time < bar.time {
                rows.push(Bar {
                    time,
                    open: last.close,
                    high: last.close,
                    low: last.close,
                    close: last.close,
                    volume: 0.0,
                });
                time = time.plus(step);
            }
        }
        rows.push(bar);
    }
    // Stamps between ordered stamps are ordered, and closes are finite.
    Bars::from_rows(rows).unwrap_or_else(|_| bars.clone())
}
