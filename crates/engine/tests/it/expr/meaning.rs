//! What expressions mean, by tables worked out by hand.

use fondaco_engine::expr::{Inputs, ParamValues, compile};

use super::{flat, program, strategy, values};

const X: f64 = f64::NAN;

fn check(expression: &str, closes: &[f64], expected: &[f64]) {
    let found = values(expression, closes);
    let same = |(a, b): (&f64, &f64)| a == b || (a.is_nan() && b.is_nan());
    assert!(
        found.len() == expected.len() && found.iter().zip(expected).all(same),
        "{expression} over {closes:?} gave {found:?}, not {expected:?}"
    );
}

#[test]
fn operators_bind_as_written_on_paper() {
    check("close + 2 * 3", &[1.0], &[7.0]);
    check("(close + 2) * 3", &[1.0], &[9.0]);
    check("close - 2 - 3", &[1.0], &[-4.0]);
    check("12 / close / 3", &[2.0], &[2.0]);
    check("-close + 3", &[1.0], &[2.0]);
    check("2 - -close", &[1.0], &[3.0]);
    check(
        "close > 1 and close < 3 or close == 9",
        &[1.0, 2.0, 3.0, 9.0],
        &[0.0, 1.0, 0.0, 1.0],
    );
    check(
        "close == 9 or close > 1 and close < 3",
        &[1.0, 2.0, 3.0, 9.0],
        &[0.0, 1.0, 0.0, 1.0],
    );
    check(
        "not close > 1 and close < 3",
        &[1.0, 2.0, 3.0],
        &[1.0, 0.0, 0.0],
    );
    check(
        "not (close > 1 and close < 3)",
        &[1.0, 2.0, 3.0],
        &[1.0, 0.0, 1.0],
    );
    check("close + 1 > 2 * close", &[0.0, 1.0], &[1.0, 0.0]);
}

#[test]
fn functions_of_one_candle() {
    check("abs(close)", &[-2.0, 3.0], &[2.0, 3.0]);
    check("sign(close)", &[-2.0, 0.0, 3.0], &[-1.0, 0.0, 1.0]);
    check("round(close)", &[0.5, -0.5, 1.4], &[1.0, -1.0, 1.0]);
    check("floor(close) + ceil(close)", &[0.5, -0.5], &[1.0, -1.0]);
    check("sqrt(close)", &[4.0, -1.0], &[2.0, X]);
    check("log(exp(close))", &[1.0], &[1.0]);
    check("min(close, 2)", &[1.0, 3.0], &[1.0, 2.0]);
    check("max(2, close)", &[1.0, 3.0], &[2.0, 3.0]);
    check("max(sqrt(close), 0)", &[-1.0], &[X]);
    check("where(close > 2, 1, close)", &[1.0, 3.0], &[1.0, 1.0]);
    check("nz(sqrt(close))", &[-1.0, 4.0], &[0.0, 2.0]);
    check("nz(sqrt(close), 7)", &[-1.0, 4.0], &[7.0, 2.0]);
    check("is_nan(sqrt(close))", &[-1.0, 4.0], &[1.0, 0.0]);
}

#[test]
fn comparisons_with_the_unknown_are_false() {
    for operator in ["<", "<=", ">", ">=", "==", "!="] {
        check(&format!("sqrt(close) {operator} 0"), &[-1.0], &[0.0]);
    }
    check("not sqrt(close) > 0", &[-1.0], &[1.0]);
}

#[test]
fn functions_of_several_candles() {
    let up_down = [1.0, 2.0, 3.0, 2.0, 2.0];
    check("shift(close)", &up_down, &[X, 1.0, 2.0, 3.0, 2.0]);
    check("shift(close, 0)", &up_down, &up_down);
    check("shift(close, 9)", &up_down, &[X; 5]);
    check("shift(close > 1, 1)", &up_down, &[0.0, 0.0, 1.0, 1.0, 1.0]);
    check("highest(close, 2)", &up_down, &[X, 2.0, 3.0, 3.0, 2.0]);
    check("lowest(close, 3)", &up_down, &[X, X, 1.0, 2.0, 2.0]);
    check(
        "highest(sqrt(close), 2)",
        &[4.0, 4.0, -1.0, 9.0, 4.0],
        &[X, 2.0, X, X, 3.0],
    );
    check("rising(close, 2)", &up_down, &[0.0, 0.0, 1.0, 0.0, 0.0]);
    check("falling(close, 1)", &up_down, &[0.0, 0.0, 0.0, 1.0, 0.0]);
    check("any(close == 3, 2)", &up_down, &[0.0, 0.0, 1.0, 1.0, 0.0]);
    check("all(close > 0, 3)", &up_down, &[0.0, 0.0, 1.0, 1.0, 1.0]);
    check("count(close == 2, 2)", &up_down, &[X, 1.0, 1.0, 1.0, 2.0]);
    check("barssince(close == 3)", &up_down, &[X, X, 0.0, 1.0, 2.0]);
    check(
        "valuewhen(close > 2, close * 2)",
        &up_down,
        &[X, X, 6.0, 6.0, 6.0],
    );
}

#[test]
fn a_crossing_needs_the_candle_before() {
    check(
        "crosses_above(close, 2)",
        &[3.0, 1.0, 3.0, 3.0],
        &[0.0, 0.0, 1.0, 0.0],
    );
    check("crosses_above(close, 2)", &[2.0, 3.0], &[0.0, 1.0]);
    check("crosses_above(close, 2)", &[1.0, 2.0], &[0.0, 0.0]);
    check(
        "crosses_below(close, 2)",
        &[3.0, 1.0, 1.0],
        &[0.0, 1.0, 0.0],
    );
    check("crosses_above(2, close)", &[3.0, 1.0], &[0.0, 1.0]);
    // Unknown one candle before: no crossing.
    check(
        "crosses_above(close, shift(close))",
        &[1.0, 2.0, 1.0, 2.0],
        &[0.0, 0.0, 0.0, 1.0],
    );
}

#[test]
fn parts_of_the_open_time() {
    // From 1970-01-01 00:00, a Thursday.
    check(
        "minute() + 100 * hour()",
        &[0.0; 13],
        &[
            0.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 100.0,
        ],
    );
    check("day_of_week()", &[0.0], &[3.0]);
    check("day_of_month() + 100 * month()", &[0.0], &[101.0]);
}

#[test]
fn indicators_outputs_and_names() {
    check("sma(close, 2)", &[1.0, 3.0, 5.0], &[X, 2.0, 4.0]);
    let program = program("[indicators]\na = \"sma(close, 2)\"\nb = \"a - sma(close, 2)\"\n");
    let bars = flat(&[1.0, 3.0]);
    let columns = program.columns(&Inputs::new(&bars)).unwrap();
    assert_eq!(super::numbers(&columns["b"])[1], 0.0);
    // close, the call, its output, the difference: equal parts are one.
    assert_eq!(program.operators(), 4);
}

#[test]
fn the_tag_is_that_of_the_first_rule_that_holds() {
    let program = program(
        "[[entry.long]]\nwhen = \"close > 4\"\ntag = \"high\"\n\
         [[entry.long]]\nwhen = \"close > 2\"\ntag = \"middle\"\n\
         [entry.short]\nwhen = \"close > 1\"\ntag = \"short\"\n\
         [exit.long]\nwhen = \"close < 2\"\n",
    );
    let signals = program
        .signals(&Inputs::new(&flat(&[1.0, 2.0, 3.0, 5.0])))
        .unwrap();
    let tags: Vec<_> = signals
        .enter_tag
        .iter()
        .map(|&id| signals.tags.text(id))
        .collect();
    assert_eq!(tags, [None, Some("short"), Some("middle"), Some("high")]);
    assert_eq!(signals.enter_long, [false, false, true, true]);
    assert_eq!(signals.enter_short, [false, true, true, true]);
    assert_eq!(signals.exit_long, [true, false, false, false]);
    assert!(
        signals
            .exit_tag
            .iter()
            .all(|&id| signals.tags.text(id).is_none())
    );
}

#[test]
fn warm_up_follows_from_the_operators() {
    let startup =
        |when: &str| program(&format!("[entry.long]\nwhen = \"{when}\"\n")).startup_candles();
    assert_eq!(startup("close > open"), 0);
    assert_eq!(startup("close > sma(close, 30)"), 29);
    assert_eq!(startup("crosses_above(sma(close, 10), sma(close, 30))"), 30);
    assert_eq!(startup("close > shift(highest(close, 20), 5)"), 24);
    assert_eq!(startup("any(close > sma(close, 10), 3)"), 11);
    assert_eq!(startup("rising(sma(close, 10), 3) or close > 1"), 12);
}

#[test]
fn from_the_warm_up_on_every_part_is_known() {
    for expression in [
        "shift(sma(close, 4), 3)",
        "highest(sma(close, 3), 4)",
        "sma(sma(close, 5), 3)",
    ] {
        let program = program(&format!(
            "[indicators]\nx = \"{expression}\"\n[entry.long]\nwhen = \"x > 0\"\n"
        ));
        let found = values(expression, &[1.0; 20]);
        let first = found.iter().position(|x| !x.is_nan()).unwrap();
        assert_eq!(first, program.startup_candles() as usize, "{expression}");
    }
}

#[test]
fn values_of_parameters_are_checked() {
    let strategy = strategy("[params]\nfast = { default = 10, low = 5, high = 30 }\n");
    let error = |name, value| {
        ParamValues::new(&strategy, [(name, value)])
            .unwrap_err()
            .to_string()
    };
    insta::assert_snapshot!(error("fast", 31.0), @"the parameter `fast` must lie from 5 to 30, not 31");
    insta::assert_snapshot!(error("fast", 10.5), @"the parameter `fast` goes from 5 in steps of 1, and 10.5 is not one of them");
    insta::assert_snapshot!(error("fast", f64::NAN), @"the parameter `fast` must lie from 5 to 30, not NaN");
    insta::assert_snapshot!(error("fats", 10.0), @"the strategy `a` has no parameter `fats`");
    assert_eq!(
        ParamValues::new(&strategy, [("fast", 30.0)])
            .unwrap()
            .get("fast"),
        Some(30.0)
    );
}

#[test]
fn parameters_are_bound() {
    let strategy = strategy(
        "[params]\nn = { default = 2, low = 1, high = 3 }\n[indicators]\nx = \"shift(close, $n)\"\n",
    );
    let bars = flat(&[1.0, 2.0, 3.0]);
    let last = |n| {
        let values = ParamValues::new(&strategy, [("n", n)]).unwrap();
        let columns = compile(&strategy, &values)
            .unwrap()
            .columns(&Inputs::new(&bars))
            .unwrap();
        super::numbers(&columns["x"])[2]
    };
    assert_eq!((last(1.0), last(2.0)), (2.0, 1.0));
}
