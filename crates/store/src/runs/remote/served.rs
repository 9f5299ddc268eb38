//! The owner's side: a socket in front of a store.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use fondaco_app::ports::Store;
use fondaco_app::ports::runs::RunStoreError;

use super::dispatch::dispatch;
use super::frame::{FRAME_LIMIT, Frame, FrameError};
use super::place::{SocketFile, SocketPlace};
use super::wire::{Hello, PROTOCOL, Request, Response, Tick, Welcome};

/// Connections at once. One that is too many is told so.
const MOST: usize = 512;

/// Bytes of the first frame: nobody needs more to say hello.
const HELLO_LIMIT: usize = 4096;

/// How long a client may take to say hello.
const HELLO: Duration = Duration::from_secs(10);

/// How long a subscription waits for news before it looks whether it is over.
const LOOK: Duration = Duration::from_millis(250);

/// After so many looks without news it says that it is there.
const QUIET: u32 = 8;

/// A store that others on the machine reach, until this is dropped.
///
/// Only processes of the same user (and of root) are served. The socket has
/// mode 0600; on Linux the credentials of each peer are asked for, too.
pub struct Served {
    place: SocketPlace,
    socket: PathBuf,
    made: SocketFile,
    peers: Arc<Peers>,
    listening: Option<JoinHandle<()>>,
}

impl Served {
    /// Opens the socket. Call it as the owner of the store only: a socket
    /// that is there is taken for one that a dead owner left behind.
    pub fn start(store: Arc<dyn Store>, place: SocketPlace) -> Result<Self, RunStoreError> {
        let (socket, listener) = bind(&place).map_err(|source| RunStoreError::Storage {
            action: "open the socket of",
            source: source.into(),
        })?;
        let made = SocketFile::at(&socket).map_err(|source| RunStoreError::Storage {
            action: "find the socket of",
            source: source.into(),
        })?;
        let peers = Arc::new(Peers::of(store));
        let theirs = Arc::clone(&peers);
        let listening = std::thread::spawn(move || listen(&listener, &theirs));
        Ok(Self {
            place,
            socket,
            made,
            peers,
            listening: Some(listening),
        })
    }

    /// Where it is.
    pub fn place(&self) -> &SocketPlace {
        &self.place
    }
}

impl std::fmt::Debug for Served {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Served").field(&self.socket).finish()
    }
}

impl Drop for Served {
    /// Removes the socket, cuts the connections and waits until the store is
    /// let go of: what was being carried out still is.
    fn drop(&mut self) {
        self.peers.close();
        // Wakes the listener. Where the file is another one by now there is
        // nobody to wake, and the thread ends with the process.
        let ours = SocketFile::at(&self.socket).ok().as_ref() == Some(&self.made);
        let woken = ours && UnixStream::connect(&self.socket).is_ok();
        self.place.remove(&self.socket, &self.made);
        if let Some(listening) = self.listening.take().filter(|_| woken) {
            let _ = listening.join();
        }
        self.peers.wait_for_none();
    }
}

fn bind(place: &SocketPlace) -> io::Result<(PathBuf, UnixListener)> {
    let socket = place.to_bind()?;
    let listener = UnixListener::bind(&socket)?;
    fs::set_permissions(&socket, fs::Permissions::from_mode(0o600))?;
    Ok((socket, listener))
}

/// The store and who is connected to it.
struct Peers {
    table: Mutex<Table>,
    changed: Condvar,
}

struct Table {
    /// None when it is closed.
    store: Option<Arc<dyn Store>>,
    next: u64,
    streams: BTreeMap<u64, UnixStream>,
}

/// A place in the table, given up when it is dropped.
struct Seat {
    peers: Arc<Peers>,
    number: u64,
}

impl Peers {
    fn of(store: Arc<dyn Store>) -> Self {
        Self {
            table: Mutex::new(Table {
                store: Some(store),
                next: 0,
                streams: BTreeMap::new(),
            }),
            changed: Condvar::new(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store and a place for a connection, or none where there is no more.
    fn seat(self: &Arc<Self>, stream: &UnixStream) -> Option<(Arc<dyn Store>, Seat)> {
        let copy = stream.try_clone().ok()?;
        let mut table = self.lock();
        let store = table.store.clone()?;
        if table.streams.len() >= MOST {
            return None;
        }
        let number = table.next;
        table.next += 1;
        table.streams.insert(number, copy);
        let peers = Arc::clone(self);
        Some((store, Seat { peers, number }))
    }

    fn is_closed(&self) -> bool {
        self.lock().store.is_none()
    }

    /// Lets go of the store and cuts every connection.
    fn close(&self) {
        let mut table = self.lock();
        let store = table.store.take();
        for stream in table.streams.values() {
            // One that is closed already is what is wanted.
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(table);
        drop(store);
        self.changed.notify_all();
    }

    fn wait_for_none(&self) {
        let mut table = self.lock();
        while !table.streams.is_empty() {
            table = self
                .changed
                .wait(table)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Until it is closed, or for a moment.
    fn pause(&self, moment: Duration) {
        let table = self.lock();
        if table.store.is_some() {
            drop(self.changed.wait_timeout(table, moment));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.peers.lock().streams.remove(&self.number);
        self.peers.changed.notify_all();
    }
}

fn listen(listener: &UnixListener, peers: &Arc<Peers>) {
    for stream in listener.incoming() {
        if peers.is_closed() {
            return;
        }
        match stream {
            Ok(stream) => admit(stream, peers),
            // Out of file descriptors: some come back.
            Err(_) => peers.pause(Duration::from_millis(50)),
        }
    }
}

fn admit(stream: UnixStream, peers: &Arc<Peers>) {
    if let Err(reason) = may_come_in(&stream) {
        return refuse(stream, reason);
    }
    let Some((store, seat)) = peers.seat(&stream) else {
        return refuse(stream, "too many connections".to_owned());
    };
    let serve = move || {
        let seat = seat;
        // Whatever goes wrong on a connection ends it and nothing else.
        let _ = converse(stream, store.as_ref(), &seat.peers);
        // The store is let go of before the seat is.
        drop(store);
        drop(seat);
    };
    // Where no thread can be had, the connection ends with the closure.
    let _ = std::thread::Builder::new().spawn(serve);
}

/// Nobody but the same user and root.
#[cfg(target_os = "linux")]
fn may_come_in(stream: &UnixStream) -> Result<(), String> {
    let peer = rustix::net::sockopt::socket_peercred(stream).map_err(|error| error.to_string())?;
    let ours = rustix::process::geteuid();
    if peer.uid == ours || peer.uid.is_root() {
        return Ok(());
    }
    Err(format!(
        "user {} may not use the store of user {}",
        peer.uid.as_raw(),
        ours.as_raw()
    ))
}

/// The mode of the socket says who may connect.
#[cfg(not(target_os = "linux"))]
fn may_come_in(_: &UnixStream) -> Result<(), String> {
    Ok(())
}

fn refuse(mut stream: UnixStream, reason: String) {
    let refusal = Welcome {
        fondaco_runs: PROTOCOL,
        pid: std::process::id(),
        refused: Some(reason),
    };
    if let Ok(frame) = Frame::of(&refusal, &[]) {
        let _ = frame.write(&mut stream, HELLO_LIMIT);
    }
}

/// Hello and welcome, then request and answer until the client ends.
fn converse(mut stream: UnixStream, store: &dyn Store, peers: &Peers) -> Result<(), FrameError> {
    stream.set_read_timeout(Some(HELLO))?;
    let hello = Frame::read(&mut stream, HELLO_LIMIT)
        .and_then(|frame| frame.as_ref().map(Frame::message::<Hello>).transpose());
    match hello {
        Ok(Some(hello)) if hello.fondaco_runs == PROTOCOL => {}
        Ok(Some(hello)) => {
            let theirs = hello.fondaco_runs;
            refuse(
                stream,
                format!("it speaks protocol {PROTOCOL}, not {theirs}"),
            );
            return Ok(());
        }
        Ok(None) => return Ok(()),
        Err(error) => {
            refuse(stream, error.to_string());
            return Err(error);
        }
    }
    let welcome = Welcome {
        fondaco_runs: PROTOCOL,
        pid: std::process::id(),
        refused: None,
    };
    Frame::of(&welcome, &[])?.write(&mut stream, HELLO_LIMIT)?;
    stream.set_read_timeout(None)?;
    while let Some(frame) = Frame::read(&mut stream, FRAME_LIMIT)? {
        let request = match frame.message::<Request>() {
            Ok(request) => request.with_body(frame.body),
            Err(error) => {
                answer(&mut stream, &Response::Unserved(error.to_string()))?;
                continue;
            }
        };
        if request == Request::Subscribe {
            return tell_news(&mut stream, store, peers);
        }
        answer(&mut stream, &dispatch(store, request))?;
    }
    Ok(())
}

/// An answer that is too large becomes one that says so.
fn answer(stream: &mut UnixStream, response: &Response) -> Result<(), FrameError> {
    let sent = Frame::of(response, response.body())?.write(stream, FRAME_LIMIT);
    match sent {
        Err(error @ FrameError::TooLarge { .. }) => {
            let instead = Response::Unserved(error.to_string());
            Frame::of(&instead, &[])?.write(stream, FRAME_LIMIT)
        }
        sent => sent,
    }
}

fn tell_news(stream: &mut UnixStream, store: &dyn Store, peers: &Peers) -> Result<(), FrameError> {
    let mut notices = match store.subscribe() {
        Ok(notices) => notices,
        Err(error) => return answer(stream, &Response::Failed((&error).into())),
    };
    answer(stream, &Response::Done)?;
    let mut looks = 0;
    while !peers.is_closed() {
        let tick = notices.wait(LOOK).map_or(Tick::Quiet, Tick::Notice);
        looks += 1;
        if tick != Tick::Quiet || looks >= QUIET {
            Frame::of(&tick, &[])?.write(stream, FRAME_LIMIT)?;
            looks = 0;
        }
    }
    Ok(())
}
