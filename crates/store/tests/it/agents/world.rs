//! Days of single agents over a store of runs: their tasks are claimed and done
//! one after the other, as a worker does them, and models say what they were
//! told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use fondaco_app::ports::exec::{Assignment, AttemptId, Need, Outcome, TaskBody, Watch};
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::model::{
    CallContext, Capabilities, Completion, Finish, Model, ModelError, ModelRequest, Models,
    NanoDollars, Seat, ToolCall, Usage,
};
use fondaco_app::ports::runs::{Asked, Claimed, Exchange, Report, RunStore, TaskQuery, Want};
use fondaco_app::runner::body_reference;
use fondaco_app::runs::{Overrides, Planners, Runs, Spec, whole};
use fondaco_app::simulation::body::SimulationBody;
use fondaco_app::simulation::plan::{SimulationPlanner, split};
use fondaco_app::simulation::record::{Answered, RecordError, Recorder};
use fondaco_app::simulation::shown::Simulations;
use fondaco_app::tools::Toolbox;
use fondaco_contract::v1alpha1::simulation::{ModelDay, SimulationJob};
use fondaco_domain::run::{RunKind, RunState};
use fondaco_domain::task::{Task, TaskCommand, TaskKind, TaskState};
use fondaco_domain::{RunId, UnixMicros, WorkerId};
use fondaco_store::runs::MemoryRuns;
use serde_json::{Value, json};

use super::sources::{Sources, VERSION};

pub(super) const DAYS: [&str; 4] = ["2025-03-03", "2025-03-04", "2025-03-05", "2025-03-06"];

/// One answer.
#[derive(Debug, Clone)]
pub(super) enum Said {
    /// Words.
    Text(&'static str),
    /// Wishes for tools.
    Wishes(Vec<(&'static str, Value)>),
    /// An answer as it stands.
    Whole(Completion),
    /// None.
    Error(fn() -> ModelError),
    /// After so many seconds.
    Slow(u64, Box<Said>),
    /// What follows from the question.
    Reads(fn(&ModelRequest) -> Said),
}

/// Models and time.
pub(super) struct World {
    pub(super) job: Value,
    pub(super) sources: Sources,
    pub(super) can: Capabilities,
    scripts: BTreeMap<&'static str, Vec<Said>>,
    /// Every question, with the task that asked.
    asked: Mutex<Vec<(String, ModelRequest)>>,
    /// Answers as a process that died has kept them.
    journal: Mutex<BTreeMap<(String, u32, String), Completion>>,
    seconds: AtomicU64,
    /// Answers until somebody stops the program.
    left: AtomicUsize,
    stopped: AtomicBool,
    replays: Option<Vec<Answered>>,
}

/// A run as it stands.
pub(super) struct Ran {
    pub(super) world: Arc<World>,
    pub(super) store: Arc<MemoryRuns>,
    pub(super) run: RunId,
    spec: String,
    tasks: Vec<Task>,
}

impl World {
    /// One model that holds, four days, two symbols.
    pub(super) fn new() -> Self {
        let dataset = |symbol: &str| {
            json!({"venue": "test", "symbol": symbol, "timeframe": "1d", "kind": "trades",
                "version": VERSION})
        };
        Self {
            job: json!({
                "kind": "simulation", "version": 1, "dates": DAYS,
                "models": [{"name": "a", "model": "test/model"}],
                "symbols": ["AAPL", "MSFT"],
                "account": {"initial_cash": "10000"},
                "execution": "open",
                "data": {
                    "candles": [dataset("AAPL"), dataset("MSFT")], "timeframe": "1d",
                    "research": 0, "accepted_ms": 1_767_225_600_000_i64,
                },
            }),
            sources: Sources::usual(),
            can: Capabilities {
                schema: true,
                tools: true,
                seed: true,
                temperature: true,
                context_tokens: 100_000,
            },
            scripts: BTreeMap::new(),
            asked: Mutex::default(),
            journal: Mutex::default(),
            seconds: AtomicU64::new(0),
            left: AtomicUsize::new(usize::MAX),
            stopped: AtomicBool::new(false),
            replays: None,
        }
    }

    pub(super) fn job(mut self, change: impl FnOnce(&mut Value)) -> Self {
        change(&mut self.job);
        self
    }

    pub(super) fn style(self, style: Value) -> Self {
        self.job(|job| {
            job["style"] = style;
            job["style"]["style"] = json!("agent");
        })
    }

    /// With what the models are answered on a day, in order; after that, they
    /// finish.
    pub(super) fn says(mut self, day: &'static str, script: Vec<Said>) -> Self {
        self.scripts.insert(day, script);
        self
    }

    /// Somebody stops the program after so many answers.
    pub(super) fn stops_after(self, answers: usize) -> Self {
        self.left.store(answers, Ordering::Relaxed);
        self
    }

    /// Answers come from these, and from nowhere else.
    pub(super) fn replays(mut self, answered: Vec<Answered>) -> Self {
        self.replays = Some(answered);
        self
    }

    pub(super) fn run(self) -> Ran {
        let job = self.job.clone();
        Ran::of(Arc::new(self), &job)
    }

    fn toolbox(self: &Arc<Self>) -> Toolbox {
        let sources = Arc::new(self.sources.clone());
        Toolbox::standard(sources.clone(), sources)
    }
}

impl Ran {
    /// A run of a job in a world, done.
    pub(super) fn of(world: Arc<World>, job: &Value) -> Self {
        let store = Arc::new(MemoryRuns::default());
        let job: SimulationJob = serde_json::from_value(job.clone()).unwrap();
        let spec = Spec::of(&serde_json::to_value(&job).unwrap()).unwrap();
        let run = with_runs(&store, &world, |runs| {
            runs.submit(&spec, None, &Overrides::default()).unwrap().id
        });
        let ran = Self {
            world,
            spec: spec.text().to_owned(),
            tasks: Vec::new(),
            store,
            run,
        };
        ran.go_on()
    }

    /// Does what is left.
    pub(super) fn go_on(mut self) -> Self {
        let (store, world) = (self.store.clone(), self.world.clone());
        let body = body(&store, &world);
        while let Some(claimed) = take(&store) {
            let fence = claimed.task.fence;
            let assignment = assignment(&store, &claimed, &self.spec);
            let outcome = body.run(&assignment, &*world);
            let is_stopped = outcome == Outcome::Stopped;
            tell(
                &store,
                &claimed,
                match outcome {
                    Outcome::Completed { output } => TaskCommand::Complete {
                        fence,
                        output: output.map(|output| body_reference(&*store, &output).unwrap()),
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
                    Outcome::Stopped => TaskCommand::Stopped { fence },
                },
            );
            if is_stopped {
                world.left.store(usize::MAX, Ordering::Relaxed);
                world.stopped.store(false, Ordering::Relaxed);
                break;
            }
        }
        self.tasks = store.tasks(self.run, &TaskQuery::default()).unwrap();
        self
    }

    pub(super) fn state(&self) -> RunState {
        self.store.run(self.run).unwrap().state
    }

    fn task(&self, day: &str) -> &Task {
        let key = format!("{day}|a");
        let mut named = self.tasks.iter().filter(|task| task.plan.key == key);
        named.next().unwrap()
    }

    /// The document of a day, byte for byte.
    pub(super) fn text(&self, day: &str) -> String {
        let task = self.task(day);
        let output = task.output.as_deref();
        let output = output.unwrap_or_else(|| panic!("{day} left nothing: {:?}", task.detail));
        whole(&*self.store, output).unwrap().into_owned()
    }

    pub(super) fn day(&self, day: &str) -> ModelDay {
        serde_json::from_str(&self.text(day)).unwrap()
    }

    /// Why a day failed: it left nothing.
    pub(super) fn failed(&self, day: &str) -> &str {
        let task = self.task(day);
        assert_eq!((task.state, &task.output), (TaskState::Failed, &None));
        task.detail.as_deref().unwrap()
    }

    /// The questions of a day.
    pub(super) fn asked(&self, day: &str) -> Vec<ModelRequest> {
        let asked = self.world.asked.lock().unwrap();
        let of_day = asked.iter().filter(|(node, _)| node.starts_with(day));
        of_day.map(|(_, request)| request.clone()).collect()
    }

    /// What tools said on a day, in order.
    pub(super) fn told(&self, day: &str) -> Vec<String> {
        let said = self.day(day).session.conversation.into_iter();
        said.filter(|said| said.tool.is_some())
            .map(|said| said.text)
            .collect()
    }

    /// What was asked and answered, as a recording has it.
    pub(super) fn recorded(&self) -> Result<Vec<Answered>, RecordError> {
        let mut answered = Vec::new();
        with_runs(&self.store, &self.world, |runs| {
            let recorder = Recorder {
                simulations: Simulations { runs },
                models: &*self.world,
                tools: &self.world.toolbox(),
            };
            recorder.each(self.run, &mut |one| {
                answered.push(one);
                Ok(())
            })
        })?;
        Ok(answered)
    }
}

fn with_runs<T>(store: &MemoryRuns, world: &World, does: impl FnOnce(Runs<'_>) -> T) -> T {
    let planners = Planners::default().with(RunKind::Simulation, Arc::new(SimulationPlanner));
    does(Runs {
        store,
        planners: &planners,
        machine: world,
        actor: "test",
    })
}

fn body(store: &Arc<MemoryRuns>, world: &Arc<World>) -> SimulationBody {
    let sources = Arc::new(world.sources.clone());
    SimulationBody {
        models: world.clone(),
        tools: world.toolbox(),
        candles: sources.clone(),
        research: sources.clone(),
        runs: store.clone(),
        prices: sources,
        machine: world.clone(),
    }
}

fn exchange(store: &MemoryRuns, reports: Vec<Report>, want: Option<Want>) -> Vec<Claimed> {
    let exchange = Exchange {
        worker: WorkerId::new(1, [1; 10]),
        reports,
        beats: Vec::new(),
        want,
    };
    let by = Asked {
        actor: "worker".to_owned(),
        at: UnixMicros(1_767_225_600_000_000),
    };
    let done = store.exchange(exchange, by).unwrap();
    assert!(done.reports.iter().all(Result::is_ok), "{:?}", done.reports);
    done.claimed
}

fn take(store: &MemoryRuns) -> Option<Claimed> {
    let want = Want {
        queues: vec!["default".to_owned()],
        kinds: vec![TaskKind::ModelDay],
        run: None,
        limit: 1,
        until: UnixMicros(i64::MAX / 2),
        start: true,
    };
    exchange(store, Vec::new(), Some(want)).pop()
}

fn tell(store: &MemoryRuns, claimed: &Claimed, command: TaskCommand) {
    let report = Report {
        run: claimed.run,
        task: claimed.task.no,
        command,
    };
    exchange(store, vec![report], None);
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

/// An answer in words, or with wishes.
pub(super) fn answer(text: &str, wishes: &[(&str, Value)]) -> Completion {
    let wishes = wishes.iter().enumerate();
    let calls: Vec<ToolCall> = wishes
        .map(|(at, (name, arguments))| ToolCall {
            id: format!("{name}-{at}"),
            name: (*name).to_owned(),
            arguments: arguments.clone(),
        })
        .collect();
    Completion {
        text: text.to_owned(),
        finish: if calls.is_empty() {
            Finish::Stop
        } else {
            Finish::Tools
        },
        calls,
        usage: Usage {
            input: 100,
            cached: 40,
            output: 10,
        },
        model: "test".to_owned(),
    }
}

impl World {
    fn say(&self, said: Said, request: &ModelRequest) -> Result<Completion, ModelError> {
        match said {
            Said::Text(text) => Ok(answer(text, &[])),
            Said::Wishes(wishes) => Ok(answer("", &wishes)),
            Said::Whole(completion) => Ok(completion),
            Said::Error(error) => Err(error()),
            Said::Slow(seconds, said) => {
                self.seconds.fetch_add(seconds, Ordering::Relaxed);
                self.say(*said, request)
            }
            Said::Reads(read) => self.say(read(request), request),
        }
    }

    fn replayed(
        answered: &[Answered],
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let found = answered.iter().find(|one| {
            one.node == context.node && one.ordinal == context.ordinal && one.request == *request
        });
        let missing = || ModelError::NotRecorded {
            node: context.node.to_owned(),
            ordinal: context.ordinal,
            nearest: "another question".to_owned(),
        };
        found.map(|one| one.completion.clone()).ok_or_else(missing)
    }
}

impl Model for World {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        let asked = (context.node.to_owned(), request.clone());
        self.asked.lock().unwrap().push(asked);
        if let Some(answered) = &self.replays {
            return Self::replayed(answered, request, context);
        }
        let hash = request.canonical().unwrap().hash().to_string();
        let key = (context.node.to_owned(), context.ordinal, hash);
        if let Some(kept) = self.journal.lock().unwrap().get(&key) {
            return Ok(kept.clone());
        }
        if self.left.load(Ordering::Relaxed) == 0 {
            self.stopped.store(true, Ordering::Relaxed);
            assert!((context.stopped)());
            return Err(ModelError::Stopped);
        }
        self.left.fetch_sub(1, Ordering::Relaxed);
        let (date, _) = split(context.node).unwrap();
        let script = self.scripts.get(&*date.to_string());
        let said = script.and_then(|script| script.get(context.ordinal as usize));
        let done = || Said::Wishes(vec![("finish", json!({"summary": "Done."}))]);
        let completion = self.say(said.cloned().unwrap_or_else(done), request)?;
        self.journal.lock().unwrap().insert(key, completion.clone());
        Ok(completion)
    }
}

impl Models for World {
    fn capabilities(&self, _model: &str) -> Result<Capabilities, ModelError> {
        Ok(self.can)
    }

    fn open<'a>(&'a self, _seat: &Seat<'a>) -> Result<Box<dyn Model + 'a>, ModelError> {
        Ok(Box::new(self))
    }

    fn cost(&self, _model: &str, usage: Usage) -> NanoDollars {
        NanoDollars(i64::try_from(usage.output).unwrap_or(i64::MAX))
    }
}

impl Watch for World {
    fn stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    fn wait(&self, _time: Duration) {}

    fn progress(&self, _text: &str) {}
}

impl Machine for World {
    fn wall(&self) -> UnixMicros {
        UnixMicros(1_767_225_600_000_000)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.seconds.load(Ordering::Relaxed))
    }

    fn entropy(&self) -> [u8; 10] {
        [7; 10]
    }
}
