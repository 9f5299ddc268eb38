//! Names of durable things: UUIDs of version 7, each in a type of its own.
//!
//! Version 7 begins with the time, so rows inserted one after the other lie
//! one after the other in an index. Ids are made outside the core, from a
//! clock and randomness it does not have.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use uuid::{Builder, Uuid};

/// A text that is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("`{0}` is not an id: a UUID of version 7 is wanted")]
pub struct IdError(pub String);

macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(Uuid);

        impl $name {
            /// From the time in milliseconds and ten random bytes (the bits
            /// that hold version and variant are overwritten).
            pub fn new(millis: u64, random: [u8; 10]) -> Self {
                Self(Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                Uuid::parse_str(text)
                    .ok()
                    .filter(|id| id.get_version_num() == 7)
                    .map(Self)
                    .ok_or_else(|| IdError(text.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

typed_id!(
    /// One durable execution of a spec.
    RunId
);
typed_id!(
    /// One process that holds tasks by lease. A restarted process is another
    /// worker: what its predecessor held is not its own.
    WorkerId
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_read_back_and_sort_by_time() {
        let early = RunId::new(1_700_000_000_000, [0xff; 10]);
        let late = RunId::new(1_700_000_000_001, [0; 10]);
        assert!(early < late);
        assert!(early.to_string() < late.to_string());
        assert_eq!(early.to_string().parse(), Ok(early));
        assert_eq!(
            serde_json::from_str::<RunId>(&serde_json::to_string(&late).unwrap()).unwrap(),
            late
        );
    }

    #[test]
    fn other_versions_and_other_texts_are_refused() {
        for text in ["", "run-1", "936da01f-9abd-4d9d-80c7-02af85c822a8"] {
            assert_eq!(text.parse::<RunId>(), Err(IdError(text.to_owned())));
        }
    }
}
