//! Where schedules are kept.

use fondaco_domain::run::NewRun;
use fondaco_domain::schedule::Timing;
use fondaco_domain::{RunId, UnixMicros};
use serde::{Deserialize, Serialize};

use super::runs::{Asked, RunStoreError, Submission};

/// A run to be submitted again and again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// When.
    pub timing: Timing,
    /// What is submitted: the spec in its canonical form.
    pub spec: String,
    /// As what.
    pub new: NewRun,
    /// Whether it rests.
    pub paused: bool,
    /// The next time it is due; none when it never is again.
    pub next: Option<UnixMicros>,
    /// When it was added.
    pub since: UnixMicros,
}

/// One tick of a schedule, to be kept once and for all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firing {
    /// Whose.
    pub schedule: String,
    /// The `next` that was seen: where it is another by now, somebody else
    /// was faster and nothing happens.
    pub seen: Option<UnixMicros>,
    /// The tick.
    pub at: UnixMicros,
    /// The run it leads to, or none where the overlap or the catch-up says so.
    pub submission: Option<Submission>,
    /// Why none.
    pub passed: Option<String>,
    /// The tick after.
    pub next: Option<UnixMicros>,
}

/// A tick that was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fired {
    /// The tick.
    pub at: UnixMicros,
    /// The run it led to.
    pub run: Option<RunId>,
    /// Why none.
    pub passed: Option<String>,
}

/// Schedules and their ticks. Who adds, pauses or removes one leaves a record in
/// the same transaction.
pub trait ScheduleStore: Send + Sync {
    /// Adds one; a taken name is refused.
    fn add_schedule(&self, schedule: Schedule, by: Asked) -> Result<(), RunStoreError>;

    /// All of them, by name.
    fn schedules(&self) -> Result<Vec<Schedule>, RunStoreError>;

    /// Pauses one, or lets it go on from `next`.
    fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: Asked,
    ) -> Result<(), RunStoreError>;

    /// Removes one and its ticks; its runs stay.
    fn remove_schedule(&self, name: &str, by: Asked) -> Result<(), RunStoreError>;

    /// Keeps a tick and submits its run in one transaction. False when the
    /// tick was there already, or [`Firing::seen`] is not the present.
    fn fire(&self, firing: Firing, by: Asked) -> Result<bool, RunStoreError>;

    /// The last ticks, the newest first.
    fn fired(&self, name: &str, limit: usize) -> Result<Vec<Fired>, RunStoreError>;
}
