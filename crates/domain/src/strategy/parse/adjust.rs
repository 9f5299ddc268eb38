//! `[adjust]`: further entries and partial exits.

use super::rules::tag;
use super::table::Table;
use crate::strategy::error::{Problem, StrategyError};
use crate::strategy::{Adjustment, FurtherEntry, Level, PartialExit, StakeBasis};

/// Levels a file may spell out with `times`.
const MOST_TIMES: u32 = 1000;

pub(super) fn adjustment(root: &mut Table<'_>) -> Result<Adjustment, StrategyError> {
    let mut adjustment = Adjustment::default();
    let Some(section) = root.get("adjust") else {
        return Ok(adjustment);
    };
    let mut sides = section.table()?;
    if let Some(item) = sides.get("entry") {
        for table in item.tables()? {
            let (times, entry) = further_entry(table)?;
            adjustment.entries.extend(std::iter::repeat_n(entry, times));
        }
    }
    if let Some(item) = sides.get("exit") {
        for table in item.tables()? {
            let (times, exit) = partial_exit(table)?;
            adjustment.exits.extend(std::iter::repeat_n(exit, times));
        }
    }
    sides.finish()?;
    Ok(adjustment)
}

fn further_entry(mut table: Table<'_>) -> Result<(usize, FurtherEntry), StrategyError> {
    let entry = FurtherEntry {
        level: level(&mut table, "below = -0.02")?,
        stake: table.get("stake").map_or(Ok(1.0), |item| {
            item.number_where("a multiple above 0 of the trade's stake", |s| s > 0.0)
        })?,
        of: match table.get("of") {
            None => StakeBasis::default(),
            Some(item) => match item.string()? {
                "current" => StakeBasis::Current,
                "first" => StakeBasis::First,
                _ => return Err(item.out_of_range("\"current\" or \"first\"")),
            },
        },
        tag: tag(&mut table)?,
    };
    let times = times(&mut table)?;
    table.finish()?;
    Ok((times, entry))
}

fn partial_exit(mut table: Table<'_>) -> Result<(usize, PartialExit), StrategyError> {
    let exit = PartialExit {
        level: level(&mut table, "above = 0.02")?,
        fraction: table
            .require("fraction", "fraction = 0.5")?
            .number_where("above 0 and below 1: a part of the position", |f| {
                0.0 < f && f < 1.0
            })?,
        tag: tag(&mut table)?,
    };
    let times = times(&mut table)?;
    table.finish()?;
    Ok((times, exit))
}

fn level(table: &mut Table<'_>, example: &'static str) -> Result<Level, StrategyError> {
    match table.any(&["above", "below"])? {
        Some(("above", item)) => item.number().map(Level::Above),
        Some((_, item)) => item.number().map(Level::Below),
        None => Err(table.error(Problem::Missing {
            key: "above` or `below",
            table: "a level of [adjust]".to_owned(),
            example,
        })),
    }
}

fn times(table: &mut Table<'_>) -> Result<usize, StrategyError> {
    table.get("times").map_or(Ok(1), |item| {
        let times = item.count(1, "from 1 to 1000")?;
        if times <= MOST_TIMES {
            Ok(times as usize)
        } else {
            Err(item.out_of_range("from 1 to 1000"))
        }
    })
}
