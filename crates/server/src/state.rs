//! What every handler has at hand.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use axum::extract::FromRef;
use fondaco_app::analysis::shown;
use fondaco_app::analysis::submit::Models;
use fondaco_app::backtests::shown::Backtests;
use fondaco_app::feed::Tally;
use fondaco_app::flags::Environment;
use fondaco_app::migration::Migration;
use fondaco_app::portfolio::Portfolio;
use fondaco_app::ports::days::DayStore;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::research::ResearchStore;
use fondaco_app::ports::results::ResultStore;
use fondaco_app::ports::runs::Asked;
use fondaco_app::ports::{BarStore, CandleFiles, Store};
use fondaco_app::recommendations::Recommendations;
use fondaco_app::reports::Pages;
use fondaco_app::runs::{Planners, Runs};
use fondaco_app::runtime::Desk;
use fondaco_app::simulation;
use fondaco_app::simulation::trigger::Rules;
use fondaco_contract::http::ProblemCode;
use fondaco_domain::calendar::HolidayList;

use crate::addresses::Addresses;
use crate::compat::s000::Pulse;
use crate::guard::Guard;
use crate::problem::Refusal;
use crate::serve::Stop;
use crate::telemetry::Telemetry;

/// What the routes stand on.
pub struct Platform {
    /// Where runs are kept.
    pub store: Arc<dyn Store>,
    /// How specs become tasks.
    pub planners: Planners,
    /// Time and chance.
    pub machine: Arc<dyn Machine>,
    /// Candles.
    pub candles: Candles,
    /// What analyses begin with.
    pub analyses: Analyses,
    /// What simulations begin with.
    pub simulations: Simulations,
    /// Both stores of the dashboard's analyses, and what decides between them.
    pub migration: Arc<Migration>,
    /// What the environment says of flags that nobody has set.
    pub environment: Environment,
    /// Where results of backtests are kept.
    pub results: Arc<dyn ResultStore>,
    /// The folder that everything of this machine is kept in.
    pub home: PathBuf,
    /// Where the roles are reached.
    pub addresses: Addresses,
    /// Who may ask for what.
    pub guard: Arc<Guard>,
    /// What the gateway of this process counts, where there is one.
    pub feed: Arc<Tally>,
    /// Who looks after the gateway, where somebody in this process does.
    pub runtime: OnceLock<Arc<Desk>>,
    /// What the process counts.
    pub telemetry: Arc<Telemetry>,
    /// Heard by what has no end of its own, such as a stream of events.
    pub stop: Stop,
    /// How much of what.
    pub limits: Limits,
}

/// What analyses begin with where their wishes say nothing else, and what came
/// of those that there were.
pub struct Analyses {
    /// News, filings and corporate actions, where they are kept.
    pub research: Option<Arc<dyn ResearchStore>>,
    /// The models of those who name none.
    pub models: Models,
    /// The text of the strategy file of those who name none, where there is
    /// one.
    pub strategy: Option<String>,
    /// What was decided.
    pub recommendations: Recommendations,
    /// What reports look like, where they can be made.
    pub pages: Option<Arc<dyn Pages>>,
    /// Providers of models whose key is in the environment.
    pub providers: Vec<String>,
    /// Wakes those who wait for news of runs; made when the first one does.
    pub(crate) pulse: OnceLock<Pulse>,
}

impl Analyses {
    /// Over a store of runs: without research, with the usual models.
    pub fn over(store: Arc<dyn Store>) -> Self {
        Self {
            research: None,
            models: Models::default(),
            strategy: None,
            recommendations: Recommendations::new(store),
            pages: None,
            providers: Vec::new(),
            pulse: OnceLock::new(),
        }
    }
}

/// What simulations begin with, and what came of those that there were.
pub struct Simulations {
    /// Completed days.
    pub days: Arc<dyn DayStore>,
    /// Which models there are; where that is not known, every name is taken.
    pub models: Option<Arc<dyn fondaco_app::ports::model::Models>>,
    /// How the process was started.
    pub deployment: Deployment,
    /// What holds for `POST /simulate/trigger`; where there is none, the place
    /// of the configuration that is missing.
    pub rules: Result<Rules, String>,
    /// Days of `GET /results` where no dates are asked for.
    pub lookback_days: u32,
}

impl Simulations {
    /// Over a store of days: without a configuration, as in production.
    pub fn over(days: Arc<dyn DayStore>) -> Self {
        Self {
            days,
            models: None,
            deployment: Deployment::default(),
            rules: Err("configs/default_config.json".to_owned()),
            lookback_days: 30,
        }
    }
}

/// How the process was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deployment {
    /// Whether models cost nothing and the databases are others.
    pub is_dev: bool,
    /// Whether those databases outlive the process.
    pub preserve_dev_data: bool,
}

/// Candles, and what it takes to import some.
pub struct Candles {
    /// Where they are kept.
    pub bars: Arc<dyn BarStore>,
    /// Reads uploads and writes downloads.
    pub files: Arc<dyn CandleFiles>,
    /// Where an upload lies while it is imported.
    pub spool: PathBuf,
    /// When the mainland exchanges were closed, where that is known.
    pub holidays: Option<HolidayList>,
}

/// How much of what a client may send and ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a request's body.
    pub body: usize,
    /// Bytes of a file of candles that is imported.
    pub upload: u64,
    /// Candles of one answer.
    pub candles: usize,
    /// Items of a page where none is asked for.
    pub page: usize,
    /// Items of a page at most.
    pub longest_page: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 4 << 20,
            upload: 512 << 20,
            candles: 50_000,
            page: 50,
            longest_page: 1_000,
        }
    }
}

impl Platform {
    /// The use cases of runs, asked for by someone.
    pub(crate) fn runs<'a>(&'a self, actor: &'a str) -> Runs<'a> {
        Runs {
            store: &*self.store,
            planners: &self.planners,
            machine: &*self.machine,
            actor,
        }
    }

    /// The use cases of backtests, asked for by someone.
    pub(crate) fn backtests<'a>(&'a self, actor: &'a str) -> Backtests<'a> {
        Backtests {
            runs: self.runs(actor),
            results: &*self.results,
        }
    }

    /// What can be looked at of analyses, asked for by someone.
    pub(crate) fn shown_analyses<'a>(&'a self, actor: &'a str) -> shown::Analyses<'a> {
        let runs = self.runs(actor);
        shown::Analyses { runs }
    }

    /// What can be looked at of simulations, asked for by someone.
    pub(crate) fn shown_simulations<'a>(
        &'a self,
        actor: &'a str,
    ) -> simulation::shown::Simulations<'a> {
        let runs = self.runs(actor);
        simulation::shown::Simulations { runs }
    }

    /// The use cases of watchlist, accounts and positions, asked for by someone.
    pub(crate) fn portfolio<'a>(&'a self, actor: &'a str) -> Portfolio<'a> {
        Portfolio {
            store: &*self.store,
            machine: &*self.machine,
            actor,
        }
    }

    /// For one who waits for news of runs.
    pub(crate) fn pulse(&self) -> Pulse {
        let pulse = self.analyses.pulse.get_or_init(|| Pulse::of(&self.store));
        pulse.clone()
    }

    /// Someone who asks now.
    pub(crate) fn asked(&self, actor: String) -> Asked {
        Asked {
            actor,
            at: self.machine.wall(),
        }
    }

    /// Runs some work that waits for the disk, off the threads that serve
    /// sockets.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Self) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let platform = Arc::clone(self);
        match tokio::task::spawn_blocking(move || work(&platform)).await {
            Ok(answer) => answer,
            Err(panic) => Err(Refusal::new(ProblemCode::Internal, panic.to_string())),
        }
    }

    /// The same for work that waits by itself and computes in between, such as
    /// reading candles.
    pub(crate) async fn waiting<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl AsyncFnOnce(&Self) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let runtime = tokio::runtime::Handle::current();
        self.blocking(move |platform| runtime.block_on(work(platform)))
            .await
    }
}

/// So that handlers may take it whole.
pub(crate) type Shared = Arc<Platform>;

impl FromRef<Shared> for Limits {
    fn from_ref(platform: &Shared) -> Self {
        platform.limits
    }
}
