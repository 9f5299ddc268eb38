//! Every setting: its names, and what it means. The reference page is made of
//! this list, and the configuration file is held against it.

use crate::env;

/// A setting.
#[derive(Debug)]
pub(crate) struct Key {
    /// In the configuration file; a point parts section and name.
    pub(crate) name: &'static str,
    /// In the environment.
    pub(crate) variable: &'static str,
    /// On the command line.
    pub(crate) flag: Option<&'static str>,
    /// What it may be.
    pub(crate) wanted: &'static str,
    /// What it is where nobody says anything.
    pub(crate) default: &'static str,
    /// What for.
    pub(crate) meaning: &'static str,
}

pub(crate) const STORE: Key = Key {
    name: "store",
    variable: env::STORE,
    flag: Some("--store"),
    wanted: "a text",
    default: "`runs.db` in the home",
    meaning: "Store of runs: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`.",
};

pub(crate) const CONTROL_LISTEN: Key = Key {
    name: "control.listen",
    variable: env::CONTROL_LISTEN,
    flag: Some("--listen"),
    wanted: ADDRESS,
    default: "`127.0.0.1:8000`",
    meaning: "Where the control role listens: the native API, and the page for people.",
};

pub(crate) const TRADING_LISTEN: Key = Key {
    name: "trading.listen",
    variable: env::TRADING_LISTEN,
    flag: Some("--listen"),
    wanted: ADDRESS,
    default: "`127.0.0.1:8001`",
    meaning: "Where the trading role listens: market data, to look at.",
};

pub(crate) const NEWS_LISTEN: Key = Key {
    name: "news.listen",
    variable: env::NEWS_LISTEN,
    flag: Some("--listen"),
    wanted: ADDRESS,
    default: "`127.0.0.1:8002`",
    meaning: "Where the news role listens.",
};

pub(crate) const RUNTIME_LISTEN: Key = Key {
    name: "runtime.listen",
    variable: env::RUNTIME_LISTEN,
    flag: Some("--listen"),
    wanted: ADDRESS,
    default: "`127.0.0.1:8003`",
    meaning: "Where the runtime role listens: the life of the gateway.",
};

pub(crate) const GATEWAY_LISTEN: Key = Key {
    name: "gateway.listen",
    variable: env::GATEWAY_LISTEN,
    flag: Some("--listen"),
    wanted: ADDRESS,
    default: "`127.0.0.1:8765`",
    meaning: "Where the gateway role listens: events over a socket.",
};

pub(crate) const SLOTS: Key = Key {
    name: "worker.slots",
    variable: env::WORKER_SLOTS,
    flag: Some("--slots"),
    wanted: COUNT,
    default: "the number of processors",
    meaning: "Tasks that a worker does at a time.",
};

pub(crate) const CALLS: Key = Key {
    name: "worker.calls",
    variable: env::WORKER_CALLS,
    flag: None,
    wanted: COUNT,
    default: "`32`",
    meaning: "Nodes of analyses that a worker asks their models at a time, beside its slots.",
};

pub(crate) const QUEUES: Key = Key {
    name: "worker.queues",
    variable: env::WORKER_QUEUES,
    flag: Some("--queue"),
    wanted: "a list of names",
    default: "`default`",
    meaning: "Queues that a worker takes from; in the environment with commas between them.",
};

pub(crate) const EXECUTOR: Key = Key {
    name: "worker.executor",
    variable: env::EXECUTOR_MODE,
    flag: Some("--executor"),
    wanted: "auto, inline, local, ecs, sqs, stepfunctions or temporal",
    default: "`auto`",
    meaning: "Where a worker's tasks run: `auto` on threads where a task can be stopped there, else in \
              processes of their own; `inline` all on threads; `local` all in processes of their own. \
              `ecs`, `sqs`, `stepfunctions` and `temporal` are known and not served by this program: \
              a worker that is told one of them does not start.",
};

pub(crate) const THREADS: Key = Key {
    name: "worker.threads",
    variable: env::THREADS,
    flag: None,
    wanted: "a number, 0 for as many as there are processors",
    default: "`0`: as many as there are processors",
    meaning: "Threads that one task uses. It changes no figure.",
};

pub(crate) const CORS_ORIGINS: Key = Key {
    name: "http.cors_origins",
    variable: env::CORS_ORIGINS,
    flag: None,
    wanted: "a list of origins such as http://localhost:5173",
    default: "none",
    meaning: "Origins of other pages whose scripts may ask; in the environment with commas between them.",
};

pub(crate) const BODY_LIMIT: Key = Key {
    name: "http.body_limit",
    variable: env::BODY_LIMIT,
    flag: None,
    wanted: BYTES,
    default: "`4MiB`",
    meaning: "Size of a request's body at most.",
};

pub(crate) const RATE_LIMIT: Key = Key {
    name: "http.rate_limit",
    variable: env::RATE_LIMIT,
    flag: None,
    wanted: "a number of requests in a second, 0 for any number",
    default: "`0`: any number",
    meaning: "Requests that one key may make in a second.",
};

pub(crate) const DATA_PORT: Key = Key {
    name: "compat.data_port",
    variable: env::COMPAT_DATA_PORT,
    flag: None,
    wanted: "a port",
    default: "none: it does not listen",
    meaning: "Port of a listener of its own for the routes below `/data`, beside those of the control role.",
};

pub(crate) const SIMULATION_PORT: Key = Key {
    name: "compat.simulation_port",
    variable: env::COMPAT_SIMULATION_PORT,
    flag: None,
    wanted: "a port",
    default: "none: it does not listen",
    meaning: "Port of a listener of its own for `/simulate`, `/results` and `/reasoning`, with the `/health` that their \
              clients know, beside those of the control role.",
};

pub(crate) const SIMULATE_CONFIG: Key = Key {
    name: "simulate.config",
    variable: env::SIMULATE_CONFIG,
    flag: None,
    wanted: "a path",
    default: "none: one model, `fondaco/rule-based`",
    meaning: "Configuration of `POST /simulate/trigger`: a JSON file with `models`, `agent_config` and `symbols`. Each \
              of these sections stands in place of the default, whole.",
};

pub(crate) const SIMULATE_SYMBOLS: Key = Key {
    name: "simulate.symbols",
    variable: env::SIMULATE_SYMBOLS,
    flag: None,
    wanted: "a list of symbols",
    default: "those of the configuration, else the NASDAQ-100",
    meaning: "What `POST /simulate/trigger` may trade; in the environment with commas between them.",
};

pub(crate) const MAX_SIMULATION_DAYS: Key = Key {
    name: "simulate.max_days",
    variable: env::MAX_SIMULATION_DAYS,
    flag: None,
    wanted: "a number of days",
    default: "`30`",
    meaning: "Days of one job of `POST /simulate/trigger` at most.",
};

pub(crate) const RESULTS_LOOKBACK_DAYS: Key = Key {
    name: "simulate.lookback_days",
    variable: env::RESULTS_LOOKBACK_DAYS,
    flag: None,
    wanted: "a number of days",
    default: "`30`",
    meaning: "Days that `GET /results` looks back where no dates are asked for.",
};

pub(crate) const DASHBOARD_EXPORTS: Key = Key {
    name: "compat.dashboard_exports",
    variable: env::DASHBOARD_EXPORTS,
    flag: None,
    wanted: TRUTH,
    default: "`true`",
    meaning: "Whether runs on disk hold the files below `team_dashboard`.",
};

pub(crate) const LEGACY_FOLDER: Key = Key {
    name: "compat.legacy_folder",
    variable: env::LEGACY_FOLDER,
    flag: None,
    wanted: "a text",
    default: "`legacy` in the home",
    meaning: "Folder of the legacy files of analyses: the one that holds `data`.",
};

pub(crate) const PRICES_URL: Key = Key {
    name: "prices.url",
    variable: env::PRICES_URL,
    flag: Some("--base-url"),
    wanted: "an address",
    default: "`https://www.alphavantage.co`",
    meaning: "Where daily prices are asked for: a service that speaks as Alpha Vantage does.",
};

pub(crate) const PRICES_PER_MINUTE: Key = Key {
    name: "prices.per_minute",
    variable: env::PRICES_PER_MINUTE,
    flag: None,
    wanted: "a number of questions, 0 for any number",
    default: "`5`",
    meaning: "Questions to the price source within any minute, of all processes with this home. Who would ask \
              more waits.",
};

pub(crate) const PRICES_PER_DAY: Key = Key {
    name: "prices.per_day",
    variable: env::PRICES_PER_DAY,
    flag: None,
    wanted: "a number of questions, 0 for any number",
    default: "`25`",
    meaning: "Questions to the price source within any 24 hours, of all processes with this home. Who would ask \
              more has reached the rate limit.",
};

pub(crate) const AUTO_DOWNLOAD: Key = Key {
    name: "prices.auto_download",
    variable: env::AUTO_DOWNLOAD,
    flag: None,
    wanted: TRUTH,
    default: "`true`",
    meaning: "Whether simulations that are triggered over HTTP download the prices they lack.",
};

pub(crate) const LOG_LEVEL: Key = Key {
    name: "log.level",
    variable: env::LOG_LEVEL,
    flag: Some("--log-level"),
    wanted: "error, warn, info, debug or trace",
    default: "`info`",
    meaning: "Facts that a process which serves says: `debug` adds a line for each request.",
};

pub(crate) const LOG_FORMAT: Key = Key {
    name: "log.format",
    variable: env::LOG_FORMAT,
    flag: Some("--log-format"),
    wanted: "text or json",
    default: "`text`, and `json` with `--output json`",
    meaning: "Form of those lines.",
};

/// All of them, in the order of the reference page.
pub(crate) const ALL: &[&Key] = &[
    &STORE,
    &CONTROL_LISTEN,
    &TRADING_LISTEN,
    &NEWS_LISTEN,
    &RUNTIME_LISTEN,
    &GATEWAY_LISTEN,
    &SLOTS,
    &CALLS,
    &QUEUES,
    &EXECUTOR,
    &THREADS,
    &CORS_ORIGINS,
    &BODY_LIMIT,
    &RATE_LIMIT,
    &DATA_PORT,
    &SIMULATION_PORT,
    &DASHBOARD_EXPORTS,
    &LEGACY_FOLDER,
    &PRICES_URL,
    &PRICES_PER_MINUTE,
    &PRICES_PER_DAY,
    &AUTO_DOWNLOAD,
    &SIMULATE_CONFIG,
    &SIMULATE_SYMBOLS,
    &MAX_SIMULATION_DAYS,
    &RESULTS_LOOKBACK_DAYS,
    &LOG_LEVEL,
    &LOG_FORMAT,
];

const ADDRESS: &str = "an address such as 127.0.0.1:8000, with port 0 for a free one";
const COUNT: &str = "a number from 1";
const BYTES: &str = "a size such as 512KiB or 4MiB";
const TRUTH: &str = "true or false";
