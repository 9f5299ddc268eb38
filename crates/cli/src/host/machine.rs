//! This machine: its clocks, its chance, its name.

use std::time::{Duration, Instant};

use fondaco_app::ports::machine::Machine;
use fondaco_domain::UnixMicros;

/// The clocks and the randomness of this machine. `FONDACO_NOW` does not reach
/// here: leases and deadlines are about time that passes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ThisMachine {
    started: Instant,
}

impl ThisMachine {
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Machine for ThisMachine {
    fn wall(&self) -> UnixMicros {
        jiff::Timestamp::now().into()
    }

    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    fn entropy(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        getrandom::fill(&mut bytes).expect("the system gives randomness");
        bytes
    }
}
