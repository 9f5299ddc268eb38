//! Recommendations as CSV.

use std::fmt::Write as _;

use fondaco_contract::v1alpha1::analysis::AnalysisStatus;

use super::{Lane, Recommendation};
use crate::portfolio::csv::field;

const COLUMNS: &str = "date,ticker,decision,direction,confidence,status,quant_rating,\
    quant_confidence,llm_rating,llm_confidence,degraded,reason_codes,model,run";

/// Recommendations as CSV (RFC 4180): a first line that names the columns;
/// fields of a lane that says nothing are empty, and reason codes are apart by
/// blanks.
pub fn to_csv(recommendations: &[Recommendation]) -> String {
    let mut csv = format!("{COLUMNS}\r\n");
    for one in recommendations {
        let codes: Vec<&str> = one.reason_codes.iter().map(|code| code.as_str()).collect();
        let [quant_rating, quant_confidence] = lane(one.quant);
        let [llm_rating, llm_confidence] = lane(one.llm);
        let fields = [
            one.date.to_string(),
            field(one.ticker.as_str()),
            one.decision.as_str().to_owned(),
            i8::from(one.direction).to_string(),
            one.confidence.get().to_string(),
            status(one.status).to_owned(),
            quant_rating,
            quant_confidence,
            llm_rating,
            llm_confidence,
            one.degraded.to_string(),
            codes.join(" "),
            field(one.model.as_deref().unwrap_or_default()),
            one.run.to_string(),
        ];
        // Writing to a text does not fail.
        let _ = write!(csv, "{}\r\n", fields.join(","));
    }
    csv
}

fn lane(lane: Option<Lane>) -> [String; 2] {
    match lane {
        Some(lane) => [
            lane.rating.as_str().to_owned(),
            lane.confidence.get().to_string(),
        ],
        None => [String::new(), String::new()],
    }
}

fn status(status: AnalysisStatus) -> &'static str {
    match status {
        AnalysisStatus::Completed => "completed",
        AnalysisStatus::DegradedSuccess => "degraded_success",
        AnalysisStatus::Failed => "failed",
        AnalysisStatus::Cancelled => "cancelled",
    }
}
