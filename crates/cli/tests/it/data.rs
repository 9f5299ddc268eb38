//! `fondaco data`, from files to files.

use std::path::PathBuf;

use crate::harness::Place;

/// A file of candles of days.
fn days(place: &Place, name: &str, rows: &[&str]) {
    let path = place.path().join(name);
    let text = format!("date,open,high,low,close,volume\n{}\n", rows.join("\n"));
    std::fs::write(path, text).unwrap();
}

const MONDAY: &str = "2025-01-06,100,102,99,101,7";
const TUESDAY: &str = "2025-01-07,101,103,100,102.1,8";
const FRIDAY: &str = "2025-01-10,102,103,101,102.5,9";

#[test]
fn candles_come_in_are_shown_and_go_out() {
    let place = Place::new();
    days(&place, "AAPL.csv", &[MONDAY, TUESDAY, FRIDAY]);
    insta::assert_snapshot!(place.ok(&["data", "import", "AAPL.csv", "--venue", "nyse", "--timeframe", "1d"]), @r"
    Data set      Read  New  Changed  Version
    nyse AAPL 1d     3    3        0  1 0276b3a8a19c
    ");
    days(
        &place,
        "AAPL.csv",
        &[FRIDAY, "2025-01-13,103,104,102,103,4"],
    );
    place.ok(&[
        "data",
        "import",
        "AAPL.csv",
        "--venue",
        "nyse",
        "--timeframe",
        "1d",
    ]);
    insta::assert_snapshot!(place.ok(&["data", "list"]), @r"
    Venue  Symbol  Length  Kind    Candles  First                      Last                       Version
    nyse   AAPL    1d      trades        4  2025-01-06 00:00:00+00:00  2025-01-13 00:00:00+00:00  2 8b48bf6c5707
    ");
    insta::assert_snapshot!(place.ok(&["data", "show", "AAPL"]), @r"
    nyse AAPL 1d
    Version  Id            Candles  First                      Last                       Made                       From
          2  8b48bf6c5707        4  2025-01-06 00:00:00+00:00  2025-01-13 00:00:00+00:00  2025-01-31 12:00:00+00:00  AAPL.csv
          1  0276b3a8a19c        3  2025-01-06 00:00:00+00:00  2025-01-10 00:00:00+00:00  2025-01-31 12:00:00+00:00  AAPL.csv
    ");
    insta::assert_snapshot!(place.ok(&["data", "export", "AAPL", "--format", "csv", "--data-version", "1"]), @r"
    date,open,high,low,close,volume
    2025-01-06 00:00:00+00:00,100,102,99,101,7
    2025-01-07 00:00:00+00:00,101,103,100,102.1,8
    2025-01-10 00:00:00+00:00,102,103,101,102.5,9
    ");
    insta::assert_snapshot!(place.ok(&["data", "export", "AAPL", "--to", "out.parquet", "--range", "20250107-20250111"]), @"2 candles of nyse AAPL 1d (version 2 8b48bf6c5707) in out.parquet");
    assert!(place.path().join("out.parquet").exists());
    insta::assert_snapshot!(place.ok(&["data", "check", "--as-of", "now"]), @r"
    nyse AAPL 1d (4 rows, us-equities, by its name)
      warning gap × 1: 2025-01-08
      warning stale_tail × 12: 2025-01-14 to 2025-01-30 (12)
    1 series checked, 0 without findings
    ");
    insta::assert_snapshot!(place.ok(&["data", "check", "--files"]), @"2 files of candles checked");
    let listed = place.json(&["data", "list"]);
    assert_eq!(listed["datasets"][0]["version"]["rows"], 4);
}

#[test]
fn nothing_imported_is_said_in_full() {
    let place = Place::new();
    insta::assert_snapshot!(place.ok(&["data", "list"]), @"no data sets: import some with `fondaco data import`");
    let refusals = [
        &["data", "show", "AAPL"][..],
        &["data", "export", "AAPL", "--format", "csv"],
        &["data", "export", "AAPL"],
        &["data", "import", "absent.csv"],
        &["data", "check"],
        &["data", "list", "--freqtrade", "."],
        &["data", "download", "BTC/USDT", "-t", "1h"],
        &[
            "data",
            "download",
            "BTC/USDT",
            "-t",
            "7h",
            "--from",
            "2024-01-01",
        ],
        &[
            "data",
            "download",
            "BTC/USDT",
            "-t",
            "1h",
            "--base-url",
            "nowhere",
        ],
    ]
    .map(|words| {
        let (code, error) = place.refused(words);
        let text = |key: &str| error["error"][key].as_str().unwrap_or_default().to_owned();
        format!("{code} {} [{}]", text("message"), text("hint"))
    });
    insta::assert_snapshot!(refusals.join("\n"), @r"
    3 the store has no AAPL [see what there is with `fondaco data list`]
    3 the store has no AAPL [see what there is with `fondaco data list`]
    2 no form was stated, and the file's name tells none [state --format csv, parquet, feather or json]
    3 absent.csv does not exist [check the path]
    3 the store has no data set [see what there is with `fondaco data list`]
    3 . has no candles named as freqtrade names them [name a folder that holds such files, as in BTC_USDT-5m.feather]
    2 there are no binance BTC/USDT 1h candles yet, so the start of the download must be stated [state it with --from]
    2 the exchange has no 7h candles [choose 1s, 1m, 3m, 5m, 15m, 30m, 1h, 2h, 4h, 6h, 8h, 12h, 1d, 3d or 1w]
    2 `nowhere` is not an address [write --base-url https://api.binance.com]
    ");
}

#[test]
fn a_bad_line_is_named_and_nothing_is_stored() {
    let place = Place::new();
    days(&place, "GOOD.csv", &[MONDAY, TUESDAY]);
    days(
        &place,
        "AAPL.csv",
        &[MONDAY, "2025-01-07,101,103,100,\"1,02x\",8"],
    );
    let (code, error) = place.refused(&["data", "import", "GOOD.csv", "AAPL.csv"]);
    assert_eq!(code, 5);
    insta::assert_json_snapshot!(error, @r#"
    {
      "error": {
        "kind": "corrupt",
        "message": "AAPL.csv:3: `close` is `1,02x`: not a number",
        "hint": "correct the line, or leave such rows out with --repair drop-bad-rows",
        "causes": []
      }
    }
    "#);
    assert_eq!(
        place.json(&["data", "list"])["datasets"],
        serde_json::json!([])
    );
}

#[test]
fn a_check_can_fail_a_script() {
    let place = Place::new();
    days(&place, "AAPL.csv", &[MONDAY, TUESDAY, FRIDAY]);
    let ran = place.run(&["data", "check", "AAPL.csv", "--fail-on", "warning"]);
    assert_eq!(ran.code, 5);
    // The 9th was a day of mourning: only the 8th is missing.
    insta::assert_snapshot!(ran.stdout, @r"
    AAPL.csv AAPL 1d (3 rows, us-equities, by its name)
      warning gap × 1: 2025-01-08
    1 series checked, 0 without findings
    ");
    insta::assert_snapshot!(ran.stderr, @"error: findings of that severity in 1 series");
    let report = place.json(&["data", "check", "AAPL.csv"]);
    insta::assert_json_snapshot!(report["checked"][0]["findings"], @r#"
    [
      {
        "issue": "gap",
        "severity": "warning",
        "count": 1,
        "ranges": [
          {
            "first": 1736294400000,
            "last": 1736294400000,
            "missing": 1
          }
        ]
      }
    ]
    "#);
}

#[test]
fn a_damaged_store_is_not_read() {
    let place = Place::new();
    days(&place, "AAPL.csv", &[MONDAY, TUESDAY, FRIDAY]);
    place.ok(&["data", "import", "AAPL.csv"]);
    let folders = [place.path().join("home/data/bars")];
    let part = parquet_below(folders.into()).remove(0);
    std::fs::write(&part, b"PAR1").unwrap();
    let (code, _) = place.refused(&["data", "export", "AAPL", "--format", "csv"]);
    assert_eq!(code, 5);
    assert_eq!(place.run(&["data", "check", "--files"]).code, 5);
}

fn parquet_below(mut folders: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push(path);
            }
        }
    }
    files
}
