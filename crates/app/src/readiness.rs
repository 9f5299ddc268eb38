//! What a role needs before it can be given work.

use std::time::Duration;

use fondaco_domain::UnixMicros;

use crate::ports::services::Service;
use crate::ports::workers::Worker;
use crate::roles::Role;
use crate::runner::LEASE;
use crate::runtime;

/// Something that a role needs, or makes use of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dependency {
    /// Where runs are kept.
    Store,
    /// Where candles are kept.
    Candles,
    /// The home: can be written, and has space.
    Disk,
    /// Somebody takes tasks.
    Workers,
    /// Somebody hands events on.
    Gateway,
}

/// What a role is asked about, and whether it is not ready without it. Work
/// that is accepted while nobody takes tasks is not lost, and events that
/// nobody hands on are in the store: neither keeps a role from being ready.
pub fn needs(role: Role) -> &'static [(Dependency, bool)] {
    use Dependency::{Candles, Disk, Gateway, Store, Workers};
    match role {
        Role::Control => &[
            (Store, true),
            (Candles, true),
            (Disk, true),
            (Workers, false),
            (Gateway, false),
        ],
        Role::Trading => &[(Candles, true), (Store, false)],
        Role::News | Role::Gateway => &[(Store, true)],
        Role::Runtime => &[(Store, true), (Disk, true), (Gateway, false)],
        Role::Worker => &[(Store, true), (Disk, true)],
    }
}

/// Bytes that must be free where the home is.
pub const LEAST_SPACE: u64 = 64 << 20;

/// Whether a worker was heard of within a lease: one that was not has lost all
/// it held.
pub fn is_alive(worker: &Worker, now: UnixMicros) -> bool {
    silence(worker.seen, now) <= LEASE
}

/// Whether a service has somebody who was heard of within its lease.
pub fn is_held(service: &Service, now: UnixMicros) -> bool {
    service.holder.is_some() && silence(service.seen, now) <= runtime::LEASE
}

/// Since then, by clocks that may be apart: never less than nothing.
pub fn silence(seen: UnixMicros, now: UnixMicros) -> Duration {
    let micros = now.0.saturating_sub(seen.0).max(0);
    Duration::from_micros(micros.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_judged_by_the_lease_and_a_clock_ahead_is_none() {
        let second = 1_000_000;
        let service = |held: bool, seen: i64| Service {
            name: "gateway".to_owned(),
            generation: 3,
            holder: held.then(|| crate::ports::services::Holder {
                host: "here".to_owned(),
                pid: 1,
                pid_start: String::new(),
                address: String::new(),
            }),
            renewals: 1,
            since: UnixMicros(0),
            seen: UnixMicros(seen * second),
        };
        let now = UnixMicros(100 * second);
        for (held, seen, expected) in [
            (true, 100, true),
            (true, 90, true),
            (true, 89, false),
            (true, 200, true),
            (false, 100, false),
        ] {
            assert_eq!(
                is_held(&service(held, seen), now),
                expected,
                "{held} {seen}"
            );
        }
    }

    #[test]
    fn every_role_that_serves_needs_something() {
        for role in Role::ALL {
            assert!(
                needs(role).iter().any(|(_, required)| *required),
                "{role:?}"
            );
        }
    }
}
