//! The runtime and its gateway, with real processes and sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use serde_json::{Value, json};

use super::support::{Worker, until};
use crate::harness::Place;

/// A runtime that starts gateways as processes of their own.
struct Runtime {
    process: Worker,
    address: SocketAddr,
}

impl Runtime {
    fn start(place: &Place) -> Self {
        let words = ["runtime", "--listen", "127.0.0.1:0"];
        Self::spawn(place, &words)
    }

    fn spawn(place: &Place, words: &[&str]) -> Self {
        let mut command = place.command(&[&["serve"], words].concat());
        command.env("FONDACO_GATEWAY_LISTEN", "127.0.0.1:0");
        let mut process = Worker::of(command);
        let line = process.says("runtime: serving at http://");
        let (_, rest) = line.split_once("http://").unwrap();
        let address = rest.split_whitespace().next().unwrap().parse().unwrap();
        Self { process, address }
    }

    fn ask(&self, method: &str, path: &str) -> (u16, Value) {
        ask(self.address, method, path)
    }

    /// Starts a run of it; a gateway serves then.
    #[track_caller]
    fn begin(&self) -> Gateway {
        let (status, started) = self.ask("POST", "/api/runtime/start");
        assert_eq!(status, 200, "{started}");
        self.gateway().expect("a gateway that was started")
    }

    /// The gateway that is well.
    fn gateway(&self) -> Option<Gateway> {
        let (_, health) = self.ask("GET", "/api/runtime/gateway/health");
        let (_, current) = self.ask("GET", "/api/runtime/current");
        let checks = &health["checks"];
        (health["status"] == "healthy").then(|| Gateway {
            pid: number(&checks["process"]["details"]["pid"]),
            port: u16::try_from(number(&checks["port"]["details"]["port"])).unwrap(),
            generation: number(&current["gateway"]["generation"]),
        })
    }

    /// The gateway of a later generation.
    #[track_caller]
    fn next(&self, before: &Gateway) -> Gateway {
        until("the next gateway serves", || {
            self.gateway()
                .filter(|gateway| gateway.generation > before.generation)
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Gateway {
    pid: u32,
    port: u16,
    generation: u32,
}

impl Gateway {
    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.pid).unwrap()).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Whether it is no more, or waits for its parent to see so.
    fn is_gone(&self) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid));
        let ended = stat.is_ok_and(|stat| stat.contains(") Z "));
        ended || test_kill_process(self.pid()).is_err()
    }

    fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Whether a client may connect and become a socket.
    fn takes_clients(&self) -> bool {
        let Ok(mut stream) = TcpStream::connect(self.address()) else {
            return false;
        };
        let upgrade = format!(
            "GET / HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
            self.address()
        );
        let mut head = [0; 12];
        stream.write_all(upgrade.as_bytes()).is_ok()
            && stream.read_exact(&mut head).is_ok()
            && &head == b"HTTP/1.1 101"
    }
}

/// Ends every gateway of a home when the test is over: they outlive runtimes.
struct Cleared<'a>(&'a Place);

impl Drop for Cleared<'_> {
    fn drop(&mut self) {
        let folder = self.0.path().join("home/gateway");
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let text = std::fs::read_to_string(entry.path()).unwrap_or_default();
            let pid = text.split(':').next().and_then(|pid| pid.parse().ok());
            if let Some(pid) = pid.and_then(Pid::from_raw)
                && is_ours(pid)
            {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

/// Whether it is a process of the program under test.
fn is_ours(pid: Pid) -> bool {
    let program = std::fs::read_link(format!("/proc/{}/exe", pid.as_raw_pid()));
    program.is_ok_and(|program| program == Path::new(env!("CARGO_BIN_EXE_fondaco")))
}

fn number(value: &Value) -> u32 {
    let number = value
        .as_u64()
        .unwrap_or_else(|| panic!("a number: {value}"));
    u32::try_from(number).unwrap()
}

/// The status and the document.
fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

#[test]
fn a_gateway_that_dies_is_replaced_by_the_next_generation() {
    let place = Place::new();
    let _cleared = Cleared(&place);
    let runtime = Runtime::start(&place);
    let first = runtime.begin();
    assert!(first.takes_clients());
    first.signal(Signal::KILL);
    let second = runtime.next(&first);
    assert_ne!(second.pid, first.pid);
    assert!(second.takes_clients());
    let (_, current) = runtime.ask("GET", "/api/runtime/current");
    assert_eq!(current["gateway"]["returncode"], -9);
    assert_eq!(current["gateway"]["restarts"], 1);
    let (_, logs) = runtime.ask("GET", "/api/runtime/logs");
    let content = logs["content"].as_str().unwrap();
    assert!(content.contains("has died with -9"), "{content}");
}

#[test]
fn a_runtime_that_is_started_again_adopts_the_gateway_it_finds() {
    let place = Place::new();
    let _cleared = Cleared(&place);
    let runtime = Runtime::start(&place);
    let before = runtime.begin();
    runtime.process.kill();
    let mut runtime = Runtime::start(&place);
    let found = until("the gateway is well", || runtime.gateway());
    assert_eq!(found, before);
    assert!(found.takes_clients());
    // It can be told to end, and the next one comes.
    let (status, restarted) = runtime.ask("POST", "/api/runtime/restart");
    assert_eq!(status, 200, "{restarted}");
    assert_eq!(restarted["status"], "restarted");
    assert!(before.is_gone());
    let next = runtime.next(&before);
    // A runtime that is told to end leaves it.
    runtime.process.signal(Signal::TERM);
    assert_eq!(runtime.process.ends(), Some(0));
    assert!(next.takes_clients());
}

#[test]
fn what_was_stopped_stays_so() {
    let place = Place::new();
    let _cleared = Cleared(&place);
    let runtime = Runtime::start(&place);
    for path in ["/api/runtime/stop", "/api/runtime/stop?force=true"] {
        let gateway = runtime.begin();
        let (status, stopped) = runtime.ask("POST", path);
        assert_eq!((status, &stopped["status"]), (200, &json!("stopped")));
        assert!(gateway.is_gone());
        assert!(TcpStream::connect(gateway.address()).is_err());
        let (_, health) = runtime.ask("GET", "/health/gateway");
        let process = &health["checks"]["process"]["details"];
        let forced = path.ends_with("force=true");
        assert_eq!(process["returncode"], if forced { -9 } else { 0 });
    }
    runtime.process.kill();
    let runtime = Runtime::start(&place);
    let (_, mode) = runtime.ask("GET", "/api/runtime/mode");
    assert_eq!(mode["mode"], "stopped");
    let (_, history) = runtime.ask("GET", "/api/runtime/history");
    let runs = history["runs"].as_array().unwrap();
    assert!(
        runs.iter().all(|run| run["status"] == "stopped"),
        "{history}"
    );
    assert_eq!(runs.len(), 2);
}

#[test]
fn a_gateway_whose_store_does_not_answer_stops_by_itself() {
    let place = Place::new();
    let _cleared = Cleared(&place);
    // It owns the store, and the gateway reaches it through this process.
    let runtime = Runtime::start(&place);
    let before = runtime.begin();
    runtime.process.signal(Signal::STOP);
    until("the gateway is gone", || before.is_gone().then_some(()));
    assert!(TcpStream::connect(before.address()).is_err());
    runtime.process.signal(Signal::CONT);
    let next = runtime.next(&before);
    assert!(next.takes_clients());
    let (_, current) = runtime.ask("GET", "/api/runtime/current");
    // As another system that does not answer.
    assert_eq!(current["gateway"]["returncode"], 7, "{current}");
}

#[test]
fn a_gateway_that_was_superseded_serves_nobody() {
    let place = Place::new();
    let _cleared = Cleared(&place);
    let runtime = Runtime::start(&place);
    let first = runtime.begin();
    // A zombie of the generation before never comes up.
    first.signal(Signal::KILL);
    let second = runtime.next(&first);
    let generation = first.generation.to_string();
    let zombie = [
        "serve",
        "gateway",
        "--listen",
        "127.0.0.1:0",
        "--generation",
        &generation,
    ];
    let ran = place.run(&zombie);
    assert_eq!(ran.code, 4, "{}", ran.stderr);
    assert!(ran.stderr.contains("was superseded"), "{}", ran.stderr);
    assert_eq!(runtime.gateway(), Some(second.clone()));
    // One that nobody started takes the name, and the one before stops.
    let mut alone = Worker::spawn_as(&place, "serve", &["gateway", "--listen", "127.0.0.1:0"]);
    alone.says("gateway: serving at ws://");
    until("the one before is gone", || second.is_gone().then_some(()));
    let third = runtime.next(&second);
    assert_eq!(third.pid, alone.pid());
    assert!(third.takes_clients());
    // The runtime looks after that one, too: it cannot signal it, and its
    // place is taken all the same.
    let (status, stopped) = runtime.ask("POST", "/api/runtime/stop");
    assert!(status == 200 || status == 503, "{stopped}");
    assert_eq!(alone.ends(), Some(4));
}

#[test]
fn a_gateway_that_cannot_come_up_is_a_loop_that_is_seen() {
    let place = Place::new();
    let _cleared = Cleared(&place);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let mut command = place.command(&["serve", "runtime", "--listen", "127.0.0.1:0"]);
    command.env("FONDACO_GATEWAY_LISTEN", &address);
    let mut process = Worker::of(command);
    let line = process.says("runtime: serving at http://");
    let (_, rest) = line.split_once("http://").unwrap();
    let at = rest.split_whitespace().next().unwrap().parse().unwrap();
    let runtime = Runtime {
        process,
        address: at,
    };
    let (status, refused) = runtime.ask("POST", "/api/runtime/start");
    assert_eq!(status, 500, "{refused}");
    assert_eq!(
        refused["detail"],
        "Gateway failed to start: it ended with 7"
    );
    until("it is seen to be a loop", || {
        let (_, health) = runtime.ask("GET", "/health/gateway");
        let status = &health["checks"]["process"]["details"]["status"];
        (status == "crash_loop").then_some(())
    });
    let (_, logs) = runtime.ask("GET", "/api/runtime/logs");
    let content = logs["content"].as_str().unwrap();
    assert!(content.contains("cannot listen at"), "{content}");
    // The order stands: it serves as soon as it can.
    drop(taken);
    let gateway = until("it serves at last", || runtime.gateway());
    assert_eq!(gateway.address().to_string(), address);
}

#[test]
fn within_one_process_it_is_the_same() {
    let place = Place::new();
    let words = ["runtime", "gateway", "--listen", "runtime=127.0.0.1:0"];
    let mut runtime = Runtime::spawn(&place, &words);
    // A process that brings its gateway serves it at once.
    let first = until("the gateway serves", || runtime.gateway());
    assert_eq!(first.pid, runtime.process.pid());
    assert!(first.takes_clients());
    let (_, stopped) = runtime.ask("POST", "/api/runtime/stop");
    assert_eq!(stopped["status"], "stopped");
    assert!(TcpStream::connect(first.address()).is_err());
    let again = runtime.begin();
    assert!(again.generation > first.generation);
    assert!(again.takes_clients());
    runtime.process.signal(Signal::TERM);
    assert_eq!(runtime.process.ends(), Some(0));
    assert!(TcpStream::connect(again.address()).is_err());
    // The order stands: the next one serves, too, and waits for nothing.
    let next = Runtime::spawn(&place, &words);
    let third = until("the gateway serves again", || next.gateway());
    assert!(third.generation > again.generation);
}

#[test]
fn runs_are_told_in_files_and_told_again_to_the_byte() {
    let place = Place::new();
    let mut server = Worker::of(place.command(&[
        "serve",
        "control",
        "worker",
        "--listen",
        "control=127.0.0.1:0",
    ]));
    server.says("control: serving at");
    let spec = json!({"kind": "workflow", "name": "told", "tasks": [{"key": "a", "kind": "noop"}]});
    std::fs::write(place.path().join("spec.json"), spec.to_string()).unwrap();
    let accepted = place.json(&["run", "submit", "spec.json"]);
    let run = accepted["run"]["id"].as_str().unwrap().to_owned();
    let folder = place.path().join("home/runs").join(&run);
    let state = folder.join("state/runtime_state.json");
    until("the run is told to its end", || {
        let text = std::fs::read_to_string(&state).ok()?;
        let state: Value = serde_json::from_str(&text).unwrap();
        (state["state"] == "completed").then_some(())
    });
    let read = |path: &str| std::fs::read(folder.join(path)).unwrap();
    let paths = [
        "BOOTSTRAP.md",
        "state/runtime_state.json",
        "state/server_state.json",
        "logs/events-00001.jsonl",
    ];
    let told = paths.map(read);
    server.kill();
    std::fs::remove_dir_all(&folder).unwrap();
    let again = place.json(&["run", "project", "--all"]);
    assert_eq!((&again["told"], &again["removed"]), (&json!(1), &json!(0)));
    assert_eq!(paths.map(read), told);
    std::fs::remove_file(folder.join(paths[0])).unwrap();
    place.ok(&["run", "project", &run]);
    assert_eq!(read(paths[0]), told[0]);
    place.ok(&["db", "prune", "--older-than", "1ms"]);
    let swept = place.json(&["run", "project", "--all"]);
    assert_eq!(swept["removed"], 1);
    assert!(!folder.exists());
}
