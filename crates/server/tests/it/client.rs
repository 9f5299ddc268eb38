//! A client without a socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use fondaco_app::analysis::plan::AnalysisPlanner;
use fondaco_app::flags::{self, Environment};
use fondaco_app::migration::{Migration, Phase};
use fondaco_app::ports::Store;
use fondaco_app::ports::machine::Machine;
use fondaco_app::roles::Role;
use fondaco_app::runs::{Planners, workflow};
use fondaco_app::simulation::plan::SimulationPlanner;
use fondaco_app::simulation::trigger::{Rules, SeedConfig};
use fondaco_domain::UnixMicros;
use fondaco_domain::run::RunKind;
use fondaco_market::{LocalFiles, ParquetStore};
use fondaco_server::{
    Addresses, Candles, Guard, GuardSettings, Limits, Platform, Simulations, router,
};
use fondaco_store::days::MemoryDays;
use fondaco_store::runs::MemoryRuns;
use fondaco_store::{LegacyFolder, Results};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

/// A clock that ticks when it is read, and chance that counts.
#[derive(Default)]
struct Counting {
    time: AtomicI64,
    chance: AtomicU8,
}

impl Machine for Counting {
    fn wall(&self) -> UnixMicros {
        let tick = self.time.fetch_add(1_000, Ordering::Relaxed);
        UnixMicros(1_760_000_000_000_000 + tick)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.time.load(Ordering::Relaxed).unsigned_abs())
    }

    fn entropy(&self) -> [u8; 10] {
        [self.chance.fetch_add(1, Ordering::Relaxed); 10]
    }
}

pub(crate) struct Client {
    pub(crate) platform: Arc<Platform>,
    /// Goes with the client.
    _home: TempDir,
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

impl Client {
    pub(crate) fn new() -> Self {
        Self::with(Arc::new(Counting::default()), GuardSettings::default())
    }

    /// With other limits.
    pub(crate) fn limited(change: impl FnOnce(&mut Limits)) -> Self {
        let mut client = Self::new();
        change(&mut Arc::get_mut(&mut client.platform).unwrap().limits);
        client
    }

    /// At another machine, or with a stricter guard.
    pub(crate) fn with(machine: Arc<dyn Machine>, guard: GuardSettings) -> Self {
        let planners = Planners::default()
            .with(RunKind::Workflow, Arc::new(workflow::Workflows))
            .with(RunKind::Analysis, Arc::new(AnalysisPlanner))
            .with(RunKind::Simulation, Arc::new(SimulationPlanner));
        let home = TempDir::new().unwrap();
        let place = home.path().join("data");
        let store: Arc<dyn Store> = Arc::new(MemoryRuns::default());
        let legacy = LegacyFolder::at(home.path().join("legacy"), "memory");
        let migration = Migration::new(
            Arc::clone(&store),
            Arc::new(legacy),
            Arc::clone(&machine),
            Environment::default(),
        );
        let platform = Platform {
            migration: Arc::new(migration),
            environment: Environment::default(),
            guard: Guard::new(Arc::clone(&store), Arc::clone(&machine), guard),
            store: Arc::clone(&store),
            planners,
            machine,
            candles: Candles {
                bars: Arc::new(ParquetStore::open(place.to_str().unwrap()).unwrap()),
                files: Arc::new(LocalFiles),
                spool: home.path().join("spool"),
                holidays: None,
            },
            analyses: fondaco_server::Analyses::over(Arc::clone(&store)),
            simulations: simulations(),
            results: Arc::new(Results::at(home.path().join("backtests"))),
            home: home.path().to_owned(),
            addresses: Addresses::default(),
            runtime: std::sync::OnceLock::default(),
            feed: Arc::default(),
            telemetry: Arc::default(),
            stop: fondaco_server::Stop::never(),
            limits: Limits::default(),
        };
        Self {
            platform: Arc::new(platform),
            _home: home,
        }
    }

    /// Sends a request as a client of this machine does: by its name.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        self.send_to(Role::Control, request).await
    }

    /// Sends a request to the address of a role.
    pub(crate) async fn send_to(&self, role: Role, mut request: Request<Body>) -> Answer {
        let host = HeaderValue::from_static("127.0.0.1:8000");
        request.headers_mut().entry(header::HOST).or_insert(host);
        let response = router(role, Arc::clone(&self.platform))
            .oneshot(request)
            .await
            .unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap())
            .await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_with(path, &[], body).await
    }

    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = Request::post(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    pub(crate) async fn put(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut request = Request::put(path).header("content-type", "application/json");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_string())).unwrap())
            .await
    }

    /// Sets the flags of a phase of the migration.
    pub(crate) fn phase(&self, phase: Phase) {
        let (store, machine) = (&*self.platform.store, &*self.platform.machine);
        for (flag, value) in phase.flags() {
            flags::set(store, machine, "test", (flag, &value), None).unwrap();
        }
    }

    /// A run of so many tasks that do nothing.
    pub(crate) async fn submit(&self, tasks: usize) -> String {
        let answer = self.post("/v1/runs", &wish(tasks)).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        answer.json()["run_id"].as_str().unwrap().to_owned()
    }
}

/// No days yet, and a rule-based model that trades one instrument.
fn simulations() -> Simulations {
    let config = r#"{
        "models": [{"name": "Rules", "basemodel": "fondaco/rule-based", "signature": "rules", "enabled": true}],
        "agent_config": {},
        "symbols": ["AAPL"]
    }"#;
    let rules = Rules::of(SeedConfig::parse(config).unwrap(), &[]);
    let mut simulations = Simulations::over(Arc::new(MemoryDays::default()));
    simulations.rules = Ok(rules.unwrap());
    simulations
}

pub(crate) fn wish(tasks: usize) -> Value {
    let tasks: Vec<Value> = (0..tasks)
        .map(|no| json!({"key": format!("step/{no}"), "kind": "noop"}))
        .collect();
    json!({"spec": {"kind": "workflow", "name": "test", "tasks": tasks}})
}
