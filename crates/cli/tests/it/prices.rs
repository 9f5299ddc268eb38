//! Daily prices from a service that counts, refuses and fails.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};

use crate::harness::{Place, Ran, finish};
use crate::vantage_server::{Reply, Server, daily, message, rows, says};

const KEY: &str = "K3YK3YK3YK3Y";
const DAYS: [&str; 3] = ["2025-01-28", "2025-01-29", "2025-01-30"];
const RANGE: [&str; 4] = ["--from", "2025-01-28", "--to", "2025-01-31"];

/// A download of symbols in a range, as JSON.
fn command(place: &Place, server: &Server, symbols: &[&str], more: &[&str]) -> Command {
    let words = [
        "data",
        "download",
        "--source",
        "alpha-vantage",
        "--output",
        "json",
    ];
    let words = [&words[..], symbols, &RANGE, more].concat();
    let mut command = place.command(&words);
    command
        .env("FONDACO_PRICES_URL", server.url())
        .env("FONDACO_PRICES_PER_MINUTE", "0")
        .env("FONDACO_PRICES_PER_DAY", "0")
        .env("ALPHAADVANTAGE_API_KEY", KEY);
    command
}

fn run(place: &Place, server: &Server, symbols: &[&str], more: &[&str]) -> Ran {
    finish(&mut command(place, server, symbols, more))
}

#[track_caller]
fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran:?}"))
}

/// Each symbol with what became of it.
fn outcomes(document: &Value) -> Vec<(String, String)> {
    let all = document["symbols"].as_array().unwrap().iter();
    let text = |it: &Value| it.as_str().unwrap().to_owned();
    all.map(|it| (text(&it["symbol"]), text(&it["outcome"])))
        .collect()
}

fn pairs(all: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned()));
    owned.collect()
}

/// Every symbol of the store with the number of its candles.
fn stored(place: &Place) -> Vec<(String, u64)> {
    let listed = place.json(&["data", "list"]);
    let all = listed["datasets"].as_array().unwrap().iter();
    all.map(|it| {
        let symbol = it["symbol"].as_str().unwrap().to_owned();
        (symbol, it["version"]["rows"].as_u64().unwrap())
    })
    .collect()
}

fn good(symbol: &str) -> Reply {
    says(&daily(symbol, &rows(&DAYS)))
}

/// No file below a folder holds the key.
fn assert_secret(folder: &Path) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            assert_secret(&path);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            assert!(!text.contains(KEY), "{}", path.display());
        }
    }
}

#[test]
fn prices_are_asked_for_once_and_say_where_they_are_from() {
    let server = Server::of(|it, _| good(&it.symbol));
    let place = Place::new();
    let first = run(&place, &server, &["AAPL", "MSFT"], &[]);
    assert_eq!(first.code, 0, "{}", first.stderr);
    let host = server.url().replace("http://", "");
    assert_eq!(
        document(&first),
        json!({
            "source": format!("alpha-vantage {host}"),
            "days": 3,
            "symbols": [
                {"symbol": "AAPL", "outcome": "downloaded", "added": 3, "version": 1, "rows": 3, "still_missing": 0},
                {"symbol": "MSFT", "outcome": "downloaded", "added": 3, "version": 1, "rows": 3, "still_missing": 0},
            ],
            "ended": {"ended": "done"},
            "warnings": [],
        })
    );
    let shown = place.json(&["data", "show", "AAPL"]);
    let version = &shown["datasets"][0]["versions"][0];
    assert_eq!(
        version["source"],
        format!("alpha-vantage {host} AAPL compact")
    );
    assert_eq!(shown["datasets"][0]["venue"], "alpha-vantage");

    let second = run(&place, &server, &["AAPL", "MSFT"], &[]);
    assert_eq!(document(&second)["symbols"], json!([]));
    assert_eq!(server.symbols(), ["AAPL", "MSFT"]);
    let asked = server.asked();
    assert!(asked.iter().all(|it| it.key == KEY && it.size == "compact"));
    assert_secret(place.path());
}

#[test]
fn a_weekend_is_not_asked_for() {
    let server = Server::of(|it, _| good(&it.symbol));
    let place = Place::new();
    let words = ["data", "download", "--source", "alpha-vantage", "AAPL"];
    let range = ["--from", "2025-01-25", "--to", "2025-01-27"];
    let mut command = place.command(&[&words[..], &range].concat());
    let ran = finish(
        command
            .env("FONDACO_PRICES_URL", server.url())
            .env("FONDACO_ALPHA_VANTAGE_KEY", KEY),
    );
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (0, "nothing to fetch: all of 0 days are there\n")
    );
    assert!(server.asked().is_empty());
}

#[test]
fn it_stops_where_the_source_has_had_enough_and_goes_on_from_there() {
    let limit = format!(
        "We have detected your API key as {KEY} and our rate limit is 25 requests per day."
    );
    let server = Server::of(move |it, before| match (it.symbol.as_str(), before) {
        ("B", 0) => message("Information", &limit),
        ("C", _) => message("Error Message", "Invalid API call."),
        (name, _) => good(name),
    });
    let place = Place::new();
    let limited = run(&place, &server, &["A", "B", "C"], &[]);
    assert_eq!(limited.code, 7);
    let told = document(&limited);
    assert_eq!(
        outcomes(&told),
        pairs(&[
            ("A", "downloaded"),
            ("B", "not_reached"),
            ("C", "not_reached")
        ])
    );
    assert_eq!(
        told["warnings"],
        json!(["Rate limit reached - downloaded 1/3 symbols"])
    );
    assert_eq!(told["ended"]["ended"], "rate_limited");
    assert!(!format!("{limited:?}").contains(KEY), "{limited:?}");

    let rest = run(&place, &server, &["A", "B", "C"], &[]);
    assert_eq!(rest.code, 9);
    let told = document(&rest);
    assert_eq!(
        outcomes(&told),
        pairs(&[("B", "downloaded"), ("C", "failed")])
    );
    assert_eq!(told["warnings"], json!(["1 symbols failed to download"]));
    assert_eq!(server.symbols(), ["A", "B", "B", "C"]);
    assert_eq!(stored(&place), [("A".to_owned(), 3), ("B".to_owned(), 3)]);

    // What it does not know is asked for again only when that is wished.
    let again = run(&place, &server, &["C"], &[]);
    assert_eq!(outcomes(&document(&again)), pairs(&[("C", "failed")]));
    assert_eq!(server.asked().len(), 4);
    run(&place, &server, &["C"], &["--again"]);
    assert_eq!(server.asked().len(), 5);
}

#[test]
fn the_questions_of_a_day_are_counted_over_processes() {
    let server = Server::of(|it, _| good(&it.symbol));
    let place = Place::new();
    let limited = |symbol: &str| {
        let mut command = command(&place, &server, &[symbol], &[]);
        finish(command.env("FONDACO_PRICES_PER_DAY", "2")).code
    };
    assert_eq!([limited("A"), limited("B"), limited("C")], [0, 0, 7]);
    assert_eq!(server.symbols(), ["A", "B"]);
}

#[test]
fn wishes_that_cannot_be_are_refused_before_anybody_is_asked() {
    let server = Server::of(|it, _| good(&it.symbol));
    let place = Place::new();
    let words = |symbols: &[&str], more: &[&str]| {
        let words = ["data", "download"];
        [&words[..], symbols, more]
            .concat()
            .iter()
            .map(|it| (*it).to_owned())
            .collect::<Vec<_>>()
    };
    let vantage = ["--source", "alpha-vantage"];
    let cases = [
        (words(&["BTC/USDT"], &[]), "the candle length is not stated"),
        (
            words(&["BTC/USDT"], &["-t", "1d", "--again"]),
            "--again is for `--source alpha-vantage`",
        ),
        (
            words(&["A"], &[&vantage[..], &["-t", "1h"]].concat()),
            "has no 1h candles",
        ),
        (
            words(&["A", "600519.SHH"], &vantage),
            "A and 600519.SHH trade on markets with different calendars",
        ),
        (
            words(&["600519.SHH"], &vantage),
            "whose closed days are not known",
        ),
        (
            words(
                &["A"],
                &[
                    &vantage[..],
                    &["--from", "2025-01-02", "--to", "2025-01-01"],
                ]
                .concat(),
            ),
            "ends before it starts",
        ),
        (
            words(&["A"], &[&vantage[..], &["--base-url", "nowhere"]].concat()),
            "`nowhere` is not an address",
        ),
        (
            words(&["A"], &[&vantage[..], &["--from", "1990-01-02"]].concat()),
            "does not know the year",
        ),
    ];
    for (words, expected) in cases {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut command = place.command(&words);
        let ran = finish(
            command
                .env("FONDACO_PRICES_URL", server.url())
                .env("FONDACO_ALPHA_VANTAGE_KEY", KEY),
        );
        assert_eq!(
            (ran.code, ran.stdout.as_str()),
            (2, ""),
            "{words:?}: {}",
            ran.stderr
        );
        assert!(ran.stderr.contains(expected), "{words:?}: {}", ran.stderr);
        assert!(!ran.stderr.contains(KEY), "{words:?}");
    }
    let (code, error) = place.refused(&["data", "download", "A", "--source", "alpha-vantage"]);
    assert_eq!(code, 2);
    assert_eq!(
        error["error"]["message"],
        "no key for alpha-vantage: neither FONDACO_ALPHA_VANTAGE_KEY nor ALPHAADVANTAGE_API_KEY is set"
    );
    assert!(server.asked().is_empty());
}

/// A word that one waits for.
#[derive(Clone, Default)]
struct Gate(Arc<(Mutex<bool>, Condvar)>);

impl Gate {
    fn open(&self) {
        *self.0.0.lock().unwrap() = true;
        self.0.1.notify_all();
    }

    fn wait(&self) {
        let open = self.0.0.lock().unwrap();
        drop(self.0.1.wait_while(open, |open| !*open).unwrap());
    }
}

fn start(command: &mut Command) -> Child {
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[track_caller]
fn ended(child: Child) -> Ran {
    let output = child.wait_with_output().unwrap();
    Ran {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Two downloads of the same symbols at the same time ask for each of them
/// once, and leave a store that is whole.
#[test]
fn two_at_once_share_the_questions() {
    const SYMBOLS: [&str; 6] = ["A", "B", "C", "D", "E", "F"];
    let gate = Gate::default();
    let held = gate.clone();
    let server = Server::of(move |it, _| {
        // The first answer waits until both are there.
        held.wait();
        good(&it.symbol)
    });
    let place = Place::new();
    let one = start(&mut command(&place, &server, &SYMBOLS, &[]));
    server.wait_for(1);
    let other = start(&mut command(&place, &server, &SYMBOLS, &[]));
    gate.open();
    let (one, other) = (ended(one), ended(other));
    assert_eq!(
        (one.code, other.code),
        (0, 0),
        "{}{}",
        one.stderr,
        other.stderr
    );
    let mut asked = server.symbols();
    asked.sort_unstable();
    assert_eq!(asked, SYMBOLS);
    let expected: Vec<_> = SYMBOLS.iter().map(|name| ((*name).to_owned(), 3)).collect();
    assert_eq!(stored(&place), expected);
    place.ok(&["data", "check", "--files"]);
}

/// Killed in the middle of any answer, a download has stored each symbol whole
/// or not at all; the next one asks for the rest.
#[test]
fn killed_in_an_answer_it_leaves_what_came_and_goes_on() {
    const SYMBOLS: [&str; 4] = ["A", "B", "C", "D"];
    for killed_at in 1..=SYMBOLS.len() {
        let name = SYMBOLS[killed_at - 1];
        let server = Server::of(move |it, before| {
            if it.symbol == name && before == 0 {
                Reply::Stalls
            } else {
                good(&it.symbol)
            }
        });
        let place = Place::new();
        let mut child = start(&mut command(&place, &server, &SYMBOLS, &[]));
        server.wait_for(killed_at);
        child.kill().unwrap();
        child.wait().unwrap();
        let there: Vec<_> = SYMBOLS[..killed_at - 1]
            .iter()
            .map(|it| ((*it).to_owned(), 3))
            .collect();
        assert_eq!(stored(&place), there, "killed at {name}");
        place.ok(&["data", "check", "--files"]);

        let rest = run(&place, &server, &SYMBOLS, &[]);
        assert_eq!(rest.code, 0, "{}", rest.stderr);
        let expected: Vec<&str> = SYMBOLS[..killed_at]
            .iter()
            .chain(&SYMBOLS[killed_at - 1..])
            .copied()
            .collect();
        assert_eq!(server.symbols(), expected, "killed at {name}");
        assert_eq!(stored(&place).len(), SYMBOLS.len());
    }
}
