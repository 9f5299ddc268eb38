//! The two stores held against each other.

use fondaco_domain::UnixMicros;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::legacy::{LegacyStatus, LegacyTask};

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// Where the task stands.
    Status,
    /// How far it is.
    Progress,
    /// The stage it is in.
    CurrentStage,
    /// What was decided.
    Decision,
    /// Why nothing was.
    Error,
    /// The file itself: absent, or not to be understood.
    File,
}

impl Field {
    /// The name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Progress => "progress",
            Self::CurrentStage => "current_stage",
            Self::Decision => "decision",
            Self::Error => "error",
            Self::File => "file",
        }
    }
}

/// Where a difference was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SeenBy {
    /// A client asked for the task.
    Read,
    /// The file had just been written.
    Write,
    /// All tasks were compared.
    Sweep,
}

impl SeenBy {
    /// The name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Sweep => "sweep",
        }
    }
}

/// Something that the two stores say differently.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    /// When it was seen.
    pub at: UnixMicros,
    /// The task.
    pub task: String,
    /// What of it.
    pub field: Field,
    /// What the new store says.
    pub new: Value,
    /// What the legacy files say.
    pub legacy: Value,
    /// Where it was seen.
    pub seen: SeenBy,
}

impl Difference {
    /// Whether it is the same as another one, whenever that was seen.
    pub fn is_as(&self, other: &Self) -> bool {
        (&self.task, self.field, &self.new, &self.legacy)
            == (&other.task, other.field, &other.new, &other.legacy)
    }
}

/// A file that is behind by less than this is on its way: 30 s.
pub const GRACE: i64 = 30_000_000;

/// A difference that goes on is noted again after this time: 1 h.
pub const AGAIN: i64 = 3_600_000_000;

/// What was looked at, when and how.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Now.
    pub at: UnixMicros,
    /// The last thing that happened to the run.
    pub changed: UnixMicros,
    /// By whom.
    pub seen: SeenBy,
}

impl Look {
    /// Whether the legacy files may still be behind.
    fn may_lag(&self) -> bool {
        self.seen != SeenBy::Write && self.at.0 - self.changed.0 < GRACE
    }
}

/// What the two say differently, field by field. A file that is behind, and
/// not for long, says nothing different.
pub fn compare(new: &LegacyTask, legacy: &LegacyTask, look: Look) -> Vec<Difference> {
    if look.may_lag() && is_behind(legacy, new) {
        return Vec::new();
    }
    let values = [
        (
            Field::Status,
            json!(new.status.as_str()),
            json!(legacy.status.as_str()),
        ),
        (Field::Progress, json!(new.progress), json!(legacy.progress)),
        (
            Field::CurrentStage,
            json!(new.current_stage),
            json!(legacy.current_stage),
        ),
        (Field::Decision, json!(new.decision), json!(legacy.decision)),
        (Field::Error, json!(new.error), json!(legacy.error)),
    ];
    // Of what is open the new store knows whether anybody is at it just now.
    let is_open = |task: &LegacyTask| !task.status.is_final();
    let as_far = is_open(new) && is_open(legacy) && new.progress == legacy.progress;
    let ignored = |field: Field| as_far && matches!(field, Field::Status | Field::CurrentStage);
    let differ = values
        .into_iter()
        .filter(|(field, new, legacy)| new != legacy && !ignored(*field));
    differ
        .map(|(field, said, legacy)| difference(&new.task_id, field, (said, legacy), look))
        .collect()
}

/// A file that is not there, or cannot be understood: the words say which.
/// One that is not there yet says nothing different.
pub fn unreadable(new: &LegacyTask, problem: Option<&str>, look: Look) -> Option<Difference> {
    if problem.is_none() && look.may_lag() {
        return None;
    }
    let said = json!(new.status.as_str());
    Some(difference(
        &new.task_id,
        Field::File,
        (said, json!(problem)),
        look,
    ))
}

fn difference(task: &str, field: Field, (new, legacy): (Value, Value), look: Look) -> Difference {
    Difference {
        at: look.at,
        task: task.to_owned(),
        field,
        new,
        legacy,
        seen: look.seen,
    }
}

/// Whether one is what the other was before.
fn is_behind(legacy: &LegacyTask, new: &LegacyTask) -> bool {
    let order = |status: LegacyStatus| match status {
        LegacyStatus::Pending => 0,
        LegacyStatus::Running => 1,
        _ => 2,
    };
    !legacy.status.is_final()
        && order(legacy.status) <= order(new.status)
        && legacy.progress <= new.progress
}
