//! `fundamentals`: figures as they were filed.

use fondaco_domain::UnixMillis;
use serde_json::{Map, Value, json};

use super::arguments::Arguments;
use super::function::{self, End, Function, Said, Source, Trouble};
use super::known::{Absent, Known};
use super::text;
use crate::ports::research::Filing;

const USUAL: usize = 8;
const MOST: usize = 16;

/// Filings that are looked at: corrections, and the year before the oldest.
const LOOKED_AT: usize = 96;

/// Figures of a filing, at most.
const FIGURES: usize = 120;

/// Letters of names.
const NAME: usize = 120;

/// Significant digits of a growth.
const DIGITS: usize = 6;

/// What figures are called.
const REVENUES: &[&str] = &["income_statement.revenues"];
const NET_INCOME: &[&str] = &[
    "income_statement.net_income_loss",
    "income_statement.net_income_loss_attributable_to_parent",
];
const EPS: &[&str] = &[
    "income_statement.diluted_earnings_per_share",
    "income_statement.basic_earnings_per_share",
];

pub(super) const FUNDAMENTALS: Function = Function {
    name: "fundamentals",
    description: "Figures of a company as filed before the clock, newest filing first, each period \
                  as it was filed last. growth compares the newest quarter or year with the same \
                  one a year earlier, as fractions; null where one of the two is not known.",
    parameters,
    answer,
};

fn parameters() -> Value {
    let periods = function::count("How many periods.", USUAL, MOST);
    function::schema(
        &[
            ("symbol", function::symbol()),
            ("periods", periods),
            ("until", function::until()),
        ],
        &["symbol"],
    )
}

fn answer(arguments: &Arguments<'_>, known: &Known<'_>) -> Result<Said, Trouble> {
    let symbol = arguments.symbol()?;
    let periods = arguments.count("periods", USUAL, MOST)?;
    let known = known.until(arguments.until()?);
    let filings = last_of_each(known.filings(&symbol, LOOKED_AT)?);
    if filings.is_empty()
        && let Some(nearest) = known.instead_of(&symbol)?
    {
        return Ok(Said::absent(&symbol, Absent::Symbol { nearest }));
    }
    let shown: Vec<_> = filings.iter().take(periods).collect();
    let instants = || shown.iter().map(|filing| filing.known_at);
    let source = Source {
        name: known.research()?,
        from: instants().min(),
        until: instants().max(),
        rows: shown.len(),
    };
    Ok(Said::new(json!({
        "symbol": symbol,
        "growth": growth(&filings),
        "filings": shown.iter().map(|filing| told(filing)).collect::<Vec<_>>(),
    }))
    .shortened_at("filings", End::Last)
    .read(source))
}

/// For each period what was filed last, the newest known first.
fn last_of_each(mut filings: Vec<Filing>) -> Vec<Filing> {
    let order = |filing: &Filing| {
        let newest = |at: UnixMillis| std::cmp::Reverse(at);
        (newest(filing.known_at), std::cmp::Reverse(period(filing)))
    };
    filings.sort_by_key(order);
    let mut seen = std::collections::BTreeSet::new();
    filings.retain(|filing| seen.insert(period(filing)));
    filings
}

/// Which period figures are about.
fn period(filing: &Filing) -> (jiff::civil::Date, String, String) {
    let Filing {
        period_end,
        fiscal_year,
        fiscal_period,
        ..
    } = filing;
    (*period_end, fiscal_period.clone(), fiscal_year.clone())
}

fn told(filing: &Filing) -> Value {
    let figures: Map<String, Value> = filing
        .figures
        .iter()
        .take(FIGURES)
        .map(|(name, figure)| (text::plain(name, NAME), Value::from(figure.value)))
        .collect();
    json!({
        "fiscal_year": text::plain(&filing.fiscal_year, NAME),
        "fiscal_period": text::plain(&filing.fiscal_period, NAME),
        "period_end": filing.period_end.to_string(),
        "filed_at": text::instant(filing.known_at),
        "figures": figures,
    })
}

/// The newest quarter or year beside the same one a year earlier.
fn growth(filings: &[Filing]) -> Value {
    let counted = || filings.iter().filter(|filing| year(filing).is_some());
    // Of a quarter and a year that end together, the quarter is the newer.
    let newest = counted().max_by_key(|it| (it.period_end, it.fiscal_period.starts_with('Q')));
    let earlier = newest.and_then(|newest| {
        counted().find(|it| {
            it.fiscal_period == newest.fiscal_period && year(it).map(|it| it + 1) == year(newest)
        })
    });
    let change = |names: &[&str]| {
        let now = figure(newest?, names)?;
        let then = figure(earlier?, names)?;
        Some(text::number((now - then) / then.abs(), DIGITS))
    };
    json!({
        "fiscal_year": newest.map(|it| text::plain(&it.fiscal_year, NAME)),
        "fiscal_period": newest.map(|it| text::plain(&it.fiscal_period, NAME)),
        "revenues_yoy": change(REVENUES),
        "net_income_yoy": change(NET_INCOME),
        "eps_yoy": change(EPS),
    })
}

/// The year of a quarter or of a year; none of the last twelve months.
fn year(filing: &Filing) -> Option<i32> {
    let counts = matches!(
        filing.fiscal_period.as_str(),
        "Q1" | "Q2" | "Q3" | "Q4" | "FY"
    );
    counts.then(|| filing.fiscal_year.parse().ok())?
}

fn figure(filing: &Filing, names: &[&str]) -> Option<f64> {
    let found = names.iter().find_map(|name| filing.figures.get(*name))?;
    Some(found.value)
}
