//! How a process is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::words;

/// What `GET /health` answers: whether the process lives, in the fields of all
/// who ever asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthView {
    /// `healthy`, or `unhealthy` where the store does not answer.
    pub status: HealthWord,
    /// Which service.
    pub service: String,
    /// Whether the store answers.
    pub database: DatabaseWord,
    /// Now.
    #[schemars(schema_with = "words::instant")]
    pub timestamp: String,
    /// `PROD`, or `DEV` where models are made up.
    pub deployment_mode: DeploymentWord,
    /// Whether that is `DEV`.
    pub is_dev_mode: bool,
    /// Whether a start in `DEV` keeps what there is.
    pub preserve_dev_data: bool,
    /// The role.
    pub role: String,
    /// Version of the program.
    pub version: String,
    /// Seconds since the process began to serve.
    pub uptime_seconds: u64,
}

/// Whether it lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HealthWord {
    /// It does.
    Healthy,
    /// It does, and cannot do its work.
    Unhealthy,
}

/// Whether the store answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseWord {
    /// It does.
    Connected,
    /// It does not.
    Disconnected,
}

/// What models are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DeploymentWord {
    /// Real.
    Prod,
    /// Made up.
    Dev,
}

/// What `GET /ready` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReadyView {
    /// Whether work can be given to it.
    pub status: ReadyWord,
    /// Three dependencies under their old names: the tracker of experiments,
    /// the candles, the store of jobs.
    pub checks: OldChecks,
    /// Every dependency.
    pub dependencies: Vec<DependencyView>,
    /// Breakers of the worker in this process.
    pub breakers: Vec<BreakerView>,
}

/// Whether work can be given to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReadyWord {
    /// It can.
    Ready,
    /// Something it needs is not there.
    NotReady,
}

/// Under their old names. Results are kept in the home, so `mlflow` says
/// whether that can be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the words are those of another system")]
pub struct OldChecks {
    pub mlflow: bool,
    pub data_collection: bool,
    pub dynamodb: bool,
}

/// Something that a role needs, or makes use of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyView {
    /// Its name, of the closed list.
    pub name: DependencyWord,
    /// How it is.
    pub state: DependencyState,
    /// Whether the role is not ready without it.
    pub required: bool,
    /// Why, in words.
    pub detail: String,
    /// Milliseconds that it took to find out.
    pub took_ms: u64,
}

/// What a role may need.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DependencyWord {
    /// Where runs are kept.
    Store,
    /// Where candles are kept.
    Candles,
    /// The home: can be written, and has space.
    Disk,
    /// Somebody takes tasks.
    Workers,
    /// Somebody hands events on.
    Gateway,
}

impl DependencyWord {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Store,
        Self::Candles,
        Self::Disk,
        Self::Workers,
        Self::Gateway,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store => "store",
            Self::Candles => "candles",
            Self::Disk => "disk",
            Self::Workers => "workers",
            Self::Gateway => "gateway",
        }
    }
}

/// How a dependency is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DependencyState {
    /// As it should be.
    Up,
    /// Not there, or of no use.
    Down,
}

/// A breaker in front of an executor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BreakerView {
    /// What it guards.
    pub executor: String,
    /// Where it stands.
    pub state: BreakerWord,
    /// Failures that count by now.
    pub failures: usize,
}

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BreakerWord {
    /// Everything is let through.
    Closed,
    /// Nothing is.
    Open,
    /// One is, to see how it goes.
    HalfOpen,
}

impl BreakerWord {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Closed, Self::Open, Self::HalfOpen];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
        }
    }
}
