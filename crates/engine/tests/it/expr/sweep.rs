//! Many programs over the same candles.

use fondaco_engine::expr::{ColumnCache, Inputs, ParamValues, Rules};

use super::{flat, strategy};

const CROSS: &str = "[params]\nfast = { default = 10, low = 1, high = 40 }\nslow = { default = 30, low = 1, high = 99 }\n\
                     [entry.long]\nwhen = \"crosses_above(sma(close, $fast), sma(close, $slow))\"\n\
                     [exit.long]\nwhen = \"crosses_below(sma(close, $fast), sma(close, $slow))\"\n";

fn closes(rows: usize) -> Vec<f64> {
    (0..rows)
        .map(|row| (row as f64 * 0.7).sin() + (row as f64 * 0.13).cos() * 3.0)
        .collect()
}

#[test]
fn each_indicator_is_computed_once_and_nothing_changes() {
    let strategy = strategy(CROSS);
    let rules = Rules::parse(&strategy).unwrap();
    let bars = flat(&closes(300));
    let cache = ColumnCache::new(Inputs::new(&bars));
    for fast in 2..8 {
        for slow in 10..15 {
            let values = ParamValues::new(
                &strategy,
                [("fast", f64::from(fast)), ("slow", f64::from(slow))],
            )
            .unwrap();
            let program = rules.bind(&values).unwrap();
            let cached = program.signals_with(&cache).unwrap();
            assert_eq!(cached, program.signals(&Inputs::new(&bars)).unwrap());
            assert!(cached.enter_long.iter().any(|&set| set));
        }
    }
    // Six fast and five slow averages; crossings are as many as programs, and
    // not kept.
    assert_eq!(cache.len(), 11);
}

#[test]
fn a_full_cache_changes_no_signal() {
    let strategy = strategy(CROSS);
    let rules = Rules::parse(&strategy).unwrap();
    let bars = flat(&closes(300));
    let small = ColumnCache::with_limit(Inputs::new(&bars), 300 * 8);
    let program = rules.bind(&ParamValues::defaults(&strategy)).unwrap();
    for _ in 0..2 {
        assert_eq!(
            program.signals_with(&small).unwrap(),
            program.signals(&Inputs::new(&bars)).unwrap()
        );
    }
    assert_eq!(small.len(), 1);
}
