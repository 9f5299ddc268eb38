//! `fondaco up`: every role in one process; and what is done with that
//! process: `down`, `logs`, `status`.

mod detached;
pub(crate) mod down;
pub(crate) mod logs;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use fondaco_app::roles::Role;
use fondaco_domain::{ErrorKind, Hint};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use tracing::error;

use super::roles::{LogArgs, WorkArgs, log_format};
use crate::context::Context;
use crate::errors::Failure;
use crate::logs::{Lines, LogFile};
use crate::output::{Style, View};
use crate::process::state::{Known, UpLock};
use crate::process::{self, ListenWord, Wish, listen_at};
use crate::table::{Align, Table};

/// Where the log is, in the home.
const LOG: &str = "logs/fondaco.log";

/// How it is started.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Every role listens at its own port of this machine: control at 8000, trading at 8001, news at 8002, \
                  runtime at 8003, the gateway's socket at 8765. A home where nothing was yet gets sample candles and \
                  strategies.\n\nExamples:\n  fondaco up\n  fondaco up -d\n  fondaco up --listen \
                  control=127.0.0.1:9000 --slots 4\n\nCtrl-C, SIGTERM or `fondaco down`: no connection and no task is \
                  taken any more, what runs is finished, and it ends with 0."
)]
pub(crate) struct Args {
    /// Go on in the background, and return when everything is ready.
    #[arg(long, short)]
    detach: bool,
    /// The process in the background.
    #[arg(long, hide = true)]
    background: bool,
    /// Address of a role; port 0 for a free one. May be given several times.
    /// Where other machines can reach it, everybody needs a key.
    #[arg(long, value_name = "ROLE=ADDRESS")]
    listen: Vec<ListenWord>,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    log: LogArgs,
}

/// The log cannot be written.
#[derive(Debug, Error)]
#[error("cannot write the log {}", path.display())]
struct LogFileError {
    path: PathBuf,
    #[source]
    source: std::io::Error,
}

impl Hint for LogFileError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Storage
    }

    fn hint(&self) -> Option<String> {
        Some("check the folder, its permissions and the free space".to_owned())
    }
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    if args.background {
        return detached::child(|ready| serve(args, context, ready));
    }
    if args.detach {
        let known = detached::start(context)?;
        return Ok(context.output.print(&Up::of(known))?);
    }
    serve(args, context, &mut |known| {
        Ok(context.output.print(&Up::of(known.clone()))?)
    })
}

/// Until somebody says to stop.
fn serve(
    args: &Args,
    context: &Context,
    ready: &mut dyn FnMut(&Known) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut settings = context.settings()?;
    listen_at(&mut settings, &args.listen, &Role::ALL)?;
    args.work.over(&mut settings);
    args.log.over(&mut settings);
    let lock = UpLock::take(context.home())?;
    context.deployment().begin(context.home())?;
    let log = log_of(context);
    let failed = |source| LogFileError {
        path: log.clone(),
        source,
    };
    crate::logs::start(Lines {
        level: settings.log.level.value,
        format: log_format(&settings, context),
        stderr: !args.background,
        file: Some(Mutex::new(LogFile::open(&log).map_err(failed)?)),
    })?;
    let wish = Wish {
        roles: Role::ALL.to_vec(),
        settings,
        once: false,
        generation: None,
        up: Some(lock),
        log: Some(log),
    };
    process::run(wish, context, ready).inspect_err(|failure| {
        // Who looks into the log later finds it there, too.
        if args.background {
            error!(name: "failed", kind = %failure.kind(), "{}", failure.in_words());
        }
    })
}

fn log_of(context: &Context) -> PathBuf {
    context.home().join(Path::new(LOG))
}

/// What is up.
#[derive(Debug, Serialize, Deserialize)]
struct Up {
    process: Known,
}

impl Up {
    fn of(process: Known) -> Self {
        Self { process }
    }
}

impl View for Up {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([("Role", Align::Left), ("Address", Align::Left)]);
        for (role, address) in self.process.roles() {
            let address = match (role, address) {
                (_, None) => "in this process".to_owned(),
                (Role::Gateway, Some(address)) => format!("ws://{address}"),
                (_, Some(address)) => format!("http://{address}"),
            };
            table.row([role.as_str().into(), address.into()]);
        }
        format!(
            "{} as process {}\n{}stop it with `fondaco down`, look at it with `fondaco status` and `fondaco logs`\n",
            style.good("fondaco is up"),
            self.process.pid,
            table.render(style)
        )
    }
}
