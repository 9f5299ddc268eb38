//! Roles alone and together, and how they end.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::process::Signal;

use super::support::{Worker, happens, sleepers, submit, until};
use crate::harness::{Place, finish};

const LISTENING: [&str; 5] = ["control", "trading", "news", "runtime", "gateway"];

/// Where each role of the processes of a home is, once all of these are there.
#[track_caller]
fn addresses(place: &Place, roles: &[&str]) -> BTreeMap<String, SocketAddr> {
    let folder = place.path().join("home/processes");
    until("the roles are ready", || {
        let mut found = BTreeMap::new();
        for entry in std::fs::read_dir(&folder).ok()? {
            let path = entry.ok()?.path();
            if path.extension()? != "json" {
                continue;
            }
            let text = std::fs::read_to_string(path).ok()?;
            let known: serde_json::Value = serde_json::from_str(&text).ok()?;
            if known["phase"] != "ready" {
                continue;
            }
            for (role, address) in known["roles"].as_object()? {
                if let Some(address) = address.as_str() {
                    found.insert(role.clone(), address.parse().ok()?);
                }
            }
        }
        roles
            .iter()
            .all(|role| found.contains_key(*role))
            .then_some(found)
    })
}

fn ports(roles: &[&str]) -> Vec<String> {
    let word = |role: &&str| ["--listen".to_owned(), format!("{role}=127.0.0.1:0")];
    roles.iter().flat_map(word).collect()
}

/// Serves these roles in one process, each at a free port.
fn serve(place: &Place, roles: &[&str], more: &[&str]) -> Worker {
    let ports = ports(
        &roles
            .iter()
            .copied()
            .filter(|role| *role != "worker")
            .collect::<Vec<_>>(),
    );
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    Worker::spawn_as(place, "serve", &[roles, &ports, more].concat())
}

fn status(address: SocketAddr, path: &str) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}

#[test]
fn each_role_serves_alone_at_its_own_address() {
    let place = Place::new();
    for role in LISTENING {
        let words = ["serve", "--listen", "127.0.0.1:0"];
        let mut process = Worker::spawn_as(&place, role, &words);
        let address = addresses(&place, &[role])[role];
        assert_eq!(status(address, "/health"), 200, "{role}");
        let health = place.json(&[role, "health"]);
        assert_eq!(health["address"], address.to_string(), "{role}");
        process.signal(Signal::TERM);
        assert_eq!(process.ends(), Some(0), "{role}");
        let at = address.to_string();
        let ran = place.run(&[role, "health", "--at", &at]);
        assert_eq!(ran.code, 7, "{role}: {}", ran.stderr);
        assert!(
            place
                .ok(&[role, "version"])
                .starts_with(&format!("fondaco-{role} "))
        );
    }
}

#[test]
fn any_subset_serves_together() {
    let place = Place::new();
    let mut first = serve(&place, &["news", "trading"], &[]);
    let mut second = serve(&place, &["control", "worker"], &["--slots", "1"]);
    let at = addresses(&place, &["control", "trading", "news"]);
    assert_eq!(at.len(), 3);
    for (role, address) in &at {
        assert_eq!(status(*address, "/health"), 200, "{role}");
    }
    // What is no route of a role is not there.
    assert_eq!(status(at["news"], "/v1/runs"), 404);
    assert_eq!(status(at["control"], "/v1/runs"), 200);
    place.ok(&["worker", "health"]);
    for process in [&mut first, &mut second] {
        process.signal(Signal::TERM);
        assert_eq!(process.ends(), Some(0));
    }
    let none = place.run(&["worker", "health"]);
    assert_eq!(none.code, 7, "{}", none.stderr);
}

#[test]
fn an_address_that_is_taken_leaves_nothing_begun() {
    let place = Place::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let news = format!("news={address}");
    let words = [
        "serve",
        "control",
        "news",
        "worker",
        "--listen",
        "control=127.0.0.1:0",
        "--listen",
        &news,
    ];
    let (code, said) = place.refused(&words);
    assert_eq!(code, 7, "{said}");
    let message = said["error"]["message"].as_str().unwrap();
    assert_eq!(message, format!("news cannot listen at {address}"));
    assert!(
        said["error"]["hint"]
            .as_str()
            .unwrap()
            .contains("FONDACO_NEWS_LISTEN")
    );
    assert!(!place.path().join("home").exists());
}

#[test]
fn words_for_no_role_are_refused() {
    let place = Place::new();
    for (words, code) in [
        (
            &["serve", "control", "news", "--listen", "127.0.0.1:0"][..],
            2,
        ),
        (&["serve", "control", "--listen", "news=127.0.0.1:0"], 2),
        (&["serve", "control", "--listen", "x=127.0.0.1:0"], 2),
        (&["serve", "dealer"], 2),
        (&["news", "serve", "--listen", "192.0.2.1:0"], 2),
        (&["control", "serve", "--listen", "0.0.0.0:0"], 2),
    ] {
        let ran = finish(&mut place.command(words));
        assert_eq!(ran.code, code, "{words:?}: {}", ran.stderr);
    }
}

/// The first signal: no connection is taken any more, what runs is finished.
#[test]
fn what_runs_is_finished_and_nobody_else_is_let_in() {
    let place = Place::new();
    let mut process = serve(&place, &["control", "worker"], &["--slots", "1"]);
    let at = addresses(&place, &["control"]);
    let run = submit(&place, &sleepers(2, 3_000), &[]);
    happens(&place, &run, "task_started");
    process.signal(Signal::TERM);
    until("the door is closed", || {
        TcpStream::connect(at["control"]).err()
    });
    // The command still reaches the store through the process.
    let shown = place.json(&["run", "show", &run]);
    assert_eq!(shown["run"]["counts"]["running"], 1, "{shown}");
    assert_eq!(process.ends(), Some(0));
    let shown = place.json(&["run", "show", &run]);
    assert_eq!(shown["run"]["counts"]["completed"], 1, "{shown}");
    assert_eq!(shown["run"]["counts"]["pending"], 1, "{shown}");
}

#[test]
fn told_twice_it_gives_back_what_runs() {
    let place = Place::new();
    let mut process = serve(&place, &["control", "worker"], &["--slots", "1"]);
    addresses(&place, &["control"]);
    let run = submit(&place, &sleepers(1, 3_600_000), &[]);
    happens(&place, &run, "task_started");
    process.signal(Signal::TERM);
    process.says("stopping");
    process.signal(Signal::TERM);
    assert_eq!(process.ends(), Some(0));
    let shown = place.json(&["run", "show", &run]);
    assert_eq!(shown["tasks"][0]["state"], "ready");
    assert_eq!(shown["tasks"][0]["failures"], 0);
}

/// The data service of the backtest platform has a port when it is asked for.
#[test]
fn the_data_service_has_a_port_of_its_own_when_asked_for() {
    let place = Place::new();
    std::fs::create_dir(place.path().join("home")).unwrap();
    std::fs::write(
        place.path().join("home/fondaco.toml"),
        "[compat]\ndata_port = 0\n[control]\nlisten = '127.0.0.1:0'\n",
    )
    .unwrap();
    let mut process = Worker::spawn_as(&place, "control", &["serve"]);
    let line = process.says("data service: serving at http://");
    let (_, address) = line.split_once("http://").unwrap();
    assert_eq!(status(address.parse().unwrap(), "/health"), 200);
}
