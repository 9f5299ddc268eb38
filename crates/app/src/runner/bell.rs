//! Waking a loop.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Wakes the one who waits. A ring that nobody waits for is kept until
/// somebody does, so that none gets lost; several are as good as one.
#[derive(Debug, Default)]
pub struct Bell {
    rung: Mutex<bool>,
    changed: Condvar,
}

impl Bell {
    /// Rings, from any thread.
    pub fn ring(&self) {
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    /// Waits for a ring, so long at most. Returns whether there was one.
    pub fn wait(&self, timeout: Duration) -> bool {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .changed
            .wait_timeout_while(rung, timeout, |rung| !*rung)
            .unwrap_or_else(PoisonError::into_inner);
        let (mut rung, _) = waited;
        std::mem::take(&mut rung)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_before_the_wait_is_not_lost_and_counts_once() {
        let bell = Bell::default();
        bell.ring();
        bell.ring();
        assert!(bell.wait(Duration::from_mins(1)));
        assert!(!bell.wait(Duration::ZERO));
    }

    #[test]
    fn a_ring_wakes_another_thread() {
        let bell = Bell::default();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| bell.wait(Duration::from_mins(1)));
            bell.ring();
            assert!(waiting.join().unwrap());
        });
    }
}
