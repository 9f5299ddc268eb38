//! How a trading room stands, as far as anything knows.

use fondaco_contract::gateway::{FeedEntry, InitialState, MarketStatus};
use fondaco_domain::UnixMicros;
use fondaco_domain::calendar::Calendar;
use fondaco_domain::halt::Halt;
use fondaco_domain::time::UnixMillis;

use super::frames::halt_sentence;
use crate::ports::Store;
use crate::ports::machine::Machine;
use crate::ports::records::{Record, RecordKind, TrailQuery};
use crate::ports::runs::RunStoreError;

/// Entries of the history at most.
const HISTORY: usize = 200;

const HOUR: i64 = 3_600_000;

/// All that a dashboard shows first. Of rooms there is nothing yet: what is
/// known are halts, for the history, and the hours of the market.
pub fn initial_state(
    store: &dyn Store,
    machine: &dyn Machine,
) -> Result<InitialState, RunStoreError> {
    let trail = store.trail(&TrailQuery {
        kind: Some(RecordKind::Halt),
        limit: Some(HISTORY),
        ..TrailQuery::default()
    })?;
    Ok(InitialState {
        feed_history: trail.iter().filter_map(entry).collect::<Result<_, _>>()?,
        ..InitialState::stopped(market_status(machine.wall()))
    })
}

/// What a latch became; nothing where the record was removed.
fn entry(record: &Record) -> Option<Result<FeedEntry, RunStoreError>> {
    let body = record.body.as_ref()?;
    let halt: Result<Halt, _> = serde_json::from_str(body);
    let entry = halt.map(|halt| FeedEntry::System {
        content: halt_sentence(&halt),
        timestamp: record.at.to_string(),
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
