//! Crossings as freqtrade computed them, from the averages it kept.

use std::io::Read;
use std::path::{Path, PathBuf};

use fondaco_domain::{Bar, Bars, UnixMillis};
use fondaco_engine::expr::Inputs;

use super::{FIVE_MINUTES, program};

/// The golden cases whose files hold both averages.
const CASES: [&str; 3] = [
    "sma_exit_btc10",
    "roi_stop_btcusdt5m",
    "futures_longshort_3x",
];

const RULES: &str = "[entry.long]\nwhen = \"crosses_above(open, close) and volume > 0\"\ntag = \"sma_up\"\n\
                     [exit.long]\nwhen = \"crosses_below(open, close)\"\n";

/// The sample case keeps its indicators: strength as opens, the fast average as
/// highs, the middle band as lows.
const SAMPLE_RULES: &str = "[entry.long]\nwhen = \"crosses_above(open, 30) and high <= low and high > shift(high, 1) and volume > 0\"\n\
                            [exit.long]\nwhen = \"crosses_above(open, 70) and high > low and high < shift(high, 1) and volume > 0\"\n";

#[test]
fn crossings_equal_freqtrades() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/golden/freqtrade");
    if !golden.is_dir() {
        eprintln!("skipped: {} is absent", golden.display());
        return;
    }
    let mut crossings = 0;
    for case in CASES {
        for file in files(&golden.join(case).join("signals")) {
            crossings += compare(&file, RULES, ["sma_fast", "sma_fast", "sma_slow"]);
        }
    }
    for file in files(&golden.join("sample_btc10/signals")) {
        crossings += compare(&file, SAMPLE_RULES, ["rsi", "tema", "bb_middleband"]);
    }
    assert!(
        crossings > 1_000,
        "{crossings} crossings are too few to mean anything"
    );
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// Gives three columns to the rules as opens, highs and lows, and compares
/// every row but the first, which lacks the one before.
fn compare(file: &Path, rules: &str, columns: [&str; 3]) -> usize {
    let mut text = String::new();
    let gz = std::fs::File::open(file).unwrap();
    flate2::read::GzDecoder::new(gz)
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let place = |name: &str| column(name).unwrap();
    let [open, high, low] = columns.map(place);
    let volume = place("volume");
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let bars = Bars::from_rows(records.iter().enumerate().map(|(row, record)| {
        let number = |at: usize| record[at].parse::<f64>().unwrap();
        Bar {
            time: UnixMillis(row as i64 * FIVE_MINUTES),
            open: number(open),
            high: number(high),
            low: number(low),
            close: number(low),
            volume: number(volume),
        }
    }))
    .unwrap();
    let signals = program(rules).signals(&Inputs::new(&bars)).unwrap();
    let is_set = |record: &csv::StringRecord, at: usize| record[at].starts_with('1');
    for (row, record) in records.iter().enumerate().skip(1) {
        let entry = is_set(record, place("enter_long"));
        assert_eq!(
            signals.enter_long[row],
            entry,
            "{} row {row}",
            file.display()
        );
        let tag = signals.tags.text(signals.enter_tag[row]).unwrap_or("");
        if entry && rules == RULES {
            assert_eq!(tag, "sma_up");
        }
        if let Some(exit) = column("exit_long") {
            assert_eq!(
                signals.exit_long[row],
                is_set(record, exit),
                "{} row {row}",
                file.display()
            );
        }
    }
    signals.enter_long.iter().filter(|&&set| set).count()
}
