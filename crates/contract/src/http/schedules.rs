//! Schedules on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::words;

/// Milliseconds between two ticks at most: ten years.
pub const LONGEST_MS: u64 = 315_360_000_000;

/// Milliseconds that a tick may be late on purpose: a day.
pub const LONGEST_JITTER_MS: u32 = 86_400_000;

/// When a schedule fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum TriggerBody {
    /// By the clock of a zone.
    Cron {
        /// Five fields, or six with seconds first.
        #[schemars(length(min = 9))]
        expression: String,
        /// The IANA name of the zone; UTC where none is given.
        #[serde(default = "utc")]
        #[schemars(length(min = 1))]
        zone: String,
    },
    /// Again and again after so long.
    Interval {
        /// Milliseconds between two ticks.
        #[schemars(range(min = 1, max = LONGEST_MS))]
        every_ms: u64,
        /// The first tick; after one interval where none is given.
        #[serde(default)]
        #[schemars(schema_with = "words::instant_or_none")]
        first: Option<String>,
    },
}

fn utc() -> String {
    "UTC".to_owned()
}

/// When the run of the tick before has not ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OverlapWord {
    /// The tick passes.
    #[default]
    Skip,
    /// Its run waits for the end of that one; of several that wait, one stays.
    BufferOne,
    /// Both run.
    Allow,
    /// That one is cancelled.
    CancelOther,
}

/// When ticks passed while no worker ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CatchUpWord {
    /// They are gone.
    None,
    /// The last of them counts.
    #[default]
    One,
    /// Each of them counts.
    All,
}

/// A wish for runs again and again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleBody {
    /// Its name.
    #[schemars(schema_with = "name")]
    pub name: String,
    /// When.
    pub trigger: TriggerBody,
    /// What is submitted; its `kind` says which document it is.
    #[schemars(schema_with = "words::document")]
    pub spec: Value,
    /// When the run of the tick before has not ended.
    #[serde(default)]
    pub overlap: OverlapWord,
    /// When ticks passed while no worker ran.
    #[serde(default)]
    pub catch_up: CatchUpWord,
    /// Each tick is late by up to this, always the same for one tick.
    #[serde(default)]
    #[schemars(range(max = LONGEST_JITTER_MS))]
    pub jitter_ms: u32,
    /// The line its runs wait in.
    #[serde(default)]
    pub queue: Option<String>,
    /// Larger is sooner.
    #[serde(default)]
    pub priority: Option<i32>,
    /// On whose behalf.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Of the runs with the same key, one at a time.
    #[serde(default)]
    pub concurrency_key: Option<String>,
}

fn name(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    words::text("^[A-Za-z0-9._-]{1,100}$")
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ScheduleView {
    /// Its name.
    pub name: String,
    /// When.
    pub trigger: TriggerBody,
    /// When the run of the tick before has not ended.
    pub overlap: OverlapWord,
    /// When ticks passed while no worker ran.
    pub catch_up: CatchUpWord,
    /// Each tick is late by up to this.
    pub jitter_ms: u32,
    /// What its runs are.
    #[schemars(schema_with = "words::run_kind")]
    pub kind: String,
    /// SHA-256 of the canonical form of its spec.
    #[schemars(schema_with = "words::hash")]
    pub spec: String,
    /// The line its runs wait in.
    pub queue: String,
    /// Whether it rests.
    pub paused: bool,
    /// The next time it is due; none when it never is again.
    #[schemars(schema_with = "words::instant_or_none")]
    #[serde(default)]
    pub next: Option<String>,
    /// Why it can never fire as it is.
    pub fault: Option<String>,
    /// When it was added.
    #[schemars(schema_with = "words::instant")]
    pub since: String,
}

/// A tick to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TickView {
    /// When it is.
    #[schemars(schema_with = "words::instant")]
    pub at: String,
    /// When its run is submitted: the jitter later.
    #[schemars(schema_with = "words::instant")]
    pub fires_at: String,
}

/// A tick that was.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FiredView {
    /// When it was due.
    #[schemars(schema_with = "words::instant")]
    pub at: String,
    /// The run it led to.
    #[schemars(schema_with = "words::id_or_none")]
    #[serde(default)]
    pub run_id: Option<String>,
    /// Why none.
    pub passed: Option<String>,
}
