//! `[params]`, `[informative]`, `[indicators]`, `[entry]`, `[exit]` and
//! `[signals]`.

use indexmap::IndexMap;

use super::names::identifier;
use super::table::{Item, Table};
use super::timeframe;
use crate::strategy::error::{Problem, StrategyError};
use crate::strategy::{Direction, Expression, Informative, Param, Rule, Side};
use crate::symbol::SymbolError;
use crate::timeframe::Timeframe;

pub(super) fn params(root: &mut Table<'_>) -> Result<IndexMap<String, Param>, StrategyError> {
    let Some(section) = root.get("params") else {
        return Ok(IndexMap::new());
    };
    section
        .table()?
        .named()
        .into_iter()
        .map(|(name, item, at)| {
            let name = identifier(name, "a parameter", at)?;
            let param = param(&name, &item)?;
            Ok((name, param))
        })
        .collect()
}

fn param(name: &str, item: &Item<'_>) -> Result<Param, StrategyError> {
    const EXAMPLE: &str = "fast = { default = 10, low = 5, high = 30 }";
    let mut table = item
        .as_table()
        .ok_or_else(|| item.wrong_type("a table such as { default = 10, low = 5, high = 30 }"))?;
    let [default, low, high] = [
        table.require("default", EXAMPLE)?,
        table.require("low", EXAMPLE)?,
        table.require("high", EXAMPLE)?,
    ];
    let step = table
        .get("step")
        .map(|item| item.number_where("above 0", |step| step > 0.0))
        .transpose()?;
    table.finish()?;
    let whole = [&default, &low, &high].iter().all(|item| item.is_integer());
    let param = Param {
        default: default.number()?,
        low: low.number()?,
        high: high.number()?,
        step: step.or_else(|| whole.then_some(1.0)),
    };
    if param.low > param.default || param.default > param.high {
        return Err(default.error(Problem::ParamRange {
            name: name.to_owned(),
            default: param.default,
            low: param.low,
            high: param.high,
        }));
    }
    match param.step {
        Some(step) if !param.on_grid(param.default) => Err(default.error(Problem::ParamStep {
            name: name.to_owned(),
            default: param.default,
            low: param.low,
            step,
        })),
        _ => Ok(param),
    }
}

pub(super) fn informative(
    root: &mut Table<'_>,
    base: Timeframe,
) -> Result<IndexMap<String, Informative>, StrategyError> {
    let Some(section) = root.get("informative") else {
        return Ok(IndexMap::new());
    };
    section
        .table()?
        .named()
        .into_iter()
        .map(|(name, item, at)| {
            let name = identifier(name, "an informative source", at)?;
            let source = source(&name, &item, base)?;
            Ok((name, source))
        })
        .collect()
}

fn source(name: &str, item: &Item<'_>, base: Timeframe) -> Result<Informative, StrategyError> {
    let mut table = item.table()?;
    let symbol = table
        .get("symbol")
        .map(|item| {
            item.string()?
                .parse()
                .map_err(|error: SymbolError| item.error(error.into()))
        })
        .transpose()?;
    let length = match table.get("timeframe") {
        None => base,
        Some(item) => {
            let found = timeframe(&item)?;
            if found < base {
                return Err(item.error(Problem::ShorterInformative {
                    name: name.to_owned(),
                    found,
                    base,
                }));
            }
            found
        }
    };
    if symbol.is_none() && length == base {
        return Err(
            item.out_of_range("another timeframe or another symbol than the strategy's own")
        );
    }
    table.finish()?;
    Ok(Informative {
        symbol,
        timeframe: length,
    })
}

pub(super) fn indicators(
    root: &mut Table<'_>,
    informative: &IndexMap<String, Informative>,
) -> Result<IndexMap<String, Expression>, StrategyError> {
    let Some(section) = root.get("indicators") else {
        return Ok(IndexMap::new());
    };
    section
        .table()?
        .named()
        .into_iter()
        .map(|(name, item, at)| {
            let name = identifier(name, "an indicator", at)?;
            if informative.contains_key(&name) {
                let rule = "an informative source has that name; choose another";
                let what = "an indicator";
                let problem = Problem::Name { name, what, rule };
                return Err(StrategyError { at, problem });
            }
            Ok((name, expression(&item)?))
        })
        .collect()
}

/// The rules of `[entry]` or `[exit]`, longs first, each side in file order.
pub(super) fn rules(
    root: &mut Table<'_>,
    section: &'static str,
    direction: Direction,
) -> Result<Vec<Rule>, StrategyError> {
    let Some(section) = root.get(section) else {
        return Ok(Vec::new());
    };
    let mut sides = section.table()?;
    let mut rules = Vec::new();
    for (key, side) in [("long", Side::Long), ("short", Side::Short)] {
        let Some(item) = sides.get(key) else { continue };
        if !direction.allows(side) {
            return Err(item.error(Problem::ForbiddenSide { side, direction }));
        }
        for table in item.tables()? {
            rules.push(rule(side, table)?);
        }
    }
    sides.finish()?;
    Ok(rules)
}

fn rule(side: Side, mut table: Table<'_>) -> Result<Rule, StrategyError> {
    let when = table.require("when", "when = \"crosses_above(close, sma(close, 20))\"")?;
    let rule = Rule {
        side,
        when: expression(&when)?,
        tag: tag(&mut table)?,
    };
    table.finish()?;
    Ok(rule)
}

/// `[signals] from = "files"`.
pub(super) fn signals(root: &mut Table<'_>) -> Result<bool, StrategyError> {
    let Some(section) = root.get("signals") else {
        return Ok(false);
    };
    let mut table = section.table()?;
    let from = table.require("from", "from = \"files\"")?;
    let from_files = match from.string()? {
        "files" => true,
        "rules" => false,
        _ => return Err(from.out_of_range("\"files\" or \"rules\"")),
    };
    table.finish()?;
    Ok(from_files)
}

/// The tag of a rule or an order.
pub(super) fn tag(table: &mut Table<'_>) -> Result<Option<String>, StrategyError> {
    let Some(item) = table.get("tag") else {
        return Ok(None);
    };
    let tag = item.string()?;
    let fits = (1..=255).contains(&tag.len()) && !tag.chars().any(char::is_control);
    if fits {
        Ok(Some(tag.to_owned()))
    } else {
        Err(item.out_of_range("one line of 1 to 255 characters"))
    }
}

fn expression(item: &Item<'_>) -> Result<Expression, StrategyError> {
    let source = item.string()?;
    if source.trim().is_empty() {
        return Err(item.out_of_range("an expression"));
    }
    let at = item.inner_place();
    Ok(Expression {
        source: source.to_owned(),
        line: at.line,
        column: at.column,
    })
}
