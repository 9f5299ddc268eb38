//! New candles on top of old ones.

use std::cmp::Ordering;

use fondaco_domain::bars::Columns;
use fondaco_domain::{Bar, Bars, UnixMillis};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What happens when new candles differ from those already there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// Nothing is changed and the difference is reported.
    #[default]
    Refuse,
    /// The new candle wins.
    Replace,
}

/// Two different candles for one stamp.
#[derive(Debug, Clone, PartialEq, Error)]
#[error("{count} candles differ from those already there, the first at {at}")]
pub struct OverlapConflict {
    /// How many.
    pub count: usize,
    /// The first of them.
    pub at: UnixMillis,
    /// As stored.
    pub stored: Bar,
    /// As offered.
    pub offered: Bar,
}

/// The outcome of a merge.
#[derive(Debug, Clone, PartialEq)]
pub struct Merged {
    /// All candles.
    pub bars: Bars,
    /// Those whose stamps were not there before.
    pub added: Bars,
    /// Stamps whose candles changed, oldest first.
    pub changed: Vec<UnixMillis>,
}

impl Merged {
    /// Whether everything was there already.
    pub fn is_unchanged(&self) -> bool {
        self.added.is_empty() && self.changed.is_empty()
    }
}

/// Puts `new` on top of `old`. Candles with equal numbers are the same candle.
pub fn merge(old: &Bars, new: &Bars, overlap: Overlap) -> Result<Merged, OverlapConflict> {
    let mut all = Columns::default();
    let mut added = Columns::default();
    let mut changed = Vec::new();
    let mut conflict: Option<OverlapConflict> = None;
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        match stamp(old, i).cmp(&stamp(new, j)) {
            Ordering::Less => {
                push(&mut all, old.bar(i));
                i += 1;
            }
            Ordering::Greater => {
                push(&mut all, new.bar(j));
                push(&mut added, new.bar(j));
                j += 1;
            }
            Ordering::Equal => {
                let (stored, offered) = (old.bar(i), new.bar(j));
                if stored != offered {
                    changed.push(offered.time);
                    if overlap == Overlap::Refuse {
                        let first = conflict.get_or_insert(OverlapConflict {
                            count: 0,
                            at: offered.time,
                            stored,
                            offered,
                        });
                        first.count += 1;
                    }
                }
                push(&mut all, offered);
                i += 1;
                j += 1;
            }
        }
    }
    match conflict {
        Some(conflict) => Err(conflict),
        None => Ok(Merged {
            bars: ordered(all),
            added: ordered(added),
            changed,
        }),
    }
}

/// The stamp of a row; past the end, one that is after every candle.
fn stamp(bars: &Bars, row: usize) -> UnixMillis {
    bars.time()
        .get(row)
        .copied()
        .unwrap_or(UnixMillis(i64::MAX))
}

fn push(columns: &mut Columns, bar: Bar) {
    columns.time.push(bar.time);
    columns.open.push(bar.open);
    columns.high.push(bar.high);
    columns.low.push(bar.low);
    columns.close.push(bar.close);
    columns.volume.push(bar.volume);
}

fn ordered(columns: Columns) -> Bars {
    Bars::new(columns).expect("rows of two ordered lists, taken in order, stay ordered and finite")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(rows: &[(i64, f64)]) -> Bars {
        Bars::from_rows(rows.iter().map(|&(time, price)| Bar {
            time: UnixMillis(time),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 1.0,
        }))
        .unwrap()
    }

    #[test]
    fn what_becomes_of_an_overlap() {
        let old = bars(&[(1, 1.0), (3, 3.0)]);
        let same = merge(&old, &old, Overlap::Refuse).unwrap();
        assert!(same.is_unchanged());
        assert_eq!(same.bars, old);

        let wider = merge(
            &old,
            &bars(&[(0, 0.5), (2, 2.0), (3, 3.0), (4, 4.0)]),
            Overlap::Refuse,
        );
        let wider = wider.unwrap();
        assert_eq!(wider.added, bars(&[(0, 0.5), (2, 2.0), (4, 4.0)]));
        assert_eq!(wider.bars.len(), 5);

        let other = bars(&[(1, 9.0), (3, 8.0)]);
        let conflict = merge(&old, &other, Overlap::Refuse).unwrap_err();
        assert_eq!((conflict.count, conflict.at), (2, UnixMillis(1)));
        let replaced = merge(&old, &other, Overlap::Replace).unwrap();
        assert_eq!(replaced.changed, [UnixMillis(1), UnixMillis(3)]);
        assert_eq!(replaced.bars, other);
    }
}
