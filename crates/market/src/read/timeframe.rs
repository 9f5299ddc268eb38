//! The candle length, from the stamps.

use std::collections::BTreeMap;

use fondaco_domain::{Timeframe, UnixMillis};

/// The shortest distance between neighbours, when at least half of all
/// distances are equal to it; otherwise why it cannot be told.
///
/// Weekends, holidays and gaps make some distances longer; nothing makes one
/// shorter.
pub(crate) fn infer(stamps: &[UnixMillis]) -> Result<Timeframe, String> {
    let mut ordered: Vec<i64> = stamps.iter().map(|stamp| stamp.0).collect();
    ordered.sort_unstable();
    ordered.dedup();
    let mut distances: BTreeMap<i64, usize> = BTreeMap::new();
    for pair in ordered.windows(2) {
        *distances.entry(pair[1] - pair[0]).or_default() += 1;
    }
    let total: usize = distances.values().sum();
    let Some((&shortest, &count)) = distances.first_key_value() else {
        return Err("one candle has no length".to_owned());
    };
    let days = shortest as f64 / 86_400_000.0;
    if (28.0..=31.0).contains(&days) {
        return Err("the stamps are a month apart, and months have no fixed length".to_owned());
    }
    if count * 2 < total {
        return Err(format!(
            "the stamps are {} s apart at least, but only {count} of {total} distances are that",
            shortest as f64 / 1_000.0
        ));
    }
    u32::try_from(shortest / 1_000)
        .ok()
        .filter(|_| shortest % 1_000 == 0)
        .and_then(Timeframe::from_seconds)
        .ok_or_else(|| format!("the stamps are {shortest} ms apart, which is no candle length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infer_days(days: &[i64]) -> Result<String, String> {
        let stamps: Vec<_> = days
            .iter()
            .map(|day| UnixMillis(day * 86_400_000))
            .collect();
        infer(&stamps).map(|it| it.to_string())
    }

    #[test]
    fn weekends_do_not_hide_days() {
        assert_eq!(
            infer_days(&[0, 1, 2, 3, 4, 7, 8, 9, 10, 11]),
            Ok("1d".to_owned())
        );
        assert_eq!(infer_days(&[11, 10, 9, 8, 7, 4, 4, 3]), Ok("1d".to_owned()));
        assert_eq!(infer_days(&[0, 7, 14, 28]), Ok("1w".to_owned()));
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        assert!(infer_days(&[3]).unwrap_err().contains("one candle"));
        assert!(
            infer_days(&[0, 31, 59, 90, 120])
                .unwrap_err()
                .contains("month")
        );
        assert!(
            infer_days(&[0, 1, 4, 9, 14, 19])
                .unwrap_err()
                .contains("1 of 5")
        );
    }
}
