//! Who serves under a name, in which generation.

use fondaco_domain::UnixMicros;
use serde::{Deserialize, Serialize};

use super::runs::{Asked, RunStoreError};

/// A process that holds a name, such as `gateway`.
///
/// Its silence is that `renewals` does not grow, judged on the monotonic clock
/// of who looks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// The name.
    pub name: String,
    /// Grows by one with every claim; who has an older one must stop.
    pub generation: u64,
    /// The process, once it has come up.
    pub holder: Option<Holder>,
    /// How often it has renewed.
    pub renewals: u64,
    /// When the generation was claimed.
    pub since: UnixMicros,
    /// When it was last heard of.
    pub seen: UnixMicros,
}

/// The process behind a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The machine it is on.
    pub host: String,
    /// Its process there.
    pub pid: u32,
    /// When that process started, as the machine counts. Empty where the
    /// machine does not say.
    pub pid_start: String,
    /// Where it serves.
    pub address: String,
}

/// Names with generations.
pub trait ServiceStore: Send + Sync {
    /// Takes a name over from generation `seen` (0 where there was none):
    /// whoever had it is told with its next renewal.
    /// [`RunStoreError::ServiceChanged`] where somebody else was faster.
    fn claim_service(&self, name: &str, seen: u64, by: Asked) -> Result<Service, RunStoreError>;

    /// A sign of life of a generation. False where there is a newer one.
    fn renew_service(
        &self,
        name: &str,
        generation: u64,
        holder: Holder,
        at: UnixMicros,
    ) -> Result<bool, RunStoreError>;

    /// Gives a name back: its generation has no holder any more. Nothing
    /// happens where there is a newer one.
    fn release_service(&self, name: &str, generation: u64) -> Result<(), RunStoreError>;

    /// All of them, by name.
    fn services(&self) -> Result<Vec<Service>, RunStoreError>;
}
