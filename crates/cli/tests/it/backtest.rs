//! Backtests with the real program on the sample candles: kept, listed,
//! compared, repeated, refused, interrupted.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::harness::{Place, finish, repository};

const RANGE: &str = "20050301-20130302";

/// A place with the sample candles in its store.
fn with_sample() -> Place {
    let place = Place::new();
    let sample = repository("samples/us-daily/stocks.csv.gz");
    place.ok(&["data", "import", sample.to_str().unwrap(), "--venue", "us"]);
    place
}

fn strategy(name: &str) -> String {
    repository(&format!("strategies/{name}.toml"))
        .to_str()
        .unwrap()
        .to_owned()
}

/// `backtest run` of a sample strategy with further words.
fn run<'a>(strategy: &'a str, further: &[&'a str]) -> Vec<&'a str> {
    [
        &[
            "backtest",
            "run",
            "--strategy",
            strategy,
            "--timerange",
            RANGE,
        ][..],
        further,
    ]
    .concat()
}

fn bytes(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn a_result_is_kept_listed_shown_compared_and_reported() {
    let place = with_sample();
    let (cross, reversion) = (strategy("sma-cross"), strategy("rsi-reversion"));
    let first = place.json(&run(&cross, &["--out", "out/cross"]));
    let second = place.json(&run(&reversion, &[]));
    let ids = [&first, &second].map(|run| run["id"].as_str().unwrap().to_owned());

    let listed = place.json(&["backtest", "list"]);
    let mut names: Vec<_> = listed["backtests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].clone())
        .collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, [ids[1].clone(), ids[0].clone()].map(Value::from));

    let shown = place.json(&["backtest", "show", "sma-cross"]);
    assert_eq!(shown["metrics"], first["metrics"]);
    let trades = place.json(&["backtest", "show", "out/cross", "--trades"]);
    let count = trades["trades"].as_array().unwrap().len();
    assert_eq!(
        Some(count as u64),
        shown["metrics"]["trades"]["trades"].as_u64()
    );
    let csv = fs::read_to_string(place.path().join("out/cross/trades.csv")).unwrap();
    assert_eq!(csv.lines().count(), count + 1);

    let compared = place.ok(&[
        "backtest",
        "compare",
        &ids[0],
        &ids[1],
        "--html",
        "compare.html",
    ]);
    assert!(
        compared.contains("sma-cross") && compared.contains("Sharpe"),
        "{compared}"
    );
    place.ok(&["backtest", "report", &ids[0], "--out", "report.html"]);
    for page in ["compare.html", "report.html", "out/cross/report.html"] {
        let html = fs::read_to_string(place.path().join(page)).unwrap();
        assert!(
            html.starts_with("<!doctype html>") && html.ends_with("</html>\n"),
            "{page}"
        );
    }
}

/// The sample's profit, recomputed from the trades by adding up.
#[test]
fn the_account_adds_up_from_the_trade_list() {
    let place = with_sample();
    let figures = place.json(&run(&strategy("sma-cross"), &["--out", "out"]));
    let mut reader = csv_rows(&place.path().join("out/trades.csv"));
    let profits: f64 = reader
        .drain(..)
        .map(|row| row["profit_abs"].parse::<f64>().unwrap())
        .sum();
    let profit = figures["metrics"]["profit_abs"].as_f64().unwrap();
    assert!((profits - profit).abs() < 1e-6, "{profits} and {profit}");
}

/// Rows of a plain CSV file by column; no field of it holds a comma.
fn csv_rows(path: &Path) -> Vec<std::collections::HashMap<String, String>> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let names: Vec<_> = lines
        .next()
        .unwrap()
        .split(',')
        .map(str::to_owned)
        .collect();
    lines
        .map(|line| {
            names
                .iter()
                .cloned()
                .zip(line.split(',').map(str::to_owned))
                .collect()
        })
        .collect()
}

#[test]
fn one_thread_and_two_write_the_same_bytes() {
    let place = with_sample();
    let cross = strategy("sma-cross");
    for threads in ["1", "2"] {
        place.ok(&run(
            &cross,
            &["--ephemeral", "--threads", threads, "--out", threads],
        ));
    }
    for file in ["result.json", "trades.csv", "trades.parquet", "report.html"] {
        let [one, two] = ["1", "2"].map(|threads| bytes(&place.path().join(threads).join(file)));
        assert!(one == two, "{file} differs");
    }
    assert_eq!(
        place.json(&["backtest", "list"])["backtests"],
        Value::from(Vec::<Value>::new())
    );
}

#[test]
fn a_run_is_repeated_on_the_candles_it_read_after_newer_ones_came() {
    let place = Place::new();
    let line = |day: &str, price: f64| {
        format!("{day},{price},{},{},{price},10\n", price + 1.0, price - 1.0)
    };
    let mut csv = String::from("date,open,high,low,close,volume\n");
    let day = |n: i64| {
        fondaco_domain::UnixMillis(1_600_000_000_000 + n * 86_400_000).to_string()[..10].to_owned()
    };
    for n in 0..300 {
        csv += &line(&day(n), 100.0 + 20.0 * (n as f64 / 9.0).sin());
    }
    fs::write(place.path().join("ACME.csv"), &csv).unwrap();
    let import = [
        "data",
        "import",
        "ACME.csv",
        "--venue",
        "us",
        "--timeframe",
        "1d",
    ];
    place.ok(&import);
    let own = "[strategy]\nname = \"own\"\nversion = \"1.0.0\"\ntimeframe = \"1d\"\n\
        [entry.long]\nwhen = \"crosses_above(close, sma(close, 10))\"\n\
        [exit.long]\nwhen = \"crosses_below(close, sma(close, 10))\"\n\
        [risk]\nstoploss = -0.5\n[sizing]\nstake = 1000\nmax_open_trades = 1\n";
    fs::write(place.path().join("own.toml"), own).unwrap();
    let words = |further: &[&'static str]| {
        [&["backtest", "run", "--strategy", "own.toml"][..], further].concat()
    };
    let before = place.json(&words(&["--out", "before"]));
    for n in 300..330 {
        csv += &line(&day(n), 100.0 + 20.0 * (n as f64 / 9.0).sin());
    }
    fs::write(place.path().join("ACME.csv"), &csv).unwrap();
    place.ok(&import);
    let newer = place.json(&words(&["--out", "newer"]));
    assert_ne!(newer["id"], before["id"]);
    place.ok(&words(&["--data-of", "before", "--out", "again"]));
    let [before, again] =
        ["before", "again"].map(|it| bytes(&place.path().join(it).join("result.json")));
    assert!(before == again);
}

/// Words, the exit code and what the message must say.
type Refusal<'a> = (&'a [&'a str], i32, &'a str);

/// What is wrong is refused with a hint, and leaves no result.
#[track_caller]
fn refuses(place: &Place, cases: &[Refusal<'_>]) {
    for (words, code, part) in cases {
        let (found, error) =
            place.refused(&[&["backtest", "run", "--out", "refused"][..], words].concat());
        let message = error["error"].to_string();
        assert_eq!(found, *code, "{words:?}: {message}");
        assert!(message.contains(part), "{words:?}: {message}");
        assert!(
            error["error"]["hint"].is_string() || found == 2,
            "{words:?}: {message}"
        );
        assert!(
            !place.path().join("refused/result.json").exists(),
            "{words:?}"
        );
    }
}

#[test]
fn accounts_and_ranges_that_cannot_be_are_refused() {
    let place = with_sample();
    let cross = strategy("sma-cross");
    let write = |name: &str, text: &str| fs::write(place.path().join(name), text).unwrap();
    write("broken.json", "{\"fee\": ");
    write("margin.json", "{\"fee\": 0, \"trading_mode\": \"margin\"}");
    let cases: &[Refusal<'_>] = &[
        (
            &["--strategy", &cross, "--pairs", "AAPL,IBM,AAPL"],
            2,
            "AAPL is listed twice",
        ),
        (
            &["--strategy", &cross, "--max-open-trades", "-5"],
            2,
            "-5 is no number of open trades",
        ),
        (
            &["--strategy", &cross, "--freqtrade-config", "broken.json"],
            2,
            "broken.json",
        ),
        (
            &["--strategy", &cross, "--freqtrade-config", "margin.json"],
            2,
            "margin.json",
        ),
        (
            &["--strategy", &cross, "--timerange", "20200101-"],
            6,
            "it has 3270 from 2000-03-01",
        ),
    ];
    refuses(&place, cases);
}

#[test]
fn bad_input_is_refused_with_a_hint_and_leaves_no_result() {
    let place = with_sample();
    let cross = strategy("sma-cross");
    let text = fs::read_to_string(&cross).unwrap();
    let write = |name: &str, text: String| fs::write(place.path().join(name), text).unwrap();
    write(
        "unknown.toml",
        text.replace("sma(close, $fast)", "smaa(close, $fast)"),
    );
    write(
        "type.toml",
        text.replace("stoploss = -0.25", "stoploss = \"a lot\""),
    );
    write(
        "ahead.toml",
        text.replace("sma(close, $fast)", "shift(close, -1)"),
    );
    write(
        "nan.csv",
        "date,open,high,low,close,volume\n2020-01-01,1,1,1,1,1\n2020-01-02,1,1,1,NaN,1\n"
            .to_owned(),
    );
    write("result.json", "{}".to_owned());
    let cases: &[Refusal<'_>] = &[
        (&["--strategy", "absent.toml"], 3, "absent.toml"),
        (&["--strategy", &cross, "--pairs", "NOPE"], 3, "NOPE"),
        (
            &["--strategy", &cross, "--timerange", "19900101-19910101"],
            6,
            "AAPL",
        ),
        (
            &["--strategy", &cross, "--timerange", "20100101-20090101"],
            2,
            "ends before",
        ),
        (&["--strategy", &cross, "--timerange", "soon"], 2, "soon"),
        (&["--strategy", "unknown.toml"], 2, "smaa"),
        (&["--strategy", "type.toml"], 2, "stoploss"),
        (&["--strategy", "ahead.toml"], 2, "shift"),
        (&["--strategy", &cross, "--param", "fast=1000"], 2, "fast"),
        (&["--strategy", &cross, "--param", "speed=1"], 2, "speed"),
        (&["--strategy", &cross, "--balance", "-1"], 2, "balance"),
        (
            &[
                "--strategy",
                &cross,
                "--stake",
                "unlimited",
                "--max-open-trades",
                "-1",
            ],
            2,
            "unlimited",
        ),
        (&["--strategy", &cross, "--data", "absent"], 3, "absent"),
        (&["--strategy", &cross, "--signals", "absent"], 3, "absent"),
        (
            &["--strategy", &cross, "--freqtrade-config", "absent.json"],
            3,
            "absent.json",
        ),
        (&["--strategy", &cross, "--data-of", "absent"], 3, "absent"),
        (&["--strategy", &cross, "--timeframe-detail", "2d"], 2, "2d"),
    ];
    refuses(&place, cases);
    assert_eq!(
        place
            .refused(&["data", "import", "nan.csv", "--venue", "us"])
            .0,
        5
    );
    assert_eq!(place.refused(&["backtest", "show", "."]).0, 5);
    assert_eq!(place.refused(&["backtest", "show", "nothing"]).0, 3);
}

#[test]
fn a_list_says_whose_results_there_are_none_of() {
    let place = with_sample();
    let none = ["backtest", "list", "--strategy", "nope"];
    assert_eq!(place.ok(&none), "no results: run `fondaco backtest run`\n");
    place.ok(&run(&strategy("sma-cross"), &["--no-report"]));
    assert_eq!(place.ok(&none), "no result of the strategy `nope`\n");
}

#[test]
fn a_page_for_a_folder_that_is_not_there_is_refused() {
    let place = with_sample();
    place.ok(&run(&strategy("sma-cross"), &["--out", "out"]));
    for words in [
        &["backtest", "report", "out", "--out", "absent/page.html"][..],
        &[
            "backtest",
            "compare",
            "out",
            "out",
            "--html",
            "absent/page.html",
        ],
    ] {
        let (code, error) = place.refused(words);
        assert_eq!(code, 3, "{error}");
        assert_eq!(error["error"]["message"], "there is no folder absent");
    }
}

#[test]
fn a_place_that_cannot_be_written_leaves_nothing_behind() {
    let place = with_sample();
    // A file where the folder should be: no right can make it writable.
    fs::write(place.path().join("out"), "in the way").unwrap();
    let cross = strategy("sma-cross");
    let (code, error) = place.refused(&run(&cross, &["--ephemeral", "--out", "out"]));
    assert_eq!(code, 8, "{error}");
    assert_eq!(bytes(&place.path().join("out")), b"in the way");
}

/// A disk that takes no more: files may not grow past 64 KiB, which the sample's
/// result does.
#[test]
fn a_write_that_fails_half_way_leaves_no_result() {
    let place = with_sample();
    let program = place.command(&[]).get_program().to_owned();
    let cross = strategy("sma-cross");
    for words in [
        run(&cross, &[]),
        run(&cross, &["--ephemeral", "--out", "out"]),
    ] {
        let mut limited = std::process::Command::new("sh");
        limited
            .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" \"$@\""])
            .arg(&program)
            .args(&words)
            .current_dir(place.path())
            .env_clear()
            .env("FONDACO_HOME", place.path().join("home"));
        let ran = finish(&mut limited);
        assert_eq!(ran.code, 8, "{}", ran.stderr);
        assert!(
            ran.stderr.contains("hint: check the free space"),
            "{}",
            ran.stderr
        );
        assert!(!place.path().join("out").exists());
    }
    assert_eq!(
        place.json(&["backtest", "list"])["backtests"],
        Value::from(Vec::<Value>::new())
    );
}

/// Killed when so many of its files are there, a run leaves the result it was
/// to replace, or its own whole one, or none; a later run is not disturbed by
/// what it left.
#[test]
fn a_killed_run_leaves_no_half_result() {
    let place = with_sample();
    let cross = strategy("sma-cross");
    let words = run(&cross, &["--out", "out"]);
    let folders = ["out", "home/backtests"].map(|name| place.path().join(name));
    for files in 0..16 {
        let mut child = place.command(&words).stdout(Stdio::null()).spawn().unwrap();
        while child.try_wait().unwrap().is_none()
            && folders.iter().map(|folder| count(folder)).sum::<usize>() < files
        {
            std::thread::yield_now();
        }
        // It may have ended by itself, which is one more moment to look at.
        let _ = child.kill();
        child.wait().unwrap();
        for folder in &folders {
            assert_whole(&place, folder);
            let _ = fs::remove_dir_all(folder);
        }
    }
    // The run that is open may have been done by a process that outlived its
    // parent, with a result that was taken away above.
    place.run(&words);
    place.ok(&words);
    place.ok(&["backtest", "show", "out"]);
    assert_eq!(
        place.json(&["backtest", "list"])["backtests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

/// Files in a folder and below, as far as they can be seen.
fn count(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => count(&entry.path()),
            _ => 1,
        })
        .sum()
}

/// Every folder with a `result.json` reads as a result with all its files.
fn assert_whole(place: &Place, folder: &Path) {
    let inside = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path());
    for folder in inside.chain([folder.to_owned()]) {
        if folder.join("result.json").exists() {
            place.ok(&["backtest", "show", folder.to_str().unwrap()]);
            for file in [
                "trades.csv",
                "trades.parquet",
                "equity.csv",
                "report.html",
                "listing.json",
            ] {
                assert!(
                    folder.join(file).exists(),
                    "{} lacks {file}",
                    folder.display()
                );
            }
        }
    }
}

#[test]
fn two_users_at_once_do_not_disturb_each_other() {
    let place = with_sample();
    let cross = strategy("sma-cross");
    let words = run(&cross, &[]);
    let spawn = || place.command(&words).stdout(Stdio::null()).spawn().unwrap();
    let both = [spawn(), spawn()];
    for mut child in both {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(
        place.json(&["backtest", "list"])["backtests"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    place.ok(&["backtest", "show", "sma-cross"]);
}
