//! How processes are, told by themselves: health, readiness, numbers; and
//! prices of the trading role.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::{Value, json};

use super::support::{Worker, until};
use crate::harness::Place;

const CANDLES: &str = "date,open,high,low,close,volume\n\
    2025-10-06,13,15,12,14,130\n\
    2025-10-07,14,16,13,15,140\n\
    2025-10-08,15,17,14,16,150\n";

fn serve(place: &Place, words: &[&str]) -> (Worker, SocketAddr) {
    let words = [words, &["--listen", "127.0.0.1:0"]].concat();
    let mut server = Worker::spawn_as(place, "serve", &words);
    let line = server.says("http://127.0.0.1:");
    let (_, rest) = line.split_once("http://").unwrap();
    let end = rest.find(|c: char| !(c.is_ascii_digit() || ".:".contains(c)));
    let address = rest[..end.unwrap_or(rest.len())].parse().unwrap();
    (server, address)
}

/// The status and the body.
fn ask(address: SocketAddr, order: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    write!(
        stream,
        "{order} HTTP/1.0\r\nhost: {address}\r\ncontent-type: application/json\r\n\
         content-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split_whitespace().nth(1).unwrap().parse().unwrap();
    (status, body.to_owned())
}

fn get(address: SocketAddr, path: &str) -> (u16, Value) {
    let (status, body) = ask(address, &format!("GET {path}"), "");
    (status, serde_json::from_str(&body).unwrap())
}

fn sample(address: SocketAddr, series: &str) -> Option<f64> {
    let (_, text) = ask(address, "GET /metrics", "");
    let line = text.lines().find(|line| {
        line.rsplit_once(' ')
            .is_some_and(|(name, _)| name == series)
    })?;
    line.rsplit_once(' ')?.1.parse().ok()
}

#[test]
fn a_process_that_works_counts_what_it_does() {
    let place = Place::new();
    let (_server, address) = serve(&place, &["control", "worker"]);
    let tasks = ["one", "two", "three"].map(|key| json!({"key": key, "kind": "noop"}));
    let wish = json!({"spec": {"kind": "workflow", "name": "three", "tasks": tasks}});
    let (status, told) = ask(address, "POST /v1/runs", &wish.to_string());
    assert_eq!(status, 202, "{told}");
    let told: Value = serde_json::from_str(&told).unwrap();
    let run = format!("/v1/runs/{}", told["run_id"].as_str().unwrap());
    until("the run has completed", || {
        (get(address, &run).1["state"] == "completed").then_some(())
    });
    let finished = r#"fondaco_tasks_finished_total{outcome="completed"}"#;
    until("three tasks are counted", || {
        (sample(address, finished) == Some(3.0)).then_some(())
    });
    for (series, expected) in [
        ("fondaco_tasks_claimed_total", 3.0),
        // One that computes, and one that asks models.
        (r#"fondaco_workers{liveness="alive"}"#, 2.0),
        (r#"fondaco_runs_open{kind="workflow",state="running"}"#, 0.0),
        (
            r#"fondaco_breaker_state{executor="inline",state="closed"}"#,
            1.0,
        ),
        (
            r#"fondaco_breaker_state{executor="inline",state="open"}"#,
            0.0,
        ),
        ("fondaco_scrape_failures", 0.0),
    ] {
        assert_eq!(sample(address, series), Some(expected), "{series}");
    }
    let (status, ready) = get(address, "/ready");
    assert_eq!((status, &ready["status"]), (200, &json!("ready")));
    let named = |name: &str| {
        let all = ready["dependencies"].as_array().unwrap();
        let found = all.iter().find(|it| it["name"] == name).unwrap();
        found["state"].clone()
    };
    assert_eq!(
        ["store", "workers", "gateway"].map(named),
        ["up", "up", "down"]
    );
    let inline = json!({"executor": "inline", "state": "closed", "failures": 0});
    assert!(
        ready["breakers"].as_array().unwrap().contains(&inline),
        "{ready}"
    );
}

#[test]
fn the_trading_role_shows_prices_and_names_what_it_has_no_source_of() {
    let place = Place::new();
    let file = place.path().join("AAPL.csv");
    std::fs::write(&file, CANDLES).unwrap();
    let words = [
        "data",
        "import",
        file.to_str().unwrap(),
        "--venue",
        "desk",
        "--timeframe",
        "1d",
    ];
    place.ok(&words);
    let (_server, address) = serve(&place, &["trading"]);
    let path = "/api/prices?ticker=AAPL&start_date=2025-10-07&end_date=2025-10-08";
    let (status, prices) = get(address, path);
    assert_eq!(status, 200, "{prices}");
    let closes: Vec<&Value> = prices["prices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|price| &price["close"])
        .collect();
    assert_eq!(closes, [&json!(15.0), &json!(16.0)]);
    assert_eq!(prices["prices"][0]["time"], "2025-10-07T00:00:00.000000Z");
    assert_eq!(get(address, "/api/tickers").1, json!({"tickers": ["AAPL"]}));
    for (path, status, code) in [
        ("/api/prices?ticker=MSFT", 404, "not_found"),
        ("/api/prices?ticker=AAPL&start_date=soon", 400, "invalid"),
        ("/api/financials", 400, "invalid"),
        ("/api/financials?ticker=AAPL", 404, "not_found"),
        ("/api/insider-trades", 503, "unavailable"),
        ("/v1/runs", 404, "not_found"),
    ] {
        let (found, problem) = get(address, path);
        assert_eq!((found, &problem["code"]), (status, &json!(code)), "{path}");
    }
    let (_, trades) = get(address, "/api/insider-trades");
    assert_eq!(trades["detail"], "there is no source of trades of insiders");
    assert_eq!(get(address, "/health").1["service"], "trading_service");
}
