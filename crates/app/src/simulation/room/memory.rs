//! What a room remembers: every call by itself, with what became of it.

use fondaco_contract::v1alpha1::simulation::{
    CallResult, Outlook, RoomDay, RoomMember, ScoredCall, SimDate, Standing,
};
use fondaco_domain::{Symbol, UnixMillis};

/// What each member remembers at most.
const LESSONS: usize = 30;

/// What is known of the calls so far.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Memory {
    /// Those whose outcome was not known before.
    pub(super) scored: Vec<ScoredCall>,
    pub(super) standings: Vec<Standing>,
    /// The newest first.
    pub(super) lessons: Vec<ScoredCall>,
}

/// Open and close of a candle.
pub(super) type Move = (f64, f64);

impl Memory {
    /// Of a room that has no day behind it.
    pub(super) fn none() -> Self {
        Self {
            standings: standings(&[], &[]),
            ..Self::default()
        }
    }

    /// After a step, when its candles have closed: `moved` says how a price
    /// moved from its open to its close, and nothing where it has no candle;
    /// `closed` is when that was known.
    pub(super) fn after(
        date: SimDate,
        day: &RoomDay,
        moved: impl Fn(&Symbol) -> Option<Move>,
        closed: UnixMillis,
    ) -> Self {
        let calls = calls(day).filter(|call| call.outlook != Outlook::Neutral);
        let scored: Vec<ScoredCall> = calls
            .map(|call| {
                let moved = moved(call.ticker);
                ScoredCall {
                    member: call.member,
                    date,
                    ticker: call.ticker.clone(),
                    outlook: call.outlook,
                    confidence: call.confidence,
                    result: result(call.outlook, moved),
                    change_pct: moved.map(|moved| change(moved) * 100.0),
                    known_at_ms: closed.0,
                }
            })
            .collect();
        Self {
            standings: standings(&day.standings, &scored),
            lessons: lessons(&scored, &day.lessons),
            scored,
        }
    }

    /// What a member may be told at a time, the newest first.
    pub(super) fn of(&self, member: RoomMember, clock: UnixMillis) -> Vec<&ScoredCall> {
        let of_member = self.lessons.iter().filter(|call| call.member == member);
        of_member
            .filter(|call| call.known_at_ms <= clock.0)
            .collect()
    }
}

/// Something that was said of a price.
struct Call<'a> {
    member: RoomMember,
    ticker: &'a Symbol,
    outlook: Outlook,
    confidence: u8,
}

/// What the analysts predicted, and what the portfolio manager decided: long is
/// a call for a rise, short one for a fall.
fn calls(day: &RoomDay) -> impl Iterator<Item = Call<'_>> {
    let predicted = day.predictions.iter().flat_map(|of| {
        of.predictions.iter().map(|prediction| Call {
            member: of.member,
            ticker: &prediction.ticker,
            outlook: prediction.outlook,
            confidence: prediction.confidence,
        })
    });
    let decided = day.decisions.iter().map(|decision| Call {
        member: RoomMember::PortfolioManager,
        ticker: &decision.ticker,
        outlook: decision.action.outlook(),
        confidence: decision.confidence,
    });
    predicted.chain(decided)
}

/// `(close − open) / open`
fn change((open, close): Move) -> f64 {
    (close - open) / open
}

fn result(outlook: Outlook, moved: Option<Move>) -> CallResult {
    let Some(moved) = moved.filter(|moved| change(*moved).is_finite()) else {
        return CallResult::Unknown;
    };
    let change = change(moved);
    let right = match outlook {
        Outlook::Up => change > 0.0,
        Outlook::Down => change < 0.0,
        Outlook::Neutral => false,
    };
    if right {
        CallResult::Right
    } else {
        CallResult::Wrong
    }
}

/// Of everybody who makes calls, with those that were just scored.
fn standings(before: &[Standing], scored: &[ScoredCall]) -> Vec<Standing> {
    let callers = RoomMember::ANALYSTS
        .into_iter()
        .chain([RoomMember::PortfolioManager]);
    let standing = |member| {
        let known = before.iter().find(|standing| standing.member == member);
        let mut standing = known.copied().unwrap_or(Standing::new(member));
        for call in scored.iter().filter(|call| call.member == member) {
            let side = match call.outlook {
                Outlook::Up => &mut standing.bull,
                Outlook::Down => &mut standing.bear,
                Outlook::Neutral => continue,
            };
            *side = side.with(call.result);
        }
        standing
    };
    callers.map(standing).collect()
}

/// The newest of each member; calls without an outcome teach nothing.
fn lessons(scored: &[ScoredCall], before: &[ScoredCall]) -> Vec<ScoredCall> {
    let known = scored
        .iter()
        .filter(|call| call.result != CallResult::Unknown);
    let mut counts = [0_usize; RoomMember::ALL.len()];
    let mut keep = |call: &&ScoredCall| {
        let count = &mut counts[call.member as usize];
        *count += 1;
        *count <= LESSONS
    };
    known
        .chain(before)
        .filter(|call| keep(call))
        .cloned()
        .collect()
}
