//! Where what is told of runs lies as files.

use fondaco_domain::RunId;

use super::Failure;

/// Files beside each other in a folder per run. They repeat what the store
/// says, for people and programs that read files: losing all of them loses
/// nothing.
pub trait RunFiles: Send + Sync {
    /// Replaces a file, whole or not at all; one that says the same already is
    /// left alone. Says whether it was another.
    fn put(&self, run: RunId, path: &str, bytes: &[u8]) -> Result<bool, Failure>;

    /// Removes what writers of the run left that were ended while they wrote.
    fn tidy(&self, run: RunId) -> Result<(), Failure>;

    /// Removes the folder of a run.
    fn remove(&self, run: RunId) -> Result<(), Failure>;

    /// Runs that have a folder made from this store, after one of them, so
    /// many at most, in order.
    fn list(&self, after: Option<RunId>, limit: usize) -> Result<Vec<RunId>, Failure>;

    /// The place in the feed of this store up to which the files are told; 0
    /// where nothing is.
    fn position(&self) -> Result<u64, Failure>;

    /// Keeps that place.
    fn set_position(&self, position: u64) -> Result<(), Failure>;
}
