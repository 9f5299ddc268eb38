//! Who did better: models over repeated runs with baselines beside them, and
//! analysts by the calls they made.
//!
//! [`leaderboard`] ranks series of values, [`hit_rates`] ranks calls. Neither
//! makes up a figure: what is not defined is absent, and ranks last.

mod calls;
mod interval;
mod models;

#[cfg(test)]
mod tests;

pub use calls::{Call, CallRow, Direction, Outcome, Scored, Tally, hit_rates, score};
pub use interval::{Interval, NoInterval, Spread, spread};
pub use models::{
    Baseline, Cutoff, CutoffVerdict, Entrant, Leaderboard, ModelRow, ModelRun, Paid, RankBy, Rules,
    Window, leaderboard,
};
