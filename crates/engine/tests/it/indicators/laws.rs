//! What holds for every indicator of the registry, whatever it computes.

use fondaco_engine::indicators::registry::{self, Indicator, Input, ParamKind};
use proptest::prelude::*;

/// Candles, with a second series of a wandering kind for two-series inputs.
#[derive(Debug, Clone)]
struct Market {
    rows: Vec<[f64; 6]>,
}

impl Market {
    fn inputs(&self, indicator: &Indicator, rows: usize) -> Vec<Vec<f64>> {
        let mut series = 0;
        let position = |input: &Input| match input {
            Input::Time => 0,
            Input::Open => 1,
            Input::High => 2,
            Input::Low => 3,
            Input::Close => 4,
            Input::Volume => 5,
            Input::Series(_) => {
                series += 1;
                if series == 1 { 4 } else { 2 }
            }
        };
        let positions: Vec<usize> = indicator.inputs.iter().map(position).collect();
        positions
            .into_iter()
            .map(|at| self.rows[..rows].iter().map(|row| row[at]).collect())
            .collect()
    }
}

/// Random walks in steps, so that equal prices and flat candles occur.
fn market(rows: usize) -> impl Strategy<Value = Market> {
    let candle = (
        -40_i32..=40,
        0_i32..30,
        0_i32..30,
        prop_oneof![Just(0.0), 1.0..1e6],
    );
    proptest::collection::vec(candle, rows).prop_map(|candles| {
        let mut close = 10_000;
        let mut rows = Vec::new();
        for (row, (body, above, below, volume)) in candles.into_iter().enumerate() {
            let open = close;
            close = (close + body).max(100);
            let price = |ticks: i32| f64::from(ticks) * 0.01;
            rows.push([
                row as f64 * 3_600_000.0,
                price(open),
                price(open.max(close) + above),
                price(open.min(close) - below),
                price(close),
                volume,
            ]);
        }
        Market { rows }
    })
}

/// The defaults, and small values that keep a short series long enough.
fn parameter_sets(indicator: &Indicator) -> Vec<Vec<f64>> {
    let small = |shift: f64| {
        let values = indicator.params.iter().map(|param| match param.kind {
            ParamKind::Integer => (param.min + shift).min(param.max),
            ParamKind::Real => param.default,
        });
        values.collect::<Vec<f64>>()
    };
    let defaults = indicator.params(&[]).expect("defaults in range");
    let mut sets = vec![defaults, small(0.0), small(1.0), small(2.0)];
    sets.dedup();
    sets
}

fn compute(indicator: &Indicator, inputs: &[Vec<f64>], params: &[f64]) -> Vec<Vec<f64>> {
    let slices: Vec<&[f64]> = inputs.iter().map(Vec::as_slice).collect();
    (indicator.compute)(&slices, params)
}

fn bits(column: &[f64]) -> Vec<u64> {
    column.iter().map(|value| value.to_bits()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_row_depends_on_a_later_one(market in market(260), cut in 0_usize..=260) {
        for indicator in registry::all() {
            for params in parameter_sets(indicator) {
                let whole = compute(indicator, &market.inputs(indicator, 260), &params);
                let known = compute(indicator, &market.inputs(indicator, cut), &params);
                for (whole, known) in whole.iter().zip(&known) {
                    prop_assert_eq!(
                        bits(&whole[..cut]),
                        bits(known),
                        "{}({:?}) cut at {}", indicator.name, params, cut
                    );
                }
            }
        }
    }

    #[test]
    fn a_gap_starts_a_new_run(market in market(160), gap in 20_usize..60) {
        for indicator in registry::all() {
            let params = parameter_sets(indicator).pop().expect("a set of parameters");
            let mut inputs = market.inputs(indicator, 160);
            inputs[0][gap] = f64::NAN;
            let broken = compute(indicator, &inputs, &params);
            let rest: Vec<Vec<f64>> = inputs.iter().map(|column| column[gap + 1..].to_vec()).collect();
            let fresh = compute(indicator, &rest, &params);
            for (broken, fresh) in broken.iter().zip(&fresh) {
                prop_assert!(broken[gap].is_nan(), "{}", indicator.name);
                prop_assert_eq!(bits(&broken[gap + 1..]), bits(fresh), "{}", indicator.name);
            }
        }
    }
}

#[test]
fn the_warm_up_is_exact() {
    // No flat candle and no repeated price: nothing else can be undefined.
    let wave = |row: usize, turn: f64| 100.0 + (row as f64 * turn).sin() * 5.0 + row as f64 * 0.01;
    let rows = (0..400).map(|row| {
        let (open, close) = (wave(row, 0.7), wave(row, 0.9));
        let (high, low) = (open.max(close) + 0.5, open.min(close) - 0.7);
        [
            row as f64 * 3_600_000.0,
            open,
            high,
            low,
            close,
            1000.0 + row as f64,
        ]
    });
    let market = Market {
        rows: rows.collect(),
    };
    for indicator in registry::all() {
        for params in parameter_sets(indicator) {
            let call = format!("{}({params:?})", indicator.name);
            let outputs = compute(indicator, &market.inputs(indicator, 400), &params);
            assert_eq!(outputs.len(), indicator.outputs.len(), "{call}");
            let first = |column: &Vec<f64>| column.iter().position(|value| value.is_finite());
            let usable = outputs
                .iter()
                .map(|column| first(column).unwrap_or(400))
                .max();
            let warmup = (indicator.warmup)(&params);
            assert_eq!(usable, Some(warmup), "{call}");
            for column in &outputs {
                assert!(
                    column[warmup..].iter().all(|value| value.is_finite()),
                    "{call}"
                );
            }
        }
    }
}

#[test]
fn short_input_gives_short_output() {
    let market = Market {
        rows: vec![[0.0, 1.0, 2.0, 0.5, 1.5, 10.0]; 3],
    };
    for indicator in registry::all() {
        for params in parameter_sets(indicator) {
            for rows in 0..=3 {
                let outputs = compute(indicator, &market.inputs(indicator, rows), &params);
                for column in outputs {
                    assert_eq!(column.len(), rows, "{}({params:?})", indicator.name);
                }
            }
        }
    }
}

#[test]
fn names_are_unique_and_defaults_in_range() {
    let mut names: Vec<&str> = registry::all().map(|indicator| indicator.name).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    for indicator in registry::all() {
        assert!(indicator.params(&[]).is_ok(), "{}", indicator.name);
        assert!(!indicator.outputs.is_empty(), "{}", indicator.name);
    }
}
