//! How a trading room stands, as far as anything knows.

use std::collections::VecDeque;
use std::sync::Arc;

use fondaco_contract::gateway::{
    FeedEntry, InitialState, MarketStatus, RoomEvent, RoomFrame, ServerMode,
};
use fondaco_domain::UnixMicros;
use fondaco_domain::calendar::Calendar;
use fondaco_domain::halt::Halt;
use fondaco_domain::run::{Recorded, Run, RunKind};
use fondaco_domain::time::UnixMillis;

use super::frames::halt_sentence;
use super::rooms::{Boards, Room, Rooms};
use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::records::{Record, RecordKind, TrailQuery};
use crate::ports::runs::{RunQuery, RunStoreError};
use crate::projections::Board;

/// Entries of the history at most.
const HISTORY: usize = 200;

const HOUR: i64 = 3_600_000;

/// Simulations that are looked through for a room.
const RECENT: usize = 20;

/// Events of a room that are looked through for what was said.
const EVENTS: usize = 1_000;

/// All that a dashboard shows first: of the newest room there is, of halts and
/// of the hours of the market. Of a room with several teams it is the first
/// one.
pub fn initial_state(
    store: &dyn Store,
    machine: &dyn Machine,
) -> Result<InitialState, RunStoreError> {
    let trail = store.trail(&TrailQuery {
        kind: Some(RecordKind::Halt),
        limit: Some(HISTORY),
        ..TrailQuery::default()
    })?;
    let halts = trail.iter().filter_map(entry);
    let mut told = halts.collect::<Result<Vec<Told>, RunStoreError>>()?;
    let mut state = InitialState::stopped(market_status(machine.wall()));
    let rooms = Rooms::default();
    if let Some((run, room)) = newest(store, &rooms)? {
        told.extend(history(store, &rooms, &run)?);
        show(&mut state, &run, &room, room.board(store, 0)?);
    }
    // Stable: what has one time stays in its order.
    told.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    told.truncate(HISTORY);
    state.feed_history = told.into_iter().map(|(_, entry)| entry).collect();
    Ok(state)
}

/// Something that was told, and when.
type Told = (UnixMicros, FeedEntry);

/// The newest room that trades, else the newest there is.
fn newest(store: &dyn Store, rooms: &Rooms) -> Result<Option<(Run, Arc<Room>)>, RunStoreError> {
    let recent = store.runs(&RunQuery {
        kind: Some(RunKind::Simulation),
        limit: Some(RECENT),
        ..RunQuery::default()
    })?;
    let mut found = None;
    for run in recent {
        let Some(room) = rooms.room(store, run.id)? else {
            continue;
        };
        let ended = run.state.is_terminal();
        if !ended {
            return Ok(Some((run, room)));
        }
        found.get_or_insert((run, room));
    }
    Ok(found)
}

/// What was told of a room lately, the newest first.
fn history(store: &dyn Store, rooms: &Rooms, run: &Run) -> Result<Vec<Told>, RunStoreError> {
    let mut after = 0;
    let mut events: VecDeque<Recorded> = VecDeque::new();
    loop {
        let page = store.events(run.id, after, EVENTS)?;
        after = page.last().map_or(after, |event| event.seq);
        let full = page.len() == EVENTS;
        events.extend(page);
        while events.len() > EVENTS {
            events.pop_front();
        }
        if !full {
            break;
        }
    }
    let mut told = Vec::new();
    let mut boards = Boards::Whole;
    for event in events.iter().rev() {
        if told.len() >= HISTORY {
            break;
        }
        let frames = rooms.frames(store, run.id, event, boards)?;
        let is_board = |it: &RoomFrame| matches!(it.event, RoomEvent::TeamSummary(_));
        if frames.iter().any(is_board) {
            // How it stood earlier is of no use to who comes now.
            boards = Boards::Words;
        }
        let kept = frames.into_iter().rev().filter(|it| it.event.is_kept());
        told.extend(kept.map(|frame| (event.at, FeedEntry::Room(Box::new(frame)))));
    }
    Ok(told)
}

fn show(state: &mut InitialState, run: &Run, room: &Room, board: Option<Board>) {
    state.is_backtest = true;
    if !run.state.is_terminal() {
        state.server_mode = ServerMode::Backtest;
        // Past days are gone over: their market is open.
        state.market_status.status = Some(MarketStatus::Open);
    }
    state.trading_days_total = room.job.dates.len() as u32;
    let Some(board) = board else {
        return;
    };
    state.trading_days_completed = board.days as u32;
    state.current_date = board.date;
    state.holdings.clone_from(&board.files.holdings);
    state.trades.clone_from(&board.files.trades);
    state.stats.clone_from(&board.files.stats);
    state.leaderboard.clone_from(&board.files.leaderboard);
    state.portfolio = board.portfolio;
    state.realtime_prices = board.prices;
    state.dashboard = board.files;
}

/// What a latch became; nothing where the record was removed.
fn entry(record: &Record) -> Option<Result<Told, RunStoreError>> {
    let body = record.body.as_ref()?;
    let halt: Result<Halt, _> = serde_json::from_str(body);
    let entry = halt.map(|halt| {
        let told = FeedEntry::System {
            content: halt_sentence(&halt),
            timestamp: record.at.to_string(),
        };
        (record.at, told)
    });
    let damaged = |error| {
        let name = &record.name;
        RunStoreError::Damaged(format!("record {} of halt `{name}`: {error}", record.no))
    };
    Some(entry.map_err(damaged))
}

/// Of the New York exchanges, at an instant: before the session from 04:00 on,
/// after it for four hours. Nothing in years whose holidays are not known.
pub(super) fn market_status(at: UnixMicros) -> Option<MarketStatus> {
    let calendar = Calendar::UsEquities;
    let now = UnixMillis(at.0.div_euclid(1_000));
    // New York is behind UTC: its day is this one or the one before.
    let (today, yesterday) = (now.date(), now.plus(-24 * HOUR).date());
    if !calendar.covers(today) || !calendar.covers(yesterday) {
        return None;
    }
    let spans = calendar
        .sessions(yesterday, today)
        .flat_map(|day| day.spans);
    let status = spans.filter_map(|(open, close)| {
        if (open..close).contains(&now) {
            Some(MarketStatus::Open)
        } else if (open.plus(-11 * HOUR / 2)..open).contains(&now) {
            Some(MarketStatus::Premarket)
        } else if (close..close.plus(4 * HOUR)).contains(&now) {
            Some(MarketStatus::Afterhours)
        } else {
            None
        }
    });
    Some(status.last().unwrap_or(MarketStatus::Closed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hours_of_new_york() {
        use MarketStatus::{Afterhours, Closed, Open, Premarket};
        for (at, status) in [
            // A Wednesday in summer: New York is four hours behind.
            ("2025-07-02T07:59:59Z", Some(Closed)),
            ("2025-07-02T08:00:00Z", Some(Premarket)),
            ("2025-07-02T13:29:59Z", Some(Premarket)),
            ("2025-07-02T13:30:00Z", Some(Open)),
            ("2025-07-02T20:00:00Z", Some(Afterhours)),
            ("2025-07-03T00:00:00Z", Some(Closed)),
            // The eve of Independence Day ends at 13:00.
            ("2025-07-03T17:00:00Z", Some(Afterhours)),
            ("2025-07-03T21:00:00Z", Some(Closed)),
            ("2025-07-04T15:00:00Z", Some(Closed)),
            // Winter: five hours behind; afterhours end on the next day of UTC.
            ("2025-12-03T14:30:00Z", Some(Open)),
            ("2025-12-04T00:59:59Z", Some(Afterhours)),
            ("2025-12-04T01:00:00Z", Some(Closed)),
            ("2025-12-06T15:00:00Z", Some(Closed)),
            ("2031-06-02T15:00:00Z", None),
        ] {
            assert_eq!(market_status(at.parse().unwrap()), status, "{at}");
        }
    }
}
