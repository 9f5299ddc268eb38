//! A server that speaks as Alpha Vantage does, and misbehaves as told. The
//! tests of the command line use it, too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// What it does with a question.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A whole answer: status, more headers, body.
    Whole(u16, &'static str, String),
    /// The beginning of an answer, and then nothing.
    Stalls,
    /// An answer of which a byte comes now and then, and which never ends.
    Drips,
    /// The connection is closed in the middle of an answer of known length.
    Cut(String),
    /// The connection is closed in the middle of one of unknown length.
    Breaks(String),
    /// The connection is closed before an answer.
    HangsUp,
}

/// A question as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Question {
    pub(crate) function: String,
    pub(crate) symbol: String,
    pub(crate) size: String,
    pub(crate) key: String,
}

type Mind = dyn Fn(&Question, usize) -> Reply + Send + Sync;

#[derive(Default)]
struct State {
    asked: Mutex<Vec<Question>>,
    more: Condvar,
}

/// It listens for as long as the test runs.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<State>,
}

impl Server {
    /// Answers what `mind` makes of a question, and of how many came before it
    /// for the same symbol.
    pub(crate) fn of(mind: impl Fn(&Question, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        let (inner, mind): (_, Arc<Mind>) = (server.clone(), Arc::new(mind));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server, mind) = (stream.unwrap(), inner.clone(), mind.clone());
                // A client that has gone ends its connection only.
                std::thread::spawn(move || server.serve(stream, &*mind));
            }
        });
        server
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Question> {
        self.state.asked.lock().unwrap().clone()
    }

    /// The symbols asked for, in order.
    pub(crate) fn symbols(&self) -> Vec<String> {
        self.asked().into_iter().map(|it| it.symbol).collect()
    }

    /// Waits until so many questions have come.
    pub(crate) fn wait_for(&self, questions: usize) {
        let asked = self.state.asked.lock().unwrap();
        let few = |asked: &mut Vec<Question>| asked.len() < questions;
        let long = Duration::from_mins(1);
        let waited = self.state.more.wait_timeout_while(asked, long, few);
        assert!(!waited.unwrap().1.timed_out(), "no question came");
    }

    fn serve(&self, mut stream: TcpStream, mind: &Mind) -> Option<()> {
        let question = read(&mut stream)?;
        let before = {
            let mut asked = self.state.asked.lock().unwrap();
            let same = |it: &&Question| it.symbol == question.symbol;
            let before = asked.iter().filter(same).count();
            asked.push(question.clone());
            before
        };
        self.state.more.notify_all();
        answer(&mut stream, mind(&question, before)).ok()
    }
}

fn read(stream: &mut TcpStream) -> Option<Question> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    loop {
        line.clear();
        if lines.read_line(&mut line).ok()? == 0 || line.trim().is_empty() {
            break;
        }
    }
    let (path, query) = path.split_once('?')?;
    assert_eq!(path, "/query");
    let of = |name: &str| {
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        pairs
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| value.to_owned())
            .next()
            .unwrap_or_default()
    };
    Some(Question {
        function: of("function"),
        symbol: of("symbol"),
        size: of("outputsize"),
        key: of("apikey"),
    })
}

fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Whole(status, headers, body) => write!(
            stream,
            "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{headers}content-length: \
             {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        ),
        Reply::HangsUp => Ok(()),
        Reply::Cut(body) => begin(stream, "content-length: 1000000\r\n", &body),
        Reply::Breaks(body) => begin(stream, "connection: close\r\n", &body),
        Reply::Stalls => {
            begin(stream, "content-length: 1000000\r\n", "{")?;
            // Until the other side has had enough.
            stream.read(&mut [0]).map(drop)
        }
        Reply::Drips => {
            begin(stream, "content-length: 1000000\r\n", "")?;
            stream.set_read_timeout(Some(Duration::from_millis(20)))?;
            while !matches!(stream.read(&mut [0]), Ok(0)) {
                stream.write_all(b" ")?;
                stream.flush()?;
            }
            Ok(())
        }
    }
}

fn begin(stream: &mut TcpStream, headers: &str, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{headers}\r\n{body}"
    )?;
    stream.flush()
}

/// A whole answer of 200.
pub(crate) fn says(body: &str) -> Reply {
    Reply::Whole(200, "", body.to_owned())
}

/// Words in place of prices.
pub(crate) fn message(key: &str, words: &str) -> Reply {
    says(&format!("{{\"{key}\": \"{words}\"}}"))
}

/// Rows of days, newest first, as the service orders them.
pub(crate) fn rows(days: &[&str]) -> String {
    let row = |day: &&str| row(day, "10.0000", "12.0000", "9.5000", "11.0000", "1000");
    let rows: Vec<String> = days.iter().rev().map(row).collect();
    rows.join(", ")
}

/// One row.
pub(crate) fn row(
    day: &str,
    open: &str,
    high: &str,
    low: &str,
    close: &str,
    volume: &str,
) -> String {
    format!(
        "\"{day}\": {{\"1. open\": \"{open}\", \"2. high\": \"{high}\", \"3. low\": \"{low}\", \
         \"4. close\": \"{close}\", \"5. volume\": \"{volume}\"}}"
    )
}

/// An answer about a symbol with these rows.
pub(crate) fn daily(symbol: &str, rows: &str) -> String {
    format!(
        "{{\"Meta Data\": {{\"1. Information\": \"Daily Prices (open, high, low, close) and Volumes\", \
         \"2. Symbol\": \"{symbol}\", \"3. Last Refreshed\": \"2025-01-30\", \"4. Output Size\": \"Compact\", \
         \"5. Time Zone\": \"US/Eastern\"}}, \"Time Series (Daily)\": {{{rows}}}}}"
    )
}
