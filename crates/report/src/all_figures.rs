//! Every figure of a result, ours beside freqtrade's.

use fondaco_contract::v1alpha1::BacktestResult;

use crate::format::{Money, change, duration, minute, number, or_nothing, percent};
use crate::html::{joined, section};

/// A figure: its name, ours, freqtrade's (empty where it has none).
type Row = (&'static str, String, String);

/// The table of all figures.
pub(crate) fn table(result: &BacktestResult) -> String {
    let money = Money::of(
        &result.settings.stake_currency,
        result.settings.starting_balance,
    );
    let rows = [
        growth(result, &money),
        falls(result, &money),
        trades(result, &money),
        holding(result),
    ];
    let lines = joined(rows.into_iter().flatten().map(|(name, ours, theirs)| {
        format!("<tr><th scope=\"row\">{name}</th><td>{ours}</td><td>{theirs}</td></tr>\n")
    }));
    let body = format!(
        "<p class=\"note\">Ours are computed from daily returns of the marked account, open positions included; freqtrade's from closed trades, by its own formulas.</p>\n\
         <div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"All figures\"><table class=\"figures\"><thead><tr><th scope=\"col\">Figure</th><th scope=\"col\">Ours</th><th scope=\"col\">freqtrade's</th></tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n"
    );
    section("figures", "All figures", &body)
}

fn growth(result: &BacktestResult, money: &Money) -> Vec<Row> {
    let metrics = &result.metrics;
    let freqtrade = &result.freqtrade;
    let theirs = &freqtrade.figures;
    vec![
        (
            "Final value",
            money.amount(metrics.final_equity),
            money.amount(freqtrade.final_balance),
        ),
        (
            "Return",
            change(metrics.total_return),
            change(theirs.profit_total),
        ),
        (
            "Yearly growth (CAGR)",
            or_nothing(metrics.cagr, change),
            change(freqtrade.final_balance_cagr),
        ),
        (
            "Volatility, yearly",
            or_nothing(metrics.volatility, percent),
            String::new(),
        ),
        (
            "Sharpe",
            or_nothing(metrics.sharpe, three),
            three(theirs.sharpe),
        ),
        (
            "Sortino",
            or_nothing(metrics.sortino, three),
            three(theirs.sortino),
        ),
        (
            "Calmar",
            or_nothing(metrics.calmar, three),
            three(theirs.calmar),
        ),
    ]
}

fn falls(result: &BacktestResult, money: &Money) -> Vec<Row> {
    let metrics = &result.metrics;
    let freqtrade = &result.freqtrade;
    let stamp = |ms: Option<i64>| ms.map_or_else(|| "not yet".to_owned(), minute);
    let mut rows = vec![
        (
            "Largest fall in money",
            money.amount(metrics.max_drawdown_abs),
            money.amount(freqtrade.figures.max_drawdown_abs),
        ),
        (
            "Deepest fall",
            percent(metrics.drawdown.map_or(0.0, |fall| fall.relative)),
            percent(freqtrade.max_relative_drawdown),
        ),
    ];
    if let Some(fall) = metrics.drawdown {
        rows.extend([
            (
                "– from",
                minute(fall.start_ms),
                freqtrade.drawdown_start_ms.map_or_else(String::new, minute),
            ),
            (
                "– to",
                minute(fall.end_ms),
                freqtrade.drawdown_end_ms.map_or_else(String::new, minute),
            ),
            ("– recovered", stamp(fall.recovered_ms), String::new()),
        ]);
    }
    rows.push((
        "Longest time below a peak",
        duration(metrics.longest_underwater_s as f64),
        String::new(),
    ));
    rows
}

fn trades(result: &BacktestResult, money: &Money) -> Vec<Row> {
    let trades = &result.metrics.trades;
    let exposure = &result.metrics.exposure;
    let theirs = &result.freqtrade.figures;
    let four = |value: f64| number(value, 4);
    let ours = |name, value: String| (name, value, String::new());
    vec![
        ("SQN", or_nothing(trades.sqn, three), four(theirs.sqn)),
        (
            "p-value of the mean",
            or_nothing(trades.p_value, four),
            four(theirs.p_value),
        ),
        (
            "Profit factor",
            or_nothing(trades.profit_factor, three),
            three(theirs.profit_factor),
        ),
        (
            "Expectancy of a trade",
            or_nothing(trades.expectancy, |value| money.change(value)),
            money.change(theirs.expectancy),
        ),
        (
            "Expectancy ratio",
            or_nothing(trades.expectancy_ratio, three),
            three(theirs.expectancy_ratio),
        ),
        ours("Best trade", or_nothing(trades.best, change)),
        ours("Worst trade", or_nothing(trades.worst, change)),
        ours("Median trade", or_nothing(trades.median, change)),
        ours(
            "Mean time in a trade",
            or_nothing(trades.mean_duration_s, duration),
        ),
        ours(
            "– in a won one",
            or_nothing(trades.mean_win_duration_s, duration),
        ),
        ours(
            "– in a lost one",
            or_nothing(trades.mean_loss_duration_s, duration),
        ),
        ours("Wins in a row", trades.max_wins_in_a_row.to_string()),
        ours("Losses in a row", trades.max_losses_in_a_row.to_string()),
        ours("Traded volume", money.amount(exposure.volume)),
        ours(
            "Turnover, yearly",
            or_nothing(exposure.turnover_per_year, |times| {
                format!("{}\u{a0}×", number(times, 1))
            }),
        ),
    ]
}

fn holding(result: &BacktestResult) -> Vec<Row> {
    let Some(held) = &result.metrics.benchmark else {
        return Vec::new();
    };
    let ours = |name, value: String| (name, value, String::new());
    vec![
        (
            "Holding: return",
            change(held.total_return),
            or_nothing(result.freqtrade.market_change, change),
        ),
        ours("Holding: deepest fall", percent(held.max_drawdown)),
        ours("Holding: Sharpe", or_nothing(held.sharpe, three)),
        ours("Return beyond holding", change(held.excess_return)),
        ours("Beta to holding", or_nothing(held.beta, three)),
        ours("Alpha to holding, yearly", or_nothing(held.alpha, change)),
    ]
}

fn three(value: f64) -> String {
    number(value, 3)
}
