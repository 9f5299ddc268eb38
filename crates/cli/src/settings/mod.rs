//! What the program is told: flags over environment over a file over defaults.
//!
//! [`keys`] names every setting once. [`Sources`] are read once, when the
//! program starts, and refuse a file that says anything else. [`Settings`] are
//! the values, each with who said it.

mod error;
mod file;
pub(crate) mod keys;
mod models;
mod shown;
#[cfg(test)]
mod tests;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use fondaco_app::roles::Role;
use fondaco_app::simulation::download::Budget;
use fondaco_domain::run::DEFAULT;
use fondaco_market::AlphaVantageSettings;

pub(crate) use error::SettingsError;
use file::File;
use keys::Key;
pub(crate) use models::ModelSettings;
pub(crate) use shown::{Shown, without_password};
pub(crate) use values::{ByteCount, ExecutorMode, LogFormat, LogLevel};
use values::{Raw, Value};

/// Name of the file in the home.
const FILE: &str = "fondaco.toml";

/// Who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A flag of the command line.
    Flag(&'static str),
    /// A variable of the environment.
    Variable(&'static str),
    /// A line of the configuration file.
    File(PathBuf, usize),
    /// Nobody.
    Default,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(flag) => write!(f, "flag {flag}"),
            Self::Variable(name) => f.write_str(name),
            Self::File(path, line) => write!(f, "file {}:{line}", path.display()),
            Self::Default => f.write_str("default"),
        }
    }
}

/// A value, and who said it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said<T> {
    /// The value.
    pub(crate) value: T,
    /// Who said it.
    pub(crate) origin: Origin,
}

impl<T> Said<T> {
    /// A flag wins over everything.
    pub(crate) fn or_flag(self, key: &Key, given: Option<T>) -> Self {
        match (given, key.flag) {
            (Some(value), Some(flag)) => Self {
                value,
                origin: Origin::Flag(flag),
            },
            _ => self,
        }
    }
}

/// Where values come from, besides flags.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    file: File,
    named_by: Origin,
    variables: BTreeMap<&'static str, String>,
}

impl Sources {
    /// Reads the file that is named, or that of the home where there is one,
    /// and the environment. What the file says must be right, whether the
    /// command needs it or not.
    pub(crate) fn read(named: Option<Said<PathBuf>>, home: &Path) -> Result<Self, SettingsError> {
        let (file, named_by) = if let Some(Said { value, origin }) = named {
            (File::named(&value)?, origin)
        } else {
            let file = File::in_home(&home.join(FILE))?;
            (file.unwrap_or_default(), Origin::Default)
        };
        let variable = |key: &&Key| {
            let value = std::env::var(key.variable).ok()?;
            (!value.is_empty()).then_some((key.variable, value))
        };
        let variables = keys::ALL.iter().filter_map(variable).collect();
        Ok(Self {
            named_by,
            ..Self::of(file, variables)?
        })
    }

    fn of(file: File, variables: BTreeMap<&'static str, String>) -> Result<Self, SettingsError> {
        let alone = Self {
            file,
            named_by: Origin::Default,
            variables: BTreeMap::new(),
        };
        alone.settings(Path::new(""))?;
        Ok(Self { variables, ..alone })
    }

    /// The configuration file, where there is one.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.file.path.as_deref()
    }

    /// Who named that file; nobody, where it is that of the home.
    pub(crate) fn origin(&self) -> &Origin {
        &self.named_by
    }

    /// Models and their providers, as the file tells of them.
    pub(crate) fn models(&self) -> &ModelSettings {
        &self.file.models
    }

    /// The address of the store, where somebody says one: all that a command
    /// about runs needs.
    pub(crate) fn store(&self) -> Result<Option<Said<String>>, SettingsError> {
        self.said(&keys::STORE)
    }

    /// The folder of the legacy files of analyses.
    pub(crate) fn legacy_folder(&self, home: &Path) -> Result<Said<String>, SettingsError> {
        let default = || home.join("legacy").display().to_string();
        self.take(&keys::LEGACY_FOLDER, default)
    }

    /// Where prices are asked for, and how often.
    pub(crate) fn prices(&self) -> Result<Prices, SettingsError> {
        let url = || AlphaVantageSettings::ADDRESS.to_owned();
        let budget = Budget::default();
        Ok(Prices {
            url: self.take(&keys::PRICES_URL, url)?,
            per_minute: self.take(&keys::PRICES_PER_MINUTE, || budget.per_minute)?,
            per_day: self.take(&keys::PRICES_PER_DAY, || budget.per_day)?,
            auto_download: self.take(&keys::AUTO_DOWNLOAD, || true)?,
        })
    }

    /// Threads of one task; zero for as many as there are.
    pub(crate) fn threads(&self) -> Result<Said<usize>, SettingsError> {
        self.take(&keys::THREADS, || 0)
    }

    /// All of them.
    pub(crate) fn settings(&self, home: &Path) -> Result<Settings, SettingsError> {
        let store = || format!("sqlite:{}", home.join("runs.db").display());
        Ok(Settings {
            store: self.take(&keys::STORE, store)?,
            listen: self.listen()?,
            worker: Worker {
                slots: self.take(&keys::SLOTS, processors)?,
                calls: self.take(&keys::CALLS, calls)?,
                queues: self.take(&keys::QUEUES, || vec![DEFAULT.to_owned()])?,
                executor: self.take(&keys::EXECUTOR, ExecutorMode::default)?,
                threads: self.threads()?,
            },
            http: Http {
                cors_origins: self.take(&keys::CORS_ORIGINS, Vec::new)?,
                body_limit: self.take(&keys::BODY_LIMIT, || ByteCount(4 << 20))?,
                rate_limit: self.take(&keys::RATE_LIMIT, || 0)?,
            },
            compat: Compat {
                data_port: self.maybe(&keys::DATA_PORT)?,
                simulation_port: self.maybe(&keys::SIMULATION_PORT)?,
                dashboard_exports: self.take(&keys::DASHBOARD_EXPORTS, || true)?,
                legacy_folder: self.legacy_folder(home)?,
            },
            prices: self.prices()?,
            simulate: Simulate {
                config: self.maybe(&keys::SIMULATE_CONFIG)?,
                symbols: self.take(&keys::SIMULATE_SYMBOLS, Vec::new)?,
                max_days: self.take(&keys::MAX_SIMULATION_DAYS, || 30)?,
                lookback_days: self.take(&keys::RESULTS_LOOKBACK_DAYS, || 30)?,
            },
            log: Log {
                level: self.take(&keys::LOG_LEVEL, LogLevel::default)?,
                format: self.maybe(&keys::LOG_FORMAT)?,
            },
        })
    }

    fn listen(&self) -> Result<BTreeMap<Role, Said<SocketAddr>>, SettingsError> {
        let address = |role: Role| {
            let (key, port) = listening(role)?;
            let default = || SocketAddr::from(([127, 0, 0, 1], port));
            Some(self.take(key, default).map(|said| (role, said)))
        };
        Role::ALL.into_iter().filter_map(address).collect()
    }

    fn take<T: Value>(
        &self,
        key: &'static Key,
        default: impl FnOnce() -> T,
    ) -> Result<Said<T>, SettingsError> {
        Ok(self.said(key)?.unwrap_or_else(|| Said {
            value: default(),
            origin: Origin::Default,
        }))
    }

    /// A value that may be none.
    fn maybe<T: Value>(&self, key: &'static Key) -> Result<Said<Option<T>>, SettingsError> {
        Ok(match self.said(key)? {
            Some(said) => Said {
                value: Some(said.value),
                origin: said.origin,
            },
            None => Said {
                value: None,
                origin: Origin::Default,
            },
        })
    }

    fn said<T: Value>(&self, key: &'static Key) -> Result<Option<Said<T>>, SettingsError> {
        let Some((raw, origin)) = self.raw(key) else {
            return Ok(None);
        };
        match T::read(&raw) {
            Some(value) => Ok(Some(Said { value, origin })),
            None => Err(SettingsError::Value {
                name: key.name,
                found: raw.shown(),
                wanted: key.wanted,
                origin,
            }),
        }
    }

    fn raw(&self, key: &Key) -> Option<(Raw, Origin)> {
        if let Some(text) = self.variables.get(key.variable) {
            return Some((Raw::Word(text.clone()), Origin::Variable(key.variable)));
        }
        let (raw, line) = self.file.get(key.name)?;
        let path = self.file.path.clone().unwrap_or_default();
        Some((raw.clone(), Origin::File(path, *line)))
    }
}

/// The setting of a role's address, and its usual port. A worker has none.
pub(crate) fn listening(role: Role) -> Option<(&'static Key, u16)> {
    let key = match role {
        Role::Control => &keys::CONTROL_LISTEN,
        Role::Trading => &keys::TRADING_LISTEN,
        Role::News => &keys::NEWS_LISTEN,
        Role::Runtime => &keys::RUNTIME_LISTEN,
        Role::Gateway => &keys::GATEWAY_LISTEN,
        Role::Worker => return None,
    };
    Some((key, role.port()?))
}

/// Nodes of analyses that are asked at a time.
fn calls() -> NonZeroUsize {
    NonZeroUsize::new(32).unwrap_or(NonZeroUsize::MIN)
}

fn processors() -> NonZeroUsize {
    std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)
}

/// What a process is told.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// Where runs are kept.
    pub(crate) store: Said<String>,
    /// Where each role listens.
    pub(crate) listen: BTreeMap<Role, Said<SocketAddr>>,
    /// How tasks are done.
    pub(crate) worker: Worker,
    /// What clients may do.
    pub(crate) http: Http,
    /// What older clients and readers find.
    pub(crate) compat: Compat,
    /// Where prices are asked for, and how often.
    pub(crate) prices: Prices,
    /// What holds for simulations that are triggered over HTTP.
    pub(crate) simulate: Simulate,
    /// What is said of what happens.
    pub(crate) log: Log,
}

/// What holds for simulations that are triggered over HTTP.
#[derive(Debug, Clone)]
pub(crate) struct Simulate {
    /// The configuration file.
    pub(crate) config: Said<Option<String>>,
    /// What may be traded; none for what the configuration says.
    pub(crate) symbols: Said<Vec<String>>,
    /// Days of a job at most.
    pub(crate) max_days: Said<u32>,
    /// Days of results where none are asked for.
    pub(crate) lookback_days: Said<u32>,
}

/// Where prices are asked for, and how often.
#[derive(Debug, Clone)]
pub(crate) struct Prices {
    /// The address.
    pub(crate) url: Said<String>,
    /// Questions within a minute; zero for any number.
    pub(crate) per_minute: Said<u32>,
    /// Questions within 24 hours; zero for any number.
    pub(crate) per_day: Said<u32>,
    /// Whether simulations that are triggered download what they lack.
    pub(crate) auto_download: Said<bool>,
}

/// How tasks are done.
#[derive(Debug, Clone)]
pub(crate) struct Worker {
    /// Tasks at a time.
    pub(crate) slots: Said<NonZeroUsize>,
    /// Nodes of analyses at a time, beside them.
    pub(crate) calls: Said<NonZeroUsize>,
    /// The lines it takes from.
    pub(crate) queues: Said<Vec<String>>,
    /// Where attempts run.
    pub(crate) executor: Said<ExecutorMode>,
    /// Threads of one attempt; zero for as many as there are.
    pub(crate) threads: Said<usize>,
}

/// What clients may do.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    /// Origins of other pages whose scripts may ask.
    pub(crate) cors_origins: Said<Vec<String>>,
    /// Bytes of a body at most.
    pub(crate) body_limit: Said<ByteCount>,
    /// Requests of one key in a second; zero for any number.
    pub(crate) rate_limit: Said<u32>,
}

/// What older clients and readers find.
#[derive(Debug, Clone)]
pub(crate) struct Compat {
    /// The data service's own port, when asked for.
    pub(crate) data_port: Said<Option<u16>>,
    /// The model-day simulator's own port, when asked for.
    pub(crate) simulation_port: Said<Option<u16>>,
    /// Whether `team_dashboard` is written.
    pub(crate) dashboard_exports: Said<bool>,
    /// The folder of the legacy files of analyses.
    pub(crate) legacy_folder: Said<String>,
}

/// What is said of what happens.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    /// How much.
    pub(crate) level: Said<LogLevel>,
    /// In which form; none for that of the command's output.
    pub(crate) format: Said<Option<LogFormat>>,
}
