//! Time and chance.

use std::time::Duration;

use fondaco_domain::{RunId, UnixMicros, WorkerId};

/// What a machine gives that no rule may make up.
pub trait Machine: Send + Sync {
    /// The wall clock. It may jump.
    fn wall(&self) -> UnixMicros;

    /// Since some moment: never jumps. Leases and silence are judged by it.
    fn monotonic(&self) -> Duration;

    /// Unpredictable bytes.
    fn entropy(&self) -> [u8; 10];

    /// The name of a new run.
    fn run_id(&self) -> RunId {
        RunId::new(millis(self.wall()), self.entropy())
    }

    /// The name of a new worker.
    fn worker_id(&self) -> WorkerId {
        WorkerId::new(millis(self.wall()), self.entropy())
    }
}

fn millis(at: UnixMicros) -> u64 {
    u64::try_from(at.0 / 1_000).unwrap_or(0)
}
