//! Corporate actions in their table.

use fondaco_app::ports::research::{ActionKind, CompanyAction, Held, Horizon};
use fondaco_domain::Symbol;
use rusqlite::{Connection, Row, named_params, params};

use super::error::ResearchError;
use super::rows::{self, date, instant, json, last_place, symbol};

/// Refuses amounts that are no numbers.
pub(super) fn check(action: &CompanyAction) -> Result<(), ResearchError> {
    let of = &action.symbol;
    match action.what {
        ActionKind::Dividend { amount } => rows::finite(amount, "a dividend", of),
        ActionKind::Split { from, to } => {
            rows::finite(from, "a split", of).and_then(|()| rows::finite(to, "a split", of))
        }
    }
}

/// How many were new, and how many were not.
pub(super) fn add(
    connection: &Connection,
    actions: &[CompanyAction],
    place: i64,
) -> rusqlite::Result<(u64, u64)> {
    let mut statement = connection.prepare_cached(
        "insert or ignore into action(hash, symbol, known_at, effective, what, place)
         values(?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let mut added = 0;
    for action in actions {
        added += statement.execute(params![
            rows::hash(action).as_str(),
            action.symbol.as_str(),
            action.known_at.0,
            action.effective.to_string(),
            rows::text(&action.what),
            place
        ])?;
    }
    Ok((added as u64, (actions.len() - added) as u64))
}

/// The newest effective first.
pub(super) fn find(
    connection: &Connection,
    of: &Symbol,
    horizon: Horizon,
) -> rusqlite::Result<Vec<CompanyAction>> {
    let sql = "select symbol, known_at, effective, what from action
        where symbol = :symbol and known_at < :known and place <= :place
        order by effective desc, hash";
    let read = |row: &Row<'_>| {
        Ok(CompanyAction {
            symbol: symbol(row, 0)?,
            known_at: instant(row, 1)?,
            effective: date(row, 2)?,
            what: json(row, 3)?,
        })
    };
    let values = named_params! {
        ":symbol": of.as_str(), ":known": horizon.known.0, ":place": last_place(horizon),
    };
    let mut statement = connection.prepare_cached(sql)?;
    statement.query_map(values, read)?.collect()
}

/// By symbol.
pub(super) fn held(connection: &Connection, horizon: Horizon) -> rusqlite::Result<Vec<Held>> {
    let sql = "select symbol, count(*), min(known_at), max(known_at) from action
        where known_at < :known and place <= :place group by symbol order by symbol";
    rows::held(connection, sql, horizon)
}
