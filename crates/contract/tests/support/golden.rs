//! Reads the trade lists and candles of the golden backtests, for the tests of
//! several crates.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use fondaco_domain::UnixMillis;
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::{ExitReason, Order, Trade};

/// The folder of reference data beside the repository, or `None` with the
/// reason printed.
#[expect(clippy::print_stderr, reason = "a skipped test says why")]
pub(super) fn shared(path: &str) -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared")
        .join(path);
    if folder.exists() {
        return Some(folder);
    }
    eprintln!("skipped: no reference data at {}", folder.display());
    None
}

/// The folders of the golden backtests; none where they are absent.
pub(super) fn cases() -> Vec<PathBuf> {
    let Some(folder) = shared("golden/freqtrade") else {
        return Vec::new();
    };
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join("trades.csv").exists())
        .collect();
    cases.sort();
    cases
}

/// A file as text. It is opened by options because the lints of the pure crates
/// forbid the shorter ways, and this module serves their tests too.
pub(super) fn text(path: &Path) -> String {
    String::from_utf8(bytes(path)).unwrap()
}

pub(super) fn bytes(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    std::fs::OpenOptions::new()
        .read(true)
        .open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    bytes
}

/// The trades of a case. Orders are those of `orders.json` where there is one;
/// else one entry and one exit made from the trade's own prices.
pub(super) fn trades(case: &Path) -> Vec<Trade> {
    let orders = orders(case);
    let csv_text = text(&case.join("trades.csv"));
    let mut reader = csv::Reader::from_reader(csv_text.as_bytes());
    let rows = reader.deserialize::<HashMap<String, String>>();
    rows.map(|row| trade(&row.unwrap(), &orders)).collect()
}

type Orders = HashMap<(String, i64), Vec<Order>>;

fn orders(case: &Path) -> Orders {
    let path = case.join("orders.json");
    if !path.exists() {
        return Orders::new();
    }
    let list: Vec<serde_json::Value> = serde_json::from_str(&text(&path)).unwrap();
    let order = |order: &serde_json::Value| Order {
        time: UnixMillis(order["order_filled_timestamp"].as_i64().unwrap()),
        is_entry: order["ft_is_entry"].as_bool().unwrap(),
        price: order["safe_price"].as_f64().unwrap(),
        amount: order["amount"].as_f64().unwrap(),
        tag: order["ft_order_tag"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    };
    list.iter()
        .map(|trade| {
            let key = (
                trade["pair"].as_str().unwrap().to_owned(),
                trade["open_timestamp"].as_i64().unwrap(),
            );
            (
                key,
                trade["orders"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(order)
                    .collect(),
            )
        })
        .collect()
}

fn trade(row: &HashMap<String, String>, orders: &Orders) -> Trade {
    let text = |column: &str| row[column].clone();
    let float = |column: &str| row[column].parse::<f64>().unwrap();
    let open_time = UnixMillis(row["open_timestamp"].parse().unwrap());
    let close_time = UnixMillis(row["close_timestamp"].parse().unwrap());
    let made = || {
        let order = |time, is_entry, price, tag| Order {
            time,
            is_entry,
            price,
            amount: float("amount"),
            tag,
        };
        vec![
            order(open_time, true, float("open_rate"), text("enter_tag")),
            order(close_time, false, float("close_rate"), text("exit_reason")),
        ]
    };
    Trade {
        pair: row["pair"].parse().unwrap(),
        side: if row["is_short"] == "True" {
            Side::Short
        } else {
            Side::Long
        },
        open_time,
        close_time,
        open_rate: float("open_rate"),
        close_rate: float("close_rate"),
        amount: float("amount"),
        stake_amount: float("stake_amount"),
        max_stake_amount: float("max_stake_amount"),
        profit_abs: float("profit_abs"),
        profit_ratio: float("profit_ratio"),
        fee_open: float("fee_open"),
        fee_close: float("fee_close"),
        exit_reason: ExitReason::from(text("exit_reason")),
        enter_tag: Some(text("enter_tag")).filter(|tag| !tag.is_empty()),
        initial_stop_loss: float("initial_stop_loss_abs"),
        stop_loss: float("stop_loss_abs"),
        stop_loss_ratio: float("stop_loss_ratio"),
        min_rate: float("min_rate"),
        max_rate: float("max_rate"),
        leverage: float("leverage"),
        funding_fees: float("funding_fees"),
        is_open: row["is_open"] == "True",
        orders: orders
            .get(&(text("pair"), open_time.0))
            .cloned()
            .unwrap_or_else(made),
    }
}
