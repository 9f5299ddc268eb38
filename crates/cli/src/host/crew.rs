//! A runner on its thread, with the executors it gives tasks to.

use std::sync::Arc;
use std::thread::JoinHandle;

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::runner::{Handle, Ports, Process, Runner, Settings};
use fondaco_domain::WorkerId;

use super::works::{HostError, spawn};

/// One that works.
pub(super) struct Crew {
    pub(super) worker: WorkerId,
    pub(super) handle: Handle,
    thread: JoinHandle<Result<(), RunStoreError>>,
}

impl Crew {
    /// Begins to work, and to hear what others say.
    pub(super) fn start(
        store: &dyn Store,
        ports: Ports,
        settings: Settings,
        process: Process,
    ) -> Result<Self, HostError> {
        let mut notices = store.subscribe()?;
        let runner = Runner::new(ports, settings, process);
        let (handle, worker) = (runner.handle(), runner.worker());
        let listens = handle.clone();
        spawn("notices", move || listens.listen(&mut *notices))?;
        Ok(Self {
            worker,
            handle,
            thread: spawn("runner", move || runner.work())?,
        })
    }

    /// Whether it works no more.
    pub(super) fn is_over(&self) -> bool {
        self.thread.is_finished()
    }

    /// Waits until it works no more.
    pub(super) fn join(self) -> Result<(), HostError> {
        Ok(self.thread.join().map_err(|_| HostError::Panicked)??)
    }
}

/// Orders all to take nothing more.
pub(super) fn drain(handles: &Arc<[Handle]>) {
    for handle in handles.iter() {
        handle.drain();
    }
}
