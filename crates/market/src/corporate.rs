//! Splits, dividends, factors and holidays, which lie beside candles.

use std::path::Path;

use fondaco_domain::calendar::HolidayList;
use fondaco_domain::corporate::{Dividend, FactorRow, Factors, Split};
use jiff::civil::Date;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::error::{CellProblem, ReadError};

/// A list of splits: objects with `execution_date`, `split_from`, `split_to`.
/// Oldest first in the answer.
pub fn read_splits(path: &Path) -> Result<Vec<Split>, ReadError> {
    #[derive(Deserialize)]
    struct Row {
        execution_date: Date,
        split_from: f64,
        split_to: f64,
    }
    let rows: Vec<Row> = json(path)?;
    let mut all: Vec<Split> = rows
        .into_iter()
        .map(|row| Split {
            date: row.execution_date,
            from: row.split_from,
            to: row.split_to,
        })
        .collect();
    if let Some(bad) = all
        .iter()
        .find(|it| !(it.ratio().is_finite() && it.ratio() > 0.0))
    {
        let problem = format!("the split of {} is {} for {}", bad.date, bad.to, bad.from);
        return Err(ReadError::damaged(path, "JSON", problem));
    }
    all.sort_by_key(|split| split.date);
    Ok(all)
}

/// A list of dividends: objects with `ex_dividend_date`, `cash_amount`,
/// `currency`, perhaps `pay_date`. Oldest first in the answer.
pub fn read_dividends(path: &Path) -> Result<Vec<Dividend>, ReadError> {
    #[derive(Deserialize)]
    struct Row {
        ex_dividend_date: Date,
        pay_date: Option<Date>,
        cash_amount: f64,
        currency: String,
    }
    let rows: Vec<Row> = json(path)?;
    let mut all: Vec<Dividend> = rows
        .into_iter()
        .map(|row| Dividend {
            ex_date: row.ex_dividend_date,
            pay_date: row.pay_date,
            amount: row.cash_amount,
            currency: row.currency,
        })
        .collect();
    all.sort_by_key(|dividend| dividend.ex_date);
    Ok(all)
}

/// A factor file: lines of `YYYYMMDD,price factor,split factor,reference
/// price` without a first line of names.
pub fn read_factors(path: &Path) -> Result<Factors, ReadError> {
    let text = text(path)?;
    let mut rows = Vec::new();
    for (index, line) in text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let cells: Vec<&str> = line.split(',').map(str::trim).collect();
        let cell = |at: usize, problem| ReadError::Cell {
            path: path.into(),
            line: index + 1,
            column: ["date", "price factor", "split factor", "reference price"][at].to_owned(),
            value: cells.get(at).unwrap_or(&"").to_string(),
            problem,
        };
        let number = |at: usize| {
            let found = cells.get(at).and_then(|text| text.parse::<f64>().ok());
            found
                .filter(|value| value.is_finite() && *value >= 0.0)
                .ok_or_else(|| cell(at, CellProblem::NotANumber))
        };
        rows.push(FactorRow {
            date: Date::strptime("%Y%m%d", cells[0]).map_err(|_| cell(0, CellProblem::NotATime))?,
            price_factor: number(1)?,
            split_factor: number(2)?,
            reference_price: if cells.len() > 3 { number(3)? } else { 0.0 },
        });
    }
    if rows.is_empty() {
        return Err(ReadError::Empty { path: path.into() });
    }
    Ok(Factors::new(rows))
}

/// A list of the weekdays an exchange was closed: an object with `year` (or
/// `years`) and `closed_weekdays`.
pub fn read_holidays(path: &Path) -> Result<HolidayList, ReadError> {
    #[derive(Deserialize)]
    struct List {
        year: Option<i16>,
        #[serde(default)]
        years: Vec<i16>,
        closed_weekdays: Vec<Date>,
    }
    let list: List = json(path)?;
    HolidayList::new(
        list.years.into_iter().chain(list.year),
        list.closed_weekdays,
    )
    .map_err(|cause| ReadError::damaged(path, "holiday", cause))
}

fn json<T: DeserializeOwned>(path: &Path) -> Result<T, ReadError> {
    serde_json::from_str(&text(path)?).map_err(|cause| ReadError::damaged(path, "JSON", cause))
}

fn text(path: &Path) -> Result<String, ReadError> {
    std::fs::read_to_string(path).map_err(|cause| ReadError::io(path, cause))
}
