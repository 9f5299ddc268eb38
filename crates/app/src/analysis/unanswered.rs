//! Why a node has no answer, in the closed words of its report.

use std::time::Duration;

use fondaco_contract::v1alpha1::analysis::Degraded;
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::signal::ReasonCode;

use crate::ports::Failure;
use crate::ports::model::ModelError;
use crate::runner::in_words;

/// Why there is no answer.
pub(crate) enum Unanswered {
    /// Nobody wants it any more.
    Stopped,
    /// There is none.
    Degraded(Degraded),
}

/// Of a model that gave none. What would fail every other call as well loses
/// the lane.
pub(crate) fn of_model(error: &ModelError) -> Unanswered {
    let (reason, lane) = match error {
        ModelError::Stopped => return Unanswered::Stopped,
        ModelError::Unknown(_) => ("unknown_model", Some(ReasonCode::LlmInitFailed)),
        ModelError::Auth { .. } => ("auth", Some(ReasonCode::ProviderAuthFailed)),
        ModelError::Mismatch { .. } => ("mismatch", Some(ReasonCode::ProviderMismatch)),
        ModelError::RateLimited { .. } => ("rate_limited", None),
        ModelError::Failed { .. } | ModelError::Unreachable { .. } => ("provider", None),
        ModelError::Refused { .. } => ("refused", None),
        ModelError::TimedOut { .. } => ("timeout", None),
        ModelError::Malformed { .. } => ("malformed", None),
        ModelError::Budget { .. } => ("budget", Some(ReasonCode::LlmSignalFailed)),
        ModelError::NotRecorded { .. } => ("not_recorded", Some(ReasonCode::LlmSignalFailed)),
        ModelError::Recording { .. } => ("recording", Some(ReasonCode::LlmSignalFailed)),
        ModelError::Ledger { .. } => ("ledger", Some(ReasonCode::LlmSignalFailed)),
    };
    Unanswered::Degraded(Degraded {
        reason: reason.to_owned(),
        lane,
        detail: in_words(error),
        retryable: error.class() == ErrorClass::Transient,
        data_quality: None,
    })
}

impl Unanswered {
    fn because(reason: &str, detail: String, retryable: bool) -> Self {
        Self::Degraded(Degraded {
            reason: reason.to_owned(),
            lane: None,
            detail,
            retryable,
            data_quality: None,
        })
    }

    pub(crate) fn timeout(time: Duration) -> Self {
        let detail = format!("no answer within {} s", time.as_secs_f64());
        Self::because("timeout", detail, true)
    }

    pub(crate) fn refused(text: &str) -> Self {
        let detail = match text.trim() {
            "" => "the provider held the answer back".to_owned(),
            text => format!("the provider held the answer back: {text}"),
        };
        Self::because("refused", detail, false)
    }

    pub(crate) fn too_long(tokens: u32) -> Self {
        let detail = format!("the answer was cut off at {tokens} tokens");
        Self::because("length", detail, true)
    }

    pub(crate) fn tool_turns(turns: u32) -> Self {
        let detail = format!("it asked for tools more than {turns} times");
        Self::because("tool_turns", detail, true)
    }

    pub(crate) fn source(tool: &str, source: &Failure) -> Self {
        let detail = format!("{tool} cannot read its source: {}", in_words(source));
        Self::because("source", detail, false)
    }

    /// With what is lost where nothing can be read.
    pub(crate) fn malformed(lane: Option<ReasonCode>, problem: String) -> Self {
        Self::Degraded(Degraded {
            reason: "malformed".to_owned(),
            lane,
            detail: problem,
            retryable: true,
            data_quality: None,
        })
    }

    pub(crate) fn form(problem: &str) -> Self {
        let detail = format!("the form of the answer is none: {problem}");
        Self::because("form", detail, false)
    }
}
