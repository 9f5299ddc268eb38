//! Flags on the wire.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlagView {
    /// Its name.
    pub name: String,
    /// `bool`, `integer`, `number` or `choice`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it takes, in words.
    pub takes: String,
    /// Its value, set or not.
    pub value: Value,
    /// Its value where nobody has set one.
    pub default: Value,
    /// What it does.
    pub doc: String,
    /// The version of the program that knew it first.
    pub since: String,
    /// The version of what was set; 0 where nothing is.
    pub version: u32,
    /// When it was set.
    pub set_at: Option<String>,
    /// By whom.
    pub set_by: Option<String>,
}

/// All flags at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FlagsView {
    /// SHA-256 of all values: what was decided by them says it.
    pub hash: String,
    /// By name.
    pub flags: Vec<FlagView>,
}

/// A wish to set a flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlagSetBody {
    /// A value of its type.
    pub value: FlagWord,
}

/// A value of a flag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum FlagWord {
    /// Of one that is on or off.
    Bool(bool),
    /// Of one that is a whole number.
    Integer(i64),
    /// Of one that is a number.
    Number(f64),
    /// Of one that is a word.
    Choice(String),
}
