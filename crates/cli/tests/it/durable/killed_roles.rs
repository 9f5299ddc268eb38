//! Every role in a process of its own, killed in turn and started anew, while
//! fifty clients submit and fifty watch.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

use super::support::{PATIENCE, Worker, until};
use crate::harness::Place;

const CLIENTS: usize = 50;

/// Runs that each submits.
const EACH: usize = 6;

/// What the clients and those who kill know of each other.
#[derive(Default)]
struct World {
    acknowledged: AtomicUsize,
    /// How many events each run has, once all have ended.
    expected: OnceLock<BTreeMap<String, u64>>,
    nobody: (Mutex<()>, Condvar),
}

impl World {
    /// Lets others go first.
    fn wait(&self) {
        let (lock, bell) = &self.nobody;
        let locked = lock.lock().unwrap();
        let _ = bell.wait_timeout(locked, Duration::from_millis(20));
    }
}

#[test]
fn nothing_acknowledged_is_lost_and_nothing_is_seen_twice() {
    let place = Place::new();
    let [control, gateway] = free_addresses();
    let mut roles = [
        Killable::start(&place, "control", Some(control)),
        Killable::start(&place, "worker", None),
        Killable::start(&place, "gateway", Some(gateway)),
    ];
    let world = World::default();
    std::thread::scope(|scope| {
        let world = &world;
        let watchers: Vec<_> = (0..CLIENTS)
            .map(|_| scope.spawn(move || Watcher::new(world, gateway).watch()))
            .collect();
        let submitters: Vec<_> = (0..CLIENTS)
            .map(|no| scope.spawn(move || submit_all(world, control, no)))
            .collect();
        // Twice around, each kill in the middle of the work.
        for kill in 0..6 {
            let due = CLIENTS * EACH * (kill + 1) / 8;
            until("the clients get on", || {
                world.wait();
                (world.acknowledged.load(Ordering::Relaxed) >= due).then_some(())
            });
            roles[kill % 3].kill_and_start(&place);
        }
        let submitted = submitters.into_iter().flat_map(|one| one.join().unwrap());
        let expected: BTreeMap<String, u64> = submitted
            .map(|run| (run.clone(), events_of(world, control, &run)))
            .collect();
        // Every key is one run, however often it was sent.
        assert_eq!(expected.len(), CLIENTS * EACH);
        let listed = ask(control, "GET", "/v1/runs?limit=1000", &[], "").unwrap();
        assert_eq!(listed.1["items"].as_array().unwrap().len(), expected.len());
        world.expected.set(expected).unwrap();
        let joined = watchers.into_iter().map(|one| one.join().unwrap());
        assert!(joined.filter(|whole| *whole).count() > 0, "all fell behind");
    });
    let checked = place.json(&["db", "check"]);
    assert_eq!(checked["problems"], json!([]), "{checked}");
}

/// A role in its own process, always at one address.
struct Killable {
    role: &'static str,
    address: Option<SocketAddr>,
    process: Option<Worker>,
}

impl Killable {
    fn start(place: &Place, role: &'static str, address: Option<SocketAddr>) -> Self {
        let mut one = Self {
            role,
            address,
            process: None,
        };
        one.up(place);
        one
    }

    fn up(&mut self, place: &Place) {
        let address = self.address.map(|address| address.to_string());
        let mut words = vec![self.role];
        if let Some(address) = &address {
            words.extend(["--listen", address]);
        }
        let mut process = Worker::spawn_as(place, "serve", &words);
        process.says(if self.address.is_some() {
            "serving at"
        } else {
            "takes"
        });
        self.process = Some(process);
    }

    fn kill_and_start(&mut self, place: &Place) {
        if let Some(process) = self.process.take() {
            process.kill();
        }
        self.up(place);
    }
}

/// Two addresses that nobody listens at.
fn free_addresses() -> [SocketAddr; 2] {
    let held = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap())
}

/// One request; nothing where nobody answers, or not to the end.
fn ask(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let mut request = format!(
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        for part in [*name, ": ", *value, "\r\n"] {
            request.push_str(part);
        }
    }
    request.push_str("\r\n");
    request.push_str(body);
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).ok()?))
}

/// Each with a key of its own, sent until it is acknowledged.
fn submit_all(world: &World, control: SocketAddr, no: usize) -> Vec<String> {
    let retry = json!({"max_attempts": 50, "first_ms": 1, "longest_ms": 1});
    let task = json!({"key": "only", "kind": "noop", "retry": retry});
    let spec = json!({"spec": {"kind": "workflow", "tasks": [task]}});
    let deadline = Instant::now() + PATIENCE;
    let one = |nth: usize| loop {
        let key = format!("client-{no}-{nth}");
        let headers = [("idempotency-key", key.as_str())];
        let answer = ask(control, "POST", "/v1/runs", &headers, &spec.to_string());
        if let Some((202, accepted)) = answer {
            world.acknowledged.fetch_add(1, Ordering::Relaxed);
            break accepted["run_id"].as_str().unwrap().to_owned();
        }
        assert!(Instant::now() < deadline, "never accepted: {answer:?}");
        world.wait();
    };
    (0..EACH).map(one).collect()
}

/// How many events a run has, once it has completed.
fn events_of(world: &World, control: SocketAddr, run: &str) -> u64 {
    until(&format!("run {run} completes"), || {
        let (_, shown) = ask(control, "GET", &format!("/v1/runs/{run}"), &[], "")?;
        assert_ne!(shown["state"], "failed", "{shown}");
        if shown["state"] != "completed" {
            world.wait();
            return None;
        }
        Some(())
    });
    let events = ask(control, "GET", &format!("/v1/runs/{run}/events"), &[], "");
    let last = events.unwrap().1["items"].as_array().unwrap().len();
    u64::try_from(last).unwrap()
}

/// Follows everything from the first event on, over any number of
/// connections.
struct Watcher<'a> {
    world: &'a World,
    gateway: SocketAddr,
    /// The largest number seen.
    seq: u64,
    /// The last event of each run.
    seen: BTreeMap<String, u64>,
    /// Whether events were left out for it.
    reset: bool,
}

impl<'a> Watcher<'a> {
    fn new(world: &'a World, gateway: SocketAddr) -> Self {
        Self {
            world,
            gateway,
            seq: 0,
            seen: BTreeMap::new(),
            reset: false,
        }
    }

    /// Until it has seen all there is. Whether without a gap.
    fn watch(mut self) -> bool {
        let deadline = Instant::now() + PATIENCE;
        while !self.is_done() {
            assert!(Instant::now() < deadline, "saw {:?}", self.seen);
            match self.connect() {
                Some(socket) => self.follow(socket),
                None => self.world.wait(),
            }
        }
        !self.reset
    }

    fn is_done(&self) -> bool {
        let all = |expected: &BTreeMap<String, u64>| self.reset || self.seen == *expected;
        self.world.expected.get().is_some_and(all)
    }

    fn connect(&self) -> Option<WebSocket<TcpStream>> {
        let stream = TcpStream::connect(self.gateway).ok()?;
        stream
            .set_read_timeout(Some(Duration::from_millis(200)))
            .ok()?;
        let url = format!("ws://{}/", self.gateway);
        let (mut socket, _) = client(url.as_str(), stream).ok()?;
        let wish = json!({"type": "subscribe", "resume_from": self.seq}).to_string();
        socket.send(Message::text(wish)).ok()?;
        Some(socket)
    }

    /// Until the connection ends.
    fn follow(&mut self, mut socket: WebSocket<TcpStream>) {
        while !self.is_done() {
            match socket.read() {
                Ok(Message::Text(text)) => self.take(&serde_json::from_str(&text).unwrap()),
                Ok(_) => {}
                Err(Error::Io(error)) if is_late(&error) => {}
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, frame: &Value) {
        match frame["type"].as_str().unwrap() {
            "event" => {
                let seq = frame["seq"].as_u64().unwrap();
                assert!(seq > self.seq, "{seq} after {}: {frame}", self.seq);
                self.seq = seq;
                let run = frame["run_id"].as_str().unwrap().to_owned();
                let run_seq = frame["event"]["seq"].as_u64().unwrap();
                let before = self.seen.insert(run, run_seq).unwrap_or(0);
                let follows = run_seq == before + 1 || self.reset && run_seq > before;
                assert!(follows, "{run_seq} after {before}: {frame}");
            }
            "snapshot" if frame["reset"] == true => {
                self.reset = true;
                self.seq = self.seq.max(frame["seq"].as_u64().unwrap());
            }
            "error" => panic!("{frame}"),
            _ => {}
        }
    }
}

/// Nothing came in time.
fn is_late(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{TimedOut, WouldBlock};
    matches!(error.kind(), TimedOut | WouldBlock)
}
