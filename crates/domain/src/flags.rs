//! Flags: what can be switched while everything runs.
//!
//! The list is closed: a flag has a type, a default and a meaning. Whoever
//! decides something reads one [`FlagSnapshot`] and decides by it to the end;
//! its hash says later which values those were.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{ContentHash, ErrorKind, Hint};

/// A flag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// See [`FlagSnapshot::dashboard_exports`].
    DashboardCompatExports,
    /// See [`FlagSnapshot::halt_confirmation`].
    HaltConfirmationSeconds,
    /// See [`FlagSnapshot::app_service`].
    TaAppServiceEnabled,
    /// See [`FlagSnapshot::contract_v1alpha1`].
    TaResultContractVersion,
    /// See [`FlagSnapshot::dual_read`].
    TaTaskstoreDualRead,
    /// See [`FlagSnapshot::dual_write`].
    TaTaskstoreDualWrite,
    /// See [`FlagSnapshot::socket_v1alpha1`].
    TaWsV1alpha1Enabled,
}

/// What [`Flag::TaResultContractVersion`] says for no contract.
pub const NO_CONTRACT: &str = "off";
/// What it says for the contract there is.
pub const V1ALPHA1: &str = "v1alpha1";

/// What values a flag takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FlagType {
    /// On or off.
    Bool,
    /// A whole number between two, both allowed.
    Integer {
        /// The smallest.
        least: i64,
        /// The largest.
        most: i64,
    },
    /// A number between two, both allowed.
    Number {
        /// The smallest.
        least: f64,
        /// The largest.
        most: f64,
    },
    /// One of some words.
    Choice(&'static [&'static str]),
}

/// A value of a flag, as it is stored and sent: a plain JSON value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FlagValue {
    /// On or off.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number.
    Number(f64),
    /// A word.
    Choice(String),
}

/// What is known of a flag whatever its value.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagSpec {
    /// The flag.
    pub flag: Flag,
    /// Its name.
    pub name: &'static str,
    /// What values it takes.
    pub kind: FlagType,
    /// Its value where nobody has set one.
    pub default: FlagValue,
    /// What it does.
    pub doc: &'static str,
    /// The version of the program that knew it first.
    pub since: &'static str,
}

/// Words about flags that cannot be followed.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum FlagError {
    /// No such flag.
    #[error("there is no flag `{0}`")]
    Unknown(String),
    /// Not a value of its type.
    #[error("`{given}` is no value of flag `{}`, which takes {}", flag.name(), flag.spec().kind)]
    Value {
        /// The flag.
        flag: Flag,
        /// As given.
        given: String,
    },
}

impl Hint for FlagError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Unknown(_) => ErrorKind::NotFound,
            Self::Value { .. } => ErrorKind::Invalid,
        }
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown(_) => "see `fondaco flag list`".to_owned(),
            Self::Value { flag, .. } => {
                let spec = flag.spec();
                format!("its default is {}", spec.default)
            }
        })
    }
}

impl Flag {
    /// All of them, by name.
    pub const ALL: [Self; 7] = [
        Self::DashboardCompatExports,
        Self::HaltConfirmationSeconds,
        Self::TaAppServiceEnabled,
        Self::TaResultContractVersion,
        Self::TaTaskstoreDualRead,
        Self::TaTaskstoreDualWrite,
        Self::TaWsV1alpha1Enabled,
    ];

    /// The flag of that name, or of that variable.
    pub fn parse(name: &str) -> Result<Self, FlagError> {
        Self::ALL
            .into_iter()
            .find(|flag| flag.name() == name || flag.variable() == Some(name))
            .ok_or_else(|| FlagError::Unknown(name.to_owned()))
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::DashboardCompatExports => "dashboard_compat_exports",
            Self::HaltConfirmationSeconds => "halt_confirmation_seconds",
            Self::TaAppServiceEnabled => "ta_app_service_enabled",
            Self::TaResultContractVersion => "ta_result_contract_version",
            Self::TaTaskstoreDualRead => "ta_taskstore_dual_read",
            Self::TaTaskstoreDualWrite => "ta_taskstore_dual_write",
            Self::TaWsV1alpha1Enabled => "ta_ws_v1alpha1_enabled",
        }
    }

    /// The variable of the environment that gives its value where nobody has
    /// set one; most have none.
    pub fn variable(self) -> Option<&'static str> {
        Some(match self {
            Self::DashboardCompatExports | Self::HaltConfirmationSeconds => return None,
            Self::TaAppServiceEnabled => "TA_APP_SERVICE_ENABLED",
            Self::TaResultContractVersion => "TA_RESULT_CONTRACT_VERSION",
            Self::TaTaskstoreDualRead => "TA_TASKSTORE_DUAL_READ",
            Self::TaTaskstoreDualWrite => "TA_TASKSTORE_DUAL_WRITE",
            Self::TaWsV1alpha1Enabled => "TA_WS_V1ALPHA1_ENABLED",
        })
    }

    /// What is known of it.
    pub fn spec(self) -> FlagSpec {
        let (kind, default, doc) = match self {
            Self::DashboardCompatExports => (
                FlagType::Bool,
                FlagValue::Bool(true),
                "Whether files for dashboards are written beside the other files of a run.",
            ),
            Self::HaltConfirmationSeconds => (
                FlagType::Integer {
                    least: 5,
                    most: 180,
                },
                FlagValue::Integer(180),
                "How long the second confirmation of clearing a halt counts.",
            ),
            Self::TaAppServiceEnabled => migration(
                "Whether the routes of analyses ask the application service. Off: the legacy files \
                 are what they read and their answers have the legacy shape, whatever the other four say.",
            ),
            Self::TaResultContractVersion => (
                FlagType::Choice(&[NO_CONTRACT, V1ALPHA1]),
                FlagValue::Choice(NO_CONTRACT.to_owned()),
                "The contract of the answers of the routes of analyses; off for the legacy shape.",
            ),
            Self::TaTaskstoreDualRead => migration(
                "Whether a task is read in the new store first, then in the legacy files, and both \
                 are compared.",
            ),
            Self::TaTaskstoreDualWrite => migration(
                "Whether the legacy files of a task are written beside the new store, its contract \
                 too, and what they say afterwards is compared.",
            ),
            Self::TaWsV1alpha1Enabled => {
                migration("Whether the sockets of analyses send the contract, too.")
            }
        };
        FlagSpec {
            flag: self,
            name: self.name(),
            kind,
            default,
            doc,
            since: "0.1.0",
        }
    }

    /// A value of its type, or why it is none.
    pub fn check(self, value: &FlagValue) -> Result<(), FlagError> {
        if self.spec().kind.takes(value) {
            return Ok(());
        }
        Err(FlagError::Value {
            flag: self,
            given: value.to_string(),
        })
    }

    /// A value of its type, from words.
    pub fn read(self, text: &str) -> Result<FlagValue, FlagError> {
        let value = match self.spec().kind {
            FlagType::Bool => truth(text).map(FlagValue::Bool),
            FlagType::Integer { .. } => text.parse().ok().map(FlagValue::Integer),
            FlagType::Number { .. } => text.parse().ok().map(FlagValue::Number),
            FlagType::Choice(_) => Some(FlagValue::Choice(text.to_owned())),
        };
        match value {
            Some(value) if self.spec().kind.takes(&value) => Ok(value),
            _ => Err(FlagError::Value {
                flag: self,
                given: text.to_owned(),
            }),
        }
    }
}

/// Off where nobody has set it.
fn migration(doc: &'static str) -> (FlagType, FlagValue, &'static str) {
    (FlagType::Bool, FlagValue::Bool(false), doc)
}

/// `1` and `0` are how variables of the environment say it.
fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}

impl FlagType {
    /// Whether a value is one of them. A whole number is a number, too.
    pub fn takes(&self, value: &FlagValue) -> bool {
        match (self, value) {
            (Self::Bool, FlagValue::Bool(_)) => true,
            (Self::Integer { least, most }, FlagValue::Integer(value)) => {
                (least..=most).contains(&value)
            }
            (Self::Number { least, most }, FlagValue::Number(value)) => {
                (least..=most).contains(&value)
            }
            (Self::Number { least, most }, FlagValue::Integer(value)) => {
                (*least..=*most).contains(&(*value as f64))
            }
            (Self::Choice(words), FlagValue::Choice(word)) => words.contains(&word.as_str()),
            _ => false,
        }
    }

    /// `bool`, `integer`, `number` or `choice`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::Choice(_) => "choice",
        }
    }
}

impl fmt::Display for FlagType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool => f.write_str("true or false"),
            Self::Integer { least, most } => write!(f, "a whole number from {least} to {most}"),
            Self::Number { least, most } => write!(f, "a number from {least} to {most}"),
            Self::Choice(words) => write!(f, "one of {}", words.join(", ")),
        }
    }
}

impl fmt::Display for FlagValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Number(value) => value.fmt(f),
            Self::Choice(value) => f.write_str(value),
        }
    }
}

/// The value of every flag at one moment. It does not change.
#[derive(Debug, Clone, PartialEq)]
pub struct FlagSnapshot {
    values: BTreeMap<Flag, FlagValue>,
    hash: ContentHash,
}

impl FlagSnapshot {
    /// Of the values that were set; every other flag has its default. One of
    /// another type is refused.
    pub fn of(set: impl IntoIterator<Item = (Flag, FlagValue)>) -> Result<Self, FlagError> {
        let defaults = Flag::ALL.map(|flag| (flag, flag.spec().default));
        let mut values = BTreeMap::from(defaults);
        for (flag, value) in set {
            flag.check(&value)?;
            values.insert(flag, value);
        }
        let mut parts = Vec::new();
        for (flag, value) in &values {
            parts.extend([flag.name().to_owned(), value.to_string()]);
        }
        let hash = ContentHash::of_parts(parts.iter().map(String::as_bytes));
        Ok(Self { values, hash })
    }

    /// The same for the same values, whoever set them and when.
    pub fn hash(&self) -> &ContentHash {
        &self.hash
    }

    /// The value of a flag.
    pub fn value(&self, flag: Flag) -> FlagValue {
        let value = self.values.get(&flag).cloned();
        value.unwrap_or_else(|| flag.spec().default)
    }

    /// Whether files for dashboards are written beside the other files of a
    /// run.
    pub fn dashboard_exports(&self) -> bool {
        self.is_on(Flag::DashboardCompatExports)
    }

    /// Whether the application service answers for analyses.
    pub fn app_service(&self) -> bool {
        self.is_on(Flag::TaAppServiceEnabled)
    }

    /// Whether answers about analyses follow the contract.
    pub fn contract_v1alpha1(&self) -> bool {
        self.value(Flag::TaResultContractVersion) == FlagValue::Choice(V1ALPHA1.to_owned())
    }

    /// Whether tasks are read in both stores and compared.
    pub fn dual_read(&self) -> bool {
        self.is_on(Flag::TaTaskstoreDualRead)
    }

    /// Whether tasks are written to both stores and compared.
    pub fn dual_write(&self) -> bool {
        self.is_on(Flag::TaTaskstoreDualWrite)
    }

    /// Whether the sockets of analyses follow the contract.
    pub fn socket_v1alpha1(&self) -> bool {
        self.is_on(Flag::TaWsV1alpha1Enabled)
    }

    fn is_on(&self, flag: Flag) -> bool {
        self.value(flag) == FlagValue::Bool(true)
    }

    /// How long the second confirmation of clearing a halt counts.
    pub fn halt_confirmation(&self) -> Duration {
        match self.value(Flag::HaltConfirmationSeconds) {
            FlagValue::Integer(seconds) => Duration::from_secs(seconds.unsigned_abs()),
            // No other value passes the check.
            _ => Duration::ZERO,
        }
    }
}

impl Default for FlagSnapshot {
    fn default() -> Self {
        Self::of([]).expect("defaults are values of their types: a test looks at each")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_a_value_and_every_name_leads_back() {
        for flag in Flag::ALL {
            let spec = flag.spec();
            assert!(spec.kind.takes(&spec.default), "{}", spec.name);
            assert_eq!(Flag::parse(spec.name), Ok(flag));
            assert_eq!(flag.read(&spec.default.to_string()), Ok(spec.default));
            if let Some(variable) = flag.variable() {
                assert_eq!(Flag::parse(variable), Ok(flag));
                assert_eq!(variable.to_lowercase(), spec.name);
            }
        }
        assert!(Flag::ALL.is_sorted_by_key(|flag| flag.name()));
        assert_eq!(
            Flag::parse("colour"),
            Err(FlagError::Unknown("colour".to_owned()))
        );
    }

    #[test]
    fn a_value_of_another_type_or_out_of_range_is_none() {
        let number = FlagType::Number {
            least: 0.0,
            most: 1.0,
        };
        let whole = FlagType::Integer { least: 1, most: 3 };
        let words = FlagType::Choice(&["a", "b"]);
        let word = |text: &str| FlagValue::Choice(text.to_owned());
        for (kind, value, taken) in [
            (FlagType::Bool, FlagValue::Bool(false), true),
            (FlagType::Bool, FlagValue::Integer(0), false),
            (FlagType::Bool, word("true"), false),
            (whole, FlagValue::Integer(1), true),
            (whole, FlagValue::Integer(3), true),
            (whole, FlagValue::Integer(4), false),
            (whole, FlagValue::Integer(0), false),
            (whole, FlagValue::Number(2.0), false),
            (number, FlagValue::Number(0.5), true),
            (number, FlagValue::Integer(1), true),
            (number, FlagValue::Number(1.5), false),
            (number, FlagValue::Number(f64::NAN), false),
            (words, word("b"), true),
            (words, word("c"), false),
        ] {
            assert_eq!(kind.takes(&value), taken, "{value} as {kind}");
        }
    }

    #[test]
    fn flags_of_the_migration_are_off_and_are_said_as_variables_say_it() {
        let plain = FlagSnapshot::default();
        let read = [
            FlagSnapshot::app_service,
            FlagSnapshot::contract_v1alpha1,
            FlagSnapshot::dual_read,
            FlagSnapshot::dual_write,
            FlagSnapshot::socket_v1alpha1,
        ];
        let words = ["1", "v1alpha1", "true", "1", "true"];
        let flags: Vec<Flag> = Flag::ALL
            .into_iter()
            .filter(|flag| flag.variable().is_some())
            .collect();
        assert_eq!(flags.len(), read.len());
        for ((flag, read), word) in flags.iter().zip(read).zip(words) {
            assert!(!read(&plain), "{}", flag.name());
            let value = flag.read(word).unwrap();
            assert!(read(&FlagSnapshot::of([(*flag, value)]).unwrap()));
            for word in ["yes", "", "2", "v1"] {
                assert!(flag.read(word).is_err(), "{word} for {}", flag.name());
            }
        }
    }

    #[test]
    fn the_hash_names_the_values_and_nothing_else() {
        let plain = FlagSnapshot::default();
        let same = [(Flag::DashboardCompatExports, FlagValue::Bool(true))];
        assert_eq!(FlagSnapshot::of(same).unwrap().hash(), plain.hash());
        let other = [(Flag::DashboardCompatExports, FlagValue::Bool(false))];
        let other = FlagSnapshot::of(other).unwrap();
        assert_ne!(other.hash(), plain.hash());
        assert!(plain.dashboard_exports() && !other.dashboard_exports());
        assert_eq!(plain.halt_confirmation(), Duration::from_mins(3));
        let wrong = [(Flag::HaltConfirmationSeconds, FlagValue::Integer(181))];
        let error = FlagSnapshot::of(wrong).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`181` is no value of flag `halt_confirmation_seconds`, which takes a whole number from 5 to 180"
        );
    }
}
