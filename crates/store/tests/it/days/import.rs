//! Databases of the first simulator, in each of their schemas.

use std::path::Path;

use fondaco_app::ports::days::{DayQuery, DayStore, ImportedStatus};
use fondaco_app::simulation::days::import::{Dirt, Found, ImportError, keep, read};
use fondaco_contract::v1alpha1::simulation::ActionKind;
use fondaco_domain::ledger::{Account, Ledger};
use fondaco_domain::{ErrorKind, Hint};
use fondaco_store::days::{MemoryDays, SeedDatabase, SeedError, SqliteDays};
use rusqlite::Connection;

use super::{all, found};

const JOBS: &str = "
create table jobs(
  job_id text primary key, config_path text not null,
  status text not null check(status in('pending','downloading_data','running','completed','partial','failed')),
  date_range text not null, models text not null, created_at text not null, started_at text,
  updated_at text, completed_at text, total_duration_seconds real, error text, warnings text);
create table job_details(
  id integer primary key autoincrement, job_id text not null, date text not null, model text not null,
  status text not null check(status in('pending','running','completed','failed','skipped')),
  started_at text, completed_at text, duration_seconds real, error text);
create table price_data(
  id integer primary key autoincrement, symbol text not null, date text not null, open real not null,
  high real not null, low real not null, close real not null, volume integer not null,
  created_at text not null, unique(symbol, date));
create table tool_usage(id integer primary key, job_id text, date text, model text, tool_name text,
  call_count integer, total_duration_seconds real);
create table simulation_runs(run_id text primary key, job_id text, model text, status text);
";

const DAYS: &str = "
create table trading_days(
  id integer primary key autoincrement, job_id text not null, model text not null, date text not null,
  starting_cash real not null, starting_portfolio_value real not null, daily_profit real not null,
  daily_return_pct real not null, ending_cash real not null, ending_portfolio_value real not null,
  reasoning_summary text, reasoning_full text, total_actions integer default 0,
  session_duration_seconds real, days_since_last_trading integer default 1,
  created_at text default current_timestamp, completed_at text, unique(job_id, model, date));
create table holdings(id integer primary key, trading_day_id integer, symbol text, quantity integer);
create table actions(id integer primary key, trading_day_id integer, action_type text, symbol text,
  quantity integer, price real, created_at text);
";

/// Two days of one model that follow each other, one that failed half-way, and
/// a skipped one.
const ROWS: &str = r#"
insert into jobs values('job-1', 'c.json', 'partial', '["2025-10-01","2025-10-02","2025-10-03","2025-10-04"]',
  '["gpt-5"]', '2025-11-02T14:05:40Z', '2025-11-02T14:05:41Z', null, '2025-11-02T14:06:40Z', 59.5, null,
  '["Skipped 1 dates due to incomplete price data: [''2025-10-04'']"]');
insert into job_details(job_id, date, model, status, started_at, completed_at, duration_seconds, error) values
  ('job-1', '2025-10-02', 'gpt-5', 'completed', '2025-11-02T14:05:46Z', '2025-11-02T14:05:49Z', 3, null),
  ('job-1', '2025-10-01', 'gpt-5', 'completed', '2025-11-02T14:05:42Z', '2025-11-02T14:05:45Z', 3, null),
  ('job-1', '2025-10-03', 'gpt-5', 'failed', '2025-11-02T14:05:50Z', '2025-11-02T14:05:55Z', 5, 'no answer'),
  ('job-1', '2025-10-04', 'gpt-5', 'skipped', null, null, null, 'Incomplete price data');
insert into price_data(symbol, date, open, high, low, close, volume, created_at) values
  ('AAPL', '2025-10-01', 100.5, 102, 99, 101, 1000, 'x'),
  ('AAPL', '2025-10-02', 102.5, 103, 100, 101, 1000, 'x'),
  ('AAPL', '2025-10-03', 103, 99, 104, 101, 1000, 'x');
insert into trading_days(id, job_id, model, date, starting_cash, starting_portfolio_value, daily_profit,
    daily_return_pct, ending_cash, ending_portfolio_value, reasoning_summary, reasoning_full, total_actions,
    session_duration_seconds, days_since_last_trading, created_at, completed_at) values
  (1, 'job-1', 'gpt-5', '2025-10-01', 10000, 10000, 0, 0, 8995, 10000, 'Bought ten.',
   '[{"role":"user","content":"Trade."},{"role":"assistant","content":"Buying."},{"role":"tool","name":"buy","content":"ok"}]',
   1, 2.5, 0, '2025-11-02 14:05:42', '2025-11-02T14:05:45Z'),
  (2, 'job-1', 'gpt-5', '2025-10-02', 8995, 10020, 20, 0.2, 9405, 10020, null, null, 2, null, 1,
   '2025-11-02 14:05:46', '2025-11-02T14:05:49.5'),
  (3, 'job-1', 'gpt-5', '2025-10-03', 9405, 10020, 0, 0, 9405, 9405, null, null, 0, null, 1,
   '2025-11-02 14:05:50', null);
insert into holdings(trading_day_id, symbol, quantity) values (1, 'AAPL', 10), (2, 'AAPL', 6);
insert into actions(trading_day_id, action_type, symbol, quantity, price, created_at) values
  (1, 'buy', 'AAPL', 10, 100.5, 'x'), (2, 'sell', 'AAPL', 4, 102.5, 'x'),
  (2, 'buy', 'AAPL', 0, 102.5, 'x'), (2, 'hold', null, null, null, 'x');
"#;

fn made(sql: &[&str]) -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let connection = Connection::open(&path).unwrap();
    for sql in sql {
        connection.execute_batch(sql).unwrap();
    }
    (folder, path)
}

fn open(path: &Path) -> Result<SeedDatabase, SeedError> {
    SeedDatabase::open(path, &path.parent().unwrap().join("scratch"))
}

fn understood(path: &Path) -> Found {
    read(&open(path).unwrap(), "simulate").unwrap()
}

fn dirt(found: &Found) -> Vec<(Dirt, u64)> {
    found
        .notes
        .told()
        .iter()
        .map(|note| (note.dirt, note.count))
        .collect()
}

#[test]
fn jobs_and_days_are_taken_in_once() {
    let (_folder, path) = made(&[JOBS, DAYS, ROWS]);
    let seed = understood(&path);
    let job = &seed.jobs[0];
    assert_eq!(job.status, ImportedStatus::Partial);
    let details: Vec<(&str, &str)> = job
        .details
        .iter()
        .map(|detail| (detail.date.as_str(), detail.status.as_str()))
        .collect();
    assert_eq!(
        details,
        [
            ("2025-10-01", "completed"),
            ("2025-10-02", "completed"),
            ("2025-10-03", "failed"),
            ("2025-10-04", "skipped")
        ]
    );
    assert_eq!(
        job.details[3].error.as_deref(),
        Some("Incomplete price data")
    );
    assert_eq!(job.warnings.len(), 1);
    // A session that failed half-way left a row; it is no day. High below low
    // is no candle.
    assert_eq!(
        dirt(&seed),
        [(Dirt::Unfinished, 1), (Dirt::Amount, 1), (Dirt::Candle, 1)]
    );
    assert_eq!(seed.prices.len(), 1);
    assert_eq!(seed.prices.values().map(Vec::len).sum::<usize>(), 2);

    let folder = tempfile::tempdir().unwrap();
    let days = SqliteDays::open(&folder.path().join("simulations.db")).unwrap();
    let first = keep(&seed, &days).unwrap();
    assert_eq!((first.jobs, first.days), (1, 2));
    let again = keep(&understood(&path), &days).unwrap();
    assert_eq!(
        (again.jobs, again.days, again.known_jobs, again.known_days),
        (0, 0, 1, 2)
    );
    let there = days.days(&all()).unwrap();
    assert_eq!(there, seed.days);
    let fresh = DayQuery {
        book: Some("simulate".to_owned()),
        fresh_only: true,
        ..all()
    };
    assert_eq!(days.dates(&fresh).unwrap().len(), 2);
    assert_eq!(days.imported("job-1").unwrap().as_ref(), Some(job));
}

#[test]
fn a_day_is_what_its_rows_say() {
    let (_folder, path) = made(&[JOBS, DAYS, ROWS]);
    let seed = understood(&path);
    let [first, second] = &*seed.days else {
        panic!("{:?}", seed.days)
    };
    assert_eq!(first.day.start.holdings, []);
    assert_eq!(first.day.end.cash.to_string(), "8995");
    assert_eq!(first.day.end.holdings[0].quantity.to_string(), "10");
    assert_eq!(
        first.day.end.holdings[0].price.unwrap().to_string(),
        "100.5"
    );
    assert_eq!(first.day.session.summary.as_deref(), Some("Bought ten."));
    assert_eq!(first.day.session.conversation.len(), 3);
    assert_eq!(
        first.day.session.conversation[2].tool.as_deref(),
        Some("buy")
    );
    assert_eq!(
        first.completed_at.to_string(),
        "2025-11-02T14:05:45.000000Z"
    );
    assert_eq!(first.started_at.to_string(), "2025-11-02T14:05:42.500000Z");
    // What it began with follows from what it did.
    assert_eq!(second.day.start.holdings[0].quantity.to_string(), "10");
    assert_eq!(second.day.figures.profit.to_string(), "20");
    assert_eq!(second.started_at.to_string(), "2025-11-02T14:05:46.000000Z");
    assert_eq!(
        second.completed_at.to_string(),
        "2025-11-02T14:05:49.500000Z"
    );
    let kinds: Vec<ActionKind> = second.day.actions.iter().map(|it| it.kind).collect();
    assert_eq!(kinds, [ActionKind::Sell, ActionKind::Hold]);
    // A ledger that goes on from there: six shares and the cash.
    let state = serde_json::from_value(second.day.ledger.clone()).unwrap();
    let ledger = Ledger::resume(Account::us_equity(), state).unwrap();
    assert_eq!(ledger.state().cash().to_string(), "9405");
    let symbol = "AAPL".parse().unwrap();
    assert_eq!(ledger.state().quantity(&symbol).to_string(), "6");
}

const OLDER: &str = r#"
create table jobs(job_id text primary key, config_path text, status text, date_range text, models text,
  created_at text, updated_at text, completed_at text, error text);
create table job_details(id integer primary key, job_id text, date text, model text,
  status text check(status in('pending','running','completed','failed')), error text);
create table positions(id integer primary key, job_id text, date text, model_signature text,
  action_id integer, action_type text, symbol text, amount integer, price real, cash real,
  portfolio_value real, daily_profit real, daily_return_pct real, created_at text);
create table holdings(id integer primary key, position_id integer, symbol text, quantity integer);
create table trading_sessions(id integer primary key, job_id text, date text, model_signature text,
  session_summary text, started_at text, completed_at text, total_messages integer);
create table reasoning_logs(id integer primary key, session_id integer, message_index integer,
  role text, content text, summary text, tool_name text, tool_input text, timestamp text);
insert into jobs values('old', 'c', 'running', '["2025-10-01","2025-10-02"]', '["gpt"]', '2025-10-30T10:00:00', null, null, null);
insert into job_details values(1, 'old', '2025-10-01', 'gpt', 'completed', null),
  (2, 'old', '2025-10-02', 'gpt', 'pending', null);
insert into positions values
  (11, 'old', '2025-10-01', 'gpt', 2, 'buy', 'MSFT', 3, 50, 9650, 10000, 0, 0, '2025-10-30T10:00:09'),
  (10, 'old', '2025-10-01', 'gpt', 1, 'buy', 'AAPL', 2, 100, 9800, 10000, 0, 0, '2025-10-30T10:00:05'),
  (12, 'old', '2025-10-02', 'gpt', 1, 'buy', 'AAPL', 2, 100, 9450, 10000, 0, 0, '2025-10-30T10:01:05'),
  (13, 'nobody', '2025-10-01', 'gpt', 1, 'buy', 'AAPL', 2, 100, 9450, 10000, 0, 0, '2025-10-30T10:01:05');
insert into holdings values(1, 10, 'AAPL', 2), (2, 11, 'AAPL', 2), (3, 11, 'MSFT', 3);
insert into trading_sessions values(7, 'old', '2025-10-01', 'gpt', 'Two.', '2025-10-30T10:00:01', '2025-10-30T10:00:10', 2);
insert into reasoning_logs values(2, 7, 1, 'tool', 'ok', null, 'buy', '{"symbol":"AAPL"}', 't'),
  (1, 7, 0, 'assistant', 'Buying.', null, null, null, 't');
"#;

#[test]
fn the_older_schema_is_understood() {
    let (_folder, path) = made(&[OLDER]);
    let seed = understood(&path);
    assert_eq!(
        dirt(&seed),
        [
            (Dirt::Unfinished, 1),
            (Dirt::NoJob, 1),
            (Dirt::Interrupted, 1)
        ]
    );
    let job = &seed.jobs[0];
    assert_eq!(job.status, ImportedStatus::Partial);
    assert_eq!(
        job.error.as_deref(),
        Some("Job interrupted by container restart (was running, 1/2 model-days completed)")
    );
    assert_eq!(job.details[1].status, ImportedStatus::Failed);
    let [kept] = &*seed.days else {
        panic!("{:?}", seed.days)
    };
    assert_eq!(kept.day.start.cash.to_string(), "10000");
    assert_eq!(kept.day.end.cash.to_string(), "9650");
    assert_eq!(kept.day.end.holdings.len(), 2);
    assert_eq!(kept.day.actions.len(), 2);
    assert_eq!(kept.day.actions[0].symbol, Some("AAPL".parse().unwrap()));
    assert_eq!(
        kept.day.session.conversation[1].tool.as_deref(),
        Some("buy")
    );
    assert_eq!(kept.completed_at.to_string(), "2025-10-30T10:00:10.000000Z");
}

#[test]
fn dirty_rows_are_counted_and_none_of_them_becomes_a_day() {
    let dirty = r"
        insert into jobs values('job-1', 'c', 'completed', '[]', '[]', '2025-11-02', null, null, null, null, null, null);
        insert into trading_days(id, job_id, model, date, starting_cash, starting_portfolio_value,
          daily_profit, daily_return_pct, ending_cash, ending_portfolio_value, completed_at) values
          (1, 'job-1', 'a', 'soon', 1, 1, 0, 0, 1, 1, '2025-11-02'),
          (2, 'job-1', 'a|b', '2025-10-01', 1, 1, 0, 0, 1, 1, '2025-11-02'),
          (3, 'job-1', 'a', '2025-10-01', 1, 1, 0, 0, -5, 1, '2025-11-02'),
          (4, 'job-1', 'a', '2025-10-02', 'much', 1, 0, 0, 1, 1, '2025-11-02'),
          (5, 'job-1', 'a', '2025-10-03', 1, 1, 0, 0, 1, 1, '2025-11-02'),
          (6, 'job-2', 'a', '2025-10-04', 1, 1, 0, 0, 1, 1, '2025-11-02');
        insert into holdings(trading_day_id, symbol, quantity) values (5, 'GONE', 3);
    ";
    let (_folder, path) = made(&[JOBS, DAYS, dirty]);
    let seed = understood(&path);
    assert_eq!(seed.days, []);
    assert_eq!(
        dirt(&seed),
        [
            (Dirt::NoJob, 1),
            (Dirt::Date, 1),
            (Dirt::Name, 1),
            (Dirt::Number, 1),
            (Dirt::NoPrice, 1),
            (Dirt::Negative, 1)
        ]
    );
    let told = seed.notes.told();
    assert_eq!(told[1].examples, ["trading_days 1: soon a"]);
}

/// What is only in the log of writes beside the file is read, and neither of
/// the two is touched.
#[test]
fn a_copy_with_its_log_is_read_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let live = Connection::open(&path).unwrap();
    live.pragma_update(None, "journal_mode", "wal").unwrap();
    live.pragma_update(None, "wal_autocheckpoint", 0).unwrap();
    for sql in [JOBS, DAYS, ROWS] {
        live.execute_batch(sql).unwrap();
    }
    let elsewhere = folder.path().join("copy");
    std::fs::create_dir(&elsewhere).unwrap();
    for end in ["", "-wal"] {
        let name = format!("jobs.db{end}");
        std::fs::copy(folder.path().join(&name), elsewhere.join(&name)).unwrap();
    }
    let copy = elsewhere.join("jobs.db");
    let before = std::fs::read(&copy).unwrap();
    let scratch = folder.path().join("scratch");
    let database = SeedDatabase::open(&copy, &scratch).unwrap();
    assert_eq!(read(&database, "b").unwrap().days.len(), 2);
    drop(database);
    assert_eq!(std::fs::read(&copy).unwrap(), before);
    let names = |path: &Path| -> Vec<String> {
        let entries = std::fs::read_dir(path).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(&elsewhere), ["jobs.db", "jobs.db-wal"]);
    assert_eq!(names(&scratch), [""; 0]);
}

#[test]
fn what_is_no_such_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("jobs.db");
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    for text in ["", "short", "a text that is longer than a header is"] {
        std::fs::write(&path, text).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(error, SeedError::NotOne(_)), "{error}");
        assert!(error.hint().is_some());
    }
    let (_folder, path) = made(&[JOBS, DAYS, ROWS]);
    let mut bytes = std::fs::read(&path).unwrap();
    let page = bytes.len() / 2 / 4096 * 4096;
    bytes[page..page + 4096].fill(0xA5);
    std::fs::write(&path, bytes).unwrap();
    let error = open(&path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");

    let (_folder, path) = made(&["create table other(x)"]);
    let error = read(&open(&path).unwrap(), "b").unwrap_err();
    assert!(matches!(error, ImportError::NotOne), "{error}");
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.hint().unwrap().contains("trading_days"));
}

/// Days of several jobs in one book: the last one done stands, and a later day
/// that was done before it is stale, as the simulator never said.
#[test]
fn a_day_that_was_done_anew_makes_later_ones_stale() {
    let again = r#"
        insert into jobs values('job-2', 'c', 'completed', '["2025-10-01"]', '["gpt-5"]',
          '2025-11-03T00:00:00Z', null, null, null, null, null, null);
        insert into trading_days(job_id, model, date, starting_cash, starting_portfolio_value,
          daily_profit, daily_return_pct, ending_cash, ending_portfolio_value, completed_at) values
          ('job-2', 'gpt-5', '2025-10-01', 10000, 10000, 0, 0, 10000, 10000, '2025-11-03T00:00:01Z');
    "#;
    let (_folder, path) = made(&[JOBS, DAYS, ROWS, again]);
    let days = MemoryDays::default();
    keep(&understood(&path), &days).unwrap();
    let of_last = days.days(&all()).unwrap();
    assert_eq!(of_last.len(), 2);
    assert_eq!(of_last[0].origin.to_string(), "job-2");
    assert!(of_last[1].stale);
    let whole = DayQuery {
        replaced: true,
        ..all()
    };
    assert_eq!(found(&days, &whole).len(), 3);
}
