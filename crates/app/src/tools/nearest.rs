//! Names that were perhaps meant.

use fondaco_domain::Symbol;

use crate::backtests::pin::Datasets;
use crate::data::{DatasetId, VersionRef};

/// Changes of one letter that may lie between a name and one that was meant;
/// half of its letters where it is short.
const FAR: usize = 2;

/// Data sets of instruments that are called much like one, the nearest first.
pub(super) fn of<'a>(
    symbol: &Symbol,
    datasets: &'a Datasets,
) -> Vec<(&'a DatasetId, &'a VersionRef)> {
    let wanted = symbol.as_str().to_ascii_uppercase();
    let far_off = (wanted.len() / 2).clamp(1, FAR);
    let mut near: Vec<_> = datasets
        .iter()
        .map(|(id, version)| {
            let name = id.symbol.as_str().to_ascii_uppercase();
            (distance(&wanted, &name), id, version)
        })
        .filter(|(far, id, _)| *far <= far_off && id.symbol != *symbol)
        .collect();
    near.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)));
    near.into_iter()
        .map(|(_, id, version)| (id, version))
        .collect()
}

/// How many letters have to be put in, taken out or changed.
fn distance(a: &str, b: &str) -> usize {
    let b = b.as_bytes();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, right) in b.iter().enumerate() {
            let changed = diagonal + usize::from(left != *right);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn letters_between_names() {
        for (a, b, far) in [
            ("AAPL", "AAPL", 0),
            ("APPL", "AAPL", 1),
            ("AAPL", "AAL", 1),
            ("MSFT", "MFST", 2),
            ("", "GS", 2),
            ("IBM", "", 3),
        ] {
            assert_eq!(distance(a, b), far, "{a} {b}");
        }
    }
}
