//! From the store to the ring.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use fondaco_contract::gateway::{MarketState, MarketStatus, RoomFrame, ServerMessage};
use fondaco_contract::http::RunView;
use fondaco_domain::RunId;
use fondaco_domain::run::{Event, RunKind};

use super::frames::{event, frame, halt_sentence, to_everybody};
use super::hub::Hub;
use super::ring::{About, Item};
use super::room::market_status;
use super::rooms::Boards;
use super::tally::Tally;
use crate::halts::{self, Status};
use crate::ports::runs::{FeedRow, Notice, Notices, RunStoreError};

/// What the one who follows remembers between two looks.
#[derive(Default)]
pub(super) struct Follower {
    /// Runs that changed, and how many of their events that counts.
    changed: BTreeMap<RunId, u64>,
    /// Whether one of them changed its state.
    urgent: bool,
    runs_told: Duration,
    halts: Option<Status>,
    halts_seen: Duration,
    halts_changed: bool,
    market: Option<MarketStatus>,
    busy_until: Duration,
}

/// How runs stand is told so often, unless their state changed.
const RUNS_EVERY: Duration = Duration::from_millis(100);

/// Runs that one look tells of at most; the others follow with the next.
const RUNS: usize = 64;

/// Acknowledgements of halts are no notices: they are looked for.
const HALTS_EVERY: Duration = Duration::from_secs(1);

/// After the last event, looks stay frequent for so long.
const BUSY: Duration = Duration::from_secs(2);

/// Between two looks where the store does not answer.
const RETRY: Duration = Duration::from_millis(500);

/// While nobody reads; whoever comes rings.
const PARK: Duration = Duration::from_mins(1);

/// Notices that are one look at most.
const BURST: usize = 256;

impl Hub {
    /// Follows the feed until [`Hub::stop`]. A store that fails is looked at
    /// again, and readers are told.
    pub fn follow(&self) {
        let mut notices = None;
        while !self.is_stopped() {
            if !self.is_read() {
                notices = None;
                self.attention.wait(PARK);
                continue;
            }
            if notices.is_none() {
                notices = self.store.subscribe().ok();
            }
            let looked = self.look();
            let rest = self.after_look(looked);
            self.attention.wait(self.settings.gap);
            match &mut notices {
                Some(notices) => self.listen(&mut **notices, rest),
                None => {
                    self.attention.wait(rest);
                }
            }
        }
    }

    /// Begins near the newest number, where nobody has looked for long.
    pub(super) fn catch_up(&self, follower: &mut Follower) -> Result<(), RunStoreError> {
        let end = self.store.feed_end()?;
        if end.saturating_sub(self.head()) > self.settings.warm {
            self.restart(end - self.settings.warm);
        }
        *follower = Follower::default();
        self.look_with(follower)
    }

    pub(super) fn look_with(&self, follower: &mut Follower) -> Result<(), RunStoreError> {
        let mut batch = Batch {
            head: self.head(),
            items: Vec::new(),
        };
        let looked = self.gather(follower, &mut batch);
        // Also where something failed: what was read is true.
        self.publish(batch.items);
        looked
    }

    fn gather(&self, follower: &mut Follower, batch: &mut Batch) -> Result<(), RunStoreError> {
        loop {
            let rows = self.store.feed(batch.head, self.settings.page)?;
            let last = rows.len() < self.settings.page;
            for row in &rows {
                self.gather_event(follower, batch, row)?;
            }
            if let Some(newest) = rows.last() {
                self.measure(follower, newest);
            }
            if last {
                break;
            }
            self.publish(std::mem::take(&mut batch.items));
        }
        self.gather_runs(follower, batch)?;
        self.gather_halts(follower, batch)?;
        self.gather_market(follower, batch);
        Ok(())
    }

    fn gather_event(
        &self,
        follower: &mut Follower,
        batch: &mut Batch,
        row: &FeedRow,
    ) -> Result<(), RunStoreError> {
        let happened = &row.event.event;
        if let Event::Submitted { new, .. } = happened {
            self.remember(row.run, new.kind);
        }
        let kind = self.kind_of(row.run)?;
        batch.items.extend(self.room_items(row, kind)?);
        batch.items.push(event(row, kind));
        batch.head = row.no;
        if shows_in_run(happened) {
            follower.changed.insert(row.run, row.event.seq);
            follower.urgent |= happened.task().is_none();
        }
        Ok(())
    }

    /// What a row means for the room that it happens in.
    pub(super) fn room_items(
        &self,
        row: &FeedRow,
        kind: Option<RunKind>,
    ) -> Result<Vec<Item>, RunStoreError> {
        if kind != Some(RunKind::Simulation) {
            return Ok(Vec::new());
        }
        let frames = self
            .rooms
            .frames(&*self.store, row.run, &row.event, Boards::Whole)?;
        let item = |room: RoomFrame| {
            let message = ServerMessage::Room(room);
            Item {
                seq: row.no,
                text: frame(row.no.saturating_sub(1), message.clone()),
                about: About::Room {
                    run: row.run,
                    unplaced: frame(0, message),
                },
            }
        };
        Ok(frames.into_iter().map(item).collect())
    }

    /// How the runs stand that changed: once each, however much happened.
    fn gather_runs(&self, follower: &mut Follower, batch: &mut Batch) -> Result<(), RunStoreError> {
        let now = self.machine.monotonic();
        let due = follower.urgent || now.saturating_sub(follower.runs_told) >= RUNS_EVERY;
        if follower.changed.is_empty() || !due {
            return Ok(());
        }
        follower.runs_told = now;
        let some: Vec<RunId> = follower.changed.keys().copied().take(RUNS).collect();
        for id in some {
            match self.store.run(id) {
                Ok(run) => batch.items.push(Item {
                    seq: batch.head,
                    about: About::Run {
                        run: id,
                        kind: run.new.kind,
                    },
                    text: frame(
                        batch.head,
                        ServerMessage::Run {
                            run_seq: follower.changed.get(&id).copied().unwrap_or(0),
                            run: RunView::from(&run),
                        },
                    ),
                }),
                Err(RunStoreError::NoRun(_)) => {}
                Err(error) => return Err(error),
            }
            follower.changed.remove(&id);
        }
        follower.urgent &= !follower.changed.is_empty();
        Ok(())
    }

    fn gather_halts(
        &self,
        follower: &mut Follower,
        batch: &mut Batch,
    ) -> Result<(), RunStoreError> {
        let now = self.machine.monotonic();
        let due = now.saturating_sub(follower.halts_seen) >= HALTS_EVERY;
        if follower.halts.is_some() && !due && !follower.halts_changed {
            return Ok(());
        }
        let status = halts::status(&*self.store)?;
        follower.halts_seen = now;
        follower.halts_changed = false;
        let before = follower.halts.replace(status.clone());
        // Nobody is told at the first look: readers begin with a snapshot.
        let Some(before) = before.filter(|before| *before != status) else {
            return Ok(());
        };
        let seq = batch.head;
        let changed = status
            .latches
            .iter()
            .map(|latch| &latch.halt)
            .filter(|halt| halt.epoch > before.epoch);
        let sentences = changed.map(|halt| {
            let content = halt_sentence(halt);
            to_everybody(seq, ServerMessage::System { content })
        });
        batch.items.extend(sentences);
        let halts = (&status).into();
        batch.items.push(Item {
            seq,
            about: About::Subscribers,
            text: frame(seq, ServerMessage::Halts { halts }),
        });
        Ok(())
    }

    fn gather_market(&self, follower: &mut Follower, batch: &mut Batch) {
        let status = market_status(self.machine.wall());
        let before = std::mem::replace(&mut follower.market, status);
        if before.is_some() && before != status {
            let market_status = MarketState { status };
            let message = ServerMessage::MarketStatusUpdate { market_status };
            batch.items.push(to_everybody(batch.head, message));
        }
    }

    fn measure(&self, follower: &mut Follower, newest: &FeedRow) {
        let lag = self.machine.wall().0.saturating_sub(newest.event.at.0);
        self.tally.lag_micros.store(lag, Ordering::Relaxed);
        follower.busy_until = self.machine.monotonic() + BUSY;
    }

    /// How long to wait for a notice.
    fn after_look(&self, looked: Result<(), RunStoreError>) -> Duration {
        let failed_before = self.failure().is_some();
        match looked {
            Ok(()) => {
                if failed_before {
                    self.set_failure(None);
                    self.say("the store of runs answers again");
                }
                let follower = self.follower();
                let busy = self.machine.monotonic() < follower.busy_until;
                if busy || !follower.changed.is_empty() {
                    self.settings.busy
                } else {
                    self.settings.idle
                }
            }
            Err(error) => {
                Tally::count(&self.tally.failures, 1);
                self.set_failure(Some(error.to_string()));
                if !failed_before {
                    self.say("the store of runs does not answer; events follow when it does");
                }
                RETRY
            }
        }
    }

    fn say(&self, content: &str) {
        let content = content.to_owned();
        let message = ServerMessage::System { content };
        self.publish(vec![to_everybody(self.head(), message)]);
    }

    /// Waits for a notice; a burst of them is one look.
    fn listen(&self, notices: &mut dyn Notices, rest: Duration) {
        let mut notice = notices.wait(rest);
        for _ in 0..BURST {
            match notice {
                None => return,
                Some(Notice::Halt { .. }) => self.follower().halts_changed = true,
                Some(_) => {}
            }
            notice = notices.wait(Duration::ZERO);
        }
    }
}

/// What one look found.
struct Batch {
    head: u64,
    items: Vec<Item>,
}

/// Whether a run looks different after an event.
fn shows_in_run(event: &Event) -> bool {
    !matches!(
        event,
        Event::TaskNeedEnded { .. }
            | Event::TaskAdopted { .. }
            | Event::TaskEscalated { .. }
            | Event::LateResult { .. }
    )
}
