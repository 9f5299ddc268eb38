//! Columns of other timeframes and instruments.

use fondaco_domain::Bars;
use fondaco_engine::expr::{InputError, Inputs};

use super::{FIVE_MINUTES, candles, flat, numbers, program};

const X: f64 = f64::NAN;
const SOURCES: &str =
    "[informative]\nq = { timeframe = \"15m\" }\nbtc = { symbol = \"BTC/USDT\" }\n";

fn values(expression: &str, base: &Bars, quarter: &Bars) -> Vec<f64> {
    let program = program(&format!("{SOURCES}[indicators]\nx = \"{expression}\"\n"));
    let inputs = Inputs::new(base).with("q", quarter);
    numbers(&program.columns(&inputs).unwrap()["x"])
}

fn check(expression: &str, expected: &[f64]) {
    // Nine candles of five minutes, three of fifteen.
    let base = flat(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]);
    let quarter = candles(3 * FIVE_MINUTES, &[10.0, 30.0, 20.0]);
    let found = values(expression, &base, &quarter);
    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    assert!(
        found.iter().zip(expected).all(same) && found.len() == 9,
        "{expression}: {found:?}"
    );
}

#[test]
fn a_longer_candle_is_seen_when_it_has_closed() {
    // The first quarter of an hour closes together with the third base candle.
    check("q.close", &[X, X, 10.0, 10.0, 10.0, 30.0, 30.0, 30.0, 20.0]);
    check(
        "q.close + close",
        &[X, X, 13.0, 14.0, 15.0, 36.0, 37.0, 38.0, 29.0],
    );
}

#[test]
fn functions_count_the_candles_of_their_source() {
    check("sma(q.close, 2)", &[X, X, X, X, X, 20.0, 20.0, 20.0, 25.0]);
    check("q.sma(close, 2)", &[X, X, X, X, X, 20.0, 20.0, 20.0, 25.0]);
    check(
        "shift(q.close, 1)",
        &[X, X, X, X, X, 10.0, 10.0, 10.0, 30.0],
    );
    check("q.minute()", &[X, X, 0.0, 0.0, 0.0, 15.0, 15.0, 15.0, 30.0]);
    check(
        "crosses_above(q.close, 20)",
        &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0],
    );
    // On the strategy's own candles.
    check(
        "shift(base(q.close), 1)",
        &[X, X, X, 10.0, 10.0, 10.0, 30.0, 30.0, 30.0],
    );
    check(
        "crosses_above(base(q.close), 20)",
        &[0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
    );
}

#[test]
fn sources_are_named_with_what_they_need() {
    let program = program(&format!(
        "{SOURCES}[entry.long]\nwhen = \"close > sma(q.close, 20)\"\n"
    ));
    assert_eq!(program.startup_candles(), 0);
    let needs: Vec<_> = program
        .needs()
        .iter()
        .map(|need| (need.name.as_str(), need.startup_candles))
        .collect();
    assert_eq!(needs, [("q", 20)]);
    let bars = flat(&[1.0]);
    assert_eq!(
        program.signals(&Inputs::new(&bars)).unwrap_err(),
        InputError::Missing {
            name: "q".to_owned()
        }
    );
}

#[test]
fn another_instrument_of_the_same_timeframe_is_seen_at_once() {
    let program = program(&format!("{SOURCES}[indicators]\nx = \"btc.close\"\n"));
    let base = flat(&[1.0, 2.0]);
    let other = flat(&[5.0, 6.0]);
    let columns = program
        .columns(&Inputs::new(&base).with("btc", &other))
        .unwrap();
    assert_eq!(numbers(&columns["x"]), [5.0, 6.0]);
}
