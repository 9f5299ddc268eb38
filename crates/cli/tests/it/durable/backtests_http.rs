//! Backtests over HTTP, by the real program: asked for by name, done by its
//! worker, read back in every form, and not lost where it is killed.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;
use serde_json::{Value, json};

use super::support::{Worker, until};
use crate::harness::Place;

const STRATEGY: &str = "[strategy]\nname = \"own\"\nversion = \"1.0.0\"\ntimeframe = \"5m\"\n\
    [params]\nn = { default = 50, low = 10, high = 90, step = 1 }\n\
    [entry.long]\nwhen = \"crosses_above(close, sma(close, $n))\"\n\
    [exit.long]\nwhen = \"crosses_below(close, sma(close, $n))\"\n\
    [risk]\nstoploss = -0.5\n[sizing]\nstake = 100\nmax_open_trades = 2\n";

/// A place with candles in its store, and a strategy that was put.
fn ready() -> Place {
    let place = Place::new();
    fs::write(place.path().join("own.toml"), STRATEGY).unwrap();
    fs::create_dir(place.path().join("candles")).unwrap();
    for pair in 0..2 {
        let mut csv = String::from("date,open,high,low,close,volume\n");
        for row in 0..800_i64 {
            let at = 1_600_000_000 + row * 300;
            let price = 100.0 + 20.0 * (row as f64 / 40.0 + f64::from(pair)).sin();
            let (high, low) = (price + 1.0, price - 1.0);
            let _ = writeln!(csv, "{at},{price},{high},{low},{price},10");
        }
        let file = place.path().join(format!("candles/P{pair}_USDT-5m.csv"));
        fs::write(file, csv).unwrap();
    }
    place.ok(&["data", "import", "candles", "--venue", "test"]);
    place.ok(&["strategy", "put", "own.toml"]);
    place
}

fn serve(place: &Place) -> (Worker, SocketAddr) {
    let mut server = Worker::spawn_as(place, "serve", &["--listen", "127.0.0.1:0"]);
    let line = server.says("http://127.0.0.1:");
    let (_, rest) = line.split_once("http://").unwrap();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.' && c != ':');
    (server, rest[..end.unwrap_or(rest.len())].parse().unwrap())
}

/// The status, the head and the body of an answer.
fn send(address: SocketAddr, request: &str, headers: &str, body: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let split = answer.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let body = answer.split_off(split + 4);
    let head = String::from_utf8(answer).unwrap().to_lowercase();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, head, body)
}

fn ask(address: SocketAddr, request: &str, headers: &str, body: &str) -> (u16, Value) {
    let (status, _, body) = send(address, request, headers, body);
    (status, serde_json::from_slice(&body).unwrap())
}

/// Submits and gives the id of the run.
#[track_caller]
fn submit(address: SocketAddr, key: &str, body: &Value) -> String {
    let headers = format!("idempotency-key: {key}\r\n");
    let (status, accepted) = ask(address, "POST /v1/backtests", &headers, &body.to_string());
    assert_eq!(status, 202, "{accepted}");
    accepted["run_id"].as_str().unwrap().to_owned()
}

#[track_caller]
fn completes(address: SocketAddr, run: &str) -> Value {
    until(&format!("backtest {run} completes"), || {
        let (status, shown) = ask(address, &format!("GET /v1/backtests/{run}"), "", "");
        assert_eq!(status, 200, "{shown}");
        assert!(shown["error"].is_null(), "{shown}");
        (shown["state"] == "completed").then_some(shown)
    })
}

#[test]
fn a_backtest_is_asked_for_by_name_and_read_back_in_every_form() {
    let place = ready();
    let (mut server, address) = serve(&place);
    let run = submit(
        address,
        "one",
        &json!({"strategy": "own@1", "params": {"n": 40}}),
    );
    let shown = completes(address, &run);
    assert_eq!(shown["strategy_version"], 1);
    let name = shown["result"]["name"].as_str().unwrap();
    let get = |what: &str, accept: &str| {
        let path = format!("GET /v1/backtests/{run}/{what}");
        let (status, head, body) = send(address, &path, &format!("accept: {accept}\r\n"), "");
        assert_eq!(status, 200, "{what}: {head}");
        (head, body)
    };
    // The command line comes to the same result, byte for byte.
    let words = [
        "backtest",
        "run",
        "--strategy",
        "own.toml",
        "--param",
        "n=40",
        "--ephemeral",
        "--out",
        "here",
    ];
    place.ok(&words);
    let here = |file: &str| fs::read(place.path().join("here").join(file)).unwrap();
    assert_eq!(get("result", "application/json").1, here("result.json"));
    assert_eq!(get("equity", "text/csv").1, here("equity.csv"));
    assert_eq!(get("trades", "text/csv").1, here("trades.csv"));
    let (head, page) = get("report", "text/html");
    assert_eq!(page, here("report.html"));
    assert!(
        head.contains("content-security-policy: default-src 'none'"),
        "{head}"
    );
    let trades: Value = serde_json::from_slice(&get("trades", "application/json").1).unwrap();
    let count = trades["items"].as_array().unwrap().len();
    assert_eq!(shown["result"]["trades"], count);
    assert!(count > 0);
    // Who has it already is told so.
    let etag = get("result", "*/*").0;
    let etag = etag
        .lines()
        .find_map(|line| line.strip_prefix("etag: "))
        .unwrap()
        .to_owned();
    let path = format!("GET /v1/backtests/{run}/result");
    let (status, _, body) = send(address, &path, &format!("if-none-match: {etag}\r\n"), "");
    assert_eq!((status, body.len()), (304, 0));
    // The platform's words for the same run.
    let (status, told) = ask(address, &format!("GET /backtest/{run}/status"), "", "");
    assert_eq!((status, &told["status"]), (200, &json!("COMPLETED")));
    assert_eq!(told["result"]["total_trades"], count);
    let listed = place.json(&["backtest", "list"]);
    assert!(listed.to_string().contains(name), "{listed}");
    server.signal(Signal::TERM);
    assert_eq!(server.ends(), Some(0));
}

#[test]
fn what_was_acknowledged_survives_a_kill_and_is_done_once() {
    let place = ready();
    let (server, address) = serve(&place);
    let body = |n: i64| json!({"strategy": "own", "pairs": ["P0/USDT"], "params": {"n": n}, "overrides": {"report": false}});
    let runs: Vec<String> = (0..6)
        .map(|n| submit(address, &format!("key-{n}"), &body(20 + n)))
        .collect();
    server.kill();
    let (_server, address) = serve(&place);
    for (n, run) in runs.iter().enumerate() {
        // The client did not hear the answer and asks again.
        assert_eq!(
            &submit(address, &format!("key-{n}"), &body(20 + n as i64)),
            run
        );
    }
    for run in &runs {
        completes(address, run);
        let events = place.json(&["run", "events", run, "--limit", "1000"]);
        let events = events["events"].as_array().unwrap().iter();
        let ends = events.filter(|event| event["type"] == "run_ended").count();
        assert_eq!(ends, 1);
    }
    let (_, listed) = ask(address, "GET /v1/backtests", "", "");
    assert_eq!(listed["items"].as_array().unwrap().len(), runs.len());
    // Done is done: the same request again is not another run.
    assert_eq!(submit(address, "key-0", &body(20)), runs[0]);
    let (_, listed) = ask(address, "GET /v1/backtests?state=queued", "", "");
    assert_eq!(listed, json!({"items": []}));
}

#[test]
fn clients_with_one_key_get_one_run() {
    let place = ready();
    let (_server, address) = serve(&place);
    let body = json!({"strategy": "own", "overrides": {"report": false}});
    let runs: Vec<String> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| submit(address, "same", &body)))
            .collect();
        clients
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect()
    });
    assert!(runs.iter().all(|run| *run == runs[0]), "{runs:?}");
    completes(address, &runs[0]);
}

#[test]
fn a_submission_reads_what_was_imported_a_moment_ago() {
    let place = ready();
    let (_server, address) = serve(&place);
    let versions = |run: &str| {
        let (_, shown) = ask(address, &format!("GET /v1/runs/{run}"), "", "");
        shown["spec"].as_str().unwrap().to_owned()
    };
    let body = json!({"strategy": "own", "pairs": ["P0/USDT"]});
    let first = submit(address, "before", &body);
    let before = completes(address, &first);
    let mut csv = fs::read_to_string(place.path().join("candles/P0_USDT-5m.csv")).unwrap();
    let _ = writeln!(csv, "{},100,101,99,100,10", 1_600_000_000 + 800 * 300);
    fs::write(place.path().join("candles/P0_USDT-5m.csv"), csv).unwrap();
    place.ok(&["data", "import", "candles", "--venue", "test"]);
    let second = submit(address, "after", &body);
    let after = completes(address, &second);
    assert_ne!(versions(&first), versions(&second));
    assert!(after["result"]["end_ms"].as_i64() > before["result"]["end_ms"].as_i64());
}
