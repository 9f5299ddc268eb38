//! How a download behaves.

use std::time::Duration;

use super::budget::Budget;
use super::ports::Reach;

/// How a download behaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadRules {
    /// How often the source may be asked.
    pub budget: Budget,
    /// Further tries after a passing failure; the n-th comes 2ⁿ seconds after
    /// the one before.
    pub retries: u32,
    /// How far back is asked.
    pub size: Size,
    /// Symbols in a row that fail for the source's sake before the rest fail
    /// without being asked for; zero for never.
    pub give_up_after: usize,
    /// What a source answered is not asked again within that time, when it
    /// could answer nothing new: it has no more candles of that symbol, or
    /// does not know it.
    pub ask_again_after: Duration,
}

impl Default for DownloadRules {
    fn default() -> Self {
        Self {
            budget: Budget::default(),
            retries: 3,
            size: Size::Auto,
            give_up_after: 3,
            ask_again_after: Duration::from_hours(24),
        }
    }
}

/// How far back is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Size {
    /// The latest hundred candles where they hold all that is missing and
    /// leave no hole behind what is stored; else all there are.
    #[default]
    Auto,
    /// Always so far.
    Fixed(Reach),
}
