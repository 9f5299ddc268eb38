//! Backtests as durable runs: interrupted, killed, cancelled, done by others.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::harness::{Place, repository};

const STRATEGY: &str = "[strategy]\nname = \"own\"\nversion = \"1.0.0\"\ntimeframe = \"5m\"\n\
    [entry.long]\nwhen = \"crosses_above(close, sma(close, 50))\"\n\
    [exit.long]\nwhen = \"crosses_below(close, sma(close, 50))\"\n\
    [risk]\nstoploss = -0.5\n[sizing]\nstake = 100\nmax_open_trades = 2\n";

/// A backtest of the place below, and its result.
const RUN: [&str; 7] = [
    "backtest",
    "run",
    "--strategy",
    "own.toml",
    "--data",
    "candles",
    "--no-report",
];

/// A place with a freqtrade folder of some pairs, and a strategy.
fn with_candles(pairs: usize, rows: i64) -> Place {
    let place = Place::new();
    fs::write(place.path().join("own.toml"), STRATEGY).unwrap();
    fs::create_dir(place.path().join("candles")).unwrap();
    for pair in 0..pairs {
        let mut json = String::from("[");
        for row in 0..rows {
            let at = 1_600_000_000_000 + row * 300_000;
            let price = 100.0 + 20.0 * ((row as f64) / 40.0 + pair as f64).sin();
            let comma = if row == 0 { "" } else { "," };
            let _ = write!(
                json,
                "{comma}[{at},{price},{},{},{price},10]",
                price + 1.0,
                price - 1.0
            );
        }
        json.push(']');
        fs::write(
            place.path().join(format!("candles/P{pair}_USDT-5m.json")),
            json,
        )
        .unwrap();
    }
    place
}

/// The result as it is without a durable run.
fn expected(place: &Place) -> Vec<u8> {
    place.ok(&[&RUN[..], &["--ephemeral", "--out", "expected"]].concat());
    result(&place.path().join("expected"))
}

fn result(folder: &Path) -> Vec<u8> {
    let path = folder.join("result.json");
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Words in a home of their own.
fn at<'a>(home: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    [&["--home", home], words].concat()
}

fn start(place: &Place, words: &[&str]) -> Child {
    place
        .command(words)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Id and state of every run, the newest first.
fn runs(place: &Place, home: &str) -> Vec<(String, String)> {
    let listed = place.json(&at(home, &["run", "list"]));
    let text = |run: &Value, key: &str| run[key].as_str().unwrap().to_owned();
    let runs = listed["runs"].as_array().unwrap().iter();
    runs.map(|run| (text(run, "id"), text(run, "state")))
        .collect()
}

/// Files below a folder; one that vanishes meanwhile is not counted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            _ => vec![entry.path()],
        })
        .collect()
}

/// Waits until an attempt of the home has a process.
fn until_running(place: &Place, home: &str, child: &mut Child) {
    let tasks = place.path().join(home).join("tasks");
    let begun = || files(&tasks).iter().any(|path| path.ends_with("process"));
    while !begun() {
        assert!(child.try_wait().unwrap().is_none(), "it ended too early");
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
fn children(of: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?;
            (parent.parse() == Ok(of)).then_some(pid)
        })
        .collect()
}

#[cfg(unix)]
fn signal(name: &str, pid: u32) {
    let sent = std::process::Command::new("sh")
        .args(["-c", "kill -\"$0\" \"$1\" 2>&1", name, &pid.to_string()])
        .output()
        .unwrap();
    drop(sent);
}

/// Killed when so many of its files are there, alone or with the process that
/// does its task, a backtest that is asked for again ends in the result it
/// would have had, as the same run.
#[cfg(target_os = "linux")]
#[test]
fn killed_at_any_moment_it_ends_in_the_same_result() {
    let place = with_candles(3, 2_000);
    let expected = expected(&place);
    let whole = place.path().join("whole");
    place.ok(&at("whole", &RUN));
    let most = files(&whole).len();
    assert!(most > 8, "{most} files");
    for count in 0..=most {
        let home = format!("home-{count}");
        let folder = place.path().join(&home);
        let words = at(&home, &RUN);
        let mut child = start(&place, &words);
        while child.try_wait().unwrap().is_none() && files(&folder).len() < count {
            std::thread::yield_now();
        }
        let with_it = if count % 2 == 0 {
            children(child.id())
        } else {
            Vec::new()
        };
        let _ = child.kill();
        child.wait().unwrap();
        for pid in with_it {
            signal("KILL", pid);
        }
        let before = runs(&place, &home);
        let ended = before.iter().any(|(_, state)| state == "completed");
        let again = place.json(&words);
        let kept = again["written"][0].as_str().unwrap();
        assert!(result(Path::new(kept)) == expected, "after {count} files");
        let after = runs(&place, &home);
        assert!(
            after.iter().all(|(_, state)| state == "completed"),
            "after {count} files: {after:?}"
        );
        assert_eq!(after.len(), 1 + usize::from(ended), "after {count} files");
        assert_eq!(again["run"].as_str(), Some(after[0].0.as_str()));
    }
}

/// Ctrl-C gives the task back and says so; the same command goes on with the
/// same run.
#[cfg(unix)]
#[test]
fn interrupted_it_is_given_back_and_gone_on_with() {
    let place = with_candles(8, 8_000);
    let expected = expected(&place);
    let words = at("home", &RUN);
    let mut child = start(&place, &words);
    until_running(&place, "home", &mut child);
    signal("INT", child.id());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("interrupted: run"), "{said}");
    assert_eq!(output.stdout, b"");
    let open = runs(&place, "home");
    let [(run, state)] = open.as_slice() else {
        panic!("{open:?}");
    };
    assert_eq!(state, "running");
    let listed = place.json(&at("home", &["backtest", "list"]));
    assert_eq!(listed["backtests"], Value::Array(Vec::new()));
    let again = place.json(&words);
    assert_eq!(again["run"].as_str(), Some(run.as_str()));
    assert!(result(Path::new(again["written"][0].as_str().unwrap())) == expected);
    assert_eq!(
        runs(&place, "home"),
        [(run.clone(), "completed".to_owned())]
    );
}

/// The same command twice at once is one run, and both print its result.
#[test]
fn twice_at_once_is_one_run() {
    let place = with_candles(4, 4_000);
    let expected = expected(&place);
    let words = at("home", &[&RUN[..], &["--output", "json"]].concat());
    let mut first = start(&place, &words);
    until_running(&place, "home", &mut first);
    let both = [first, start(&place, &words)].map(|child| {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{said}");
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    });
    for printed in &both {
        assert!(result(Path::new(printed["written"][0].as_str().unwrap())) == expected);
    }
    assert_eq!(both[0]["metrics"], both[1]["metrics"]);
    let runs = runs(&place, "home");
    assert!(
        runs.iter().all(|(_, state)| state == "completed"),
        "{runs:?}"
    );
    if both[0]["run"] == both[1]["run"] {
        assert_eq!(runs.len(), 1);
    } else {
        // The second one came after the first had ended.
        assert_eq!(runs.len(), 2);
    }
}

/// What a worker does later is done with the values of the moment it was asked
/// for: neither an edited strategy nor newer candles change it.
#[test]
fn a_detached_run_is_done_by_a_worker_with_the_values_it_was_asked_with() {
    let place = Place::new();
    let sample = repository("samples/us-daily/stocks.csv.gz");
    place.ok(&["data", "import", sample.to_str().unwrap(), "--venue", "us"]);
    let strategy = repository("strategies/sma-cross.toml");
    fs::copy(strategy, place.path().join("own.toml")).unwrap();
    let words = [
        "backtest",
        "run",
        "--strategy",
        "own.toml",
        "--pairs",
        "AAPL",
    ];
    place.ok(&[&words[..], &["--ephemeral", "--out", "expected"]].concat());

    let detached = place.json(&[&words[..], &["--detach"]].concat());
    let run = detached["run"].as_str().unwrap();
    assert_eq!(
        runs(&place, "home"),
        [(run.to_owned(), "queued".to_owned())]
    );
    let again = place.json(&[&words[..], &["--detach"]].concat());
    assert_eq!(again["run"], detached["run"], "it is open still");

    fs::write(place.path().join("own.toml"), "no strategy any more").unwrap();
    let newer = "date,open,high,low,close,volume\n2013-03-04,60,61,59,60,100\n";
    fs::write(place.path().join("AAPL.csv"), newer).unwrap();
    place.ok(&[
        "data",
        "import",
        "AAPL.csv",
        "--venue",
        "us",
        "--timeframe",
        "1d",
    ]);
    place.ok(&["worker", "--once"]);

    assert_eq!(
        runs(&place, "home"),
        [(run.to_owned(), "completed".to_owned())]
    );
    let listed = place.json(&["backtest", "list"]);
    let kept = listed["backtests"][0]["id"].as_str().unwrap();
    let kept = place.path().join("home/backtests").join(kept);
    assert!(result(&kept) == result(&place.path().join("expected")));
}

/// Files that are not what they were are refused rather than used.
#[test]
fn a_run_whose_files_have_changed_fails_and_says_so() {
    let place = with_candles(2, 500);
    let detached = place.json(&[&RUN[..], &["--detach"]].concat());
    let run = detached["run"].as_str().unwrap();
    fs::write(place.path().join("candles/P1_USDT-5m.json"), "[]").unwrap();
    place.ok(&["worker", "--once"]);
    assert_eq!(
        runs(&place, "home"),
        [(run.to_owned(), "failed".to_owned())]
    );
    let shown = place.ok(&["run", "show", run]);
    assert!(
        shown.contains("P1_USDT-5m.json has changed since"),
        "{shown}"
    );
    // In words, wherever it is shown; for programs as a document.
    let task = place.json(&["run", "show", run]);
    let task = &task["tasks"][0];
    assert_eq!(task["failure"]["kind"], "conflict");
    let hint = task["failure"]["hint"].as_str().unwrap();
    assert!(shown.contains(&format!("\nhint: {hint}\n")), "{shown}");
    let key = task["key"].as_str().unwrap();
    let tried = place.ok(&["run", "show", run, "--task", key]);
    let events = place.ok(&["run", "events", run]);
    for text in [shown, tried, events] {
        assert!(text.contains("has changed since"), "{text}");
        assert!(!text.contains("\"message\""), "{text}");
    }
}

/// Somebody else may end the run that is waited for.
#[test]
fn a_run_that_is_cancelled_ends_the_command() {
    let place = with_candles(8, 8_000);
    let mut child = start(&place, &RUN);
    until_running(&place, "home", &mut child);
    let (run, _) = runs(&place, "home").remove(0);
    place.ok(&["run", "cancel", &run, "--reason", "not needed"]);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("was cancelled: not needed"), "{said}");
    let next = place.json(&RUN);
    assert_ne!(next["run"].as_str(), Some(run.as_str()));
}

/// A failure comes out as it would have without a durable run.
#[test]
fn failures_are_told_in_the_words_of_the_backtest() {
    let place = with_candles(1, 100);
    for further in [
        &["--pairs", "NOPE/USDT"][..],
        &["--timerange", "19900101-19910101"],
        &["--timerange", "20300101-"],
        &["--timeframe-detail", "1m"],
        &["--pairs", "P0/USDT,P0/USDT"],
        &["--max-open-trades", "-5"],
        &["--balance", "nan"],
        &["--seed", "9007199254740992"],
    ] {
        let words = [&RUN[..], further].concat();
        let (code, error) = place.refused(&words);
        let here = place.refused(&[&words[..], &["--ephemeral"]].concat());
        assert_eq!((code, error), here, "{further:?}");
        assert!(matches!(code, 2 | 3 | 6), "{further:?}: {code}");
    }
    let (_, error) = place.refused(&[&RUN[..], &["--timerange", "20300101-"]].concat());
    let message = error["error"]["message"].as_str().unwrap();
    insta::assert_snapshot!(message, @"P0/USDT: no candle inside the tested range; it has 100 from 2020-09-13 12:26:40+00:00 to 2020-09-13 20:41:40+00:00");
}
