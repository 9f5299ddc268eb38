//! Why a lane says nothing.

use serde::{Deserialize, Serialize};

/// The closed list of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReasonCode {
    /// The configuration cannot be what it says.
    ConfigInvalid,
    /// No strategy was named for the quant lane.
    QuantNotConfigured,
    /// Its strategy could not be read or compiled.
    QuantInitFailed,
    /// Its evaluation failed.
    QuantSignalFailed,
    /// There are no candles.
    QuantNoData,
    /// The market was closed on that day.
    NonTradingDay,
    /// Candles lack fields.
    PartialData,
    /// The newest candle is older than the day.
    StaleData,
    /// The model could not be set up.
    LlmInitFailed,
    /// The graph of its nodes failed.
    LlmSignalFailed,
    /// Its answer has no rating of the list.
    LlmUnknownRating,
    /// Provider and address do not belong together.
    ProviderMismatch,
    /// The provider does not know the key.
    ProviderAuthFailed,
    /// Neither lane said anything.
    BothSignalsUnavailable,
}

impl ReasonCode {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::ConfigInvalid,
        Self::QuantNotConfigured,
        Self::QuantInitFailed,
        Self::QuantSignalFailed,
        Self::QuantNoData,
        Self::NonTradingDay,
        Self::PartialData,
        Self::StaleData,
        Self::LlmInitFailed,
        Self::LlmSignalFailed,
        Self::LlmUnknownRating,
        Self::ProviderMismatch,
        Self::ProviderAuthFailed,
        Self::BothSignalsUnavailable,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConfigInvalid => "config_invalid",
            Self::QuantNotConfigured => "quant_not_configured",
            Self::QuantInitFailed => "quant_init_failed",
            Self::QuantSignalFailed => "quant_signal_failed",
            Self::QuantNoData => "quant_no_data",
            Self::NonTradingDay => "non_trading_day",
            Self::PartialData => "partial_data",
            Self::StaleData => "stale_data",
            Self::LlmInitFailed => "llm_init_failed",
            Self::LlmSignalFailed => "llm_signal_failed",
            Self::LlmUnknownRating => "llm_unknown_rating",
            Self::ProviderMismatch => "provider_mismatch",
            Self::ProviderAuthFailed => "provider_auth_failed",
            Self::BothSignalsUnavailable => "both_signals_unavailable",
        }
    }

    /// The reason of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }
}
