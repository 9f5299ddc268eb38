//! The way from a process to the store, with all that can go wrong on it.

use std::sync::Arc;

use fondaco_app::ports::halts::{HaltAck, HaltStore};
use fondaco_app::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, FeedRow, Held, Notice, Notices,
    OutboxRow, Position, Report, RunQuery, RunStore, RunStoreError, Submission, Submitted,
    TaskQuery, Vitals,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule, ScheduleStore};
use fondaco_app::ports::services::{Holder, Service, ServiceStore};
use fondaco_app::ports::workers::{Worker, WorkerStore};
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskCommand, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use super::world::{Broken, Mishap, SECOND, World, unreachable};

/// The store as one process reaches it.
pub(super) struct Line {
    pub(super) world: Arc<World>,
    pub(super) process: usize,
}

type Answer<T> = Result<T, RunStoreError>;

impl Line {
    /// One call. It may find nobody, be slow before or after, be made twice,
    /// or lose its answer.
    fn call<T>(&self, made: impl Fn(&super::MemoryRuns) -> Answer<T>) -> Answer<T> {
        self.world.reach(self.process)?;
        self.world.maybe_stall(self.process);
        self.world.reach(self.process)?;
        let mut answer = made(&self.world.store);
        if self.world.happens(40) {
            // The first answer never came, and the caller's line asked again.
            answer = made(&self.world.store);
        }
        self.world.maybe_stall(self.process);
        if self.world.happens(30) {
            return Err(unreachable());
        }
        // Who died on the way hears nothing.
        self.world.reach(self.process)?;
        answer
    }

    fn unless(&self, broken: Broken) -> Answer<()> {
        if self.world.state().broken == Some(broken) {
            return Err(RunStoreError::Storage {
                action: "use",
                source: "as the drill says".into(),
            });
        }
        Ok(())
    }
}

impl RunStore for Line {
    fn submit(&self, submission: Submission, by: Asked) -> Answer<Submitted> {
        self.call(|store| store.submit(submission.clone(), by.clone()))
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Answer<Commanded> {
        self.call(|store| store.command(run, command.clone(), by.clone()))
    }

    fn exchange(&self, exchange: Exchange, by: Asked) -> Answer<Exchanged> {
        let answer = self.call(|store| store.exchange(exchange.clone(), by.clone()))?;
        let adopts = |one: &Report| matches!(one.command, TaskCommand::Adopt { worker, .. } if worker == exchange.worker);
        let mishap = {
            let mishap = &mut self.world.state().mishap;
            let strikes = match mishap {
                Some(Mishap::LostAdoption) => exchange.reports.iter().any(adopts),
                _ => !answer.claimed.is_empty(),
            };
            if strikes { mishap.take() } else { None }
        };
        match mishap {
            Some(Mishap::Lost | Mishap::LostAdoption) => return Err(unreachable()),
            Some(Mishap::Halt) => {
                let halt = self.world.halt_everything();
                let handle = self.world.state().processes[self.process].handle.clone();
                handle.notice(&Notice::Halt { epoch: halt.epoch });
            }
            Some(Mishap::Slept(seconds)) => {
                self.world.turn_until(self.world.now() + seconds * SECOND);
            }
            Some(Mishap::File) => self.world.state().files[0] = Some("stop".to_owned()),
            None => {}
        }
        Ok(answer)
    }

    fn held(&self) -> Answer<Vec<Held>> {
        self.call(RunStore::held)
    }

    fn spec(&self, hash: &ContentHash) -> Answer<String> {
        self.unless(Broken::Specs)?;
        self.call(|store| store.spec(hash))
    }

    fn run(&self, id: RunId) -> Answer<Run> {
        self.call(|store| store.run(id))
    }

    fn runs(&self, query: &RunQuery) -> Answer<Vec<Run>> {
        self.call(|store| store.runs(query))
    }

    fn key_holder(&self, key: &str) -> Answer<Option<RunId>> {
        self.call(|store| store.key_holder(key))
    }

    fn tasks(&self, id: RunId, query: &TaskQuery) -> Answer<Vec<Task>> {
        self.call(|store| store.tasks(id, query))
    }

    fn attempts(&self, id: RunId, task: TaskNo) -> Answer<Vec<Attempt>> {
        self.call(|store| store.attempts(id, task))
    }

    fn events(&self, id: RunId, after: u64, limit: usize) -> Answer<Vec<Recorded>> {
        self.call(|store| store.events(id, after, limit))
    }

    fn remove(&self, id: RunId) -> Answer<()> {
        self.call(|store| store.remove(id))
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Answer<Vec<OutboxRow>> {
        self.call(|store| store.outbox(consumer, limit))
    }

    fn acknowledge(&self, consumer: &str, position: Position) -> Answer<()> {
        self.call(|store| store.acknowledge(consumer, position))
    }

    fn feed(&self, after: u64, limit: usize) -> Answer<Vec<FeedRow>> {
        self.call(|store| store.feed(after, limit))
    }

    fn feed_end(&self) -> Answer<u64> {
        self.call(RunStore::feed_end)
    }

    fn open_runs(&self) -> Answer<Vec<(RunKind, RunState, u64)>> {
        self.call(RunStore::open_runs)
    }

    fn keep_body(&self, body: &[u8]) -> Answer<ContentHash> {
        self.unless(Broken::Keeping)?;
        self.call(|store| store.keep_body(body))
    }

    fn body(&self, hash: &ContentHash) -> Answer<Vec<u8>> {
        self.call(|store| store.body(hash))
    }

    fn subscribe(&self) -> Answer<Box<dyn Notices>> {
        self.world.store.subscribe()
    }

    fn vitals(&self) -> Answer<Vitals> {
        self.call(RunStore::vitals)
    }

    fn check_run(&self, id: RunId) -> Answer<Vec<Disagreement>> {
        self.call(|store| store.check_run(id))
    }
}

impl HaltStore for Line {
    fn halt(&self, command: HaltCommand, by: Asked) -> Answer<Halt> {
        self.call(|store| store.halt(command.clone(), by.clone()))
    }

    fn obey(&self, limit: usize, by: Asked) -> Answer<usize> {
        self.call(|store| store.obey(limit, by.clone()))
    }

    fn halts(&self) -> Answer<Vec<Halt>> {
        self.call(HaltStore::halts)
    }

    fn acknowledge_halt(&self, ack: HaltAck) -> Answer<()> {
        self.world.check_ack(self.process, &ack);
        self.call(|store| store.acknowledge_halt(ack.clone()))
    }

    fn halt_acks(&self) -> Answer<Vec<HaltAck>> {
        self.call(HaltStore::halt_acks)
    }
}

impl WorkerStore for Line {
    fn enlist(&self, worker: Worker) -> Answer<()> {
        self.call(|store| store.enlist(worker.clone()))
    }

    fn dismiss(&self, worker: WorkerId) -> Answer<()> {
        self.call(|store| store.dismiss(worker))
    }

    fn workers(&self) -> Answer<Vec<Worker>> {
        self.call(WorkerStore::workers)
    }
}

impl ScheduleStore for Line {
    fn add_schedule(&self, schedule: Schedule, by: Asked) -> Answer<()> {
        self.call(|store| store.add_schedule(schedule.clone(), by.clone()))
    }

    fn schedules(&self) -> Answer<Vec<Schedule>> {
        self.call(ScheduleStore::schedules)
    }

    fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: Asked,
    ) -> Answer<()> {
        self.call(|store| store.pause_schedule(name, paused, next, by.clone()))
    }

    fn remove_schedule(&self, name: &str, by: Asked) -> Answer<()> {
        self.call(|store| store.remove_schedule(name, by.clone()))
    }

    fn fire(&self, firing: Firing, by: Asked) -> Answer<bool> {
        self.call(|store| store.fire(firing.clone(), by.clone()))
    }

    fn fired(&self, name: &str, limit: usize) -> Answer<Vec<Fired>> {
        self.call(|store| store.fired(name, limit))
    }
}

impl RecordStore for Line {
    fn put_record(&self, change: Change, by: Asked) -> Answer<Record> {
        self.call(|store| store.put_record(change.clone(), by.clone()))
    }

    fn record(&self, kind: RecordKind, name: &str) -> Answer<Option<Record>> {
        self.call(|store| store.record(kind, name))
    }

    fn records(&self, kind: RecordKind) -> Answer<Vec<Record>> {
        self.call(|store| store.records(kind))
    }

    fn trail(&self, query: &TrailQuery) -> Answer<Vec<Record>> {
        self.call(|store| store.trail(query))
    }
}

impl ServiceStore for Line {
    fn claim_service(&self, name: &str, seen: u64, by: Asked) -> Answer<Service> {
        self.call(|store| store.claim_service(name, seen, by.clone()))
    }

    fn renew_service(
        &self,
        name: &str,
        generation: u64,
        holder: Holder,
        at: UnixMicros,
    ) -> Answer<bool> {
        self.call(|store| store.renew_service(name, generation, holder.clone(), at))
    }

    fn release_service(&self, name: &str, generation: u64) -> Answer<()> {
        self.call(|store| store.release_service(name, generation))
    }

    fn services(&self) -> Answer<Vec<Service>> {
        self.call(ServiceStore::services)
    }
}
