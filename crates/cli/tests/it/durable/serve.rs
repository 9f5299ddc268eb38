//! The API of the real program, through a socket.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Worker, until};
use crate::harness::Place;

fn serve(place: &Place) -> (Worker, SocketAddr) {
    let mut server = Worker::spawn_as(place, "serve", &["--listen", "127.0.0.1:0"]);
    let line = server.says("serving at http://");
    let (_, rest) = line.split_once("http://").unwrap();
    let address = rest.strip_suffix("/v1").unwrap().parse().unwrap();
    (server, address)
}

/// The status and the document.
fn ask(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}

fn wish() -> String {
    let tasks = json!([{"key": "a", "kind": "noop"}, {"key": "b", "kind": "noop", "needs": ["a"]}]);
    json!({"spec": {"kind": "workflow", "name": "served", "tasks": tasks}}).to_string()
}

#[test]
fn what_is_submitted_over_http_is_done_and_seen_by_the_command_line() {
    let place = Place::new();
    let (mut server, address) = serve(&place);
    let (status, accepted) = ask(address, "POST", "/v1/runs", &wish());
    assert_eq!(status, 202, "{accepted}");
    let path = accepted["status_url"].as_str().unwrap().to_owned();
    let ended = until("the run ends", || {
        let (status, run) = ask(address, "GET", &path, "");
        assert_eq!(status, 200);
        (run["state"] == "completed").then_some(run)
    });
    assert_eq!(ended["counts"]["completed"], 2);
    // A second program reaches the store through the first.
    let listed = place.json(&["run", "list"]);
    assert_eq!(listed["runs"][0]["id"], accepted["run_id"]);
    let (_, workers) = ask(address, "GET", "/v1/workers", "");
    assert_eq!(workers[0]["pid"], server.pid());
    server.signal(Signal::TERM);
    assert_eq!(server.ends(), Some(0));
}

#[test]
fn what_was_accepted_is_there_after_a_kill() {
    let place = Place::new();
    let (server, address) = serve(&place);
    let halt = json!({"scope": "global", "mode": "halted", "reason": "test"}).to_string();
    assert_eq!(ask(address, "POST", "/v1/halts", &halt).0, 200);
    let (_, accepted) = ask(address, "POST", "/v1/runs", &wish());
    server.kill();
    let (_again, address) = serve(&place);
    let path = accepted["status_url"].as_str().unwrap();
    let (status, run) = ask(address, "GET", path, "");
    assert_eq!((status, &run["run_id"]), (200, &accepted["run_id"]));
    let (_, halts) = ask(address, "GET", "/v1/halts", "");
    assert_eq!(halts["latches"][0]["mode"], "halted");
}

#[test]
fn a_stream_that_stays_open_does_not_keep_the_program() {
    let place = Place::new();
    let (mut server, address) = serve(&place);
    let halt = json!({"scope": "global", "mode": "halted", "reason": "test"}).to_string();
    ask(address, "POST", "/v1/halts", &halt);
    let (_, accepted) = ask(address, "POST", "/v1/runs", &wish());
    let path = accepted["status_url"].as_str().unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path}/events/stream HTTP/1.1\r\nhost: {address}\r\n\r\n"
    )
    .unwrap();
    let mut first = [0; 15];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 200 OK");
    server.signal(Signal::TERM);
    assert_eq!(server.ends(), Some(0));
}

#[test]
fn an_address_that_is_taken_or_open_to_others_is_refused() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = place.refused(&["serve", "--listen", &address]);
    assert_eq!(code, 7);
    assert!(said.to_string().contains("choose another port"), "{said}");
    let (code, said) = place.refused(&["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 2);
    assert!(
        said.to_string().contains("there is no usable key"),
        "{said}"
    );
}
