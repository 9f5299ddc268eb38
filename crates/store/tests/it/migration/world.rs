//! Analyses made by hand, a legacy folder, and time that stands still.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::Duration;

use fondaco_app::analysis::plan::AnalysisPlanner;
use fondaco_app::analysis::shown::names::{self, About, Named};
use fondaco_app::flags::Environment;
use fondaco_app::migration::{LegacyTeller, Migration, Phase, TaskRead};
use fondaco_app::ports::Store;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::runs::{Exchange, Report, Want};
use fondaco_app::projections::{Follower, Pace};
use fondaco_app::runs::{Overrides, Planners, Runs, Spec};
use fondaco_domain::retry::ErrorClass;
use fondaco_domain::run::{Command, RunCommand, RunKind};
use fondaco_domain::task::{TaskCommand, TaskKind};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use fondaco_store::LegacyFolder;
use fondaco_store::runs::MemoryRuns;
use serde_json::{Value, json};
use tempfile::TempDir;

/// Time and chance that move when a test says so.
pub(crate) struct Hands {
    micros: AtomicI64,
    chance: AtomicU8,
}

impl Default for Hands {
    fn default() -> Self {
        Self {
            // 2025-03-04T15:30:00Z
            micros: AtomicI64::new(1_741_102_200_000_000),
            chance: AtomicU8::new(0),
        }
    }
}

impl Hands {
    pub(crate) fn pass(&self, seconds: i64) {
        self.micros
            .fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }
}

impl Machine for Hands {
    fn wall(&self) -> UnixMicros {
        UnixMicros(self.micros.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.micros.load(Ordering::Relaxed).unsigned_abs())
    }

    fn entropy(&self) -> [u8; 10] {
        [self.chance.fetch_add(1, Ordering::Relaxed); 10]
    }
}

/// What came of an item.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Both,
    QuantOnly,
    LlmOnly,
    Neither,
}

/// The result of an item, as a decision leaves it.
pub(crate) fn result(ticker: &str, end: End) -> Value {
    let lane = |there: bool, rating: &str, confidence: f64| {
        json!({
            "available": there,
            "direction": there.then_some(1),
            "rating": there.then_some(rating),
            "confidence": there.then_some(confidence),
            "structured": null,
        })
    };
    let (quant, llm) = match end {
        End::Both => (true, true),
        End::QuantOnly => (true, false),
        End::LlmOnly => (false, true),
        End::Neither => (false, false),
    };
    let mut codes = Vec::new();
    codes.extend((!quant).then_some("stale_data"));
    codes.extend((!llm).then_some("provider_auth_failed"));
    codes.extend((!quant && !llm).then_some("both_signals_unavailable"));
    let decided = quant || llm;
    let status = match (quant && llm, decided) {
        (true, _) => "completed",
        (false, true) => "degraded_success",
        (false, false) => "failed",
    };
    json!({
        "contract": "analysis-result",
        "contract_version": "v1alpha1",
        "ticker": ticker,
        "date": "2025-03-04",
        "status": status,
        "decision": decided.then_some("BUY"),
        "confidence": decided.then_some(0.75),
        "signals": {
            "merged": decided.then(|| json!({
                "direction": 1, "rating": "BUY",
                "policy": {"policy": "capped_sum", "quant_weight_cap": 0.8,
                    "llm_weight_cap": 0.9, "quant_solo_penalty": 0.8, "llm_solo_penalty": 0.7},
                "counted": [], "denominator": 1.0,
            })),
            "quant": lane(quant, "OVERWEIGHT", 0.6),
            "llm": lane(llm, "BUY", 0.9),
        },
        "degradation": {"degraded": !codes.is_empty(), "reason_codes": codes,
            "source_diagnostics": {}},
        "data_quality": null,
        "research": null,
        "evidence": [],
        "budget": {"calls": 0, "input_tokens": 0, "cached_tokens": 0, "output_tokens": 0,
            "cost_nano": 0, "limit_nano": null, "local_recovery_used": false,
            "provider_probe_used": false},
        "tentative_classification": null,
        "error": (!decided).then(|| json!({"code": "both_signals_unavailable",
            "message": "neither lane says anything: stale data, and the key was refused",
            "retryable": false})),
    })
}

pub(crate) struct World {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) home: TempDir,
    pub(crate) hands: Arc<Hands>,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryRuns::default()))
    }

    pub(crate) fn over(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            home: tempfile::tempdir().unwrap(),
            hands: Arc::default(),
        }
    }

    pub(crate) fn folder(&self) -> LegacyFolder {
        LegacyFolder::at(self.home.path(), "one")
    }

    pub(crate) fn migration_at(&self, root: &Path) -> Arc<Migration> {
        Arc::new(Migration::new(
            Arc::clone(&self.store),
            Arc::new(LegacyFolder::at(root, "one")),
            Arc::clone(&self.hands) as Arc<dyn Machine>,
            Environment::default(),
        ))
    }

    pub(crate) fn migration(&self) -> Arc<Migration> {
        self.migration_at(self.home.path())
    }

    /// As after that many steps forward, whatever the gates say.
    pub(crate) fn in_phase(&self, phase: Phase) -> Arc<Migration> {
        let flags = phase.flags();
        for (flag, value) in &flags {
            let wish = (*flag, value);
            fondaco_app::flags::set(&*self.store, &*self.hands, "test", wish, None).unwrap();
        }
        self.migration()
    }

    pub(crate) fn follower(&self, migration: &Arc<Migration>) -> Follower<LegacyTeller> {
        let teller = LegacyTeller(Arc::clone(migration));
        let machine: Arc<dyn Machine> = Arc::clone(&self.hands) as _;
        Follower::new(teller, machine, Pace::default())
    }

    /// Turns until there is nothing to do, a second between them.
    pub(crate) fn settle(&self, follower: &mut Follower<LegacyTeller>) {
        loop {
            let turn = follower.turn().unwrap();
            assert!(turn.failed.is_empty(), "{:?}", turn.failed);
            self.hands.pass(1);
            if turn.runs == 0 {
                return;
            }
        }
    }

    /// An analysis with a name, accepted; one ticker, or a list.
    pub(crate) fn start(&self, tickers: &[&str]) -> (String, RunId) {
        let items: Vec<Value> = tickers
            .iter()
            .map(|ticker| json!({"ticker": ticker, "date": "2025-03-04"}))
            .collect();
        let spec = json!({"kind": "analysis", "version": 1, "items": items,
            "llm": {"quick": "fondaco/rule-based", "deep": "fondaco/rule-based"}});
        let planners = Planners::default().with(RunKind::Analysis, Arc::new(AnalysisPlanner));
        let runs = Runs {
            store: &*self.store,
            planners: &planners,
            machine: &*self.hands,
            actor: "test",
        };
        let spec = Spec::parse(&spec.to_string()).unwrap();
        let run = runs.submit(&spec, None, &Overrides::default()).unwrap().id;
        let about = match tickers.len() {
            1 => About::Analysis,
            _ => About::Portfolio,
        };
        let named = Named {
            run_id: run,
            about,
            request_id: "req-1".to_owned(),
        };
        let subject = if tickers.len() == 1 {
            tickers[0]
        } else {
            "portfolio"
        };
        let name = names::give(&*self.store, &*self.hands, "test", subject, &named);
        (name.unwrap(), run)
    }

    /// Does up to so many nodes, one after the other, a second each.
    pub(crate) fn work(&self, nodes: usize, ends: &[(&str, End)]) {
        let worker = WorkerId::new(1, [1; 10]);
        for _ in 0..nodes {
            self.hands.pass(1);
            let now = self.hands.wall();
            let by = || fondaco_app::ports::runs::Asked {
                actor: "worker".to_owned(),
                at: now,
            };
            let want = Want {
                queues: vec!["default".to_owned()],
                kinds: vec![TaskKind::Analysis],
                run: None,
                limit: 1,
                until: now.plus(60_000_000),
                start: true,
            };
            let exchange = |reports, want| Exchange {
                worker,
                reports,
                beats: Vec::new(),
                want,
            };
            let taken = self.store.exchange(exchange(Vec::new(), Some(want)), by());
            let Some(claimed) = taken.unwrap().claimed.pop() else {
                return;
            };
            let fence = claimed.task.fence;
            let (prefix, node) = claimed.task.plan.key.split_once('/').unwrap();
            let end = ends.iter().find(|(ticker, _)| *ticker == prefix);
            let end = end.map_or(End::Both, |(_, end)| *end);
            let command = match (node, end) {
                ("decision", End::Neither) => TaskCommand::Fail {
                    fence,
                    class: ErrorClass::Permanent,
                    error: result(prefix, end).to_string(),
                },
                ("decision", end) => TaskCommand::Complete {
                    fence,
                    output: Some(result(prefix, end).to_string()),
                },
                _ => TaskCommand::Complete {
                    fence,
                    output: Some(
                        json!({"node": claimed.task.plan.key, "role": "market", "model": null,
                            "outcome": {"outcome": "abstained", "why": "nothing to say"},
                            "read": [], "calls": []})
                        .to_string(),
                    ),
                },
            };
            let report = Report {
                run: claimed.run,
                task: claimed.task.no,
                command,
            };
            let said = self.store.exchange(exchange(vec![report], None), by());
            assert!(said.unwrap().reports.iter().all(Result::is_ok));
        }
    }

    /// An analysis that has ended.
    pub(crate) fn ended(&self, ticker: &str, end: End) -> String {
        let (name, _) = self.start(&[ticker]);
        self.work(100, &[(ticker, end)]);
        name
    }

    pub(crate) fn cancel(&self, run: RunId) {
        let cancel = Command::Run(RunCommand::Cancel {
            reason: "enough".to_owned(),
        });
        let by = fondaco_app::ports::runs::Asked {
            actor: "test".to_owned(),
            at: self.hands.wall(),
        };
        self.store.command(run, cancel, by).unwrap();
    }

    pub(crate) fn file(&self, task: &str) -> PathBuf {
        let path = format!("data/task_status/{task}.json");
        self.home.path().join(path)
    }

    /// Changes what the file of a task says.
    pub(crate) fn tamper(&self, task: &str, change: impl FnOnce(&mut Value)) {
        let path = self.file(task);
        let mut value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut value);
        fs::write(&path, value.to_string()).unwrap();
    }
}

/// A task as it was read, as JSON.
pub(crate) fn text(read: Option<TaskRead>) -> String {
    let read = read.expect("the task is there");
    serde_json::to_string_pretty(&read.task).unwrap()
}

/// Every file below a folder that holds what is told, and what is in it.
pub(crate) fn tree(root: &Path) -> BTreeMap<String, String> {
    let mut tree = BTreeMap::new();
    let mut folders = vec![root.join("data")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                tree.insert(name, fs::read_to_string(&path).unwrap());
            }
        }
    }
    tree
}
