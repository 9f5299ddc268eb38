//! The time of durable things.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

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
        assert_eq!(UnixMicros(i64::MAX).plus(1), UnixMicros(i64::MAX));
    }
}
