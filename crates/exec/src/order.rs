//! An order to stop that can be waited for.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use fondaco_app::ports::exec::Token;

use crate::lock;

#[derive(Default)]
pub(crate) struct Order {
    token: Token,
    gate: Mutex<()>,
    given: Condvar,
}

impl Order {
    /// Gives it; it stays given.
    pub(crate) fn stop(&self) {
        let gate = lock(&self.gate);
        self.token.stop();
        drop(gate);
        self.given.notify_all();
    }

    pub(crate) fn stopped(&self) -> bool {
        self.token.stopped()
    }

    /// Waits so long, or until it is given.
    pub(crate) fn wait(&self, time: Duration) {
        let gate = lock(&self.gate);
        let _woken = self
            .given
            .wait_timeout_while(gate, time, |()| !self.stopped());
    }
}
