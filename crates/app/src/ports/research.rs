//! What is known of instruments besides their candles: news, filings and
//! corporate actions, each with the instant from which it was known.

use std::collections::BTreeMap;

use fondaco_domain::{Symbol, UnixMillis};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::Failure;

/// How far a reader may look. Whatever became known at or after `known`, or
/// was imported after `place`, does not exist for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// The clock of the reader.
    pub known: UnixMillis,
    /// Imported up to this place, the place included; none for all there is.
    pub place: Option<u64>,
}

/// A story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Story {
    /// Its name: hash of what was published, the same for the same story.
    pub id: String,
    /// When it was published.
    pub published_at: UnixMillis,
    /// From when on it was known: published, or later where it came later.
    pub known_at: UnixMillis,
    /// Its headline.
    pub title: String,
    /// Its first words.
    pub summary: String,
    /// Who published it.
    pub source: String,
    /// Where.
    pub url: Option<String>,
    /// What it is about.
    pub symbols: Vec<Symbol>,
}

/// Which stories.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewsQuery {
    /// About any of these; none for about anything.
    pub symbols: Vec<Symbol>,
    /// With all of these words in title or summary, in any order, whatever
    /// their case. Nothing in them is an operator; punctuation within a word is
    /// passed over, so that `S&P` is an S that a P follows.
    pub words: Option<String>,
    /// Known at this instant or later.
    pub from: Option<UnixMillis>,
    /// Known before.
    pub horizon: Horizon,
    /// How many at most.
    pub limit: usize,
}

/// Figures that a company filed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Filing {
    /// Whose.
    pub symbol: Symbol,
    /// The year they are about, as the company counts.
    pub fiscal_year: String,
    /// `Q1` to `Q4` or `FY`; `TTM` for the last twelve months.
    pub fiscal_period: String,
    /// The first day they are about, where said.
    pub period_start: Option<Date>,
    /// The last day they are about.
    pub period_end: Date,
    /// When they were filed; not the end of the period.
    pub known_at: UnixMillis,
    /// By statement and item: `income_statement.revenues`.
    pub figures: BTreeMap<String, Figure>,
}

/// A number and its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// The number.
    pub value: f64,
    /// `USD`, `USD / shares`, `shares`.
    pub unit: String,
}

/// Something a company did with its shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompanyAction {
    /// Whose.
    pub symbol: Symbol,
    /// From when on it was known; where no day of declaration is given, the
    /// day on which it takes effect.
    pub known_at: UnixMillis,
    /// The first day traded without it, or in new shares.
    pub effective: Date,
    /// What.
    pub what: ActionKind,
}

/// What a company did.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum ActionKind {
    /// Cash for each share.
    Dividend {
        /// In the currency of the price.
        amount: f64,
    },
    /// New shares for old ones.
    Split {
        /// Old.
        from: f64,
        /// New.
        to: f64,
    },
}

/// What an import came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Taken {
    /// Brought something new; a story known already does when it is said to be
    /// about more, or to have been known earlier.
    pub added: u64,
    /// Said nothing new.
    pub known: u64,
    /// The place after it: that of before where nothing was new.
    pub place: u64,
}

/// Where all of that is kept. What was added stays as it was added: later
/// imports add, so that a reader with a [`Horizon`] sees the same for ever. In
/// which order it was imported makes no difference to a reader at its end.
///
/// Each import that brings something new has a place of its own, one more than
/// the one before, and is there whole or not at all. Symbols that a story is
/// said to be about by a later import are seen from that place and from the
/// `known_at` of that import on.
pub trait ResearchStore: Send + Sync {
    /// The place of the newest import; 0 where there is none.
    fn place(&self) -> Result<u64, Failure>;

    /// Adds stories. One that is there already gains symbols only.
    fn add_stories(&self, stories: &[Story]) -> Result<Taken, Failure>;

    /// Stories, the newest first.
    fn stories(&self, query: &NewsQuery) -> Result<Vec<Story>, Failure>;

    /// A story by its name.
    fn story(&self, id: &str, horizon: Horizon) -> Result<Option<Story>, Failure>;

    /// How many stories became known on each day of `[from, to]` in UTC;
    /// days without any are left out.
    fn story_days(
        &self,
        symbol: &Symbol,
        from: Date,
        to: Date,
        horizon: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure>;

    /// Adds filings; one that says the same of the same is known.
    fn add_filings(&self, filings: &[Filing]) -> Result<Taken, Failure>;

    /// Filings, the newest known first. Of several for one period the newest
    /// known comes first, too.
    fn filings(
        &self,
        symbol: &Symbol,
        horizon: Horizon,
        limit: usize,
    ) -> Result<Vec<Filing>, Failure>;

    /// Adds corporate actions.
    fn add_actions(&self, actions: &[CompanyAction]) -> Result<Taken, Failure>;

    /// Corporate actions, the newest effective first.
    fn actions(&self, symbol: &Symbol, horizon: Horizon) -> Result<Vec<CompanyAction>, Failure>;
}

/// A part of what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shelf {
    /// Stories.
    Stories,
    /// Filings.
    Filings,
    /// Corporate actions.
    Actions,
}

/// What there is about one instrument.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Which; none for stories that name none.
    pub symbol: Option<Symbol>,
    /// How many.
    pub count: u64,
    /// When the first became known.
    pub first: UnixMillis,
    /// When the last did.
    pub last: UnixMillis,
}

/// What there is, by instrument.
pub trait ResearchIndex: ResearchStore {
    /// By symbol, in its order; what names none first.
    fn held(&self, shelf: Shelf, horizon: Horizon) -> Result<Vec<Held>, Failure>;
}
