//! `fondaco key`.

mod add;
mod list;
mod revoke;

use clap::Subcommand;
use fondaco_app::keys::Key;
use fondaco_domain::UnixMicros;
use fondaco_domain::access::Scope;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco key`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a key; its secret is told now and never again.
    Add(add::Args),
    /// The keys, without their secrets.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// End a key: it opens nothing a second from now.
    Revoke(revoke::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Revoke(args) => revoke::run(args, context),
    }
}

/// A key for people and programs.
#[derive(Debug, Serialize)]
struct KeyShown {
    name: String,
    id: String,
    scopes: Vec<&'static str>,
    state: &'static str,
    created_at: String,
    created_by: String,
    expires_at: Option<String>,
    revoked_at: Option<String>,
    revoked_by: Option<String>,
}

impl KeyShown {
    fn of(key: &Key, now: UnixMicros) -> Self {
        let revoked = key.revoked.as_ref();
        Self {
            name: key.name.clone(),
            id: key.id.clone(),
            scopes: key.scopes.iter().map(Scope::as_str).collect(),
            state: key.state(now),
            created_at: key.created_at.to_string(),
            created_by: key.created_by.clone(),
            expires_at: key.expires_at.map(|at| at.to_string()),
            revoked_at: revoked.map(|revoked| revoked.at.to_string()),
            revoked_by: revoked.map(|revoked| revoked.by.clone()),
        }
    }

    /// Until when, or since when no more.
    fn until(&self) -> String {
        match (&self.revoked_at, &self.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) if self.state == "expired" => format!("expired {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "until revoked".to_owned(),
        }
    }
}
