//! News, filings and actions: one suite over both stores, random imports, and
//! what only a file can be.

mod contract;
mod file;
mod killed;
mod random;

use std::collections::BTreeMap;

use fondaco_app::ports::research::{
    ActionKind, CompanyAction, Figure, Filing, Horizon, NewsQuery, Story,
};
use fondaco_domain::{Symbol, UnixMillis, time};

const ALL: Horizon = Horizon {
    known: UnixMillis(i64::MAX),
    place: None,
};

fn at(text: &str) -> UnixMillis {
    time::parse_stamp(text).unwrap()
}

fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

fn story(id: &str, known_at: UnixMillis, symbols: &[&str]) -> Story {
    Story {
        id: id.to_owned(),
        published_at: UnixMillis(known_at.0.min(1_000)),
        known_at,
        title: format!("Headline {id}"),
        summary: "Shares of the maker rose".to_owned(),
        source: "Wire".to_owned(),
        url: None,
        symbols: symbols.iter().map(|name| symbol(name)).collect(),
    }
}

fn filing(of: &str, period: &str, known_at: UnixMillis, revenues: f64) -> Filing {
    let figure = Figure {
        value: revenues,
        unit: "USD".to_owned(),
    };
    Filing {
        symbol: symbol(of),
        fiscal_year: "2024".to_owned(),
        fiscal_period: period.to_owned(),
        period_start: Some("2024-07-01".parse().unwrap()),
        period_end: "2024-09-30".parse().unwrap(),
        known_at,
        figures: BTreeMap::from([("income_statement.revenues".to_owned(), figure)]),
    }
}

fn action(of: &str, effective: &str, known_at: UnixMillis, amount: f64) -> CompanyAction {
    CompanyAction {
        symbol: symbol(of),
        known_at,
        effective: effective.parse().unwrap(),
        what: ActionKind::Dividend { amount },
    }
}

fn news(horizon: Horizon) -> NewsQuery {
    NewsQuery {
        symbols: Vec::new(),
        words: None,
        from: None,
        horizon,
        limit: usize::MAX,
    }
}

fn ids(stories: &[Story]) -> Vec<&str> {
    stories.iter().map(|story| story.id.as_str()).collect()
}
