//! A runtime without processes: a supervisor over sockets that only say they
//! are there.

use std::net::TcpListener;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use fondaco_app::ports::gateway::{GatewayHost, Sight};
use fondaco_app::ports::services::Holder;
use fondaco_app::ports::{Failure, Store};
use fondaco_app::roles::Role;
use fondaco_app::runtime::supervisor::Limits;
use fondaco_app::runtime::{Desk, Keeper, Note, SupervisorPorts, Turns};
use fondaco_domain::{ErrorKind, Hint};
use fondaco_server::Platform;
use serde_json::Value;

use crate::client::Client;

const PID: u32 = 4242;

/// A gateway that is nothing but a socket.
pub(super) struct Sockets {
    pub(super) platform: Arc<Platform>,
    pub(super) state: Mutex<State>,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) generation: u64,
    pub(super) serving: Option<(TcpListener, Keeper)>,
    pub(super) returncode: Option<i32>,
    pub(super) refuses: bool,
    pub(super) log: String,
}

#[derive(Debug, thiserror::Error)]
#[error("no process can be had")]
struct Refused;

impl Hint for Refused {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Unavailable
    }
}

impl GatewayHost for Sockets {
    fn start(&self, _: &str, generation: u64) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap();
        state.generation = generation;
        if state.refuses {
            return Err(Failure::new(Refused));
        }
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let holder = Holder {
            host: "here".to_owned(),
            pid: PID,
            pid_start: String::new(),
            address: listener.local_addr().unwrap().to_string(),
        };
        let platform = &self.platform;
        let store: Arc<dyn Store> = Arc::clone(&platform.store);
        let machine = Arc::clone(&platform.machine);
        let lease = Duration::from_hours(1);
        let keeper = Keeper::take(store, machine, Some(generation), holder, lease);
        state.serving = Some((listener, keeper.unwrap().unwrap()));
        Ok(())
    }

    fn stop(&self, _: u64, _: Option<&Holder>, force: bool) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap();
        if let Some((_, keeper)) = state.serving.take() {
            state.returncode = Some(if force { -9 } else { 0 });
            if !force {
                keeper.release().unwrap();
            }
        }
        Ok(())
    }

    fn look(&self, generation: u64, _: Option<&Holder>) -> Sight {
        let state = self.state.lock().unwrap();
        match &state.serving {
            _ if state.generation != generation => Sight::Unknown,
            Some(_) => Sight::Alive { pid: PID },
            None => Sight::Gone {
                returncode: state.returncode,
            },
        }
    }

    fn log(&self, _: &str, lines: usize) -> Result<Option<String>, Failure> {
        let state = self.state.lock().unwrap();
        let all: Vec<&str> = state.log.split_inclusive('\n').collect();
        let last = &all[all.len().saturating_sub(lines)..];
        Ok(Some(last.concat()))
    }

    fn write_log(&self, _: &str, line: &str) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap();
        let (_, words) = line.split_once("  ").unwrap();
        state.log.push_str(words);
        state.log.push('\n');
        Ok(())
    }
}

/// A runtime with a supervisor.
pub(super) struct Rooms {
    pub(super) client: Client,
    pub(super) host: Arc<Sockets>,
    pub(super) over: Arc<AtomicBool>,
    pub(super) thread: Option<JoinHandle<()>>,
}

impl Rooms {
    pub(super) fn new() -> Self {
        let client = Client::new();
        let host = Arc::new(Sockets {
            platform: Arc::clone(&client.platform),
            state: Mutex::default(),
        });
        let desk = Arc::new(Desk::new(host.clone()));
        assert!(client.platform.runtime.set(Arc::clone(&desk)).is_ok());
        let ports = SupervisorPorts {
            store: Arc::clone(&client.platform.store),
            host: host.clone(),
            machine: Arc::clone(&client.platform.machine),
            journal: Arc::new(|_: &Note| ()),
        };
        let limits = Limits::of(Duration::from_hours(1));
        let mut turns = Turns::new(ports, Arc::clone(&desk), limits);
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            while !told.load(Ordering::Acquire) {
                let wait = turns.turn().unwrap();
                desk.wait(wait.min(Duration::from_millis(20)));
            }
        });
        Self {
            client,
            host,
            over,
            thread: Some(thread),
        }
    }

    /// One request and its answer, without what differs from time to time.
    pub(super) async fn pair(&self, method: Method, path: &str, body: &str) -> String {
        pair(&self.client, method, path, body).await
    }
}

impl Drop for Rooms {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(super) async fn pair(client: &Client, method: Method, path: &str, body: &str) -> String {
    let request = Request::builder()
        .method(method.clone())
        .uri(path)
        .header("content-type", "application/json")
        .body(Body::from(body.to_owned()))
        .unwrap();
    let answer = client.send_to(Role::Runtime, request).await;
    let mut document: Value = serde_json::from_str(&answer.text).unwrap();
    mask(&mut document);
    let sent = if body.is_empty() {
        String::new()
    } else {
        format!(" {body}")
    };
    let document = serde_json::to_string_pretty(&document).unwrap();
    format!(
        "{method} {path}{sent}\n{} {document}",
        answer.status.as_u16()
    )
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                match name.as_str() {
                    "timestamp" | "started_at" | "stopped_at" if value.is_string() => {
                        *value = Value::from("<time>");
                    }
                    "port" | "gateway_port" if value.is_number() => *value = Value::from("<port>"),
                    "content" => {
                        let text = value.as_str().unwrap();
                        let lines = text.lines().map(|line| match line.split_once(" at 127") {
                            Some((words, _)) => format!("{words} at <address>"),
                            None => line.to_owned(),
                        });
                        *value = lines.collect::<Vec<_>>().into();
                    }
                    _ => mask(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}
