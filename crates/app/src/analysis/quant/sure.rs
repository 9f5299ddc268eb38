//! How sure the lane is, by the rule of its job.

use fondaco_contract::v1alpha1::analysis::ConfidenceRule;
use fondaco_domain::signal::{Probability, ProbabilityError};
use serde::Serialize;

use super::record::Record;

/// A confidence and what it comes from.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum Sureness {
    /// From the strategy's record: `max(0, 2p - 1)`, the inverse of the
    /// reading that a confidence `c` is a probability of `(1 + c) / 2`. A
    /// record no better than a coin gives none.
    Record {
        /// How likely the signal is right; none without any case.
        probability: Option<f64>,
        /// From 0 to 1.
        confidence: Probability,
    },
    /// From a table of parameters: `clamp(sharpe / best, 0, 1)`, 0.5 where the
    /// best is 0. The same on every day.
    Table {
        /// The Sharpe ratio of the chosen parameters.
        sharpe: f64,
        /// The largest of the table.
        best: f64,
        /// From 0 to 1.
        confidence: Probability,
    },
}

impl Sureness {
    /// From 0 to 1.
    pub fn confidence(&self) -> Probability {
        match self {
            Self::Record { confidence, .. } | Self::Table { confidence, .. } => *confidence,
        }
    }
}

pub(super) fn of(rule: &ConfidenceRule, record: &Record) -> Result<Sureness, ProbabilityError> {
    Ok(match *rule {
        ConfidenceRule::Record => {
            let probability = (!record.is_empty()).then(|| record.probability());
            let confidence = probability.map_or(0.0, |p| (2.0 * p - 1.0).clamp(0.0, 1.0));
            Sureness::Record {
                probability,
                confidence: confidence.try_into()?,
            }
        }
        ConfidenceRule::Table { sharpe, best } => Sureness::Table {
            sharpe,
            best,
            confidence: of_table(sharpe, best).try_into()?,
        },
    })
}

fn of_table(sharpe: f64, best: f64) -> f64 {
    if best == 0.0 {
        0.5
    } else {
        (sharpe / best).clamp(0.0, 1.0)
    }
}
