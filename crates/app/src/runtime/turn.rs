//! The turns of the supervisor: look, decide, do.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::note::{Journal, Note};
use super::supervisor::{Action, Crashes, Limits, Order, Seen, Standing, Supervisor};
use super::{Told, newest, the_gateway};
use crate::ports::Store;
use crate::ports::gateway::{GATEWAY, GatewayHost, Sight};
use crate::ports::machine::Machine;
use crate::ports::runs::{Asked, RunStoreError};
use crate::runner::{Bell, in_words};

/// What the supervisor needs from outside.
#[derive(Clone)]
pub struct SupervisorPorts {
    /// Where orders and claims are kept.
    pub store: Arc<dyn Store>,
    /// Where gateways run.
    pub host: Arc<dyn GatewayHost>,
    /// Time.
    pub machine: Arc<dyn Machine>,
    /// Where its notes go.
    pub journal: Arc<dyn Journal>,
}

/// What routes share with the supervisor of their process: they wake it, and
/// see what it saw.
pub struct Desk {
    /// Where gateways run.
    pub host: Arc<dyn GatewayHost>,
    bell: Bell,
    status: Mutex<Status>,
}

/// What the supervisor saw with its last look.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// The newest claim, 0 for none.
    pub generation: u64,
    /// Where its gateway stands; nothing before the first look.
    pub standing: Option<Standing>,
    /// Whether somebody holds the claim, by the word of the store.
    pub held: bool,
    /// Its process, where that can be seen.
    pub pid: Option<u32>,
    /// Whether it does not stay.
    pub crashes: Crashes,
    /// Why the last start did not work, in words.
    pub failure: Option<String>,
}

impl Desk {
    /// Of a host.
    pub fn new(host: Arc<dyn GatewayHost>) -> Self {
        Self {
            host,
            bell: Bell::default(),
            status: Mutex::default(),
        }
    }

    /// There may be something to do.
    pub fn wake(&self) {
        self.bell.ring();
    }

    /// Waits until somebody wakes the supervisor, so long at most.
    pub fn wait(&self, time: Duration) {
        self.bell.wait(time);
    }

    /// What the supervisor saw last.
    pub fn status(&self) -> Status {
        self.locked().clone()
    }

    fn locked(&self) -> MutexGuard<'_, Status> {
        self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Turns of the supervisor, one after the other.
pub struct Turns {
    ports: SupervisorPorts,
    desk: Arc<Desk>,
    supervisor: Supervisor,
    period: Duration,
    known: Option<(u64, Standing)>,
}

/// Between two looks at most: a process that died is seen so soon.
const PERIOD: Duration = Duration::from_millis(250);

/// Between two looks at a gateway that is on its way up or down.
const SOON: Duration = Duration::from_millis(10);

impl Turns {
    /// A supervisor that has seen nothing yet.
    pub fn new(ports: SupervisorPorts, desk: Arc<Desk>, limits: Limits) -> Self {
        Self {
            ports,
            desk,
            supervisor: Supervisor::new(limits),
            period: (limits.lease / 8).min(PERIOD),
            known: None,
        }
    }

    /// One turn; says how long to wait for the next.
    pub fn turn(&mut self) -> Result<Duration, RunStoreError> {
        let now = self.ports.machine.monotonic();
        let (seen, told) = self.look()?;
        let (standing, actions) = self.supervisor.decide(&seen, now);
        self.tell(&seen, standing, told.as_ref());
        let period = match standing {
            Standing::Starting => SOON,
            // What is done now is seen with the next look.
            _ if !actions.is_empty() => SOON,
            _ => self.period,
        };
        for action in actions {
            self.carry_out(action, &seen, told.as_ref())?;
        }
        let crashes = self.supervisor.crashes();
        let again = crashes.again_at.map(|at| at.saturating_sub(now));
        let again = again.filter(|wait| !wait.is_zero());
        Ok(again.map_or(period, |wait| wait.min(period)))
    }

    fn look(&self) -> Result<(Seen, Option<Told>), RunStoreError> {
        let told = newest(&*self.ports.store)?.map(|(_, told)| told);
        let order = told.as_ref().map_or(Order::default(), |told| Order {
            serve: told.serve,
            force: told.force,
            after: told.after,
        });
        let service = the_gateway(&*self.ports.store)?;
        let sight = service.as_ref().map_or(Sight::Unknown, |service| {
            let holder = service.holder.as_ref();
            self.ports.host.look(service.generation, holder)
        });
        let seen = Seen {
            order,
            service,
            sight,
        };
        Ok((seen, told))
    }

    /// Shows what was seen to who asks, and writes down what is new.
    fn tell(&mut self, seen: &Seen, standing: Standing, told: Option<&Told>) {
        let generation = seen
            .service
            .as_ref()
            .map_or(0, |service| service.generation);
        let crashes = self.supervisor.crashes();
        {
            let mut status = self.desk.locked();
            status.generation = generation;
            status.standing = Some(standing);
            let service = seen.service.as_ref();
            status.held = service.is_some_and(|service| service.holder.is_some());
            status.pid = seen.sight.pid();
            status.crashes = crashes;
            if standing == Standing::Serving {
                status.failure = None;
            }
        }
        let known = self.known.replace((generation, standing));
        if known == Some((generation, standing)) {
            return;
        }
        let holder = seen
            .service
            .as_ref()
            .and_then(|service| service.holder.clone());
        let note = match standing {
            Standing::Serving => Note::Serves {
                generation,
                pid: seen
                    .sight
                    .pid()
                    .or(holder.as_ref().map(|holder| holder.pid)),
                address: holder.map(|holder| holder.address).unwrap_or_default(),
                adopted: known.is_none(),
            },
            Standing::Silent => Note::Silent { generation },
            Standing::Gone { returncode } => Note::Gone {
                generation,
                returncode,
                asked: !seen.order.serve || generation <= seen.order.after,
                crashes: crashes.count,
            },
            Standing::Nobody | Standing::Starting => return,
        };
        self.note(&note, told);
    }

    fn carry_out(
        &mut self,
        action: Action,
        seen: &Seen,
        told: Option<&Told>,
    ) -> Result<(), RunStoreError> {
        match action {
            Action::Start { over } => self.start(over, told),
            Action::Stop { generation, force } => {
                let holder = seen
                    .service
                    .as_ref()
                    .and_then(|service| service.holder.as_ref());
                let stopped = self.ports.host.stop(generation, holder, force);
                if let Err(failure) = stopped {
                    let error = in_words(&failure);
                    self.note(&Note::NotStopped { generation, error }, told);
                }
                Ok(())
            }
            Action::Supersede { over } => {
                if self.claim(over)?.is_some() {
                    self.note(&Note::Superseded { generation: over }, told);
                }
                Ok(())
            }
            Action::Release { generation } => self.ports.store.release_service(GATEWAY, generation),
        }
    }

    fn start(&mut self, over: u64, told: Option<&Told>) -> Result<(), RunStoreError> {
        let Some(told) = told else {
            return Ok(());
        };
        let Some(generation) = self.claim(over)? else {
            return Ok(());
        };
        self.note(&Note::Starting { generation }, Some(told));
        if let Err(failure) = self.ports.host.start(told.run_id.as_str(), generation) {
            let error = in_words(&failure);
            self.desk.locked().failure = Some(error.clone());
            self.note(&Note::NotStarted { generation, error }, Some(told));
        }
        Ok(())
    }

    /// The next generation; none where another runtime was faster, whose
    /// gateway is seen at the next look.
    fn claim(&self, over: u64) -> Result<Option<u64>, RunStoreError> {
        let by = Asked {
            actor: "runtime".to_owned(),
            at: self.ports.machine.wall(),
        };
        match self.ports.store.claim_service(GATEWAY, over, by) {
            Ok(claimed) => Ok(Some(claimed.generation)),
            Err(RunStoreError::ServiceChanged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn note(&self, note: &Note, told: Option<&Told>) {
        self.ports.journal.note(note);
        if let Some(told) = told {
            let at = self.ports.machine.wall();
            let line = format!("{at}  {note}");
            // The journal has it; the file beside the run is for convenience.
            let _ = self.ports.host.write_log(told.run_id.as_str(), &line);
        }
    }
}
