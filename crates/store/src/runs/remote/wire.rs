//! What is said on the wire: one request per method of the ports, and the
//! answers.

use std::time::Duration;

use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::records::{Change, Record, RecordKind, TrailQuery};
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, FeedRow, Held, Notice, OutboxRow,
    Position, RunQuery, Submission, Submitted, TaskQuery, Vitals,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule};
use fondaco_app::ports::services::{Holder, Service};
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run, RunKind, RunState};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Grows whenever anything that is said here changes its form.
pub const PROTOCOL: u32 = 2;

/// The first frame of a client. This and [`Welcome`] stay as they are in
/// every version of the protocol.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The protocol it speaks.
    pub fondaco_runs: u32,
}

/// The first frame of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The protocol it speaks.
    pub fondaco_runs: u32,
    /// Its process.
    pub pid: u32,
    /// Why it does not talk to this client.
    pub refused: Option<String>,
}

/// A call of a port.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are the methods of the ports")]
pub enum Request {
    Submit(Box<Submission>, Asked),
    Command(RunId, Box<Command>, Asked),
    Exchange(Exchange, Asked),
    Held,
    Spec(ContentHash),
    Run(RunId),
    Runs(RunQuery),
    KeyHolder(String),
    Tasks(RunId, TaskQuery),
    Attempts(RunId, TaskNo),
    Events(RunId, u64, usize),
    Remove(RunId),
    Outbox(String, usize),
    Acknowledge(String, Position),
    Feed(u64, usize),
    FeedEnd,
    OpenRuns,
    /// The body travels beside the text.
    KeepBody(#[serde(skip)] Vec<u8>),
    Body(ContentHash),
    /// The connection says [`Tick`]s from the answer on.
    Subscribe,
    Vitals,
    CheckRun(RunId),
    Check,
    Halt(HaltCommand, Asked),
    Obey(usize, Asked),
    Halts,
    AcknowledgeHalt(HaltAck),
    HaltAcks,
    Enlist(Worker),
    Dismiss(WorkerId),
    Workers,
    AddSchedule(Box<Schedule>, Asked),
    Schedules,
    PauseSchedule(String, bool, Option<UnixMicros>, Asked),
    RemoveSchedule(String, Asked),
    Fire(Box<Firing>, Asked),
    Fired(String, usize),
    PutRecord(Change, Asked),
    Record(RecordKind, String),
    Records(RecordKind),
    Trail(TrailQuery),
    ClaimService(String, u64, Asked),
    RenewService(String, u64, Holder, UnixMicros),
    ReleaseService(String, u64),
    Services,
}

/// The answer to a [`Request`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "they are what the methods return")]
pub enum Response {
    Done,
    Submitted(Submitted),
    Commanded(Box<Commanded>),
    Exchanged(Exchanged),
    Held(Vec<Held>),
    Text(String),
    Run(Box<Run>),
    Runs(Vec<Run>),
    MaybeRun(Option<RunId>),
    Tasks(Vec<Task>),
    Attempts(Vec<Attempt>),
    Events(Vec<Recorded>),
    Outbox(Vec<OutboxRow>),
    Feed(Vec<FeedRow>),
    Number(u64),
    OpenRuns(Vec<(RunKind, RunState, u64)>),
    Hash(ContentHash),
    /// The body travels beside the text.
    Body(#[serde(skip)] Vec<u8>),
    Vitals(Vitals),
    Disagreements(Vec<Disagreement>),
    Halt(Halt),
    Count(usize),
    Halts(Vec<Halt>),
    HaltAcks(Vec<HaltAck>),
    Workers(Vec<Worker>),
    Schedules(Vec<Schedule>),
    Kept(bool),
    Ticks(Vec<Fired>),
    Record(Record),
    MaybeRecord(Option<Record>),
    Records(Vec<Record>),
    Service(Service),
    Services(Vec<Service>),
    /// The store said no.
    Failed(Fault),
    /// The server could not make sense of the request, or not send the answer.
    Unserved(String),
}

/// What a subscription says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tick {
    /// Something happened.
    Notice(Notice),
    /// Nothing did; the server is still there.
    Quiet,
}

impl Request {
    /// What travels beside its text.
    pub(super) fn body(&self) -> &[u8] {
        match self {
            Self::KeepBody(body) => body,
            _ => &[],
        }
    }

    /// Takes in what came beside its text.
    pub(super) fn with_body(mut self, came: Vec<u8>) -> Self {
        if let Self::KeepBody(body) = &mut self {
            *body = came;
        }
        self
    }

    /// How long its answer may take; none where that depends on how large the
    /// store is.
    ///
    /// What workers and halts wait for ends well before a lease of 30 seconds
    /// less a ladder of 10 does, so that a worker whose store is silent can
    /// still stop what it holds in time.
    pub(super) fn patience(&self) -> Option<Duration> {
        match self {
            Self::Check | Self::CheckRun(_) | Self::Vitals | Self::Remove(_) => None,
            Self::Exchange(..)
            | Self::Held
            | Self::Subscribe
            | Self::Halt(..)
            | Self::Obey(..)
            | Self::Halts
            | Self::AcknowledgeHalt(_)
            | Self::HaltAcks
            | Self::Enlist(_)
            | Self::Dismiss(_)
            | Self::Workers
            | Self::ClaimService(..)
            | Self::RenewService(..)
            | Self::ReleaseService(..)
            | Self::Services => Some(Duration::from_secs(10)),
            _ => Some(Duration::from_mins(1)),
        }
    }
}

impl Response {
    /// What travels beside its text.
    pub(super) fn body(&self) -> &[u8] {
        match self {
            Self::Body(body) => body,
            _ => &[],
        }
    }

    /// Takes in what came beside its text.
    pub(super) fn with_body(mut self, came: Vec<u8>) -> Self {
        if let Self::Body(body) = &mut self {
            *body = came;
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use fondaco_domain::halt::Epoch;
    use serde::de::DeserializeOwned;

    use super::*;

    fn form<T>(message: &T, text: &str)
    where
        T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
    {
        assert_eq!(serde_json::to_string(message).unwrap(), text);
        assert_eq!(&serde_json::from_str::<T>(text).unwrap(), message);
    }

    /// Whoever has to change a line here has a new [`PROTOCOL`] to write.
    #[test]
    fn forms_on_the_wire() {
        let id = RunId::new(1, [2; 10]);
        let name = "00000000-0001-7202-8202-020202020202";
        let by = || Asked {
            actor: "desk".to_owned(),
            at: UnixMicros(9),
        };
        let body = Request::KeepBody(vec![1, 2]);
        form(&Hello { fondaco_runs: 2 }, r#"{"fondaco_runs":2}"#);
        form(
            &Welcome {
                fondaco_runs: 2,
                pid: 7,
                refused: None,
            },
            r#"{"fondaco_runs":2,"pid":7,"refused":null}"#,
        );
        form(&Request::Held, r#""held""#);
        form(&Request::Run(id), &format!(r#"{{"run":"{name}"}}"#));
        form(
            &Request::Events(id, 7, 100),
            &format!(r#"{{"events":["{name}",7,100]}}"#),
        );
        form(
            &Request::PauseSchedule("nightly".to_owned(), true, Some(UnixMicros(5)), by()),
            r#"{"pause_schedule":["nightly",true,5,{"actor":"desk","at":9}]}"#,
        );
        let change = Change {
            kind: RecordKind::Flag,
            name: "x".to_owned(),
            over: Some(2),
            body: None,
        };
        form(
            &Request::PutRecord(change, by()),
            r#"{"put_record":[{"kind":"flag","name":"x","over":2,"body":null},{"actor":"desk","at":9}]}"#,
        );
        form(
            &Request::ClaimService("gateway".to_owned(), 4, by()),
            r#"{"claim_service":["gateway",4,{"actor":"desk","at":9}]}"#,
        );
        form(&Request::Feed(7, 100), r#"{"feed":[7,100]}"#);
        assert_eq!(serde_json::to_string(&body).unwrap(), r#""keep_body""#);
        assert_eq!(body.body(), [1, 2]);
        form(&Response::Done, r#""done""#);
        form(&Response::Count(3), r#"{"count":3}"#);
        form(
            &Response::Failed(Fault::NoRun(id)),
            &format!(r#"{{"failed":{{"no_run":"{name}"}}}}"#),
        );
        form(&Tick::Quiet, r#""quiet""#);
        form(
            &Tick::Notice(Notice::Halt { epoch: Epoch(4) }),
            r#"{"notice":{"notice":"halt","epoch":4}}"#,
        );
    }

    #[test]
    fn a_body_travels_beside_its_text() {
        let text = serde_json::to_string(&Response::Body(vec![9])).unwrap();
        let back: Response = serde_json::from_str(&text).unwrap();
        assert_eq!(back.with_body(vec![9]), Response::Body(vec![9]));
        assert_eq!(Response::Done.with_body(vec![9]), Response::Done);
    }
}
