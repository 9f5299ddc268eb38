//! What a child may use.

use std::io;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::{Deserialize, Serialize};

/// What a child may use at most; where nothing is said, what its parent may.
///
/// The child sets them itself before it begins, so they hold for all it
/// starts. They can only be lower than the parent's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Bytes of address space.
    pub address_space: Option<u64>,
    /// Seconds of processor time.
    pub cpu_seconds: Option<u64>,
    /// Files open at once.
    pub open_files: Option<u64>,
    /// Bytes of any one file, its log among them.
    pub file_size: Option<u64>,
}

impl Limits {
    /// Puts them on this process for good. The error names the limit that
    /// could not be set.
    pub(crate) fn apply(self) -> Result<(), (&'static str, io::Error)> {
        // A second more, so that the signal which says why comes before the
        // one that does not.
        let spare = |seconds: u64| seconds.saturating_add(1);
        lower(
            Resource::As,
            self.address_space,
            |bytes| bytes,
            "address space",
        )?;
        lower(Resource::Cpu, self.cpu_seconds, spare, "processor time")?;
        lower(
            Resource::Nofile,
            self.open_files,
            |files| files,
            "open files",
        )?;
        lower(Resource::Fsize, self.file_size, |bytes| bytes, "file size")
    }
}

fn lower(
    resource: Resource,
    wanted: Option<u64>,
    hard: impl Fn(u64) -> u64,
    name: &'static str,
) -> Result<(), (&'static str, io::Error)> {
    let Some(wanted) = wanted else {
        return Ok(());
    };
    let now = getrlimit(resource);
    let at_most = |value: u64, most: Option<u64>| Some(most.map_or(value, |most| value.min(most)));
    let maximum = at_most(hard(wanted), now.maximum);
    let new = Rlimit {
        current: at_most(wanted, maximum),
        maximum,
    };
    setrlimit(resource, new).map_err(|error| (name, error.into()))
}
