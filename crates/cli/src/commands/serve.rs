//! `fondaco serve`.

use fondaco_app::roles::Role;

use super::roles::{self, LogArgs, WorkArgs};
use crate::context::Context;
use crate::errors::Failure;
use crate::process::{self, ListenWord, Wish, listen_at};

/// Which roles, where they listen, and how to work.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco serve\n  fondaco serve --listen 127.0.0.1:0 --slots 4\n  fondaco serve trading \
                  news --listen trading=127.0.0.1:9001\n\nThe native API lies below /v1 of control; \
                  openapi/fondaco.json describes it. Ctrl-C or SIGTERM: no connection and no task is taken any more, \
                  what runs is finished, and it ends with 0. A second one stops what runs and gives it back; a third \
                  ends the program at once."
)]
pub(crate) struct Args {
    /// Roles of this process: control, trading, news, runtime, gateway, worker
    /// [default: control and worker].
    #[arg(value_name = "ROLE", value_parser = role)]
    roles: Vec<Role>,
    /// Address to listen at, port 0 for a free one: ADDRESS of the only role
    /// that listens, or ROLE=ADDRESS; may be given several times. Where other
    /// machines can reach it, everybody needs a key.
    #[arg(long, value_name = "[ROLE=]ADDRESS")]
    listen: Vec<ListenWord>,
    /// The gateway as a runtime started it.
    #[arg(long, hide = true, value_name = "NUMBER")]
    generation: Option<u64>,
    #[command(flatten)]
    work: WorkArgs,
    #[command(flatten)]
    log: LogArgs,
}

fn role(text: &str) -> Result<Role, String> {
    let names: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
    Role::parse(text).ok_or_else(|| format!("the roles are {}", names.join(", ")))
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let mut roles = match args.roles.as_slice() {
        [] => vec![Role::Control, Role::Worker],
        roles => roles.to_vec(),
    };
    roles.sort_unstable();
    roles.dedup();
    let mut settings = context.settings()?;
    listen_at(&mut settings, &args.listen, &roles)?;
    args.work.over(&mut settings);
    args.log.over(&mut settings);
    roles::start_log(&settings, context)?;
    let wish = Wish {
        roles,
        settings,
        once: false,
        generation: args.generation,
        up: None,
        log: None,
    };
    process::run(wish, context, &mut |_| Ok(()))
}
