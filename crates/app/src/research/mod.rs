//! News, filings and corporate actions: how they come in, and what they
//! explain.
//!
//! Everything has an instant from which on it was known ([`crate::ports::research`]);
//! what says none is not taken. Readers of the forms are pure; [`import_news`]
//! and [`import_documents`] add what they read in parts, each whole or not.

mod documents;
mod error;
mod explain;
mod news;
mod polygon;
mod tone;

#[cfg(test)]
mod explain_tests;
#[cfg(test)]
mod tests;

pub use documents::{DocumentsReport, import_documents};
pub use error::ResearchImportError;
pub use explain::{
    Day, Distance, Explained, RangeExplained, Similar, SimilarDays, explain_range, similar_days,
};
pub use news::{NewsReport, StoryText, import_news, read_news};
pub use polygon::{Documents, read_documents};
pub use tone::tone;

use serde::Serialize;

use crate::ports::research::Taken;

/// So many are added in one transaction, with one place.
const PART: usize = 2_000;

/// So many of what could not be read are named.
const NAMED: usize = 100;

/// A file, unpacked.
#[derive(Debug, Clone)]
pub struct Document {
    /// Its path, for messages.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
}

/// A place in a file at which something is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// The file.
    pub file: String,
    /// Its line, or its record where the file is one list; the first is 1.
    pub no: u64,
    /// What is wrong.
    pub problem: String,
}

/// What could not be taken: how many, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Refused {
    /// All of them.
    pub count: u64,
    /// The first hundred.
    pub first: Vec<Bad>,
}

impl Refused {
    fn note(&mut self, file: &str, no: u64, problem: impl Into<String>) {
        self.count += 1;
        if self.first.len() < NAMED {
            self.first.push(Bad {
                file: file.to_owned(),
                no,
                problem: problem.into(),
            });
        }
    }

    fn take(&mut self, other: Self) {
        self.count += other.count;
        let room = NAMED - self.first.len();
        self.first.extend(other.first.into_iter().take(room));
    }
}

/// One import after another.
fn sum(all: &mut Taken, part: Taken) {
    all.added += part.added;
    all.known += part.known;
    all.place = part.place;
}
