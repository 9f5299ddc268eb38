//! The ports over anything that takes requests and brings answers.

use fondaco_app::ports::halts::{HaltAck, HaltStore};
use fondaco_app::ports::records::{Change, Record, RecordKind, RecordStore, TrailQuery};
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, FeedRow, Held, Notices,
    OutboxRow, Position, RunQuery, RunStore, RunStoreError, Submission, Submitted, TaskQuery,
    Vitals,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule, ScheduleStore};
use fondaco_app::ports::services::{Holder, Service, ServiceStore};
use fondaco_app::ports::workers::{Worker, WorkerStore};
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};

use super::fault::Fault;
use super::wire::{Request, Response};

/// Brings a request to a store and its answer back.
pub trait Carrier: Send + Sync {
    /// One call. What the store refused is an error, not a
    /// [`Response::Failed`].
    fn carry(&self, request: Request) -> Result<Response, RunStoreError>;

    /// News from now on.
    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError>;
}

/// The ports over a carrier.
#[derive(Debug)]
pub struct Carried<C>(pub(in crate::runs) C);

/// Calls, and takes the one answer that fits out of its envelope.
macro_rules! call {
    ($self:ident, $request:expr, Done) => {
        match $self.0.carry($request)? {
            Response::Done => Ok(()),
            other => Err(strange(&other)),
        }
    };
    ($self:ident, $request:expr, $answer:ident) => {
        match $self.0.carry($request)? {
            Response::$answer(answer) => Ok(answer),
            other => Err(strange(&other)),
        }
    };
}

/// What a call came to. One that was repeated, because its first answer was
/// lost, may find that it has been carried out: that is no failure.
pub(in crate::runs) fn outcome(
    request: &Request,
    answer: Response,
    repeated: bool,
    schedules: impl FnOnce() -> Result<Response, RunStoreError>,
) -> Result<Response, RunStoreError> {
    let Response::Failed(fault) = answer else {
        return Ok(answer);
    };
    let done = repeated
        && match (request, &fault) {
            (Request::Remove(_), Fault::NoRun(_))
            | (Request::RemoveSchedule(..), Fault::NoSchedule(_)) => true,
            (Request::AddSchedule(added, _), Fault::ScheduleTaken(_)) => {
                matches!(schedules()?, Response::Schedules(all) if all.contains(added))
            }
            _ => false,
        };
    if done {
        Ok(Response::Done)
    } else {
        Err(fault.into())
    }
}

/// An answer to another question.
#[derive(Debug, thiserror::Error)]
#[error("its owner gave an answer to another question: {0}")]
struct Strange(String);

fn strange(answer: &Response) -> RunStoreError {
    let start: String = format!("{answer:?}").chars().take(80).collect();
    RunStoreError::Storage {
        action: "ask the owner of",
        source: Strange(start).into(),
    }
}

impl<C: Carrier> RunStore for Carried<C> {
    fn submit(&self, submission: Submission, by: Asked) -> Result<Submitted, RunStoreError> {
        call!(self, Request::Submit(submission.into(), by), Submitted)
    }

    fn command(&self, run: RunId, command: Command, by: Asked) -> Result<Commanded, RunStoreError> {
        let answer: Result<Box<Commanded>, _> =
            call!(self, Request::Command(run, command.into(), by), Commanded);
        answer.map(|commanded| *commanded)
    }

    fn exchange(&self, exchange: Exchange, by: Asked) -> Result<Exchanged, RunStoreError> {
        call!(self, Request::Exchange(exchange, by), Exchanged)
    }

    fn held(&self) -> Result<Vec<Held>, RunStoreError> {
        call!(self, Request::Held, Held)
    }

    fn spec(&self, hash: &ContentHash) -> Result<String, RunStoreError> {
        call!(self, Request::Spec(hash.clone()), Text)
    }

    fn run(&self, id: RunId) -> Result<Run, RunStoreError> {
        let answer: Result<Box<Run>, _> = call!(self, Request::Run(id), Run);
        answer.map(|run| *run)
    }

    fn runs(&self, query: &RunQuery) -> Result<Vec<Run>, RunStoreError> {
        call!(self, Request::Runs(query.clone()), Runs)
    }

    fn key_holder(&self, key: &str) -> Result<Option<RunId>, RunStoreError> {
        call!(self, Request::KeyHolder(key.to_owned()), MaybeRun)
    }

    fn tasks(&self, id: RunId, query: &TaskQuery) -> Result<Vec<Task>, RunStoreError> {
        call!(self, Request::Tasks(id, query.clone()), Tasks)
    }

    fn attempts(&self, id: RunId, task: TaskNo) -> Result<Vec<Attempt>, RunStoreError> {
        call!(self, Request::Attempts(id, task), Attempts)
    }

    fn events(&self, id: RunId, after: u64, limit: usize) -> Result<Vec<Recorded>, RunStoreError> {
        call!(self, Request::Events(id, after, limit), Events)
    }

    fn remove(&self, id: RunId) -> Result<(), RunStoreError> {
        call!(self, Request::Remove(id), Done)
    }

    fn outbox(&self, consumer: &str, limit: usize) -> Result<Vec<OutboxRow>, RunStoreError> {
        call!(self, Request::Outbox(consumer.to_owned(), limit), Outbox)
    }

    fn acknowledge(&self, consumer: &str, position: Position) -> Result<(), RunStoreError> {
        let request = Request::Acknowledge(consumer.to_owned(), position);
        call!(self, request, Done)
    }

    fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedRow>, RunStoreError> {
        call!(self, Request::Feed(after, limit), Feed)
    }

    fn feed_end(&self) -> Result<u64, RunStoreError> {
        call!(self, Request::FeedEnd, Number)
    }

    fn open_runs(&self) -> Result<Vec<(RunKind, RunState, u64)>, RunStoreError> {
        call!(self, Request::OpenRuns, OpenRuns)
    }

    fn keep_body(&self, body: &[u8]) -> Result<ContentHash, RunStoreError> {
        call!(self, Request::KeepBody(body.to_vec()), Hash)
    }

    fn body(&self, hash: &ContentHash) -> Result<Vec<u8>, RunStoreError> {
        call!(self, Request::Body(hash.clone()), Body)
    }

    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError> {
        self.0.subscribe()
    }

    fn vitals(&self) -> Result<Vitals, RunStoreError> {
        call!(self, Request::Vitals, Vitals)
    }

    fn check_run(&self, id: RunId) -> Result<Vec<Disagreement>, RunStoreError> {
        call!(self, Request::CheckRun(id), Disagreements)
    }

    fn check(&self) -> Result<Vec<Disagreement>, RunStoreError> {
        call!(self, Request::Check, Disagreements)
    }
}

impl<C: Carrier> HaltStore for Carried<C> {
    fn halt(&self, command: HaltCommand, by: Asked) -> Result<Halt, RunStoreError> {
        call!(self, Request::Halt(command, by), Halt)
    }

    fn obey(&self, limit: usize, by: Asked) -> Result<usize, RunStoreError> {
        call!(self, Request::Obey(limit, by), Count)
    }

    fn halts(&self) -> Result<Vec<Halt>, RunStoreError> {
        call!(self, Request::Halts, Halts)
    }

    fn acknowledge_halt(&self, ack: HaltAck) -> Result<(), RunStoreError> {
        call!(self, Request::AcknowledgeHalt(ack), Done)
    }

    fn halt_acks(&self) -> Result<Vec<HaltAck>, RunStoreError> {
        call!(self, Request::HaltAcks, HaltAcks)
    }
}

impl<C: Carrier> WorkerStore for Carried<C> {
    fn enlist(&self, worker: Worker) -> Result<(), RunStoreError> {
        call!(self, Request::Enlist(worker), Done)
    }

    fn dismiss(&self, worker: WorkerId) -> Result<(), RunStoreError> {
        call!(self, Request::Dismiss(worker), Done)
    }

    fn workers(&self) -> Result<Vec<Worker>, RunStoreError> {
        call!(self, Request::Workers, Workers)
    }
}

impl<C: Carrier> ScheduleStore for Carried<C> {
    fn add_schedule(&self, schedule: Schedule, by: Asked) -> Result<(), RunStoreError> {
        call!(self, Request::AddSchedule(schedule.into(), by), Done)
    }

    fn schedules(&self) -> Result<Vec<Schedule>, RunStoreError> {
        call!(self, Request::Schedules, Schedules)
    }

    fn pause_schedule(
        &self,
        name: &str,
        paused: bool,
        next: Option<UnixMicros>,
        by: Asked,
    ) -> Result<(), RunStoreError> {
        let request = Request::PauseSchedule(name.to_owned(), paused, next, by);
        call!(self, request, Done)
    }

    fn remove_schedule(&self, name: &str, by: Asked) -> Result<(), RunStoreError> {
        call!(self, Request::RemoveSchedule(name.to_owned(), by), Done)
    }

    fn fire(&self, firing: Firing, by: Asked) -> Result<bool, RunStoreError> {
        call!(self, Request::Fire(firing.into(), by), Kept)
    }

    fn fired(&self, name: &str, limit: usize) -> Result<Vec<Fired>, RunStoreError> {
        call!(self, Request::Fired(name.to_owned(), limit), Ticks)
    }
}

impl<C: Carrier> RecordStore for Carried<C> {
    fn put_record(&self, change: Change, by: Asked) -> Result<Record, RunStoreError> {
        call!(self, Request::PutRecord(change, by), Record)
    }

    fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, RunStoreError> {
        call!(self, Request::Record(kind, name.to_owned()), MaybeRecord)
    }

    fn records(&self, kind: RecordKind) -> Result<Vec<Record>, RunStoreError> {
        call!(self, Request::Records(kind), Records)
    }

    fn trail(&self, query: &TrailQuery) -> Result<Vec<Record>, RunStoreError> {
        call!(self, Request::Trail(query.clone()), Records)
    }
}

impl<C: Carrier> ServiceStore for Carried<C> {
    fn claim_service(&self, name: &str, seen: u64, by: Asked) -> Result<Service, RunStoreError> {
        let request = Request::ClaimService(name.to_owned(), seen, by);
        call!(self, request, Service)
    }

    fn renew_service(
        &self,
        name: &str,
        generation: u64,
        holder: Holder,
        at: UnixMicros,
    ) -> Result<bool, RunStoreError> {
        let request = Request::RenewService(name.to_owned(), generation, holder, at);
        call!(self, request, Kept)
    }

    fn release_service(&self, name: &str, generation: u64) -> Result<(), RunStoreError> {
        let request = Request::ReleaseService(name.to_owned(), generation);
        call!(self, request, Done)
    }

    fn services(&self) -> Result<Vec<Service>, RunStoreError> {
        call!(self, Request::Services, Services)
    }
}
