//! Indicator columns that freqtrade itself computed, double for double.

use std::path::{Path, PathBuf};

use fondaco_domain::time::parse_stamp;
use fondaco_engine::indicators::registry::Agreement;

use super::{Frame, cells, compare, evaluate, with_typical};

const MINUTES_5: f64 = 300_000.0;

const PAIRS: [&str; 10] = [
    "ADA", "DASH", "ETC", "ETH", "LTC", "NXT", "TRX", "XLM", "XMR", "ZEC",
];

const SAMPLE: &[(&str, &str)] = &[
    ("adx", "adx(14)"),
    ("rsi", "rsi(close, 14)"),
    ("fastk", "stochf(5, 3).k"),
    ("fastd", "stochf(5, 3).d"),
    ("macd", "macd(close, 12, 26, 9).macd"),
    ("macdsignal", "macd(close, 12, 26, 9).signal"),
    ("macdhist", "macd(close, 12, 26, 9).hist"),
    ("mfi", "mfi(14)"),
    ("bb_lowerband", "bollinger(typical, 20, 2).lower"),
    ("bb_middleband", "bollinger(typical, 20, 2).middle"),
    ("bb_upperband", "bollinger(typical, 20, 2).upper"),
    ("sar", "sar(0.02, 0.2)"),
    ("tema", "tema(close, 9)"),
    ("htsine", "ht_sine(close).sine"),
    ("htleadsine", "ht_sine(close).lead"),
];

const AVERAGES: &[(&str, &str)] = &[
    ("sma_fast", "sma(close, 10)"),
    ("sma_slow", "sma(close, 30)"),
    ("rsi", "rsi(close, 14)"),
];

#[test]
fn the_sample_strategy_has_freqtrades_columns() {
    same_columns("sample_btc10", 200, SAMPLE);
}

#[test]
fn the_averages_have_freqtrades_columns() {
    same_columns("sma_exit_btc10", 60, AVERAGES);
}

/// freqtrade computes on all candles and cuts the start-up afterwards.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
fn same_columns(case: &str, startup: usize, columns: &[(&str, &str)]) {
    let shared = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    if !shared.exists() {
        eprintln!("skipped: {} is not there", shared.display());
        return;
    }
    let mut odd = Vec::new();
    for pair in PAIRS {
        let candles = shared.join(format!("data/crypto-5m/{pair}_BTC-5m.csv.gz"));
        let signals = shared.join(format!("golden/freqtrade/{case}/signals/{pair}_BTC.csv.gz"));
        let candles = with_typical(without_gaps(&read(&candles)));
        let expected = read(&signals);
        for (column, call) in columns {
            let (_, found) = evaluate(call, &candles).expect("a known indicator");
            if let Err(difference) =
                compare(&found[startup..], &expected[*column], Agreement::Exact)
            {
                odd.push(format!("{pair} {column}: {difference}"));
            }
        }
    }
    assert!(odd.is_empty(), "{case}:\n{}", odd.join("\n"));
}

fn read(path: &Path) -> Frame {
    cells(path)
        .into_iter()
        .map(|(name, column)| {
            let numbers = column.iter().map(|cell| match name.as_str() {
                "date" => parse_stamp(cell).expect("a stamp").0 as f64,
                _ => cell.parse().unwrap_or(f64::NAN),
            });
            (name.clone(), numbers.collect())
        })
        .collect()
}

/// Puts a flat candle without volume wherever one is missing.
fn without_gaps(raw: &Frame) -> Frame {
    let prices = ["open", "high", "low", "close"];
    let mut filled = Frame::new();
    let mut push = |name: &str, value: f64| {
        filled.entry(name.to_owned()).or_default().push(value);
    };
    let mut next = raw["date"][0];
    for row in 0..raw["date"].len() {
        while next < raw["date"][row] {
            push("time", next);
            for name in prices {
                push(name, raw["close"][row - 1]);
            }
            push("volume", 0.0);
            next += MINUTES_5;
        }
        push("time", next);
        for name in prices.into_iter().chain(["volume"]) {
            push(name, raw[name][row]);
        }
        next += MINUTES_5;
    }
    filled
}
