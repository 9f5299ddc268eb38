//! `fondaco down`.

use std::time::{Duration, Instant};

use fondaco_app::runner::Bell;
use fondaco_domain::{ErrorKind, Hint};
use fondaco_exec::process;
use rustix::process::Signal;
use serde::Serialize;
use thiserror::Error;

use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::process::state::{self, Known, Phase};

/// How patiently.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco down\n  fondaco down --force --timeout 10\n\nWhat runs is finished first. With \
                  --force it is stopped and given back, to be done when a worker is there again; and the process is \
                  killed where that takes too long. Ends with 0 where nothing is up, too."
)]
pub(crate) struct Args {
    /// Stop what runs, and do not wait for its end.
    #[arg(long)]
    force: bool,
    /// Seconds to wait.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
}

/// What came of it.
#[derive(Debug, Serialize)]
struct Down {
    /// Whether anything was up.
    was_up: bool,
    /// The process that was.
    pid: Option<u32>,
    /// Whether it had to be killed.
    killed: bool,
}

/// It did not end.
#[derive(Debug, Error)]
enum DownError {
    /// In time.
    #[error("process {pid} has not ended after {seconds} s: it finishes what runs")]
    Late {
        /// The process.
        pid: u32,
        /// So long.
        seconds: u64,
    },
    /// It cannot be told.
    #[error("process {pid} cannot be told to end")]
    Deaf {
        /// The process.
        pid: u32,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl Hint for DownError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }

    fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Late { .. } => {
                "see what with `fondaco status`, wait longer with --timeout, or stop it with --force"
                    .to_owned()
            }
            Self::Deaf { .. } => "it belongs to another user".to_owned(),
        })
    }
}

/// After this long a process that was told to stop what it does is killed.
const LAST: Duration = Duration::from_secs(5);

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let known = state::up(context.home())?.filter(Known::lives);
    let Some(known) = known else {
        return Ok(context.output.print(&Down {
            was_up: false,
            pid: None,
            killed: false,
        })?);
    };
    tell(&known, Signal::TERM)?;
    // Who was told before is told for the second time now, and the third would
    // be the end whatever runs.
    let again = args.force && known.phase != Phase::Stopping;
    until(SAYS, || {
        let now = state::up(context.home());
        !known.lives() || now.is_ok_and(|now| now.is_none_or(|now| now.phase == Phase::Stopping))
    });
    if again {
        tell(&known, Signal::INT)?;
    }
    let mut killed = false;
    if !ends(&known, Duration::from_secs(args.timeout)) {
        if !args.force {
            return Err(DownError::Late {
                pid: known.pid,
                seconds: args.timeout,
            }
            .into());
        }
        tell(&known, Signal::KILL)?;
        killed = true;
        ends(&known, LAST);
    }
    Ok(context.output.print(&Down {
        was_up: true,
        pid: Some(known.pid),
        killed,
    })?)
}

fn tell(known: &Known, signal: Signal) -> Result<(), DownError> {
    // One that is gone has ended.
    match process::tell(known.pid, &known.pid_start, signal) {
        Ok(_) => Ok(()),
        Err(source) => Err(DownError::Deaf {
            pid: known.pid,
            source,
        }),
    }
}

/// Between two looks whether it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// A process that was told says so within this time.
const SAYS: Duration = Duration::from_secs(2);

fn ends(known: &Known, within: Duration) -> bool {
    until(within, || !known.lives())
}

/// Looks until it is so, for a time.
fn until(within: Duration, is_so: impl Fn() -> bool) -> bool {
    let deadline = Instant::now() + within;
    let bell = Bell::default();
    while !is_so() {
        if Instant::now() >= deadline {
            return false;
        }
        bell.wait(LOOK);
    }
    true
}

impl View for Down {
    fn text(&self, _: Style) -> String {
        match self.pid {
            None => "nothing is up in this home\n".to_owned(),
            Some(pid) if self.killed => format!("process {pid} was killed\n"),
            Some(pid) => format!("process {pid} has ended\n"),
        }
    }
}
