//! Whether clients of sockets hear of what happens.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use fondaco_domain::UnixMicros;

/// What the sockets of a process are to send and have sent, by task.
#[derive(Debug, Default)]
pub struct Sockets(Mutex<BTreeMap<String, Watched>>);

/// A task that clients watch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// The task.
    pub task: String,
    /// How many clients.
    pub clients: usize,
    /// When the last frame was sent to one of them, or the first connected.
    pub sent: UnixMicros,
}

impl Sockets {
    /// A client has connected.
    pub fn opened(&self, task: &str, at: UnixMicros) {
        let mut tasks = self.lock();
        let watched = tasks.entry(task.to_owned()).or_insert_with(|| Watched {
            task: task.to_owned(),
            clients: 0,
            sent: at,
        });
        watched.clients += 1;
    }

    /// A frame was sent to a client.
    pub fn sent(&self, task: &str, at: UnixMicros) {
        if let Some(watched) = self.lock().get_mut(task) {
            watched.sent = watched.sent.max(at);
        }
    }

    /// A client has gone.
    pub fn closed(&self, task: &str) {
        let mut tasks = self.lock();
        if let Some(watched) = tasks.get_mut(task) {
            watched.clients -= 1;
            if watched.clients == 0 {
                tasks.remove(task);
            }
        }
    }

    /// What is watched now.
    pub fn watched(&self) -> Vec<Watched> {
        self.lock().values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Watched>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
