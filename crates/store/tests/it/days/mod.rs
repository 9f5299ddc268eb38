//! Days of models: one suite over both stores, random days, and what only a
//! file can be.

mod contract;
mod file;
mod follow;
mod import;
mod killed;
mod random;

use fondaco_app::ports::days::{DayQuery, DayStore, KeptDay, Origin};
use fondaco_contract::v1alpha1::JobVersion;
use fondaco_contract::v1alpha1::analysis::CallTokens;
use fondaco_contract::v1alpha1::simulation::{DayFigures, DaySession, DayState, ModelDay, SimDate};
use fondaco_domain::{RunId, UnixMicros};
use rust_decimal::Decimal;

fn date(text: &str) -> SimDate {
    text.parse().unwrap()
}

fn run(number: u64) -> RunId {
    RunId::new(number, [7; 10])
}

/// A day of a model in a run, done at an instant, worth as many.
fn day(of: (&str, u64), model: &str, at: &str, done: i64) -> KeptDay {
    let (book, number) = of;
    let state = |value: i64| DayState {
        cash: Decimal::from(value),
        margin: Decimal::ZERO,
        holdings: Vec::new(),
        value: Decimal::from(value),
    };
    KeptDay {
        book: (!book.is_empty()).then(|| book.to_owned()),
        origin: Origin::Run(run(number)),
        started_at: UnixMicros(done - 1),
        completed_at: UnixMicros(done),
        stale: false,
        day: ModelDay {
            version: JobVersion,
            date: date(at),
            model: model.to_owned(),
            after: None,
            days_since_last_trading: 0,
            start: state(10_000),
            figures: DayFigures {
                profit: Decimal::ZERO,
                return_pct: 0.0,
                costs: Decimal::ZERO,
            },
            actions: Vec::new(),
            waiting: Vec::new(),
            end: state(done),
            ledger: serde_json::json!({"cash": done.to_string()}),
            session: DaySession {
                model: "fondaco/rule-based".to_owned(),
                ended: "finished".to_owned(),
                summary: None,
                calls: 0,
                tokens: CallTokens::default(),
                cost_nano: 0,
                conversation: Vec::new(),
                read: Vec::new(),
            },
            room: None,
        },
    }
}

/// What is found, by model, date and when it was done; stale ones with a `~`.
fn found(store: &dyn DayStore, query: &DayQuery) -> Vec<String> {
    let days = store.days(query).unwrap();
    let (dates, values) = (store.dates(query).unwrap(), store.values(query).unwrap());
    assert_eq!((dates.len(), values.len()), (days.len(), days.len()));
    let all = days.iter().zip(dates).zip(values);
    all.map(|((kept, named), value)| {
        assert_eq!(named, (kept.day.model.clone(), kept.day.date));
        assert_eq!((&value.model, value.date), (&kept.day.model, kept.day.date));
        assert_eq!(value.value, kept.day.end.value);
        assert_eq!((&value.book, &value.origin), (&kept.book, &kept.origin));
        assert_eq!(value.completed_at, kept.completed_at);
        let mark = if kept.stale { "~" } else { "" };
        format!("{} {} {}{mark}", named.0, named.1, kept.completed_at.0)
    })
    .collect()
}

fn all() -> DayQuery {
    DayQuery::default()
}
