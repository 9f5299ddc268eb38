//! Ctrl-C, and the signal that ends services.
//!
//! Where nobody listens, Ctrl-C ends the program at once with the exit code of
//! a cancelled command: whatever is written is written beside its place and
//! moved there, so stopping between two writes leaves nothing half done. A
//! host listens: the first signal drains it, the second stops what runs, the
//! third ends the program at once.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_domain::ErrorKind;
use signal_hook::consts::SIGTERM;
use signal_hook::iterator::Signals;

use crate::context::ContextError;

type Listener = Box<dyn Fn(u32) + Send>;

static RAISED: AtomicU32 = AtomicU32::new(0);
/// Whether `SIGTERM` is listened for; once is enough.
static HEARD: AtomicBool = AtomicBool::new(false);
static LISTENER: Mutex<Option<Listener>> = Mutex::new(None);

/// Signals that a listener is told of; after those the program ends.
const TOLD: u32 = 2;

/// Ends the program on Ctrl-C, unless somebody listens.
pub(crate) fn exit_on_interrupt() -> Result<(), ContextError> {
    ctrlc::set_handler(raise).map_err(ContextError::Interrupt)
}

/// Told of signals until it is dropped.
#[derive(Debug)]
pub(super) struct Listening;

impl Listening {
    /// Tells `listener` the number of each signal, from 1: of Ctrl-C and of
    /// `SIGTERM`.
    pub(super) fn start(listener: impl Fn(u32) + Send + 'static) -> Result<Self, ContextError> {
        *lock() = Some(Box::new(listener));
        if !HEARD.swap(true, Ordering::AcqRel) {
            let mut signals = Signals::new([SIGTERM]).map_err(ContextError::Signals)?;
            // It waits for signals as long as the program runs.
            std::thread::spawn(move || signals.forever().for_each(|_| raise()));
        }
        Ok(Self)
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        *lock() = None;
    }
}

fn raise() {
    let count = RAISED.fetch_add(1, Ordering::AcqRel) + 1;
    match &*lock() {
        Some(listener) if count <= TOLD => listener(count),
        _ => std::process::exit(i32::from(ErrorKind::Cancelled.exit_code())),
    }
}

fn lock() -> MutexGuard<'static, Option<Listener>> {
    LISTENER.lock().unwrap_or_else(PoisonError::into_inner)
}
