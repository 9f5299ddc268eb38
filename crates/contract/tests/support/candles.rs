//! Reads candles of the reference data, for the tests of several crates.

use std::io::Read;
use std::path::Path;

use fondaco_domain::time::parse_stamp;
use fondaco_domain::{Bar, Bars, Symbol};

use super::golden::{bytes, text};

/// The pairs of a case in the order of its configuration, with their candles.
pub(super) fn candles(case: &Path) -> Vec<(Symbol, Bars)> {
    let config: serde_json::Value = serde_json::from_str(&text(&case.join("config.json"))).unwrap();
    let pairs = config["exchange"]["pair_whitelist"].as_array().unwrap();
    pairs
        .iter()
        .map(|pair| {
            let pair: Symbol = pair.as_str().unwrap().parse().unwrap();
            let file = case.join(format!("signals/{}.csv.gz", pair.file_stem()));
            let mut csv_text = String::new();
            flate2::read::GzDecoder::new(bytes(&file).as_slice())
                .read_to_string(&mut csv_text)
                .unwrap();
            (pair, bars(&csv_text))
        })
        .collect()
}

/// Candles of a CSV with the columns date, open, high, low, close, volume, …
pub(super) fn bars(csv_text: &str) -> Bars {
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let float = |column: usize| row[column].parse::<f64>().unwrap();
        Bar {
            time: parse_stamp(&row[0]).unwrap(),
            open: float(1),
            high: float(2),
            low: float(3),
            close: float(4),
            volume: float(5),
        }
    });
    Bars::from_rows(rows.collect::<Vec<_>>()).unwrap()
}
