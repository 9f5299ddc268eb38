//! What is said on the wire: one request per method of the ports, and the
//! answers.

use fondaco_app::ports::halts::HaltAck;
use fondaco_app::ports::runs::{
    Asked, Attempt, Commanded, Disagreement, Exchange, Exchanged, Held, Notice, OutboxRow,
    Position, RunQuery, Submission, Submitted, TaskQuery, Vitals,
};
use fondaco_app::ports::schedules::{Fired, Firing, Schedule};
use fondaco_app::ports::workers::Worker;
use fondaco_domain::halt::{Halt, HaltCommand};
use fondaco_domain::run::{Command, Recorded, Run};
use fondaco_domain::task::{Task, TaskNo};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Grows whenever anything that is said here changes its form.
pub const PROTOCOL: u32 = 1;

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
    AddSchedule(Box<Schedule>),
    Schedules,
    PauseSchedule(String, bool, Option<UnixMicros>),
    RemoveSchedule(String),
    Fire(Box<Firing>, Asked),
    Fired(String, usize),
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

    /// Whether its answer may take as long as the store is large.
    pub(super) fn is_long(&self) -> bool {
        matches!(
            self,
            Self::Check | Self::CheckRun(_) | Self::Vitals | Self::Remove(_)
        )
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
