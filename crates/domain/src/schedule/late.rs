//! Ticks that are late, on purpose or not, and ticks that meet an open run.

use super::{CatchUp, Overlap};
use crate::{ContentHash, UnixMicros};

/// Microseconds by which a tick may be late and still be on time: nobody
/// looks at the clock all the time, and a restart takes a moment.
pub const ON_TIME: i64 = 60_000_000;

/// What is done about ticks that are due. Those of each kind are in order,
/// and a tick of `passed` is before all of `fire`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Due {
    /// They passed while nobody looked, and are gone.
    pub passed: Vec<UnixMicros>,
    /// They count.
    pub fire: Vec<UnixMicros>,
}

/// Decides which of the ticks that are due, in order, still count; `late_ms`
/// is how late they may be on purpose.
///
/// Without catching up, those that are on time. Catching up with one: the
/// last where any was missed, since it stands for those before it. Catching up
/// with all: all.
pub fn decide(ticks: &[UnixMicros], late_ms: u32, catch_up: CatchUp, now: UnixMicros) -> Due {
    let missed = ticks.partition_point(|tick| is_missed(*tick, late_ms, now));
    let passed = match catch_up {
        CatchUp::None => missed,
        CatchUp::One if missed > 0 => ticks.len() - 1,
        CatchUp::One | CatchUp::All => 0,
    };
    let (passed, fire) = ticks.split_at(passed);
    Due {
        passed: passed.to_vec(),
        fire: fire.to_vec(),
    }
}

/// Whether a tick that has not fired by now was missed.
fn is_missed(tick: UnixMicros, late_ms: u32, now: UnixMicros) -> bool {
    tick.plus(i64::from(late_ms) * 1_000).plus(ON_TIME) < now
}

/// What a tick does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OverlapDecision {
    /// It leads to a run.
    Submit,
    /// It leads to none.
    Pass,
    /// It waits, and is asked again.
    Wait,
    /// The run before is cancelled, and it leads to one.
    CancelAndSubmit,
}

/// Decides what a tick does, given whether the run of the tick before is open.
pub fn overlap(overlap: Overlap, open: bool) -> OverlapDecision {
    match overlap {
        _ if !open => OverlapDecision::Submit,
        Overlap::Skip => OverlapDecision::Pass,
        Overlap::BufferOne => OverlapDecision::Wait,
        Overlap::Allow => OverlapDecision::Submit,
        Overlap::CancelOther => OverlapDecision::CancelAndSubmit,
    }
}

/// Microseconds by which a tick of a schedule is late on purpose, at most as
/// many milliseconds as asked for. Always the same for one tick of one name,
/// so that two schedulers agree, and spread evenly over names and ticks.
pub fn jitter(name: &str, tick: UnixMicros, most_ms: u32) -> i64 {
    let hash = ContentHash::of_parts([name.as_bytes(), &tick.0.to_le_bytes()]);
    // Sixteen digits of 64 are a number of 64 bits.
    let random = u64::from_str_radix(&hash.as_str()[..16], 16).unwrap_or(0);
    let most = u64::from(most_ms) * 1_000;
    (random % (most + 1)).cast_signed()
}
