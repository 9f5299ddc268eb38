//! Trouble of single rows and of neighbours.

use std::collections::HashMap;

use super::{Collector, Finding, Issue, Rules};
use crate::bars::Columns;
use crate::time::UnixMillis;

pub(super) fn findings(rows: &Columns, rules: Rules) -> Vec<Finding> {
    let mut found = order(rows);
    found.extend(numbers(rows, rules));
    found.into_iter().filter_map(Collector::finding).collect()
}

/// Stamps that are repeated or late.
fn order(rows: &Columns) -> Vec<Collector> {
    let mut late = Collector::new(Issue::OutOfOrder);
    let mut duplicate = Collector::new(Issue::Duplicate);
    let mut contradiction = Collector::new(Issue::Contradiction);
    let mut seen: HashMap<UnixMillis, usize> = HashMap::with_capacity(rows.time.len());
    for (row, &at) in rows.time.iter().enumerate() {
        if row > 0 && at < rows.time[row - 1] {
            late.add(row, at, || format!("after {}", rows.time[row - 1]));
        }
        match seen.entry(at) {
            std::collections::hash_map::Entry::Vacant(entry) => {
                entry.insert(row);
            }
            std::collections::hash_map::Entry::Occupied(entry) => {
                let first = *entry.get();
                if same(rows, first, row) {
                    duplicate.add(row, at, || format!("as row {first}"));
                } else {
                    contradiction.add(row, at, || {
                        let (a, b) = (rows.close[first], rows.close[row]);
                        format!("close {b}, where row {first} has {a}")
                    });
                }
            }
        }
    }
    vec![late, duplicate, contradiction]
}

fn same(rows: &Columns, a: usize, b: usize) -> bool {
    // As bits, so that NaN equals itself.
    let bits = |column: &[f64]| column[a].to_bits() == column[b].to_bits();
    [&rows.open, &rows.high, &rows.low, &rows.close, &rows.volume]
        .into_iter()
        .all(|column| bits(column))
}

/// Numbers that cannot be those of a candle.
fn numbers(rows: &Columns, rules: Rules) -> Vec<Collector> {
    let mut not_finite = Collector::new(Issue::NotFinite);
    let mut negative = Collector::new(Issue::Negative);
    let mut zero = Collector::new(Issue::ZeroPrice);
    let mut inverted = Collector::new(Issue::HighBelowLow);
    let mut outside = Collector::new(Issue::OutsideRange);
    for (row, &at) in rows.time.iter().enumerate() {
        let prices = [
            ("open", rows.open[row]),
            ("high", rows.high[row]),
            ("low", rows.low[row]),
            ("close", rows.close[row]),
        ];
        let volume = ("volume", rows.volume[row]);
        let relevant = if rules.rates {
            &prices[..1]
        } else {
            &prices[..]
        };
        let mut all = relevant.iter().chain((!rules.rates).then_some(&volume));
        if let Some((name, value)) = all.clone().find(|(_, value)| !value.is_finite()) {
            not_finite.add(row, at, || format!("{name} {value}"));
            continue;
        }
        if rules.rates {
            continue;
        }
        if let Some((name, value)) = all.find(|(_, value)| *value < 0.0) {
            negative.add(row, at, || format!("{name} {value}"));
        }
        if let Some((name, _)) = prices.iter().find(|(_, value)| *value == 0.0) {
            zero.add(row, at, || format!("{name} 0"));
        }
        let [(_, open), (_, high), (_, low), (_, close)] = prices;
        if high < low {
            inverted.add(row, at, || format!("high {high}, low {low}"));
        } else if [open, close]
            .iter()
            .any(|price| !(low..=high).contains(price))
        {
            outside.add(row, at, || {
                format!("open {open}, close {close}, low {low}, high {high}")
            });
        }
    }
    vec![not_finite, negative, zero, inverted, outside]
}
