//! freqtrade's own figures of its own trades.

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::FreqtradeFigures;
use fondaco_domain::trade::Trade;
use serde_json::Value;

use super::{candles, golden};
use crate::stats::{PairBars, freqtrade_figures, freqtrade_metrics, mark_equity, open_value};

/// The type of trade a table groups by.
type Key = fn(&Trade) -> &str;

#[test]
fn every_published_figure_comes_out() {
    let tables: [(&str, Key); 3] = [
        ("results_per_pair", |trade| trade.pair.as_str()),
        ("results_per_enter_tag", |trade| {
            trade.enter_tag.as_deref().unwrap_or_default()
        }),
        ("exit_reason_summary", |trade| trade.exit_reason.as_str()),
    ];
    for case in golden::cases() {
        let summary: Value =
            serde_json::from_str(&golden::text(&case.join("summary.json"))).unwrap();
        let trades = golden::trades(&case);
        let start = summary["starting_balance"].as_f64().unwrap();
        let days = summary["backtest_days"].as_u64().unwrap() as u32;
        for (table, key) in tables {
            for row in summary[table].as_array().unwrap() {
                let name = row["key"].as_str().unwrap();
                let of_row = trades
                    .iter()
                    .filter(|trade| name == "TOTAL" || key(trade) == name);
                let context = format!("{} {table} {name}", case.display());
                check_row(&context, &freqtrade_figures(of_row, start, days), row);
            }
        }
        check_totals(&case.display().to_string(), &trades, &summary);
    }
}

fn check_row(context: &str, figures: &FreqtradeFigures, expected: &Value) {
    let found = serde_json::to_value(figures).unwrap();
    for (field, found) in found.as_object().unwrap() {
        check(context, field, found.as_f64().unwrap(), &expected[field]);
    }
}

fn check_totals(context: &str, trades: &[Trade], summary: &Value) {
    let stamp = |field: &str| UnixMillis(summary[field].as_f64().unwrap() as i64);
    let range = (stamp("backtest_start_ts"), stamp("backtest_end_ts"));
    let start = summary["starting_balance"].as_f64().unwrap();
    let metrics = freqtrade_metrics(trades, start, range, None);
    assert_eq!(
        u64::from(metrics.backtest_days),
        summary["backtest_days"].as_u64().unwrap()
    );
    assert_eq!(
        metrics.drawdown_start,
        Some(stamp("drawdown_start_ts")),
        "{context}"
    );
    assert_eq!(
        metrics.drawdown_end,
        Some(stamp("drawdown_end_ts")),
        "{context}"
    );
    check(
        context,
        "max_relative_drawdown",
        metrics.max_relative_drawdown,
        &summary["max_relative_drawdown"],
    );
    // Its trade list leaves out positions that were never closed, and with them
    // their stakes: without one its balance is ours.
    let closed = start + metrics.figures.profit_total_abs;
    let published = summary["final_balance"].as_f64().unwrap();
    if (closed - published).abs() < 1e-6 * start {
        check(
            context,
            "final_balance",
            metrics.final_balance,
            &summary["final_balance"],
        );
        check(
            context,
            "cagr",
            metrics.final_balance_cagr,
            &summary["cagr"],
        );
    } else {
        // The published figure is the growth to the published balance.
        let mut left = trades[0].clone();
        left.is_open = true;
        left.stake_amount = closed - published;
        let with_left: Vec<Trade> = trades.iter().cloned().chain([left]).collect();
        let metrics = freqtrade_metrics(&with_left, start, range, None);
        check(
            context,
            "cagr",
            metrics.final_balance_cagr,
            &summary["cagr"],
        );
    }
}

fn check(context: &str, field: &str, found: f64, expected: &Value) {
    let expected = expected
        .as_f64()
        .unwrap_or_else(|| panic!("{context}: no {field}"));
    let tolerance = 1e-9 * expected.abs().max(1.0);
    assert!(
        (found - expected).abs() <= tolerance,
        "{context}: {field} is {found}, published {expected}"
    );
}

/// The candles of the case and its trades give an account whose end is the
/// starting money and every profit.
#[test]
fn golden_accounts_add_up_and_markets_changed_as_published() {
    for case in golden::cases() {
        let summary: Value =
            serde_json::from_str(&golden::text(&case.join("summary.json"))).unwrap();
        let start = summary["starting_balance"].as_f64().unwrap();
        let candles = candles::candles(&case);
        let trades = golden::trades(&case);
        let pairs: Vec<PairBars<'_>> = candles
            .iter()
            .map(|(pair, bars)| PairBars { pair, bars })
            .collect();
        let equity = mark_equity(&pairs, &trades, start).unwrap();
        let profit: f64 = trades.iter().map(|trade| trade.profit_abs).sum();
        let last = equity.value.last().unwrap();
        assert!(
            (last - start - profit).abs() < 1e-9 * start,
            "{}",
            case.display()
        );
        assert_eq!(open_value(&pairs, &trades), Ok(0.0));
        assert_eq!(equity.invested.last(), Some(&0.0));
        // Where pairs start on different days the published figure counts from
        // before the start-up candles, which no run sees.
        if pairs
            .iter()
            .any(|pair| pair.bars.time()[0] != equity.time[0])
        {
            continue;
        }
        let changes: Vec<f64> = pairs
            .iter()
            .filter_map(super::super::tables::market_change)
            .collect();
        let change = super::super::mean(&changes).unwrap();
        check(
            &case.display().to_string(),
            "market_change",
            change,
            &summary["market_change"],
        );
    }
}
