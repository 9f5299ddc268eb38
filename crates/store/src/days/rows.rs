//! Values in columns, and questions as SQL.

use fondaco_app::ports::days::{DayQuery, DayValue, KeptDay, Origin};
use fondaco_contract::v1alpha1::simulation::SimDate;
use fondaco_domain::UnixMicros;
use rusqlite::types::{ToSqlOutput, Type};
use rusqlite::{Row, ToSql};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Columns of [`day`].
pub(super) const DAY: &str = "book, origin_kind, origin, started_at, completed_at, stale, document";

/// Columns of [`model_date`].
pub(super) const DATE: &str = "model, date";

/// Columns of [`value`].
pub(super) const VALUE: &str = "book, origin_kind, origin, model, date, completed_at, value";

pub(super) fn day(row: &Row<'_>) -> rusqlite::Result<KeptDay> {
    Ok(KeptDay {
        book: row.get(0)?,
        origin: origin(row, 1)?,
        started_at: UnixMicros(row.get(3)?),
        completed_at: UnixMicros(row.get(4)?),
        stale: row.get(5)?,
        day: json(row, 6)?,
    })
}

pub(super) fn model_date(row: &Row<'_>) -> rusqlite::Result<(String, SimDate)> {
    Ok((row.get(0)?, parsed(row, 1, str::parse)?))
}

pub(super) fn value(row: &Row<'_>) -> rusqlite::Result<DayValue> {
    Ok(DayValue {
        book: row.get(0)?,
        origin: origin(row, 1)?,
        model: row.get(3)?,
        date: parsed(row, 4, str::parse)?,
        completed_at: UnixMicros(row.get(5)?),
        value: parsed(row, 6, str::parse)?,
    })
}

/// The two columns of an origin.
pub(super) fn origin_words(origin: &Origin) -> (&'static str, String) {
    let kind = match origin {
        Origin::Run(_) => "run",
        Origin::Imported(_) => "imported",
    };
    (kind, origin.to_string())
}

fn origin(row: &Row<'_>, at: usize) -> rusqlite::Result<Origin> {
    let kind: String = row.get(at)?;
    match kind.as_str() {
        "run" => parsed(row, at + 1, str::parse).map(Origin::Run),
        _ => row.get(at + 1).map(Origin::Imported),
    }
}

/// JSON of what is kept.
pub(super) fn text(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value)
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

pub(super) fn json<T: DeserializeOwned>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    parsed(row, at, |text| serde_json::from_str(text))
}

fn parsed<T, E: std::error::Error + Send + Sync + 'static>(
    row: &Row<'_>,
    at: usize,
    parse: impl Fn(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    parse(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, error.into()))
}

/// A question: its conditions with the values they name, in order.
pub(super) struct Asked {
    conditions: Vec<&'static str>,
    values: Vec<Value>,
    order: &'static str,
    limit: Option<usize>,
}

enum Value {
    Text(String),
    Limit(i64),
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Limit(limit) => limit.to_sql(),
        }
    }
}

impl Asked {
    pub(super) fn of(query: &DayQuery) -> Self {
        let mut asked = Self {
            conditions: Vec::new(),
            values: Vec::new(),
            order: if query.newest_first {
                "date desc, model desc, place desc"
            } else {
                "date, model, place"
            },
            limit: query.limit,
        };
        if let Some(book) = &query.book {
            asked.add("book = ?", [book.clone()]);
        }
        if let Some(origin) = &query.origin {
            let (kind, name) = origin_words(origin);
            asked.add("origin_kind = ? and origin = ?", [kind.to_owned(), name]);
        }
        if let Some(model) = &query.model {
            asked.add("model = ?", [model.clone()]);
        }
        if let Some(dates) = &query.dates {
            // After every hour of the last day, and before the next day.
            let last = format!("{}~", dates.end());
            asked.add("date >= ? and date < ?", [dates.start().to_string(), last]);
        }
        if let Some(before) = query.before {
            asked.add("date < ?", [before.to_string()]);
        }
        if !query.replaced {
            asked.add("replaced = 0", []);
        }
        if query.fresh_only {
            asked.add("stale = 0", []);
        }
        if let Some(limit) = query.limit {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            asked.values.push(Value::Limit(limit));
        }
        asked
    }

    fn add<const N: usize>(&mut self, condition: &'static str, values: [String; N]) {
        self.conditions.push(condition);
        self.values.extend(values.map(Value::Text));
    }

    pub(super) fn sql(&self, columns: &str) -> String {
        let mut sql = format!("select {columns} from day");
        if !self.conditions.is_empty() {
            sql = sql + " where " + &self.conditions.join(" and ");
        }
        sql = sql + " order by " + self.order;
        if self.limit.is_some() {
            sql += " limit ?";
        }
        sql
    }

    pub(super) fn values(&self) -> Vec<&dyn ToSql> {
        self.values
            .iter()
            .map(|value| value as &dyn ToSql)
            .collect()
    }
}
