//! Calls, scored one by one.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::simulation::{
    CallResult, CallTally, MemberPredictions, Outlook, Prediction, RoomAction, RoomDay,
    RoomDecision, RoomMember, SimDate, Standing,
};
use fondaco_domain::{Symbol, UnixMillis};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::super::memory::{Memory, Move};

const TECHNICAL: RoomMember = RoomMember::TechnicalAnalyst;
const VALUATION: RoomMember = RoomMember::ValuationAnalyst;
const MANAGER: RoomMember = RoomMember::PortfolioManager;

fn date() -> SimDate {
    "2025-03-03".parse().unwrap()
}

fn closed() -> UnixMillis {
    date().open().plus(86_400_000)
}

fn said(member: RoomMember, calls: &[(&str, Outlook)]) -> MemberPredictions {
    let prediction = |(ticker, outlook): &(&str, Outlook)| Prediction {
        ticker: ticker.parse().unwrap(),
        outlook: *outlook,
        confidence: 60,
    };
    MemberPredictions {
        member,
        predictions: calls.iter().map(prediction).collect(),
    }
}

fn decided(ticker: &str, action: RoomAction) -> RoomDecision {
    RoomDecision {
        ticker: ticker.parse().unwrap(),
        action,
        quantity: Decimal::ONE,
        confidence: 80,
        reasoning: "so".to_owned(),
    }
}

/// A day on which the prices moved so.
fn after(day: &RoomDay, moves: &[(&str, Move)]) -> Memory {
    let moves: BTreeMap<Symbol, Move> = moves
        .iter()
        .map(|(ticker, moved)| (ticker.parse().unwrap(), *moved))
        .collect();
    Memory::after(date(), day, |symbol| moves.get(symbol).copied(), closed())
}

fn results(memory: &Memory, member: RoomMember) -> Vec<(&str, CallResult)> {
    let calls = memory.scored.iter().filter(|call| call.member == member);
    calls
        .map(|call| (call.ticker.as_str(), call.result))
        .collect()
}

#[test]
fn a_call_is_right_when_the_price_went_there() {
    use CallResult::{Right, Unknown, Wrong};
    for (outlook, moved, result) in [
        (Outlook::Up, Some((100.0, 100.1)), Right),
        (Outlook::Up, Some((100.0, 99.9)), Wrong),
        (Outlook::Down, Some((100.0, 99.9)), Right),
        (Outlook::Down, Some((100.0, 100.1)), Wrong),
        // A price that stayed went nowhere.
        (Outlook::Up, Some((100.0, 100.0)), Wrong),
        (Outlook::Down, Some((100.0, 100.0)), Wrong),
        (Outlook::Up, None, Unknown),
        (Outlook::Up, Some((0.0, 1.0)), Unknown),
    ] {
        let day = RoomDay {
            predictions: vec![said(TECHNICAL, &[("A", outlook)])],
            ..RoomDay::default()
        };
        let moves: Vec<_> = moved.map(|moved| ("A", moved)).into_iter().collect();
        let memory = after(&day, &moves);
        assert_eq!(
            results(&memory, TECHNICAL),
            [("A", result)],
            "{outlook:?} {moved:?}"
        );
    }
}

/// Whoever was right on a day on which the team lost is told that it was
/// right.
#[test]
fn each_is_taught_by_its_own_calls() {
    let day = RoomDay {
        predictions: vec![
            said(TECHNICAL, &[("A", Outlook::Down), ("B", Outlook::Up)]),
            said(VALUATION, &[("A", Outlook::Up), ("B", Outlook::Neutral)]),
        ],
        // The team bought what fell, and lost.
        decisions: vec![
            decided("A", RoomAction::Long),
            decided("B", RoomAction::Hold),
        ],
        ..RoomDay::default()
    };
    let memory = after(&day, &[("A", (100.0, 80.0)), ("B", (10.0, 11.0))]);
    let right = CallResult::Right;
    assert_eq!(results(&memory, TECHNICAL), [("A", right), ("B", right)]);
    assert_eq!(results(&memory, VALUATION), [("A", CallResult::Wrong)]);
    assert_eq!(results(&memory, MANAGER), [("A", CallResult::Wrong)]);
    let told = memory.of(TECHNICAL, closed());
    assert!(told.iter().all(|call| call.result == right));
    assert_eq!(told.len(), 2);
}

#[test]
fn unknown_counts_as_a_call_and_not_as_a_loss() {
    let day = RoomDay {
        predictions: vec![said(TECHNICAL, &[("A", Outlook::Up), ("B", Outlook::Up)])],
        standings: vec![Standing {
            bear: CallTally {
                n: 3,
                win: 2,
                unknown: 0,
            },
            ..Standing::new(TECHNICAL)
        }],
        ..RoomDay::default()
    };
    let memory = after(&day, &[("A", (1.0, 2.0))]);
    let standing = memory.standings.iter().find(|it| it.member == TECHNICAL);
    let standing = *standing.unwrap();
    assert_eq!(
        standing.bull,
        CallTally {
            n: 2,
            win: 1,
            unknown: 1
        }
    );
    assert_eq!(
        standing.bear,
        CallTally {
            n: 3,
            win: 2,
            unknown: 0
        }
    );
    // Three of four whose outcome is known.
    assert_eq!(standing.win_rate(), Some(0.75));
    // What nothing is known of teaches nothing.
    assert_eq!(memory.of(TECHNICAL, closed()).len(), 1);
    assert_eq!(Standing::new(VALUATION).win_rate(), None);
}

#[test]
fn nobody_is_told_before_it_is_known() {
    let day = RoomDay {
        predictions: vec![said(TECHNICAL, &[("A", Outlook::Up)])],
        ..RoomDay::default()
    };
    let memory = after(&day, &[("A", (1.0, 2.0))]);
    assert!(memory.of(TECHNICAL, closed().plus(-1)).is_empty());
    assert_eq!(memory.of(TECHNICAL, closed()).len(), 1);
    assert!(memory.of(VALUATION, closed()).is_empty());
}

fn outlook() -> impl Strategy<Value = Outlook> {
    prop_oneof![
        Just(Outlook::Up),
        Just(Outlook::Down),
        Just(Outlook::Neutral)
    ]
}

proptest! {
    /// However many days there are: standings add up to the calls that were
    /// made, and what is remembered stays small and is newest first.
    #[test]
    fn standings_add_up_over_days(
        days in proptest::collection::vec(
            proptest::collection::vec((outlook(), -1_i32..=1), 1..20), 1..12,
        ),
    ) {
        let mut day = RoomDay::default();
        let (mut calls, mut wins) = (0, 0);
        for said in days {
            let names: Vec<String> = (0..said.len()).map(|no| format!("T{no}")).collect();
            let predictions: Vec<_> =
                names.iter().zip(&said).map(|(name, (outlook, _))| (name.as_str(), *outlook)).collect();
            day.predictions = vec![super::memory::said(TECHNICAL, &predictions)];
            let moves: Vec<_> = names
                .iter()
                .zip(&said)
                .map(|(name, (_, step))| (name.as_str(), (100.0, 100.0 + f64::from(*step))))
                .collect();
            let memory = after(&day, &moves);
            for (outlook, step) in said {
                calls += u32::from(outlook != Outlook::Neutral);
                let right = matches!((outlook, step), (Outlook::Up, 1) | (Outlook::Down, -1));
                wins += u32::from(right);
            }
            let standing = memory.standings.iter().find(|it| it.member == TECHNICAL).unwrap();
            prop_assert_eq!(standing.bull.n + standing.bear.n, calls);
            prop_assert_eq!(standing.bull.win + standing.bear.win, wins);
            prop_assert!(memory.lessons.len() <= 30);
            let newest = memory.lessons.iter().take(memory.scored.len().min(30));
            prop_assert!(newest.eq(memory.scored.iter().take(30)));
            day.standings = memory.standings;
            day.lessons = memory.lessons;
        }
    }
}
