//! What was not understood, counted and named.

use std::collections::BTreeMap;

use serde::Serialize;

/// What can be wrong with rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Dirt {
    /// A session that did not end: what it left is no day.
    Unfinished,
    /// A row of a job that is not there.
    NoJob,
    /// A job or a model-day in a state that there is not.
    State,
    /// No date, or none that there is.
    Date,
    /// No name, or one with a `|` or a `/` in it.
    Name,
    /// A number that is absent or none.
    Number,
    /// An order of nothing, or of less than nothing; its day is taken without
    /// it.
    Amount,
    /// An instrument whose name cannot be one.
    Symbol,
    /// Something held that has no price anywhere.
    NoPrice,
    /// Something held that is less than nothing, or cash that is.
    Negative,
    /// Prices that are no candle.
    Candle,
    /// A day that stands there twice; the last one is taken.
    Twice,
    /// A job that was under way: it is told as interrupted.
    Interrupted,
}

/// Rows with the same thing wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What is wrong.
    pub dirt: Dirt,
    /// With how many.
    pub count: u64,
    /// The first of them.
    pub examples: Vec<String>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Notes(BTreeMap<Dirt, (u64, Vec<String>)>);

/// Names that are given of each.
const EXAMPLES: usize = 3;

impl Notes {
    pub(super) fn add(&mut self, dirt: Dirt, name: impl Into<String>) {
        let (count, examples) = self.0.entry(dirt).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(name.into());
        }
    }

    /// One for each kind.
    pub fn told(&self) -> Vec<Note> {
        let notes = self.0.iter();
        notes
            .map(|(dirt, (count, examples))| Note {
                dirt: *dirt,
                count: *count,
                examples: examples.clone(),
            })
            .collect()
    }
}

impl Dirt {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Unfinished => "sessions that did not end: not taken",
            Self::NoJob => "rows of jobs that are not there: not taken",
            Self::State => "states that there are not: not taken",
            Self::Date => "dates that there are not: not taken",
            Self::Name => "names that cannot be one: not taken",
            Self::Number => "numbers that are absent or none: not taken",
            Self::Amount => "orders of nothing or less: left out of their days",
            Self::Symbol => "instruments whose names cannot be one: not taken",
            Self::NoPrice => "days with holdings that have no price anywhere: not taken",
            Self::Negative => "days with less than nothing in cash or held: not taken",
            Self::Candle => "prices that are no candle: not taken",
            Self::Twice => "days that stand there twice: the last one is taken",
            Self::Interrupted => "jobs that were under way: told as interrupted",
        }
    }
}
