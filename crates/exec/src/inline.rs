//! Attempts on threads of this process.
//!
//! Threads cannot be killed, so only bodies that ask their [`Watch`] belong
//! here: of the rungs above the token the last alone means something, namely
//! that nobody waits for the attempt any more.

use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use fondaco_app::ports::exec::{
    Assignment, AttemptId, Executor, Found, News, Outcome, StartError, Watch,
};
use fondaco_domain::task::Rung;

use crate::desk::Desk;
use crate::order::Order;
use crate::{Bodies, Refusal, Ring, lock};

/// A pool of threads. They are started when they are first needed.
pub struct Inline {
    shared: Arc<Shared>,
    most: NonZeroUsize,
}

impl Inline {
    /// A pool of at most so many threads; attempts beyond them wait.
    pub fn new(bodies: Bodies, most: NonZeroUsize, ring: Ring) -> Self {
        Self {
            shared: Arc::new(Shared {
                bodies,
                desk: Desk::new(ring),
                pool: Mutex::default(),
                more: Condvar::new(),
            }),
            most,
        }
    }

    /// One more thread, where none is free for what waits.
    fn grow(&self, pool: &mut Pool) -> Result<(), Refusal> {
        if pool.waiting.len() <= pool.idle || pool.threads >= self.most.get() {
            return Ok(());
        }
        let shared = Arc::clone(&self.shared);
        let thread = thread::Builder::new()
            .name("task".into())
            .spawn(move || shared.work());
        match thread {
            Ok(_) => {
                pool.threads += 1;
                Ok(())
            }
            // Those that run already will come to it.
            Err(_) if pool.threads > 0 => Ok(()),
            Err(error) => Err(Refusal::Thread(error)),
        }
    }
}

impl Executor for Inline {
    fn name(&self) -> &'static str {
        "inline"
    }

    fn start(&self, assignment: Assignment) -> Result<Option<String>, StartError> {
        if !self.shared.bodies.has(assignment.kind) {
            return Err(Refusal::NoBody(assignment.kind).of(&assignment));
        }
        let mut pool = lock(&self.shared.pool);
        if pool.orders.contains_key(&assignment.id) {
            return Err(Refusal::Again.of(&assignment));
        }
        let order = Arc::new(Order::default());
        pool.orders.insert(assignment.id, Arc::clone(&order));
        pool.waiting.push_back((assignment, order));
        if let Err(refusal) = self.grow(&mut pool)
            && let Some((assignment, _)) = pool.waiting.pop_back()
        {
            pool.orders.remove(&assignment.id);
            return Err(refusal.of(&assignment));
        }
        drop(pool);
        self.shared.more.notify_one();
        Ok(None)
    }

    fn news(&self) -> Vec<News> {
        self.shared.desk.take()
    }

    fn stop(&self, attempt: AttemptId, rung: Rung) {
        let mut pool = lock(&self.shared.pool);
        let order = if rung == Rung::Expire {
            pool.orders.remove(&attempt)
        } else {
            pool.orders.get(&attempt).cloned()
        };
        drop(pool);
        if let Some(order) = order {
            order.stop();
        }
    }

    fn find(&self, attempt: AttemptId, _reference: &str) -> Found {
        if lock(&self.shared.pool).orders.contains_key(&attempt) {
            Found::Running
        } else {
            Found::Unknown
        }
    }

    fn adopt(&self, attempt: AttemptId, _reference: &str) -> bool {
        lock(&self.shared.pool).orders.contains_key(&attempt)
    }
}

impl Drop for Inline {
    /// Tells everybody to stop and waits for nobody: a body that does not obey
    /// would hold up the end of the program.
    fn drop(&mut self) {
        let mut pool = lock(&self.shared.pool);
        pool.closed = true;
        pool.waiting.clear();
        let orders = std::mem::take(&mut pool.orders);
        drop(pool);
        self.shared.more.notify_all();
        for order in orders.into_values() {
            order.stop();
        }
    }
}

struct Shared {
    bodies: Bodies,
    desk: Desk,
    pool: Mutex<Pool>,
    more: Condvar,
}

#[derive(Default)]
struct Pool {
    waiting: VecDeque<(Assignment, Arc<Order>)>,
    /// Of the attempts whose end is awaited.
    orders: HashMap<AttemptId, Arc<Order>>,
    threads: usize,
    /// Threads that wait for an attempt.
    idle: usize,
    closed: bool,
}

impl Shared {
    /// What a thread does all its life.
    fn work(&self) {
        while let Some((assignment, order)) = self.next() {
            let watch = Watcher {
                attempt: assignment.id,
                order: &order,
                shared: self,
            };
            let outcome = if watch.stopped() {
                Outcome::Stopped
            } else {
                self.bodies.run(&assignment, &watch)
            };
            // Forgotten attempts have no news.
            if lock(&self.pool).orders.remove(&assignment.id).is_some() {
                self.desk.ended(assignment.id, outcome);
            }
        }
    }

    fn next(&self) -> Option<(Assignment, Arc<Order>)> {
        let mut pool = lock(&self.pool);
        loop {
            if pool.closed {
                return None;
            }
            if let Some(job) = pool.waiting.pop_front() {
                return Some(job);
            }
            pool.idle += 1;
            pool = self.more.wait(pool).unwrap_or_else(PoisonError::into_inner);
            pool.idle -= 1;
        }
    }
}

struct Watcher<'a> {
    attempt: AttemptId,
    order: &'a Order,
    shared: &'a Shared,
}

impl Watch for Watcher<'_> {
    fn stopped(&self) -> bool {
        self.order.stopped()
    }

    fn wait(&self, time: Duration) {
        self.order.wait(time);
    }

    fn progress(&self, text: &str) {
        if lock(&self.shared.pool).orders.contains_key(&self.attempt) {
            self.shared.desk.progress(self.attempt, text.to_owned());
        }
    }
}
