//! Analysts by how often they were right.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What an analyst expects of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// A higher close than open.
    Up,
    /// A lower one.
    Down,
    /// Neither: a hold, which is not scored.
    Neutral,
}

/// One expectation of one analyst.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    /// Who.
    pub analyst: &'a str,
    /// What.
    pub direction: Direction,
    /// Open and close of the day it was about; `None` where one is missing.
    pub prices: Option<(f64, f64)>,
}

/// How a call turned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The price moved as called.
    Right,
    /// It did not; a price that did not move is as wrong for both sides.
    Wrong,
    /// A price is missing.
    Unknown,
    /// A hold.
    NotScored,
}

/// Calls in one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Calls, those of unknown outcome among them.
    pub n: u32,
    /// Right ones.
    pub win: u32,
    /// Those whose price is missing.
    pub unknown: u32,
}

/// Both directions together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Scored {
    /// Calls up.
    pub bull: Tally,
    /// Calls down.
    pub bear: Tally,
    /// Holds.
    pub holds: u32,
}

/// An analyst among the others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallRow {
    /// Place, from 1; equal rates share one. An analyst without a scored call
    /// has none, and comes last.
    pub rank: Option<u32>,
    /// Who.
    pub analyst: String,
    /// `wins / (n - unknown)` of both directions; `None` without such a call.
    pub win_rate: Option<f64>,
    /// What it is made of.
    #[serde(flatten)]
    pub scored: Scored,
}

/// How a call turned out: right when `close - open` has its sign.
pub fn score(direction: Direction, prices: Option<(f64, f64)>) -> Outcome {
    let sign = match direction {
        Direction::Up => 1.0,
        Direction::Down => -1.0,
        Direction::Neutral => return Outcome::NotScored,
    };
    match prices {
        Some((open, close)) if open.is_finite() && open > 0.0 && close.is_finite() => {
            if sign * (close - open) > 0.0 {
                Outcome::Right
            } else {
                Outcome::Wrong
            }
        }
        _ => Outcome::Unknown,
    }
}

/// All analysts named, best first. One who is listed without a call, or whose
/// calls are all holds or unknown, comes last.
pub fn hit_rates<'a>(
    analysts: impl IntoIterator<Item = &'a str>,
    calls: &[Call<'_>],
) -> Vec<CallRow> {
    let mut by_analyst: BTreeMap<&str, Scored> = analysts
        .into_iter()
        .map(|analyst| (analyst, Scored::default()))
        .collect();
    for call in calls {
        let scored = by_analyst.entry(call.analyst).or_default();
        scored.add(call.direction, score(call.direction, call.prices));
    }
    let mut rows: Vec<CallRow> = by_analyst
        .into_iter()
        .map(|(analyst, scored)| CallRow {
            rank: None,
            analyst: analyst.to_owned(),
            win_rate: scored.win_rate(),
            scored,
        })
        .collect();
    // Rates of small counts are compared exactly; the map gave names in order,
    // which a stable sort keeps for equal ones.
    rows.sort_by(|left, right| match (left.win_rate, right.win_rate) {
        (Some(left), Some(right)) => right.total_cmp(&left),
        (left, right) => right.is_some().cmp(&left.is_some()),
    });
    let mut before: Option<(f64, u32)> = None;
    for (row, place) in rows.iter_mut().zip(1_u32..) {
        let Some(rate) = row.win_rate else { break };
        let rank = match before {
            Some((other, rank)) if other.total_cmp(&rate).is_eq() => rank,
            _ => place,
        };
        row.rank = Some(rank);
        before = Some((rate, rank));
    }
    rows
}

impl Scored {
    fn add(&mut self, direction: Direction, outcome: Outcome) {
        let tally = match direction {
            Direction::Up => &mut self.bull,
            Direction::Down => &mut self.bear,
            Direction::Neutral => {
                self.holds += 1;
                return;
            }
        };
        tally.n += 1;
        match outcome {
            Outcome::Right => tally.win += 1,
            Outcome::Unknown => tally.unknown += 1,
            Outcome::Wrong | Outcome::NotScored => {}
        }
    }

    /// `wins / (n - unknown)` of both directions.
    pub fn win_rate(&self) -> Option<f64> {
        let known = self.bull.n + self.bear.n - self.bull.unknown - self.bear.unknown;
        let wins = self.bull.win + self.bear.win;
        (known > 0).then(|| f64::from(wins) / f64::from(known))
    }
}
