//! Where the gateway runs.

use super::Failure;
use super::services::Holder;

/// The name under which gateways are on the list of services.
pub const GATEWAY: &str = "gateway";

/// What can be seen of the gateway of one generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Nothing: it is on another machine, or somebody else looks after it.
    /// Nobody here can tell it to end.
    Unknown,
    /// Its process is there, and can be told to end.
    Alive {
        /// The process.
        pid: u32,
    },
    /// It was there, and is no more.
    Gone {
        /// How it ended, where that was seen: its exit code, or the number of
        /// the signal that ended it, below zero.
        returncode: Option<i32>,
    },
}

impl Sight {
    /// Its process, where that is there.
    pub fn pid(self) -> Option<u32> {
        match self {
            Self::Alive { pid } => Some(pid),
            Self::Unknown | Self::Gone { .. } => None,
        }
    }
}

/// Starts and stops gateways: in this process, or as children of it.
///
/// Calls return at once. What came of them is seen with the next look.
pub trait GatewayHost: Send + Sync {
    /// Begins the gateway of a generation, on behalf of a run of the runtime.
    /// It says by itself at the store that it is there.
    fn start(&self, run: &str, generation: u64) -> Result<(), Failure>;

    /// Tells the gateway of a generation to end: gently, or at once. What is
    /// not there, or on another machine, is left alone.
    fn stop(&self, generation: u64, holder: Option<&Holder>, force: bool) -> Result<(), Failure>;

    /// Looks at the gateway of a generation. That one which somebody else
    /// started on this machine is gone is known by its holder.
    fn look(&self, generation: u64, holder: Option<&Holder>) -> Sight;

    /// The end of what was written down about a run of the runtime, so many
    /// lines at most; nothing where there is nothing.
    fn log(&self, run: &str, lines: usize) -> Result<Option<String>, Failure>;

    /// Writes a line down about a run of the runtime.
    fn write_log(&self, run: &str, line: &str) -> Result<(), Failure>;
}
