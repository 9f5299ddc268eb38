//! Files as people have them.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use fondaco_app::data::{
    Decimal, FileContent, Keep, Note, QuoteSide, ReadOptions, Repair, SkipReason, StampMeans,
};
use fondaco_app::ports::CandleFiles;
use fondaco_market::LocalFiles;

use crate::support::{read_all, read_one, refusal, shared};

fn plain() -> ReadOptions {
    ReadOptions::default()
}

/// A file of its own folder.
fn file(name: &str, content: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    if Path::new(name).extension().is_some_and(|ext| ext == "gz") {
        let out = std::fs::File::create(&path).unwrap();
        let mut packed = flate2::write::GzEncoder::new(out, flate2::Compression::default());
        packed.write_all(content.as_bytes()).unwrap();
        packed.finish().unwrap();
    } else {
        std::fs::write(&path, content).unwrap();
    }
    (folder, path)
}

/// The candles of a text, one line each.
fn candles(name: &str, content: &str, options: &ReadOptions) -> Vec<String> {
    let (_folder, path) = file(name, content);
    let series = read_one(&path, options);
    series
        .bars
        .rows()
        .map(|it| {
            format!(
                "{} {} {} {} {} {}",
                it.time, it.open, it.high, it.low, it.close, it.volume
            )
        })
        .collect()
}

fn refused(content: &str, options: &ReadOptions) -> String {
    let (_folder, path) = file("AAPL-1d.csv", content);
    refusal(&path, options)
}

#[test]
fn every_file_of_the_shared_folder_is_read_or_left_out_for_a_reason() {
    let Some(root) = shared("") else { return };
    let mut series: BTreeMap<String, usize> = BTreeMap::new();
    let mut skipped: BTreeMap<String, usize> = BTreeMap::new();
    for path in LocalFiles.find(std::slice::from_ref(&root)).unwrap() {
        let folder = path
            .strip_prefix(&root)
            .unwrap()
            .components()
            .next()
            .unwrap();
        let folder = folder.as_os_str().to_string_lossy().into_owned();
        match LocalFiles.read(&path, &plain()) {
            Ok(FileContent::Series(all)) => *series.entry(folder).or_default() += all.len(),
            Ok(FileContent::Skipped(reason)) => {
                *skipped.entry(reason.describe()).or_default() += 1;
            }
            Err(error) => panic!("{error}"),
        }
    }
    insta::assert_json_snapshot!(series, @r#"
    {
      "btc-perp-1m": 1,
      "crypto-5m": 15,
      "crypto-daily": 10,
      "djia-2025": 20,
      "eurusd-goog": 2,
      "freqtrade": 18,
      "lean": 20,
      "nasdaq100-60min": 102,
      "nasdaq100-daily": 103,
      "raw-samples": 1,
      "sse50-daily": 51,
      "wiki-daily": 5
    }
    "#);
    insta::assert_json_snapshot!(skipped, @r#"
    {
      "a list of instruments, not candles": 1,
      "an empty list, not candles": 11,
      "bid and ask quotes: state --side bid, ask or mid": 1,
      "closes of 1 instruments side by side: state --wide": 1,
      "closes of 20 instruments side by side: state --wide": 1,
      "days an exchange was closed, not candles": 1,
      "dividends, not candles": 19,
      "documentation": 11,
      "factors for splits and dividends, not candles": 8,
      "financial statements, not candles": 60,
      "hours of exchanges, not candles": 1,
      "index weights, not candles": 1,
      "one JSON object a line, not candles": 1,
      "properties of instruments, not candles": 1,
      "single trades, not candles": 1,
      "splits, not candles": 10,
      "the stamps are a month apart, and months have no fixed length: state --timeframe": 1
    }
    "#);
}

#[test]
fn separators_of_every_kind_and_place() {
    let expected = ["2025-01-02 00:00:00+00:00 1234.5 1300.25 1200 1250 1000000"];
    for (content, options) in [
        (
            "date,open,high,low,close,volume\n2025-01-02,1234.5,1300.25,1200,1250,1000000\n",
            plain(),
        ),
        (
            "date;open;high;low;close;volume\n2025-01-02;1234,5;1300,25;1200;1250;1000000\n",
            plain(),
        ),
        (
            "date;open;high;low;close;volume\n2025-01-02;1.234,5;1.300,25;1.200;1.250;1.000.000\n",
            plain(),
        ),
        (
            "date\topen\thigh\tlow\tclose\tvolume\n2025-01-02\t1,234.5\t1,300.25\t1,200\t1,250\t1,000,000\n",
            plain(),
        ),
        (
            "DATE|OPEN|HIGH|LOW|CLOSE|VOL\n20250102|1234.5|1300.25|1200|1250|1000000\n",
            plain(),
        ),
        (
            "\u{feff}\"Date\",\"Open\",\"High\",\"Low\",\"Close\",\"Volume\"\r\n2025-01-02,\"1,234.5\",\"1,300.25\",\"1,200\",\"1,250\",\"1,000,000\"\r\n",
            plain(),
        ),
        (
            "2025-01-02 1234.5 1300.25 1200 1250 1000000\n",
            ReadOptions {
                delimiter: Some(' '),
                columns: Some(
                    ["date", "open", "high", "low", "close", "volume"]
                        .map(str::to_owned)
                        .to_vec(),
                ),
                ..plain()
            },
        ),
    ] {
        assert_eq!(
            candles("AAPL_1d.csv", content, &options),
            expected,
            "{content}"
        );
    }
}

#[test]
fn a_number_with_two_readings_is_refused_until_the_mark_is_stated() {
    let content = "date;open;high;low;close\n2025-01-02;1,234;1,300;1,200;1,250\n";
    insta::assert_snapshot!(refused(content, &plain()), @"AAPL-1d.csv:2: `open` is `1,234`, which has two readings [corrupt] state --decimal . or --decimal ,");
    let of = |decimal| {
        let options = ReadOptions {
            decimal: Some(decimal),
            ..plain()
        };
        candles("AAPL_1d.csv", content, &options).remove(0)
    };
    assert_eq!(
        of(Decimal::Comma),
        "2025-01-02 00:00:00+00:00 1.234 1.3 1.2 1.25 0"
    );
    assert_eq!(
        of(Decimal::Point),
        "2025-01-02 00:00:00+00:00 1234 1300 1200 1250 0"
    );
}

#[test]
fn a_share_with_thousands_separators_is_read() {
    let Some(path) = shared("sse50-daily/600519.SHH.csv") else {
        return;
    };
    let series = read_one(&path, &plain());
    let at = series
        .bars
        .row_at(fondaco_domain::time::parse_stamp("2025-11-06").unwrap());
    assert_eq!(series.bars.high()[at], 1435.11);
    assert_eq!(series.bars.close()[at], 1433.33);
    assert_eq!(series.symbol.as_str(), "600519.SHH");
}

#[test]
fn stamps_in_zones_at_ends_and_as_epochs() {
    let expected = "2025-01-02 14:30:00+00:00 1 2 0.5 1.5 7";
    let zone = ReadOptions {
        zone: Some("America/New_York".to_owned()),
        ..plain()
    };
    let close = ReadOptions {
        stamp: StampMeans::Close,
        ..plain()
    };
    for (header, stamp, options) in [
        ("timestamp", "2025-01-02T14:30:00Z", &plain()),
        ("timestamp_utc", "2025-01-02 14:30:00", &plain()),
        ("datetime", "2025-01-02 09:30:00", &zone),
        ("datetime", "2025-01-02T09:30:00-05:00", &plain()),
        ("open_time", "1735828200", &plain()),
        ("open_time", "1735828200000", &plain()),
        ("ts", "1735828200000000", &plain()),
        ("ts", "1735828200000000000", &plain()),
        ("time", "2025-01-02 14:35:00", &close),
        ("date", "20250102 143000", &plain()),
    ] {
        let content = format!("{header},open,high,low,close,volume\n{stamp},1,2,0.5,1.5,7\n");
        assert_eq!(
            candles("AAPL_5m.csv", &content, options),
            [expected],
            "{stamp}"
        );
    }
    let apart = "Date,Time,Open,High,Low,Close,Volume\n2025-01-02,14:30:00,1,2,0.5,1.5,7\n";
    assert_eq!(candles("AAPL_5m.csv", apart, &plain()), [expected]);
    let (_folder, path) = file("AAPL_5m.csv", apart);
    assert_eq!(read_one(&path, &plain()).notes, [Note::ZoneAssumedUtc]);
    assert!(
        refused(
            apart,
            &ReadOptions {
                zone: Some("Mars/Olympus".to_owned()),
                ..plain()
            }
        )
        .contains("America/New_York")
    );
}

#[test]
fn bar_ends_become_bar_starts_in_a_real_file() {
    let Some(path) = shared("btc-perp-1m/BTC-PERP_1m.csv.gz") else {
        return;
    };
    let options = ReadOptions {
        stamp: StampMeans::Close,
        ..plain()
    };
    let series = read_one(&path, &options);
    assert_eq!(
        series.bars.time()[0].to_string(),
        "2021-12-31 23:00:00+00:00"
    );
    assert_eq!(
        (series.bars.len(), series.timeframe.to_string().as_str()),
        (45_031, "1m")
    );
}

#[test]
fn a_file_of_several_instruments_is_told_apart() {
    let Some(path) = shared("wiki-daily/stocks.csv.gz") else {
        return;
    };
    let all = read_all(&path, &plain());
    let names: Vec<String> = all
        .iter()
        .map(|it| format!("{} {}", it.symbol, it.timeframe))
        .collect();
    assert_eq!(names, ["AAPL 1d", "FB 1d", "GOOG 1d", "IBM 1d", "MSFT 1d"]);
    let only = ReadOptions {
        symbol: Some("IBM".parse().unwrap()),
        ..plain()
    };
    assert_eq!(read_one(&path, &only).bars, all[3].bars);
}

#[test]
fn closes_side_by_side_are_read_when_asked_for() {
    let Some(path) = shared("sp500-closes/sp500_dataset.csv.gz") else {
        return;
    };
    let all = read_all(
        &path,
        &ReadOptions {
            wide: true,
            ..plain()
        },
    );
    assert_eq!(all.len(), 20);
    let apple = &all[0];
    assert_eq!((apple.symbol.as_str(), apple.bars.len()), ("AAPL", 8313));
    assert_eq!(apple.bars.open(), apple.bars.close());
    assert!(apple.notes.contains(&Note::CloseOnly));
}

#[test]
fn quotes_have_a_side() {
    let Some(path) = shared("lean/forex_oanda_EURUSD_1h_quote.csv.gz") else {
        return;
    };
    let close = |side| {
        let options = ReadOptions {
            side: Some(side),
            ..plain()
        };
        read_one(&path, &options).bars.close()[0]
    };
    assert_eq!(
        (close(QuoteSide::Bid), close(QuoteSide::Ask)),
        (1.31935, 1.32035)
    );
    assert_eq!(close(QuoteSide::Mid), f64::midpoint(1.31935, 1.32035));
    assert!(matches!(
        LocalFiles.read(&path, &plain()),
        Ok(FileContent::Skipped(SkipReason::SideNotStated))
    ));
}

/// The AI-Trader benchmark keeps one answer a line, calls opens and closes buy
/// and sell prices, and leaves only the open of the newest candle.
#[test]
fn merged_lines_hold_a_series_each() {
    let line = |symbol: &str, close: &str| {
        format!(
            r#"{{"Meta Data": {{"2. Symbol": "{symbol}"}}, "Time Series (Daily)": {{"2025-10-03": {{"1. buy price": "12"}}, "2025-10-02": {{"1. buy price": "10", "2. high": "11.5", "3. low": "9", "4. sell price": "{close}", "5. volume": "100"}}}}}}"#
        )
    };
    let text = format!("{}\n\n{}\n", line("NVDA", "11"), line("600519.SHH", "ten"));
    let (_folder, path) = file("merged.jsonl", &text);
    let error = LocalFiles.read(&path, &plain()).unwrap_err().to_string();
    assert!(error.contains("ten"), "{error}");

    let text = format!("{}\n{}", line("NVDA", "11"), line("600519.SHH", "10.5"));
    let (_folder, path) = file("merged.jsonl", &text);
    let all = read_all(&path, &plain());
    let told: Vec<String> = all
        .iter()
        .map(|series| {
            format!(
                "{} {} {:?} {:?} {:?}",
                series.symbol,
                series.timeframe,
                series.bars.open(),
                series.bars.close(),
                series.notes
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            "NVDA 1d [10.0] [11.0] [OnlyOpened { rows: 1 }]",
            "600519.SHH 1d [10.0] [10.5] [OnlyOpened { rows: 1 }]",
        ]
    );
    // Whoever reads rows as they lie sees the open.
    let Ok(FileContent::Series(raw)) = LocalFiles.read_raw(&path, &plain()) else {
        panic!("no series");
    };
    assert_eq!(raw[0].rows.open, [10.0, 12.0]);
    assert!(raw[0].rows.close[1].is_nan());

    // Any other list of objects is no candles.
    for other in ["{\"title\": \"news\"}\n", "not JSON\n", "\n", "[1]\n"] {
        let (_folder, path) = file("other.jsonl", other);
        assert!(
            matches!(
                LocalFiles.read(&path, &plain()),
                Ok(FileContent::Skipped(SkipReason::NotCandles { .. }))
            ),
            "{other}"
        );
    }
}

#[test]
fn alpha_vantage_tells_instrument_and_zone() {
    let Some(path) = shared("raw-samples/us_daily_AAPL.alphavantage.json") else {
        return;
    };
    let series = read_one(&path, &plain());
    assert_eq!(
        (
            series.symbol.as_str(),
            series.timeframe.to_string().as_str()
        ),
        ("AAPL", "1d")
    );
    assert!(series.notes.is_empty(), "{:?}", series.notes);
    let expected = read_one(&shared("nasdaq100-daily/AAPL.csv").unwrap(), &plain());
    assert_eq!(series.bars, expected.bars);

    let hours = r#"{"Meta Data": {"1. Information": "Intraday (60min)", "2. Symbol": "IBM",
        "4. Interval": "60min", "6. Time Zone": "US/Eastern"},
        "Time Series (60min)": {"2025-07-01 11:00:00": {"1. open": "2", "2. high": "2.5",
        "3. low": "1.5", "4. close": "2", "5. volume": "10"}, "2025-07-01 10:00:00":
        {"1. open": "1", "2. high": "1.5", "3. low": "1", "4. close": "1.25", "5. volume": "1,234.5"}}}"#;
    assert_eq!(
        candles("x.json", hours, &plain()),
        [
            "2025-07-01 14:00:00+00:00 1 1.5 1 1.25 1234.5",
            "2025-07-01 15:00:00+00:00 2 2.5 1.5 2 10",
        ]
    );
    // What stands twice is seen twice: a row alike is dropped and counted, one
    // that differs spoils the file.
    let row = |close: &str| {
        format!(
            r#""2025-07-01": {{"1. open": "2", "2. high": "3", "3. low": "1", "4. close": "{close}", "5. volume": "1"}}"#
        )
    };
    let twice = |other: &str| {
        let (one, other) = (row("2"), row(other));
        format!(
            r#"{{"Meta Data": {{"2. Symbol": "IBM"}}, "Time Series (Daily)": {{{one}, {other}}}}}"#
        )
    };
    let daily = ReadOptions {
        timeframe: Some("1d".parse().unwrap()),
        ..plain()
    };
    let (_folder, path) = file("IBM.json", &twice("2"));
    let series = read_one(&path, &daily);
    assert_eq!(series.bars.len(), 1);
    assert_eq!(series.notes[0].describe(), "1 repeated rows were dropped");
    let (_folder, path) = file("IBM.json", &twice("2.5"));
    insta::assert_snapshot!(refusal(&path, &daily), @"IBM.json:2: another candle for 2025-07-01 00:00:00+00:00, which line 1 has already [corrupt] decide with --repair keep-first or --repair keep-last; stamps without a zone may need --tz");
    let (_folder, path) = file(
        "IBM.json",
        r#"{"Note": "Thank you for using our API! 25 a day."}"#,
    );
    insta::assert_snapshot!(refusal(&path, &plain()), @"IBM.json holds no candles but a message: Thank you for using our API! 25 a day. [unavailable] fetch the data again later, within the provider's limits");
}

#[test]
fn freqtrades_json_keeps_doubles() {
    let content = "[[1515560100000,0.09946999000000001,0.0997238,0.099,0.09969000000000001,2527.92100293],\
                   [1515560400000,0.1,0.2,0.05,0.15,1]]";
    for name in ["ETH_BTC-5m.json", "ETH_BTC-5m.json.gz"] {
        assert_eq!(
            candles(name, content, &plain())[0],
            "2018-01-10 04:55:00+00:00 0.09946999000000001 0.0997238 0.099 0.09969000000000001 2527.92100293"
        );
    }
}

#[test]
fn dirt_is_refused_with_its_place() {
    let row = |line: &str| {
        format!(
            "date,open,high,low,close,volume\n2025-01-02,1,2,0.5,1.5,7\n{line}\n2025-01-06,1,2,0.5,1.5,7\n"
        )
    };
    let all: Vec<String> = [
        "2025-01-03,1,2,0.5,abc,7",
        "2025-01-03,1,2,0.5,,7",
        "2025-01-03,1,2,-0.5,1.5,7",
        "2025-01-03,1,0.5,2,1.5,7",
        "2025-01-03,1,2,inf,1.5,7",
        "03/01/2025,1,2,0.5,1.5,7",
        "2025-01-03,1,2,0.5,1.5",
        "2025-01-02,1,2,0.5,1.6,7",
    ]
    .iter()
    .map(|line| refused(&row(line), &plain()))
    .collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    AAPL-1d.csv:3: `close` is `abc`: not a number [corrupt] correct the line, or leave such rows out with --repair drop-bad-rows
    AAPL-1d.csv:3: `close` is `NaN`: not a finite number [corrupt] correct the line, or leave such rows out with --repair drop-bad-rows
    AAPL-1d.csv:3: `low` is `-0.5`: negative [corrupt] correct the line, or leave such rows out with --repair drop-bad-rows
    AAPL-1d.csv:3: the high 0.5 is below the low 2 [corrupt] correct the line, or leave such rows out with --repair drop-bad-rows
    AAPL-1d.csv:3: `low` is `inf`: not a finite number [corrupt] correct the line, or leave such rows out with --repair drop-bad-rows
    AAPL-1d.csv:3: `date` is `03/01/2025`: not a time [corrupt] write 2018-01-10, 2018-01-10T12:00:00Z, 20180110 or an epoch
    AAPL-1d.csv is not a whole CSV file: line 3 has 5 cells where 6 columns are named [corrupt] fetch the file again: nothing of it was stored
    AAPL-1d.csv:3: another candle for 2025-01-02 00:00:00+00:00, which line 2 has already [corrupt] decide with --repair keep-first or --repair keep-last; stamps without a zone may need --tz
    ");
    insta::assert_snapshot!(refused("date,open,high,close\n2025-01-02,1,2,1.5\n", &plain()), @"AAPL-1d.csv has no column for `low`; it has date, open, high, close [corrupt] name the columns in the first line, or state them with --columns");
    insta::assert_snapshot!(refused("date,open,high,low,close\n", &plain()), @"AAPL-1d.csv is empty [no_data] fetch the file again: nothing of it was stored");
    insta::assert_snapshot!(refused("", &plain()), @"AAPL-1d.csv is empty [no_data] fetch the file again: nothing of it was stored");
}

#[test]
fn dirt_is_repaired_as_stated_and_counted() {
    let content = "date,open,high,low,close,volume\n2025-01-03,2,2,2,2,7\n2025-01-02,1,1,1,1,7\n\
                   2025-01-02,1,1,1,1,7\n2025-01-03,3,3,3,3,7\n2025-01-06,x,1,1,1,7\n2025-01-07,1,1,2,1,7\n";
    let (_folder, path) = file("AAPL_1d.csv", content);
    let of = |conflicts| {
        let repair = Repair {
            drop_bad_rows: true,
            conflicts: Some(conflicts),
        };
        let series = read_one(&path, &ReadOptions { repair, ..plain() });
        (series.bars.close().to_vec(), series.notes)
    };
    let (closes, notes) = of(Keep::First);
    assert_eq!(closes, [1.0, 2.0]);
    assert_eq!(
        notes,
        [
            Note::BadRowsDropped {
                rows: 1,
                lines: vec![6]
            },
            Note::BadRowsDropped {
                rows: 1,
                lines: vec![7]
            },
            Note::Sorted { rows: 1 },
            Note::DuplicatesDropped { rows: 1 },
            Note::ConflictsDropped { rows: 1 },
        ]
    );
    assert_eq!(of(Keep::Last).0, [1.0, 3.0]);
}

#[test]
fn what_beside_candles_lies_in_folders_has_its_own_readers() {
    let (Some(factors), Some(actions)) = (
        shared("lean/factor_files"),
        shared("djia-2025/corporate_actions"),
    ) else {
        return;
    };
    let spy = fondaco_market::read_factors(&factors.join("spy.csv")).unwrap();
    assert_eq!(spy.rows().len(), 96);
    assert_eq!(spy.rows()[0].price_factor, 0.656_660_6);
    let splits = fondaco_market::read_splits(&actions.join("AMZN.splits.json")).unwrap();
    assert_eq!(splits.last().unwrap().ratio(), 20.0);
    let mut files = 0;
    for path in LocalFiles.find(&[factors, actions]).unwrap() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".splits.json") {
            fondaco_market::read_splits(&path).unwrap();
        } else if name.ends_with(".dividends.json") {
            fondaco_market::read_dividends(&path).unwrap();
        } else {
            fondaco_market::read_factors(&path).unwrap();
        }
        files += 1;
    }
    assert_eq!(files, 48);
}
