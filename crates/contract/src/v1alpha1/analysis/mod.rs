//! Analyses: what is asked for, what each node answered, what came of it.

mod check;
mod job;
mod node;
mod result;

pub use check::{Fault, faults_of_report, faults_of_result};
pub use job::{
    AnalysisData, AnalysisItem, AnalysisJob, AnalysisKind, Analyst, ConfidenceRule, LlmJob,
    MergePolicy, MergePolicyName, PeerContext, PeerView, PortfolioContext, PositionContext,
    QuantJob, analysis_job_schema,
};
pub use node::{
    Abstention, CallRecord, CallTokens, Degraded, NodeAnswer, NodeOutcome, NodeReport, NodeRole,
    Read, node_report_schema,
};
pub use result::{
    ANALYSIS_RESULT, AnalysisError, AnalysisResult, AnalysisStatus, BudgetState, Classification,
    ClassificationKind, CountedLane, DataIssue, DataQualitySummary, Degradation, Evidence,
    LaneDiagnostics, LaneDiagnosticsBySource, LaneResult, LaneSignals, MergedResult, Provenance,
    RecoveryStep, ResearchMode, ResearchStatus, StructuredDecision, analysis_result_schema,
};
