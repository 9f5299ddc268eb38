//! Candles: made ones, and those of a CSV file.

use std::fmt::Write as _;

use anyhow::Context;
use fondaco_domain::bars::Columns;
use fondaco_domain::market::MarketRules;
use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};
use fondaco_engine::backtest::PairInput;
use fondaco_engine::signals::Signals;

const MINUTE: i64 = 60_000;

/// A seeded walk of one-minute candles, each opening at the close before it,
/// in hundredths. The last candle stands still, so that what is held there is
/// worth the same at its open and its close.
pub(crate) fn walk(rows: usize, seed: u64) -> Bars {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f64 / f64::from(1 << 24) - 0.5
    };
    let cents = |price: f64| (price * 100.0).round() / 100.0;
    let mut close = 10_000.0_f64;
    let candles = (0..rows).map(|row| {
        let open = close;
        let moves = if row + 1 == rows { 0.0 } else { 0.004 };
        // Pulled back gently, so that a long walk stays in its range.
        let pull = (10_000.0 - open) / 10_000.0 * 0.0005;
        close = cents(open * (1.0 + moves * next() + pull * f64::from(u8::from(moves > 0.0))));
        Bar {
            time: UnixMillis(1_600_000_000_000 + row as i64 * MINUTE),
            open,
            high: cents(open.max(close) * (1.0 + moves * 0.2 * (next() + 0.5))),
            low: cents(open.min(close) * (1.0 - moves * 0.2 * (next() + 0.5))),
            close,
            volume: 1.0 + 10.0 * (next() + 0.5),
        }
    });
    Bars::from_rows(candles).expect("the walk is made of good candles")
}

pub(crate) fn write(path: &str, bars: &Bars) -> anyhow::Result<()> {
    let mut text = String::from("time,open,high,low,close,volume\n");
    for bar in bars.rows() {
        let Bar {
            open,
            high,
            low,
            close,
            volume,
            ..
        } = bar;
        writeln!(text, "{},{open},{high},{low},{close},{volume}", bar.time.0)?;
    }
    std::fs::write(path, text).with_context(|| path.to_owned())
}

pub(crate) fn read(path: &str) -> anyhow::Result<Bars> {
    let text = std::fs::read_to_string(path).with_context(|| path.to_owned())?;
    let mut columns = Columns::default();
    for line in text.lines().skip(1) {
        let mut cells = line.split(',');
        let mut cell = || cells.next().context("a row has six cells");
        columns.time.push(UnixMillis(cell()?.parse()?));
        columns.open.push(cell()?.parse()?);
        columns.high.push(cell()?.parse()?);
        columns.low.push(cell()?.parse()?);
        columns.close.push(cell()?.parse()?);
        columns.volume.push(cell()?.parse()?);
    }
    Ok(Bars::new(columns)?)
}

/// Steps fine enough to leave no mark on a return.
pub(crate) fn fine_rules() -> MarketRules {
    MarketRules {
        price_step: 0.01,
        amount_step: 1e-8,
        min_cost: 0.0,
        tiers: Vec::new(),
    }
}

pub(crate) fn symbol(index: usize) -> Symbol {
    format!("P{index}/USDT").parse().expect("a pair")
}

pub(crate) fn input<'a>(
    symbol: &'a Symbol,
    bars: &'a Bars,
    signals: &'a Signals,
    rules: &'a MarketRules,
) -> PairInput<'a> {
    PairInput {
        symbol,
        bars,
        signals,
        rules,
        step_bars: Some(bars),
        detail: None,
        funding: None,
        actions: None,
    }
}
