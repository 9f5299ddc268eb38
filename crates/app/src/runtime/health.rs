//! How well the gateway is.

use super::supervisor::Standing;
use super::turn::Status;

/// A word for how well something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// As it should be.
    Healthy,
    /// It serves, though not all is as it should be.
    Degraded,
    /// It does not serve.
    Unhealthy,
}

impl Health {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// Three looks at the gateway, and what they amount to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkup {
    /// All of it.
    pub status: Health,
    /// Its process.
    pub process: Health,
    /// What the process is at: `running`, `starting`, `silent`, `exited`,
    /// `crash_loop`, `stopped`, or `unknown` where nobody looks after it.
    pub state: &'static str,
    /// Its process, where one is known.
    pub pid: Option<u32>,
    /// How it ended last, where it has.
    pub returncode: Option<i32>,
    /// Its address.
    pub port: Health,
    /// Whether somebody here looks after it.
    pub configuration: Health,
}

/// Ends in a row that make a loop of them.
const LOOP: u32 = 3;

/// Judges what was seen: by the supervisor, where there is one, and at the
/// address. Whether a gateway is wanted at all makes no difference: without
/// one nobody is served.
pub fn checkup(status: Option<&Status>, holder: Option<u32>, accessible: bool) -> Checkup {
    let standing = status.and_then(|status| status.standing);
    let crashes = status.map(|status| status.crashes).unwrap_or_default();
    let state = match standing {
        _ if crashes.count >= LOOP && standing != Some(Standing::Serving) => "crash_loop",
        Some(Standing::Serving) => "running",
        Some(Standing::Starting) => "starting",
        Some(Standing::Silent) => "silent",
        Some(Standing::Gone { .. }) => "exited",
        Some(Standing::Nobody) => "stopped",
        // Nobody here looks after it: what it says itself.
        None if holder.is_some() => "running",
        None => "unknown",
    };
    let process = match state {
        "running" => Health::Healthy,
        "starting" => Health::Degraded,
        _ => Health::Unhealthy,
    };
    let port = if accessible {
        Health::Healthy
    } else {
        Health::Unhealthy
    };
    let configuration = match status {
        Some(_) => Health::Healthy,
        None => Health::Unhealthy,
    };
    let returncode = match standing {
        Some(Standing::Gone { returncode }) => returncode,
        _ => crashes.returncode,
    };
    Checkup {
        status: together(process, port, configuration),
        process,
        state,
        pid: status
            .and_then(|status| status.pid)
            .or(holder)
            .filter(|_| process != Health::Unhealthy || state == "silent"),
        returncode,
        port,
        configuration,
    }
}

/// It serves, or it does not: the process decides, the others degrade.
fn together(process: Health, port: Health, configuration: Health) -> Health {
    if process == Health::Unhealthy {
        return Health::Unhealthy;
    }
    let worst = process.max(port).max(configuration);
    worst.min(Health::Degraded)
}

#[cfg(test)]
mod tests {
    use super::super::supervisor::Crashes;
    use super::*;

    #[test]
    fn it_is_well_when_all_three_are() {
        let of = |standing, count| Status {
            generation: 1,
            held: true,
            standing: Some(standing),
            pid: Some(7),
            crashes: Crashes {
                count,
                returncode: None,
                again_at: None,
            },
            failure: None,
        };
        let gone = Standing::Gone {
            returncode: Some(-9),
        };
        for (status, accessible, state, expected) in [
            (
                Some(of(Standing::Serving, 0)),
                true,
                "running",
                Health::Healthy,
            ),
            (
                Some(of(Standing::Serving, 5)),
                true,
                "running",
                Health::Healthy,
            ),
            (
                Some(of(Standing::Serving, 0)),
                false,
                "running",
                Health::Degraded,
            ),
            (
                Some(of(Standing::Starting, 0)),
                false,
                "starting",
                Health::Degraded,
            ),
            (
                Some(of(Standing::Silent, 0)),
                true,
                "silent",
                Health::Unhealthy,
            ),
            (Some(of(gone, 1)), false, "exited", Health::Unhealthy),
            (Some(of(gone, 3)), false, "crash_loop", Health::Unhealthy),
            (
                Some(of(Standing::Nobody, 0)),
                false,
                "stopped",
                Health::Unhealthy,
            ),
            (None, true, "running", Health::Degraded),
        ] {
            let seen = checkup(status.as_ref(), Some(7), accessible);
            assert_eq!((seen.state, seen.status), (state, expected));
        }
        let nothing = checkup(None, None, false);
        assert_eq!(
            (nothing.state, nothing.status),
            ("unknown", Health::Unhealthy)
        );
    }
}
