//! Published figures of portfolios, each in its own convention.

use fondaco_domain::metrics::{Conventions, Deviation, Downside, FirstReturn};
use fondaco_domain::time::TimeRange;
use fondaco_domain::trade::Equity;
use fondaco_domain::{Bars, Symbol};
use serde_json::Value;

use super::{candles, golden};
use crate::stats::{
    Holding, PairBars, PriceOf, buy_and_hold, max_drawdown, returns, sortino, value_of, volatility,
};

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
    let range = TimeRange::parse("2025-03-03..2025-07-01").unwrap();
    let names = stocks(&folder, range);
    let pairs: Vec<PairBars<'_>> = names
        .iter()
        .map(|(pair, bars)| PairBars { pair, bars })
        .collect();
    assert_eq!(pairs.len(), 20);

    let open = buy_and_hold(&pairs, 100_000.0, PriceOf::Open, PriceOf::Open).unwrap();
    assert_eq!(open.value.len(), 83);
    let published = &expected["expected"];
    check_passive(&open, published, [4, 4, 7]);
    let close = buy_and_hold(&pairs, 100_000.0, PriceOf::Open, PriceOf::Close).unwrap();
    check_passive(&close, &expected["marked_at_close_instead"], [3, 2, 4]);
}

fn check_passive(equity: &Equity, expected: &Value, digits: [usize; 3]) {
    let conventions = Conventions {
        annualised: false,
        downside: Downside::SampleOfNegatives,
        first_return: FirstReturn::Zero,
        ..Conventions::daily(252.0)
    };
    let value = &equity.value;
    let daily = returns(100_000.0, value, conventions.first_return);
    let [return_digits, fall_digits, sortino_digits] = digits;
    let gain = (value[value.len() - 1] / 100_000.0 - 1.0) * 100.0;
    same_digits(gain, &expected["return_pct"], return_digits);
    // The fall counts from the first mark, as every value of the series does.
    let fall = -100.0 * max_drawdown(value[0], value);
    same_digits(fall, &expected["max_drawdown_pct"], fall_digits);
    let ratio = sortino(&daily, &conventions).unwrap();
    same_digits(ratio, &expected["sortino"], sortino_digits);
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
    let conventions = Conventions {
        periods_per_year: set["periods_per_year"].as_f64().unwrap(),
        deviation: Deviation::Population,
        downside: Downside::PopulationOfNegatives,
        first_return: FirstReturn::None,
        ..Conventions::daily(365.0)
    };
    let coins = stocks(&prices, TimeRange::default());
    for (model, figures) in expected["expected"]["crypto"].as_object().unwrap() {
        let log = golden::text(&folder.join(format!("crypto/{model}.jsonl")));
        let values: Vec<f64> = log.lines().map(|row| value_of_row(row, &coins)).collect();
        let daily = returns(values[0], &values, conventions.first_return);
        let figures = &figures["rows"];
        let gain = (values[values.len() - 1] / values[0] - 1.0) * 100.0;
        same_digits(gain, &figures["return_pct"], 2);
        let percent = volatility(&daily, &conventions).unwrap() * 100.0;
        same_digits(percent, &figures["volatility_pct"], 2);
        same_digits(
            sortino(&daily, &conventions).unwrap(),
            &figures["sortino"],
            2,
        );
        let fall = -100.0 * max_drawdown(values[0], &values);
        same_digits(fall, &figures["max_drawdown_pct"], 2);
    }
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
