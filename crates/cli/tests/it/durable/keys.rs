//! Keys through the real program: made, used, revoked, and told to nobody.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Worker, masked, until};
use crate::harness::Place;

fn serve(place: &Place, listen: &str) -> (Worker, SocketAddr) {
    let words = ["control", "--log-level", "trace", "--listen", listen];
    let mut server = Worker::spawn_as(place, "serve", &words);
    let line = server.says("serving at http://");
    let (_, rest) = line.split_once("http://").unwrap();
    let (address, _) = rest.split_once("/v1").unwrap();
    let address: SocketAddr = address.parse().unwrap();
    let here = SocketAddr::from(([127, 0, 0, 1], address.port()));
    (server, here)
}

/// The status and the whole answer.
fn ask(address: SocketAddr, order: &str, key: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{order} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn add(place: &Place, name: &str, scopes: &[&str]) -> String {
    let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
    let words: Vec<&str> = ["key", "add", name].into_iter().chain(scopes).collect();
    let added = place.json(&words);
    added["secret"].as_str().unwrap().to_owned()
}

#[test]
fn keys_are_made_listed_and_revoked() {
    let place = Place::new();
    let none = place.ok(&["key", "list"]);
    assert_eq!(
        none,
        "no keys: programs of this machine need none, and others cannot ask\n"
    );
    let added = place.json(&["key", "add", "desk", "--scope", "run", "--scope", "read"]);
    assert_eq!(added["key"]["scopes"], json!(["read", "run"]));
    let secret = added["secret"].as_str().unwrap();
    let id = added["key"]["id"].as_str().unwrap();
    assert!(secret.starts_with(&format!("fdk_{id}_")), "{secret}");
    let brief = ["key", "add", "brief", "--scope", "halt", "--expires", "30d"];
    place.ok(&brief);
    let listed = place.json(&["key", "list"]);
    let shown: Vec<Value> = listed["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| json!([key["name"], key["state"], key["expires_at"].is_string()]))
        .collect();
    assert_eq!(
        shown,
        [
            json!(["brief", "usable", true]),
            json!(["desk", "usable", false])
        ]
    );
    let revoked = place.ok(&["key", "revoke", "desk"]);
    assert_eq!(revoked, "desk is revoked\n");
    let last = place.ok(&["key", "revoke", "brief"]);
    assert_eq!(
        last,
        "brief is revoked\nit was the last one: programs of this machine need no key from now on\n"
    );
    for (words, code, told) in [
        (
            &["key", "revoke", "nobody"][..],
            3,
            "there is no key `nobody`",
        ),
        (
            &["key", "add", "desk", "--scope", "read"],
            4,
            "there is a key `desk` already",
        ),
        (
            &["key", "add", "a b", "--scope", "read"],
            2,
            "`a b` is no name for a key",
        ),
        (&["key", "add", "other"], 2, "required"),
        (&["key", "add", "other", "--scope", "root"], 2, "root"),
    ] {
        let (found, said) = place.refused(words);
        assert_eq!(found, code, "{words:?}: {said}");
        assert!(said.to_string().contains(told), "{words:?}: {said}");
    }
}

#[test]
fn a_key_opens_what_it_allows_until_it_is_revoked() {
    let place = Place::new();
    let (_server, address) = serve(&place, "127.0.0.1:0");
    let runs = "GET /v1/runs";
    assert_eq!(ask(address, runs, "", "").0, 401, "an empty key is none");
    let key = add(&place, "desk", &["read"]);
    assert_eq!(ask(address, runs, &key, "").0, 200, "it counts at once");
    let halt = json!({"scope": "global", "mode": "halted", "reason": "test"}).to_string();
    assert_eq!(ask(address, "POST /v1/halts", &key, &halt).0, 403);
    place.ok(&["key", "revoke", "desk"]);
    until("the key opens nothing", || {
        (ask(address, runs, &key, "").0 == 401).then_some(())
    });
}

#[test]
fn other_machines_are_let_in_by_a_key_only() {
    let place = Place::new();
    let (code, said) = place.refused(&["serve", "control", "--listen", "0.0.0.0:0"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.to_string().contains("fondaco key add"), "{said}");
    let key = add(&place, "desk", &["read"]);
    let (_server, address) = serve(&place, "0.0.0.0:0");
    assert_eq!(ask(address, "GET /v1/runs", &key, "").0, 200);
    place.ok(&["key", "revoke", "desk"]);
    // Without any key left nobody is let in, not even from here.
    until("nobody is let in", || {
        (ask(address, "GET /v1/runs", &key, "").0 == 401).then_some(())
    });
    let mut stream = TcpStream::connect(address).unwrap();
    let order = "GET /v1/runs HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(order.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
}

#[test]
fn nothing_tells_a_secret_but_who_made_it() {
    let place = Place::new();
    let key = add(&place, "desk", &["admin"]);
    let (mut server, address) = serve(&place, "127.0.0.1:0");
    let mut told = String::new();
    let wrong = json!({"scope": "all", "mode": "halted", "reason": "test"}).to_string();
    for (order, shown, body) in [
        ("GET /v1/keys", &*key, ""),
        ("GET /v1/trail", &key, ""),
        ("GET /v1/flags", &key, ""),
        ("GET /v1/about", &key, ""),
        ("GET /metrics", &key, ""),
        ("POST /v1/runs", &key, "{"),
        ("GET /v1/nothing", &key, ""),
        ("GET /v1/runs", &format!("{key}x"), ""),
        ("POST /v1/halts", &key, &wrong),
    ] {
        let (status, answer) = ask(address, order, shown, body);
        assert!(status < 500, "{order}: {answer}");
        told.push_str(&answer);
    }
    for words in [
        &["control", "config"][..],
        &["key", "list"],
        &["trail", "list"],
    ] {
        told.push_str(&place.run(words).stdout);
        told.push_str(&place.json(words).to_string());
    }
    let (_, secret) = key.rsplit_once('_').unwrap();
    assert!(!told.contains(secret), "{told}");
    server.signal(Signal::TERM);
    server.ends();
    let log = server.rest();
    assert!(!log.contains(secret), "{log}");
    // Nor is it anywhere in what is kept.
    assert!(!is_in(&place.path().join("home"), secret.as_bytes()));
}

/// Whether some bytes stand in a file below a folder.
fn is_in(folder: &Path, bytes: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_in(&path, bytes);
        }
        // What cannot be read as a file is a socket.
        let kept = std::fs::read(&path).unwrap_or_default();
        kept.windows(bytes.len()).any(|part| part == bytes)
    })
}

#[test]
fn flags_are_set_and_the_trail_says_by_whom() {
    let place = Place::new();
    let flag = "halt_confirmation_seconds";
    place.ok(&["flag", "set", flag, "60"]);
    place.ok(&["flag", "unset", flag]);
    let listed = place.json(&["flag", "list"]);
    let values: Vec<&Value> = listed["flags"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|shown| shown["name"] == flag)
        .map(|shown| &shown["value"])
        .collect();
    assert_eq!(values, [&json!(180)]);
    let trail = place.ok(&["trail", "list", "--kind", "flag"]);
    let masked = masked(&place, &trail);
    let lines = masked.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.join(" ")
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"), @r"
    No When Who What Version
    2 <time> cli flag halt_confirmation_seconds, removed 2
    1 <time> cli flag halt_confirmation_seconds 1
    ");
    for (words, code) in [
        (&["flag", "set", "colour", "red"][..], 3),
        (&["flag", "unset", "colour"], 3),
        (&["flag", "set", flag, "soon"], 2),
        (&["flag", "set", flag, "1"], 2),
    ] {
        assert_eq!(place.refused(words).0, code, "{words:?}");
    }
}
