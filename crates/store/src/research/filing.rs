//! Filings in their table.

use fondaco_app::ports::research::{Filing, Held, Horizon};
use fondaco_domain::Symbol;
use rusqlite::{Connection, Row, named_params, params};

use super::error::ResearchError;
use super::rows::{self, date, instant, json, last_place, limited, maybe_date, symbol};

/// Refuses figures that are no numbers.
pub(super) fn check(filing: &Filing) -> Result<(), ResearchError> {
    let mut figures = filing.figures.iter();
    figures.try_for_each(|(name, figure)| rows::finite(figure.value, name, &filing.symbol))
}

/// How many were new, and how many were not.
pub(super) fn add(
    connection: &Connection,
    filings: &[Filing],
    place: i64,
) -> rusqlite::Result<(u64, u64)> {
    let mut statement = connection.prepare_cached(
        "insert or ignore into filing(hash, symbol, fiscal_year, fiscal_period, period_start,
         period_end, known_at, figures, place) values(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let mut added = 0;
    for filing in filings {
        added += statement.execute(params![
            rows::hash(filing).as_str(),
            filing.symbol.as_str(),
            filing.fiscal_year,
            filing.fiscal_period,
            filing.period_start.map(|day| day.to_string()),
            filing.period_end.to_string(),
            filing.known_at.0,
            rows::text(&filing.figures),
            place
        ])?;
    }
    Ok((added as u64, (filings.len() - added) as u64))
}

/// The newest known first.
pub(super) fn find(
    connection: &Connection,
    of: &Symbol,
    horizon: Horizon,
    limit: usize,
) -> rusqlite::Result<Vec<Filing>> {
    let sql = "select symbol, fiscal_year, fiscal_period, period_start, period_end, known_at,
               figures from filing
        where symbol = :symbol and known_at < :known and place <= :place
        order by known_at desc, period_end desc, hash limit :limit";
    let read = |row: &Row<'_>| {
        Ok(Filing {
            symbol: symbol(row, 0)?,
            fiscal_year: row.get(1)?,
            fiscal_period: row.get(2)?,
            period_start: maybe_date(row, 3)?,
            period_end: date(row, 4)?,
            known_at: instant(row, 5)?,
            figures: json(row, 6)?,
        })
    };
    let values = named_params! {
        ":symbol": of.as_str(), ":known": horizon.known.0, ":place": last_place(horizon),
        ":limit": limited(limit),
    };
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(values, read)?.collect()
}

/// By symbol.
pub(super) fn held(connection: &Connection, horizon: Horizon) -> rusqlite::Result<Vec<Held>> {
    let sql = "select symbol, count(*), min(known_at), max(known_at) from filing
        where known_at < :known and place <= :place group by symbol order by symbol";
    rows::held(connection, sql, horizon)
}
