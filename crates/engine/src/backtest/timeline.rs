//! The instants a run visits, and which row of a pair belongs to each.

use std::borrow::Cow;

use fondaco_domain::{Bars, UnixMillis};

/// Every stamp at which some pair has a candle that a signal can act on: all
/// but the first candle of each pair.
#[derive(Debug)]
pub(super) struct Timeline<'a> {
    pub(super) times: Cow<'a, [UnixMillis]>,
    rows: Vec<Rows>,
}

/// How the steps of the timeline map to the rows of a pair.
#[derive(Debug)]
enum Rows {
    /// Rows follow the steps one by one from this step on; the first is row 1.
    From { step: usize, count: usize },
    /// The row of each step; zero for none.
    Listed(Vec<u32>),
}

impl<'a> Timeline<'a> {
    pub(super) fn new(pairs: &[&'a Bars]) -> Self {
        let tails = || {
            pairs
                .iter()
                .map(|bars| bars.time().get(1..).unwrap_or_default())
        };
        let mut times: Cow<'a, [UnixMillis]> = Cow::Borrowed(&[]);
        for tail in tails() {
            if times.is_empty() {
                times = Cow::Borrowed(tail);
            } else if *times != *tail {
                times = Cow::Owned(merge(&times, tail));
            }
        }
        let rows = tails().map(|tail| Rows::of(tail, &times)).collect();
        Self { times, rows }
    }

    /// The row of a pair at a step.
    pub(super) fn row(&self, pair: usize, step: usize) -> Option<usize> {
        match &self.rows[pair] {
            Rows::From { step: first, count } => step
                .checked_sub(*first)
                .filter(|index| index < count)
                .map(|index| index + 1),
            Rows::Listed(rows) => Some(rows[step] as usize).filter(|&row| row > 0),
        }
    }

    /// The step of a row.
    pub(super) fn step(&self, pair: usize, bars: &Bars, row: usize) -> usize {
        match &self.rows[pair] {
            Rows::From { step, .. } => step + row - 1,
            Rows::Listed(_) => self.times.partition_point(|&time| time < bars.time()[row]),
        }
    }
}

impl Rows {
    fn of(tail: &[UnixMillis], times: &[UnixMillis]) -> Self {
        let step = tail
            .first()
            .map_or(0, |first| times.partition_point(|time| time < first));
        // Pairs that share their stamps need no comparison.
        if std::ptr::eq(tail, times) || times.get(step..step + tail.len()) == Some(tail) {
            return Self::From {
                step,
                count: tail.len(),
            };
        }
        let mut rows = vec![0; times.len()];
        let mut step = 0;
        for (index, time) in tail.iter().enumerate() {
            while times[step] < *time {
                step += 1;
            }
            rows[step] = index as u32 + 1;
        }
        Self::Listed(rows)
    }
}

fn merge(a: &[UnixMillis], b: &[UnixMillis]) -> Vec<UnixMillis> {
    let mut merged = Vec::with_capacity(a.len().max(b.len()));
    let (mut i, mut j) = (0, 0);
    while let (Some(&left), Some(&right)) = (a.get(i), b.get(j)) {
        merged.push(left.min(right));
        i += usize::from(left <= right);
        j += usize::from(right <= left);
    }
    merged.extend_from_slice(&a[i..]);
    merged.extend_from_slice(&b[j..]);
    merged
}

#[cfg(test)]
mod tests {
    use fondaco_domain::Bar;

    use super::*;

    fn bars(times: &[i64]) -> Bars {
        Bars::from_rows(times.iter().map(|&t| Bar {
            time: UnixMillis(t),
            open: 1.0,
            high: 1.0,
            low: 1.0,
            close: 1.0,
            volume: 0.0,
        }))
        .unwrap()
    }

    #[test]
    fn pairs_with_holes_and_late_starts_find_their_rows() {
        let (a, b, c) = (bars(&[0, 1, 2, 3, 4]), bars(&[0, 2, 4]), bars(&[3, 4, 9]));
        let timeline = Timeline::new(&[&a, &b, &c]);
        assert_eq!(
            timeline.times.iter().map(|t| t.0).collect::<Vec<_>>(),
            [1, 2, 3, 4, 9]
        );
        for (pair, bars) in [&a, &b, &c].into_iter().enumerate() {
            for (step, &time) in timeline.times.iter().enumerate() {
                let expected = bars
                    .time()
                    .iter()
                    .position(|&t| t == time)
                    .filter(|&row| row > 0);
                assert_eq!(timeline.row(pair, step), expected, "pair {pair} at {time}");
                if let Some(row) = expected {
                    assert_eq!(timeline.step(pair, bars, row), step);
                }
            }
        }
    }
}
