//! The client's side: connections to the owner's socket.

use std::io;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use fondaco_app::ports::runs::{Notice, Notices, RunStoreError};
use thiserror::Error;

use super::frame::{FRAME_LIMIT, Frame, FrameError};
use super::place::SocketPlace;
use super::ports::{Carried, Carrier, outcome};
use super::wire::{Hello, PROTOCOL, Request, Response, Tick, Welcome};

/// Connections kept for the next call.
const IDLE: usize = 16;

/// How long an owner may take to say hello.
const HELLO: Duration = Duration::from_secs(5);

/// A subscription that hears nothing for so long is cut off.
const SILENCE: Duration = Duration::from_secs(20);

/// Why a call did not reach the store, or its answer not the caller.
#[derive(Debug, Error)]
pub enum LineError {
    /// Nobody listens.
    #[error("nobody serves it")]
    Connect(#[source] io::Error),
    /// The owner went away.
    #[error("its owner went away")]
    Lost(#[source] FrameError),
    /// The owner does not answer in time.
    #[error("its owner does not answer")]
    Silent,
    /// The owner speaks another protocol, or does not talk to us.
    #[error("its owner refuses: {reason}")]
    Refused {
        /// In its words.
        reason: String,
    },
    /// The owner could not make sense of the request, or not send the answer.
    #[error("its owner cannot serve this: {0}")]
    Unserved(String),
    /// The request cannot be sent, whoever the owner is.
    #[error("the request cannot be sent")]
    Unsendable(#[source] FrameError),
}

impl LineError {
    /// Whether another owner may do better.
    pub(in crate::runs) fn is_gone(&self) -> bool {
        matches!(self, Self::Connect(_) | Self::Lost(_))
    }

    /// As the port says it.
    pub(in crate::runs) fn of(self, place: &Path) -> RunStoreError {
        match self {
            Self::Unserved(_) | Self::Unsendable(_) => RunStoreError::Storage {
                action: "ask the owner of",
                source: self.into(),
            },
            _ => RunStoreError::Unreachable {
                place: place.display().to_string(),
                source: self.into(),
            },
        }
    }
}

/// The ports through the socket of the process that owns the store.
pub type RemoteRuns = Carried<Line>;

impl RemoteRuns {
    /// Finds the owner and greets it.
    pub fn connect(place: &SocketPlace) -> Result<Self, RunStoreError> {
        let line = Line::to(place);
        line.greet().map_err(|error| error.of(place.path()))?;
        Ok(Self(line))
    }
}

/// A number of connections to one owner; calls from several threads go at
/// once.
#[derive(Debug)]
pub struct Line {
    place: SocketPlace,
    idle: Mutex<Vec<UnixStream>>,
    pid: AtomicU32,
}

impl Line {
    /// Connects with the first call.
    pub(in crate::runs) fn to(place: &SocketPlace) -> Self {
        Self {
            place: place.clone(),
            idle: Mutex::new(Vec::new()),
            pid: AtomicU32::new(0),
        }
    }

    /// Makes sure that somebody is there who understands.
    pub(in crate::runs) fn greet(&self) -> Result<(), LineError> {
        let stream = self.connect()?;
        self.put_back(stream);
        Ok(())
    }

    /// One call.
    pub(in crate::runs) fn ask(&self, request: &Request) -> Result<Response, LineError> {
        let frame = Frame::of(request, request.body()).map_err(LineError::Unsendable)?;
        let timeout = request.patience();
        let kept = self.lock().pop();
        let stream = match kept {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let answer = self.ask_over(stream, &frame, timeout);
        if matches!(answer, Err(LineError::Lost(_))) {
            // The others go to the same owner.
            self.lock().clear();
        }
        answer
    }

    /// A connection that is told the news.
    pub(in crate::runs) fn news(&self) -> Result<RemoteNotices, LineError> {
        let mut stream = self.connect()?;
        let request = Request::Subscribe;
        let frame = Frame::of(&request, &[]).map_err(LineError::Unsendable)?;
        match talk(&mut stream, &frame, request.patience())? {
            Response::Done => RemoteNotices::over(stream),
            other => Err(LineError::Unserved(format!("{other:?}"))),
        }
    }

    fn ask_over(
        &self,
        mut stream: UnixStream,
        frame: &Frame,
        timeout: Option<Duration>,
    ) -> Result<Response, LineError> {
        let response = talk(&mut stream, frame, timeout)?;
        self.put_back(stream);
        match response {
            Response::Unserved(why) => Err(LineError::Unserved(why)),
            Response::Vitals(mut vitals) => {
                let pid = self.pid.load(Ordering::Relaxed);
                vitals.access = format!("through process {pid}, which owns it");
                Ok(Response::Vitals(vitals))
            }
            response => Ok(response),
        }
    }

    fn connect(&self) -> Result<UnixStream, LineError> {
        let mut stream =
            UnixStream::connect(self.place.to_connect()).map_err(LineError::Connect)?;
        let hello = Hello {
            fondaco_runs: PROTOCOL,
        };
        let frame = Frame::of(&hello, &[]).map_err(LineError::Unsendable)?;
        let welcome: Welcome =
            round(&mut stream, &frame, Some(HELLO))?
                .message()
                .map_err(|error| LineError::Refused {
                    reason: error.to_string(),
                })?;
        if let Some(reason) = welcome.refused {
            return Err(LineError::Refused { reason });
        }
        self.pid.store(welcome.pid, Ordering::Relaxed);
        Ok(stream)
    }

    fn put_back(&self, stream: UnixStream) {
        let mut idle = self.lock();
        if idle.len() < IDLE {
            idle.push(stream);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<UnixStream>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Carrier for Line {
    /// A call that was lost is repeated once over a new connection: the one
    /// that was kept may have gone to an owner that ended since.
    fn carry(&self, request: Request) -> Result<Response, RunStoreError> {
        let first = match self.ask(&request) {
            Err(LineError::Lost(_)) => None,
            answer => Some(answer),
        };
        let repeated = first.is_none();
        let answer = first.unwrap_or_else(|| self.ask(&request));
        let answer = answer.map_err(|error| error.of(self.place.path()))?;
        outcome(&request, answer, repeated, || {
            self.carry(Request::Schedules)
        })
    }

    fn subscribe(&self) -> Result<Box<dyn Notices>, RunStoreError> {
        match self.news() {
            Ok(notices) => Ok(Box::new(notices)),
            Err(error) => Err(error.of(self.place.path())),
        }
    }
}

/// Sends a request and waits for its answer.
fn talk(
    stream: &mut UnixStream,
    frame: &Frame,
    timeout: Option<Duration>,
) -> Result<Response, LineError> {
    let answer = round(stream, frame, timeout)?;
    let response: Response = answer
        .message()
        .map_err(|error| LineError::Unserved(error.to_string()))?;
    Ok(response.with_body(answer.body))
}

/// Sends a frame and waits for the next one.
fn round(
    stream: &mut UnixStream,
    frame: &Frame,
    timeout: Option<Duration>,
) -> Result<Frame, LineError> {
    let timed = stream
        .set_read_timeout(timeout)
        .and_then(|()| stream.set_write_timeout(timeout));
    timed.map_err(|error| LineError::Lost(error.into()))?;
    frame.write(stream, FRAME_LIMIT).map_err(failed)?;
    match Frame::read(stream, FRAME_LIMIT) {
        Ok(Some(answer)) => Ok(answer),
        Ok(None) => Err(LineError::Lost(FrameError::Cut)),
        Err(error) => Err(failed(error)),
    }
}

fn failed(error: FrameError) -> LineError {
    match error {
        FrameError::Socket(io) if is_timeout(&io) => LineError::Silent,
        FrameError::TooLarge { .. } | FrameError::Garbled(_) => LineError::Unsendable(error),
        FrameError::Cut | FrameError::Socket(_) => LineError::Lost(error),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
    )
}

/// News over a connection of their own.
#[derive(Debug)]
pub struct RemoteNotices {
    news: Receiver<Notice>,
    stream: UnixStream,
    over: bool,
}

impl RemoteNotices {
    fn over(stream: UnixStream) -> Result<Self, LineError> {
        let lost = |error: io::Error| LineError::Lost(error.into());
        stream.set_read_timeout(Some(SILENCE)).map_err(lost)?;
        let heard = stream.try_clone().map_err(lost)?;
        let (sender, news) = channel();
        let hear = move || hear(heard, &sender);
        std::thread::Builder::new().spawn(hear).map_err(lost)?;
        Ok(Self {
            news,
            stream,
            over: false,
        })
    }

    /// Whether nothing will come any more.
    pub(in crate::runs) fn is_over(&self) -> bool {
        self.over
    }

    /// The next one; nothing when none came in time, and at once when none
    /// will come any more.
    pub(in crate::runs) fn wait_while_there(&mut self, timeout: Duration) -> Option<Notice> {
        match self.news.recv_timeout(timeout) {
            Ok(notice) => Some(notice),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => {
                self.over = true;
                None
            }
        }
    }
}

impl Notices for RemoteNotices {
    /// Takes its time even when the owner is gone, so that one who polls
    /// between two waits does not poll without a pause.
    fn wait(&mut self, timeout: Duration) -> Option<Notice> {
        let began = Instant::now();
        let heard = self.wait_while_there(timeout);
        if self.over {
            std::thread::park_timeout(timeout.saturating_sub(began.elapsed()));
        }
        heard
    }
}

impl Drop for RemoteNotices {
    fn drop(&mut self) {
        // Ends the thread that reads; one that is closed already has ended.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

fn hear(mut stream: UnixStream, sender: &Sender<Notice>) {
    while let Ok(Some(frame)) = Frame::read(&mut stream, FRAME_LIMIT) {
        match frame.message() {
            Ok(Tick::Quiet) => {}
            Ok(Tick::Notice(notice)) => {
                if sender.send(notice).is_err() {
                    return;
                }
            }
            Err(_) => return,
        }
    }
}
