//! Processes of this machine: which is which, whether one lives, and signals
//! to its group.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::str::FromStr;
use std::sync::OnceLock;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process};

/// When this process started, as [`lives`] wants to hear it; empty where the
/// machine does not say.
pub fn own_start() -> String {
    Process::own()
        .born
        .map_or_else(String::new, |born| born.to_string())
}

/// Whether the process of this number lives that started then. Where the start
/// is empty or the machine does not tell it, any process of the number counts.
pub fn lives(pid: u32, start: &str) -> bool {
    let name = match start {
        "" => pid.to_string(),
        start => format!("{pid}:{start}"),
    };
    name.parse::<Process>()
        .is_ok_and(|process| process.life() != Life::Dead)
}

/// Sends a signal to the process of this number that started then, and to no
/// other. False where it is gone.
pub fn tell(pid: u32, start: &str, signal: Signal) -> io::Result<bool> {
    let number = i32::try_from(pid).ok().and_then(Pid::from_raw);
    let Some(number) = number.filter(|number| !number.is_init()) else {
        return Ok(false);
    };
    // Opened before it is looked at: the number cannot change hands between.
    #[cfg(target_os = "linux")]
    let told = match rustix::process::pidfd_open(number, rustix::process::PidfdFlags::empty()) {
        Ok(eye) if lives(pid, start) => rustix::process::pidfd_send_signal(eye, signal),
        Ok(_) => Err(Errno::SRCH),
        Err(error) => Err(error),
    };
    #[cfg(not(target_os = "linux"))]
    let told = match lives(pid, start) {
        true => rustix::process::kill_process(number, signal),
        false => Err(Errno::SRCH),
    };
    match told {
        Ok(()) => Ok(true),
        Err(Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// A process that no other can be taken for: its number, the instant it
/// started at in ticks since the machine did, and which start of the machine
/// that was. Written `pid:start:boot`.
///
/// Numbers are used again, so where the kernel does not say the rest
/// (anywhere but on Linux) a process with the number may be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Process {
    pid: Pid,
    born: Option<Born>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Born {
    ticks: u64,
    boot: String,
}

/// What can be said of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Alive,
    /// Gone, or ended and waiting to be asked for.
    Dead,
    /// Something has its number, and what it is cannot be seen.
    Unsure,
}

impl Process {
    /// The one that has this number now.
    pub(crate) fn of(pid: Pid) -> Self {
        let born = Stat::of(pid).zip(boot()).map(|(stat, boot)| Born {
            ticks: stat.start,
            boot: boot.to_owned(),
        });
        Self { pid, born }
    }

    /// This one.
    pub(crate) fn own() -> Self {
        Self::of(rustix::process::getpid())
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    pub(crate) fn life(&self) -> Life {
        let Some(born) = &self.born else {
            return self.life_by_number();
        };
        match boot() {
            Some(boot) if boot != born.boot => Life::Dead,
            None => self.life_by_number(),
            Some(_) => match Stat::of(self.pid) {
                Some(stat) if stat.start == born.ticks && !stat.ended => Life::Alive,
                _ => Life::Dead,
            },
        }
    }

    /// Something that becomes readable when it ends, where the kernel has
    /// such a thing. Whoever opens it asks for [`Process::life`] afterwards:
    /// the number may have changed hands before.
    #[cfg(target_os = "linux")]
    pub(crate) fn eye(&self) -> Option<OwnedFd> {
        use rustix::process::{PidfdFlags, pidfd_open};
        pidfd_open(self.pid, PidfdFlags::empty()).ok()
    }

    /// There is none here: whoever wants to know asks again and again.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn eye(&self) -> Option<OwnedFd> {
        None
    }

    fn life_by_number(&self) -> Life {
        match test_kill_process(self.pid) {
            Err(Errno::SRCH) => Life::Dead,
            _ => Life::Unsure,
        }
    }

    /// Sends a signal to its group. The caller knows that the number is still
    /// its own. A group that is gone has nothing to be told.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        // No child of anybody's, and to the kernel "group 1" is everybody.
        if self.pid.is_init() {
            return Ok(());
        }
        match kill_process_group(self.pid, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.pid.as_raw_pid())?;
        match &self.born {
            Some(born) => write!(f, ":{born}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Born {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.ticks, self.boot)
    }
}

impl FromStr for Process {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.trim().splitn(3, ':');
        let pid = parts.next().and_then(|part| part.parse().ok());
        let pid = pid
            .filter(|pid| *pid > 0)
            .and_then(Pid::from_raw)
            .ok_or(())?;
        let born = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some(ticks), Some(boot)) if !boot.is_empty() => Some(Born {
                ticks: ticks.parse().map_err(|_| ())?,
                boot: boot.to_owned(),
            }),
            _ => return Err(()),
        };
        Ok(Self { pid, born })
    }
}

/// What `/proc/<pid>/stat` says, where there is such a file.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    start: u64,
    ended: bool,
}

impl Stat {
    fn of(pid: Pid) -> Option<Self> {
        let path = format!("/proc/{}/stat", pid.as_raw_pid());
        Self::parse(&std::fs::read_to_string(path).ok()?)
    }

    /// The name, in brackets, may hold anything, brackets too. After it come
    /// the state and, 19 fields on, the start (proc(5), fields 3 and 22).
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?;
        Some(Self {
            start: fields.nth(18)?.parse().ok()?,
            ended: matches!(state, "Z" | "X" | "x"),
        })
    }
}

/// Which start of the machine this is.
fn boot() -> Option<&'static str> {
    static BOOT: OnceLock<Option<String>> = OnceLock::new();
    BOOT.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
        Some(text.trim().to_owned()).filter(|text| !text.is_empty())
    })
    .as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_is_found_behind_any_name() {
        let line = "42 (a) b) (c) Z 1 42 42 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 1 2 3";
        assert_eq!(
            Stat::parse(line),
            Some(Stat {
                start: 987_654,
                ended: true
            })
        );
        assert_eq!(Stat::parse("42 (a) S 1"), None);
    }

    #[test]
    fn references_are_read_back() {
        let own = Process::own();
        assert_eq!(own.to_string().parse(), Ok(own));
        for text in ["", "x", "0", "-5", "7:", "7:x:b", "7:8", "7:8:"] {
            assert_eq!(text.parse::<Process>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_process_lives_under_its_own_start_only() {
        let own = Process::own();
        let born = own.born.clone().unwrap();
        assert_eq!(own.life(), Life::Alive);
        let other = |ticks, boot: &str| Process {
            pid: own.pid,
            born: Some(Born {
                ticks,
                boot: boot.into(),
            }),
        };
        assert_eq!(other(born.ticks + 1, &born.boot).life(), Life::Dead);
        assert_eq!(other(born.ticks, "another").life(), Life::Dead);
        let unknown = Process {
            pid: own.pid,
            born: None,
        };
        assert_eq!(unknown.life(), Life::Unsure);

        let pid = std::process::id();
        let start = own_start();
        assert!(lives(pid, &start));
        assert!(lives(pid, ""));
        assert!(!lives(pid, &format!("1{start}")));
        // The kernel gives no number beyond 2^22.
        assert!(!lives(1 << 23, ""));
        assert!(!lives(1 << 23, &start));
        // In a container a worker may be the first process.
        assert!(lives(1, ""));
    }

    #[test]
    fn a_signal_reaches_the_process_that_is_meant_only() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let pid = Pid::from_child(&child);
        let start = Process::of(pid).born.unwrap().to_string();
        let pid = child.id();
        assert!(!tell(pid, &format!("1{start}"), Signal::KILL).unwrap());
        assert!(child.try_wait().unwrap().is_none());
        assert!(tell(pid, &start, Signal::KILL).unwrap());
        assert!(!child.wait().unwrap().success());
        assert!(!tell(pid, &start, Signal::KILL).unwrap());
    }
}
