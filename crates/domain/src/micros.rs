//! The time of durable things.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Microseconds since 1970-01-01T00:00:00Z: an integer inside, RFC 3339
/// outside. Candles are stamped in milliseconds ([`crate::UnixMillis`]);
/// transitions follow each other faster than that.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct UnixMicros(pub i64);

impl UnixMicros {
    /// Later by some microseconds; at the end of the range it stays there.
    #[must_use]
    pub fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }
}

impl From<Timestamp> for UnixMicros {
    fn from(timestamp: Timestamp) -> Self {
        Self(timestamp.as_microsecond())
    }
}

/// A text that is not a time.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not a time such as 2026-01-31T12:00:00Z")]
pub struct MicrosError(pub String);

/// RFC 3339, as it is shown.
impl FromStr for UnixMicros {
    type Err = MicrosError;

    fn from_str(text: &str) -> Result<Self, MicrosError> {
        let timestamp = text.parse::<Timestamp>();
        timestamp
            .map(Self::from)
            .map_err(|_| MicrosError(text.to_owned()))
    }
}

impl fmt::Display for UnixMicros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clamped = if self.0 < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        };
        let timestamp = Timestamp::from_microsecond(self.0).unwrap_or(clamped);
        write!(f, "{timestamp:.6}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shown_as_rfc_3339_with_all_six_digits() {
        assert_eq!(
            UnixMicros(1_515_584_100_000_017).to_string(),
            "2018-01-10T11:35:00.000017Z"
        );
        let at = UnixMicros(1_515_584_100_000_017);
        assert_eq!(at.to_string().parse(), Ok(at));
        assert!("yesterday".parse::<UnixMicros>().is_err());
        assert_eq!(UnixMicros(i64::MAX).plus(1), UnixMicros(i64::MAX));
    }
}
