//! Codes as people read them.

use fondaco_contract::v1alpha1::analysis::{
    AnalysisStatus, MergePolicyName, NodeOutcome, NodeReport, NodeRole,
};
use fondaco_domain::signal::{Direction, QualityState, Rating, ReasonCode, Source};

pub(super) fn status(status: AnalysisStatus) -> &'static str {
    match status {
        AnalysisStatus::Completed => "completed",
        AnalysisStatus::DegradedSuccess => "completed, degraded",
        AnalysisStatus::Failed => "failed",
        AnalysisStatus::Cancelled => "cancelled",
    }
}

pub(super) fn reason(code: ReasonCode) -> &'static str {
    match code {
        ReasonCode::ConfigInvalid => "the configuration cannot be what it says",
        ReasonCode::QuantNotConfigured => "no strategy was named for the quant lane",
        ReasonCode::QuantInitFailed => "the strategy could not be read or compiled",
        ReasonCode::QuantSignalFailed => "the strategy could not be evaluated",
        ReasonCode::QuantNoData => "there are no candles for the quant lane",
        ReasonCode::NonTradingDay => "the market was closed on that day",
        ReasonCode::PartialData => "candles lack fields",
        ReasonCode::StaleData => "the newest candle is older than the day",
        ReasonCode::LlmInitFailed => "the model could not be set up, or is not asked",
        ReasonCode::LlmSignalFailed => "the research of the models came to no decision",
        ReasonCode::LlmUnknownRating => "the models gave no rating of the list",
        ReasonCode::ProviderMismatch => "provider and address do not belong together",
        ReasonCode::ProviderAuthFailed => "the provider does not know the key",
        ReasonCode::BothSignalsUnavailable => "neither lane says anything",
    }
}

pub(super) fn quality(state: QualityState) -> &'static str {
    match state {
        QualityState::ProviderMismatch => "provider and address do not belong together",
        QualityState::NonTradingDay => "the market was closed on that day",
        QualityState::StaleData => "the newest candle is older than the day",
        QualityState::PartialData => "candles lack fields",
        QualityState::NoData => "there are no candles",
        QualityState::ResearchDegraded => "some of the research gave no answer",
    }
}

pub(super) fn lane(source: Source) -> &'static str {
    match source {
        Source::Quant => "Quant lane",
        Source::Llm => "LLM lane",
    }
}

pub(super) fn policy(name: MergePolicyName) -> &'static str {
    match name {
        MergePolicyName::CappedSum => "capped_sum",
        MergePolicyName::LogOdds => "log_odds",
    }
}

pub(super) fn role(role: NodeRole) -> &'static str {
    match role {
        NodeRole::Quant => "Strategy",
        NodeRole::Market => "Market analyst",
        NodeRole::Sentiment => "Sentiment analyst",
        NodeRole::News => "News analyst",
        NodeRole::Fundamentals => "Fundamentals analyst",
        NodeRole::Bull => "Bull",
        NodeRole::Bear => "Bear",
        NodeRole::ResearchManager => "Research manager",
        NodeRole::Trader => "Trader",
        NodeRole::Aggressive => "Aggressive",
        NodeRole::Conservative => "Conservative",
        NodeRole::Neutral => "Neutral",
        NodeRole::PortfolioManager => "Portfolio manager",
    }
}

/// Up, down or neither, as a word and as a mark.
pub(super) fn direction(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Long => ("up", "▲"),
        Direction::Flat => ("neither", "●"),
        Direction::Short => ("down", "▼"),
    }
}

/// The class that colours it.
pub(super) fn tone(direction: Direction) -> &'static str {
    match direction {
        Direction::Long => "gain",
        Direction::Flat => "flat",
        Direction::Short => "loss",
    }
}

pub(super) fn rating_tone(rating: Rating) -> &'static str {
    tone(rating.meaning().0)
}

/// `answered`, `abstained`, or `degraded` with its reason.
pub(super) fn outcome(report: &NodeReport) -> String {
    match &report.outcome {
        NodeOutcome::Answered(_) => "answered".to_owned(),
        NodeOutcome::Abstained(_) => "abstained".to_owned(),
        NodeOutcome::Degraded(degraded) => format!("degraded: {}", degraded.reason),
    }
}

/// `0.62`: how sure somebody is.
pub(super) fn sure(value: f64) -> String {
    crate::format::number(value, 2)
}

/// Billionths of a US dollar as dollars: `$0.0123`, and `$0` for nothing.
pub(crate) fn dollars(nano: i64) -> String {
    if nano == 0 {
        return "$0".to_owned();
    }
    let value = nano as f64 / 1e9;
    let decimals = if value.abs() < 0.1 { 6 } else { 4 };
    format!("${}", crate::format::number(value, decimals))
}
