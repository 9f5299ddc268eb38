//! `fondaco key add`.

use std::time::Duration;

use clap::ValueEnum;
use fondaco_app::keys::{self, NewKey};
use fondaco_app::ports::machine::Machine;
use fondaco_domain::access::Scope;
use serde::Serialize;

use super::KeyShown;
use crate::commands::run::duration;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};

/// Whose, and for what.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco key add desk --scope read --scope run --expires 30d\n  fondaco key add \
                  operator --scope admin\n\nAs soon as there is a key, every request over HTTP needs one: send it as \
                  `Authorization: Bearer fdk_…` or `X-API-Key: fdk_…`."
)]
pub(crate) struct Args {
    /// Its name; events and the trail name who uses it `key:NAME`.
    #[arg(value_name = "NAME")]
    name: String,
    /// What it allows; once for each.
    #[arg(long, value_enum, value_name = "SCOPE", required = true)]
    scope: Vec<ScopeWord>,
    /// After this time it opens nothing, such as 12h or 30d.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    expires: Option<Duration>,
    #[command(flatten)]
    store: StoreArgs,
}

/// What a key allows.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum ScopeWord {
    /// Looking.
    Read,
    /// Submitting and changing runs, strategies, data and schedules.
    Run,
    /// Placing orders.
    Trade,
    /// Setting halts, and clearing them with a confirmation.
    Halt,
    /// Keys and flags, and all the others.
    Admin,
}

impl From<ScopeWord> for Scope {
    fn from(word: ScopeWord) -> Self {
        match word {
            ScopeWord::Read => Self::Read,
            ScopeWord::Run => Self::Run,
            ScopeWord::Trade => Self::Trade,
            ScopeWord::Halt => Self::Halt,
            ScopeWord::Admin => Self::Admin,
        }
    }
}

/// The key, and the one time that its secret is told.
#[derive(Debug, Serialize)]
struct Added {
    key: KeyShown,
    secret: String,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let now = client.machine.wall();
    let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
    let new = NewKey {
        name: args.name.clone(),
        scopes: args.scope.iter().copied().map(Scope::from).collect(),
        expires_at: args.expires.map(|time| now.plus(micros(time))),
    };
    let added = keys::add(client.store(), &*client.machine, client.actor(), new)?;
    Ok(context.output.print(&Added {
        key: KeyShown::of(&added.key, now),
        secret: added.secret.expose().to_owned(),
    })?)
}

impl View for Added {
    fn text(&self, style: Style) -> String {
        let key = &self.key;
        let head = format!(
            "{} allows {}, {}\n",
            style.bold(&key.name),
            key.scopes.join(", "),
            key.until()
        );
        let tail = "keep it: it is told this once, and only a hash of it is kept\n";
        head + &self.secret + "\n" + &style.dim(tail)
    }
}
