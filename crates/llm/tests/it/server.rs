//! A server that answers what it was told to, keeps what it was asked, and
//! knows how many asked at once.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

/// What it does with a question.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A whole answer: status, more headers, body.
    Whole(u16, &'static str, String),
    /// An answer as events of a stream.
    Events(String),
    /// The beginning of an answer, and then nothing.
    Stalls(String),
    /// An answer of which a byte comes now and then, and which never ends.
    Drips,
    /// The connection is closed in the middle of an answer.
    Cut(String),
    /// A whole answer after a time.
    Slow(Duration, String),
}

/// A question as it came.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Value,
}

impl Question {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| &**value)
    }
}

#[derive(Default)]
struct State {
    replies: VecDeque<Reply>,
    asked: Vec<Question>,
    inside: usize,
    most_inside: usize,
}

/// It listens for as long as the test runs.
#[derive(Clone)]
pub(crate) struct Server {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Server {
    /// The last reply is given again and again.
    pub(crate) fn of(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            state: Arc::default(),
        };
        server.say(replies);
        let inner = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server) = (stream.unwrap(), inner.clone());
                // A client that has gone ends its connection only.
                std::thread::spawn(move || server.serve(stream));
            }
        });
        server
    }

    /// Says something else from now on.
    pub(crate) fn say(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().unwrap().replies = replies.into_iter().collect();
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub(crate) fn asked(&self) -> Vec<Question> {
        self.state.lock().unwrap().asked.clone()
    }

    pub(crate) fn most_inside(&self) -> usize {
        self.state.lock().unwrap().most_inside
    }

    fn serve(&self, mut stream: TcpStream) -> Option<()> {
        let question = read(&mut stream)?;
        let reply = {
            let mut state = self.state.lock().unwrap();
            state.asked.push(question);
            state.inside += 1;
            state.most_inside = state.most_inside.max(state.inside);
            match state.replies.len() {
                1 => state.replies.front().cloned(),
                _ => state.replies.pop_front(),
            }
        };
        let done = reply.map(|reply| answer(&mut stream, reply));
        self.state.lock().unwrap().inside -= 1;
        done?.ok()
    }
}

fn read(stream: &mut TcpStream) -> Option<Question> {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).ok()?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        lines.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length?.1.parse().ok()?];
    lines.read_exact(&mut body).ok()?;
    Some(Question {
        path,
        headers,
        body: serde_json::from_slice(&body).unwrap(),
    })
}

fn answer(stream: &mut TcpStream, reply: Reply) -> std::io::Result<()> {
    match reply {
        Reply::Whole(status, headers, body) => whole(stream, status, headers, &body),
        Reply::Events(body) => {
            let head =
                "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
            write!(stream, "{head}{body}")
        }
        Reply::Cut(body) => begin(stream, 100_000, &body),
        Reply::Stalls(body) => {
            begin(stream, 100_000, &body)?;
            // Until the other side has had enough.
            stream.read(&mut [0]).map(drop)
        }
        Reply::Drips => {
            begin(stream, 100_000, "")?;
            stream.set_read_timeout(Some(Duration::from_millis(20)))?;
            while !matches!(stream.read(&mut [0]), Ok(0)) {
                stream.write_all(b" ")?;
                stream.flush()?;
            }
            Ok(())
        }
        Reply::Slow(pause, body) => {
            stream.set_read_timeout(Some(pause))?;
            // Nothing comes: it is the wait.
            let _ = stream.read(&mut [0]);
            whole(stream, 200, "", &body)
        }
    }
}

fn begin(stream: &mut TcpStream, length: usize, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )?;
    stream.flush()
}

fn whole(stream: &mut TcpStream, status: u16, headers: &str, body: &str) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\n{headers}content-length: \
         {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// An answer of a model in one choice.
pub(crate) fn choice(message: &Value, finish: &str) -> Value {
    json!({
        "id": "c1",
        "object": "chat.completion",
        "model": "scripted-2025-01-01",
        "choices": [{ "index": 0, "message": message, "finish_reason": finish }],
        "usage": {
            "prompt_tokens": 40,
            "completion_tokens": 10,
            "total_tokens": 50,
            "prompt_tokens_details": { "cached_tokens": 30 },
        },
    })
}

/// An answer in words.
pub(crate) fn says(text: &str) -> Reply {
    let message = json!({ "role": "assistant", "content": text });
    ok(&choice(&message, "stop"))
}

/// A whole document.
pub(crate) fn ok(document: &Value) -> Reply {
    Reply::Whole(200, "", document.to_string())
}

/// A failure with a message, as most servers word it.
pub(crate) fn fails(status: u16, headers: &'static str, message: &str) -> Reply {
    let body = json!({ "error": { "message": message, "type": "error" } });
    Reply::Whole(status, headers, body.to_string())
}
