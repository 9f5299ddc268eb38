//! What a command runs in: where things are kept, how it prints, what time it
//! is. Resolved once, from flags over environment over defaults.

use std::future::Future;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use fondaco_domain::{ErrorKind, Hint, UnixMillis, time};
use thiserror::Error;

use crate::cli::{ColorMode, Globals};
use crate::deployment::{Deployment, DeploymentError};
use crate::env;
use crate::output::{Output, Style};
use crate::progress::Progress;
use crate::settings::{Origin, Said, Settings, SettingsError, Sources};

/// Handed to every command.
#[derive(Debug)]
pub(crate) struct Context {
    /// Standard output.
    pub(crate) output: Output,
    /// The only clock.
    pub(crate) clock: Clock,
    home: Said<PathBuf>,
    sources: Sources,
    deployment: Deployment,
    progress_visible: bool,
    threads: usize,
}

/// A context that could not be made.
#[derive(Debug, Error)]
pub(crate) enum ContextError {
    /// Neither a home nor a user folder to derive it from.
    #[error(
        "no folder to keep candles and results in: neither {} nor {} is set",
        env::HOME,
        env::USER_HOME
    )]
    NoHome,
    /// The home has no absolute path.
    #[error("cannot tell where the home is")]
    Home(#[source] std::io::Error),
    /// The fixed time does not read as one.
    #[error("{} does not hold a time", env::NOW)]
    Now(#[source] time::TimeRangeError),
    /// The interrupt handler was refused.
    #[error("Ctrl-C cannot be handled")]
    Interrupt(#[source] ctrlc::Error),
    /// The handler of the signal that ends services was refused.
    #[error("signals cannot be handled")]
    Signals(#[source] std::io::Error),
    /// A setting that is no number of milliseconds.
    #[error("{} does not hold milliseconds: `{text}`", env::LEASE_MS)]
    Lease {
        /// As it stands there.
        text: String,
    },
    /// A setting that cannot be had.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// Neither production nor a place to try things.
    #[error(transparent)]
    Deployment(#[from] DeploymentError),
    /// The runtime was refused.
    #[error("the input and output threads cannot be started")]
    Runtime(#[source] std::io::Error),
}

impl Hint for ContextError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NoHome | Self::Home(_) | Self::Now(_) | Self::Lease { .. } => ErrorKind::Invalid,
            Self::Settings(error) => error.kind(),
            Self::Deployment(error) => error.kind(),
            Self::Interrupt(_) | Self::Signals(_) | Self::Runtime(_) => ErrorKind::Internal,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoHome | Self::Home(_) => Some(format!("give --home DIR or set {}", env::HOME)),
            Self::Now(_) => Some(format!("unset {} to use the clock", env::NOW)),
            Self::Lease { .. } => Some(format!("unset {} to use the usual lease", env::LEASE_MS)),
            Self::Settings(error) => error.hint(),
            Self::Deployment(error) => error.hint(),
            Self::Interrupt(_) | Self::Signals(_) | Self::Runtime(_) => None,
        }
    }
}

impl Context {
    /// Flags over environment over defaults.
    pub(crate) fn resolve(globals: &Globals) -> Result<Self, ContextError> {
        let color = match globals.color {
            ColorMode::Always => true,
            ColorMode::Never => false,
            ColorMode::Auto => std::io::stdout().is_terminal() && variable(env::NO_COLOR).is_none(),
        };
        // Children work in folders of their own: a relative path would be
        // another one there.
        let home = home(globals).ok_or(ContextError::NoHome)?;
        let deployment = Deployment::resolve()?;
        let home = Said {
            value: deployment.home(std::path::absolute(home.value).map_err(ContextError::Home)?),
            origin: home.origin,
        };
        let sources = Sources::read(config(globals), &home.value)?;
        Ok(Self {
            output: Output::new(globals.output, Style::new(color)),
            clock: Clock::resolve()?,
            threads: sources.threads()?.value,
            home,
            sources,
            deployment,
            progress_visible: !globals.quiet && std::io::stderr().is_terminal(),
        })
    }

    /// The folder everything is kept in. It need not exist yet.
    pub(crate) fn home(&self) -> &Path {
        &self.home.value
    }

    /// It, and who said it.
    pub(crate) fn said_home(&self) -> &Said<PathBuf> {
        &self.home
    }

    /// Production, or a place to try things.
    pub(crate) fn deployment(&self) -> Deployment {
        self.deployment
    }

    /// Where settings come from, besides flags.
    pub(crate) fn sources(&self) -> &Sources {
        &self.sources
    }

    /// All settings, before flags.
    pub(crate) fn settings(&self) -> Result<Settings, SettingsError> {
        self.sources.settings(self.home())
    }

    /// Who asks, as the events of runs name it.
    pub(crate) fn actor() -> String {
        match variable(env::USER) {
            Some(user) => format!("cli:{user}"),
            None => "cli".to_owned(),
        }
    }

    /// How long a task is held without a sign of life, where it is not the
    /// usual time.
    pub(crate) fn lease() -> Result<Option<Duration>, ContextError> {
        let Some(text) = variable(env::LEASE_MS) else {
            return Ok(None);
        };
        match text.parse() {
            Ok(millis) if millis > 0 => Ok(Some(Duration::from_millis(millis))),
            _ => Err(ContextError::Lease { text }),
        }
    }

    /// Threads of one attempt at a task; zero for as many as there are.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Whether progress is shown on standard error.
    pub(crate) fn progress_visible(&self) -> bool {
        self.progress_visible
    }

    /// A progress bar over `steps` things, on standard error and only on a
    /// terminal. For whatever may take more than two seconds.
    pub(crate) fn progress(&self, steps: u64, doing: &str) -> Progress {
        Progress::new(self.progress_visible, steps, doing)
    }
}

/// Runs the asynchronous part of a command to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, ContextError> {
    Ok(runtime()?.block_on(work))
}

/// The threads of asynchronous work.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, ContextError> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(ContextError::Runtime)
}

/// Where the time comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// The machine's.
    System,
    /// Always the same.
    Fixed(UnixMillis),
}

impl Clock {
    fn resolve() -> Result<Self, ContextError> {
        variable(env::NOW).map_or(Ok(Self::System), |text| {
            time::parse_stamp(&text)
                .map(Self::Fixed)
                .map_err(ContextError::Now)
        })
    }

    /// The time now.
    pub(crate) fn now(self) -> UnixMillis {
        match self {
            Self::System => jiff::Timestamp::now().into(),
            Self::Fixed(at) => at,
        }
    }
}

/// A variable that is set and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The file of settings, where somebody names one.
fn config(globals: &Globals) -> Option<Said<PathBuf>> {
    let flag = globals.config.clone().map(|path| Said {
        value: path,
        origin: Origin::Flag("--config"),
    });
    flag.or_else(|| {
        Some(Said {
            value: variable(env::CONFIG)?.into(),
            origin: Origin::Variable(env::CONFIG),
        })
    })
}

/// The home by a flag, by its variable, or the usual place.
fn home(globals: &Globals) -> Option<Said<PathBuf>> {
    let by = |value: PathBuf, origin| Said { value, origin };
    let usual = || {
        variable(env::XDG_DATA_HOME)
            .map(PathBuf::from)
            .or_else(|| variable(env::USER_HOME).map(|home| Path::new(&home).join(".local/share")))
    };
    globals
        .home
        .clone()
        .map(|home| by(home, Origin::Flag("--home")))
        .or_else(|| variable(env::HOME).map(|home| by(home.into(), Origin::Variable(env::HOME))))
        .or_else(|| usual().map(|data| by(data.join("fondaco"), Origin::Default)))
}
