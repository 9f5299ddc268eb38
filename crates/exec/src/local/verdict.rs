//! What is made of a child that ended and left no outcome.

use fondaco_app::ports::exec::Outcome;
use fondaco_domain::ErrorKind;
use fondaco_domain::retry::ErrorClass;
use rustix::process::{Signal, WaitIdStatus};

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Code(i32),
    Signal(i32),
    /// It was not our child, so nobody told us.
    Unseen,
}

impl From<WaitIdStatus> for Exit {
    fn from(status: WaitIdStatus) -> Self {
        status
            .exit_status()
            .map(Self::Code)
            .or_else(|| status.terminating_signal().map(Self::Signal))
            .unwrap_or(Self::Unseen)
    }
}

/// A failure in words, with the last words of the log.
///
/// | end | class |
/// | --- | --- |
/// | exit code of a kind of ours that says the input or the program is wrong | permanent |
/// | exit code 101, a panic outside the body | permanent |
/// | exit codes "unavailable" and "storage", and all others | transient |
/// | `SIGXCPU`: its limit of processor time | timed out |
/// | `SIGXFSZ`, `SIGABRT`: its limits of file size and of memory | permanent |
/// | any other signal, and an end nobody saw | transient |
///
/// `SIGKILL` is among the transient ones: the kernel sends it when memory is
/// short, and people do.
pub(crate) fn failed(exit: Exit, last_words: Option<&str>) -> Outcome {
    let (class, how) = match exit {
        Exit::Code(code) => (class_of_code(code), format!("ended with exit code {code}")),
        Exit::Signal(signal) => {
            let (class, name) = of_signal(signal);
            (class, format!("was killed by {name}"))
        }
        Exit::Unseen => (ErrorClass::Transient, "ended".to_owned()),
    };
    let words = last_words.map_or_else(String::new, |words| format!(": {words}"));
    Outcome::Failed {
        class,
        error: format!("its process {how} and left no outcome{words}"),
    }
}

/// An `outcome.json` that was not written by a program of ours, or by a newer
/// one.
pub(crate) fn unreadable(problem: &dyn std::error::Error) -> Outcome {
    Outcome::Failed {
        class: ErrorClass::Transient,
        error: format!("its outcome cannot be read: {problem}"),
    }
}

fn class_of_code(code: i32) -> ErrorClass {
    const PANIC: i32 = 101;
    let wrong = [
        ErrorKind::Invalid,
        ErrorKind::NotFound,
        ErrorKind::Conflict,
        ErrorKind::Corrupt,
        ErrorKind::NoData,
        ErrorKind::Internal,
    ];
    if code == PANIC || wrong.iter().any(|kind| i32::from(kind.exit_code()) == code) {
        ErrorClass::Permanent
    } else {
        ErrorClass::Transient
    }
}

fn of_signal(number: i32) -> (ErrorClass, String) {
    let known = [
        (
            Signal::XCPU,
            ErrorClass::TimedOut,
            "SIGXCPU (it used all the processor time it may)",
        ),
        (
            Signal::XFSZ,
            ErrorClass::Permanent,
            "SIGXFSZ (it wrote a file larger than it may)",
        ),
        (Signal::ABORT, ErrorClass::Permanent, "SIGABRT (it gave up)"),
        (
            Signal::KILL,
            ErrorClass::Transient,
            "SIGKILL (perhaps for want of memory)",
        ),
        (Signal::TERM, ErrorClass::Transient, "SIGTERM"),
        (Signal::SEGV, ErrorClass::Transient, "SIGSEGV"),
        (Signal::BUS, ErrorClass::Transient, "SIGBUS"),
        (Signal::ILL, ErrorClass::Transient, "SIGILL"),
        (Signal::FPE, ErrorClass::Transient, "SIGFPE"),
        (Signal::HUP, ErrorClass::Transient, "SIGHUP"),
        (Signal::INT, ErrorClass::Transient, "SIGINT"),
        (Signal::QUIT, ErrorClass::Transient, "SIGQUIT"),
    ];
    known
        .into_iter()
        .find(|(signal, ..)| signal.as_raw() == number)
        .map_or_else(
            || (ErrorClass::Transient, format!("signal {number}")),
            |(_, class, name)| (class, name.to_owned()),
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_in_words() {
        let tell = |exit, words| match failed(exit, words) {
            Outcome::Failed { class, error } => format!("{}: {error}", class.as_str()),
            other => panic!("{other:?}"),
        };
        let table = [
            tell(Exit::Code(0), None),
            tell(Exit::Code(2), Some("cannot read x")),
            tell(Exit::Code(7), None),
            tell(Exit::Code(8), Some("cannot write x")),
            tell(Exit::Code(70), None),
            tell(Exit::Code(101), Some("a panic")),
            tell(Exit::Code(1), None),
            tell(Exit::Signal(9), None),
            tell(Exit::Signal(24), None),
            tell(Exit::Signal(25), None),
            tell(Exit::Signal(6), Some("memory allocation of 8 bytes failed")),
            tell(Exit::Signal(11), None),
            tell(Exit::Signal(40), None),
            tell(Exit::Unseen, None),
        ]
        .join("\n");
        insta::assert_snapshot!(table, @r"
        transient: its process ended with exit code 0 and left no outcome
        permanent: its process ended with exit code 2 and left no outcome: cannot read x
        transient: its process ended with exit code 7 and left no outcome
        transient: its process ended with exit code 8 and left no outcome: cannot write x
        permanent: its process ended with exit code 70 and left no outcome
        permanent: its process ended with exit code 101 and left no outcome: a panic
        transient: its process ended with exit code 1 and left no outcome
        transient: its process was killed by SIGKILL (perhaps for want of memory) and left no outcome
        timed_out: its process was killed by SIGXCPU (it used all the processor time it may) and left no outcome
        permanent: its process was killed by SIGXFSZ (it wrote a file larger than it may) and left no outcome
        permanent: its process was killed by SIGABRT (it gave up) and left no outcome: memory allocation of 8 bytes failed
        transient: its process was killed by SIGSEGV and left no outcome
        transient: its process was killed by signal 40 and left no outcome
        transient: its process ended and left no outcome
        ");
    }
}
