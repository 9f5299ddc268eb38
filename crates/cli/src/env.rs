//! Every environment variable the program reads, each named once.
//!
//! `docs/reference/environment.md` is generated from [`ALL`].

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
/// Threads of one attempt at a task.
pub(crate) const THREADS: &str = "FONDACO_THREADS";
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

/// All of them, in the order of the reference page.
pub(crate) const ALL: &[Variable] = &[
    Variable {
        name: HOME,
        flag: Some("--home"),
        meaning: "Folder that holds candles, results and reports. Default: `$XDG_DATA_HOME/fondaco`, \
                  or `~/.local/share/fondaco` where `XDG_DATA_HOME` is not set.",
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
        name: STORE,
        flag: Some("--store"),
        meaning: "Store of runs: `sqlite:PATH` or `postgres://USER@HOST/DATABASE`. Default: the file \
                  `runs.db` in the home.",
    },
    Variable {
        name: THREADS,
        flag: Some("--threads"),
        meaning: "Threads that one task of a worker uses. Default: as many as there are processors. \
                  It changes no figure.",
    },
    Variable {
        name: LEASE_MS,
        flag: None,
        meaning: "Milliseconds that a worker holds a task without a sign of life, in place of 30000. For \
                  tests: every process of a store must have the same.",
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
