//! From the text of a strategy file to a [`Strategy`].

mod adjust;
#[cfg(test)]
mod mistakes;
mod names;
mod protections;
mod risk;
mod rules;
mod table;
#[cfg(test)]
mod tests;

use toml::de::DeTable;

pub use self::names::is_strategy_name;
use self::table::Table;
use super::error::{Problem, StrategyError};
use super::place::Place;
use super::{Direction, Strategy};
use crate::timeframe::Timeframe;

/// Reads a strategy file. Expressions are kept as text with their places; the
/// first mistake is returned with its line and column.
pub fn parse(text: &str) -> Result<Strategy, StrategyError> {
    let document = DeTable::parse(text).map_err(|error| StrategyError {
        at: Place::of(text, error.span().unwrap_or(0..0)),
        problem: Problem::Syntax(error.message().trim().to_owned()),
    })?;
    let mut root = Table::root(text, document.get_ref());

    let mut head = root.require("strategy", "[strategy]")?.table()?;
    let name = names::strategy_name(&head.require("name", "name = \"my-strategy\"")?)?;
    let version = head
        .get("version")
        .map_or(Ok("0.1.0".to_owned()), |item| names::version(&item))?;
    let description = head
        .get("description")
        .map_or(Ok(""), |item| item.string())?
        .to_owned();
    let timeframe = timeframe(&head.require("timeframe", "timeframe = \"5m\"")?)?;
    let startup_candles = head
        .any(&["startup_candles", "startup_candle_count"])?
        .map(|(_, item)| item.count(0, "a number of candles, 0 or more"))
        .transpose()?;
    let direction = head
        .get("direction")
        .map_or(Ok(Direction::Long), |item| direction(&item))?;
    head.finish()?;

    let params = rules::params(&mut root)?;
    let informative = rules::informative(&mut root, timeframe)?;
    let indicators = rules::indicators(&mut root, &informative)?;
    let entries = rules::rules(&mut root, "entry", direction)?;
    let exits = rules::rules(&mut root, "exit", direction)?;
    let signals_from_files = rules::signals(&mut root)?;
    let risk = risk::risk(&mut root)?;
    let sizing = risk::sizing(&mut root)?;
    let protections = protections::protections(&mut root)?;
    let adjustment = adjust::adjustment(&mut root)?;
    root.finish()?;

    Ok(Strategy {
        name,
        version,
        description,
        timeframe,
        startup_candles,
        direction,
        params,
        informative,
        indicators,
        entries,
        exits,
        signals_from_files,
        risk,
        sizing,
        protections,
        adjustment,
    })
}

fn timeframe(item: &table::Item<'_>) -> Result<Timeframe, StrategyError> {
    item.string()?
        .parse()
        .map_err(|error: crate::timeframe::TimeframeError| item.error(error.into()))
}

fn direction(item: &table::Item<'_>) -> Result<Direction, StrategyError> {
    match item.string()? {
        "long" => Ok(Direction::Long),
        "short" => Ok(Direction::Short),
        "both" => Ok(Direction::Both),
        _ => Err(item.out_of_range("\"long\", \"short\" or \"both\"")),
    }
}
