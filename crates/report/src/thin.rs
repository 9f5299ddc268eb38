//! Fewer points that look the same.

use fondaco_domain::{Bar, Bars};

/// Rows of a series that keep its shape: of each of about `buckets` stretches
/// the first, the lowest and the highest value, and the last row of all. Every
/// row where there are few.
pub(crate) fn rows(values: &[f64], buckets: usize) -> Vec<usize> {
    let size = values.len().div_ceil(buckets.max(1)).max(1);
    if size <= 3 {
        return (0..values.len()).collect();
    }
    let mut kept = Vec::with_capacity(3 * buckets + 1);
    for from in (0..values.len()).step_by(size) {
        let until = (from + size).min(values.len());
        let by_value = |a: &usize, b: &usize| values[*a].total_cmp(&values[*b]);
        let lowest = (from..until).min_by(by_value).unwrap_or(from);
        let highest = (from..until).max_by(by_value).unwrap_or(from);
        let mut three = [from, lowest, highest];
        three.sort_unstable();
        kept.extend(three);
    }
    kept.push(values.len() - 1);
    kept.dedup();
    kept
}

/// How many candles are merged into one so that at most `limit` are left.
pub(crate) fn merge_factor(candles: usize, limit: usize) -> usize {
    candles.div_ceil(limit.max(1)).max(1)
}

/// Candles merged by a whole factor, each with the stamp of its first.
pub(crate) fn merged(bars: &Bars, factor: usize) -> Vec<Bar> {
    let rows: Vec<Bar> = bars.rows().collect();
    let merge = |group: &[Bar]| {
        let mut candle = group[0];
        for next in &group[1..] {
            candle.high = candle.high.max(next.high);
            candle.low = candle.low.min(next.low);
            candle.close = next.close;
            candle.volume += next.volume;
        }
        candle
    };
    rows.chunks(factor.max(1)).map(merge).collect()
}

#[cfg(test)]
mod tests {
    use fondaco_domain::UnixMillis;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn thinning_keeps_ends_and_extremes(values in proptest::collection::vec(-1e6_f64..1e6, 1..500), buckets in 1_usize..60) {
            let kept = rows(&values, buckets);
            prop_assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert_eq!((kept[0], kept[kept.len() - 1]), (0, values.len() - 1));
            prop_assert!(kept.len() <= 3 * buckets + 1);
            let lowest = |rows: &mut dyn Iterator<Item = usize>| rows.map(|row| values[row]).fold(f64::MAX, f64::min);
            prop_assert_eq!(lowest(&mut kept.iter().copied()), lowest(&mut (0..values.len())));
        }

        #[test]
        fn merging_keeps_extremes_and_volume(prices in proptest::collection::vec(1.0_f64..100.0, 1..200), limit in 1_usize..50) {
            let bars = Bars::from_rows(prices.iter().enumerate().map(|(row, &price)| Bar {
                time: UnixMillis(row as i64), open: price, high: price + 1.0, low: price - 1.0, close: price, volume: 1.0,
            })).unwrap();
            let candles = merged(&bars, merge_factor(bars.len(), limit));
            prop_assert!(candles.len() <= limit);
            let high = candles.iter().map(|bar| bar.high).fold(f64::MIN, f64::max);
            prop_assert_eq!(high, bars.high().iter().copied().fold(f64::MIN, f64::max));
            let volume: f64 = candles.iter().map(|bar| bar.volume).sum();
            prop_assert_eq!(volume, bars.len() as f64);
        }
    }
}
