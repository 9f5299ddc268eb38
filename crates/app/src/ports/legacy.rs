//! Where the files of the dashboard of seed 000 lie.

use fondaco_domain::UnixMicros;
use serde_json::Value;

use super::Failure;
use crate::migration::legacy::{LegacyTask, Recommended, Shelf};
use crate::migration::parity::Difference;

/// The legacy layout as a store. A file that is not there is nothing; one that
/// cannot be understood is a failure that names it, and never passed over.
pub trait LegacyFiles: Send + Sync {
    /// The folder, for people.
    fn place(&self) -> String;

    /// The state of a task.
    fn task(&self, id: &str) -> Result<Option<LegacyTask>, Failure>;

    /// The names of all tasks that have a state, in order.
    fn task_ids(&self) -> Result<Vec<String>, Failure>;

    /// Replaces the state of a task, whole or not at all; one that says the
    /// same already is left alone. Says whether it was another.
    fn put_task(&self, task: &LegacyTask) -> Result<bool, Failure>;

    /// The contract of a task, from where it lies now or lay before.
    fn contract(&self, id: &str) -> Result<Option<Value>, Failure>;

    /// Replaces the contract of a task. Says whether it was another.
    fn put_contract(&self, id: &str, contract: &Value) -> Result<bool, Failure>;

    /// The recommendation of a day (`2025-03-04`) for a ticker.
    fn recommendation(&self, date: &str, ticker: &str) -> Result<Option<Recommended>, Failure>;

    /// All recommendations, by day and ticker.
    fn recommendations(&self) -> Result<Vec<Recommended>, Failure>;

    /// Replaces the recommendation of its day and ticker. Says whether it was
    /// another.
    fn put_recommendation(&self, one: &Recommended) -> Result<bool, Failure>;

    /// Watchlist and positions; empty where there are no such files.
    fn shelf(&self) -> Result<Shelf, Failure>;

    /// The place in the feed up to which the files are told; 0 where nothing
    /// is.
    fn position(&self) -> Result<u64, Failure>;

    /// Keeps that place.
    fn set_position(&self, position: u64) -> Result<(), Failure>;

    /// Keeps differences: on the disk when it returns. The oldest go where
    /// there are too many.
    fn note(&self, differences: &[Difference]) -> Result<(), Failure>;

    /// Differences seen at or after an instant, the oldest first.
    fn differences(&self, since: UnixMicros) -> Result<Vec<Difference>, Failure>;
}
