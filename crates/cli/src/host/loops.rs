//! Loops beside the runner.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::runner::{Bell, Log, Note};

use super::HostError;
use super::works::spawn;

/// A thread that turns something until this is dropped.
pub(super) struct Loop {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    told: AtomicBool,
    bell: Bell,
}

/// After a call that failed the store is asked again.
const AGAIN: Duration = Duration::from_secs(5);

/// Turns something again and again; each turn says how long to wait for the
/// next. It ends where the store answers nothing more.
pub(super) fn every(
    name: &str,
    log: &Arc<dyn Log>,
    mut turn: impl FnMut() -> Result<Duration, RunStoreError> + Send + 'static,
) -> Result<Loop, HostError> {
    let stop = Arc::new(Stop::default());
    let told = Arc::clone(&stop);
    let log = Arc::clone(log);
    let thread = spawn(name, move || {
        while !told.told.load(Ordering::Acquire) {
            let wait = match turn() {
                Ok(wait) => wait,
                Err(error) => {
                    let over = matches!(error, RunStoreError::Stopped);
                    log.note(&Note::StoreFailed {
                        error: crate::errors::in_words(&error),
                        again_in: (!over).then_some(AGAIN),
                    });
                    if over {
                        return;
                    }
                    AGAIN
                }
            };
            told.bell.wait(wait);
        }
    })?;
    Ok(Loop {
        stop,
        thread: Some(thread),
    })
}

impl Drop for Loop {
    fn drop(&mut self) {
        self.stop.told.store(true, Ordering::Release);
        self.stop.bell.ring();
        if let Some(thread) = self.thread.take() {
            // A panic was printed where it happened.
            let _ = thread.join();
        }
    }
}
