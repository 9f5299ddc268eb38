//! `fondaco simulate run`.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::ValueEnum;
use fondaco_app::ports::research::ResearchStore as _;
use fondaco_app::runner::NoLog;
use fondaco_app::runs::Overrides;
use fondaco_app::simulation::days::follow;
use fondaco_app::simulation::submit::{Known, submit};
use fondaco_contract::v1alpha1::simulation::{
    Execution, MarketName, RequestModel, RoomStyle, SimulationRequest, Style,
};
use fondaco_domain::run::RunState;
use fondaco_domain::{ErrorKind, Hint, RunId, Symbol};
use jiff::civil::Date;
use rust_decimal::Decimal;
use thiserror::Error;

use super::results::ResultView;
use super::simulations;
use super::status::StatusView;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::simulation::Shelves;
use crate::host::{Client, Host, HostError, HostOptions, Place, StoreArgs, models};
use crate::progress::Progress;

/// Who trades what, when, and by which rules.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco simulate run --config simulation.toml\n  fondaco simulate run --start 2013-03-01 \
                  --end 2013-05-31 --model fondaco/rule-based --model fondaco/rule-based-cautious\n  fondaco simulate run \
                  --start 2025-03-03 --end 2025-06-30 --symbols AAPL,MSFT --model openai/gpt-5-mini --budget 2\n\nWhat the \
                  flags say wins over the file. The run is durable: what was traded is not traded again when it is gone \
                  on with."
)]
pub(crate) struct Args {
    /// What is asked for, as TOML or JSON; the same as `--config FILE`, which
    /// names no settings here.
    #[arg(value_name = "FILE")]
    pub(crate) request: Option<PathBuf>,
    /// The first day; with a book, left out, each model goes on after its last
    /// one.
    #[arg(long, value_name = "YYYY-MM-DD")]
    start: Option<Date>,
    /// The last day.
    #[arg(long, value_name = "YYYY-MM-DD")]
    end: Option<Date>,
    /// A model, or several.
    #[arg(long = "model", value_name = "[NAME=]PROVIDER/MODEL")]
    models: Vec<String>,
    /// How many times each model trades.
    #[arg(long, value_name = "NUMBER")]
    repeats: Option<u32>,
    /// What may be traded [default: all there are candles of].
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    symbols: Vec<Symbol>,
    /// Whose candles.
    #[arg(long)]
    venue: Option<String>,
    /// Whose calendar, lots, limits and taxes.
    #[arg(long, value_enum)]
    market: Option<MarketWord>,
    /// At which price orders are filled.
    #[arg(long, value_enum)]
    execution: Option<ExecutionWord>,
    /// Cash of every model at its beginning.
    #[arg(long, value_name = "AMOUNT")]
    cash: Option<Decimal>,
    /// A room of analysts in place of one agent.
    #[arg(long)]
    room: bool,
    /// The account history it goes on with and adds to.
    #[arg(long, value_name = "NAME")]
    book: Option<String>,
    /// Do days again that are completed in the book.
    #[arg(long)]
    replace_existing: bool,
    /// What figures are compared with.
    #[arg(long, value_name = "SYMBOL")]
    benchmark: Option<Symbol>,
    /// What all calls together may cost, in US dollars.
    #[arg(long, value_name = "DOLLARS")]
    budget: Option<f64>,
    /// A recording whose answers are given again.
    #[arg(long, value_name = "FILE")]
    replay: Option<PathBuf>,
    /// Accept it and do not wait: workers do it.
    #[arg(long)]
    detach: bool,
    /// Models that are asked at a time.
    #[arg(long, value_name = "NUMBER", default_value_t = IN_FLIGHT)]
    in_flight: NonZeroUsize,
    #[command(flatten)]
    store: StoreArgs,
}

const IN_FLIGHT: NonZeroUsize = NonZeroUsize::new(32).expect("it is not zero");

/// Markets by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum MarketWord {
    /// American shares: whole ones, New York's calendar.
    UsEquity,
    /// Chinese shares: lots of 100, T+1, price limits, stamp duty.
    AShare,
    /// Coins: parts of them, every day.
    Crypto,
}

/// Policies by their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExecutionWord {
    /// The open that the model saw.
    Open,
    /// The next open.
    NextOpen,
    /// A third of high, low and close of the day.
    Vwap,
}

/// A simulation that cannot be asked for, or came to no good end.
#[derive(Debug, Error)]
enum SimulateError {
    /// The file is not there.
    #[error("cannot read {}", .path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The file is no request.
    #[error("{} is no simulation request: {problem}", .path.display())]
    Form {
        /// Which.
        path: PathBuf,
        /// What is wrong, and where.
        problem: String,
    },
    /// Some days failed.
    #[error("{failed} of {total} model-days failed")]
    Failed {
        /// So many.
        failed: u64,
        /// Of so many.
        total: u64,
        /// The run.
        run: RunId,
    },
    /// Somebody cancelled it.
    #[error("run {run} was cancelled: {reason}")]
    Cancelled {
        /// The run.
        run: RunId,
        /// Why.
        reason: String,
    },
    /// Somebody said to stop.
    #[error("interrupted: run {run} is {}", state.as_str())]
    Interrupted {
        /// The run.
        run: RunId,
        /// Where it stands.
        state: RunState,
    },
}

impl Hint for SimulateError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Read { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                ErrorKind::NotFound
            }
            Self::Read { .. } => ErrorKind::Storage,
            Self::Form { .. } => ErrorKind::Invalid,
            Self::Failed { .. } => ErrorKind::Unsuccessful,
            Self::Cancelled { .. } | Self::Interrupted { .. } => ErrorKind::Cancelled,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Form { .. } => {
                Some("schemas/simulation-request.v1alpha1.json has the form".to_owned())
            }
            Self::Failed { run, .. } => Some(format!("see `fondaco simulate status {run}`")),
            Self::Interrupted { run, .. } => Some(format!(
                "`fondaco worker` goes on with it where it was, `fondaco run cancel {run}` ends it"
            )),
            Self::Read { .. } | Self::Cancelled { .. } => None,
        }
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let shelves = Shelves::open(context)?;
    let id = args.submit(&client, &shelves, context)?;
    if args.detach {
        let shown = simulations(&client).show(id)?;
        return Ok(context
            .output
            .print(&StatusView::of(&shown, Vec::new(), None))?);
    }
    finish(&client, id, args, context)?;
    let whole = simulations(&client).result(id, shelves.sources())?;
    context.output.print(&ResultView::of(&whole))?;
    no_good_end(&whole.shown).map_or(Ok(()), |error| Err(error.into()))
}

impl Args {
    fn submit(
        &self,
        client: &Client,
        shelves: &Shelves,
        context: &Context,
    ) -> Result<RunId, Failure> {
        let request = self.request(context)?;
        if request.book.is_some() {
            follow(client.store(), &*shelves.days)?;
        }
        let listed = shelves.listed()?;
        let desk = models::models(context, client.opened.store.clone(), client.machine.clone())?;
        let known = Known {
            listed: &listed,
            models: Some(&desk),
            candles: &*shelves.candles,
            days: &*shelves.days,
            research: shelves.research.place()?,
            lenient: false,
        };
        let with = Overrides::default();
        Ok(submit(&client.runs(), &request, known, None, &with)?.id)
    }

    fn request(&self, context: &Context) -> Result<SimulationRequest, Failure> {
        let mut request = match &self.request {
            Some(path) => read(path)?,
            None => SimulationRequest::default(),
        };
        request.start = self.start.or(request.start);
        request.end = self.end.or(request.end);
        request.venue = self.venue.clone().or(request.venue);
        request.book = self.book.clone().or(request.book);
        request.benchmark = self.benchmark.clone().or(request.benchmark);
        request.budget = self.budget.or(request.budget);
        request.replace_existing |= self.replace_existing;
        if !self.symbols.is_empty() {
            request.symbols.clone_from(&self.symbols);
        }
        if !self.models.is_empty() {
            request.models = self.models.iter().map(|said| model(said)).collect();
        }
        for model in &mut request.models {
            model.repeats = self.repeats.or(model.repeats);
        }
        if let Some(market) = self.market {
            request.account.market = market.into();
        }
        if let Some(execution) = self.execution {
            request.execution = execution.into();
        }
        request.account.initial_cash = self.cash.unwrap_or(request.account.initial_cash);
        if self.room && !matches!(request.style, Style::Room(_)) {
            request.style = Style::Room(RoomStyle::default());
        }
        if let Some(path) = &self.replay {
            request.replay = Some(models::library(context).import(path)?.to_string());
        }
        Ok(request)
    }
}

/// `NAME=PROVIDER/MODEL`, or a model alone.
fn model(said: &str) -> RequestModel {
    let (name, model) = match said.split_once('=') {
        Some((name, model)) => (Some(name.to_owned()), model),
        None => (None, said),
    };
    RequestModel {
        name,
        model: model.to_owned(),
        ..RequestModel::default()
    }
}

fn read(path: &Path) -> Result<SimulationRequest, SimulateError> {
    let text = std::fs::read_to_string(path).map_err(|source| SimulateError::Read {
        path: path.to_owned(),
        source,
    })?;
    let is_json = path
        .extension()
        .is_some_and(|it| it.eq_ignore_ascii_case("json"));
    let read = if is_json {
        serde_json::from_str(&text).map_err(|error| error.to_string())
    } else {
        toml::from_str(&text).map_err(|error| error.to_string())
    };
    read.map_err(|problem| SimulateError::Form {
        path: path.to_owned(),
        problem: problem.trim().to_owned(),
    })
}

/// Works on a run until it has ended, here or wherever else it is worked on.
fn finish(client: &Client, id: RunId, args: &Args, context: &Context) -> Result<(), Failure> {
    let run = client.store().run(id)?;
    if run.state.is_terminal() {
        return Ok(());
    }
    let options = HostOptions {
        slots: NonZeroUsize::MIN,
        calls: args.in_flight.get(),
        queues: vec![run.new.queue],
        run: Some(id),
        place: Place::Inline,
        threads: context.threads(),
        at_once: true,
        log: Arc::new(NoLog),
    };
    let host = Host::start(client, context, options)?;
    let bar = Progress::new(
        context.progress_visible(),
        run.counts.total.into(),
        "trading",
    );
    let ended = host.until_ended(client.store(), id, &mut |run| {
        bar.set(u64::from(run.counts.total - run.counts.open()));
    });
    drop(bar);
    ended.map_err(in_our_words)?;
    host.shutdown()
}

fn in_our_words(error: HostError) -> Failure {
    match error {
        HostError::Interrupted { run, state } => SimulateError::Interrupted { run, state }.into(),
        other => other.into(),
    }
}

fn no_good_end(shown: &fondaco_app::simulation::shown::Shown) -> Option<SimulateError> {
    let run = &shown.run;
    if run.state == RunState::Cancelled {
        let reason = run.reason.clone();
        return Some(SimulateError::Cancelled {
            run: run.id,
            reason: reason.unwrap_or_else(|| "nothing says why".to_owned()),
        });
    }
    let failed = shown.progress.failed;
    (failed > 0).then_some(SimulateError::Failed {
        failed,
        total: shown.progress.total_model_days,
        run: run.id,
    })
}

impl From<MarketWord> for MarketName {
    fn from(word: MarketWord) -> Self {
        match word {
            MarketWord::UsEquity => Self::UsEquity,
            MarketWord::AShare => Self::AShare,
            MarketWord::Crypto => Self::Crypto,
        }
    }
}

impl From<ExecutionWord> for Execution {
    fn from(word: ExecutionWord) -> Self {
        match word {
            ExecutionWord::Open => Self::Open,
            ExecutionWord::NextOpen => Self::NextOpen,
            ExecutionWord::Vwap => Self::Vwap,
        }
    }
}
