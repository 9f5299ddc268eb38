//! What the runtime notes about the gateway.

use std::fmt;

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are what the words say")]
pub enum Note {
    /// A generation was claimed, and its gateway is on its way.
    Starting { generation: u64 },
    /// Its start was refused.
    NotStarted { generation: u64, error: String },
    /// It is there; found so, or started here.
    Serves {
        generation: u64,
        pid: Option<u32>,
        address: String,
        adopted: bool,
    },
    /// It lives and says nothing.
    Silent { generation: u64 },
    /// It is gone.
    Gone {
        generation: u64,
        returncode: Option<i32>,
        asked: bool,
        crashes: u32,
    },
    /// It is not ours to end: it was superseded, and learns it by itself.
    Superseded { generation: u64 },
    /// It could not be told to end.
    NotStopped { generation: u64, error: String },
}

impl Note {
    /// Its name, for programs.
    pub fn fact(&self) -> &'static str {
        match self {
            Self::Starting { .. } => "gateway_starting",
            Self::NotStarted { .. } => "gateway_not_started",
            Self::Serves { adopted: true, .. } => "gateway_adopted",
            Self::Serves { .. } => "gateway_serves",
            Self::Silent { .. } => "gateway_silent",
            Self::Gone { asked: true, .. } => "gateway_stopped",
            Self::Gone { .. } => "gateway_died",
            Self::Superseded { .. } => "gateway_superseded",
            Self::NotStopped { .. } => "gateway_not_stopped",
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Starting { generation } => {
                write!(f, "gateway of generation {generation} is started")
            }
            Self::NotStarted { generation, error } => {
                write!(
                    f,
                    "gateway of generation {generation} was not started: {error}"
                )
            }
            Self::Serves {
                generation,
                pid,
                address,
                adopted,
            } => {
                let how = if *adopted {
                    "was found serving"
                } else {
                    "serves"
                };
                write!(f, "gateway of generation {generation} {how} at {address}")?;
                match pid {
                    Some(pid) => write!(f, ", process {pid}"),
                    None => Ok(()),
                }
            }
            Self::Silent { generation } => write!(
                f,
                "gateway of generation {generation} lives and does not renew: it is ended"
            ),
            Self::Gone {
                generation,
                returncode,
                asked,
                crashes,
            } => {
                let how = if *asked { "has stopped" } else { "has died" };
                write!(f, "gateway of generation {generation} {how}")?;
                if let Some(code) = returncode {
                    write!(f, " with {code}")?;
                }
                if !*asked && *crashes > 1 {
                    write!(f, ", {crashes} times in a row")?;
                }
                Ok(())
            }
            Self::Superseded { generation } => write!(
                f,
                "gateway of generation {generation} was superseded: it stops with its next renewal"
            ),
            Self::NotStopped { generation, error } => {
                write!(
                    f,
                    "gateway of generation {generation} cannot be stopped: {error}"
                )
            }
        }
    }
}

/// Where notes go.
pub trait Journal: Send + Sync {
    /// Takes one.
    fn note(&self, note: &Note);
}

/// Anything that can be told.
impl<F: Fn(&Note) + Send + Sync> Journal for F {
    fn note(&self, note: &Note) {
        self(note);
    }
}
