//! Live signals of many instruments.

use fondaco_contract::v1alpha1::analysis::{
    AnalysisResult, DataQualitySummary, Degradation, LaneDiagnosticsBySource, Provenance,
};
use fondaco_domain::UnixMicros;
use fondaco_domain::signal::{Direction, Probability};
use serde::Serialize;

use super::{CONTRACT, TaskError, error, said, status};
use crate::analysis::shown::{ItemShown, Shown};

/// An entry of a batch of live signals.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct LiveSignal {
    pub contract_version: &'static str,
    pub ticker: String,
    pub date: String,
    pub status: &'static str,
    pub result: Option<LiveResult>,
    pub error: Option<TaskError>,
    pub degradation: Degradation,
    pub data_quality: Option<DataQualitySummary>,
    pub research: Option<Provenance>,
}

/// What a live signal says.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the fields are the dashboard's")]
pub struct LiveResult {
    pub direction: Direction,
    pub confidence: Probability,
    pub quant_direction: Option<Direction>,
    pub llm_direction: Option<Direction>,
    pub timestamp: String,
}

impl LiveSignal {
    /// Of an item that has ended.
    pub fn of(shown: &Shown, item: &ItemShown, now: UnixMicros) -> Self {
        let ticker = item.item.ticker.to_string();
        let date = item.item.date.to_string();
        let at = item.ended_at.unwrap_or(now);
        let Some((told, result)) = item
            .result
            .as_ref()
            .and_then(|it| Some((live(it, at)?, it)))
        else {
            let why = error(shown, item).map(|error| error.message);
            let why = why.unwrap_or_else(|| "there is no signal".to_owned());
            let mut failed = Self::failed(ticker, date, why);
            if let Some(result) = &item.result {
                failed.degradation = result.degradation.clone();
                failed.data_quality.clone_from(&result.data_quality);
                failed.research.clone_from(&result.research);
            }
            return failed;
        };
        Self {
            contract_version: CONTRACT,
            ticker,
            date,
            status: status(item),
            result: Some(told),
            error: None,
            degradation: result.degradation.clone(),
            data_quality: result.data_quality.clone(),
            research: result.research.clone(),
        }
    }

    /// Of one that came to nothing.
    pub fn failed(ticker: String, date: String, message: String) -> Self {
        Self {
            contract_version: CONTRACT,
            ticker,
            date,
            status: "failed",
            result: None,
            error: Some(TaskError {
                code: "live_signal_failed".to_owned(),
                message,
                retryable: false,
            }),
            degradation: Degradation {
                degraded: true,
                reason_codes: Vec::new(),
                source_diagnostics: LaneDiagnosticsBySource::default(),
            },
            data_quality: None,
            research: None,
        }
    }
}

fn live(result: &AnalysisResult, at: UnixMicros) -> Option<LiveResult> {
    Some(LiveResult {
        direction: result.signals.merged.as_ref()?.direction,
        confidence: result.confidence?,
        quant_direction: said(&result.signals.quant, result.signals.quant.direction),
        llm_direction: said(&result.signals.llm, result.signals.llm.direction),
        timestamp: at.to_string(),
    })
}
