//! When a schedule fires.

use serde::{Deserialize, Serialize};

use crate::UnixMicros;

/// When a schedule fires, and what it does when it could not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The ticks.
    pub trigger: Trigger,
    /// When the run of the tick before has not ended.
    pub overlap: Overlap,
    /// When ticks passed while nobody looked.
    pub catch_up: CatchUp,
    /// Each tick is late by up to so many milliseconds, always the same for
    /// one tick of one schedule.
    pub jitter_ms: u32,
}

/// The ticks of a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "trigger")]
pub enum Trigger {
    /// A cron expression of five fields, or six with seconds first.
    Cron {
        /// The expression.
        expression: String,
        /// The IANA name of the zone whose clock it reads.
        zone: String,
    },
    /// Every so many microseconds, counted from an instant.
    Interval {
        /// Microseconds; more than zero.
        every: i64,
        /// A tick.
        anchor: UnixMicros,
    },
}

/// When the run of the tick before has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// The tick passes.
    #[default]
    Skip,
    /// Its run waits until that one ends; of several that wait, one stays.
    BufferOne,
    /// Both run.
    Allow,
    /// That one is cancelled.
    CancelOther,
}

/// When ticks passed while nobody looked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CatchUp {
    /// They are gone.
    None,
    /// The last of them counts.
    #[default]
    One,
    /// Each of them counts.
    All,
}
