//! Candles, a configuration, and a worker that does days as it is told.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderValue, Method, Request, header};
use fondaco_app::data::{CandleKind, DatasetId, Overlap, merge};
use fondaco_app::ports::runs::{Asked, Claimed, Exchange, Report, Want};
use fondaco_app::simulation::trigger::{Rules, SeedConfig};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{Bar, Bars, UnixMicros, UnixMillis, WorkerId};
use fondaco_server::Simulations;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::client::Client;

/// The days that have candles: a weekend is none.
const DAYS: [&str; 6] = [
    "2025-09-30",
    "2025-10-01",
    "2025-10-02",
    "2025-10-03",
    "2025-10-06",
    "2025-10-07",
];

const CONFIG: &str = r#"{
    "models": [
        {"name": "GPT 5", "basemodel": "gpt-5", "signature": "gpt-5", "enabled": true},
        {"name": "Opus", "basemodel": "anthropic/claude-opus", "signature": "claude-opus",
         "enabled": false}
    ],
    "agent_config": {"max_steps": 12, "max_retries": 3, "base_delay": 1.0, "initial_cash": 5000},
    "symbols": ["AAPL"]
}"#;

pub(crate) struct World {
    pub(crate) client: Client,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub(crate) async fn with(change: impl FnOnce(&mut Simulations)) -> Self {
        let mut client = Client::new();
        let platform = Arc::get_mut(&mut client.platform).unwrap();
        platform.simulations.rules =
            Ok(Rules::of(SeedConfig::parse(CONFIG).unwrap(), &[]).unwrap());
        change(&mut platform.simulations);
        let world = Self { client };
        world.candles().await;
        world
    }

    async fn candles(&self) {
        let id = DatasetId {
            venue: "test".parse().unwrap(),
            symbol: "AAPL".parse().unwrap(),
            timeframe: "1d".parse().unwrap(),
            kind: CandleKind::Trades,
        };
        let bar = |day: &str| Bar {
            time: UnixMillis::midnight(day.parse().unwrap()),
            open: 100.0,
            high: 101.0,
            low: 99.0,
            close: 100.5,
            volume: 1.0,
        };
        let bars = Bars::from_rows(DAYS.map(bar)).unwrap();
        let store = &self.client.platform.candles.bars;
        let merged = merge(&Bars::default(), &bars, Overlap::Refuse).unwrap();
        let staged = store.stage(&id, None, &merged, "test", UnixMillis(0)).await;
        store.commit(staged.unwrap()).await.unwrap();
    }

    /// What is answered: the status and the whole document, with times masked.
    pub(crate) async fn send(&self, method: Method, path: &str, body: &str) -> (u16, Value) {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("content-type", "application/json");
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let answer = self.client.send(request).await;
        (answer.status.as_u16(), masked(answer.json()))
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.send(Method::GET, path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.send(Method::POST, path, &body.to_string()).await
    }

    /// From the address of its own.
    pub(crate) async fn own(&self, path: &str) -> (u16, Value) {
        let mut request = Request::get(path).body(Body::empty()).unwrap();
        let host = HeaderValue::from_static("127.0.0.1:8080");
        request.headers_mut().insert(header::HOST, host);
        let platform = Arc::clone(&self.client.platform);
        let router = fondaco_server::simulation_router(platform);
        let answer = router.oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (status, masked(serde_json::from_slice(&bytes).unwrap()))
    }

    /// The id of a job that must be accepted.
    pub(crate) async fn accepted(&self, body: Value) -> String {
        let (status, answer) = self.post("/simulate/trigger", &body).await;
        assert_eq!(status, 200, "{body}: {answer}");
        answer["job_id"].as_str().unwrap().to_owned()
    }

    /// All model-days that can be begun.
    pub(crate) fn claim(&self) -> Vec<Claimed> {
        self.exchange(
            Vec::new(),
            Some(Want {
                queues: vec!["default".to_owned()],
                kinds: vec![TaskKind::ModelDay],
                run: None,
                limit: 100,
                until: UnixMicros(i64::MAX / 2),
                start: true,
            }),
        )
    }

    /// Completes days that are held.
    pub(crate) fn finish(&self, held: Vec<Claimed>) {
        let report = |claimed: Claimed| Report {
            run: claimed.run,
            task: claimed.task.no,
            command: TaskCommand::Complete {
                fence: claimed.task.fence,
                output: Some(document(&claimed.task.plan.key).to_string()),
            },
        };
        self.exchange(held.into_iter().map(report).collect(), None);
    }

    /// Does what there is to do; how many days that were.
    pub(crate) fn work_all(&self) -> usize {
        let mut days = 0;
        loop {
            let held = self.claim();
            if held.is_empty() {
                return days;
            }
            days += held.len();
            self.finish(held);
        }
    }

    /// Fails the next day for good.
    pub(crate) fn fail(&self, error: &str) {
        let held = self.claim().remove(0);
        let report = Report {
            run: held.run,
            task: held.task.no,
            command: TaskCommand::Fail {
                fence: held.task.fence,
                class: ErrorClass::Permanent,
                error: error.to_owned(),
            },
        };
        self.exchange(vec![report], None);
    }

    fn exchange(&self, reports: Vec<Report>, want: Option<Want>) -> Vec<Claimed> {
        let exchange = Exchange {
            worker: WorkerId::new(1, [1; 10]),
            reports,
            beats: Vec::new(),
            want,
        };
        let platform = &self.client.platform;
        let by = Asked {
            actor: "worker".to_owned(),
            at: platform.machine.wall(),
        };
        let done = platform.store.exchange(exchange, by).unwrap();
        assert!(done.reports.iter().all(Result::is_ok), "{:?}", done.reports);
        done.claimed
    }
}

/// A day that makes 20.50 and buys five shares; the first one makes nothing.
fn document(key: &str) -> Value {
    let (date, model) = key.split_once('|').unwrap();
    let day: i32 = date[8..].parse().unwrap();
    let value = 10_000.0 + 20.5 * f64::from((day - 1).clamp(0, 2));
    let value = value.to_string();
    let held =
        |quantity: &str| json!([{"symbol": "AAPL", "quantity": quantity, "price": "102.05"}]);
    let state = |cash: &str, quantity: &str| json!({"cash": cash, "margin": "0", "holdings": held(quantity), "value": value});
    let filled = |kind: &str, symbol: Value, quantity: &str, price: &str| {
        json!({"kind": kind, "symbol": symbol, "quantity": quantity, "state": "filled",
               "price": price, "costs": "0", "cash_after": "8489.75", "value_after": value})
    };
    json!({
        "version": 1, "date": date, "model": model, "after": null, "days_since_last_trading": 1,
        "start": state("9000", "10"),
        "figures": {"profit": "20.5", "return_pct": 0.205, "costs": "0"},
        "actions": [
            filled("buy", "AAPL".into(), "5", "102.05"),
            {"kind": "sell", "symbol": "AAPL", "quantity": "99", "state": "refused",
             "reason": "Insufficient shares"},
            filled("hold", Value::Null, "0", "0"),
        ],
        "end": state("8489.75", "15"),
        "ledger": {},
        "session": {
            "model": "fondaco/scripted", "ended": "finished", "summary": "Bought some more.",
            "calls": 2, "tokens": {"input": 10, "cached": 0, "output": 5}, "cost_nano": 0,
            "conversation": [
                {"role": "user", "text": "Trade."},
                {"role": "tool", "text": "done", "tool": "buy",
                 "input": {"amount": 5, "symbol": "AAPL"}},
                {"role": "assistant", "text": "Done."},
            ],
        },
    })
}

/// Model-days of a status, in a line each.
pub(crate) fn details(answer: &Value) -> Vec<String> {
    let details = answer["details"].as_array().unwrap().iter();
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    details
        .map(|one| {
            let words = ["date", "model", "status", "error"].map(|name| word(&one[name]));
            words.join(" ").trim_end().to_owned()
        })
        .collect()
}

/// Times in place of themselves; whatever else differs, differs.
fn masked(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(key, value)| {
                let mask = match (key.as_str(), &value) {
                    (
                        "created_at" | "started_at" | "completed_at" | "timestamp",
                        Value::String(_),
                    ) => Some("<time>"),
                    (
                        "duration_seconds" | "total_duration_seconds" | "session_duration_seconds",
                        Value::Number(_),
                    ) => Some("<seconds>"),
                    ("session_id", Value::Number(_)) => Some("<number>"),
                    _ => None,
                };
                let value = mask.map_or_else(|| masked(value), Value::from);
                (key, value)
            })
            .collect(),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        other => other,
    }
}
