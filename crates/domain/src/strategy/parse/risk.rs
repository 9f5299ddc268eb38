//! `[risk]` and `[sizing]`.

use super::table::{Item, Table};
use crate::strategy::error::{Problem, StrategyError};
use crate::strategy::{Risk, RoiTable, Sizing, Stake, Trailing};

const STOPLOSS: &str = "above -1 and below 0: -0.1 is a loss of 10 %";

pub(super) fn risk(root: &mut Table<'_>) -> Result<Risk, StrategyError> {
    let mut table = root.require("risk", "[risk]")?.table()?;
    let stoploss = table
        .require("stoploss", "stoploss = -0.10")?
        .number_where(STOPLOSS, |ratio| -1.0 < ratio && ratio < 0.0)?;
    let roi = table
        .any(&["roi", "minimal_roi"])?
        .map_or(Ok(RoiTable::default()), |(_, item)| roi(&item))?;
    let trailing = trailing(&mut table)?;
    let use_exit_signal = flag(&mut table, "use_exit_signal", true)?;
    let exit_profit_only = flag(&mut table, "exit_profit_only", false)?;
    let exit_profit_offset = table
        .get("exit_profit_offset")
        .map_or(Ok(0.0), |item| item.number())?;
    let ignore_roi_if_entry_signal = flag(&mut table, "ignore_roi_if_entry_signal", false)?;
    let leverage = table.get("leverage").map_or(Ok(1.0), |item| {
        item.number_where("from 1 to 1000", |leverage| {
            (1.0..=1000.0).contains(&leverage)
        })
    })?;
    table.finish()?;
    Ok(Risk {
        stoploss,
        roi,
        trailing,
        use_exit_signal,
        exit_profit_only,
        exit_profit_offset,
        ignore_roi_if_entry_signal,
        leverage,
    })
}

fn roi(item: &Item<'_>) -> Result<RoiTable, StrategyError> {
    let mut steps = Vec::new();
    for (minutes, ratio, at) in item.table()?.named() {
        let minutes: u32 = minutes.trim().parse().map_err(|_| StrategyError {
            at,
            problem: Problem::OutOfRange {
                key: item.key.clone(),
                value: format!("\"{minutes}\""),
                expected: "keyed by minutes since the entry, such as \"30\" = 0.02",
            },
        })?;
        let ratio = ratio.number_where("a ratio of at least -1: 0.02 is 2 %", |r| r >= -1.0)?;
        if steps.iter().any(|&(known, _)| known == minutes) {
            return Err(StrategyError {
                at,
                problem: Problem::OutOfRange {
                    key: item.key.clone(),
                    value: format!("stated twice for {minutes} minutes"),
                    expected: "stated once for each minute",
                },
            });
        }
        steps.push((minutes, ratio));
    }
    Ok(RoiTable::new(steps))
}

/// `trailing = true`, `trailing = { … }`, or the four flat keys that freqtrade
/// has for it.
fn trailing(table: &mut Table<'_>) -> Result<Option<Trailing>, StrategyError> {
    const FLAT: [&str; 4] = [
        "trailing_stop",
        "trailing_stop_positive",
        "trailing_stop_positive_offset",
        "trailing_only_offset_is_reached",
    ];
    let nested = table.get("trailing");
    let flat = FLAT.map(|key| table.get(key));
    if let Some(nested) = nested {
        if let Some(at) = flat.iter().position(Option::is_some) {
            return Err(nested.error(Problem::TwoSpellings {
                first: "trailing",
                second: FLAT[at],
            }));
        }
        return nested_trailing(&nested);
    }
    let [on, positive, offset, only] = flat;
    let trailing = trailing_of(positive.as_ref(), offset.as_ref(), only.as_ref())?;
    let on = on.map_or(Ok(false), |item| item.bool())?;
    Ok(on.then_some(trailing))
}

fn nested_trailing(item: &Item<'_>) -> Result<Option<Trailing>, StrategyError> {
    let Some(mut table) = item.as_table() else {
        let on = item
            .bool()
            .map_err(|_| item.wrong_type("true, false or a table"))?;
        return Ok(on.then(Trailing::default));
    };
    let positive = table.get("positive");
    let offset = table.get("offset");
    let only = table.get("only_after_offset");
    table.finish()?;
    trailing_of(positive.as_ref(), offset.as_ref(), only.as_ref()).map(Some)
}

fn trailing_of(
    positive: Option<&Item<'_>>,
    offset: Option<&Item<'_>>,
    only: Option<&Item<'_>>,
) -> Result<Trailing, StrategyError> {
    let trailing = Trailing {
        positive: positive
            .map(|item| item.number_where("above 0 and below 1", |r| 0.0 < r && r < 1.0))
            .transpose()?,
        offset: offset.map_or(Ok(0.0), |item| {
            item.number_where("0 or more", |ratio| ratio >= 0.0)
        })?,
        only_after_offset: only.map_or(Ok(false), Item::bool)?,
    };
    match (trailing.positive, offset) {
        (Some(positive), Some(item)) if 0.0 < trailing.offset && trailing.offset <= positive => {
            Err(item.error(Problem::TrailingOffset {
                offset: trailing.offset,
                positive,
            }))
        }
        _ => Ok(trailing),
    }
}

pub(super) fn sizing(root: &mut Table<'_>) -> Result<Sizing, StrategyError> {
    let mut sizing = Sizing {
        stake: Stake::Unlimited,
        max_open_trades: Some(1),
    };
    let Some(section) = root.get("sizing") else {
        return Ok(sizing);
    };
    let mut table = section.table()?;
    let stake = table.any(&["stake", "stake_amount"])?;
    if let Some((_, item)) = &stake {
        sizing.stake = stake_of(item)?;
    }
    let slots = table.get("max_open_trades");
    if let Some(item) = &slots {
        sizing.max_open_trades = max_open_trades(item)?;
    }
    table.finish()?;
    match slots {
        Some(item) if sizing.max_open_trades.is_none() && sizing.stake == Stake::Unlimited => {
            Err(item.error(Problem::UnlimitedShares))
        }
        _ => Ok(sizing),
    }
}

fn stake_of(item: &Item<'_>) -> Result<Stake, StrategyError> {
    const EXPECTED: &str = "an amount above 0 or \"unlimited\"";
    match item.as_str() {
        Some("unlimited") => Ok(Stake::Unlimited),
        Some(_) => Err(item.out_of_range(EXPECTED)),
        None => item
            .number_where(EXPECTED, |amount| amount > 0.0)
            .map(Stake::Fixed),
    }
}

fn max_open_trades(item: &Item<'_>) -> Result<Option<u32>, StrategyError> {
    const EXPECTED: &str = "a whole number above 0, or -1 or \"unlimited\" for no limit";
    match item.as_str() {
        Some("unlimited") => Ok(None),
        Some(_) => Err(item.out_of_range(EXPECTED)),
        None if item.is_integer() && item.number()? == -1.0 => Ok(None),
        None => item.count(1, EXPECTED).map(Some),
    }
}

fn flag(table: &mut Table<'_>, key: &'static str, default: bool) -> Result<bool, StrategyError> {
    table.get(key).map_or(Ok(default), |item| item.bool())
}
