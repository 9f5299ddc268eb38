//! News of a store, handed to those who wait in this process.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use fondaco_app::ports::runs::{Notice, Notices};

/// Notices that one subscriber may leave unread; the ones after are dropped,
/// which costs it a poll.
const UNREAD: usize = 1024;

/// Hands every [`Notice`] to all who subscribed.
#[derive(Debug, Default)]
pub(in crate::runs) struct Broadcast {
    subscribers: Mutex<Vec<Weak<Mailbox>>>,
}

impl Broadcast {
    /// To all who are there.
    pub(in crate::runs) fn publish(&self, notices: &[Notice]) {
        if notices.is_empty() {
            return;
        }
        lock(&self.subscribers).retain(|subscriber| {
            let mailbox = subscriber.upgrade();
            if let Some(mailbox) = &mailbox {
                mailbox.put(notices);
            }
            mailbox.is_some()
        });
    }

    /// From now on.
    pub(in crate::runs) fn subscribe(&self) -> Box<dyn Notices> {
        let mailbox = Arc::new(Mailbox::default());
        lock(&self.subscribers).push(Arc::downgrade(&mailbox));
        Box::new(Subscription(mailbox))
    }
}

#[derive(Debug, Default)]
struct Mailbox {
    unread: Mutex<VecDeque<Notice>>,
    came: Condvar,
}

impl Mailbox {
    fn put(&self, notices: &[Notice]) {
        let mut unread = lock(&self.unread);
        for notice in notices {
            // Twice in a row says no more than once.
            if unread.len() < UNREAD && unread.back() != Some(notice) {
                unread.push_back(notice.clone());
            }
        }
        self.came.notify_one();
    }
}

struct Subscription(Arc<Mailbox>);

impl Notices for Subscription {
    fn wait(&mut self, timeout: Duration) -> Option<Notice> {
        let deadline = Instant::now().checked_add(timeout);
        let mut unread = lock(&self.0.unread);
        loop {
            if let Some(notice) = unread.pop_front() {
                return Some(notice);
            }
            let left = deadline.map_or(timeout, |at| at.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return None;
            }
            let woken = self.0.came.wait_timeout(unread, left);
            unread = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use fondaco_domain::halt::Epoch;

    use super::*;

    #[test]
    fn everybody_hears_it_and_nobody_is_waited_for() {
        let news = Broadcast::default();
        let (mut one, mut two) = (news.subscribe(), news.subscribe());
        let halt = |n| Notice::Halt { epoch: Epoch(n) };
        news.publish(&[Notice::Wake, Notice::Wake, halt(1)]);
        for reader in [&mut one, &mut two] {
            assert_eq!(reader.wait(Duration::ZERO), Some(Notice::Wake));
            assert_eq!(reader.wait(Duration::ZERO), Some(halt(1)));
            assert_eq!(reader.wait(Duration::ZERO), None);
        }
        drop(two);
        let many: Vec<_> = (0..5_000).map(halt).collect();
        news.publish(&many);
        let read = std::iter::from_fn(|| one.wait(Duration::ZERO)).count();
        assert_eq!(read, UNREAD);
    }

    #[test]
    fn who_waits_is_woken() {
        let news = Broadcast::default();
        let mut reader = news.subscribe();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(move || reader.wait(Duration::from_mins(1)));
            news.publish(&[Notice::Wake]);
            assert_eq!(waiting.join().unwrap(), Some(Notice::Wake));
        });
    }
}
