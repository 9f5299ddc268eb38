//! Every command in every state, and whatever comes in any order.

use proptest::prelude::*;

use super::*;

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn policy() -> BreakerPolicy {
    BreakerPolicy {
        failures: NonZeroU32::new(3).unwrap(),
        window: s(60),
        cool_down: s(30),
        probe_limit: s(10),
    }
}

fn after(failures: &[u64]) -> Breaker<u8> {
    Breaker::Closed {
        failures: failures.iter().copied().map(s).collect(),
    }
}

const PROBED: Breaker<u8> = Breaker::HalfOpen {
    probe: 1,
    until: s(110),
};

#[test]
fn every_command_in_every_state() {
    use BreakerCommand::{Ask, Failed, Succeeded, Unclear};
    let open = Breaker::Open { until: s(100) };
    let opened = |until| vec![BreakerEvent::Opened { until: s(until) }];
    let refused = |until| vec![BreakerEvent::Refused { until: s(until) }];
    let probing = |probe| vec![BreakerEvent::Probing { probe }];
    let probed = |probe, until| Breaker::HalfOpen {
        probe,
        until: s(until),
    };
    let rows = [
        // Closed: everything passes, failures count within the window only.
        (after(&[]), Ask(1), 0, after(&[]), vec![]),
        (after(&[10, 20]), Ask(1), 30, after(&[10, 20]), vec![]),
        (after(&[10, 20]), Succeeded(1), 30, after(&[10, 20]), vec![]),
        (after(&[10, 20]), Unclear(1), 30, after(&[10, 20]), vec![]),
        (after(&[10]), Failed(1), 20, after(&[10, 20]), vec![]),
        (
            after(&[10, 20]),
            Failed(1),
            69,
            Breaker::Open { until: s(99) },
            opened(99),
        ),
        (after(&[10, 20]), Failed(1), 70, after(&[20, 70]), vec![]),
        // Open: nothing passes, and what comes back from before says nothing.
        (open.clone(), Ask(1), 99, open.clone(), refused(100)),
        (open.clone(), Failed(1), 99, open.clone(), vec![]),
        (open.clone(), Succeeded(1), 99, open.clone(), vec![]),
        (open.clone(), Unclear(1), 99, open.clone(), vec![]),
        (open.clone(), Ask(1), 100, PROBED, probing(1)),
        // Half-open: one passes, and it alone decides.
        (PROBED, Ask(2), 109, PROBED, refused(110)),
        (PROBED, Ask(1), 109, PROBED, vec![]),
        (PROBED, Ask(2), 110, probed(2, 120), probing(2)),
        (PROBED, Failed(2), 105, PROBED, vec![]),
        (PROBED, Succeeded(2), 105, PROBED, vec![]),
        (PROBED, Unclear(2), 105, PROBED, vec![]),
        (
            PROBED,
            Failed(1),
            105,
            Breaker::Open { until: s(135) },
            opened(135),
        ),
        (
            PROBED,
            Succeeded(1),
            105,
            after(&[]),
            vec![BreakerEvent::Closed],
        ),
        (
            PROBED,
            Unclear(1),
            105,
            Breaker::Open { until: s(105) },
            vec![],
        ),
    ];
    for (before, command, now, state, events) in rows {
        assert_eq!(
            step(&policy(), &before, &command, s(now)),
            (state, events),
            "{before:?} {command:?} at {now}"
        );
    }
}

proptest! {
    /// Against a model that knows nothing but what was let through.
    #[test]
    fn whatever_comes(moves in prop::collection::vec((0..4_u8, 0..4_u8, 0..25_u64), 0..200)) {
        let policy = policy();
        let mut breaker = Breaker::default();
        let mut now = s(0);
        let mut open_since = None;
        let mut failed = Vec::new();
        let mut probe = None;
        for (what, owner, wait) in moves {
            now += s(wait);
            let command = match what {
                0 => BreakerCommand::Ask(owner),
                1 => BreakerCommand::Succeeded(owner),
                2 => BreakerCommand::Failed(owner),
                _ => BreakerCommand::Unclear(owner),
            };
            let (state, events) = step(&policy, &breaker, &command, now);
            let refused = !admitted(&events);
            prop_assert!(!refused || what == 0, "only who asks is refused");
            if what == 0 && open_since.is_none() {
                prop_assert!(!refused, "a closed breaker refuses nobody");
            }
            if let (0, Some(since)) = (what, open_since) {
                prop_assert!(refused || now >= since + policy.cool_down, "open means open");
            }
            if what == 0 && !refused && open_since.is_some() {
                let alone = probe.is_none_or(|(who, until)| who == owner || now >= until);
                prop_assert!(alone, "one probe at a time");
                if probe.is_none_or(|(who, until)| who != owner || now >= until) {
                    probe = Some((owner, now + policy.probe_limit));
                }
            }
            if what == 2 && open_since.is_none() {
                failed.push(now);
            }
            for event in &events {
                match event {
                    BreakerEvent::Opened { .. } => {
                        let of_probe = probe.is_some_and(|(who, _)| who == owner);
                        let recent = failed.iter().filter(|at| now < **at + policy.window).count();
                        prop_assert!(of_probe || recent == 3, "opened by the third failure");
                        (open_since, probe) = (Some(now), None);
                        failed.clear();
                    }
                    BreakerEvent::Closed => {
                        prop_assert_eq!(probe.map(|(who, _)| who), Some(owner));
                        (open_since, probe) = (None, None);
                    }
                    _ => {}
                }
            }
            if what == 3 && probe.is_some_and(|(who, _)| who == owner) {
                probe = None;
            }
            if open_since.is_none() {
                let recent = failed.iter().filter(|at| now < **at + policy.window).count();
                prop_assert!(recent < 3, "the third failure opens it");
            }
            breaker = state;
        }
    }

    /// Whatever happened, it lets through again once it goes well.
    #[test]
    fn it_heals(moves in prop::collection::vec((0..4_u8, 0..4_u8, 0..25_u64), 0..60)) {
        let policy = policy();
        let mut breaker = Breaker::default();
        let mut now = s(0);
        for (what, owner, wait) in moves {
            now += s(wait);
            let command = [
                BreakerCommand::Ask(owner),
                BreakerCommand::Succeeded(owner),
                BreakerCommand::Failed(owner),
                BreakerCommand::Unclear(owner),
            ][usize::from(what)];
            breaker = step(&policy, &breaker, &command, now).0;
        }
        now += policy.cool_down.max(policy.probe_limit);
        let (asked, events) = step(&policy, &breaker, &BreakerCommand::Ask(9), now);
        prop_assert!(admitted(&events));
        let (healed, _) = step(&policy, &asked, &BreakerCommand::Succeeded(9), now);
        let closed = matches!(healed, Breaker::Closed { .. });
        prop_assert!(closed, "{:?}", healed);
    }
}
