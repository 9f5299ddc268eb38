//! What completed analyses decided, by date and ticker.
//!
//! There is no second store of it: every answer comes from the decisions that
//! analysis runs left as outputs of their last tasks. Of runs that have ended
//! the short form is remembered in memory, since it cannot change any more;
//! runs that were removed are forgotten with them.

mod csv;
mod decisions;
mod distribution;
mod found;

pub use csv::to_csv;
pub use decisions::{Decided, Lane};
pub use distribution::{ALARM, Distribution, FEWEST, Share, distribution};

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fondaco_contract::v1alpha1::analysis::{AnalysisResult, AnalysisStatus};
use fondaco_domain::run::{Run, RunKind};
use fondaco_domain::signal::{Direction, Probability, Rating, ReasonCode};
use fondaco_domain::{ErrorKind, Hint, RunId, Symbol, UnixMicros};
use jiff::civil::Date;
use serde::Serialize;
use thiserror::Error;

use crate::ports::Store;
use crate::ports::runs::{RunQuery, RunStoreError};

/// What one analysis decided.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Recommendation {
    /// The instrument.
    pub ticker: Symbol,
    /// The day.
    pub date: Date,
    /// The run that decided.
    pub run: RunId,
    /// The key of its decision, in that run.
    pub step: String,
    /// When the run was accepted; written as RFC 3339.
    #[serde(serialize_with = "as_text")]
    pub asked_at: UnixMicros,
    /// With all that was asked for, or with something missing.
    pub status: AnalysisStatus,
    /// The rating of both lanes together.
    pub decision: Rating,
    /// Where it points.
    pub direction: Direction,
    /// How sure.
    pub confidence: Probability,
    /// The strategy; none where it says nothing.
    pub quant: Option<Lane>,
    /// The models; none where they say nothing.
    pub llm: Option<Lane>,
    /// Whether anything is missing.
    pub degraded: bool,
    /// Why lanes are missing.
    pub reason_codes: Vec<ReasonCode>,
    /// `provider/model` of the managers; none without an llm lane.
    pub model: Option<String>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the form that serde asks for"
)]
fn as_text<S: serde::Serializer>(at: &UnixMicros, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(at)
}

/// Which recommendations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RecommendationQuery {
    /// Of this day.
    pub date: Option<Date>,
    /// Of this instrument.
    pub ticker: Option<Symbol>,
    /// How many to leave out at the beginning.
    pub offset: usize,
    /// How many at most; none for all.
    pub limit: Option<usize>,
}

/// A page of recommendations.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecommendationPage {
    /// The newest day first, by ticker within a day.
    pub recommendations: Vec<Recommendation>,
    /// How many there are on all pages.
    pub total: usize,
    /// Runs whose decisions cannot be read: they are on no page.
    pub unreadable: Vec<RunId>,
}

/// Why there is no recommendation.
#[derive(Debug, Error)]
pub enum RecommendationError {
    /// Nothing was decided.
    #[error("there is no recommendation for {ticker} on {date}")]
    None {
        /// The instrument.
        ticker: Symbol,
        /// The day.
        date: Date,
    },
    /// A decision that cannot be read.
    #[error("the decision {step} of run {run} cannot be read")]
    Damaged {
        /// The run.
        run: RunId,
        /// The key of the task.
        step: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] RunStoreError),
}

impl Hint for RecommendationError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::None { .. } => ErrorKind::NotFound,
            Self::Damaged { .. } => ErrorKind::Corrupt,
            Self::Store(error) => error.kind(),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::None { ticker, date } => Some(format!(
                "make one with `fondaco analyze {ticker} --date {date}`"
            )),
            Self::Damaged { run, .. } => Some(format!(
                "it may be of another version of the program: see `fondaco run show {run}`"
            )),
            Self::Store(error) => error.hint(),
        }
    }
}

/// Recommendations of a store. Made once per process, and asked often.
pub struct Recommendations {
    store: Arc<dyn Store>,
    known: Mutex<Known>,
}

/// What runs that have ended decided; nothing where that cannot be read.
type Known = BTreeMap<RunId, Option<Arc<[Recommendation]>>>;

/// Runs that are asked for at a time.
const PAGE: usize = 1_000;

impl Recommendations {
    /// Of a store; nothing is read yet.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            known: Mutex::default(),
        }
    }

    /// A page: of each day and ticker what the newest analysis says.
    pub fn list(
        &self,
        query: &RecommendationQuery,
    ) -> Result<RecommendationPage, RecommendationError> {
        let all = self.all()?;
        let mut newest: BTreeMap<_, Recommendation> = BTreeMap::new();
        for one in all.decided {
            let asked = query.date.is_none_or(|date| date == one.date)
                && query
                    .ticker
                    .as_ref()
                    .is_none_or(|ticker| *ticker == one.ticker);
            if asked {
                let key = (std::cmp::Reverse(one.date), one.ticker.clone());
                newest.entry(key).or_insert(one);
            }
        }
        let total = newest.len();
        let limit = query.limit.unwrap_or(usize::MAX);
        let page = newest.into_values().skip(query.offset).take(limit);
        Ok(RecommendationPage {
            recommendations: page.collect(),
            total,
            unreadable: all.unreadable,
        })
    }

    /// What the newest analysis of a ticker on a day decided, and all of its
    /// result.
    pub fn show(&self, ticker: &Symbol, date: Date) -> Result<Decided, RecommendationError> {
        let query = RecommendationQuery {
            date: Some(date),
            ticker: Some(ticker.clone()),
            ..RecommendationQuery::default()
        };
        let found = self.list(&query)?.recommendations.into_iter().next();
        let recommendation = found.ok_or_else(|| RecommendationError::None {
            ticker: ticker.clone(),
            date,
        })?;
        let result = self.result(&recommendation)?;
        Ok(Decided {
            recommendation,
            result,
        })
    }

    /// The result that a recommendation is the short form of.
    pub fn result(&self, of: &Recommendation) -> Result<AnalysisResult, RecommendationError> {
        decisions::result(&*self.store, of)
    }

    /// The newest analyses that decided, at most so many, the newest first:
    /// every one of them, also where a later one is about the same day.
    pub fn newest(&self, limit: usize) -> Result<Vec<Recommendation>, RecommendationError> {
        let mut decided = self.all()?.decided;
        decided.truncate(limit);
        Ok(decided)
    }

    /// How the ratings of the last so many analyses are spread, by model.
    pub fn distribution(&self, last: usize) -> Result<Vec<Distribution>, RecommendationError> {
        Ok(distribution(&self.newest(last)?))
    }

    /// What every run decided, the newest run first.
    fn all(&self) -> Result<found::Found, RecommendationError> {
        let mut known = self.known();
        let mut there = BTreeSet::new();
        let mut found = found::Found::default();
        let mut query = RunQuery {
            kind: Some(RunKind::Analysis),
            limit: Some(PAGE),
            ..RunQuery::default()
        };
        loop {
            let page = self.store.runs(&query)?;
            query.before = page.last().map(|run| run.id);
            let full = page.len() == PAGE;
            for run in page {
                there.insert(run.id);
                found.add(run.id, self.of(&run, &mut known)?);
            }
            if !full {
                break;
            }
        }
        known.retain(|run, _| there.contains(run));
        Ok(found)
    }

    fn of(
        &self,
        run: &Run,
        known: &mut Known,
    ) -> Result<Option<Arc<[Recommendation]>>, RecommendationError> {
        if let Some(known) = known.get(&run.id) {
            return Ok(known.clone());
        }
        let decided = match decisions::of(&*self.store, run) {
            Ok(decided) => Some(Arc::from(decided)),
            Err(RecommendationError::Damaged { .. }) => None,
            // Removed since it was listed: it decided nothing.
            Err(RecommendationError::Store(RunStoreError::NoRun(_))) => return Ok(Some([].into())),
            Err(error) => return Err(error),
        };
        if run.state.is_terminal() {
            known.insert(run.id, decided.clone());
        }
        Ok(decided)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
