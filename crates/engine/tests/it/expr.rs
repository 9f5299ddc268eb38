//! Strategy expressions: what they mean, what is said about mistakes, and that
//! none of them sees the future.

mod causality;
mod golden;
mod informative;
mod manual;
mod meaning;
mod mistakes;
mod samples;
mod sweep;

use fondaco_domain::strategy::{Strategy, parse};
use fondaco_domain::{Bar, Bars, UnixMillis};
use fondaco_engine::expr::{Inputs, NamedColumn, ParamValues, Program, compile};

const HEAD: &str = "[strategy]\nname = \"a\"\ntimeframe = \"5m\"\ndirection = \"both\"\n\
                    [risk]\nstoploss = -0.1\n";

const FIVE_MINUTES: i64 = 300_000;

/// A strategy file with the usual head.
fn strategy(rest: &str) -> Strategy {
    let text = format!("{HEAD}{rest}");
    parse(&text).unwrap_or_else(|error| panic!("{}", error.render("a.toml", &text)))
}

fn program(rest: &str) -> Program {
    let strategy = strategy(rest);
    compile(&strategy, &ParamValues::defaults(&strategy))
        .unwrap_or_else(|error| panic!("{}", error.render("a.toml", &format!("{HEAD}{rest}"))))
}

/// Candles whose prices are all the given number.
fn flat(closes: &[f64]) -> Bars {
    candles(FIVE_MINUTES, closes)
}

fn candles(millis: i64, closes: &[f64]) -> Bars {
    Bars::from_rows(closes.iter().enumerate().map(|(row, &close)| Bar {
        time: UnixMillis(row as i64 * millis),
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    }))
    .unwrap()
}

/// An expression over candles of the given closes, as numbers; truths are 1
/// and 0.
fn values(expression: &str, closes: &[f64]) -> Vec<f64> {
    let program = program(&format!("[indicators]\nx = \"{expression}\"\n"));
    let bars = flat(closes);
    numbers(&program.columns(&Inputs::new(&bars)).unwrap()["x"])
}

fn numbers(column: &NamedColumn) -> Vec<f64> {
    match column {
        NamedColumn::Numbers(numbers) => numbers.clone(),
        NamedColumn::Conditions(truths) => truths.iter().map(|&t| f64::from(u8::from(t))).collect(),
    }
}
