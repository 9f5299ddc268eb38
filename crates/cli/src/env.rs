//! Every environment variable the program reads, each named once.
//!
//! `docs/reference/environment.md` is generated from [`ALL`] and from the
//! [settings](crate::settings::keys), which may stand in a file, too.

/// Where candles, results and reports are kept.
pub(crate) const HOME: &str = "FONDACO_HOME";
/// Form of what commands print.
pub(crate) const OUTPUT: &str = "FONDACO_OUTPUT";
/// A fixed time in place of the clock.
pub(crate) const NOW: &str = "FONDACO_NOW";
/// Where runs are kept.
pub(crate) const STORE: &str = "FONDACO_STORE";
/// The lease of tasks in milliseconds, for tests.
pub(crate) const LEASE_MS: &str = "FONDACO_LEASE_MS";
/// Production, or a place to try things.
pub(crate) const DEPLOYMENT_MODE: &str = "DEPLOYMENT_MODE";
/// Whether what was tried before is kept.
pub(crate) const PRESERVE_DEV_DATA: &str = "PRESERVE_DEV_DATA";
/// A file of settings.
pub(crate) const CONFIG: &str = "FONDACO_CONFIG";
/// Where the control role listens.
pub(crate) const CONTROL_LISTEN: &str = "FONDACO_CONTROL_LISTEN";
/// Where the trading role listens.
pub(crate) const TRADING_LISTEN: &str = "FONDACO_TRADING_LISTEN";
/// Where the news role listens.
pub(crate) const NEWS_LISTEN: &str = "FONDACO_NEWS_LISTEN";
/// Where the runtime role listens.
pub(crate) const RUNTIME_LISTEN: &str = "FONDACO_RUNTIME_LISTEN";
/// Where the gateway role listens.
pub(crate) const GATEWAY_LISTEN: &str = "FONDACO_GATEWAY_LISTEN";
/// Tasks of a worker at a time.
pub(crate) const WORKER_SLOTS: &str = "FONDACO_WORKER_SLOTS";
/// Nodes of analyses of a worker at a time.
pub(crate) const WORKER_CALLS: &str = "FONDACO_WORKER_CALLS";
/// Queues of a worker.
pub(crate) const WORKER_QUEUES: &str = "FONDACO_WORKER_QUEUES";
/// Where tasks run.
pub(crate) const EXECUTOR_MODE: &str = "EXECUTOR_MODE";
/// Origins of other pages that may ask.
pub(crate) const CORS_ORIGINS: &str = "CORS_ORIGINS";
/// Size of a request's body at most.
pub(crate) const BODY_LIMIT: &str = "FONDACO_BODY_LIMIT";
/// Requests of one key in a second.
pub(crate) const RATE_LIMIT: &str = "FONDACO_RATE_LIMIT";
/// The data service's own port.
pub(crate) const COMPAT_DATA_PORT: &str = "FONDACO_COMPAT_DATA_PORT";
/// The model-day simulator's own port.
pub(crate) const COMPAT_SIMULATION_PORT: &str = "FONDACO_COMPAT_SIMULATION_PORT";
/// The configuration of simulations that are triggered.
pub(crate) const SIMULATE_CONFIG: &str = "FONDACO_SIMULATE_CONFIG";
/// What they may trade.
pub(crate) const SIMULATE_SYMBOLS: &str = "FONDACO_SIMULATE_SYMBOLS";
/// Days of one of them at most.
pub(crate) const MAX_SIMULATION_DAYS: &str = "MAX_SIMULATION_DAYS";
/// Days of their results where none are asked for.
pub(crate) const RESULTS_LOOKBACK_DAYS: &str = "DEFAULT_RESULTS_LOOKBACK_DAYS";
/// Whether the files of dashboards are written.
pub(crate) const DASHBOARD_EXPORTS: &str = "ENABLE_DASHBOARD_COMPAT_EXPORTS";
/// The folder of the legacy files.
pub(crate) const LEGACY_FOLDER: &str = "FONDACO_LEGACY_FOLDER";
/// Where prices are asked for.
pub(crate) const PRICES_URL: &str = "FONDACO_PRICES_URL";
/// Questions of a minute to the price source.
pub(crate) const PRICES_PER_MINUTE: &str = "FONDACO_PRICES_PER_MINUTE";
/// Questions of a day to the price source.
pub(crate) const PRICES_PER_DAY: &str = "FONDACO_PRICES_PER_DAY";
/// Whether a simulation downloads the prices that it lacks.
pub(crate) const AUTO_DOWNLOAD: &str = "AUTO_DOWNLOAD_PRICE_DATA";
/// The key of the price source.
pub(crate) const ALPHA_VANTAGE_KEY: &str = "FONDACO_ALPHA_VANTAGE_KEY";
/// The same, as another program spells it.
pub(crate) const ALPHA_ADVANTAGE_KEY: &str = "ALPHAADVANTAGE_API_KEY";
/// How much is said of what happens.
pub(crate) const LOG_LEVEL: &str = "LOG_LEVEL";
/// In which form it is said.
pub(crate) const LOG_FORMAT: &str = "FONDACO_LOG_FORMAT";
/// Threads of one attempt at a task.
pub(crate) const THREADS: &str = "FONDACO_THREADS";
/// A Chromium that prints reports.
pub(crate) const CHROMIUM: &str = "FONDACO_CHROMIUM";
/// Where programs are looked for.
pub(crate) const PATH: &str = "PATH";
/// Who asks.
pub(crate) const USER: &str = "USER";
/// Turns colour off where set and not empty.
pub(crate) const NO_COLOR: &str = "NO_COLOR";
/// Base of the default home.
pub(crate) const XDG_DATA_HOME: &str = "XDG_DATA_HOME";
/// The user's folder, base of the default home without the one above.
pub(crate) const USER_HOME: &str = "HOME";

/// A variable for the reference page.
pub(crate) struct Variable {
    pub(crate) name: &'static str,
    pub(crate) flag: Option<&'static str>,
    pub(crate) meaning: &'static str,
}

/// Those that are no settings, in the order of the reference page.
pub(crate) const ALL: &[Variable] = &[
    Variable {
        name: HOME,
        flag: Some("--home"),
        meaning: "Folder that holds candles, results and reports. Default: `$XDG_DATA_HOME/fondaco`, \
                  or `~/.local/share/fondaco` where `XDG_DATA_HOME` is not set.",
    },
    Variable {
        name: CONFIG,
        flag: Some("--config"),
        meaning: "File of settings. Default: `fondaco.toml` in the home, where there is one.",
    },
    Variable {
        name: DEPLOYMENT_MODE,
        flag: None,
        meaning: "`PROD` or `DEV`. In `DEV` the home is the folder beside it whose name ends in `_dev`, \
                  simulations that are triggered are traded by `fondaco/mock-trader`, and `fondaco up` \
                  empties that folder first. Default: `PROD`.",
    },
    Variable {
        name: PRESERVE_DEV_DATA,
        flag: None,
        meaning: "`true` keeps what is in the home of `DEV` from start to start.",
    },
    Variable {
        name: OUTPUT,
        flag: Some("--output"),
        meaning: "`text` (default) or `json`.",
    },
    Variable {
        name: NOW,
        flag: None,
        meaning: "A time such as `2025-01-31T12:00:00Z` that takes the place of the clock, so that what a \
                  command writes can be repeated byte for byte.",
    },
    Variable {
        name: "TA_APP_SERVICE_ENABLED",
        flag: None,
        meaning: "Flag `ta_app_service_enabled` where nobody has set it: `1` or `0`. So are the next four.",
    },
    Variable {
        name: "TA_RESULT_CONTRACT_VERSION",
        flag: None,
        meaning: "Flag `ta_result_contract_version`: `v1alpha1` or `off`.",
    },
    Variable {
        name: "TA_TASKSTORE_DUAL_READ",
        flag: None,
        meaning: "Flag `ta_taskstore_dual_read`: `1` or `0`.",
    },
    Variable {
        name: "TA_TASKSTORE_DUAL_WRITE",
        flag: None,
        meaning: "Flag `ta_taskstore_dual_write`: `1` or `0`.",
    },
    Variable {
        name: "TA_WS_V1ALPHA1_ENABLED",
        flag: None,
        meaning: "Flag `ta_ws_v1alpha1_enabled`: `1` or `0`.",
    },
    Variable {
        name: LEASE_MS,
        flag: None,
        meaning: "Milliseconds that a worker holds a task without a sign of life, in place of 30000. For \
                  tests: every process of a store must have the same.",
    },
    Variable {
        name: ALPHA_VANTAGE_KEY,
        flag: None,
        meaning: "Key of Alpha Vantage, for `fondaco data download --source alpha-vantage` and for simulations that \
                  download prices. It is shown nowhere.",
    },
    Variable {
        name: ALPHA_ADVANTAGE_KEY,
        flag: None,
        meaning: "The same key, where the variable above is not set.",
    },
    Variable {
        name: CHROMIUM,
        flag: None,
        meaning: "The Chromium that prints reports as PDF. Default: the first of `chromium`, `chromium-browser`, \
                  `google-chrome`, `google-chrome-stable` and `chrome` in `PATH`.",
    },
    Variable {
        name: PATH,
        flag: None,
        meaning: "Folders in which a Chromium is looked for, where none is named.",
    },
    Variable {
        name: USER,
        flag: None,
        meaning: "Named in the events of runs as who asked.",
    },
    Variable {
        name: NO_COLOR,
        flag: Some("--color"),
        meaning: "Set to anything: no colour, unless `--color always` is given.",
    },
    Variable {
        name: XDG_DATA_HOME,
        flag: None,
        meaning: "Base of the default home.",
    },
    Variable {
        name: USER_HOME,
        flag: None,
        meaning: "Base of the default home where `XDG_DATA_HOME` is not set.",
    },
];
