//! The newest frames, in order.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use fondaco_domain::RunId;
use fondaco_domain::run::RunKind;

/// A frame, written once for all who read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The number it has, or as of which it is true.
    pub seq: u64,
    /// Who wants it.
    pub about: About,
    /// The frame.
    pub text: Bytes,
}

/// Who wants a frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum About {
    /// A row of the feed: who asked for the run.
    Event {
        /// The run.
        run: RunId,
        /// Its kind, while it is there.
        kind: Option<RunKind>,
    },
    /// How a run stands: who asked for the run.
    Run {
        /// The run.
        run: RunId,
        /// Its kind.
        kind: RunKind,
    },
    /// What an event means for a room, before that event: who asked for the
    /// run, and with the same frame those who have not asked for anything yet.
    /// A reader has been told up to the event before it.
    Room {
        /// The run.
        run: RunId,
        /// That frame, with 0 for its number.
        unplaced: Bytes,
    },
    /// Who asked for anything.
    Subscribers,
    /// Everybody. With the same frame for those who have not asked for
    /// anything yet and have no place in the feed.
    Everybody {
        /// That frame, with 0 for its number.
        unplaced: Bytes,
    },
}

/// How much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Frames.
    pub items: usize,
    /// Bytes of all of them; the newest is kept however long it is.
    pub bytes: usize,
}

/// The end of the ring has passed the reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lost;

/// The newest frames in the order of their numbers, without a gap: every row of
/// the feed after [`Ring::base`] and up to [`Ring::head`].
///
/// A place in it is a count of frames since the beginning, so that it stays the
/// same while the oldest go.
#[derive(Debug)]
pub struct Ring {
    bounds: Bounds,
    items: VecDeque<Arc<Item>>,
    bytes: usize,
    /// The place of the first item kept.
    first: u64,
    base: u64,
    head: u64,
}

impl Item {
    /// The number up to which a reader has been told that was given it.
    pub(super) fn told(&self) -> u64 {
        match self.about {
            About::Room { .. } => self.seq.saturating_sub(1),
            _ => self.seq,
        }
    }
}

impl Ring {
    /// Empty, to be filled with what comes after a number.
    pub fn after(head: u64, bounds: Bounds) -> Self {
        Self {
            bounds,
            items: VecDeque::new(),
            bytes: 0,
            first: 0,
            base: head,
            head,
        }
    }

    /// Forgets everything and goes on after a number: whoever reads is lost.
    pub fn restart(&mut self, head: u64) {
        // One place is skipped, so that no reader's is the end of the new one.
        self.first = self.end() + 1;
        self.items.clear();
        self.bytes = 0;
        self.base = head;
        self.head = head;
    }

    /// The number after which every row is here.
    pub fn base(&self) -> u64 {
        self.base
    }

    /// The newest number.
    pub fn head(&self) -> u64 {
        self.head
    }

    /// The place after the newest frame.
    pub fn end(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    /// The place of the first frame after a number, unless some after it are
    /// gone or it is not reached yet.
    pub fn place_after(&self, seq: u64) -> Option<u64> {
        let known = (self.base..=self.head).contains(&seq);
        let passed = || self.items.partition_point(|item| item.seq <= seq);
        known.then(|| self.first + passed() as u64)
    }

    /// Adds a frame; its number is not below that of the one before.
    pub fn push(&mut self, item: Item) {
        self.head = self.head.max(item.seq);
        self.bytes += item.text.len();
        self.items.push_back(Arc::new(item));
        while self.items.len() > self.bounds.items
            || (self.bytes > self.bounds.bytes && self.items.len() > 1)
        {
            let Some(gone) = self.items.pop_front() else {
                break;
            };
            self.first += 1;
            self.bytes -= gone.text.len();
            self.base = self.base.max(gone.seq);
        }
    }

    /// The frames from a place on.
    pub fn read(&self, place: u64) -> Result<impl Iterator<Item = &Arc<Item>>, Lost> {
        let skip = place.checked_sub(self.first).ok_or(Lost)?;
        let skip = usize::try_from(skip).map_err(|_| Lost)?;
        Ok(self.items.iter().skip(skip))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn item(seq: u64, bytes: usize) -> Item {
        Item {
            seq,
            about: About::Subscribers,
            text: Bytes::from(vec![b'x'; bytes]),
        }
    }

    /// Numbers that never fall, with how long each frame is.
    fn items() -> impl Strategy<Value = Vec<(u64, usize)>> {
        proptest::collection::vec((0_u64..3, 0_usize..40), 1..60).prop_map(|steps| {
            let mut seq = 7;
            let grow = |(step, bytes)| {
                seq += step;
                (seq, bytes)
            };
            steps.into_iter().map(grow).collect()
        })
    }

    proptest! {
        /// Against a list of everything that was ever pushed.
        #[test]
        fn from_any_number_and_place_the_rest_is_whole_or_lost(
            items in items(),
            bounds in (1_usize..20, 1_usize..300),
        ) {
            let bounds = Bounds { items: bounds.0, bytes: bounds.1 };
            let mut ring = Ring::after(7, bounds);
            for (count, (seq, bytes)) in items.iter().enumerate() {
                ring.push(item(*seq, *bytes));
                let all = &items[..=count];
                let kept = ring.read(ring.first).unwrap().count();
                prop_assert!(kept >= 1 && kept <= bounds.items);
                let weight: usize = all[all.len() - kept..].iter().map(|item| item.1).sum();
                prop_assert!(kept == 1 || weight <= bounds.bytes);
                prop_assert_eq!(ring.head(), *seq);
                for place in 0..=all.len() as u64 {
                    let rest = ring.read(place).map(|rest| rest.map(|item| item.seq).collect());
                    let whole: Vec<u64> = all[place as usize..].iter().map(|item| item.0).collect();
                    let gone = place < (all.len() - kept) as u64;
                    prop_assert_eq!(rest, if gone { Err(Lost) } else { Ok(whole) });
                }
                for from in 0..=seq + 2 {
                    let rest = ring.place_after(from).map(|place| {
                        let rest = ring.read(place).unwrap();
                        rest.map(|item| item.seq).collect::<Vec<_>>()
                    });
                    let whole: Vec<u64> =
                        all.iter().map(|item| item.0).filter(|seq| *seq > from).collect();
                    match rest {
                        Some(rest) => prop_assert_eq!(rest, whole),
                        // Not reached yet, before the beginning, or some of it is gone.
                        None => prop_assert!(from > *seq || from < 7 || from < ring.base()),
                    }
                }
            }
        }
    }

    #[test]
    fn after_a_restart_every_place_is_lost() {
        let bounds = Bounds {
            items: 4,
            bytes: 100,
        };
        let mut ring = Ring::after(0, bounds);
        ring.push(item(1, 1));
        let end = ring.end();
        ring.restart(50);
        assert!((0..=end).all(|place| ring.read(place).is_err()));
        assert_eq!((ring.base(), ring.head()), (50, 50));
        assert_eq!(ring.place_after(50), Some(ring.end()));
        assert_eq!(ring.place_after(49), None);
    }
}
