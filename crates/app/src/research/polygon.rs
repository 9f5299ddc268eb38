//! Filings, dividends and splits as Polygon lists them.

use std::collections::BTreeMap;

use fondaco_domain::{Symbol, UnixMillis};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::news::end_of;
use super::{Document, Refused, ResearchImportError};
use crate::ports::research::{ActionKind, CompanyAction, Figure, Filing};

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Documents {
    /// Filings, one for each symbol of the company.
    pub filings: Vec<Filing>,
    /// Dividends and splits.
    pub actions: Vec<CompanyAction>,
    /// Records in the file.
    pub records: u64,
    /// Filings that do not say when they were filed: they are about a time
    /// at whose end nobody knew them, and are left out.
    pub undated: Refused,
    /// Records that do not read.
    pub bad: Refused,
}

/// Reads a list of records, or one under `results`.
pub fn read_documents(file: &Document) -> Result<Documents, ResearchImportError> {
    let not_a_list = |problem: String| ResearchImportError::NotAList {
        file: file.name.clone(),
        problem,
    };
    let value: Value =
        serde_json::from_slice(&file.bytes).map_err(|error| not_a_list(error.to_string()))?;
    let records = match value {
        Value::Array(records) => records,
        Value::Object(mut object) => match object.remove("results") {
            Some(Value::Array(records)) => records,
            _ => return Err(not_a_list("it has no list `results`".to_owned())),
        },
        _ => return Err(not_a_list("it is one value".to_owned())),
    };
    let mut documents = Documents::default();
    for (record, no) in records.into_iter().zip(1..) {
        documents.records += 1;
        match read(record) {
            Ok(Record::Filings(filings)) => documents.filings.extend(filings),
            Ok(Record::Action(action)) => documents.actions.push(action),
            Ok(Record::Undated(what)) => documents.undated.note(&file.name, no, what),
            Err(problem) => documents.bad.note(&file.name, no, problem),
        }
    }
    Ok(documents)
}

enum Record {
    Filings(Vec<Filing>),
    Undated(String),
    Action(CompanyAction),
}

fn read(record: Value) -> Result<Record, String> {
    let Value::Object(fields) = &record else {
        return Err("it is no object".to_owned());
    };
    let has = |name| fields.contains_key(name);
    let (filing, dividend, split) = (
        has("financials"),
        has("ex_dividend_date"),
        has("execution_date"),
    );
    match (filing, dividend, split) {
        (true, ..) => filings(parsed(record)?),
        (_, true, _) => self::dividend(&parsed(record)?).map(Record::Action),
        (_, _, true) => self::split(&parsed(record)?).map(Record::Action),
        _ => Err("it is no filing, dividend or split".to_owned()),
    }
}

fn parsed<T: serde::de::DeserializeOwned>(record: Value) -> Result<T, String> {
    serde_json::from_value(record).map_err(|error| error.to_string())
}

#[derive(Deserialize)]
struct FilingRecord {
    tickers: Vec<String>,
    fiscal_year: Option<String>,
    fiscal_period: String,
    start_date: Option<Date>,
    end_date: Date,
    filing_date: Option<Date>,
    acceptance_datetime: Option<Timestamp>,
    financials: BTreeMap<String, Map<String, Value>>,
}

/// The same for each symbol of the company; never known at the end of its
/// period.
fn filings(record: FilingRecord) -> Result<Record, String> {
    let accepted = record.acceptance_datetime.map(UnixMillis::from);
    let known_at = accepted.or_else(|| record.filing_date.map(end_of));
    let fiscal_year = record.fiscal_year.unwrap_or_default();
    let Some(known_at) = known_at else {
        let what = format!(
            "{} {fiscal_year} {} to {} does not say when it was filed",
            record.tickers.join(" "),
            record.fiscal_period,
            record.end_date
        );
        return Ok(Record::Undated(what));
    };
    if known_at <= UnixMillis::midnight(record.end_date) {
        return Err(format!(
            "filed at {known_at}, before the end of its period on {}",
            record.end_date
        ));
    }
    let figures = figures(&record.financials)?;
    if record.tickers.is_empty() {
        return Err("it names no ticker".to_owned());
    }
    let of = |ticker: &String| {
        Ok(Filing {
            symbol: symbol(ticker)?,
            fiscal_year: fiscal_year.clone(),
            fiscal_period: record.fiscal_period.clone(),
            period_start: record.start_date,
            period_end: record.end_date,
            known_at,
            figures: figures.clone(),
        })
    };
    let all: Result<_, String> = record.tickers.iter().map(of).collect();
    all.map(Record::Filings)
}

fn figures(
    statements: &BTreeMap<String, Map<String, Value>>,
) -> Result<BTreeMap<String, Figure>, String> {
    let mut figures = BTreeMap::new();
    for (statement, items) in statements {
        for (item, said) in items {
            let name = format!("{statement}.{item}");
            let value = match &said["value"] {
                Value::Null => continue,
                value => value.as_f64(),
            };
            let value = value.ok_or_else(|| format!("`{name}` is no number"))?;
            let unit = said["unit"].as_str().unwrap_or_default().to_owned();
            figures.insert(name, Figure { value, unit });
        }
    }
    Ok(figures)
}

#[derive(Deserialize)]
struct DividendRecord {
    ticker: String,
    declaration_date: Option<Date>,
    ex_dividend_date: Date,
    cash_amount: f64,
}

fn dividend(record: &DividendRecord) -> Result<CompanyAction, String> {
    if record.cash_amount < 0.0 {
        return Err(format!("a dividend of {}", record.cash_amount));
    }
    Ok(CompanyAction {
        symbol: symbol(&record.ticker)?,
        known_at: declared(record.declaration_date, record.ex_dividend_date),
        effective: record.ex_dividend_date,
        what: ActionKind::Dividend {
            amount: record.cash_amount,
        },
    })
}

#[derive(Deserialize)]
struct SplitRecord {
    ticker: String,
    declaration_date: Option<Date>,
    execution_date: Date,
    split_from: f64,
    split_to: f64,
}

fn split(record: &SplitRecord) -> Result<CompanyAction, String> {
    if record.split_from <= 0.0 || record.split_to <= 0.0 {
        let (to, from) = (record.split_to, record.split_from);
        return Err(format!("a split of {to} for {from}"));
    }
    Ok(CompanyAction {
        symbol: symbol(&record.ticker)?,
        known_at: declared(record.declaration_date, record.execution_date),
        effective: record.execution_date,
        what: ActionKind::Split {
            from: record.split_from,
            to: record.split_to,
        },
    })
}

/// From the end of the day it was declared; where that is not said, from the
/// beginning of the day on which prices show it.
fn declared(on: Option<Date>, effective: Date) -> UnixMillis {
    on.map_or_else(|| UnixMillis::midnight(effective), end_of)
}

fn symbol(name: &str) -> Result<Symbol, String> {
    let parsed: Result<Symbol, _> = name.parse();
    parsed.map_err(|error| error.to_string())
}
