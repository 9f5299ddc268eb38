//! A gateway on a thread of this process.

use std::sync::Mutex;
use std::thread::JoinHandle;

use fondaco_app::ports::Failure;
use fondaco_app::ports::gateway::{GatewayHost, Sight};
use fondaco_app::ports::services::Holder;

use super::notes::Notes;
use super::seen_by_holder;
use crate::lock;

/// A gateway on its way.
pub struct Launched {
    /// Tells it to end: gently, or at once.
    pub stop: Box<dyn Fn(bool) + Send>,
    /// Ends when it has; with an exit code, as its process would.
    pub thread: JoinHandle<i32>,
}

/// Begins the gateway of a generation.
pub type Launch = Box<dyn Fn(u64) -> Result<Launched, Failure> + Send + Sync>;

/// The gateway within this process: it ends with it.
pub struct InlineGateways {
    launch: Launch,
    notes: Notes,
    host: String,
    last: Mutex<Option<(u64, Thread)>>,
}

enum Thread {
    Runs(Launched),
    Ended(Option<i32>),
}

/// How a thread ends that panics: as the process would.
const PANICKED: i32 = 101;

impl InlineGateways {
    /// Nothing is started yet. Of the data folder, for what is written down;
    /// on the machine of this name.
    pub fn new(launch: Launch, home: &std::path::Path, host: String) -> Self {
        Self {
            launch,
            notes: Notes::below(home),
            host,
            last: Mutex::default(),
        }
    }

    /// Tells the gateway to end, and waits until it has: before the process
    /// does.
    pub fn shut_down(&self) {
        if let Some((_, thread)) = &mut *lock(&self.last)
            && let Thread::Runs(launched) = thread
        {
            (launched.stop)(false);
            thread.join();
        }
    }
}

impl GatewayHost for InlineGateways {
    fn start(&self, _: &str, generation: u64) -> Result<(), Failure> {
        let mut last = lock(&self.last);
        if let Some((_, Thread::Runs(before))) = &*last {
            // It was declared dead, and finds so with its next renewal.
            (before.stop)(true);
        }
        let launched = (self.launch)(generation);
        match launched {
            Ok(launched) => {
                *last = Some((generation, Thread::Runs(launched)));
                Ok(())
            }
            Err(failure) => {
                *last = Some((generation, Thread::Ended(None)));
                Err(failure)
            }
        }
    }

    fn stop(&self, generation: u64, _: Option<&Holder>, force: bool) -> Result<(), Failure> {
        if let Some((here, Thread::Runs(launched))) = &*lock(&self.last)
            && *here == generation
        {
            (launched.stop)(force);
        }
        Ok(())
    }

    fn look(&self, generation: u64, holder: Option<&Holder>) -> Sight {
        match &mut *lock(&self.last) {
            Some((here, thread)) if *here == generation => thread.look(),
            _ => seen_by_holder(&self.host, holder),
        }
    }

    fn log(&self, run: &str, lines: usize) -> Result<Option<String>, Failure> {
        self.notes.tail(run, lines).map_err(Failure::new)
    }

    fn write_log(&self, run: &str, line: &str) -> Result<(), Failure> {
        self.notes.write(run, line).map_err(Failure::new)
    }
}

impl Thread {
    fn look(&mut self) -> Sight {
        match self {
            Self::Runs(launched) if !launched.thread.is_finished() => Sight::Alive {
                pid: std::process::id(),
            },
            Self::Runs(_) => Sight::Gone {
                returncode: self.join(),
            },
            Self::Ended(returncode) => Sight::Gone {
                returncode: *returncode,
            },
        }
    }

    fn join(&mut self) -> Option<i32> {
        let returncode = match std::mem::replace(self, Self::Ended(None)) {
            // A panic was printed where it happened.
            Self::Runs(launched) => Some(launched.thread.join().unwrap_or(PANICKED)),
            Self::Ended(returncode) => returncode,
        };
        *self = Self::Ended(returncode);
        returncode
    }
}
