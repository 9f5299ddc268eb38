//! Tools by hand, and for programs of others.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use crate::harness::Place;

/// Forty days of candles and two stories around the clock of every command,
/// 2025-01-31 12:00; what comes after it is a secret.
fn filled() -> Place {
    let place = Place::new();
    let mut candles = String::from("date,open,high,low,close,volume\n");
    for day in 1..=31 {
        let _ = writeln!(candles, "2025-01-{day:02},{day},{day},{day},{day},100");
    }
    for day in 1..=9 {
        let _ = writeln!(candles, "2025-02-{day:02},777,777,777,777,777");
    }
    std::fs::write(place.path().join("candles.csv"), candles).unwrap();
    let about = ["--symbol", "AAPL", "--venue", "test", "--timeframe", "1d"];
    place.ok(&[&["data", "import", "candles.csv"][..], &about].concat());
    let story = |at: &str, title: &str| {
        json!({"published_at": at, "title": title, "summary": title, "source": "Wire",
            "symbols": ["AAPL"]})
    };
    let news = format!(
        "{}\n{}\n",
        story("2025-01-30T09:00:00", "Apple rises"),
        story("2025-01-31T13:00:00", "SECRET")
    );
    std::fs::write(place.path().join("news.jsonl"), news).unwrap();
    place.ok(&["news", "import", "news.jsonl"]);
    place
}

#[test]
fn tools_are_listed() {
    let place = Place::new();
    insta::assert_snapshot!(place.ok(&["tool", "list"]), @r"
    Name          Arguments                               Answers
    actions       symbol, until?                          Dividends and splits of a company that were known before the clock, newest first
    fundamentals  symbol, periods?, until?                Figures of a company as filed before the clock, newest filing first, each period as it was filed last
    indicators    symbol, timeframe?, until?              Indicators of an instrument at its last candle that had closed at the clock; null where there are too few candles
    math          expression                              The value of an expression of numbers, + - * /, brackets and the functions min(a, b, …), max(a, b, …), abs(a), sqrt(a), pow(a, b), to 15 digits
    news          symbol?, words?, days?, limit?, until?  Stories known before the clock, newest first, and how many there were on each day (UTC); `before` counts the same number of days just before, for comparison
    portfolio                                             What is held: positions in what is analysed, the largest and the worst
    prices        symbol, timeframe?, bars?, until?       The last candles of an instrument that had closed at the clock, oldest first: rows of date, open, high, low, close, volume
    ");
    let listed = place.json(&["tool", "list"]);
    assert_eq!(
        listed["tools"][6]["parameters"]["required"],
        json!(["symbol"])
    );
}

#[test]
fn a_person_sees_what_a_model_would_see() {
    let place = filled();
    let prices = r#"{"symbol": "AAPL", "bars": 2}"#;
    // The day of the clock has not closed.
    insta::assert_snapshot!(place.ok(&["tool", "call", "prices", "--json", prices]), @r#"{"symbol":"AAPL","timeframe":"1d","rows":[["2025-01-29",29.0,29.0,29.0,29.0,100.0],["2025-01-30",30.0,30.0,30.0,30.0,100.0]],"clock":"2025-01-31T12:00:00Z"}"#);
    let at = [
        "tool",
        "call",
        "prices",
        "--json",
        prices,
        "--at",
        "2025-01-15",
    ];
    insta::assert_snapshot!(place.ok(&at), @r#"{"symbol":"AAPL","timeframe":"1d","rows":[["2025-01-14",14.0,14.0,14.0,14.0,100.0],["2025-01-15",15.0,15.0,15.0,15.0,100.0]],"clock":"2025-01-16T00:00:00Z"}"#);
    // A later clock than now is now.
    let later = [
        "tool",
        "call",
        "prices",
        "--json",
        prices,
        "--at",
        "2025-02-20",
    ];
    assert_eq!(
        place.ok(&later),
        place.ok(&["tool", "call", "prices", "--json", prices])
    );

    let news = ["tool", "call", "news", "--json", r#"{"symbol": "AAPL"}"#];
    let told = place.json(&news);
    let text: Value = serde_json::from_str(told["text"].as_str().unwrap()).unwrap();
    assert_eq!(text["count"], 1);
    assert_eq!(text["stories"][0]["title"], "Apple rises");
    assert!(!told.to_string().contains("SECRET"));
    assert_eq!(told["read"][0]["rows"], 1);
}

#[test]
fn what_is_wrong_is_told_by_kind() {
    let place = Place::new();
    let refused = |words: &[&str]| {
        let (code, error) = place.refused(&[&["tool", "call"], words].concat());
        (code, error["error"]["message"].as_str().unwrap().to_owned())
    };
    let (code, told) = refused(&["buy"]);
    assert_eq!(code, 3, "{told}");
    let (code, told) = refused(&["prices"]);
    assert_eq!(
        (code, told.as_str()),
        (
            2,
            "prices: `symbol` is missing: name an instrument, such as AAPL"
        )
    );
    let (code, told) = refused(&["prices", "--json", "{"]);
    assert_eq!((code, told.as_str()), (2, "the arguments are no JSON"));
    assert_eq!(refused(&["prices", "--at", "soon"]).0, 2);
    // An instrument that is not there is an answer.
    let unknown = place.ok(&["tool", "call", "prices", "--json", r#"{"symbol": "AAPL"}"#]);
    assert!(unknown.contains(r#""kind":"unknown_symbol""#), "{unknown}");
}

/// A client at the streams of a server.
struct Client {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Client {
    fn start(place: &Place, words: &[&str]) -> Self {
        let mut command = place.command(&[&["mcp", "serve"], words].concat());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut client = Self {
            input: child.stdin.take(),
            child,
            output,
        };
        let begun = client.ask(1, "initialize", &begin());
        assert_eq!(begun["result"]["serverInfo"]["name"], "fondaco");
        client.tell(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}));
        client
    }

    fn tell(&mut self, message: &Value) {
        writeln!(self.input.as_mut().unwrap(), "{message}").unwrap();
    }

    /// The answer: every line of standard output is a message.
    fn ask(&mut self, id: u32, method: &str, params: &Value) -> Value {
        self.tell(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        let answer: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(answer["id"], id, "{answer}");
        answer
    }

    /// Ends the conversation; nothing may be left on either stream.
    fn end(mut self) {
        drop(self.input.take());
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).unwrap();
        let mut told = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut told).unwrap();
        assert!(self.child.wait().unwrap().success(), "{told}");
        assert_eq!((rest.as_str(), told.as_str()), ("", ""));
    }
}

fn begin() -> Value {
    json!({
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    })
}

fn call(tool: &str) -> Value {
    json!({"name": tool, "arguments": {"symbol": "AAPL", "until": "2099-01-01"}})
}

#[test]
fn a_program_talks_over_standard_input_and_output() {
    let place = filled();
    for words in [
        &[][..],
        &["--at", "2025-01-31T12:00:00Z"],
        &["--at", "2099-01-01"],
    ] {
        let mut client = Client::start(&place, words);
        let tools = client.ask(2, "tools/list", &json!({}));
        assert_eq!(tools["result"]["tools"].as_array().unwrap().len(), 7);
        for (id, tool) in [(3, "prices"), (4, "news"), (5, "indicators")] {
            let answer = client.ask(id, "tools/call", &call(tool));
            let text = answer["result"]["content"][0]["text"].as_str().unwrap();
            assert!(text.contains("2025-01-31T12:00:00Z"), "{text}");
            let whole = answer.to_string();
            assert!(
                !whole.contains("SECRET") && !whole.contains("777"),
                "{whole}"
            );
        }
        client.end();
    }
}

/// A server over HTTP; killed where it is not ended.
struct Server {
    child: Child,
    address: SocketAddr,
}

impl Server {
    fn start(place: &Place) -> Self {
        let mut command = place.command(&["mcp", "serve", "--http", "127.0.0.1:0"]);
        let mut child = command
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        let (_, rest) = line
            .split_once("http://")
            .unwrap_or_else(|| panic!("{line}"));
        let (address, _) = rest.split_once("/mcp").unwrap();
        Self {
            address: address.parse().unwrap(),
            child,
        }
    }

    /// The status and the whole answer.
    fn ask(&self, headers: &str, body: &Value) -> (u16, String) {
        let body = body.to_string();
        let host = if headers.contains("host:") {
            String::new()
        } else {
            format!("host: {}\r\n", self.address)
        };
        let mut stream = TcpStream::connect(self.address).unwrap();
        write!(
            stream,
            "POST /mcp HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
        (status, answer)
    }

    fn end(mut self) {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn over_http_the_rules_of_the_api_hold() {
    let place = filled();
    let begin = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": begin()});
    let prices =
        json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call("prices")});

    let server = Server::start(&place);
    let (status, answer) = server.ask("", &begin);
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = server.ask("", &prices);
    assert_eq!(status, 200, "{answer}");
    assert!(
        answer.contains("2025-01-30") && !answer.contains("777"),
        "{answer}"
    );
    for foreign in [
        "origin: https://elsewhere.example\r\n",
        "host: elsewhere.example\r\n",
    ] {
        let (status, answer) = server.ask(foreign, &prices);
        assert_eq!(status, 403, "{foreign}{answer}");
    }
    server.end();

    let add = |name: &str, scope: &str| {
        let added = place.json(&["key", "add", name, "--scope", scope]);
        added["secret"].as_str().unwrap().to_owned()
    };
    let (reader, runner) = (add("reader", "read"), add("runner", "run"));
    let server = Server::start(&place);
    let with = |key: &str| server.ask(&format!("authorization: Bearer {key}\r\n"), &prices);
    let (status, answer) = server.ask("", &prices);
    assert_eq!(status, 401, "{answer}");
    assert!(answer.contains("www-authenticate: Bearer"), "{answer}");
    assert_eq!(with("fdk_wrong").0, 401);
    assert_eq!(with(&runner).0, 403);
    let (status, answer) = with(&reader);
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("2025-01-30"), "{answer}");
    server.end();
}

#[test]
fn without_a_key_no_other_machine_is_served() {
    let place = Place::new();
    let (code, error) = place.refused(&["mcp", "serve", "--http", "0.0.0.0:0"]);
    assert_eq!(code, 2, "{error}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, error) = place.refused(&["mcp", "serve", "--http", &address]);
    assert_eq!(code, 7, "{error}");
}
