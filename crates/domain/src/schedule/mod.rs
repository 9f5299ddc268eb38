//! When a schedule fires.
//!
//! A [`Trigger`] that was checked is [`Ticks`]: a strictly growing sequence of
//! instants that depends on nothing but the trigger, so that it can be walked
//! from anywhere and gives the same ticks to everybody. [`decide`] says which
//! ticks that passed still count, [`overlap`] what a tick does when the run
//! before has not ended, [`jitter`] how late a tick is on purpose.
//!
//! A cron expression reads the clock of its zone. Where that clock jumps:
//!
//! - An expression that does not fire in every hour names *times of the day*.
//!   Each of them counts once: one that the clock jumps over fires at the end
//!   of the gap, together with all others of that gap and whatever is due
//!   then; one that comes twice fires the first time.
//! - An expression that fires in every hour (`*/5 * * * *`) names *distances*.
//!   It follows the time that passes: nothing fires in a gap, which has no
//!   length, and both passes of a repeated hour have their ticks, so that the
//!   distance stays what it is.

mod cron;
mod late;
#[cfg(test)]
mod tests;
mod ticks;

pub use cron::{CronField, FieldFault, TimingError};
pub use late::{Due, ON_TIME, OverlapDecision, decide, jitter, overlap};
pub use ticks::{Ticks, next_after, ticks_between};

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
        /// The first tick.
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
