//! One who reads, at a pace of its own.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;

use bytes::Bytes;
use fondaco_contract::gateway::{SnapshotCause, Subscribe};
use fondaco_domain::run::RunKind;
use fondaco_domain::{ErrorKind, Hint};
use futures::task::AtomicWaker;
use thiserror::Error;

use super::filter::{Filter, FilterError};
use super::frames::event_text;
use super::hub::Hub;
use super::ring::{About, Item, Ring};
use super::tally::Tally;
use crate::ports::runs::RunStoreError;

/// A place in the feed, and what is wanted of it.
///
/// Ask [`Reader::step`] until it says [`Step::Wait`], then wait for
/// [`Reader::changed`]. Each event that passes the filter comes exactly once
/// and in order, but for those that a snapshot with `reset` stands for.
pub struct Reader {
    hub: Arc<Hub>,
    bell: Arc<AtomicWaker>,
    filter: Filter,
    /// All that was asked for, up to this number, was handed out.
    seq: u64,
    at: At,
}

/// What is to be done for a reader next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Send these.
    Frames(Vec<Bytes>),
    /// Call [`Reader::load`], where waiting for the disk is no harm.
    Load,
    /// There is nothing more.
    Wait,
}

/// Why a subscription was not changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refused {
    /// The wish is too large.
    #[error(transparent)]
    Filter(#[from] FilterError),
    /// Numbers never go back.
    #[error("`resume_from` is {asked}, and this connection was told up to {reached}")]
    Passed {
        /// As asked for.
        asked: u64,
        /// Where the connection is.
        reached: u64,
    },
}

impl Hint for Refused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Invalid
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Filter(error) => error.hint(),
            Self::Passed { .. } => Some("connect anew to go back".to_owned()),
        }
    }
}

/// Where a reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// It has not asked for anything: it hears what everybody hears.
    Unplaced { next: u64 },
    /// What it missed is read from the store, so much at most.
    Replaying { left: u64 },
    /// What it missed is in the ring, up to a number.
    CatchingUp { next: u64, until: u64 },
    /// It gets a snapshot, and goes on from a place in the ring where it has
    /// one.
    Due {
        cause: SnapshotCause,
        next: Option<u64>,
    },
    /// It gets all that comes. Frames before `covered` that are no events are
    /// in its snapshot.
    Live { next: u64, covered: u64 },
}

/// Frames of one step at most.
const BATCH: usize = 64;

/// Frames of the ring that one step looks at, at most.
const SCAN: usize = 1_024;

/// Rows that one load reads from the store.
const PAGE: usize = 500;

impl Reader {
    pub(super) fn new(hub: Arc<Hub>, bell: Arc<AtomicWaker>, next: u64) -> Self {
        Self {
            hub,
            bell,
            filter: Filter::nothing(),
            seq: 0,
            at: At::Unplaced { next },
        }
    }

    /// The number up to which it was told all it asked for; 0 before it asked.
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Changes what is wanted. Without `resume_from` the first subscription
    /// begins now, and any other goes on from where it is.
    pub fn subscribe(&mut self, wish: &Subscribe) -> Result<(), Refused> {
        let filter = Filter::of(wish)?;
        match wish.resume_from {
            Some(asked) if asked < self.seq => {
                let reached = self.seq;
                return Err(Refused::Passed { asked, reached });
            }
            Some(asked) => self.go_on_from(asked),
            None => match self.at {
                At::Unplaced { .. } => {
                    self.at = At::Due {
                        cause: SnapshotCause::Subscribed,
                        next: None,
                    }
                }
                At::Due { cause, .. } if cause != SnapshotCause::Resumed => {}
                _ => self.go_on_from(self.seq),
            },
        }
        self.filter = filter;
        Ok(())
    }

    /// Nothing more is wanted; its place moves on.
    pub fn unsubscribe(&mut self) {
        self.filter = Filter::nothing();
    }

    /// What is to be done next. Never waits.
    pub fn step(&mut self) -> Step {
        loop {
            match self.at {
                At::Replaying { .. } | At::Due { .. } => return Step::Load,
                At::Unplaced { .. } | At::CatchingUp { .. } | At::Live { .. } => {}
            }
            let hub = Arc::clone(&self.hub);
            let mut frames = Vec::new();
            let moved = hub.with_ring(|ring| self.take(ring, &mut frames));
            if !frames.is_empty() {
                self.count(&frames);
                return Step::Frames(frames);
            }
            if !moved {
                return Step::Wait;
            }
        }
    }

    /// Reads from the store what comes next.
    pub fn load(&mut self) -> Result<Vec<Bytes>, RunStoreError> {
        let frames = match self.at {
            At::Replaying { left } => self.replay(left)?,
            At::Due { cause, next } => vec![self.snapshot(cause, next)?],
            At::Unplaced { .. } | At::CatchingUp { .. } | At::Live { .. } => Vec::new(),
        };
        self.count(&frames);
        Ok(frames)
    }

    /// Until [`Reader::step`] has something else to say than to wait.
    pub async fn changed(&self) {
        poll_fn(|context| {
            self.bell.register(context.waker());
            if self.has_news() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    fn has_news(&self) -> bool {
        match self.at {
            At::Unplaced { next } | At::Live { next, .. } => {
                self.hub.with_ring(|ring| ring.end() != next)
            }
            At::Replaying { .. } | At::CatchingUp { .. } | At::Due { .. } => true,
        }
    }

    /// Takes what comes next out of the ring. Whether it moved at all.
    fn take(&mut self, ring: &Ring, frames: &mut Vec<Bytes>) -> bool {
        match self.at {
            At::Unplaced { next } => self.take_unplaced(ring, next, frames),
            At::CatchingUp { next, until } => self.take_missed(ring, next, until, frames),
            At::Live { next, covered } => self.take_live(ring, next, covered, frames),
            At::Replaying { .. } | At::Due { .. } => false,
        }
    }

    fn take_unplaced(&mut self, ring: &Ring, mut next: u64, frames: &mut Vec<Bytes>) -> bool {
        let start = next;
        match ring.read(next) {
            Ok(items) => {
                for item in items.take(SCAN) {
                    next += 1;
                    if let About::Everybody { unplaced } | About::Room { unplaced, .. } =
                        &item.about
                    {
                        frames.push(unplaced.clone());
                    }
                }
            }
            // It never asked for a place: what everybody heard is over.
            Err(_) => next = ring.end(),
        }
        self.at = At::Unplaced { next };
        next != start
    }

    fn take_missed(
        &mut self,
        ring: &Ring,
        mut next: u64,
        until: u64,
        frames: &mut Vec<Bytes>,
    ) -> bool {
        let Ok(items) = ring.read(next) else {
            let left = self.hub.settings.replay;
            self.at = At::Replaying { left };
            return true;
        };
        for item in items.take(SCAN) {
            if frames.len() == BATCH || item.seq > until {
                break;
            }
            next += 1;
            if matches!(item.about, About::Event { .. } | About::Room { .. }) && self.wants(item) {
                frames.push(item.text.clone());
            }
            self.seq = self.seq.max(item.told());
        }
        let over = ring.read(next).is_ok_and(|mut rest| {
            let following = rest.next();
            following.is_none_or(|item| item.seq > until)
        });
        self.at = if over {
            self.seq = self.seq.max(until);
            At::Due {
                cause: SnapshotCause::Resumed,
                next: Some(next),
            }
        } else {
            At::CatchingUp { next, until }
        };
        true
    }

    fn take_live(
        &mut self,
        ring: &Ring,
        mut next: u64,
        covered: u64,
        frames: &mut Vec<Bytes>,
    ) -> bool {
        let start = next;
        let Ok(items) = ring.read(next) else {
            Tally::count(&self.hub.tally.slow, 1);
            self.at = At::Due {
                cause: SnapshotCause::Slow,
                next: None,
            };
            return true;
        };
        for item in items.take(SCAN) {
            if frames.len() == BATCH {
                break;
            }
            let known =
                next < covered && matches!(item.about, About::Run { .. } | About::Subscribers);
            if !known && self.wants(item) {
                frames.push(item.text.clone());
            }
            self.seq = self.seq.max(item.told());
            next += 1;
        }
        self.at = At::Live { next, covered };
        next != start
    }

    fn wants(&self, item: &Item) -> bool {
        match &item.about {
            About::Event { run, kind } => self.filter.passes(*run, *kind),
            About::Run { run, kind } => self.filter.passes(*run, Some(*kind)),
            About::Room { run, .. } => self.filter.passes(*run, Some(RunKind::Simulation)),
            About::Subscribers => !self.filter.is_nothing(),
            About::Everybody { .. } => true,
        }
    }

    /// What came after a number, from the ring where it is there.
    fn go_on_from(&mut self, seq: u64) {
        let found = self.hub.with_ring(|ring| {
            let next = ring.place_after(seq)?;
            Some((next, ring.head()))
        });
        self.seq = seq;
        let left = self.hub.settings.replay;
        self.at = found.map_or(At::Replaying { left }, |(next, until)| At::CatchingUp {
            next,
            until,
        });
    }

    /// A page of what was missed, from the store.
    fn replay(&mut self, left: u64) -> Result<Vec<Bytes>, RunStoreError> {
        let mut head = self.hub.head();
        if self.seq > head {
            // Another gateway may be ahead of this one by a moment.
            self.hub.look()?;
            head = self.hub.head();
        }
        if self.seq > head {
            // A number of another store: nothing of this one was told yet.
            self.seq = 0;
            return Ok(self.too_old());
        }
        if head - self.seq > left {
            return Ok(self.too_old());
        }
        let rows = self.hub.store.feed(self.seq, PAGE)?;
        let mut frames = Vec::new();
        let mut reached = if rows.len() < PAGE { head } else { self.seq };
        for row in &rows {
            let kind = self.hub.kind_of(row.run)?;
            if self.filter.passes(row.run, kind) {
                let rooms = self.hub.room_items(row, kind)?;
                frames.extend(rooms.into_iter().map(|item| item.text));
                frames.push(event_text(row));
            }
            reached = reached.max(row.no);
        }
        Tally::count(&self.hub.tally.replayed, frames.len());
        self.seq = reached;
        self.at = At::Replaying {
            // What is written meanwhile is not let to keep it here for ever.
            left: left.saturating_sub(rows.len() as u64 / 2),
        };
        let here = |ring: &Ring| Some((ring.place_after(reached)?, ring.head()));
        if let Some((next, until)) = self.hub.with_ring(here) {
            self.at = At::CatchingUp { next, until };
        }
        Ok(frames)
    }

    fn too_old(&mut self) -> Vec<Bytes> {
        Tally::count(&self.hub.tally.too_old, 1);
        self.at = At::Due {
            cause: SnapshotCause::TooOld,
            next: None,
        };
        Vec::new()
    }

    fn snapshot(
        &mut self,
        cause: SnapshotCause,
        next: Option<u64>,
    ) -> Result<Bytes, RunStoreError> {
        let at = next.map(|_| self.seq);
        let shot = self.hub.shot(&self.filter, cause, (self.seq, at))?;
        self.seq = shot.seq;
        self.at = At::Live {
            next: next.unwrap_or(shot.end),
            covered: shot.end,
        };
        Ok(shot.text)
    }

    fn count(&self, frames: &[Bytes]) {
        let tally = &self.hub.tally;
        Tally::count(&tally.frames, frames.len());
        Tally::count(&tally.bytes, frames.iter().map(Bytes::len).sum());
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.hub.tally.readers.fetch_sub(1, Ordering::AcqRel);
    }
}
