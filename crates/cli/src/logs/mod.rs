//! What happens, as lines: for people, or one JSON document each.
//!
//! Whoever has a fact to tell says it with the macros of `tracing`: a name
//! (`name: "started"`), fields (`run_id = %run`) and words for people. A
//! process that serves calls [`start`] once; before, and in every other
//! command, nothing is said. Nothing here sees a secret: keys and passwords
//! are no fields of any fact.

mod file;
mod line;
mod notes;

use std::io::Write;
use std::sync::Mutex;

use fondaco_domain::{ErrorKind, Hint, UnixMicros};
use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::{Event, Level, Metadata, Subscriber};
use tracing_subscriber::layer::{Context as Around, Layer, SubscriberExt};

pub(crate) use file::{LogFile, all as files};
pub(crate) use notes::Notes;

use crate::settings::{LogFormat, LogLevel};

/// Where lines go.
pub(crate) struct Lines {
    /// How much is said.
    pub(crate) level: LogLevel,
    /// In which form.
    pub(crate) format: LogFormat,
    /// Whether it goes to standard error.
    pub(crate) stderr: bool,
    /// A file that it goes to.
    pub(crate) file: Option<Mutex<LogFile>>,
}

/// Somebody else says what happens already.
#[derive(Debug, Error)]
#[error("lines of the log go elsewhere already")]
pub(crate) struct LogError(#[source] tracing::subscriber::SetGlobalDefaultError);

impl Hint for LogError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }
}

/// From now on facts are said, in the whole process.
pub(crate) fn start(lines: Lines) -> Result<(), LogError> {
    let subscriber = tracing_subscriber::registry().with(lines);
    tracing::subscriber::set_global_default(subscriber).map_err(LogError)
}

impl Lines {
    fn level(&self) -> Level {
        match self.level {
            LogLevel::Error => Level::ERROR,
            LogLevel::Warn => Level::WARN,
            LogLevel::Info => Level::INFO,
            LogLevel::Debug => Level::DEBUG,
            LogLevel::Trace => Level::TRACE,
        }
    }

    /// A line that cannot be written is lost: what it tells of goes on.
    fn say(&self, line: &str) {
        if self.stderr {
            crate::output::to_stderr(line);
        }
        if let Some(file) = &self.file
            && let Ok(mut file) = file.lock()
        {
            let _ = file.write_all(line.as_bytes());
        }
    }
}

/// Crates of others say what went wrong only, unless everything is asked for.
fn is_heard(of: &Metadata<'_>, level: Level) -> bool {
    let ours = of.target().starts_with("fondaco");
    let loudest = if ours || level == Level::TRACE {
        level
    } else {
        level.min(Level::WARN)
    };
    *of.level() <= loudest
}

impl<S: Subscriber> Layer<S> for Lines {
    fn enabled(&self, metadata: &Metadata<'_>, _: Around<'_, S>) -> bool {
        is_heard(metadata, self.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(LevelFilter::from_level(self.level()))
    }

    fn on_event(&self, event: &Event<'_>, _: Around<'_, S>) {
        let at: UnixMicros = jiff::Timestamp::now().into();
        let fact = line::Fact::of(event, at);
        self.say(&match self.format {
            LogFormat::Text => fact.text(),
            LogFormat::Json => fact.json(),
        });
    }
}
