//! Signals of lanes, and how they become one decision.
//!
//! A *lane* (quant, llm) says a direction and how sure it is, or why it says
//! nothing: [`Lane`]. [`merge()`] is the only place where two lanes meet. A lane
//! that is absent is absent: it never counts as a wish to hold.

mod lane;
mod merge;
mod quality;
mod rating;
mod reason;
#[cfg(test)]
mod tests;

pub use lane::{Lane, LaneFailure, LaneSignal, Research, Source};
pub use merge::{Caps, Merged, NoSignal, Policy, Taken, merge};
pub use quality::{DataQuality, Issue, QualityState, QualitySummary, summary};
pub use rating::{Rating, explicit_rating};
pub use reason::ReasonCode;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a signal points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i8", into = "i8")]
pub enum Direction {
    /// Down.
    Short,
    /// Neither.
    Flat,
    /// Up.
    Long,
}

/// A number that is no direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{0} is no direction: -1, 0 and 1 are")]
pub struct DirectionError(pub i8);

impl Direction {
    /// -1, 0 or 1.
    pub fn sign(self) -> f64 {
        f64::from(i8::from(self))
    }

    /// The direction of a sum; of an exact zero, [`Direction::Flat`].
    pub fn of(sum: f64) -> Self {
        match sum.partial_cmp(&0.0) {
            Some(std::cmp::Ordering::Greater) => Self::Long,
            Some(std::cmp::Ordering::Less) => Self::Short,
            _ => Self::Flat,
        }
    }

    /// The other way.
    #[must_use]
    pub fn reversed(self) -> Self {
        match self {
            Self::Short => Self::Long,
            Self::Flat => Self::Flat,
            Self::Long => Self::Short,
        }
    }
}

impl From<Direction> for i8 {
    fn from(direction: Direction) -> Self {
        match direction {
            Direction::Short => -1,
            Direction::Flat => 0,
            Direction::Long => 1,
        }
    }
}

impl TryFrom<i8> for Direction {
    type Error = DirectionError;

    fn try_from(number: i8) -> Result<Self, DirectionError> {
        match number {
            -1 => Ok(Self::Short),
            0 => Ok(Self::Flat),
            1 => Ok(Self::Long),
            other => Err(DirectionError(other)),
        }
    }
}

/// A number from 0 to 1: how sure somebody is, or a factor on that.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Probability(f64);

/// A number that is none from 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Error)]
#[error("{0} is not from 0 to 1")]
pub struct ProbabilityError(pub f64);

impl Probability {
    /// Impossible.
    pub const ZERO: Self = Self(0.0);
    /// Certain.
    pub const ONE: Self = Self(1.0);

    /// As a number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// A number known to be from 0 to 1 but for rounding.
    fn clamped(number: f64) -> Self {
        Self(number.clamp(0.0, 1.0))
    }

    fn times(self, factor: Self) -> Self {
        Self(self.0 * factor.0)
    }

    fn min(self, cap: Self) -> Self {
        Self(self.0.min(cap.0))
    }
}

impl TryFrom<f64> for Probability {
    type Error = ProbabilityError;

    fn try_from(number: f64) -> Result<Self, ProbabilityError> {
        if (0.0..=1.0).contains(&number) {
            // Minus zero is zero.
            Ok(Self(number + 0.0))
        } else {
            Err(ProbabilityError(number))
        }
    }
}

impl From<Probability> for f64 {
    fn from(probability: Probability) -> Self {
        probability.0
    }
}
