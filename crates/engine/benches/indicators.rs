//! Indicators over a million rows.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use fondaco_engine::indicators::registry::{self, Input};

const ROWS: usize = 1_000_000;

fn main() {
    divan::main();
}

#[divan::bench(args = [
    "sma", "ema", "wma", "tema", "hma", "kama", "rsi", "macd", "stoch", "willr", "cci", "mfi",
    "adx", "atr", "bbands", "bollinger", "donchian", "sar", "supertrend", "obv", "linearreg",
    "correl", "highest", "ht_sine", "cdl_engulfing",
], sample_count = 10)]
fn with_defaults(bencher: Bencher<'_, '_>, name: &str) {
    let candles = Candles::walk();
    run(bencher, &candles, name, &[]);
}

/// A running form costs the same for every window.
#[divan::bench(args = [10.0, 100.0, 1000.0], sample_count = 10)]
fn sma_of_period(bencher: Bencher<'_, '_>, period: f64) {
    run(bencher, &Candles::walk(), "sma", &[period]);
}

/// As does the queue of extremes.
#[divan::bench(args = [10.0, 100.0, 1000.0], sample_count = 10)]
fn highest_of_period(bencher: Bencher<'_, '_>, period: f64) {
    run(bencher, &Candles::walk(), "highest", &[period]);
}

fn run(bencher: Bencher<'_, '_>, candles: &Candles, name: &str, given: &[f64]) {
    let Some(indicator) = registry::lookup(name) else {
        panic!("no indicator `{name}`");
    };
    let Ok(params) = indicator.params(given) else {
        panic!("`{name}` does not take {given:?}");
    };
    let inputs: Vec<&[f64]> = indicator
        .inputs
        .iter()
        .map(|input| candles.column(*input))
        .collect();
    bencher
        .counter(ItemsCount::new(ROWS))
        .bench(|| (indicator.compute)(black_box(&inputs), black_box(&params)));
}

/// A random walk from a linear congruential generator.
struct Candles {
    time: Vec<f64>,
    open: Vec<f64>,
    high: Vec<f64>,
    low: Vec<f64>,
    close: Vec<f64>,
    volume: Vec<f64>,
}

impl Candles {
    fn walk() -> Self {
        let mut state = 7_u64;
        let mut random = move || {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 40) as f64 / (1_u64 << 24) as f64
        };
        let mut candles = Self {
            time: Vec::with_capacity(ROWS),
            open: Vec::with_capacity(ROWS),
            high: Vec::with_capacity(ROWS),
            low: Vec::with_capacity(ROWS),
            close: Vec::with_capacity(ROWS),
            volume: Vec::with_capacity(ROWS),
        };
        let mut close: f64 = 100.0;
        for row in 0..ROWS {
            let open = close;
            close = open * (1.0 + (random() - 0.5) * 0.004);
            candles.time.push(row as f64 * 60_000.0);
            candles.open.push(open);
            candles
                .high
                .push(open.max(close) * (1.0 + random() * 0.001));
            candles.low.push(open.min(close) * (1.0 - random() * 0.001));
            candles.close.push(close);
            candles.volume.push(random() * 1000.0);
        }
        candles
    }

    fn column(&self, input: Input) -> &[f64] {
        match input {
            Input::Time => &self.time,
            Input::Open => &self.open,
            Input::High | Input::Series("x") => &self.high,
            Input::Low | Input::Series("y") => &self.low,
            Input::Close | Input::Series(_) => &self.close,
            Input::Volume => &self.volume,
        }
    }
}
