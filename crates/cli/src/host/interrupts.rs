//! Ctrl-C, and the signal that ends services.
//!
//! Where nobody listens, Ctrl-C ends the program at once with the exit code of
//! a cancelled command: whatever is written is written beside its place and
//! moved there, so stopping between two writes leaves nothing half done. A
//! host listens, and so does a process that serves: the first signal drains
//! it, the second stops what runs, the third ends the program at once.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fondaco_domain::ErrorKind;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::context::ContextError;

type Listener = Arc<dyn Fn(u32) + Send + Sync>;

static RAISED: AtomicU32 = AtomicU32::new(0);
/// Whether `SIGTERM` is listened for; once is enough.
static HEARD: AtomicBool = AtomicBool::new(false);
static LISTENERS: Mutex<Vec<(u32, Listener)>> = Mutex::new(Vec::new());
/// Tells listeners apart.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// Signals that a listener is told of; after those the program ends.
const TOLD: u32 = 2;

/// Ends the program on Ctrl-C, unless somebody listens.
pub(crate) fn exit_on_interrupt() -> Result<(), ContextError> {
    ctrlc::set_handler(raise).map_err(ContextError::Interrupt)
}

/// Told of signals until it is dropped.
#[derive(Debug)]
pub(crate) struct Listening(u32);

impl Listening {
    /// Tells `listener` the number of each signal, from 1: of Ctrl-C and of
    /// `SIGTERM`, and of those that came before, while another listened.
    pub(crate) fn start(
        listener: impl Fn(u32) + Send + Sync + 'static,
    ) -> Result<Self, ContextError> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let listener: Listener = Arc::new(listener);
        {
            let mut listeners = lock();
            (1..=signals().min(TOLD)).for_each(|count| listener(count));
            listeners.push((number, listener));
        }
        if !HEARD.swap(true, Ordering::AcqRel) {
            let mut signals = Signals::new([SIGTERM]).map_err(ContextError::Signals)?;
            // It waits for signals as long as the program runs.
            std::thread::spawn(move || signals.forever().for_each(|_| raise()));
        }
        Ok(Self(number))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        lock().retain(|(number, _)| *number != self.0);
    }
}

fn raise() {
    // Counted and told under one lock: who begins to listen is told once.
    let listeners = lock();
    let count = RAISED.fetch_add(1, Ordering::AcqRel) + 1;
    if listeners.is_empty() || count > TOLD {
        std::process::exit(i32::from(ErrorKind::Cancelled.exit_code()));
    }
    for (_, listener) in &*listeners {
        listener(count);
    }
}

/// How often somebody said to stop.
pub(crate) fn signals() -> u32 {
    RAISED.load(Ordering::Acquire)
}

fn lock() -> MutexGuard<'static, Vec<(u32, Listener)>> {
    LISTENERS.lock().unwrap_or_else(PoisonError::into_inner)
}
