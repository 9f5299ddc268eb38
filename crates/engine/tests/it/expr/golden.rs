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
            crossings += compare(&file);
        }
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

/// Gives the averages to the rules as opens and closes, and compares every row
/// but the first, which lacks the one before.
fn compare(file: &Path) -> usize {
    let mut text = String::new();
    let gz = std::fs::File::open(file).unwrap();
    flate2::read::GzDecoder::new(gz)
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let place = |name: &str| column(name).unwrap();
    let (fast, slow, volume) = (place("sma_fast"), place("sma_slow"), place("volume"));
    let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let bars = Bars::from_rows(records.iter().enumerate().map(|(row, record)| {
        let number = |at: usize| record[at].parse::<f64>().unwrap();
        Bar {
            time: UnixMillis(row as i64 * FIVE_MINUTES),
            open: number(fast),
            high: number(fast),
            low: number(fast),
            close: number(slow),
            volume: number(volume),
        }
    }))
    .unwrap();
    let signals = program(RULES).signals(&Inputs::new(&bars)).unwrap();
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
        if entry {
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
