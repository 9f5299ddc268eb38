//! Gateways as child processes, each the leader of a group of its own.
//!
//! A process is written down as soon as it runs, in `gateway/<generation>`
//! below the data folder, by number, start and boot. So a runtime that is
//! started again finds it, whether or not it has come up, and never signals
//! another process that got its number.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Mutex;

use fondaco_app::ports::Failure;
use fondaco_app::ports::gateway::{GatewayHost, Sight};
use fondaco_app::ports::services::Holder;
use rustix::process::{Pid, Signal};

use super::notes::Notes;
use super::{GatewayError, seen_by_holder, seen_of};
use crate::local::INHERITED;
use crate::lock;
use crate::process::{Life, Process};

/// How gateways are run.
#[derive(Debug, Clone)]
pub struct ChildSettings {
    /// The program, by its whole path.
    pub program: PathBuf,
    /// Words before `--generation <number>`.
    pub words: Vec<OsString>,
    /// Variables beside [`INHERITED`].
    pub environment: Vec<(OsString, OsString)>,
    /// The data folder.
    pub home: PathBuf,
    /// The name of this machine, as holders give it.
    pub host: String,
}

/// Gateways in processes of their own. They outlive this.
#[derive(Debug)]
pub struct ChildGateways {
    settings: ChildSettings,
    notes: Notes,
    children: Mutex<BTreeMap<u64, Kid>>,
}

#[derive(Debug)]
enum Kid {
    /// As far as is known.
    Runs(Child),
    /// It ran, or could not even be started.
    Ended(Option<i32>),
}

impl ChildGateways {
    /// Nothing is started yet; what an earlier process started is found.
    pub fn new(settings: ChildSettings) -> Self {
        Self {
            notes: Notes::below(&settings.home),
            settings,
            children: Mutex::default(),
        }
    }

    fn spawn(&self, run: &str, generation: u64) -> Result<Child, GatewayError> {
        let log = self.notes.open(run)?;
        let settings = &self.settings;
        let inherited = INHERITED
            .into_iter()
            .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let spawned = log.try_clone().and_then(|errors| {
            Command::new(&settings.program)
                .args(&settings.words)
                .arg("--generation")
                .arg(generation.to_string())
                .env_clear()
                .envs(inherited)
                .envs(settings.environment.iter().cloned())
                .current_dir(&settings.home)
                .stdin(Stdio::null())
                .stdout(log)
                .stderr(errors)
                .process_group(0)
                .spawn()
        });
        spawned.map_err(|source| GatewayError::Spawn {
            program: settings.program.clone(),
            source,
        })
    }

    /// Writes down which process it is, and forgets those before.
    fn write_down(&self, generation: u64, process: &Process) -> Result<(), GatewayError> {
        let path = self.path(generation);
        let folder = self.settings.home.join("gateway");
        fs::create_dir_all(&folder)
            .and_then(|()| crate::local::write(&path, process.to_string().as_bytes()))
            .map_err(|source| GatewayError::File { path, source })?;
        if let Some(before) = generation.checked_sub(2) {
            // Those older than the last are long over.
            let _ = fs::remove_file(self.path(before));
        }
        Ok(())
    }

    /// The process that was written down.
    fn written(&self, generation: u64) -> Option<Process> {
        let text = fs::read_to_string(self.path(generation)).ok()?;
        text.parse().ok()
    }

    fn path(&self, generation: u64) -> PathBuf {
        let folder = self.settings.home.join("gateway");
        folder.join(generation.to_string())
    }
}

impl GatewayHost for ChildGateways {
    fn start(&self, run: &str, generation: u64) -> Result<(), Failure> {
        let spawned = self.spawn(run, generation);
        let mut children = lock(&self.children);
        match spawned {
            Ok(child) => {
                let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                children.insert(generation, Kid::Runs(child));
                drop(children);
                match pid {
                    Some(pid) => self
                        .write_down(generation, &Process::of(pid))
                        .map_err(Failure::new),
                    None => Ok(()),
                }
            }
            Err(error) => {
                children.insert(generation, Kid::Ended(None));
                Err(Failure::new(error))
            }
        }
    }

    fn stop(&self, generation: u64, _: Option<&Holder>, force: bool) -> Result<(), Failure> {
        let process = match lock(&self.children).get(&generation) {
            // Not asked for yet, so its number is still its own.
            Some(Kid::Runs(child)) => {
                let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
                pid.map(Process::of)
            }
            Some(Kid::Ended(_)) => None,
            None => self
                .written(generation)
                .filter(|process| process.life() == Life::Alive),
        };
        let Some(process) = process else {
            return Ok(());
        };
        let signal = if force { Signal::KILL } else { Signal::TERM };
        process.signal(signal).map_err(|source| {
            let process = process.pid().as_raw_pid().unsigned_abs();
            Failure::new(GatewayError::Signal { process, source })
        })
    }

    fn look(&self, generation: u64, holder: Option<&Holder>) -> Sight {
        let mut children = lock(&self.children);
        let kid = children.get_mut(&generation);
        if let Some(kid) = kid {
            return kid.look();
        }
        drop(children);
        match self.written(generation).as_ref().map(seen_of) {
            None | Some(Sight::Unknown) => seen_by_holder(&self.settings.host, holder),
            Some(sight) => sight,
        }
    }

    fn log(&self, run: &str, lines: usize) -> Result<Option<String>, Failure> {
        self.notes.tail(run, lines).map_err(Failure::new)
    }

    fn write_log(&self, run: &str, line: &str) -> Result<(), Failure> {
        self.notes.write(run, line).map_err(Failure::new)
    }
}

impl Kid {
    fn look(&mut self) -> Sight {
        let child = match self {
            Self::Runs(child) => child,
            Self::Ended(returncode) => {
                return Sight::Gone {
                    returncode: *returncode,
                };
            }
        };
        match child.try_wait() {
            Ok(None) => Sight::Alive { pid: child.id() },
            Ok(Some(status)) => {
                let returncode = returncode(status);
                *self = Self::Ended(returncode);
                Sight::Gone { returncode }
            }
            Err(error) => self.lost(&error),
        }
    }

    /// Somebody else has taken its exit code.
    fn lost(&mut self, _: &io::Error) -> Sight {
        *self = Self::Ended(None);
        Sight::Gone { returncode: None }
    }
}

/// The exit code, or the signal's number below zero.
fn returncode(status: ExitStatus) -> Option<i32> {
    status.code().or(status.signal().map(|signal| -signal))
}
