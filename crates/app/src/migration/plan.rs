//! What the flags come to.

use fondaco_domain::ContentHash;
use fondaco_domain::flags::FlagSnapshot;

/// What is read, written and shown: decided once from one snapshot, and kept
/// to. With the application service off nothing else counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Where tasks are read.
    pub reads: Reads,
    /// Whether the legacy files are written.
    pub writes_legacy: bool,
    /// Whether contracts are written beside them, and both compared with what
    /// was meant.
    pub writes_contract: bool,
    /// The shape of answers.
    pub shape: Shape,
    /// The shape of what sockets send.
    pub socket: Shape,
    /// Of which values of flags.
    pub flags: ContentHash,
}

/// Where tasks are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reads {
    /// In the legacy files: they are authoritative.
    Legacy,
    /// There, and what the new store would say is compared.
    LegacyCompared,
    /// In the new store, then in the legacy files, and both are compared.
    NewFirst,
    /// In the new store. What only the legacy files have is still found, and
    /// nothing is written there any more.
    New,
}

impl Reads {
    /// The name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::LegacyCompared => "legacy_compared",
            Self::NewFirst => "new_first",
            Self::New => "new",
        }
    }

    /// Whether both stores are looked at and compared.
    pub fn compares(self) -> bool {
        matches!(self, Self::LegacyCompared | Self::NewFirst)
    }
}

/// The shape of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Shape {
    /// As the state file of a task.
    Legacy,
    /// As the contract says.
    V1alpha1,
}

impl Shape {
    /// The name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::V1alpha1 => "v1alpha1",
        }
    }
}

impl From<&FlagSnapshot> for Plan {
    fn from(flags: &FlagSnapshot) -> Self {
        let service = flags.app_service();
        let contract = service && flags.contract_v1alpha1();
        let reads = match (service, flags.dual_read(), contract) {
            (false, _, _) => Reads::Legacy,
            (true, true, _) => Reads::NewFirst,
            (true, false, false) => Reads::LegacyCompared,
            (true, false, true) => Reads::New,
        };
        let dual_write = service && flags.dual_write();
        let shape = |on: bool| if on { Shape::V1alpha1 } else { Shape::Legacy };
        Self {
            reads,
            writes_legacy: dual_write || reads != Reads::New,
            writes_contract: dual_write,
            shape: shape(contract),
            socket: shape(service && flags.socket_v1alpha1()),
            flags: flags.hash().clone(),
        }
    }
}
