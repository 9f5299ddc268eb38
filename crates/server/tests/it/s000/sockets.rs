//! Both sockets, on a real port.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use fondaco_app::migration::Phase;
use fondaco_app::roles::Role;
use fondaco_domain::access::Scope;
use fondaco_server::{Door, Stop, Stopper, router, serve};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{delete, ready, started};
use crate::analysts::Outcome;
use crate::client::Client;
use crate::gateway::desk::PATIENCE;

/// The address of control, served.
pub(super) struct House {
    pub(super) client: Client,
    address: SocketAddr,
    _stopper: Stopper,
}

impl House {
    async fn open() -> Self {
        Self::of(ready().await)
    }

    pub(super) fn of(client: Client) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stopper, stop): (Stopper, Stop) = Stopper::new();
        let door = Door {
            role: Role::Control,
            listener,
            router: router(Role::Control, Arc::clone(&client.platform)),
        };
        tokio::spawn(serve(vec![door], stop));
        Self {
            client,
            address,
            _stopper: stopper,
        }
    }

    pub(super) async fn connect(&self, path: &str) -> Line {
        self.connect_from(path, None).await.unwrap()
    }

    async fn connect_from(&self, path: &str, origin: Option<&str>) -> Result<Line, u16> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let url = format!("ws://{}{path}", self.address);
        let mut request = url.into_client_request().unwrap();
        if let Some(origin) = origin {
            let origin = origin.parse().unwrap();
            request.headers_mut().insert("origin", origin);
        }
        match client_async(request, stream).await {
            Ok((line, _)) => Ok(Line(line)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }
}

pub(super) struct Line(WebSocketStream<TcpStream>);

impl Line {
    pub(super) async fn say(&mut self, frame: Value) {
        self.send(frame.to_string()).await;
    }

    async fn send(&mut self, text: String) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    async fn receive(&mut self) -> Message {
        let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
        next.expect("a frame in time")
            .expect("an open line")
            .unwrap()
    }

    pub(super) async fn next(&mut self) -> Value {
        match self.receive().await {
            Message::Text(text) => serde_json::from_str(&text).unwrap(),
            other => panic!("{other:?} in place of a frame"),
        }
    }

    async fn closed(&mut self) -> u16 {
        match self.receive().await {
            Message::Close(Some(close)) => close.code.into(),
            other => panic!("{other:?} in place of an end"),
        }
    }

    /// The next payload for which something holds; those before are passed
    /// over and must not go back.
    pub(super) async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut seen: Vec<Value> = Vec::new();
        loop {
            let frame = self.next().await;
            let before = seen.last().map_or(0, |it| it["progress"].as_u64().unwrap());
            assert!(frame["progress"].as_u64().unwrap() >= before, "{frame}");
            let found = wanted(&frame);
            seen.push(frame);
            if found {
                return seen;
            }
        }
    }
}

#[tokio::test]
async fn a_task_is_told_when_a_client_comes_and_on_every_change() {
    let house = House::open().await;
    let task = started(&house.client, "AAPL").await;
    let mut line = house.connect(&format!("/ws/analysis/{task}")).await;
    let first = line.next().await;
    assert_eq!(
        (
            &first["type"],
            &first["task_id"],
            &first["status"],
            &first["progress"]
        ),
        (
            &json!("progress"),
            &json!(task),
            &json!("pending"),
            &json!(0)
        )
    );
    line.say(json!({"type": "ping"})).await;
    assert_eq!(line.next().await, json!({"type": "pong"}));
    let analyst = house.client.analyst();
    // Quant and the four analysts.
    for _ in 0..5 {
        analyst.step(|_| Outcome::Complete);
    }
    let seen = line.until(|it| it["progress"] == 20).await;
    assert_eq!(seen.last().unwrap()["stages"][0]["status"], "completed");
    analyst.work(|_| Outcome::Complete);
    let seen = line.until(|it| it["status"] == "completed").await;
    let last = seen.last().unwrap();
    assert_eq!(
        (&last["progress"], &last["compat"]["decision"]),
        (&json!(100), &json!("BUY"))
    );
    // It stays open: the dashboard pings on.
    line.say(json!({"type": "ping"})).await;
    assert_eq!(line.next().await, json!({"type": "pong"}));
}

#[tokio::test]
async fn an_end_by_somebody_is_told_as_that() {
    let house = House::open().await;
    let task = started(&house.client, "AAPL").await;
    let mut line = house.connect(&format!("/ws/analysis/{task}")).await;
    line.next().await;
    delete(&house.client, &format!("/api/analysis/cancel/{task}")).await;
    let seen = line.until(|it| it["status"] != "pending").await;
    let last = seen.last().unwrap();
    assert_eq!(
        (&last["status"], &last["error"]["code"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
}

#[tokio::test]
async fn a_page_from_elsewhere_is_refused_and_an_unknown_task_told() {
    let house = House::open().await;
    let mut line = house.connect("/ws/analysis/nobody").await;
    assert_eq!(line.next().await, json!({"error": "Task not found"}));
    assert_eq!(line.closed().await, 4404);
    for path in ["/ws/analysis/nobody", "/ws/orchestrator"] {
        let evil = Some("https://evil.example.com");
        let refused = house.connect_from(path, evil).await;
        assert_eq!(refused.err(), Some(403), "{path}");
    }
}

#[tokio::test]
async fn who_may_not_is_told_with_the_code_of_the_socket() {
    let client = Client::new();
    client.phase(Phase::Contract);
    let look = client.add_key("look", &[Scope::Read]);
    let run = client.add_key("run", &[Scope::Run]);
    let wish = json!({"ticker": "AAPL"});
    let begun = client
        .tell(&run, "POST", "/api/analysis/start", &wish)
        .await;
    let begun = begun.json();
    let progress = format!("/ws/analysis/{}", begun["task_id"].as_str().unwrap());
    let house = House::of(client);
    for (path, key, code) in [
        (progress.as_str(), None, Some(4001)),
        (&progress, Some("fdk_wrong"), Some(4001)),
        (&progress, Some(look.as_str()), None),
        ("/ws/orchestrator", None, Some(4401)),
        ("/ws/orchestrator", Some(&look), Some(4401)),
        ("/ws/orchestrator", Some(&run), None),
    ] {
        let query = key.map_or_else(String::new, |key| format!("?api_key={key}"));
        let mut line = house.connect(&format!("{path}{query}")).await;
        match code {
            Some(code) => assert_eq!(line.closed().await, code, "{path} {key:?}"),
            None if path == progress => assert_eq!(line.next().await["type"], "progress"),
            None => {
                line.say(json!({"tickers": []})).await;
                let none = json!({"contract_version": "v1alpha1", "signals": []});
                assert_eq!(line.next().await, none);
            }
        }
    }
}

/// Works until the test is over.
fn at_work(client: &Client, decide: fn(&str) -> Outcome) -> tokio::task::JoinHandle<()> {
    let analyst = client.analyst();
    tokio::spawn(async move {
        loop {
            analyst.work(decide);
            tokio::task::yield_now().await;
        }
    })
}

#[tokio::test]
async fn signals_come_in_the_order_of_the_request() {
    let house = House::open().await;
    let work = at_work(&house.client, |ticker| match ticker {
        "NO" => Outcome::Failed,
        "MSFT" => Outcome::QuantOnly,
        _ => Outcome::Complete,
    });
    let mut line = house.connect("/ws/orchestrator").await;
    let tickers = ["NO", "MSFT", "a//b", "AAPL", "MSFT"];
    line.say(json!({"tickers": tickers, "date": "2024-10-04"}))
        .await;
    // Another one at once: answers keep the order of the requests.
    line.say(json!({"tickers": ["AAPL"], "date": "2024-10-03"}))
        .await;
    let told = line.next().await;
    assert_eq!(told["contract_version"], "v1alpha1");
    let signals = told["signals"].as_array().unwrap();
    let order: Vec<_> = signals
        .iter()
        .map(|it| {
            (
                it["ticker"].as_str().unwrap(),
                it["status"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        order,
        [
            ("NO", "failed"),
            ("MSFT", "degraded_success"),
            ("a//b", "failed"),
            ("AAPL", "completed"),
            ("MSFT", "degraded_success"),
        ]
    );
    for failed in [&signals[0], &signals[2]] {
        assert_eq!(failed["result"], Value::Null);
        assert_eq!(failed["error"]["code"], "live_signal_failed");
        assert_eq!(failed["error"]["retryable"], false);
    }
    // A lane that says nothing has no direction.
    assert_eq!(signals[1]["result"]["llm_direction"], Value::Null);
    assert_eq!(signals[3]["result"]["llm_direction"], 1);
    assert_eq!(signals[3]["degradation"]["degraded"], false);
    let next = line.next().await;
    assert_eq!(next["signals"][0]["date"], "2024-10-03");
    work.abort();
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_the_end() {
    let house = House::open().await;
    for text in [
        "{",
        "{}",
        r#"{"tickers": "AAPL"}"#,
        r#"{"tickers": [], "date": "soon"}"#,
    ] {
        let mut line = house.connect("/ws/orchestrator").await;
        line.send(text.to_owned()).await;
        let told = line.next().await;
        assert!(told["error"].is_string(), "{told}");
        assert_eq!(told.get("contract_version"), None);
        assert_eq!(line.closed().await, 1011, "{text}");
    }
}

#[tokio::test]
async fn a_halt_is_the_end_of_waiting() {
    let house = House::open().await;
    let mut line = house.connect("/ws/orchestrator").await;
    line.say(json!({"tickers": ["AAPL"], "date": "2024-10-04"}))
        .await;
    let analyst = house.client.analyst();
    let held = loop {
        match analyst.take() {
            Some(task) => break task,
            None => tokio::task::yield_now().await,
        }
    };
    let halt = json!({"scope": "kind:analysis", "mode": "halted", "reason": "drill"});
    house.client.post("/v1/halts", &halt).await;
    analyst.drop_it(&held);
    let told = line.next().await;
    assert_eq!(told["signals"][0]["status"], "failed");
    let message = told["signals"][0]["error"]["message"].as_str().unwrap();
    assert!(message.contains("halted"), "{message}");
}
