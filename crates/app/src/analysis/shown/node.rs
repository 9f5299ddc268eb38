//! A node as it stands.

use fondaco_contract::v1alpha1::analysis::NodeReport;
use fondaco_domain::UnixMicros;
use fondaco_domain::task::Task;

/// A node as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct NodeShown {
    /// Its task.
    pub task: Task,
    /// When it ended.
    pub ended_at: Option<UnixMicros>,
    /// What came of it, once it has ended; the decision has none.
    pub report: Option<NodeReport>,
}
