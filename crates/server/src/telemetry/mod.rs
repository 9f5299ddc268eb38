//! What a process says of itself in numbers.
//!
//! [`Telemetry`] counts what passes through this process and asks its
//! [`Source`]s when somebody reads; what the store knows is read then, too
//! (`routes::metrics`). [`names`] holds every name.

mod exposition;
mod gateway;
mod http;
pub mod names;
mod process;

pub use exposition::Exposition;
pub(crate) use exposition::MEDIA_TYPE;
pub(crate) use gateway::gateway;
pub(crate) use http::measure;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use fondaco_app::runner::Handle;

use http::Requests;

use crate::probe::Turnstile;

/// Something in this process that has numbers to tell.
pub trait Source: Send + Sync {
    /// Adds what it has now.
    fn tell(&self, page: &mut Exposition);
}

impl<F: Fn(&mut Exposition) + Send + Sync> Source for F {
    fn tell(&self, page: &mut Exposition) {
        self(page);
    }
}

/// The numbers of a process.
pub struct Telemetry {
    began: Instant,
    requests: Requests,
    sources: Mutex<Vec<Arc<dyn Source>>>,
    worker: Mutex<Option<Handle>>,
    turnstile: Turnstile,
}

impl Default for Telemetry {
    fn default() -> Self {
        Self {
            began: Instant::now(),
            requests: Requests::default(),
            sources: Mutex::default(),
            worker: Mutex::default(),
            turnstile: Turnstile::default(),
        }
    }
}

impl Telemetry {
    /// One more that has numbers to tell.
    pub fn add(&self, source: Arc<dyn Source>) {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.push(source);
    }

    /// The worker in this process: its tasks are counted, its breakers shown.
    pub fn watch(&self, worker: Handle) {
        let mut watched = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        *watched = Some(worker);
    }

    /// The worker in this process, where there is one.
    pub(crate) fn worker(&self) -> Option<Handle> {
        let watched = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        watched.clone()
    }

    /// Looks at the store take turns here.
    pub(crate) fn turnstile(&self) -> &Turnstile {
        &self.turnstile
    }

    /// How long it has served.
    pub(crate) fn uptime(&self) -> Duration {
        self.began.elapsed()
    }

    /// What this process knows by itself.
    pub(crate) fn tell(&self, page: &mut Exposition) {
        self.requests.tell(page);
        process::tell(page);
        let sources = {
            let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
            sources.clone()
        };
        for source in sources {
            source.tell(page);
        }
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").finish_non_exhaustive()
    }
}
