//! A gateway on a port of its own, clients with a socket, and work to watch.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use fondaco_app::ports::Store;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::FeedRow;
use fondaco_app::runs::{Overrides, Runs, Spec};
use fondaco_domain::{RunId, UnixMicros};
use fondaco_server::{
    GatewayError, GatewayOptions, Guard, GuardSettings, Platform, Stop, Stopper, serve_gateway,
};
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Response};
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use crate::client::Client;

/// Long enough for anything here; only a failure waits for it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// The clocks of this machine, and ids that count.
pub(crate) struct Clocks {
    begin: Instant,
    count: AtomicU64,
}

impl Default for Clocks {
    fn default() -> Self {
        Self {
            begin: Instant::now(),
            count: AtomicU64::new(0),
        }
    }
}

impl Machine for Clocks {
    fn wall(&self) -> UnixMicros {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        UnixMicros(since.unwrap().as_micros() as i64)
    }

    fn monotonic(&self) -> Duration {
        self.begin.elapsed()
    }

    fn entropy(&self) -> [u8; 10] {
        let mut bytes = [0; 10];
        let count = self.count.fetch_add(1, Ordering::Relaxed);
        bytes[2..].copy_from_slice(&count.to_be_bytes());
        bytes
    }
}

/// A platform over a store.
pub(crate) fn platform(store: Arc<dyn Store>) -> Arc<Platform> {
    let mut platform = Arc::into_inner(Client::new().platform).unwrap();
    platform.machine = Arc::new(Clocks::default());
    platform.guard = Guard::new(
        Arc::clone(&store),
        Arc::clone(&platform.machine),
        GuardSettings {
            origins: vec!["https://desk.example.com".to_owned()],
            ..GuardSettings::default()
        },
    );
    platform.store = store;
    Arc::new(platform)
}

/// Work to watch.
#[derive(Clone)]
pub(crate) struct Mill(pub(crate) Arc<Platform>);

impl Mill {
    fn runs(&self) -> Runs<'_> {
        Runs {
            store: &*self.0.store,
            planners: &self.0.planners,
            machine: &*self.0.machine,
            actor: "test",
        }
    }

    pub(crate) fn submit(&self, tasks: usize) -> RunId {
        let tasks: Vec<Value> = (0..tasks)
            .map(|no| json!({"key": format!("step/{no}"), "kind": "noop"}))
            .collect();
        let spec = json!({"kind": "workflow", "name": "watched", "tasks": tasks});
        let spec = Spec::of(&spec).unwrap();
        let submitted = self.runs().submit(&spec, None, &Overrides::default());
        submitted.unwrap().id
    }

    /// A run from its beginning to its end.
    pub(crate) fn grind(&self, tasks: usize) -> RunId {
        let run = self.submit(tasks);
        self.cancel(run);
        run
    }

    pub(crate) fn cancel(&self, run: RunId) {
        self.cancel_for(run, "ground");
    }

    pub(crate) fn cancel_for(&self, run: RunId, reason: &str) {
        self.runs().cancel(run, reason).unwrap();
    }

    pub(crate) fn feed(&self, after: u64) -> Vec<FeedRow> {
        self.0.store.feed(after, usize::MAX).unwrap()
    }

    pub(crate) fn end(&self) -> u64 {
        self.0.store.feed_end().unwrap()
    }
}

/// A gateway that serves.
pub(crate) struct Desk {
    pub(crate) mill: Mill,
    pub(crate) address: SocketAddr,
    stopper: Stopper,
    serving: JoinHandle<Result<(), GatewayError>>,
}

impl Desk {
    pub(crate) fn over(store: Arc<dyn Store>) -> Self {
        Self::open(platform(store), GatewayOptions::of(1))
    }

    pub(crate) fn open(platform: Arc<Platform>, options: GatewayOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Self::at(listener, platform, options)
    }

    pub(crate) fn at(
        listener: TcpListener,
        platform: Arc<Platform>,
        options: GatewayOptions,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let (stopper, stop): (Stopper, Stop) = Stopper::new();
        let mill = Mill(Arc::clone(&platform));
        let serving = tokio::spawn(serve_gateway(platform, listener, options, stop));
        Self {
            mill,
            address,
            stopper,
            serving,
        }
    }

    /// Says to stop, and waits until it has.
    pub(crate) async fn end(self) {
        self.stopper.stop();
        self.serving.await.unwrap().unwrap();
    }

    pub(crate) fn stop(&self) {
        self.stopper.stop();
    }

    pub(crate) async fn connect(&self) -> Socket {
        self.connect_as("/", &[]).await.unwrap()
    }

    pub(crate) async fn connect_as(
        &self,
        path: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Socket, Refused> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        Socket::over(stream, &format!("ws://{}{path}", self.address), headers).await
    }

    /// A client that has its first snapshot.
    pub(crate) async fn subscribed(&self, wish: Value) -> Socket {
        let mut socket = self.connect().await;
        socket.subscribe(wish).await;
        socket.until("snapshot").await;
        socket
    }
}

/// The answer of a gateway that lets nobody in.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) status: u16,
    pub(crate) code: String,
}

/// A client's end.
#[derive(Debug)]
pub(crate) struct Socket {
    line: WebSocketStream<TcpStream>,
    pub(crate) hello: Value,
    /// The largest number seen.
    pub(crate) seq: u64,
}

impl Socket {
    pub(crate) async fn over(
        stream: TcpStream,
        url: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, Refused> {
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).unwrap();
            let name = HeaderName::from_static(name);
            request.headers_mut().insert(name, value);
        }
        let line = match client_async(request, stream).await {
            Ok((line, _)) => line,
            Err(Error::Http(response)) => return Err(refused(&response)),
            Err(other) => panic!("{other}"),
        };
        let mut socket = Self {
            line,
            hello: Value::Null,
            seq: 0,
        };
        socket.hello = socket.next().await;
        assert_eq!(socket.hello["type"], "hello");
        Ok(socket)
    }

    pub(crate) async fn say(&mut self, frame: Value) {
        self.send(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        self.line.send(message).await.unwrap();
    }

    pub(crate) async fn subscribe(&mut self, mut wish: Value) {
        wish["type"] = json!("subscribe");
        self.say(wish).await;
    }

    /// The next frame; numbers never go back.
    pub(crate) async fn next(&mut self) -> Value {
        match self.receive().await {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                let seq = frame["seq"].as_u64().unwrap();
                assert!(seq >= self.seq, "{} after {}: {frame}", seq, self.seq);
                self.seq = seq;
                frame
            }
            other => panic!("{other:?} in place of a frame"),
        }
    }

    /// The next frame of a type; those before are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return frame;
            }
        }
    }

    /// The frames up to one of a type, and that one.
    pub(crate) async fn up_to(&mut self, kind: &str) -> (Vec<Value>, Value) {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == kind {
                return (before, frame);
            }
            before.push(frame);
        }
    }

    /// What the close frame says.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(Some(close)) = self.receive().await {
                return (close.code.into(), close.reason.to_string());
            }
        }
    }

    /// The next message but for pings, whatever it is.
    pub(crate) async fn receive(&mut self) -> Message {
        let next = async {
            loop {
                match self.line.next().await.expect("an open line") {
                    Ok(Message::Ping(_)) => {}
                    Ok(message) => return message,
                    Err(error) => panic!("{error}"),
                }
            }
        };
        let next = tokio::time::timeout(PATIENCE, next).await;
        next.expect("a frame in time")
    }

    /// Events up to a number.
    pub(crate) async fn events(&mut self, last: u64) -> Vec<Seen> {
        let mut seen = Vec::new();
        while seen.last().is_none_or(|event: &Seen| event.0 < last) {
            let frame = self.until("event").await;
            seen.push(Seen::of(&frame));
        }
        seen
    }
}

fn refused(response: &Response<Option<Vec<u8>>>) -> Refused {
    let body = response.body().clone().unwrap_or_default();
    let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
    Refused {
        status: response.status().as_u16(),
        code: problem["code"].as_str().unwrap_or_default().to_owned(),
    }
}

/// An event as a client or the store has it: number, run, place in it, type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen(
    pub(crate) u64,
    pub(crate) String,
    pub(crate) u64,
    pub(crate) String,
);

impl Seen {
    pub(crate) fn of(frame: &Value) -> Self {
        let event = &frame["event"];
        Self(
            frame["seq"].as_u64().unwrap(),
            frame["run_id"].as_str().unwrap().to_owned(),
            event["seq"].as_u64().unwrap(),
            event["type"].as_str().unwrap().to_owned(),
        )
    }

    pub(crate) fn rows(rows: &[FeedRow]) -> Vec<Self> {
        rows.iter().map(Self::row).collect()
    }

    fn row(row: &FeedRow) -> Self {
        Self(
            row.no,
            row.run.to_string(),
            row.event.seq,
            row.event.event.type_name().to_owned(),
        )
    }
}

/// That the events of each run follow each other from 1.
pub(crate) fn assert_whole(events: &[Seen]) {
    let mut places: BTreeMap<&str, u64> = BTreeMap::new();
    for Seen(_, run, place, _) in events {
        let before = places.insert(run, *place).unwrap_or(0);
        assert_eq!(*place, before + 1, "of {run}");
    }
}
