//! Recorded answers of freqtrade itself: the program must give the same files.
//!
//! They lie beside the repository and not in it; where they are absent the
//! tests say so and end.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::harness::{Place, repository};

/// What a case adds to the command line.
type Words = &'static [&'static str];

const PLAIN: Words = &[];
const DETAIL: Words = &["--timeframe-detail", "1m"];
const PROTECTED: Words = &["--enable-protections"];

#[test]
fn compound_mot3_btc10() {
    equals("compound_mot3_btc10", PLAIN);
}

#[test]
fn dca_btc10() {
    equals("dca_btc10", PLAIN);
}

#[test]
fn futures_longshort_3x() {
    equals("futures_longshort_3x", PLAIN);
}

#[test]
fn futures_short_trailing_2x() {
    equals("futures_short_trailing_2x", PLAIN);
}

#[test]
fn protections_btc10() {
    equals("protections_btc10", PROTECTED);
}

#[test]
fn roi_stop_btc10() {
    equals("roi_stop_btc10", PLAIN);
}

#[test]
fn roi_stop_btcusdt5m() {
    equals("roi_stop_btcusdt5m", PLAIN);
}

#[test]
fn roi_stop_btcusdt5m_detail1m() {
    equals("roi_stop_btcusdt5m_detail1m", DETAIL);
}

#[test]
fn sample_btc10() {
    equals("sample_btc10", PLAIN);
}

#[test]
fn sma_exit_btc10() {
    equals("sma_exit_btc10", PLAIN);
}

#[test]
fn trailing_btcusdt5m_detail1m() {
    equals("trailing_btcusdt5m_detail1m", DETAIL);
}

#[test]
fn trailing_mixed_btc10() {
    equals("trailing_mixed_btc10", PLAIN);
}

#[test]
fn trailing_offset_btc10() {
    equals("trailing_offset_btc10", PLAIN);
}

#[test]
fn trailing_plain_btc10() {
    equals("trailing_plain_btc10", PLAIN);
}

/// A strategy for every recorded case, and a test above for every strategy.
#[test]
fn no_case_is_left_out() {
    let names = |folder: &Path, ending: &str| {
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(ending).map(str::to_owned))
            .filter(|name| !name.contains('.'))
            .collect();
        names.sort();
        names
    };
    let strategies = names(&repository("strategies/golden"), ".toml");
    let tests = include_str!("golden.rs");
    for name in &strategies {
        assert!(
            tests.contains(&format!("\n    equals(\"{name}\", ")),
            "{name}"
        );
    }
    let Some(golden) = shared("golden/freqtrade") else {
        return;
    };
    assert_eq!(strategies, names(&golden, ""));
}

/// Candles that went through the store give what the folder they came from
/// gives.
#[test]
fn candles_of_the_store_give_the_same_trades() {
    let Some(case) = Case::find("futures_longshort_3x", PLAIN) else {
        return;
    };
    let data = case.data.join("futures");
    case.place
        .ok(&["data", "import", path(&data), "--venue", "binance"]);
    case.run("stored", &[]);
    assert_eq!(case.trades("stored"), case.golden("trades.csv"));
}

/// Runs a case on its signals and on the strategy's own rules, and compares
/// files to the byte.
fn equals(name: &str, words: Words) {
    let Some(case) = Case::find(name, words) else {
        return;
    };
    let signals = case.golden.join("signals");
    let data = ["--data", path(&case.data)];
    // Signals bring their candles; smaller ones, marks and funding do not.
    let alone = words != DETAIL && !name.starts_with("futures");
    let candles: &[&str] = if alone { &[] } else { &data };
    case.run(
        "signals",
        &[&["--signals", path(&signals)], candles].concat(),
    );
    case.run("one", &[&data[..], &["--threads", "1"]].concat());
    case.run("two", &[&data[..], &["--threads", "2"]].concat());
    for out in ["signals", "one"] {
        assert_eq!(case.trades(out), case.golden("trades.csv"), "{out}: trades");
        let result: Value = serde_json::from_str(&case.read(out, "result.json")).unwrap();
        assert_eq!(locks(&result), case.locks(), "{out}: locks");
        if case.golden.join("orders.json").exists() {
            assert_eq!(orders(&result), case.orders(), "{out}: orders");
        }
    }
    assert!(
        case.read("one", "result.json") == case.read("two", "result.json"),
        "one thread and two give different results"
    );
}

/// One recorded run.
struct Case {
    golden: PathBuf,
    data: PathBuf,
    strategy: PathBuf,
    words: Words,
    place: Place,
}

impl Case {
    fn find(name: &str, words: Words) -> Option<Self> {
        Some(Self {
            golden: shared("golden/freqtrade")?.join(name),
            data: shared("data/freqtrade/binance")?,
            strategy: repository("strategies/golden").join(format!("{name}.toml")),
            words,
            place: Place::new(),
        })
    }

    fn run(&self, out: &str, words: &[&str]) {
        let config = self.golden.join("config.json");
        let mut run = vec!["backtest", "run", "--strategy", path(&self.strategy)];
        run.extend(["--freqtrade-config", path(&config)]);
        run.extend(["--ephemeral", "--no-report", "--out", out]);
        run.extend(self.words);
        run.extend(words);
        self.place.ok(&run);
    }

    fn read(&self, out: &str, file: &str) -> String {
        std::fs::read_to_string(self.place.path().join(out).join(file)).unwrap()
    }

    fn golden(&self, file: &str) -> String {
        std::fs::read_to_string(self.golden.join(file)).unwrap()
    }

    fn trades(&self, out: &str) -> String {
        self.read(out, "trades.csv")
    }

    fn locks(&self) -> Vec<Value> {
        let locks: Vec<Value> = serde_json::from_str(&self.golden("locks.json")).unwrap();
        let lock = |lock: &Value| {
            json!([
                lock["pair"],
                lock["lock_timestamp"],
                lock["lock_end_timestamp"],
                lock["reason"],
                lock["side"],
            ])
        };
        locks.iter().map(lock).collect()
    }

    fn orders(&self) -> Vec<Value> {
        let text = self.golden("orders.json");
        let trades = text.lines().collect::<String>();
        let trades: Vec<Value> = serde_json::from_str(&trades).unwrap();
        let order = |order: &Value| {
            json!([
                order["order_filled_timestamp"],
                order["ft_is_entry"],
                order["safe_price"],
                order["amount"],
                order["ft_order_tag"],
            ])
        };
        let trade = |trade: &Value| {
            let orders: Vec<Value> = array(&trade["orders"]).iter().map(order).collect();
            json!([trade["pair"], trade["open_timestamp"], orders])
        };
        trades.iter().map(trade).collect()
    }
}

fn locks(result: &Value) -> Vec<Value> {
    let lock = |lock: &Value| {
        let side = lock["side"].as_str().unwrap_or("*");
        json!([
            lock["pair"],
            lock["from_ms"],
            lock["until_ms"],
            lock["reason"],
            side,
        ])
    };
    array(&result["locks"]).iter().map(lock).collect()
}

fn orders(result: &Value) -> Vec<Value> {
    let order = |order: &Value| {
        json!([
            order["time_ms"],
            order["is_entry"],
            order["price"],
            order["amount"],
            order["tag"],
        ])
    };
    let trade = |trade: &Value| {
        let orders: Vec<Value> = array(&trade["orders"]).iter().map(order).collect();
        json!([trade["pair"], trade["open_ms"], orders])
    };
    // A forced exit that did not fill leaves a trade open; the record has
    // closed ones only.
    let closed = |trade: &&Value| trade["is_open"] == false;
    array(&result["trades"])
        .iter()
        .filter(closed)
        .map(trade)
        .collect()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// A folder that lies beside the repository, or a word on its absence.
fn shared(name: &str) -> Option<PathBuf> {
    let folder = repository("../shared").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("skipped: {} is absent", folder.display());
    None
}
