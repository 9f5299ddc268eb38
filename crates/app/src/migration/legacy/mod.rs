//! The documents of the legacy layout: what its files say.
//!
//! [`LegacyTask`] is both the state file of a task and the answer of the routes
//! while the legacy shape is in force. What is written has every field; what is
//! read may lack most of them, see [`LegacyTask::read`].

mod of;
mod read;
mod shelf;

pub use read::LegacyProblem;
pub use shelf::{Held, Recommended, Shelf, Watch};

use serde::Serialize;

/// The state of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LegacyTask {
    /// `<ticker>_<YYYYMMDD_HHMMSS>_<6 hex>`.
    pub task_id: String,
    /// The instrument; `null` for a batch.
    pub ticker: Option<String>,
    /// The day, `2025-03-04`.
    pub date: Option<String>,
    /// Where it stands.
    pub status: LegacyStatus,
    /// From 0 to 100, 20 per stage.
    pub progress: u8,
    /// The stage it is in; `null` before the first and after the end.
    pub current_stage: Option<String>,
    /// The five, in order.
    pub stages: Vec<LegacyStage>,
    /// When it was accepted, RFC 3339.
    pub created_at: Option<String>,
    /// Whole seconds from then to its end, or to the last thing that happened.
    pub elapsed_seconds: Option<u64>,
    /// The rating of both lanes together.
    pub decision: Option<String>,
    /// How sure, from 0 to 1.
    pub confidence: Option<f64>,
    /// The rating of the quant lane; `null` where it says nothing.
    pub quant_signal: Option<String>,
    /// The rating of the llm lane; `null` where it says nothing.
    pub llm_signal: Option<String>,
    /// Why lanes are missing, quant first.
    pub degrade_reason_codes: Vec<String>,
    /// Why there is no decision, for people.
    pub error: Option<String>,
    /// Where its contract lies below `data/task_status`; `null` without one.
    pub result_ref: Option<String>,
    /// A batch of several instruments has these besides.
    #[serde(flatten)]
    pub batch: Option<LegacyBatch>,
}

/// What the state of a batch says besides.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LegacyBatch {
    /// Always `portfolio`.
    #[serde(rename = "type")]
    pub kind: BatchType,
    /// How many instruments.
    pub total: u64,
    /// Of those, ended with a decision.
    pub completed: u64,
    /// Of those, ended without.
    pub failed: u64,
    /// The first that has not ended.
    pub current_ticker: Option<String>,
    /// Each of them, in the order in which they were asked for.
    pub results: Vec<LegacyTask>,
}

/// Always `portfolio`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum BatchType {
    /// A batch.
    #[default]
    Portfolio,
}

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LegacyStatus {
    /// Accepted.
    Pending,
    /// Under way.
    Running,
    /// Ended with a decision.
    Completed,
    /// Ended with a decision, and something missing.
    DegradedSuccess,
    /// Ended without a decision.
    Failed,
    /// Ended because somebody said so.
    Cancelled,
}

impl LegacyStatus {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Pending,
        Self::Running,
        Self::Completed,
        Self::DegradedSuccess,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word in files and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::DegradedSuccess => "degraded_success",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing changes it any more.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::Running)
    }

    /// Whether it ended with a decision.
    pub fn is_success(self) -> bool {
        matches!(self, Self::Completed | Self::DegradedSuccess)
    }
}

/// A stage of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LegacyStage {
    /// One of the five names.
    pub name: String,
    /// `pending`, `running` or `completed`.
    pub status: String,
    /// When it was completed, RFC 3339.
    pub completed_at: Option<String>,
}

impl LegacyTask {
    /// The file of this document.
    pub fn to_bytes(&self) -> Vec<u8> {
        to_bytes(self)
    }

    /// A task that nobody works at any more: its file says that it is under
    /// way, and no run of ours is behind it.
    #[must_use]
    pub fn abandoned(mut self) -> Self {
        if !self.status.is_final() {
            self.status = LegacyStatus::Failed;
            self.error = Some(ABANDONED.to_owned());
        }
        self
    }
}

/// The error of a task that nobody works at any more.
pub const ABANDONED: &str = "the process that worked at it is gone: start it again";

pub(super) fn to_bytes(document: &impl Serialize) -> Vec<u8> {
    // Structs and values with text keys always serialise.
    let mut bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests;
