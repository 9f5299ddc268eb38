//! Jobs of another program, as they ended there.

use serde::{Deserialize, Serialize};

/// A job that another program did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedJob {
    /// Its name there.
    pub id: String,
    /// Where it stood.
    pub status: ImportedStatus,
    /// The dates it was asked for, in order.
    pub dates: Vec<String>,
    /// The models it was asked for.
    pub models: Vec<String>,
    /// When it was accepted, as written there.
    pub created_at: String,
    /// When it began.
    pub started_at: Option<String>,
    /// When it ended.
    pub completed_at: Option<String>,
    /// How long it took.
    pub total_duration_seconds: Option<f64>,
    /// What went wrong.
    pub error: Option<String>,
    /// What was to be known about its data.
    pub warnings: Vec<String>,
    /// Its model-days, in the order of its dates.
    pub details: Vec<ImportedDetail>,
}

/// A model-day of such a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImportedDetail {
    /// The step.
    pub date: String,
    /// Whose.
    pub model: String,
    /// Where it stood.
    pub status: ImportedStatus,
    /// What went wrong, or why it was skipped.
    pub error: Option<String>,
    /// When it began, as written there.
    pub started_at: Option<String>,
    /// When it ended.
    pub completed_at: Option<String>,
    /// How long it took.
    pub duration_seconds: Option<f64>,
}

/// Where a job or a model-day of another program stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImportedStatus {
    /// Not begun.
    Pending,
    /// A job whose prices are fetched.
    DownloadingData,
    /// Being done.
    Running,
    /// Done.
    Completed,
    /// A job of which a part was done.
    Partial,
    /// Not done for a failure.
    Failed,
    /// A model-day that was not to be done.
    Skipped,
}

impl ImportedStatus {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::DownloadingData,
        Self::Running,
        Self::Completed,
        Self::Partial,
        Self::Failed,
        Self::Skipped,
    ];

    /// The name there.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::DownloadingData => "downloading_data",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Reads [`ImportedStatus::as_str`].
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// What an import brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Taken {
    /// Jobs that were not there, or not as they are told now.
    pub jobs: u64,
    /// Days that were not there.
    pub days: u64,
    /// Jobs that were there just so.
    pub known_jobs: u64,
    /// Days that were there.
    pub known_days: u64,
}
