//! The head of a report and its figures.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::{BacktestResult, Profile, TradingMode};

use crate::format::{Money, change, day, duration, number, or_nothing, percent, tone};
use crate::html::{Text, section};

/// Name, range and how it was run, with the switch of the theme.
pub(crate) fn header(result: &BacktestResult) -> String {
    let settings = &result.settings;
    let metrics = &result.metrics;
    let strategy = &result.strategy;
    let profile = match settings.profile {
        Profile::Freqtrade => "freqtrade profile",
        Profile::Realistic => "realistic profile",
    };
    let mode = match settings.trading_mode {
        TradingMode::Spot => "spot",
        TradingMode::Futures => "futures",
    };
    let pairs = match result.data.as_slice() {
        [one] => Text(&one.pair).to_string(),
        many => format!("{} pairs", many.len()),
    };
    let description = if strategy.description.is_empty() {
        String::new()
    } else {
        format!("<p>{}</p>\n", Text(&strategy.description))
    };
    head(
        &format!(
            "<h1>{} <span class=\"version\">{}</span></h1>\n{description}\
             <p class=\"facts\"><span>{} to {}</span><span>{pairs}</span><span>{} candles</span>\
             <span>{mode}, {profile}</span><span>Run <code>{}</code></span></p>\n",
            Text(&strategy.name),
            Text(&strategy.version),
            day(metrics.start_ms),
            day(metrics.end_ms),
            Text(&settings.timeframe),
            Text(&result.run.id),
        ),
        "Backtest",
    )
}

/// The head of any page around its title.
pub(crate) fn head(title: &str, kind: &str) -> String {
    format!(
        "<a class=\"skip\" href=\"#main\">To the figures</a>\n<header>\n<div class=\"brand\"><span>Fondaco</span> <span>{kind}</span>\
         <button type=\"button\" id=\"theme\" aria-label=\"Theme: as the system\">Theme: auto</button></div>\n{title}</header>\n"
    )
}

/// What the reader must know before any figure.
pub(crate) fn warnings(result: &BacktestResult) -> String {
    let mut items = String::new();
    if !result.account.holds {
        let _ = write!(
            items,
            "<li><strong>The account does not add up:</strong> it is off by {} {}. Do not trust the figures.</li>",
            number(result.account.difference, 8),
            Text(&result.settings.stake_currency),
        );
    }
    for warning in &result.warnings {
        let pair = warning
            .pair
            .as_ref()
            .map(|pair| format!("<strong>{}:</strong> ", Text(pair)))
            .unwrap_or_default();
        let _ = write!(items, "<li>{pair}{}</li>", Text(&warning.message));
    }
    if items.is_empty() {
        return String::new();
    }
    format!(
        "<aside class=\"warnings\" aria-label=\"Warnings\"><h2>To know</h2><ul>{items}</ul></aside>\n"
    )
}

/// The figures read first.
pub(crate) fn cards(result: &BacktestResult) -> String {
    let metrics = &result.metrics;
    let money = Money::of(
        &result.settings.stake_currency,
        result.settings.starting_balance,
    );
    let currency = Text(&money.currency).to_string();
    let hold = metrics.benchmark.map_or_else(
        || "no prices to hold".to_owned(),
        |held| format!("holding {}", change(held.total_return)),
    );
    let fall = metrics.drawdown.map_or_else(
        || "never below a peak".to_owned(),
        |fall| {
            format!(
                "{} {currency} in {}",
                money.amount(fall.absolute),
                duration(fall.duration_s as f64)
            )
        },
    );
    let trades = &metrics.trades;
    let two = |value: Option<f64>| or_nothing(value, |value| number(value, 2));
    let cards = [
        card(
            "Return",
            &change(metrics.total_return),
            &hold,
            tone(metrics.total_return),
        ),
        card(
            "Profit",
            &money.change(metrics.profit_abs),
            &format!("{currency} on {}", money.amount(metrics.starting_balance)),
            tone(metrics.profit_abs),
        ),
        card(
            "Yearly growth",
            &or_nothing(metrics.cagr, change),
            "CAGR",
            tone(metrics.cagr.unwrap_or(0.0)),
        ),
        card(
            "Deepest fall",
            &metrics
                .drawdown
                .map_or_else(|| percent(0.0), |fall| change(-fall.relative)),
            &fall,
            "plain",
        ),
        card(
            "Sharpe",
            &two(metrics.sharpe),
            &format!("Sortino {}", two(metrics.sortino)),
            "plain",
        ),
        card(
            "Calmar",
            &two(metrics.calmar),
            &format!("volatility {}", or_nothing(metrics.volatility, percent)),
            "plain",
        ),
        card(
            "Trades",
            &number(f64::from(trades.trades), 0),
            &format!("{} won, {} lost", trades.wins, trades.losses),
            "plain",
        ),
        card(
            "Win rate",
            &or_nothing(trades.win_rate, percent),
            &format!("mean trade {}", or_nothing(trades.mean, change)),
            "plain",
        ),
        card(
            "Profit factor",
            &two(trades.profit_factor),
            &format!("SQN {}", two(trades.sqn)),
            "plain",
        ),
        card(
            "In the market",
            &percent(metrics.exposure.time_in_market),
            &format!(
                "{} of the money",
                percent(metrics.exposure.average_invested)
            ),
            "plain",
        ),
    ];
    format!(
        "<dl class=\"cards\" aria-label=\"Key figures\">\n{}</dl>\n",
        cards.concat()
    )
}

fn card(name: &str, value: &str, note: &str, tone: &str) -> String {
    format!(
        "<div><dt>{name}</dt><dd class=\"{tone}\">{value}</dd><dd class=\"sub\">{note}</dd></div>\n"
    )
}

/// The frame of the equity chart, which the script fills.
pub(crate) fn equity_chart(result: &BacktestResult) -> String {
    let metrics = &result.metrics;
    let money = Money::of(
        &result.settings.stake_currency,
        result.settings.starting_balance,
    );
    let told = format!(
        "The account from {} to {} {}, deepest fall {}.",
        money.amount(metrics.starting_balance),
        money.amount(metrics.final_equity),
        Text(&money.currency),
        metrics
            .drawdown
            .map_or_else(|| percent(0.0), |fall| percent(fall.relative)),
    );
    lines_chart("Account and drawdown", &told)
}

/// The frame of a chart of lines with drawdowns below.
pub(crate) fn lines_chart(heading: &str, told: &str) -> String {
    let body = format!(
        "<div class=\"tools\"><span class=\"legend\" id=\"legend\"></span>\
         <span class=\"buttons\"><button type=\"button\" id=\"lines-all\" disabled>Whole range</button></span></div>\n\
         <div class=\"chart\" id=\"lines\" tabindex=\"0\" role=\"img\" aria-label=\"{told} Left and right arrows read values.\">\
         <canvas></canvas><div class=\"tip\" hidden></div></div>\n\
         <p class=\"note\">Drag across a stretch to zoom into it. Times are UTC.</p>\n"
    );
    section("account", heading, &body)
}
