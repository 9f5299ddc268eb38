//! News between processes.
//!
//! Nothing that matters travels here: a notice that is lost costs a poll. So
//! none is sent inside a transaction that writes (it would take a lock that
//! every such commit in the cluster waits for); one connection sends, after
//! the commits, what has gathered, and one listens.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fondaco_app::ports::runs::{Notice, Notices, RunStoreError};
use fondaco_domain::halt::Epoch;
use postgres::fallible_iterator::FallibleIterator;
use serde::{Deserialize, Serialize};

use super::address::Address;
use super::link::{Link, Purpose};
use crate::runs::notices::Broadcast;

/// One channel per database.
const CHANNEL: &str = "fondaco";

/// Bytes of one payload; the server takes less than 8,000.
const PAYLOAD: usize = 7_000;

/// Between two messages, so that a busy writer is one message and not a
/// thousand. A halt does not wait.
const GATHER: Duration = Duration::from_millis(5);

/// Notices that wait to be sent at most; more become a wake-up.
const GATHERED: usize = 64;

/// How long a listener takes to see that nobody listens any more.
const LOOK_UP: Duration = Duration::from_millis(250);

/// The wait before a lost connection is made again.
const BACK_OFF: Duration = Duration::from_millis(200);

#[derive(Debug, Serialize, Deserialize)]
struct Message {
    /// Who sends: it has told its own subscribers already.
    from: String,
    notices: Vec<Notice>,
}

/// Subscribers here, and the way to those elsewhere.
pub(super) struct Bus {
    name: String,
    here: Broadcast,
    outbound: Mutex<Outbound>,
    changed: Condvar,
}

#[derive(Default)]
struct Outbound {
    notices: VecDeque<Notice>,
    sends: bool,
    listens: bool,
    closed: bool,
}

impl Bus {
    /// `name` tells this process from all others.
    pub(super) fn new(name: String) -> Self {
        Self {
            name,
            here: Broadcast::default(),
            outbound: Mutex::default(),
            changed: Condvar::new(),
        }
    }

    /// To subscribers here at once, and to others soon.
    pub(super) fn publish(&self, notices: Vec<Notice>) {
        if notices.is_empty() {
            return;
        }
        self.here.publish(&notices);
        let mut outbound = self.lock();
        for notice in notices {
            // Twice says no more than once.
            if !outbound.notices.contains(&notice) {
                outbound.notices.push_back(notice);
            }
        }
        if outbound.notices.len() > GATHERED {
            outbound
                .notices
                .retain(|notice| matches!(notice, Notice::Halt { .. }));
            outbound.notices.push_back(Notice::Wake);
        }
        self.changed.notify_all();
    }

    /// News from here and from elsewhere. The first one starts to listen.
    pub(super) fn subscribe(self: &Arc<Self>, address: &Address) -> Box<dyn Notices> {
        let news = self.here.subscribe();
        let first = !std::mem::replace(&mut self.lock().listens, true);
        if first {
            let (bus, address) = (Arc::clone(self), address.clone());
            std::thread::spawn(move || bus.listen(&address));
        }
        news
    }

    /// Starts to send, unless that was done.
    pub(super) fn start(self: &Arc<Self>, address: &Address) {
        let first = !std::mem::replace(&mut self.lock().sends, true);
        if first {
            let (bus, address) = (Arc::clone(self), address.clone());
            std::thread::spawn(move || bus.send(&address));
        }
    }

    /// Ends both.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Outbound> {
        self.outbound.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What has gathered; none when closed and empty.
    fn take(&self) -> Option<Vec<Notice>> {
        let mut outbound = self.lock();
        while outbound.notices.is_empty() {
            if outbound.closed {
                return None;
            }
            let woken = self.changed.wait(outbound);
            outbound = woken.unwrap_or_else(PoisonError::into_inner);
        }
        let calm = |outbound: &mut Outbound| {
            let is_halt = |notice: &Notice| matches!(notice, Notice::Halt { .. });
            !outbound.closed && !outbound.notices.iter().any(is_halt)
        };
        let waited = self.changed.wait_timeout_while(outbound, GATHER, calm);
        let mut outbound = waited.unwrap_or_else(PoisonError::into_inner).0;
        Some(outbound.notices.drain(..).collect())
    }

    fn send(&self, address: &Address) {
        let mut link: Option<Link> = None;
        while let Some(notices) = self.take() {
            if link.is_none() {
                link = Link::connect(address, Purpose::News).ok();
            }
            let Some(open) = &mut link else {
                // Lost, which costs a poll. Not at once again.
                self.pause();
                continue;
            };
            let payload = payload(&self.name, notices);
            if open
                .query("select pg_notify($1, $2)", &[&CHANNEL, &payload])
                .is_err()
            {
                link = None;
            }
        }
    }

    fn listen(&self, address: &Address) {
        let mut first = true;
        while !self.lock().closed {
            if let Ok(mut link) = listening(address) {
                if !first {
                    // Whatever was said meanwhile.
                    self.here.publish(&missed(&mut link));
                }
                first = false;
                self.hear(&mut link);
            }
            self.pause();
        }
    }

    /// Until the connection is lost or nobody listens any more.
    fn hear(&self, link: &mut Link) {
        while !self.lock().closed {
            let heard = {
                let mut notifications = link.client().notifications();
                let incoming = notifications.timeout_iter(LOOK_UP);
                let incoming = incoming.take_while(|_| Ok(!self.lock().closed));
                incoming.for_each(|notification| {
                    self.tell(notification.payload());
                    Ok(())
                })
            };
            if heard.is_err() || link.client().is_closed() {
                return;
            }
        }
    }

    fn tell(&self, payload: &str) {
        match serde_json::from_str::<Message>(payload) {
            Ok(message) if message.from == self.name => {}
            Ok(message) => self.here.publish(&message.notices),
            // A newer program's: whatever it says, there is something to see.
            Err(_) => self.here.publish(&[Notice::Wake]),
        }
    }

    fn pause(&self) {
        let outbound = self.lock();
        let waiting = |outbound: &mut Outbound| !outbound.closed;
        let waited = self.changed.wait_timeout_while(outbound, BACK_OFF, waiting);
        drop(waited);
    }
}

fn listening(address: &Address) -> Result<Link, RunStoreError> {
    let mut link = Link::connect(address, Purpose::News)?;
    link.say("listen to", &format!("listen {CHANNEL}"))?;
    Ok(link)
}

fn missed(link: &mut Link) -> Vec<Notice> {
    let epoch = link.query("select coalesce(max(epoch), 0) from halt", &[]);
    let epoch = epoch
        .ok()
        .and_then(|rows| rows.first().map(|row| row.get::<_, i64>(0)));
    let halt = epoch.map(|epoch| Notice::Halt {
        epoch: Epoch(epoch as u64),
    });
    halt.into_iter().chain([Notice::Wake]).collect()
}

/// One message. What does not fit becomes a wake-up, and the newest halt.
fn payload(from: &str, notices: Vec<Notice>) -> String {
    let text = |notices| {
        let message = Message {
            from: from.to_owned(),
            notices,
        };
        serde_json::to_string(&message).unwrap_or_default()
    };
    let newest_halt = notices
        .iter()
        .rfind(|notice| matches!(notice, Notice::Halt { .. }))
        .cloned();
    let whole = text(notices);
    if whole.len() <= PAYLOAD {
        return whole;
    }
    text(newest_halt.into_iter().chain([Notice::Wake]).collect())
}

#[cfg(test)]
mod tests {
    use fondaco_domain::RunId;

    use super::*;

    #[test]
    fn what_is_too_much_becomes_a_wake_up_and_the_newest_halt() {
        let sweep = |n: u64| Notice::Sweep {
            run: RunId::new(n, [1; 10]),
        };
        let read = |payload: &str| serde_json::from_str::<Message>(payload).unwrap().notices;
        let few = vec![sweep(1), Notice::Wake];
        assert_eq!(read(&payload("me", few.clone())), few);
        let halt = |n| Notice::Halt { epoch: Epoch(n) };
        let mut many = vec![halt(1)];
        many.extend((0..200).map(sweep));
        many.push(halt(2));
        let sent = payload("me", many);
        assert_eq!(read(&sent), [halt(2), Notice::Wake]);
        assert!(sent.len() < PAYLOAD);
    }
}
