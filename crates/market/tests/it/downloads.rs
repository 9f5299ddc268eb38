//! An exchange that misbehaves.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use fondaco_app::data::{DataError, DownloadReport, DownloadRequest, VersionRef, download};
use fondaco_app::ports::{BarStore, Quiet, Sleeper};
use fondaco_domain::{ErrorKind, Hint, UnixMillis};
use fondaco_market::{BinanceKlines, BinanceSettings, ParquetStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::dataset;

const START: i64 = 1_514_764_800_000;
const MINUTE: i64 = 60_000;

/// What the server does instead of answering well.
#[derive(Clone, Copy)]
enum Fault {
    Status(u16, &'static str),
    ShortPage,
    TruncatedBody,
    WrongJson,
    WrongRow,
    OutOfOrder,
    Hangup,
    Heavy,
    OtherTime,
}

/// Serves one-minute candles up to an end; each fault is for one request.
struct Exchange {
    address: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Exchange {
    async fn start(end: i64, faults: impl IntoIterator<Item = Fault>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let seen = requests.clone();
        let mut faults: VecDeque<Fault> = faults.into_iter().collect();
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let mut request = Vec::new();
                let mut buffer = [0; 1024];
                while !request.ends_with(b"\r\n\r\n") {
                    match socket.read(&mut buffer).await {
                        Ok(0) | Err(_) => break,
                        Ok(read) => request.extend_from_slice(&buffer[..read]),
                    }
                }
                let line = String::from_utf8_lossy(&request)
                    .lines()
                    .next()
                    .unwrap_or("")
                    .to_owned();
                let answer = answer(&line, end, faults.pop_front());
                seen.lock().unwrap().push(line);
                let _ = socket.write_all(&answer).await;
                let _ = socket.shutdown().await;
            }
        });
        Self { address, requests }
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(line: &str, end: i64, fault: Option<Fault>) -> Vec<u8> {
    let parameter = |name: &str| -> i64 {
        let rest = line.split_once(&format!("{name}=")).unwrap().1;
        rest.split(['&', ' ']).next().unwrap().parse().unwrap()
    };
    let (from, to, limit) = (
        parameter("startTime"),
        parameter("endTime"),
        parameter("limit"),
    );
    let first = from + (MINUTE - from % MINUTE) % MINUTE;
    let mut rows: Vec<String> = (0..limit)
        .map(|n| first + n * MINUTE)
        .take_while(|&at| at <= to.min(end))
        .map(row)
        .collect();
    let mut headers = "";
    match fault {
        Some(Fault::Status(status, extra)) => {
            let body = r#"{"code":-1121,"msg":"Invalid symbol."}"#;
            return http(&format!("{status} No"), extra, body);
        }
        Some(Fault::Hangup) => return Vec::new(),
        Some(Fault::WrongJson) => return http("200 OK", "", "<html>busy</html>"),
        Some(Fault::WrongRow) => {
            return http(
                "200 OK",
                "",
                "[[1514764800000,\"x\",\"1\",\"1\",\"1\",\"1\"]]",
            );
        }
        Some(Fault::OtherTime) => {
            return http("200 OK", "", &format!("[{}]", row(START - 5 * MINUTE)));
        }
        Some(Fault::ShortPage) => rows.truncate(3),
        Some(Fault::OutOfOrder) => rows.reverse(),
        Some(Fault::Heavy) => headers = "X-MBX-USED-WEIGHT-1M: 5900\r\n",
        Some(Fault::TruncatedBody) => {
            let whole = http("200 OK", "", &format!("[{}]", rows.join(",")));
            return whole[..whole.len() - 40].to_vec();
        }
        None => {}
    }
    http("200 OK", headers, &format!("[{}]", rows.join(",")))
}

fn row(at: i64) -> String {
    let price = 100.0 + ((at - START) / MINUTE) as f64;
    format!(
        "[{at},\"{price}\",\"{}\",\"{}\",\"{price}\",\"2.5\",{},\"0\",1,\"0\",\"0\",\"0\"]",
        price + 1.0,
        price - 1.0,
        at + MINUTE - 1
    )
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Notes how long it should have waited.
#[derive(Default)]
struct Impatient(Mutex<Vec<Duration>>);

#[async_trait]
impl Sleeper for Impatient {
    async fn sleep(&self, time: Duration) {
        self.0.lock().unwrap().push(time);
    }
}

struct Bench {
    store: ParquetStore,
    _folder: tempfile::TempDir,
    sleeper: Arc<Impatient>,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self {
            store: ParquetStore::open(folder.path().to_str().unwrap()).unwrap(),
            _folder: folder,
            sleeper: Arc::default(),
        }
    }

    /// Downloads at a time so many minutes after the start.
    async fn run(&self, exchange: &Exchange, now: i64) -> Result<DownloadReport, DataError> {
        let settings = BinanceSettings {
            base_url: exchange.address.clone(),
            page: 10,
            attempts: 4,
            ..BinanceSettings::default()
        };
        let source = BinanceKlines::new(settings, self.sleeper.clone()).unwrap();
        let request = DownloadRequest {
            dataset: dataset("BTC/USDT"),
            from: Some(UnixMillis(START)),
            to: None,
        };
        let now = UnixMillis(START + now * MINUTE + 30_000);
        download(&request, &source, &self.store, &Quiet, now).await
    }

    async fn stored(&self) -> usize {
        let read = self
            .store
            .read(&dataset("BTC/USDT"), &VersionRef::Latest)
            .await;
        read.map_or(0, |(_, bars)| bars.len())
    }

    fn waits(&self) -> Vec<f64> {
        let waits = self.sleeper.0.lock().unwrap();
        waits.iter().map(Duration::as_secs_f64).collect()
    }
}

#[tokio::test]
async fn pages_follow_each_other_and_the_open_candle_is_left_out() {
    let (bench, exchange) = (Bench::new(), Exchange::start(i64::MAX, []).await);
    let report = bench.run(&exchange, 25).await.unwrap();
    // Minutes 0 to 24; minute 25 is half over.
    assert_eq!((report.added, report.pages), (25, 3));
    let requests = exchange.requests();
    assert_eq!(
        requests[0],
        format!(
            "GET /api/v3/klines?symbol=BTCUSDT&interval=1m&startTime={START}&endTime={}&limit=10 HTTP/1.1",
            START + 25 * MINUTE - 1
        )
    );
    // The next run asks for what is new only.
    let report = bench.run(&exchange, 31).await.unwrap();
    assert_eq!((report.added, report.pages), (6, 1));
    assert_eq!(report.resumed_from, Some(UnixMillis(START + 25 * MINUTE)));
    assert_eq!(report.version.unwrap().number, 2);
    assert_eq!(bench.stored().await, 31);
    // Nothing new makes no version.
    let report = bench.run(&exchange, 31).await.unwrap();
    assert_eq!(
        (report.added, report.pages, report.version.unwrap().number),
        (0, 0, 2)
    );
}

#[tokio::test]
async fn passing_trouble_is_waited_out() {
    for (fault, waits) in [
        (Fault::Status(429, "Retry-After: 7\r\n"), vec![7.0]),
        (Fault::Status(418, "Retry-After: 100000\r\n"), vec![180.0]),
        (Fault::Status(500, ""), vec![0.5]),
        (Fault::Status(503, ""), vec![0.5]),
        (Fault::TruncatedBody, vec![0.5]),
        (Fault::WrongJson, vec![0.5]),
        (Fault::WrongRow, vec![0.5]),
        (Fault::OutOfOrder, vec![0.5]),
        (Fault::Hangup, vec![0.5]),
        (Fault::Heavy, vec![60.0]),
        (Fault::ShortPage, vec![]),
    ] {
        let (bench, exchange) = (Bench::new(), Exchange::start(i64::MAX, [fault]).await);
        let report = bench.run(&exchange, 15).await.unwrap();
        assert_eq!(report.added, 15);
        assert_eq!(bench.waits(), waits);
        let (_, bars) = bench
            .store
            .read(&dataset("BTC/USDT"), &VersionRef::Latest)
            .await
            .unwrap();
        assert_eq!((bars.len(), bars.close()[14]), (15, 114.0));
    }
}

#[tokio::test]
async fn lasting_trouble_keeps_what_came_before_and_goes_on_later() {
    // The first page comes, the second never.
    let faults = [Fault::Heavy]
        .into_iter()
        .chain([Fault::Status(502, ""); 4]);
    let (bench, exchange) = (Bench::new(), Exchange::start(i64::MAX, faults).await);
    let error = bench.run(&exchange, 25).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "the download stopped after 10 candles, which are stored"
    );
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(bench.waits(), [60.0, 0.5, 1.0, 2.0]);
    assert_eq!(bench.stored().await, 10);
    let report = bench.run(&exchange, 25).await.unwrap();
    assert_eq!((report.added, report.pages), (15, 2));
}

#[tokio::test]
async fn a_refusal_is_not_repeated() {
    let (bench, exchange) = (
        Bench::new(),
        Exchange::start(i64::MAX, [Fault::Status(400, "")]).await,
    );
    let error = bench.run(&exchange, 25).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert_eq!(
        error.to_string(),
        "the exchange refused BTC/USDT 1m: Invalid symbol."
    );
    assert_eq!(exchange.requests().len(), 1);
    assert_eq!(bench.stored().await, 0);
}

#[tokio::test]
async fn candles_of_another_time_are_not_stored() {
    let (bench, exchange) = (
        Bench::new(),
        Exchange::start(i64::MAX, [Fault::OtherTime]).await,
    );
    let error = bench.run(&exchange, 25).await.unwrap_err();
    assert!(matches!(error, DataError::WrongPage { .. }), "{error}");
    assert_eq!(bench.stored().await, 0);
}

#[tokio::test]
async fn the_end_of_the_market_is_the_end() {
    let (bench, exchange) = (Bench::new(), Exchange::start(START + 11 * MINUTE, []).await);
    let report = bench.run(&exchange, 100).await.unwrap();
    assert_eq!((report.added, report.pages), (12, 3));
}
