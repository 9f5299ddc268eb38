//! Published figures of portfolios, each in its own convention.

use fondaco_domain::metrics::Convention;
use fondaco_domain::time::TimeRange;
use fondaco_domain::trade::Equity;
use fondaco_domain::{Bars, Symbol};
use serde_json::Value;

use super::{candles, golden};
use crate::passive::equal_weight;
use crate::stats::{Holding, PairBars, PriceOf, ValueSeries, figures, value_of};

/// The passive baseline of a published benchmark: the digits of its figures,
/// marked at the open (published) and at the close.
#[test]
fn the_passive_baseline_of_twenty_stocks() {
    let (Some(expected), Some(folder)) = (
        golden::shared("golden/stockbench/expected.json"),
        golden::shared("data/djia-2025/daily"),
    ) else {
        return;
    };
    let expected: Value = serde_json::from_str(&golden::text(&expected)).unwrap();
    let names = stocks(&folder, TimeRange::default());
    let pairs: Vec<PairBars<'_>> = names
        .iter()
        .map(|(pair, bars)| PairBars { pair, bars })
        .collect();
    assert_eq!(pairs.len(), 20);
    for (mark_at, published, digits) in [
        (PriceOf::Open, &expected["expected"], [4, 4, 7]),
        (
            PriceOf::Close,
            &expected["marked_at_close_instead"],
            [3, 2, 4],
        ),
    ] {
        let range = TimeRange::parse("2025-03-03..2025-07-01").unwrap();
        let equity = equal_weight(&pairs, range, 100_000.0, mark_at).unwrap();
        assert_eq!(equity.value.len(), 83);
        check_passive(&equity, published, digits);
    }
}

fn check_passive(equity: &Equity, published: &Value, digits: [usize; 3]) {
    let series = ValueSeries {
        start: 100_000.0,
        time: &equity.time,
        value: &equity.value,
    };
    let found = figures(series, None, None, Convention::StockBench, 252.0);
    let [return_digits, fall_digits, sortino_digits] = digits;
    // What was bought with all the money, whatever the first mark was.
    let gain = (found.final_value / 100_000.0 - 1.0) * 100.0;
    same_digits(gain, &published["return_pct"], return_digits);
    let fall = -100.0 * found.max_drawdown.unwrap();
    same_digits(fall, &published["max_drawdown_pct"], fall_digits);
    let ratio = found.sortino.unwrap();
    same_digits(ratio, &published["sortino"], sortino_digits);
}

/// Portfolios of published action logs: population deviations, scaled to the
/// stated periods.
#[test]
fn published_model_portfolios() {
    let Some(folder) = golden::shared("golden/ai-trader") else {
        return;
    };
    let expected: Value =
        serde_json::from_str(&golden::text(&folder.join("expected.json"))).unwrap();
    let set = &expected["sets"]["crypto"];
    let Some(prices) = golden::shared("data/crypto-daily") else {
        return;
    };
    let periods = set["periods_per_year"].as_f64().unwrap();
    let coins = stocks(&prices, TimeRange::default());
    for (model, published) in expected["expected"]["crypto"].as_object().unwrap() {
        let log = golden::text(&folder.join(format!("crypto/{model}.jsonl")));
        let values: Vec<f64> = log.lines().map(|row| value_of_row(row, &coins)).collect();
        let found = figures_of(&values, periods);
        let published = &published["rows"];
        let percent = |ratio: Option<f64>| 100.0 * ratio.unwrap();
        for (found, name) in [
            (percent(found.total_return), "return_pct"),
            (percent(found.volatility), "volatility_pct"),
            (found.sortino.unwrap(), "sortino"),
            (-percent(found.max_drawdown), "max_drawdown_pct"),
        ] {
            same_digits(found, &published[name], 2);
        }
    }
}

/// Rows have no calendar of their own: these figures need no stamps.
fn figures_of(values: &[f64], periods_per_year: f64) -> crate::stats::Figures {
    let series = ValueSeries {
        start: values[0],
        time: &[],
        value: values,
    };
    figures(series, None, None, Convention::AiTrader, periods_per_year)
}

fn value_of_row(row: &str, coins: &[(Symbol, Bars)]) -> f64 {
    let row: Value = serde_json::from_str(row).unwrap();
    let at = fondaco_domain::time::parse_stamp(row["at"].as_str().unwrap()).unwrap();
    let mut cash = 0.0;
    let mut holdings = Vec::new();
    for (name, quantity) in row["positions"].as_object().unwrap() {
        let quantity = quantity.as_f64().unwrap();
        if name == "CASH" {
            cash = quantity;
        } else if quantity != 0.0 {
            let coin = coins.iter().find(|(coin, _)| coin.as_str() == name);
            let (_, bars) = coin.unwrap_or_else(|| panic!("no prices of {name}"));
            holdings.push(Holding { bars, quantity });
        }
    }
    value_of(cash, &holdings, at, PriceOf::Close)
}

fn stocks(folder: &std::path::Path, range: TimeRange) -> Vec<(Symbol, Bars)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "csv"))
        .collect();
    files.sort();
    let read = |path: &std::path::PathBuf| {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let bars = candles::bars(&golden::text(path));
        (name.parse().unwrap(), bars.slice(bars.rows_in(range)))
    };
    files.iter().map(read).collect()
}

fn same_digits(found: f64, expected: &Value, digits: usize) {
    let expected = expected.as_f64().unwrap();
    assert_eq!(
        format!("{found:.digits$}"),
        format!("{expected:.digits$}"),
        "unrounded {found}"
    );
}
