//! What the hub counts of itself.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering::Relaxed};

/// Counted as it goes; any thread may look.
#[derive(Debug, Default)]
pub struct Tally {
    pub(super) readers: AtomicU64,
    pub(super) joined: AtomicU64,
    pub(super) frames: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) snapshots: AtomicU64,
    pub(super) slow: AtomicU64,
    pub(super) too_old: AtomicU64,
    pub(super) replayed: AtomicU64,
    pub(super) head: AtomicU64,
    pub(super) lag_micros: AtomicI64,
    pub(super) failures: AtomicU64,
}

/// A look at a [`Tally`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tallied {
    /// Readers there are now.
    pub readers: u64,
    /// Readers there ever were.
    pub joined: u64,
    /// Frames handed to readers.
    pub frames: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Snapshots handed to readers.
    pub snapshots: u64,
    /// Of these, for readers that were too slow.
    pub slow: u64,
    /// Of these, for readers that came again too late.
    pub too_old: u64,
    /// Frames read from the store for readers that came again.
    pub replayed: u64,
    /// The newest number told.
    pub head: u64,
    /// Microseconds from the decision to the telling, of the newest event.
    pub lag_micros: i64,
    /// Looks at the store that failed.
    pub failures: u64,
}

impl Tally {
    /// How it stands.
    pub fn look(&self) -> Tallied {
        Tallied {
            readers: self.readers.load(Relaxed),
            joined: self.joined.load(Relaxed),
            frames: self.frames.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            snapshots: self.snapshots.load(Relaxed),
            slow: self.slow.load(Relaxed),
            too_old: self.too_old.load(Relaxed),
            replayed: self.replayed.load(Relaxed),
            head: self.head.load(Relaxed),
            lag_micros: self.lag_micros.load(Relaxed),
            failures: self.failures.load(Relaxed),
        }
    }

    pub(super) fn count(counter: &AtomicU64, more: usize) {
        counter.fetch_add(more as u64, Relaxed);
    }
}
