//! Runs by what they are, the newest first.
//!
//! Every filter has an index that has its runs in order, so a page of one
//! filter is a few steps of it. Of several filters the rarest leads and the
//! others are asked of its runs: which one that is, is counted, up to an end.

use fondaco_app::ports::runs::{RunQuery, RunStoreError};
use fondaco_domain::run::{Run, RunState};
use rusqlite::{Connection, ToSql, params_from_iter};

use super::place::most;
use super::rows::{self, columns};
use super::statement::{all, json, one, value};

/// Counted of one filter at most: more is often.
const COUNTED: i64 = 1_000;

/// The runs that a query is about.
pub(super) fn runs(connection: &Connection, query: &RunQuery) -> Result<Vec<Run>, RunStoreError> {
    let filters = filters(query);
    let leader = match query.due {
        // Deadlines that are due are few, and have an index of their own.
        Some(_) => None,
        None => leader(connection, &filters)?,
    };
    let mut sql = Sql::default();
    match leader.map(|place| &filters[place]) {
        Some(Filter::States(states)) if states.len() > 1 => {
            // Each state has its runs in order, several have not.
            for (n, state) in states.iter().enumerate() {
                sql.add(if n == 0 {
                    "select * from ("
                } else {
                    " union all select * from ("
                });
                sql.page(query, &filters, Some(&Filter::States(vec![*state])))?;
                sql.add(")");
            }
            sql.newest_first(query);
        }
        leader => sql.page(query, &filters, leader)?,
    }
    let values = sql.values.iter().map(|value| &**value);
    all(connection, &sql.text, params_from_iter(values), |row| {
        Ok(rows::run(row)?.run)
    })
}

/// What an index can find.
#[derive(Debug, Clone, PartialEq)]
enum Filter {
    /// The column is this.
    Is(&'static str, String),
    /// It is in one of these, each of them once.
    States(Vec<RunState>),
}

/// Those of a query; the rarer by nature come first.
fn filters(query: &RunQuery) -> Vec<Filter> {
    let mut filters = Vec::new();
    let mut is = |column, value: Option<String>| {
        filters.extend(value.map(|value| Filter::Is(column, value)));
    };
    is("parent_run", query.parent.map(|id| id.to_string()));
    is("spec_hash", query.spec.as_ref().map(ToString::to_string));
    is("strategy", query.strategy.clone());
    is("tenant", query.tenant.clone());
    is("queue", query.queue.clone());
    if !query.states.is_empty() {
        let mut states = RunState::ALL.to_vec();
        states.retain(|state| query.states.contains(state));
        filters.push(Filter::States(states));
    }
    if let Some(kind) = query.kind {
        filters.push(Filter::Is("kind", kind.as_str().to_owned()));
    }
    filters
}

/// The rarest of several.
fn leader(connection: &Connection, filters: &[Filter]) -> Result<Option<usize>, RunStoreError> {
    if filters.len() < 2 {
        return Ok((!filters.is_empty()).then_some(0));
    }
    let mut least: Option<(i64, usize)> = None;
    for (place, filter) in filters.iter().enumerate() {
        let count = count(connection, filter)?;
        if least.is_none_or(|(least, _)| count < least) {
            least = Some((count, place));
        }
    }
    Ok(least.map(|(_, place)| place))
}

/// How many runs it finds, up to [`COUNTED`] of each value.
fn count(connection: &Connection, filter: &Filter) -> Result<i64, RunStoreError> {
    let of = |column: &str, text: &str| {
        let sql = format!("select count(*) from (select 1 from run where {column} = ?1 limit ?2)");
        let count = one(connection, &sql, (text, COUNTED), value)?;
        Ok(count.unwrap_or(0))
    };
    match filter {
        Filter::Is(column, value) => of(column, value),
        Filter::States(states) => states.iter().map(|state| of("state", state.as_str())).sum(),
    }
}

/// A statement that grows.
#[derive(Default)]
struct Sql {
    text: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Sql {
    fn add(&mut self, text: &str) {
        self.text.push_str(text);
    }

    fn and(&mut self, condition: &str, value: impl ToSql + 'static) {
        self.add(" and ");
        self.add(condition);
        self.values.push(Box::new(value));
    }

    /// What a query finds, in order, by the index of its leader. A plus before
    /// a column keeps its index out of it.
    fn page(
        &mut self,
        query: &RunQuery,
        filters: &[Filter],
        leader: Option<&Filter>,
    ) -> Result<(), RunStoreError> {
        self.add(concat!("select ", columns!(run), " from run where true"));
        match leader {
            Some(Filter::Is(column, value)) => {
                self.and(&format!("{column} = ?"), value.clone());
            }
            Some(Filter::States(states)) => {
                let state = states.first().map(|state| state.as_str());
                self.and("state = ?", state);
            }
            None => {}
        }
        for filter in filters {
            match (filter, leader) {
                (Filter::States(_), Some(Filter::States(_))) => {}
                (filter, Some(leader)) if filter == leader => {}
                (Filter::Is(column, value), _) => {
                    self.and(&format!("+{column} = ?"), value.clone());
                }
                (Filter::States(states), _) => self.in_states(states)?,
            }
        }
        if let Some(planned) = query.planned {
            self.and("planned = ?", planned);
        }
        if let Some(due) = query.due {
            self.and("deadline <= ?", due.0);
        }
        if let Some(before) = query.finished_before {
            self.and("finished_at < ?", before.0);
        }
        if let Some(before) = query.before {
            self.and("run_id < ?", before.to_string());
        }
        self.newest_first(query);
        Ok(())
    }

    fn in_states(&mut self, states: &[RunState]) -> Result<(), RunStoreError> {
        let names: Vec<&str> = states.iter().map(|state| state.as_str()).collect();
        self.and("+state in(select value from json_each(?))", json(&names)?);
        if states.iter().all(|state| !state.is_terminal()) {
            self.add(" and finished_at is null");
        }
        Ok(())
    }

    fn newest_first(&mut self, query: &RunQuery) {
        self.add(" order by run_id desc limit ?");
        let limit = most(query.limit.unwrap_or(usize::MAX));
        self.values.push(Box::new(limit));
    }
}
