//! The case of a turn, as the rules need it.

use std::collections::BTreeMap;

use fondaco_app::analysis::prompts::envelope::{self, Envelope};
use fondaco_app::ports::model::{Message, ModelRequest};
use fondaco_contract::v1alpha1::simulation::{RoomMember, SimDate};
use serde_json::Value;

use crate::session::{called, days_since_2025};

/// What is known when it is one's turn.
#[derive(Default)]
pub(super) struct Case {
    date: Option<SimDate>,
    /// Every ticker in the order of the run, with its open.
    pub(super) prices: Vec<(String, Option<f64>)>,
    pub(super) portfolio: Value,
    /// What tools said of tickers, in the order in which they were asked.
    pub(super) answers: Vec<(String, Result<Value, String>)>,
    /// Views by turn and member: `analysts/technical`.
    views: Vec<(String, String, BTreeMap<String, View>)>,
}

/// Where somebody sees a ticker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    /// `UP`, `DOWN` or `NEUTRAL`.
    pub(super) outlook: String,
    /// In per cent.
    pub(super) confidence: u64,
}

impl View {
    fn read(entry: &Value) -> Option<(String, Self)> {
        let view = Self {
            outlook: entry["outlook"].as_str()?.to_owned(),
            confidence: entry["confidence"].as_u64().unwrap_or(0).min(100),
        };
        Some((entry["ticker"].as_str()?.to_owned(), view))
    }

    /// From -1 to 1.
    pub(super) fn weight(&self) -> f64 {
        let sure = self.confidence as f64 / 100.0;
        match self.outlook.as_str() {
            "UP" => sure,
            "DOWN" => -sure,
            _ => 0.0,
        }
    }
}

impl Case {
    /// Reads a question. Only the first one has envelopes that count.
    pub(super) fn read(request: &ModelRequest) -> Self {
        let mut case = Self::default();
        if let Some(Message::User { text }) = request.messages.first() {
            for envelope in envelope::open_all(text) {
                case.take(&envelope);
            }
        }
        let calls = called(&request.messages).into_iter();
        let answers = calls.filter_map(|call| Some((call.symbol.to_owned(), call.answer?)));
        case.answers = answers.collect();
        case
    }

    fn take(&mut self, envelope: &Envelope) {
        let Ok(document) = serde_json::from_str::<Value>(&envelope.body) else {
            return;
        };
        match envelope.tag.as_str() {
            "step" => self.date = document["date"].as_str().and_then(|date| date.parse().ok()),
            "prices" => {
                let entries = document.as_array().into_iter().flatten();
                let price = |entry: &Value| {
                    let open = entry["open"].as_f64().filter(|open| *open > 0.0);
                    Some((entry["ticker"].as_str()?.to_owned(), open))
                };
                self.prices = entries.filter_map(price).collect();
            }
            "portfolio" => self.portfolio = document,
            "report" => {
                let said = |name: &str| envelope.attributes.get(name).cloned().unwrap_or_default();
                let views = document["views"].as_array().into_iter().flatten();
                let views = views.filter_map(View::read).collect();
                self.views.push((said("turn"), said("member"), views));
            }
            _ => {}
        }
    }

    /// Tickers that have an open.
    pub(super) fn traded(&self) -> impl Iterator<Item = &str> {
        let traded = self.prices.iter().filter(|(_, open)| open.is_some());
        traded.map(|(ticker, _)| ticker.as_str())
    }

    /// Some of them, from another place on every day.
    pub(super) fn ring(&self, some: usize) -> Vec<&str> {
        let all: Vec<&str> = self.traded().collect();
        let step = self.date.map_or(0, days_since_2025);
        let first = step
            .wrapping_mul(some as i64)
            .rem_euclid(all.len().max(1) as i64) as usize;
        let places = first..first + some.min(all.len());
        places.map(|place| all[place % all.len()]).collect()
    }

    /// What a member saw when it looked.
    pub(super) fn own(&self, who: RoomMember) -> BTreeMap<&str, &View> {
        let own = self.views.iter().rev();
        let mut own =
            own.filter(|(turn, member, _)| member == who.as_str() && turn.starts_with("analysts/"));
        let views = own.next().map(|(_, _, views)| views);
        views
            .into_iter()
            .flatten()
            .map(|(ticker, view)| (ticker.as_str(), view))
            .collect()
    }

    /// The views that count for a ticker: predictions where there are any,
    /// else what analysts saw.
    pub(super) fn of(&self, ticker: &str) -> impl Iterator<Item = &View> {
        let predicted = self
            .views
            .iter()
            .any(|(turn, ..)| turn.starts_with("prediction/"));
        let kind = if predicted {
            "prediction/"
        } else {
            "analysts/"
        };
        let views = self
            .views
            .iter()
            .filter(move |(turn, ..)| turn.starts_with(kind));
        views.filter_map(move |(_, _, views)| views.get(ticker))
    }

    /// How many see it rise, and how many fall.
    pub(super) fn voices(&self, ticker: &str) -> (usize, usize) {
        let count = |outlook| {
            self.of(ticker)
                .filter(|view| view.outlook == outlook)
                .count()
        };
        (count("UP"), count("DOWN"))
    }

    /// What is made of a ticker by all, from -1 to 1; nothing where nobody has
    /// a view.
    pub(super) fn balance(&self, ticker: &str) -> Option<f64> {
        let weights: Vec<f64> = self
            .of(ticker)
            .filter(|view| view.confidence > 0)
            .map(View::weight)
            .collect();
        (!weights.is_empty()).then(|| weights.iter().sum::<f64>() / weights.len() as f64)
    }

    /// The best and the worst of all.
    pub(super) fn ends(&self) -> (Option<&str>, Option<&str>) {
        let by = |a: &(&str, f64), b: &(&str, f64)| a.1.total_cmp(&b.1);
        let all = || {
            self.traded()
                .filter_map(|ticker| Some((ticker, self.balance(ticker)?)))
        };
        (
            all().max_by(by).map(|it| it.0),
            all().min_by(by).map(|it| it.0),
        )
    }
}
