//! `[[protections]]`.

use super::table::{Item, Table};
use crate::strategy::error::{Problem, StrategyError};
use crate::strategy::{DrawdownBasis, LockEnd, Protection, Span};

/// An hour, where a length is not stated.
const DEFAULT_SPAN: Span = Span::Minutes(60);

pub(super) fn protections(root: &mut Table<'_>) -> Result<Vec<Protection>, StrategyError> {
    let Some(section) = root.get("protections") else {
        return Ok(Vec::new());
    };
    section.tables()?.into_iter().map(protection).collect()
}

fn protection(mut table: Table<'_>) -> Result<Protection, StrategyError> {
    let Some((_, kind)) = table.any(&["type", "method"])? else {
        return Err(table.error(Problem::Missing {
            key: "type",
            table: "[[protections]]".to_owned(),
            example: "type = \"cooldown\"",
        }));
    };
    let protection = match kind.string()? {
        "cooldown" | "CooldownPeriod" => cooldown(&mut table)?,
        "stoploss_guard" | "StoplossGuard" => stoploss_guard(&mut table)?,
        "low_profit_pairs" | "LowProfitPairs" => low_profit_pairs(&mut table)?,
        "max_drawdown" | "MaxDrawdown" => max_drawdown(&mut table)?,
        _ => {
            return Err(kind.out_of_range(
                "\"cooldown\", \"stoploss_guard\", \"low_profit_pairs\" or \"max_drawdown\"",
            ));
        }
    };
    table.finish()?;
    Ok(protection)
}

fn cooldown(table: &mut Table<'_>) -> Result<Protection, StrategyError> {
    let lookback = lookback(table)?;
    Ok(Protection::Cooldown {
        lookback,
        stop: stop(table)?,
    })
}

fn stoploss_guard(table: &mut Table<'_>) -> Result<Protection, StrategyError> {
    Ok(Protection::StoplossGuard {
        lookback: lookback(table)?,
        trade_limit: trade_limit(table, 10)?,
        stop: stop(table)?,
        only_per_pair: flag(table, "only_per_pair")?,
        only_per_side: flag(table, "only_per_side")?,
        required_profit: ratio(table, "required_profit")?,
    })
}

fn low_profit_pairs(table: &mut Table<'_>) -> Result<Protection, StrategyError> {
    // It is always per pair; files made for freqtrade often say so.
    flag(table, "only_per_pair")?;
    Ok(Protection::LowProfitPairs {
        lookback: lookback(table)?,
        trade_limit: trade_limit(table, 1)?,
        stop: stop(table)?,
        required_profit: ratio(table, "required_profit")?,
        only_per_side: flag(table, "only_per_side")?,
    })
}

fn max_drawdown(table: &mut Table<'_>) -> Result<Protection, StrategyError> {
    let max_allowed_drawdown = table.get("max_allowed_drawdown").map_or(Ok(0.0), |item| {
        item.number_where("a ratio of 0 or more: 0.2 is 20 %", |ratio| ratio >= 0.0)
    })?;
    let calculation = match table.any(&["calculation", "calculation_mode"])? {
        None => DrawdownBasis::Ratios,
        Some((_, item)) => match item.string()? {
            "ratios" => DrawdownBasis::Ratios,
            "equity" => DrawdownBasis::Equity,
            _ => return Err(item.out_of_range("\"ratios\" or \"equity\"")),
        },
    };
    Ok(Protection::MaxDrawdown {
        lookback: lookback(table)?,
        trade_limit: trade_limit(table, 1)?,
        stop: stop(table)?,
        max_allowed_drawdown,
        calculation,
    })
}

fn lookback(table: &mut Table<'_>) -> Result<Span, StrategyError> {
    span(
        table,
        &[
            "lookback",
            "lookback_candles",
            "lookback_period",
            "lookback_period_candles",
        ],
    )
}

fn stop(table: &mut Table<'_>) -> Result<LockEnd, StrategyError> {
    const LENGTHS: &[&str] = &[
        "stop",
        "stop_candles",
        "stop_duration",
        "stop_duration_candles",
    ];
    match table.get("unlock_at") {
        None => span(table, LENGTHS).map(LockEnd::After),
        Some(item) => {
            if let Some((_, length)) = table.any(LENGTHS)? {
                return Err(length.out_of_range("left out beside `unlock_at`"));
            }
            time_of_day(&item)
        }
    }
}

fn time_of_day(item: &Item<'_>) -> Result<LockEnd, StrategyError> {
    let bad = || item.out_of_range("a time of day such as \"17:30\"");
    let (hour, minute) = item.string()?.split_once(':').ok_or_else(bad)?;
    let part = |text: &str, below: u8| {
        text.parse()
            .ok()
            .filter(|&n: &u8| n < below)
            .ok_or_else(bad)
    };
    Ok(LockEnd::At {
        hour: part(hour, 24)?,
        minute: part(minute, 60)?,
    })
}

/// A length under one of its names: those that end in `_candles` count
/// candles, the others minutes.
fn span(table: &mut Table<'_>, keys: &[&'static str]) -> Result<Span, StrategyError> {
    match table.any(keys)? {
        None => Ok(DEFAULT_SPAN),
        Some((key, item)) if key.ends_with("_candles") => item
            .count(1, "a number of candles above 0")
            .map(Span::Candles),
        Some((_, item)) => minutes(&item).map(Span::Minutes),
    }
}

/// Minutes as a number, or a text such as `"2h"`.
fn minutes(item: &Item<'_>) -> Result<u32, StrategyError> {
    const EXPECTED: &str = "a number of minutes above 0, or a text such as \"2h\"";
    let Some(text) = item.as_str() else {
        return item.count(1, EXPECTED);
    };
    let length: crate::Timeframe = text.parse().map_err(|_| item.out_of_range(EXPECTED))?;
    let seconds = length.seconds();
    if seconds % 60 == 0 {
        Ok((seconds / 60) as u32)
    } else {
        Err(item.out_of_range("in whole minutes"))
    }
}

fn trade_limit(table: &mut Table<'_>, default: u32) -> Result<u32, StrategyError> {
    table.get("trade_limit").map_or(Ok(default), |item| {
        item.count(1, "a number of trades above 0")
    })
}

fn flag(table: &mut Table<'_>, key: &'static str) -> Result<bool, StrategyError> {
    table.get(key).map_or(Ok(false), |item| item.bool())
}

fn ratio(table: &mut Table<'_>, key: &'static str) -> Result<f64, StrategyError> {
    table.get(key).map_or(Ok(0.0), |item| item.number())
}
