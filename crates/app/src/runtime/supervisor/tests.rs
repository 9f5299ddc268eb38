//! The table of decisions, and a small world in which they must hold.

use std::collections::BTreeMap;
use std::time::Duration;

use fondaco_domain::UnixMicros;
use proptest::prelude::*;

use super::*;
use crate::ports::gateway::GATEWAY;
use crate::ports::services::Holder;

const LEASE: Duration = Duration::from_secs(10);

fn limits() -> Limits {
    Limits::of(LEASE)
}

fn holder() -> Holder {
    Holder {
        host: "here".to_owned(),
        pid: 7,
        pid_start: String::new(),
        address: "127.0.0.1:8765".to_owned(),
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as it is seen")]
fn service(generation: u64, renewals: u64, held: bool) -> Option<Service> {
    Some(Service {
        name: GATEWAY.to_owned(),
        generation,
        holder: held.then(holder),
        renewals,
        since: UnixMicros(0),
        seen: UnixMicros(0),
    })
}

const ALIVE: Sight = Sight::Alive { pid: 7 };
const GONE: Sight = Sight::Gone {
    returncode: Some(1),
};

fn order(serve: bool, force: bool, after: u64) -> Order {
    Order {
        serve,
        force,
        after,
    }
}

/// What is done at the first look, and at another one so much later.
#[track_caller]
fn check(
    order: Order,
    service: Option<Service>,
    sight: Sight,
    later: u64,
    expected: [&[Action]; 2],
) {
    let mut supervisor = Supervisor::new(limits());
    let seen = Seen {
        order,
        service,
        sight,
    };
    let now = Duration::from_secs(100);
    let (_, first) = supervisor.decide(&seen, now);
    assert_eq!(first, expected[0], "at once: {seen:?}");
    let (_, then) = supervisor.decide(&seen, now + Duration::from_secs(later));
    assert_eq!(then, expected[1], "{later} s later: {seen:?}");
}

#[test]
fn what_is_wanted_is_started_once_there_is_room() {
    let serve = order(true, false, 0);
    let start = |over| [Action::Start { over }];
    let end = |generation| Action::Stop {
        generation,
        force: true,
    };
    // None ever; one that gave its name back.
    check(serve, None, Sight::Unknown, 0, [&start(0), &start(0)]);
    check(
        serve,
        service(3, 5, false),
        Sight::Unknown,
        0,
        [&start(3), &start(3)],
    );
    // Seen to be gone: after a moment.
    check(serve, service(3, 5, true), GONE, 1, [&[], &start(3)]);
    check(serve, service(3, 0, false), GONE, 1, [&[], &start(3)]);
    // It serves, or will.
    check(serve, service(3, 5, true), ALIVE, 9, [&[], &[]]);
    check(serve, service(3, 0, false), ALIVE, 9, [&[], &[]]);
    check(serve, service(3, 5, true), Sight::Unknown, 9, [&[], &[]]);
    check(serve, service(3, 0, false), Sight::Unknown, 9, [&[], &[]]);
    // Silent for two leases: ended here, taken over elsewhere.
    check(serve, service(3, 5, true), ALIVE, 20, [&[], &[end(3)]]);
    check(serve, service(3, 0, false), ALIVE, 20, [&[], &[end(3)]]);
    check(
        serve,
        service(3, 5, true),
        Sight::Unknown,
        20,
        [&[], &start(3)],
    );
    check(
        serve,
        service(3, 0, false),
        Sight::Unknown,
        20,
        [&[], &start(3)],
    );
}

#[test]
fn what_is_not_wanted_is_ended_gently_first() {
    let stop = |generation, force| [Action::Stop { generation, force }];
    let no = order(false, false, 0);
    check(no, None, Sight::Unknown, 9, [&[], &[]]);
    check(no, service(3, 5, false), Sight::Unknown, 9, [&[], &[]]);
    check(
        no,
        service(3, 5, true),
        ALIVE,
        4,
        [&stop(3, false), &stop(3, false)],
    );
    check(
        no,
        service(3, 5, true),
        ALIVE,
        5,
        [&stop(3, false), &stop(3, true)],
    );
    let at_once = order(false, true, 0);
    check(
        at_once,
        service(3, 5, true),
        ALIVE,
        0,
        [&stop(3, true), &stop(3, true)],
    );
    // One that cannot be told from here.
    let supersede = [Action::Supersede { over: 3 }];
    check(
        no,
        service(3, 5, true),
        Sight::Unknown,
        5,
        [&supersede, &supersede],
    );
    check(no, service(4, 0, false), Sight::Unknown, 5, [&[], &[]]);
    let release = [Action::Release { generation: 3 }];
    check(no, service(3, 5, true), GONE, 0, [&release, &release]);
    check(no, service(3, 5, false), GONE, 0, [&[], &[]]);
    // Told to start again: the one there is first ends.
    let again = order(true, false, 3);
    check(
        again,
        service(3, 5, true),
        ALIVE,
        5,
        [&stop(3, false), &stop(3, true)],
    );
    check(again, service(4, 5, true), ALIVE, 5, [&[], &[]]);
    let start = [Action::Start { over: 3 }];
    check(again, service(3, 5, true), GONE, 0, [&start, &start]);
}

#[test]
fn one_that_does_not_stay_is_started_less_and_less_often() {
    let mut supervisor = Supervisor::new(limits());
    let mut now = Duration::ZERO;
    let mut waits = Vec::new();
    for generation in 1..=10 {
        let seen = Seen {
            order: order(true, false, 0),
            service: service(generation, 1, true),
            sight: GONE,
        };
        let ended = now;
        while supervisor.decide(&seen, now).1.is_empty() {
            now += Duration::from_millis(100);
        }
        waits.push(now.saturating_sub(ended).as_millis());
        assert_eq!(
            supervisor.crashes().count,
            u32::try_from(generation).unwrap()
        );
        assert_eq!(supervisor.crashes().returncode, Some(1));
    }
    let expected = [
        200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000,
    ];
    assert_eq!(waits, expected);
    // One that stays is no part of the loop.
    let mut serving = Seen {
        order: order(true, false, 0),
        service: service(11, 1, true),
        sight: ALIVE,
    };
    for renewals in 1..=9 {
        serving.service = service(11, renewals, true);
        supervisor.decide(&serving, now);
        now += Duration::from_secs(5);
    }
    assert_eq!(supervisor.crashes(), Crashes::default());
}

/// Anything that happens, in a world of two machines with a runtime each, one
/// store, and gateways that keep to their leases.
#[derive(Debug, Clone)]
enum Happening {
    Time(u64),
    Look(usize),
    Renew(usize),
    Kill,
    CutOff(usize, bool),
    RuntimeRestarts(usize),
    Start,
    Stop(bool),
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => (1_u64..4_000).prop_map(Happening::Time),
        8 => (0_usize..2).prop_map(Happening::Look),
        8 => (0_usize..2).prop_map(Happening::Renew),
        1 => Just(Happening::Kill),
        1 => (0_usize..2, any::<bool>()).prop_map(|(machine, cut)| Happening::CutOff(machine, cut)),
        1 => (0_usize..2).prop_map(Happening::RuntimeRestarts),
        1 => Just(Happening::Start),
        1 => any::<bool>().prop_map(Happening::Stop),
        1 => Just(Happening::Restart),
    ]
}

#[derive(Debug, Clone)]
struct Gateway {
    machine: usize,
    alive: bool,
    announced: bool,
    told_to_end: bool,
    renewed: Duration,
}

struct World {
    now: Duration,
    order: Order,
    service: Option<Service>,
    gateways: BTreeMap<u64, Gateway>,
    runtimes: [Supervisor; 2],
    cut_off: [bool; 2],
}

impl World {
    fn new() -> Self {
        Self {
            now: Duration::ZERO,
            order: Order::default(),
            service: None,
            gateways: BTreeMap::new(),
            runtimes: [Supervisor::new(limits()), Supervisor::new(limits())],
            cut_off: [false; 2],
        }
    }

    fn generation(&self) -> u64 {
        self.service
            .as_ref()
            .map_or(0, |service| service.generation)
    }

    fn sight(&self, machine: usize) -> Sight {
        match self.gateways.get(&self.generation()) {
            Some(gateway) if gateway.machine != machine => Sight::Unknown,
            Some(gateway) if gateway.alive => ALIVE,
            Some(_) => GONE,
            None => Sight::Unknown,
        }
    }

    fn look(&mut self, machine: usize) {
        let seen = Seen {
            order: self.order,
            service: self.service.clone(),
            sight: self.sight(machine),
        };
        let (_, actions) = self.runtimes[machine].decide(&seen, self.now);
        for action in actions {
            match action {
                Action::Start { over } => {
                    assert_eq!(over, self.generation());
                    self.service = service(over + 1, 0, false);
                    let gateway = Gateway {
                        machine,
                        alive: true,
                        announced: false,
                        told_to_end: false,
                        renewed: self.now,
                    };
                    self.gateways.insert(over + 1, gateway);
                }
                Action::Stop { generation, force } => {
                    if let Some(gateway) = self.gateways.get_mut(&generation)
                        && gateway.machine == machine
                    {
                        gateway.told_to_end = true;
                        gateway.alive &= !force;
                    }
                }
                Action::Supersede { over } => {
                    assert_eq!(over, self.generation());
                    self.service = service(over + 1, 0, false);
                }
                Action::Release { generation } => self.release(generation),
            }
        }
    }

    fn release(&mut self, generation: u64) {
        if let Some(service) = &mut self.service
            && service.generation == generation
        {
            service.holder = None;
        }
    }

    /// The gateways of a machine do what a keeper does.
    fn renew(&mut self, machine: usize) {
        let newest = self.generation();
        let cut_off = self.cut_off[machine];
        let mut released = Vec::new();
        let here = self.gateways.iter_mut();
        for (generation, gateway) in here.filter(|(_, gateway)| gateway.machine == machine) {
            let expired = self.now.saturating_sub(gateway.renewed) >= LEASE;
            if !gateway.alive {
                continue;
            }
            if expired || gateway.told_to_end {
                gateway.alive = false;
                released.push(*generation);
            } else if !cut_off && *generation == newest {
                gateway.announced = true;
                gateway.renewed = self.now;
                let service = self.service.as_mut().unwrap();
                service.holder = Some(holder());
                service.renewals += 1;
            } else if !cut_off {
                gateway.alive = false;
            }
        }
        for generation in released.into_iter().filter(|_| !cut_off) {
            self.release(generation);
        }
    }

    fn happens(&mut self, what: &Happening) {
        match *what {
            Happening::Time(millis) => self.now += Duration::from_millis(millis),
            Happening::Look(machine) => self.look(machine),
            Happening::Renew(machine) => self.renew(machine),
            Happening::Kill => {
                for gateway in self.gateways.values_mut() {
                    gateway.alive = false;
                }
            }
            Happening::CutOff(machine, cut) => self.cut_off[machine] = cut,
            Happening::RuntimeRestarts(machine) => {
                self.runtimes[machine] = Supervisor::new(limits());
            }
            Happening::Start => self.order.serve = true,
            Happening::Stop(force) => {
                self.order.serve = false;
                self.order.force = force;
            }
            Happening::Restart => {
                self.order = order(true, false, self.generation());
            }
        }
    }

    /// Generations that serve clients at this moment.
    fn serving(&self) -> Vec<u64> {
        let serves = |gateway: &Gateway| {
            gateway.alive && gateway.announced && self.now.saturating_sub(gateway.renewed) < LEASE
        };
        let gateways = self.gateways.iter();
        let found = gateways.filter(|(_, gateway)| serves(gateway));
        found.map(|(generation, _)| *generation).collect()
    }

    /// Nothing goes wrong for so long.
    fn settle(&mut self, seconds: u32) {
        self.cut_off = [false; 2];
        for _ in 0..seconds * 2 {
            self.now += Duration::from_millis(500);
            for machine in [0, 1] {
                self.renew(machine);
                self.look(machine);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn never_do_two_serve_and_in_quiet_times_the_order_is_obeyed(
        story in prop::collection::vec(happening(), 1..120),
    ) {
        let mut world = World::new();
        for what in &story {
            world.happens(what);
            prop_assert!(world.serving().len() <= 1, "{:?} serve", world.serving());
        }
        world.settle(120);
        let serving = world.serving();
        if world.order.serve {
            prop_assert_eq!(serving.len(), 1);
            prop_assert!(serving[0] > world.order.after);
        } else {
            prop_assert!(serving.is_empty());
        }
    }
}
