//! Many sockets on the gateway, and how long an event takes to all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail, ensure};
use fondaco_domain::UnixMicros;
use futures::{SinkExt, StreamExt};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, client_async_with_config};

/// What is asked of the server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Sockets.
    pub(crate) sockets: usize,
    /// Seconds, once all of them are open.
    pub(crate) seconds: u64,
    /// Events a second that every socket should get.
    pub(crate) rate: f64,
}

/// Sockets that are opened at a time.
const OPENING: usize = 64;

/// For an answer that should come at once.
const PATIENCE: Duration = Duration::from_secs(30);

type Line = WebSocketStream<TcpStream>;

/// What one socket saw.
#[derive(Default)]
struct Seen {
    /// The number of its first snapshot: it gets what comes after.
    begin: u64,
    /// Numbers of events, as they came.
    numbers: Vec<u64>,
    /// Microseconds from each event to its receipt.
    delays: Vec<u64>,
    /// Other frames.
    others: usize,
    /// Snapshots, and the number that each of them stands for.
    snapshots: Vec<(usize, u64)>,
}

/// Opens sockets on the gateway of a server, has it work, and reports how the
/// events came. `server` and `gateway` are `HOST:PORT`.
pub(crate) fn run(server: &str, gateway: &str, load: Load) -> anyhow::Result<Value> {
    raise_limit(load.sockets as u64 + 64)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(measure(server, gateway, load))
}

/// A socket is an open file.
fn raise_limit(files: u64) -> anyhow::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < files) {
        let raised = Rlimit {
            current: limit
                .maximum
                .map_or(Some(files), |most| Some(most.min(files))),
            ..limit
        };
        setrlimit(Resource::Nofile, raised).context("cannot raise the limit of open files")?;
    }
    Ok(())
}

async fn measure(server: &str, gateway: &str, load: Load) -> anyhow::Result<Value> {
    let per_run = events_of_a_run(server, gateway).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let opened = Instant::now();
    let mut listening = open_all(gateway, load.sockets, &stop).await?;
    let opening = opened.elapsed();
    let began = Instant::now();
    let (submitted, last) = submit(server, load, per_run).await?;
    let took = began.elapsed().as_secs_f64();
    until_ended(server, &last).await?;
    // Its last events are still on their way.
    sleep(Duration::from_secs(1)).await;
    stop.store(true, Ordering::Release);
    submit_one(server).await?;
    let mut seen = Vec::new();
    while let Some(one) = listening.join_next().await {
        seen.push(one??);
    }
    Ok(report(load, &seen, (opening, took, submitted, per_run)))
}

/// How many events one run leads to, with the worker that is there.
async fn events_of_a_run(server: &str, gateway: &str) -> anyhow::Result<usize> {
    let (mut line, _) = subscribed(gateway).await?;
    let run = submit_one(server).await?;
    let mut events = 0;
    loop {
        let frame: Value = serde_json::from_str(&next(&mut line).await?)?;
        if frame["type"] == "event" && frame["run_id"] == run.as_str() {
            events += 1;
            if frame["event"]["type"] == "run_ended" {
                return Ok(events);
            }
        }
    }
}

async fn open_all(
    gateway: &str,
    sockets: usize,
    stop: &Arc<AtomicBool>,
) -> anyhow::Result<JoinSet<anyhow::Result<Seen>>> {
    let mut listening = JoinSet::new();
    let room = Arc::new(Semaphore::new(OPENING));
    let ready = Arc::new(AtomicUsize::new(0));
    for _ in 0..sockets {
        let permit = Arc::clone(&room).acquire_owned().await?;
        let (gateway, stop, ready) = (gateway.to_owned(), Arc::clone(stop), Arc::clone(&ready));
        listening.spawn(async move {
            let (line, begin) = subscribed(&gateway).await?;
            ready.fetch_add(1, Ordering::AcqRel);
            drop(permit);
            listen(line, begin, &stop).await
        });
    }
    let all = async {
        while ready.load(Ordering::Acquire) < sockets {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(PATIENCE, all)
        .await
        .context("not every socket was opened")?;
    Ok(listening)
}

/// A socket that has its first snapshot, and the number of that.
async fn subscribed(gateway: &str) -> anyhow::Result<(Line, u64)> {
    let stream = TcpStream::connect(gateway).await.context("gateway")?;
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default()
        .read_buffer_size(8 << 10)
        .write_buffer_size(0);
    let url = format!("ws://{gateway}/");
    let (mut line, _) = client_async_with_config(url, stream, Some(config)).await?;
    line.send(Message::text(r#"{"type":"subscribe"}"#)).await?;
    loop {
        let frame = next(&mut line).await?;
        if kind_of(&frame) == "snapshot" {
            return Ok((line, number_of(&frame)?));
        }
    }
}

async fn next(line: &mut Line) -> anyhow::Result<String> {
    loop {
        let message = timeout(PATIENCE, line.next()).await.context("no frame")?;
        match message.context("the socket was closed")?? {
            Message::Text(text) => return Ok(text.to_string()),
            Message::Close(close) => bail!("the socket was closed: {close:?}"),
            _ => {}
        }
    }
}

/// Takes down what comes until somebody says to stop.
async fn listen(mut line: Line, begin: u64, stop: &AtomicBool) -> anyhow::Result<Seen> {
    let mut seen = Seen {
        begin,
        ..Seen::default()
    };
    loop {
        let message = timeout(PATIENCE, line.next()).await.context("no frame")?;
        let text = match message.context("the socket was closed")?? {
            Message::Text(text) => text,
            Message::Close(close) => bail!("the socket was closed: {close:?}"),
            _ => continue,
        };
        let now = now();
        if stop.load(Ordering::Acquire) {
            return Ok(seen);
        }
        let number = number_of(&text)?;
        match kind_of(&text) {
            "event" => {
                let at: UnixMicros = word_after(&text, "\"at\":\"").parse()?;
                seen.numbers.push(number);
                seen.delays.push(now.saturating_sub(at.0).unsigned_abs());
            }
            "snapshot" => seen.snapshots.push((seen.numbers.len(), number)),
            _ => seen.others += 1,
        }
    }
}

/// The parts of a frame that are counted, found without reading all of it: the
/// client has the same processors as the server.
fn kind_of(frame: &str) -> &str {
    word_after(frame, "\"type\":\"")
}

fn number_of(frame: &str) -> anyhow::Result<u64> {
    let rest = frame.strip_prefix("{\"seq\":").context("no number")?;
    let end = rest.find(',').unwrap_or(rest.len());
    Ok(rest[..end].parse()?)
}

fn word_after<'a>(frame: &'a str, start: &str) -> &'a str {
    let rest = frame
        .find(start)
        .map_or("", |at| &frame[at + start.len()..]);
    rest.split('"').next().unwrap_or_default()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_micros() as i64)
}

/// Submits runs evenly, as many as lead to the events wanted; how many, and
/// the name of the last.
async fn submit(server: &str, load: Load, per_run: usize) -> anyhow::Result<(usize, String)> {
    let every = Duration::from_secs_f64(per_run as f64 / load.rate);
    let mut clock = interval(every);
    clock.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let end = Instant::now() + Duration::from_secs(load.seconds);
    let mut submitted = 0;
    let mut last = String::new();
    while Instant::now() < end {
        clock.tick().await;
        last = submit_one(server).await?;
        submitted += 1;
    }
    Ok((submitted, last))
}

async fn until_ended(server: &str, run: &str) -> anyhow::Result<()> {
    let ended = async {
        loop {
            let answer = ask(server, "GET", &format!("/v1/runs/{run}"), "").await?;
            ensure!(answer.starts_with("HTTP/1.1 200"), "run: {answer}");
            if answer.contains("\"state\":\"completed\"") {
                return Ok(());
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, ended)
        .await
        .context("the last run did not end")?
}

/// One run of a task that does nothing; its name.
async fn submit_one(server: &str) -> anyhow::Result<String> {
    let task = json!({"key": "only", "kind": "noop"});
    let wish = json!({"spec": {"kind": "workflow", "name": "load", "tasks": [task]}}).to_string();
    let answer = ask(server, "POST", "/v1/runs", &wish).await?;
    ensure!(answer.starts_with("HTTP/1.1 202"), "submit: {answer}");
    Ok(word_after(&answer, "\"run_id\":\"").to_owned())
}

/// One request on a line of its own; the whole answer.
async fn ask(server: &str, method: &str, path: &str, body: &str) -> anyhow::Result<String> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(server).await.context("server")?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

fn report(load: Load, seen: &[Seen], measured: (Duration, f64, usize, usize)) -> Value {
    let (opening, took, submitted, per_run) = measured;
    let all: BTreeSet<u64> = seen.iter().flat_map(|one| one.numbers.clone()).collect();
    let (mut lost, mut repeated, mut backward) = (0, 0, 0);
    for one in seen {
        let (gaps, again, back) = compare(one, &all);
        lost += gaps;
        repeated += again;
        backward += back;
    }
    let mut delays: Vec<u64> = seen.iter().flat_map(|one| one.delays.clone()).collect();
    delays.sort_unstable();
    let at = |part: f64| {
        let place = (delays.len() as f64 * part) as usize;
        let micros = delays.get(place.min(delays.len().saturating_sub(1)));
        micros.map(|micros| *micros as f64 / 1_000.0)
    };
    let count = |of: fn(&Seen) -> usize| seen.iter().map(of).sum::<usize>();
    json!({
        "sockets": load.sockets,
        "seconds": took,
        "seconds_to_open": opening.as_secs_f64(),
        "runs": submitted,
        "events_per_run": per_run,
        "events": all.len(),
        "events_per_second_and_socket": all.len() as f64 / took,
        "event_frames": delays.len(),
        "other_frames": count(|one| one.others),
        "snapshots": count(|one| one.snapshots.len()),
        "lost": lost,
        "repeated": repeated,
        "out_of_order": backward,
        "milliseconds": {
            "p50": at(0.50), "p95": at(0.95), "p99": at(0.99), "p999": at(0.999), "max": at(1.0),
        },
    })
}

/// What a socket did not get, got twice and got too late, of what anybody got.
/// What a snapshot stands for is not lost.
fn compare(one: &Seen, all: &BTreeSet<u64>) -> (usize, usize, usize) {
    let mut times: BTreeMap<u64, usize> = BTreeMap::new();
    for number in &one.numbers {
        *times.entry(*number).or_default() += 1;
    }
    let stands_for = |number: u64| {
        one.snapshots.iter().any(|(place, seq)| {
            let before = place.checked_sub(1).map_or(0, |last| one.numbers[last]);
            (before..=*seq).contains(&number)
        })
    };
    let wanted = all.range(one.begin + 1..);
    let missing = wanted.filter(|number| !times.contains_key(number));
    let lost = missing.filter(|number| !stands_for(**number)).count();
    let repeated = times.values().map(|times| times - 1).sum();
    let backward = one.numbers.windows(2).filter(|two| two[1] < two[0]).count();
    (lost, repeated, backward)
}
