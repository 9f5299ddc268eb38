//! Commands that are ended half way, and commands at the same time.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::harness::{Place, repository};

/// Years of candles in the files below: each is a file of the store.
const YEARS: std::ops::Range<i32> = 2018..2022;
const SYMBOLS: [&str; 2] = ["AAA", "BBB"];

/// Killed after any of its files, an import has stored each data set whole or
/// not at all, and the next one is not disturbed by what it left.
#[test]
fn a_killed_import_leaves_the_store_whole() {
    let place = Place::new();
    candles(&place, 100.0);
    let whole = Place::new();
    candles(&whole, 100.0);
    whole.ok(&import(&[]));
    let files = files_below(&whole.path().join("home")).len();
    assert!(files > SYMBOLS.len() * YEARS.len(), "{files} files");
    for count in 0..=files {
        let home = place.path().join("home");
        if home.exists() {
            std::fs::remove_dir_all(&home).unwrap();
        }
        kill_once(&place, &import(&[]), || files_below(&home).len() >= count);
        for stored in exports(&place).values() {
            assert!(exports(&whole).values().any(|text| text == stored));
        }
        place.ok(&import(&[]));
        assert_eq!(exports(&place), exports(&whole), "after {count} files");
        place.ok(&["data", "check", "--files"]);
    }
}

/// The same of an import that replaces what is there, whose files move.
#[test]
fn a_killed_replacement_leaves_the_old_candles_or_the_new() {
    let (old, new) = (Place::new(), Place::new());
    candles(&old, 100.0);
    old.ok(&import(&[]));
    candles(&new, 200.0);
    new.ok(&import(&[]));
    let (old, new) = (exports(&old), exports(&new));
    for count in 0..8 {
        let place = Place::new();
        candles(&place, 100.0);
        place.ok(&import(&[]));
        candles(&place, 200.0);
        let before = files_below(place.path()).len();
        kill_once(&place, &import(&["--replace"]), || {
            files_below(place.path()).len() >= before + count
        });
        for (symbol, text) in exports(&place) {
            assert!(text == old[&symbol] || text == new[&symbol], "{symbol}");
        }
        place.ok(&import(&["--replace"]));
        assert_eq!(exports(&place), new, "after {count} files");
        place.ok(&["data", "check", "--files"]);
    }
}

/// Of two imports at once each does its work or says that the other was first;
/// doing it again then finds nothing to do or does it.
#[test]
fn imports_at_once_do_not_mix() {
    let place = Place::new();
    candles(&place, 100.0);
    let mut both = [start(&place, &import(&[])), start(&place, &import(&[]))];
    for child in &mut both {
        let code = child.wait().unwrap().code();
        assert!(matches!(code, Some(0 | 4)), "{code:?}");
    }
    place.ok(&import(&[]));
    let alone = Place::new();
    candles(&alone, 100.0);
    alone.ok(&import(&[]));
    assert_eq!(exports(&place), exports(&alone));
    place.ok(&["data", "check", "--files"]);
}

/// Ctrl-C ends a command that waits, with a code of its own.
#[cfg(unix)]
#[test]
fn an_interrupt_ends_at_once() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let words = ["data", "download", "BTC/USDT", "--timeframe", "1h"];
    let words = [
        &words[..],
        &["--from", "2024-01-01", "--base-url", &address],
    ]
    .concat();
    let mut child = start(&place, &words);
    // It has asked and will never be answered.
    let _silent = listener.accept().unwrap();
    let sent = Command::new("sh")
        .args(["-c", "kill -INT \"$0\"", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(
        place.json(&["data", "list"])["datasets"],
        serde_json::json!([])
    );
}

/// A disk that becomes full: the import that fills it fails and stores nothing
/// of the data set it could not finish; what was there is as it was.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_what_was_there() {
    let place = Place::new();
    candles(&place, 100.0);
    std::fs::create_dir(place.path().join("home")).unwrap();
    let mount = "mount -t tmpfs -o size=160k tmpfs home";
    let own = |script: &str| {
        // A mount in a name space of its own ends with the shell.
        let mut shell = Command::new("unshare");
        shell.args(["--mount", "sh", "-c", script, env!("CARGO_BIN_EXE_fondaco")]);
        shell.current_dir(place.path());
        shell.env("FONDACO_HOME", place.path().join("home"));
        shell.output()
    };
    if !own(mount).is_ok_and(|tried| tried.status.success()) {
        eprintln!("skipped: mounting a small disk is not allowed here");
        return;
    }
    let sample = repository("samples/us-daily/stocks.csv.gz");
    let script = format!(
        "{mount}; \"$0\" data import AAA.csv --timeframe 1d >before || exit 1
        \"$0\" data import '{}' --venue us --output json >import 2>error; echo $? >code
        \"$0\" data list --output json >listed || exit 1
        \"$0\" data check --files >checked",
        sample.display()
    );
    let ran = own(&script).unwrap();
    assert!(ran.status.success(), "{ran:?}");
    let read = |name: &str| std::fs::read_to_string(place.path().join(name)).unwrap();
    assert_eq!((read("code").trim(), read("import").as_str()), ("8", ""));
    assert!(read("error").contains("free space"), "{}", read("error"));
    let listed: serde_json::Value = serde_json::from_str(&read("listed")).unwrap();
    let symbols = listed["datasets"].as_array().unwrap().iter();
    let symbols: Vec<&str> = symbols.map(|it| it["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["AAA"]);
}

/// Two files of daily candles, at prices around a level.
fn candles(place: &Place, level: f64) {
    for symbol in SYMBOLS {
        let mut text = String::from("date,open,high,low,close,volume\n");
        for year in YEARS {
            for day in 1..=28 {
                let price = level + f64::from(day);
                let _ = writeln!(
                    text,
                    "{year}-03-{day:02},{price},{},{},{price},5",
                    price + 1.0,
                    price - 1.0
                );
            }
        }
        std::fs::write(place.path().join(format!("{symbol}.csv")), text).unwrap();
    }
}

fn import<'a>(further: &[&'a str]) -> Vec<&'a str> {
    let words = ["data", "import", "AAA.csv", "BBB.csv", "--timeframe", "1d"];
    [&words[..], further].concat()
}

/// What the store gives for each symbol it has.
fn exports(place: &Place) -> BTreeMap<String, String> {
    let listed = place.json(&["data", "list"]);
    let symbols = listed["datasets"].as_array().unwrap().iter();
    let symbols = symbols.map(|listed| listed["symbol"].as_str().unwrap().to_owned());
    symbols
        .map(|symbol| {
            let text = place.ok(&["data", "export", &symbol, "--format", "csv"]);
            (symbol, text)
        })
        .collect()
}

/// Starts a command and kills it as soon as something holds, unless it ends
/// before.
fn kill_once(place: &Place, words: &[&str], holds: impl Fn() -> bool) {
    let mut child = start(place, words);
    while child.try_wait().unwrap().is_none() && !holds() {
        std::thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

fn start(place: &Place, words: &[&str]) -> Child {
    place
        .command(words)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Files below a folder; one that vanishes meanwhile is not counted.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                files_below(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
