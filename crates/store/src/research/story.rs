//! Stories in their tables.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_app::ports::research::{Held, Horizon, NewsQuery, Story};
use fondaco_domain::{Symbol, UnixMillis};
use jiff::ToSpan;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, ToSql, named_params, params};

use super::rows::{self, instant, last_place, limited};
use super::words;

/// How many brought something new, and how many did not.
pub(super) fn add(
    connection: &Connection,
    stories: &[Story],
    place: i64,
) -> rusqlite::Result<(u64, u64)> {
    let (mut added, mut known) = (0, 0);
    for story in stories {
        let no = number(connection, story)?;
        if sight(connection, no, story, place)? {
            added += 1;
        } else {
            known += 1;
        }
    }
    Ok((added, known))
}

/// Its number; it is added where it is not there.
fn number(connection: &Connection, story: &Story) -> rusqlite::Result<i64> {
    let found = connection
        .prepare_cached("select no from story where id = ?1")?
        .query_row([&story.id], |row| row.get(0))
        .optional()?;
    if let Some(no) = found {
        return Ok(no);
    }
    connection
        .prepare_cached(
            "insert into story(id, published_at, title, summary, source, url)
             values(?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            story.id,
            story.published_at.0,
            story.title,
            story.summary,
            story.source,
            story.url
        ])?;
    let no = connection.last_insert_rowid();
    connection
        .prepare_cached("insert into story_text(rowid, title, summary) values(?1, ?2, ?3)")?
        .execute(params![no, story.title, story.summary])?;
    Ok(no)
}

/// Whether it says something new: of a symbol that it is about, or that it
/// was known earlier.
fn sight(connection: &Connection, no: i64, story: &Story, place: i64) -> rusqlite::Result<bool> {
    let mut new = false;
    if story.symbols.is_empty() {
        let sql = "insert into sighting select ?1, '', ?2, ?3 where not exists(
                     select 1 from sighting where story = ?1 and known_at <= ?2)";
        let added =
            connection
                .prepare_cached(sql)?
                .execute(params![no, story.known_at.0, place])?;
        return Ok(added > 0);
    }
    let sql = "insert into sighting select ?1, ?2, ?3, ?4 where not exists(
                 select 1 from sighting where story = ?1 and symbol = ?2 and known_at <= ?3)";
    let mut statement = connection.prepare_cached(sql)?;
    for symbol in &story.symbols {
        let known = story.known_at.0;
        new |= statement.execute(params![no, symbol.as_str(), known, place])? > 0;
    }
    Ok(new)
}

/// The columns of a story, as [`read`] takes them, with the first instant from
/// which a reader at `:known` and `:place` knows it.
const STORY: &str = "select s.no, s.id, s.published_at, s.title, s.summary, s.source, s.url,
       (select min(known_at) from sighting
        where story = s.no and known_at < :known and place <= :place) as seen
     from story s";

/// The newest first.
pub(super) fn find(connection: &Connection, query: &NewsQuery) -> rusqlite::Result<Vec<Story>> {
    let horizon = query.horizon;
    let (known, place) = (horizon.known.0, last_place(horizon));
    let from = query.from.map_or(i64::MIN, |from| from.0);
    let limit = limited(query.limit);
    let question = words::question(query.words.as_deref());
    let names: Vec<String> = (0..query.symbols.len())
        .map(|no| format!(":s{no}"))
        .collect();
    let about = if names.is_empty() {
        String::new()
    } else {
        format!("symbol in({}) and", names.join(", "))
    };
    // What was seen at `from` or later has no sighting before.
    let mut sql = format!(
        "{STORY} where s.no in(select story from sighting where {about}
           known_at < :known and known_at >= :from and place <= :place)"
    );
    let symbols: Vec<&str> = query.symbols.iter().map(Symbol::as_str).collect();
    let mut values: Vec<(&str, &dyn ToSql)> = vec![
        (":known", &known),
        (":place", &place),
        (":from", &from),
        (":limit", &limit),
    ];
    for (name, symbol) in names.iter().zip(&symbols) {
        values.push((name, symbol));
    }
    if let Some(question) = &question {
        sql.push_str(" and s.no in(select rowid from story_text where story_text match :words)");
        values.push((":words", question));
    }
    sql.push_str(" and seen >= :from order by seen desc, s.id limit :limit");
    let mut statement = connection.prepare_cached(&sql)?;
    let found: Vec<(i64, Story)> = statement
        .query_map(values.as_slice(), read)?
        .collect::<rusqlite::Result<_>>()?;
    found
        .into_iter()
        .map(|(no, story)| with_symbols(connection, no, story, horizon))
        .collect()
}

/// One by its name.
pub(super) fn one(
    connection: &Connection,
    id: &str,
    horizon: Horizon,
) -> rusqlite::Result<Option<Story>> {
    let sql = format!("{STORY} where s.id = :id and seen is not null");
    let found = connection
        .prepare_cached(&sql)?
        .query_row(
            named_params! {
                ":id": id, ":known": horizon.known.0, ":place": last_place(horizon),
            },
            read,
        )
        .optional()?;
    found
        .map(|(no, story)| with_symbols(connection, no, story, horizon))
        .transpose()
}

/// How many became known on each day.
pub(super) fn days(
    connection: &Connection,
    symbol: &Symbol,
    (from, to): (Date, Date),
    horizon: Horizon,
) -> rusqlite::Result<BTreeMap<Date, u64>> {
    let sql = "select min(known_at) as seen from sighting
        where story in(select story from sighting
                       where symbol = :symbol and known_at < :known and known_at >= :from
                         and place <= :place)
          and known_at < :known and place <= :place
        group by story having seen >= :from and seen < :end";
    let end = to
        .checked_add(1.day())
        .map_or(i64::MAX, |next| UnixMillis::midnight(next).0);
    let mut statement = connection.prepare_cached(sql)?;
    let seen = statement.query_map(
        named_params! {
            ":symbol": symbol.as_str(), ":known": horizon.known.0,
            ":place": last_place(horizon), ":from": UnixMillis::midnight(from).0, ":end": end,
        },
        |row| instant(row, 0),
    )?;
    let mut days = BTreeMap::new();
    for seen in seen {
        *days.entry(seen?.date()).or_default() += 1;
    }
    Ok(days)
}

/// By symbol.
pub(super) fn held(connection: &Connection, horizon: Horizon) -> rusqlite::Result<Vec<Held>> {
    // A story counts as one of no symbol only as long as it has none.
    let sql = "select symbol, count(*), min(seen), max(seen) from(
          select x.symbol, (select min(known_at) from sighting
            where story = x.story and known_at < :known and place <= :place) as seen
          from(select distinct story, symbol from sighting
               where known_at < :known and place <= :place) x
          where x.symbol <> '' or not exists(select 1 from sighting
            where story = x.story and symbol <> '' and known_at < :known and place <= :place))
        group by symbol order by symbol";
    rows::held(connection, sql, horizon)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Story)> {
    let story = Story {
        id: row.get(1)?,
        published_at: instant(row, 2)?,
        title: row.get(3)?,
        summary: row.get(4)?,
        source: row.get(5)?,
        url: row.get(6)?,
        known_at: instant(row, 7)?,
        symbols: Vec::new(),
    };
    Ok((row.get(0)?, story))
}

fn with_symbols(
    connection: &Connection,
    no: i64,
    story: Story,
    horizon: Horizon,
) -> rusqlite::Result<Story> {
    let sql = "select distinct symbol from sighting
        where story = ?1 and symbol <> '' and known_at < ?2 and place <= ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let symbols: BTreeSet<Symbol> = statement
        .query_map(params![no, horizon.known.0, last_place(horizon)], |row| {
            rows::symbol(row, 0)
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(Story {
        symbols: symbols.into_iter().collect(),
        ..story
    })
}
