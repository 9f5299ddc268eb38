//! What was filed: growth, margins, dividends.

use serde_json::Value;

use super::{Claims, Study, number};
use crate::rule_based::talk::Talk;
use crate::rule_based::words::{amount, moved, per_cent, price};

const REVENUES: &[&str] = &["income_statement.revenues"];
const INCOME: &[&str] = &[
    "income_statement.net_income_loss",
    "income_statement.net_income_loss_attributable_to_parent",
];

pub(in crate::rule_based) fn study(talk: &Talk<'_>) -> Result<Study, String> {
    let answer = talk.tool("fundamentals")?;
    let filings = answer["filings"].as_array();
    let newest = filings.and_then(|filings| filings.first());
    let Some(newest) = newest else {
        return Err(format!(
            "No filing of {} was known on that day",
            talk.ticker
        ));
    };
    let mut claims = Claims::default();
    growth(&answer["growth"], &mut claims);
    let quarter = of_period(filings, &answer["growth"]).unwrap_or(newest);
    let earlier = year_before(filings, quarter);
    margins(quarter, earlier, &mut claims);
    let aside = dividends(talk, &mut claims);
    Ok(Study {
        setting: setting(talk, quarter),
        claims,
        aside,
    })
}

/// Against the same period of the year before.
fn growth(growth: &Value, claims: &mut Claims) {
    let period = named(growth);
    for (name, what, share, scale) in [
        ("revenues_yoy", "Revenues", 0.30, 0.15),
        ("net_income_yoy", "Net income", 0.25, 0.40),
        ("eps_yoy", "Earnings per share", 0.15, 0.40),
    ] {
        if let Some(change) = number(growth, name) {
            let text = format!("{what} of {period} {} on the year before", moved(change));
            claims.add(text, share, change / scale);
        }
    }
}

/// `Q1 2025`, or what is known of it.
fn named(document: &Value) -> String {
    let year = match &document["fiscal_year"] {
        Value::String(year) => year.clone(),
        Value::Number(year) => year.to_string(),
        _ => String::new(),
    };
    let period = document["fiscal_period"].as_str().unwrap_or_default();
    match format!("{period} {year}").trim() {
        "" => "the newest period".to_owned(),
        known => known.to_owned(),
    }
}

/// The filing that growth is about: the newest quarter or year, and not the
/// last twelve months.
fn of_period<'a>(filings: Option<&'a Vec<Value>>, growth: &Value) -> Option<&'a Value> {
    let wanted = (&growth["fiscal_year"], &growth["fiscal_period"]);
    let of = |filing: &&Value| (&filing["fiscal_year"], &filing["fiscal_period"]) == wanted;
    filings?.iter().find(of)
}

/// The filing of the same period whose end lies about a year earlier.
fn year_before<'a>(filings: Option<&'a Vec<Value>>, filing: &Value) -> Option<&'a Value> {
    let year = |filing: &Value| -> Option<i32> { filing["fiscal_year"].as_str()?.parse().ok() };
    let (period, wanted) = (&filing["fiscal_period"], year(filing)? - 1);
    let of = |other: &&Value| other["fiscal_period"] == *period && year(other) == Some(wanted);
    filings?.iter().find(of)
}

fn margins(filing: &Value, earlier: Option<&Value>, claims: &mut Claims) {
    let Some(margin) = margin(filing) else {
        return;
    };
    let period = named(filing);
    let text = format!("The net margin of {period} is {}", per_cent(margin));
    claims.add(text, 0.10, margin / 0.20);
    if let Some(before) = earlier.and_then(self::margin) {
        let change = margin - before;
        let way = if change < 0.0 { "narrowed" } else { "widened" };
        let text = format!(
            "The net margin {way} by {:.1} points from {} a year before",
            change.abs() * 100.0,
            per_cent(before),
        );
        claims.add(text, 0.15, change / 0.03);
    }
}

fn margin(filing: &Value) -> Option<f64> {
    let (revenues, income) = (figure(filing, REVENUES)?, figure(filing, INCOME)?);
    (revenues > 0.0).then(|| income / revenues)
}

fn figure(filing: &Value, names: &[&str]) -> Option<f64> {
    let figures = &filing["figures"];
    names.iter().find_map(|name| number(figures, name))
}

/// The newest dividend against the one before, where no split lies between.
fn dividends(talk: &Talk<'_>, claims: &mut Claims) -> String {
    let Ok(answer) = talk.tool("actions") else {
        return "Its corporate actions could not be read.".to_owned();
    };
    let actions = answer["actions"].as_array().map_or(&[][..], Vec::as_slice);
    let of = |action: &&Value| action["kind"] == "dividend" || action["kind"] == "split";
    let mut actions = actions.iter().filter(of);
    let Some(newest) = actions.next() else {
        return "No dividend or split was known.".to_owned();
    };
    let day = newest["effective"].as_str().unwrap_or("an unknown day");
    if newest["kind"] == "split" {
        return format!("Its newest corporate action is a split effective on {day}.");
    }
    let Some(paid) = number(newest, "amount").filter(|paid| *paid > 0.0) else {
        return String::new();
    };
    let before = actions.next().filter(|before| before["kind"] == "dividend");
    if let Some(before) = before.and_then(|before| number(before, "amount"))
        && before > 0.0
    {
        let change = (paid - before) / before;
        let text = format!(
            "The dividend effective on {day} of {} compares with {} before",
            price(paid),
            price(before),
        );
        claims.add(text, 0.05, change / 0.10);
    }
    format!(
        "Its newest dividend is {} a share, effective on {day}.",
        price(paid)
    )
}

fn setting(talk: &Talk<'_>, filing: &Value) -> String {
    let figures = [("revenues", REVENUES), ("net income", INCOME)];
    let told = figures.iter().filter_map(|(what, names)| {
        let value = figure(filing, names)?;
        Some(format!("{what} of {}", amount(value)))
    });
    let told: Vec<String> = told.collect();
    let filed = filing["filed_at"].as_str().unwrap_or("an unknown day");
    format!(
        "The newest filing of {} is of {}, to {}, filed on {}{}.",
        talk.ticker,
        named(filing),
        filing["period_end"].as_str().unwrap_or("an unknown day"),
        filed.get(..10).unwrap_or(filed),
        if told.is_empty() {
            String::new()
        } else {
            format!(", with {}", told.join(" and "))
        },
    )
}
