//! Connections for reads and small writes, so that one caller does not wait
//! for another.

use std::sync::{Condvar, Mutex, PoisonError};

use fondaco_app::ports::runs::RunStoreError;

use super::address::Address;
use super::link::{Link, Purpose, Trouble};

/// Connections at most; more callers than that wait.
const MOST: usize = 4;

pub(super) struct Pool {
    address: Address,
    links: Mutex<Links>,
    freed: Condvar,
}

#[derive(Default)]
struct Links {
    idle: Vec<Link>,
    open: usize,
}

impl Pool {
    pub(super) fn new(address: Address) -> Self {
        Self {
            address,
            links: Mutex::default(),
            freed: Condvar::new(),
        }
    }

    /// A read: done once more where the connection turns out to be lost.
    pub(super) fn read<T>(
        &self,
        work: impl Fn(&mut Link) -> Result<T, RunStoreError>,
    ) -> Result<T, RunStoreError> {
        match self.with(false, &work) {
            Err(RunStoreError::Unreachable { .. }) => self.with(true, &work),
            result => result,
        }
    }

    /// A write of its own, on a connection that was just seen alive. A lost
    /// answer is not a failed write, so it is not tried again here.
    pub(super) fn write<T>(
        &self,
        work: impl Fn(&mut Link) -> Result<T, RunStoreError>,
    ) -> Result<T, RunStoreError> {
        self.with(true, &work)
    }

    fn with<T>(
        &self,
        certain: bool,
        work: &impl Fn(&mut Link) -> Result<T, RunStoreError>,
    ) -> Result<T, RunStoreError> {
        let mut place = self.place();
        if let Some(link) = &mut place.link
            && certain
            && !link.answers()
        {
            place.link = None;
        }
        let mut link = match place.link.take() {
            Some(link) => link,
            None => Link::connect(&self.address, Purpose::Read)?,
        };
        link.take_trouble();
        let result = work(&mut link);
        if link.take_trouble() != Some(Trouble::Lost) {
            place.link = Some(link);
        }
        result
    }

    /// Waits for a connection that is free, or for room for another.
    fn place(&self) -> Borrowed<'_> {
        let mut links = self.lock();
        while links.idle.is_empty() && links.open == MOST {
            links = self
                .freed
                .wait(links)
                .unwrap_or_else(PoisonError::into_inner);
        }
        let link = links.idle.pop();
        if link.is_none() {
            links.open += 1;
        }
        Borrowed { pool: self, link }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection, or the room for one; given back in the end.
struct Borrowed<'a> {
    pool: &'a Pool,
    link: Option<Link>,
}

impl Drop for Borrowed<'_> {
    fn drop(&mut self) {
        let mut links = self.pool.lock();
        match self.link.take() {
            Some(link) => links.idle.push(link),
            None => links.open -= 1,
        }
        drop(links);
        self.pool.freed.notify_one();
    }
}
