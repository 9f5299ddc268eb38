//! A folder of freqtrade, read in place.

use std::path::Path;

use fondaco_app::data::ReadOptions;
use fondaco_domain::market::TradingMode;
use fondaco_domain::{Hint, Symbol, Timeframe};
use fondaco_market::FreqtradeDir;

use crate::support::{read_one, shared};

fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

fn five_minutes() -> Timeframe {
    "5m".parse().unwrap()
}

#[test]
fn a_folder_tells_what_it_holds() {
    let Some(folder) = shared("freqtrade/binance") else {
        return;
    };
    let dir = FreqtradeDir::open(&folder).unwrap();
    assert_eq!(dir.list().len(), 18);
    let futures = dir
        .list()
        .iter()
        .filter(|it| it.mode == TradingMode::Futures);
    assert_eq!(futures.count(), 6);
    // The folder above holds one exchange only, so it will do.
    let above = FreqtradeDir::open(folder.parent().unwrap()).unwrap();
    assert_eq!(above.list(), dir.list());
}

#[test]
fn candles_are_those_of_the_text_files_to_the_last_bit() {
    let (Some(feather), Some(text)) = (shared("freqtrade/binance"), shared("crypto-5m")) else {
        return;
    };
    let dir = FreqtradeDir::open(feather).unwrap();
    let mut compared = 0;
    for entry in dir.list() {
        let stem = entry.symbol.file_stem();
        let path = text.join(format!("{stem}-{}.csv.gz", entry.timeframe));
        if path.exists() {
            let bars = dir
                .bars(&entry.symbol, entry.timeframe, TradingMode::Spot)
                .unwrap();
            let expected = read_one(&path, &ReadOptions::default());
            assert_eq!(expected.symbol, entry.symbol);
            assert_eq!(bars, expected.bars, "{stem}");
            compared += 1;
        }
    }
    assert_eq!(compared, 10);
}

#[test]
fn swaps_have_mark_prices_and_funding() {
    let Some(folder) = shared("freqtrade/binance") else {
        return;
    };
    let dir = FreqtradeDir::open(folder).unwrap();
    let swap = symbol("XRP/USDT:USDT");
    let bars = dir
        .bars(&swap, five_minutes(), TradingMode::Futures)
        .unwrap();
    assert_eq!(bars.time()[0].to_string(), "2021-11-15 00:00:00+00:00");
    assert_eq!(bars.len(), 1999);
    let mark = dir.mark(&swap).unwrap();
    assert!(mark.close().iter().all(|&price| price > 0.0));
    let funding = dir.funding(&swap).unwrap();
    assert!(!funding.is_empty());
    assert!(funding.open().iter().all(|rate| rate.abs() < 0.01));
    assert!(funding.close().iter().all(|&rest| rest == 0.0));
}

#[test]
fn what_is_not_there_is_said() {
    let Some(folder) = shared("freqtrade/binance") else {
        return;
    };
    let dir = FreqtradeDir::open(folder).unwrap();
    let absent = dir.bars(&symbol("DOGE/BTC"), five_minutes(), TradingMode::Spot);
    let error = absent.unwrap_err();
    assert!(
        error.to_string().ends_with("has no 5m candles of DOGE/BTC"),
        "{error}"
    );
    assert_eq!(error.kind().exit_code(), 3);
    assert!(dir.funding(&symbol("ETH/BTC")).is_err());
    assert!(FreqtradeDir::open(Path::new("/nonexistent")).is_err());
}

#[test]
fn several_exchanges_must_be_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    for exchange in ["binance", "kraken"] {
        let inside = folder.path().join(exchange);
        std::fs::create_dir(&inside).unwrap();
        let candles = "[[1515560100000,1.5,2.0,1.0,1.75,10.0]]";
        std::fs::write(inside.join("ETH_BTC-5m.json"), candles).unwrap();
    }
    let error = FreqtradeDir::open(folder.path()).unwrap_err();
    assert!(error.to_string().ends_with("binance, kraken"), "{error}");
    let one = FreqtradeDir::open(folder.path().join("kraken")).unwrap();
    let bars = one
        .bars(&symbol("ETH/BTC"), five_minutes(), TradingMode::Spot)
        .unwrap();
    assert_eq!(bars.close(), [1.75]);
}
