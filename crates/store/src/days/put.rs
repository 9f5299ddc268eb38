//! What is written.

use fondaco_app::ports::days::{ImportedJob, KeptDay};
use rusqlite::{Connection, OptionalExtension as _, named_params, params};

use super::rows;

/// Keeps a day and marks those it changes; says whether it is new.
pub(super) fn day(within: &Connection, kept: &KeptDay) -> rusqlite::Result<bool> {
    let (kind, origin) = rows::origin_words(&kept.origin);
    let date = kept.day.date.to_string();
    let added = within
        .prepare_cached(
            "insert into day(book, origin_kind, origin, model, date, replaced, stale, started_at,
                             completed_at, value, document)
             values(?1, ?2, ?3, ?4, ?5, 0, ?6, ?7, ?8, ?9, ?10)
             on conflict(origin_kind, origin, model, date) do nothing",
        )?
        .execute(params![
            kept.book,
            kind,
            origin,
            kept.day.model,
            date,
            kept.stale,
            kept.started_at.0,
            kept.completed_at.0,
            kept.day.end.value.to_string(),
            rows::text(&kept.day)?,
        ])?;
    if added == 0 {
        return Ok(false);
    }
    if let Some(book) = &kept.book {
        mark(within, book, kept, &date, within.last_insert_rowid())?;
    }
    Ok(true)
}

/// Which day of a date is the one there is, and which later ones are stale. Of
/// those done at the same time, the one that was put later is the newer one:
/// this one is newer than any.
fn mark(
    within: &Connection,
    book: &str,
    kept: &KeptDay,
    date: &str,
    place: i64,
) -> rusqlite::Result<()> {
    let (model, done) = (kept.day.model.as_str(), kept.completed_at.0);
    let is_old: bool = within
        .prepare_cached(
            "select exists(select 1 from day where book = :book and model = :model
                           and date = :date and replaced = 0 and completed_at > :done)",
        )?
        .query_row(
            named_params! {":book": book, ":model": model, ":date": date, ":done": done},
            |row| row.get(0),
        )?;
    let sql = if is_old {
        "update day set replaced = 1 where place = :place and book = :book and model = :model
                                      and date = :date"
    } else {
        "update day set replaced = 1 where place <> :place and book = :book and model = :model
                                      and date = :date and replaced = 0"
    };
    within
        .prepare_cached(sql)?
        .execute(named_params! {":place": place, ":book": book, ":model": model, ":date": date})?;
    within
        .prepare_cached(
            "update day set stale = 1 where book = :book and model = :model and date > :date
                                      and stale = 0 and completed_at <= :done",
        )?
        .execute(named_params! {":book": book, ":model": model, ":date": date, ":done": done})?;
    within
        .prepare_cached(
            "update day set stale = 1 where place = :place and exists(
               select 1 from day indexed by day_book where book = :book and model = :model
               and date < :date and completed_at > :done)",
        )?
        .execute(named_params! {
            ":place": place, ":book": book, ":model": model, ":date": date, ":done": done,
        })?;
    Ok(())
}

/// Moves the place in the feed, forwards only.
pub(super) fn followed(within: &Connection, no: u64) -> rusqlite::Result<()> {
    let no = i64::try_from(no).unwrap_or(i64::MAX);
    within
        .prepare_cached("update followed set no = ?1 where no < ?1")?
        .execute([no])?;
    Ok(())
}

/// Keeps a job as it is told now; says whether that is new.
pub(super) fn job(within: &Connection, job: &ImportedJob) -> rusqlite::Result<bool> {
    let text = rows::text(job)?;
    let known: Option<String> = within
        .prepare_cached("select document from imported_job where job = ?1")?
        .query_row([&job.id], |row| row.get(0))
        .optional()?;
    if known.as_ref() == Some(&text) {
        return Ok(false);
    }
    within
        .prepare_cached(
            "insert into imported_job(job, document) values(?1, ?2)
             on conflict(job) do update set document = excluded.document",
        )?
        .execute([&job.id, &text])?;
    Ok(true)
}
