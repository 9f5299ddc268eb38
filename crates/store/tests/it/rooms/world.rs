//! A room over a store of runs: its tasks are claimed and done one after the
//! other, as a worker does them.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fondaco_app::backtests::pin::Datasets;
use fondaco_app::data::{DatasetId, VersionRef};
use fondaco_app::ports::Failure;
use fondaco_app::ports::exec::{Assignment, AttemptId, Need, Outcome, TaskBody, Watch};
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::model::{
    CallContext, Capabilities, Completion, Finish, Message, Model, ModelError, ModelRequest,
    Models, NanoDollars, Seat, ToolCall, Usage,
};
use fondaco_app::ports::research::{
    CompanyAction, Filing, Horizon, NewsQuery, ResearchStore, Story, Taken,
};
use fondaco_app::ports::runs::{Asked, Claimed, Exchange, Report, RunStore, TaskQuery, Want};
use fondaco_app::runner::body_reference;
use fondaco_app::runs::{Overrides, Planners, Runs, Spec, whole};
use fondaco_app::simulation::body::SimulationBody;
use fondaco_app::simulation::plan::SimulationPlanner;
use fondaco_app::simulation::priced::{Priced, Pricer};
use fondaco_app::simulation::room::keys::{Node, split};
use fondaco_app::tools::Toolbox;
use fondaco_app::tools::candles::{Candles, Held};
use fondaco_contract::v1alpha1::simulation::{ModelDay, RoomReport, SimulationJob};
use fondaco_domain::run::RunKind;
use fondaco_domain::task::{Task, TaskCommand, TaskKind, TaskState};
use fondaco_domain::{Bar, Bars, RunId, Symbol, UnixMicros, UnixMillis, WorkerId};
use fondaco_store::runs::MemoryRuns;
use jiff::civil::Date;
use serde_json::{Value, json};

/// What a turn is answered, in order; the last again and again.
#[derive(Clone)]
pub(super) enum Said {
    Json(Value),
    Text(&'static str),
    Wish(&'static str),
    Error,
}

/// A candle: open, high, low, close.
pub(super) type Prices = [f64; 4];

/// Models, prices and time.
pub(super) struct World {
    job: Value,
    scripts: BTreeMap<String, Vec<Said>>,
    candles: BTreeMap<String, BTreeMap<Date, Prices>>,
    asked: Mutex<Vec<(String, ModelRequest)>>,
    clock: AtomicU64,
}

/// A run that was done.
pub(super) struct Ran {
    world: Arc<World>,
    spec: String,
    pub(super) store: Arc<MemoryRuns>,
    pub(super) run: RunId,
    pub(super) tasks: Vec<Task>,
    pub(super) asked: Vec<(String, ModelRequest)>,
}

pub(super) const DAYS: [&str; 4] = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"];

/// Of the days above: AAPL rises each day, MSFT falls each day.
fn candles() -> BTreeMap<String, BTreeMap<Date, Prices>> {
    let days = DAYS.map(|day| day.parse::<Date>().unwrap());
    let up = [100.0, 110.0, 120.0, 130.0].map(|open| [open, open + 8.0, open - 2.0, open + 5.0]);
    let down = [200.0, 190.0, 180.0, 170.0].map(|open| [open, open + 2.0, open - 8.0, open - 5.0]);
    [("AAPL", up), ("MSFT", down)]
        .map(|(symbol, bars)| (symbol.to_owned(), days.into_iter().zip(bars).collect()))
        .into()
}

impl World {
    /// A room of one team in which all hold.
    pub(super) fn new() -> Self {
        let dataset = |symbol: &str| {
            json!({"venue": "nasdaq", "symbol": symbol, "timeframe": "1d", "kind": "trades",
                "version": "0".repeat(64)})
        };
        Self {
            job: json!({
                "kind": "simulation", "version": 1, "dates": DAYS,
                "models": [{"name": "team", "model": "test/model"}],
                "symbols": ["AAPL", "MSFT"],
                "style": {"style": "room", "cycles": 1},
                "account": {"initial_cash": "10000", "margin_requirement": "0.5"},
                "execution": "open",
                "data": {
                    "candles": [dataset("AAPL"), dataset("MSFT")], "timeframe": "1d",
                    "research": 0, "accepted_ms": 1_767_225_600_000_i64,
                },
            }),
            scripts: BTreeMap::new(),
            candles: candles(),
            asked: Mutex::default(),
            clock: AtomicU64::new(1_767_225_600_000_000),
        }
    }

    pub(super) fn job(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.job);
        self
    }

    /// With what a turn is answered: `2025-03-03|team/decision`.
    pub(super) fn says(mut self, node: &str, script: Vec<Said>) -> Self {
        self.scripts.insert(node.to_owned(), script);
        self
    }

    /// With other decisions on a day: ticker, action, quantity.
    pub(super) fn decides(self, day: &str, decisions: &[(&str, &str, f64)]) -> Self {
        let node = format!("{day}|team/decision");
        self.says(&node, vec![Said::Json(decision(decisions))])
    }

    pub(super) fn without_candle(mut self, symbol: &str, day: &str) -> Self {
        let candles = self.candles.get_mut(symbol).unwrap();
        candles.remove(&day.parse().unwrap()).unwrap();
        self
    }

    /// Does all of it.
    pub(super) fn run(self) -> Ran {
        self.run_until(|_| false)
    }

    /// Does it up to a task, which is claimed and not done.
    pub(super) fn run_until(self, stops: impl Fn(&str) -> bool) -> Ran {
        let store = Arc::new(MemoryRuns::default());
        let job: SimulationJob = serde_json::from_value(self.job.clone()).unwrap();
        let spec = Spec::of(&serde_json::to_value(&job).unwrap()).unwrap();
        let planner = Arc::new(SimulationPlanner);
        let planners = Planners::default().with(RunKind::Simulation, planner);
        let world = Arc::new(self);
        let runs = Runs {
            store: &*store,
            planners: &planners,
            machine: &*world,
            actor: "test",
        };
        let run = runs.submit(&spec, None, &Overrides::default()).unwrap().id;
        let ran = Ran {
            world,
            spec: spec.text().to_owned(),
            tasks: Vec::new(),
            asked: Vec::new(),
            store,
            run,
        };
        ran.work(stops)
    }
}

impl Ran {
    /// Does what is left, with a worker that takes over what was claimed.
    pub(super) fn go_on(self) -> Self {
        self.work(|_| false)
    }

    fn work(mut self, stops: impl Fn(&str) -> bool) -> Self {
        let (store, world) = (self.store.clone(), self.world.clone());
        let body = SimulationBody {
            models: world.clone(),
            tools: Toolbox::default(),
            candles: world.clone(),
            research: world.clone(),
            runs: store.clone(),
            prices: world.clone(),
            machine: world.clone(),
        };
        while let Some(claimed) = take(&store, &world) {
            if stops(&claimed.task.plan.key) {
                let fence = claimed.task.fence;
                tell(&store, &world, &claimed, TaskCommand::Stopped { fence });
                break;
            }
            let assignment = assignment(&store, &claimed, &self.spec);
            report(&store, &world, &claimed, body.run(&assignment, &Patient));
        }
        self.tasks = store.tasks(self.run, &TaskQuery::default()).unwrap();
        self.asked.clone_from(&world.asked.lock().unwrap());
        self
    }

    pub(super) fn task(&self, key: &str) -> &Task {
        let mut named = self.tasks.iter().filter(|task| task.plan.key == key);
        named
            .next()
            .unwrap_or_else(|| panic!("there is no task {key}"))
    }

    fn output(&self, key: &str) -> String {
        let task = self.task(key);
        let output = task.output.as_deref();
        let output = output.unwrap_or_else(|| panic!("{key} left nothing: {:?}", task.detail));
        whole(&*self.store, output).unwrap().into_owned()
    }

    pub(super) fn day(&self, date: &str) -> ModelDay {
        serde_json::from_str(&self.output(&format!("{date}|team"))).unwrap()
    }

    pub(super) fn report(&self, key: &str) -> RoomReport {
        serde_json::from_str(&self.output(key)).unwrap()
    }

    /// The questions of a turn.
    pub(super) fn asked(&self, key: &str) -> Vec<&ModelRequest> {
        let of_turn = self.asked.iter().filter(|(node, _)| node == key);
        of_turn.map(|(_, request)| request).collect()
    }

    /// The first question of a turn, in words.
    pub(super) fn words(&self, key: &str) -> &str {
        match self.asked(key).first().and_then(|it| it.messages.first()) {
            Some(Message::User { text }) => text,
            other => panic!("{key}: {other:?}"),
        }
    }
}

fn asked(world: &World) -> Asked {
    Asked {
        actor: "worker".to_owned(),
        at: world.wall(),
    }
}

fn take(store: &MemoryRuns, world: &World) -> Option<Claimed> {
    let exchange = Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports: Vec::new(),
        beats: Vec::new(),
        want: Some(Want {
            queues: vec!["default".to_owned()],
            kinds: vec![TaskKind::ModelDay],
            run: None,
            limit: 1,
            until: UnixMicros(i64::MAX / 2),
            start: true,
        }),
    };
    store
        .exchange(exchange, asked(world))
        .unwrap()
        .claimed
        .pop()
}

fn report(store: &MemoryRuns, world: &World, claimed: &Claimed, outcome: Outcome) {
    let fence = claimed.task.fence;
    let command = match outcome {
        Outcome::Completed { output } => TaskCommand::Complete {
            fence,
            output: output.map(|output| body_reference(store, &output).unwrap()),
        },
        Outcome::Failed { class, error } => TaskCommand::Fail {
            fence,
            class,
            error,
        },
        Outcome::Skipped { reason, detail } => TaskCommand::Pass {
            fence,
            reason,
            detail,
        },
        Outcome::Stopped => panic!("nobody stops {}", claimed.task.plan.key),
    };
    tell(store, world, claimed, command);
}

fn tell(store: &MemoryRuns, world: &World, claimed: &Claimed, command: TaskCommand) {
    let exchange = Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports: vec![Report {
            run: claimed.run,
            task: claimed.task.no,
            command,
        }],
        beats: Vec::new(),
        want: None,
    };
    let done = store.exchange(exchange, asked(world)).unwrap();
    assert!(done.reports.iter().all(Result::is_ok), "{:?}", done.reports);
}

fn assignment(store: &MemoryRuns, claimed: &Claimed, spec: &str) -> Assignment {
    let tasks = store.tasks(claimed.run, &TaskQuery::default()).unwrap();
    let need = |task: &Task| Need {
        key: task.plan.key.clone(),
        state: task.state,
        output: task
            .output
            .as_deref()
            .map(|output| whole(store, output).unwrap().into_owned()),
        detail: task.detail.clone(),
    };
    let needs = claimed.task.plan.needs.iter();
    Assignment {
        id: AttemptId {
            run: claimed.run,
            task: claimed.task.no,
            fence: claimed.task.fence,
        },
        attempt: claimed.task.attempt,
        kind: claimed.task.plan.kind,
        key: claimed.task.plan.key.clone(),
        spec: spec.to_owned(),
        input: None,
        needs: needs.map(|no| need(&tasks[no.0 as usize])).collect(),
    }
}

/// A document that fits a turn: all see a rise of AAPL, and hold.
pub(super) fn document(node: Node, day: &str, world: &World) -> Value {
    let traded: Vec<&String> = world
        .candles
        .iter()
        .filter(|(_, bars)| bars.contains_key(&day.parse().unwrap()))
        .map(|(symbol, _)| symbol)
        .collect();
    match node {
        Node::Analysis(_) => json!({
            "summary": "AAPL looks up.", "abstain": null,
            "views": [{"ticker": "AAPL", "outlook": "UP", "confidence": 60, "reason": "It rose."}],
        }),
        Node::Risk => json!({"summary": "Little is held.", "warnings": ["None."]}),
        Node::Speech(..) => json!({"message": "I hold to what I said."}),
        Node::Summary => json!({"summary": "AAPL rises.", "points": []}),
        Node::Prediction(_) => json!({
            "reasoning": "It rose.",
            "predictions": traded.iter().map(|ticker| json!({
                "ticker": ticker, "outlook": "UP", "confidence": 70,
            })).collect::<Vec<_>>(),
        }),
        Node::Decision => {
            let hold: Vec<_> = traded.iter().map(|it| (it.as_str(), "hold", 0.0)).collect();
            decision(&hold)
        }
        Node::Day => panic!("nobody is asked for the day"),
    }
}

pub(super) fn decision(decisions: &[(&str, &str, f64)]) -> Value {
    let one = |(ticker, action, quantity): &(&str, &str, f64)| {
        json!({"ticker": ticker, "action": action, "quantity": quantity, "confidence": 80,
            "reasoning": "So it was said."})
    };
    json!({
        "summary": "The room decided.",
        "decisions": decisions.iter().map(one).collect::<Vec<_>>(),
    })
}

struct Patient;

impl Watch for Patient {
    fn stopped(&self) -> bool {
        false
    }

    fn wait(&self, _time: Duration) {}

    fn progress(&self, _text: &str) {}
}

impl Machine for World {
    fn wall(&self) -> UnixMicros {
        UnixMicros(self.clock.fetch_add(1_000, Ordering::Relaxed) as i64)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(self.clock.fetch_add(1_000, Ordering::Relaxed))
    }

    fn entropy(&self) -> [u8; 10] {
        [7; 10]
    }
}

impl Models for World {
    fn capabilities(&self, _model: &str) -> Result<Capabilities, ModelError> {
        Ok(Capabilities {
            schema: true,
            tools: true,
            seed: true,
            temperature: true,
            context_tokens: 100_000,
        })
    }

    fn open<'a>(&'a self, _seat: &Seat<'a>) -> Result<Box<dyn Model + 'a>, ModelError> {
        Ok(Box::new(self))
    }

    fn cost(&self, _model: &str, usage: Usage) -> NanoDollars {
        NanoDollars(usage.output as i64)
    }
}

impl Model for World {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let mut asked = self.asked.lock().unwrap();
        asked.push((context.node.to_owned(), request.clone()));
        drop(asked);
        let (date, _, node) = split(context.node).unwrap();
        let script = self.scripts.get(context.node);
        let place = context.ordinal as usize;
        let said = script.and_then(|script| script.get(place).or(script.last()));
        let default = || Said::Json(document(node, &date.to_string(), self));
        let mut completion = Completion {
            text: String::new(),
            calls: Vec::new(),
            finish: Finish::Stop,
            usage: Usage {
                input: 10,
                cached: 0,
                output: 5,
            },
            model: "test/model".to_owned(),
        };
        match said.cloned().unwrap_or_else(default) {
            Said::Json(document) => completion.text = document.to_string(),
            Said::Text(text) => text.clone_into(&mut completion.text),
            Said::Wish(tool) => {
                completion.finish = Finish::Tools;
                completion.calls = vec![ToolCall {
                    id: "1".to_owned(),
                    name: tool.to_owned(),
                    arguments: json!({"symbol": "AAPL"}),
                }];
            }
            Said::Error => {
                return Err(ModelError::Auth {
                    provider: "test".to_owned(),
                });
            }
        }
        Ok(completion)
    }
}

impl Candles for World {
    fn newest(&self) -> Result<Datasets, Failure> {
        panic!("the candles of the run are pinned")
    }

    fn read(&self, dataset: &DatasetId, _version: &VersionRef) -> Result<Arc<Held>, Failure> {
        let bars = &self.candles[dataset.symbol.as_str()];
        let rows = bars.iter().map(|(day, [open, high, low, close])| Bar {
            time: UnixMillis::midnight(*day),
            open: *open,
            high: *high,
            low: *low,
            close: *close,
            volume: 1_000.0,
        });
        Ok(Arc::new(Held {
            version: "0".repeat(64),
            bars: Bars::from_rows(rows).unwrap(),
        }))
    }
}

impl Pricer for World {
    fn bring(&self, _: &SimulationJob, _: &dyn Watch) -> Result<Option<Priced>, Failure> {
        panic!("nothing is downloaded")
    }
}

/// There is nothing to read.
impl ResearchStore for World {
    fn place(&self) -> Result<u64, Failure> {
        Ok(0)
    }

    fn add_stories(&self, _: &[Story]) -> Result<Taken, Failure> {
        Ok(Taken::default())
    }

    fn stories(&self, _: &NewsQuery) -> Result<Vec<Story>, Failure> {
        Ok(Vec::new())
    }

    fn story(&self, _: &str, _: Horizon) -> Result<Option<Story>, Failure> {
        Ok(None)
    }

    fn story_days(
        &self,
        _: &Symbol,
        _: Date,
        _: Date,
        _: Horizon,
    ) -> Result<BTreeMap<Date, u64>, Failure> {
        Ok(BTreeMap::new())
    }

    fn add_filings(&self, _: &[Filing]) -> Result<Taken, Failure> {
        Ok(Taken::default())
    }

    fn filings(&self, _: &Symbol, _: Horizon, _: usize) -> Result<Vec<Filing>, Failure> {
        Ok(Vec::new())
    }

    fn add_actions(&self, _: &[CompanyAction]) -> Result<Taken, Failure> {
        Ok(Taken::default())
    }

    fn actions(&self, _: &Symbol, _: Horizon) -> Result<Vec<CompanyAction>, Failure> {
        Ok(Vec::new())
    }
}

/// All tasks but those, as they ended.
pub(super) fn all_completed(ran: &Ran) -> bool {
    let mut tasks = ran.tasks.iter();
    tasks.all(|task| task.state == TaskState::Completed)
}
