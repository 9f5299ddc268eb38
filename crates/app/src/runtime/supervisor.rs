//! What is to be done about the gateway: decided from what is seen, without
//! doing any of it.
//!
//! There may be one gateway at a time. Its generation is the newest claim at
//! the store; it stops by itself once it has not renewed its lease in time or
//! hears of a newer generation. So a next one may begin when the one before is
//! seen to be gone, has given its name back, or has been silent for longer than
//! it goes on without its lease.

use std::time::Duration;

use crate::ports::gateway::Sight;
use crate::ports::services::Service;

/// How long what may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// A gateway that has not renewed for so long stops by itself.
    pub lease: Duration,
    /// One that was told to end may take so long before it is made to.
    pub grace: Duration,
    /// Between the first end and the next start; doubled with every further
    /// one.
    pub first_wait: Duration,
    /// Between an end and the next start at most.
    pub longest_wait: Duration,
    /// One that has served for so long is no part of a crash loop.
    pub calm: Duration,
}

impl Limits {
    /// Of a lease.
    pub fn of(lease: Duration) -> Self {
        Self {
            lease,
            grace: Duration::from_secs(5),
            first_wait: Duration::from_millis(200),
            longest_wait: Duration::from_secs(30),
            calm: lease * 4,
        }
    }

    /// A gateway elsewhere that was silent for so long has stopped: its own
    /// clock began before ours, and the rest is for clocks that run apart.
    fn silence(&self) -> Duration {
        self.lease * 2
    }

    fn wait(&self, crashes: u32) -> Duration {
        let doublings = crashes.saturating_sub(1).min(16);
        (self.first_wait * (1 << doublings)).min(self.longest_wait)
    }
}

/// What should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Order {
    /// Whether a gateway should serve.
    pub serve: bool,
    /// Whether those that should not are ended at once.
    pub force: bool,
    /// Gateways up to this generation should serve no more.
    pub after: u64,
}

/// What is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// What should be.
    pub order: Order,
    /// The newest claim, where there ever was one.
    pub service: Option<Service>,
    /// What can be seen of the gateway of that claim.
    pub sight: Sight,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Claim the generation after this one, and start its gateway.
    Start {
        /// The one before; 0 for none.
        over: u64,
    },
    /// Tell a gateway to end.
    Stop {
        /// Which.
        generation: u64,
        /// At once.
        force: bool,
    },
    /// Claim the generation after this one and start none: a gateway that
    /// cannot be told otherwise learns it with its next renewal, and stops.
    Supersede {
        /// The one to end.
        over: u64,
    },
    /// Give the name back for one that cannot do so any more.
    Release {
        /// Which.
        generation: u64,
    },
}

/// Where the gateway stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// There is none.
    Nobody,
    /// It was claimed and has not said that it is there.
    Starting,
    /// It says again and again that it is there.
    Serving,
    /// It lives, and has not said so for too long.
    Silent,
    /// Its process is seen to be gone.
    Gone {
        /// How it ended, where that was seen.
        returncode: Option<i32>,
    },
}

/// What is remembered from look to look.
#[derive(Debug, Clone)]
pub struct Supervisor {
    limits: Limits,
    heard: Option<Heard>,
    /// The generation that was told to end, and since when.
    stopping: Option<(u64, Duration)>,
    /// The newest generation whose end was counted.
    counted: u64,
    crashes: u32,
    returncode: Option<i32>,
    not_before: Option<Duration>,
}

/// The last sign of life.
#[derive(Debug, Clone, Copy)]
struct Heard {
    generation: u64,
    renewals: u64,
    /// Since when it is the last one.
    at: Duration,
    /// Since when the generation is known.
    since: Duration,
}

/// What is to be told of a gateway that does not stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Crashes {
    /// How often in a row it ended unasked.
    pub count: u32,
    /// How it ended last, where that was seen.
    pub returncode: Option<i32>,
    /// When the next is started, where that is waited for.
    pub again_at: Option<Duration>,
}

impl Supervisor {
    /// One that has seen nothing yet.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            heard: None,
            stopping: None,
            counted: 0,
            crashes: 0,
            returncode: None,
            not_before: None,
        }
    }

    /// How often it ended unasked.
    pub fn crashes(&self) -> Crashes {
        Crashes {
            count: self.crashes,
            returncode: self.returncode,
            again_at: self.not_before,
        }
    }

    /// Where the gateway stands and what to do about it, at this time of the
    /// monotonic clock.
    pub fn decide(&mut self, seen: &Seen, now: Duration) -> (Standing, Vec<Action>) {
        let heard = self.hear(seen, now);
        let standing = self.standing(seen, heard, now);
        (standing, self.actions(seen, heard, standing, now))
    }

    fn actions(
        &mut self,
        seen: &Seen,
        heard: Heard,
        standing: Standing,
        now: Duration,
    ) -> Vec<Action> {
        let generation = heard.generation;
        let wanted = seen.order.serve && generation > seen.order.after;
        let holds = seen
            .service
            .as_ref()
            .is_some_and(|service| service.holder.is_some());
        match standing {
            Standing::Starting | Standing::Serving if wanted => {
                self.calm_down(standing, heard, now);
                Vec::new()
            }
            Standing::Starting | Standing::Serving if seen.sight == Sight::Unknown => {
                if holds {
                    vec![Action::Supersede { over: generation }]
                } else {
                    // It is told when it comes up, if ever it does.
                    Vec::new()
                }
            }
            Standing::Starting | Standing::Serving => {
                vec![self.stop(generation, seen.order.force, now)]
            }
            Standing::Silent => vec![self.stop(generation, true, now)],
            Standing::Gone { returncode } if wanted => {
                self.count(generation, returncode, now);
                self.start_in_time(generation, now)
            }
            // Told to end, and it has: the next, if any, comes at once.
            Standing::Gone { .. } | Standing::Nobody if !wanted => {
                self.forget();
                if seen.order.serve {
                    vec![Action::Start { over: generation }]
                } else if holds && standing != Standing::Nobody {
                    vec![Action::Release { generation }]
                } else {
                    Vec::new()
                }
            }
            Standing::Gone { .. } | Standing::Nobody => self.start_in_time(generation, now),
        }
    }

    /// Takes signs of life in. Only what this one saw change counts: nothing
    /// is silent at the first look.
    fn hear(&mut self, seen: &Seen, now: Duration) -> Heard {
        let service = seen.service.as_ref();
        let (generation, renewals) =
            service.map_or((0, 0), |service| (service.generation, service.renewals));
        let heard = match self.heard {
            Some(heard) if heard.generation == generation && heard.renewals == renewals => heard,
            Some(heard) if heard.generation == generation => Heard {
                renewals,
                at: now,
                ..heard
            },
            _ => Heard {
                generation,
                renewals,
                at: now,
                since: now,
            },
        };
        self.heard = Some(heard);
        heard
    }

    fn standing(&self, seen: &Seen, heard: Heard, now: Duration) -> Standing {
        let Some(service) = &seen.service else {
            return Standing::Nobody;
        };
        let silent = now.saturating_sub(heard.at) >= self.limits.silence();
        let held = if service.holder.is_some() {
            Standing::Serving
        } else {
            // On its way: up, or down.
            Standing::Starting
        };
        match seen.sight {
            Sight::Gone { returncode } => Standing::Gone { returncode },
            Sight::Alive { .. } if silent => Standing::Silent,
            // What it gave back it does not serve; its end cannot be seen.
            Sight::Unknown if silent || (held == Standing::Starting && service.renewals > 0) => {
                Standing::Nobody
            }
            Sight::Alive { .. } | Sight::Unknown => held,
        }
    }

    /// Gently first, unless that was not asked for or has not helped.
    fn stop(&mut self, generation: u64, force: bool, now: Duration) -> Action {
        let since = match self.stopping {
            Some((told, since)) if told == generation => since,
            _ => now,
        };
        self.stopping = Some((generation, since));
        let force = force || now.saturating_sub(since) >= self.limits.grace;
        Action::Stop { generation, force }
    }

    fn start_in_time(&self, over: u64, now: Duration) -> Vec<Action> {
        match self.not_before {
            Some(at) if now < at => Vec::new(),
            _ => vec![Action::Start { over }],
        }
    }

    /// Each end counts once.
    fn count(&mut self, generation: u64, returncode: Option<i32>, now: Duration) {
        if generation <= self.counted {
            return;
        }
        self.counted = generation;
        self.crashes = self.crashes.saturating_add(1);
        self.returncode = returncode;
        self.not_before = Some(now + self.limits.wait(self.crashes));
    }

    fn calm_down(&mut self, standing: Standing, heard: Heard, now: Duration) {
        let served = now.saturating_sub(heard.since);
        if standing == Standing::Serving && served >= self.limits.calm {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.crashes = 0;
        self.returncode = None;
        self.not_before = None;
    }
}

#[cfg(test)]
mod tests;
