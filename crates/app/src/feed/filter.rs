//! Which runs a reader wants to hear of.

use std::collections::BTreeSet;

use fondaco_contract::gateway::Subscribe;
use fondaco_domain::run::RunKind;
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

/// Runs that one subscription names at most.
pub const MOST_RUNS: usize = 1_000;

/// Which runs: those that pass every part that is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Filter {
    runs: Option<BTreeSet<RunId>>,
    kinds: Option<Vec<RunKind>>,
}

/// A wish that is too large.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FilterError {
    /// Too many runs.
    #[error("{0} runs are named, of {MOST_RUNS} at most")]
    TooManyRuns(usize),
}

impl Hint for FilterError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        Some("subscribe to kinds, or to everything, and leave out what is not wanted".to_owned())
    }
}

impl Filter {
    /// As a client asks for it.
    pub fn of(wish: &Subscribe) -> Result<Self, FilterError> {
        let named = wish.runs.as_ref().map_or(0, Vec::len);
        if named > MOST_RUNS {
            return Err(FilterError::TooManyRuns(named));
        }
        Ok(Self {
            runs: wish
                .runs
                .as_ref()
                .map(|runs| runs.iter().copied().collect()),
            kinds: wish.kinds.clone(),
        })
    }

    /// Nothing passes.
    pub fn nothing() -> Self {
        Self {
            runs: Some(BTreeSet::new()),
            kinds: None,
        }
    }

    /// Whether everything passes.
    pub fn is_all(&self) -> bool {
        self.runs.is_none() && self.kinds.is_none()
    }

    /// Whether nothing can pass.
    pub fn is_nothing(&self) -> bool {
        self.runs.as_ref().is_some_and(BTreeSet::is_empty)
            || self.kinds.as_ref().is_some_and(Vec::is_empty)
    }

    /// Whether a run passes. One whose kind is not known, since it is gone,
    /// is of no kind.
    pub fn passes(&self, run: RunId, kind: Option<RunKind>) -> bool {
        self.runs.as_ref().is_none_or(|runs| runs.contains(&run)) && self.has_kind(kind)
    }

    /// The runs it names, where it names runs.
    pub fn runs(&self) -> Option<&BTreeSet<RunId>> {
        self.runs.as_ref()
    }

    /// The kinds it names; all of them where it names none.
    pub fn kinds(&self) -> Vec<RunKind> {
        let given = self.kinds.clone();
        given.unwrap_or_else(|| RunKind::ALL.to_vec())
    }

    fn has_kind(&self, kind: Option<RunKind>) -> bool {
        let Some(kinds) = &self.kinds else {
            return true;
        };
        kind.is_some_and(|kind| kinds.contains(&kind))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_passes_every_part_that_is_there() {
        let (one, other) = (RunId::new(1, [1; 10]), RunId::new(1, [2; 10]));
        let wish = |runs: Option<Vec<RunId>>, kinds: Option<Vec<RunKind>>| {
            let wish = Subscribe {
                runs,
                kinds,
                resume_from: None,
            };
            Filter::of(&wish).unwrap()
        };
        let (backtest, trading) = (Some(RunKind::Backtest), Some(RunKind::Trading));
        for (filter, run, kind, passes) in [
            (wish(None, None), one, None, true),
            (wish(Some(vec![one]), None), one, None, true),
            (wish(Some(vec![one]), None), other, trading, false),
            (
                wish(None, Some(vec![RunKind::Backtest])),
                one,
                backtest,
                true,
            ),
            (
                wish(None, Some(vec![RunKind::Backtest])),
                one,
                trading,
                false,
            ),
            (wish(None, Some(vec![RunKind::Backtest])), one, None, false),
            (
                wish(Some(vec![one]), Some(vec![RunKind::Trading])),
                one,
                backtest,
                false,
            ),
            (wish(Some(Vec::new()), None), one, backtest, false),
            (wish(None, Some(Vec::new())), one, backtest, false),
        ] {
            assert_eq!(filter.passes(run, kind), passes, "{filter:?} {kind:?}");
        }
        assert!(Filter::nothing().is_nothing() && !Filter::default().is_nothing());
        let many = Subscribe {
            runs: Some(vec![one; MOST_RUNS + 1]),
            ..Subscribe::default()
        };
        assert_eq!(
            Filter::of(&many),
            Err(FilterError::TooManyRuns(MOST_RUNS + 1))
        );
    }
}
