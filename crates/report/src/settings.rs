//! How the run was made: assumptions, settings, data.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::{
    BacktestResult, Deviation, Downside, Profile, Stake, TradingMode,
};

use crate::format::{Money, NOTHING, minute, number};
use crate::html::{Text, joined, section};

/// Every assumption behind the fills.
pub(crate) fn assumptions(result: &BacktestResult) -> String {
    let items = joined(
        result
            .settings
            .assumptions
            .iter()
            .map(|assumption| format!("<li>{}</li>\n", Text(assumption))),
    );
    let body = if items.is_empty() {
        "<p class=\"note\">None stated.</p>\n".to_owned()
    } else {
        format!("<ul class=\"prose\">\n{items}</ul>\n")
    };
    section("assumptions", "Assumptions", &body)
}

/// Settings and parameters, and the check of the account.
pub(crate) fn settings(result: &BacktestResult) -> String {
    let settings = &result.settings;
    let money = Money::of(&settings.stake_currency, settings.starting_balance);
    let currency = &money.currency;
    let stake = match settings.stake {
        Stake::Fixed { amount } => format!("{} {currency}", money.amount(amount)),
        Stake::Unlimited => "an equal share of the balance for each slot".to_owned(),
    };
    let profile = match settings.profile {
        Profile::Freqtrade => "freqtrade",
        Profile::Realistic => "realistic",
    };
    let mode = match settings.trading_mode {
        TradingMode::Spot => "spot",
        TradingMode::Futures => "futures",
    };
    let end = |ms: Option<i64>| ms.map_or_else(|| "open".to_owned(), minute);
    let mut rows = vec![
        ("Profile", profile.to_owned()),
        ("Mode", mode.to_owned()),
        (
            "Starting balance",
            format!("{} {currency}", money.amount(settings.starting_balance)),
        ),
        ("Stake", stake),
        (
            "Open trades at once",
            settings
                .max_open_trades
                .map_or_else(|| "no limit".to_owned(), |n| n.to_string()),
        ),
        (
            "Part of the balance used",
            number(settings.tradable_balance_ratio, 2),
        ),
        (
            "Fee of a fill",
            format!("{}\u{a0}%", number(settings.fee * 100.0, 3)),
        ),
        ("Timeframe", settings.timeframe.clone()),
        (
            "Detail timeframe",
            settings
                .timeframe_detail
                .clone()
                .unwrap_or_else(|| "none".to_owned()),
        ),
        (
            "Range asked for",
            format!(
                "{} to {}",
                end(settings.range.from_ms),
                end(settings.range.to_ms)
            ),
        ),
        (
            "Protections",
            if settings.protections { "on" } else { "off" }.to_owned(),
        ),
        ("Locks", result.locks.len().to_string()),
        ("Seed", settings.seed.to_string()),
        ("Ratios", conventions(result)),
        ("Account", account(result, &money)),
        ("Strategy file", result.strategy.hash.clone()),
        ("Specification", result.run.spec_hash.clone()),
        ("Program", format!("fondaco {}", result.run.engine)),
        (
            "Contract",
            fondaco_contract::v1alpha1::BACKTEST_RESULT.to_owned(),
        ),
    ];
    if let Some(at) = result.run.created_at_ms {
        rows.push(("Made at", minute(at)));
    }
    let mut lines = String::new();
    for (name, value) in &rows {
        let _ = writeln!(lines, "<dt>{name}</dt><dd>{}</dd>", Text(value));
    }
    for (name, value) in &result.strategy.params {
        let _ = writeln!(
            lines,
            "<dt>Parameter <code>{}</code></dt><dd>{value}</dd>",
            Text(name)
        );
    }
    section(
        "settings",
        "Settings",
        &format!("<dl class=\"facts-list\">\n{lines}</dl>\n"),
    )
}

/// The exact candles the run read.
pub(crate) fn data(result: &BacktestResult) -> String {
    let mut lines = String::new();
    for pair in &result.data {
        let stamp = |ms: Option<i64>| ms.map_or_else(|| NOTHING.to_owned(), minute);
        let short: String = pair.version.chars().take(12).collect();
        let _ = writeln!(
            lines,
            "<tr><th scope=\"row\">{}</th><td class=\"text\">{}</td><td class=\"text\"><code title=\"{}\">{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            Text(&pair.pair),
            Text(&pair.dataset),
            Text(&pair.version),
            Text(&short),
            number(pair.rows as f64, 0),
            stamp(pair.first_ms),
            stamp(pair.last_ms),
        );
    }
    let body = format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Data\"><table><thead><tr><th scope=\"col\">Pair</th><th scope=\"col\" class=\"text\">Data set</th><th scope=\"col\" class=\"text\">Version</th><th scope=\"col\">Candles</th><th scope=\"col\">First</th><th scope=\"col\">Last</th></tr></thead>\n<tbody>\n{lines}</tbody></table></div>\n"
    );
    section("data-section", "Data", &body)
}

fn conventions(result: &BacktestResult) -> String {
    let conventions = &result.metrics.conventions;
    let deviation = match conventions.deviation {
        Deviation::Sample => "sample deviation",
        Deviation::Population => "population deviation",
    };
    let downside = match conventions.downside {
        Downside::RootMeanSquare => "root-mean-square downside",
        Downside::SampleOfNegatives => "sample deviation of negative returns",
        Downside::PopulationOfNegatives => "population deviation of negative returns",
    };
    let scaled = if conventions.annualised {
        format!("scaled to {} periods a year", conventions.periods_per_year)
    } else {
        "not scaled to a year".to_owned()
    };
    format!("{deviation}, {downside}, {scaled}")
}

fn account(result: &BacktestResult, money: &Money) -> String {
    let check = &result.account;
    let interest = match check.interest {
        0.0 => String::new(),
        interest => format!(" {} interest", money.change(interest)),
    };
    let sum = format!(
        "{} at the start {} realised {} open{interest} = {}",
        money.amount(check.starting_balance),
        money.change(check.realised),
        money.change(check.open_value),
        money.amount(check.final_equity),
    );
    if check.holds {
        format!("{sum}: adds up")
    } else {
        format!(
            "{sum}: does not add up, off by {}",
            number(check.difference, 8)
        )
    }
}
