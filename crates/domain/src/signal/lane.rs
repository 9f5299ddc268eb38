//! What a lane says, or why it says nothing.

use serde::{Deserialize, Serialize};

use super::{DataQuality, Direction, Probability, ReasonCode};

/// Which lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Strategies on candles.
    Quant,
    /// Language models that research and debate.
    Llm,
}

impl Source {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quant => "quant",
            Self::Llm => "llm",
        }
    }
}

/// How much of its research a lane has.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "research")]
pub enum Research {
    /// All of it.
    Full,
    /// Some nodes gave no answer: it counts less, by this factor.
    Degraded {
        /// On its confidence.
        factor: Probability,
    },
}

impl Research {
    /// On the confidence of its lane.
    pub fn factor(self) -> Probability {
        match self {
            Self::Full => Probability::ONE,
            Self::Degraded { factor } => factor,
        }
    }
}

/// A lane that has an opinion.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LaneSignal {
    /// Where it points.
    pub direction: Direction,
    /// How sure it is, as it said.
    pub confidence: Probability,
    /// What that rests on.
    #[serde(flatten)]
    pub research: Research,
}

/// A lane that has none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneFailure {
    /// Why.
    pub reason: ReasonCode,
    /// What was wrong with its data, where that was it.
    pub data_quality: Option<DataQuality>,
    /// More about it, for people.
    pub error: Option<String>,
}

/// One or the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "lane")]
pub enum Lane {
    /// It has an opinion.
    Signal(LaneSignal),
    /// It is left out.
    Absent(LaneFailure),
}

impl Lane {
    /// Left out for a reason without further words.
    pub fn absent(reason: ReasonCode) -> Self {
        Self::Absent(LaneFailure {
            reason,
            data_quality: None,
            error: None,
        })
    }

    /// What it says, where it says something.
    pub fn signal(&self) -> Option<&LaneSignal> {
        match self {
            Self::Signal(signal) => Some(signal),
            Self::Absent(_) => None,
        }
    }

    /// Why it says nothing, where it does not.
    pub fn failure(&self) -> Option<&LaneFailure> {
        match self {
            Self::Signal(_) => None,
            Self::Absent(failure) => Some(failure),
        }
    }
}
