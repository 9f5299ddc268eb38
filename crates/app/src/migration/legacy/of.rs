//! Analyses of ours as legacy documents: the payload of the contract with its
//! fields where older clients look for them.

use fondaco_domain::UnixMicros;
use fondaco_domain::signal::Probability;

use super::{BatchType, LegacyBatch, LegacyStage, LegacyStatus, LegacyTask};
use crate::analysis::shown::Shown;
use crate::analysis::shown::legacy::{Subject, TaskPayload};
use crate::analysis::shown::names::{self, Found};

impl LegacyTask {
    /// A task as it stands; nothing where it is a part that its list does not
    /// have.
    pub fn told(found: &Found, shown: &Shown, now: UnixMicros) -> Option<Self> {
        let payload = TaskPayload::of(found, shown, now)?;
        let mut task = Self::from(payload);
        if let Some(batch) = &mut task.batch {
            let parts = (0..shown.items.len()).filter_map(|index| {
                let part = Found {
                    task_id: names::part(&found.task_id, index),
                    named: found.named.clone(),
                    part: Some(index),
                };
                Self::told(&part, shown, now)
            });
            batch.results = parts.collect();
        }
        Some(task)
    }
}

impl From<TaskPayload> for LegacyTask {
    fn from(payload: TaskPayload) -> Self {
        let reasons = payload.degradation_summary.iter();
        let reasons = reasons.flat_map(|summary| &summary.reason_codes);
        let task = Self {
            task_id: payload.task_id,
            ticker: None,
            date: None,
            status: word(payload.status),
            progress: 0,
            current_stage: None,
            stages: Vec::new(),
            created_at: Some(payload.created_at),
            elapsed_seconds: None,
            decision: payload.compat.decision.map(|it| it.as_str().to_owned()),
            confidence: payload.compat.confidence.map(Probability::get),
            quant_signal: payload.compat.quant_signal.map(|it| it.as_str().to_owned()),
            llm_signal: payload.compat.llm_signal.map(|it| it.as_str().to_owned()),
            degrade_reason_codes: reasons.map(|code| code.as_str().to_owned()).collect(),
            error: payload.error.map(|error| error.message),
            result_ref: None,
            batch: None,
        };
        match payload.subject {
            Subject::Analysis {
                ticker,
                date,
                progress,
                current_stage,
                elapsed_seconds,
                stages,
                ..
            } => Self {
                ticker: Some(ticker),
                date: Some(date),
                progress,
                current_stage: current_stage.map(str::to_owned),
                elapsed_seconds: u64::try_from(elapsed_seconds).ok(),
                stages: stages
                    .into_iter()
                    .map(|stage| LegacyStage {
                        name: stage.name.to_owned(),
                        status: stage.status.to_owned(),
                        completed_at: stage.completed_at,
                    })
                    .collect(),
                ..task
            },
            Subject::Portfolio {
                total,
                completed,
                failed,
                current_ticker,
                progress,
                elapsed_seconds,
                ..
            } => Self {
                progress,
                elapsed_seconds: u64::try_from(elapsed_seconds).ok(),
                batch: Some(LegacyBatch {
                    kind: BatchType::Portfolio,
                    total: total as u64,
                    completed: completed as u64,
                    failed: failed as u64,
                    current_ticker,
                    results: Vec::new(),
                }),
                ..task
            },
        }
    }
}

fn word(status: &str) -> LegacyStatus {
    let mut known = LegacyStatus::ALL.into_iter();
    // The mapping knows no other word: a test asks for every one.
    known
        .find(|known| known.as_str() == status)
        .unwrap_or(LegacyStatus::Failed)
}
