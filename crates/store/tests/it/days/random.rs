//! Random days in random parts: the file marks as the slow, obvious store does.

use fondaco_app::ports::days::{DayQuery, DayStore, KeptDay};
use fondaco_store::days::{MemoryDays, SqliteDays};
use proptest::prelude::*;

use super::{all, day, found};

fn one() -> impl Strategy<Value = KeptDay> {
    let book = proptest::sample::select(&["a", "b", ""][..]);
    let model = proptest::sample::select(&["m", "n"][..]);
    (book, model, 0..4_u64, 1..6_u8, 0..8_i64).prop_map(|(book, model, run, at, done)| {
        day((book, run), model, &format!("2025-10-0{at}"), done)
    })
}

fn check(parts: &[Vec<KeptDay>]) {
    let folder = tempfile::tempdir().unwrap();
    let file = SqliteDays::open(&folder.path().join("simulations.db")).unwrap();
    let memory = MemoryDays::default();
    for part in parts {
        file.put(part, None).unwrap();
        memory.put(part, None).unwrap();
    }
    for replaced in [false, true] {
        for fresh_only in [false, true] {
            for newest_first in [false, true] {
                let query = DayQuery {
                    replaced,
                    fresh_only,
                    newest_first,
                    ..all()
                };
                assert_eq!(found(&file, &query), found(&memory, &query), "{query:?}");
            }
        }
    }
    // Of a book, a model and a date there is one.
    for book in ["a", "b"] {
        let query = DayQuery {
            book: Some(book.to_owned()),
            ..all()
        };
        let dates = file.dates(&query).unwrap();
        let mut once = dates.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), dates.len());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(crate::size(24, 1_000)))]

    #[test]
    fn both_stores_agree(
        parts in proptest::collection::vec(proptest::collection::vec(one(), 0..8), 0..5)
    ) {
        check(&parts);
    }
}
