//! `fondaco flag`.

mod list;
mod set;
mod unset;

use clap::Subcommand;
use fondaco_app::flags::FlagNow;
use fondaco_domain::flags::FlagValue;
use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;

/// Verbs of `fondaco flag`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Every flag with its value.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// Give a flag a value: it counts from the next decision on.
    Set(set::Args),
    /// Give a flag its default back.
    Unset(unset::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::List(args) => list::run(args, context),
        Command::Set(args) => set::run(args, context),
        Command::Unset(args) => unset::run(args, context),
    }
}

/// A flag for people and programs.
#[derive(Debug, Serialize)]
struct FlagShown {
    name: &'static str,
    r#type: &'static str,
    value: FlagValue,
    default: FlagValue,
    doc: &'static str,
    since: &'static str,
    /// 0 where nothing is set.
    version: u32,
    set_at: Option<String>,
    set_by: Option<String>,
    /// The variable of the environment that says it, where nobody has set it.
    variable: Option<&'static str>,
}

impl FlagShown {
    fn of(now: &FlagNow) -> Self {
        let spec = now.flag.spec();
        let set = now.set.as_ref();
        Self {
            name: spec.name,
            r#type: spec.kind.as_str(),
            value: now.value.clone(),
            default: spec.default,
            doc: spec.doc,
            since: spec.since,
            version: now.version,
            set_at: set.map(|(at, _)| at.to_string()),
            set_by: set.map(|(_, actor)| actor.clone()),
            variable: now.variable,
        }
    }

    /// `name is value`, and whose doing that is.
    fn line(&self) -> String {
        let whose = match (&self.set_at, &self.set_by) {
            (Some(at), Some(by)) => format!("set {at} by {by}"),
            _ => self
                .variable
                .map_or_else(|| "by default".to_owned(), |name| format!("by {name}")),
        };
        format!("{} is {}, {whose}\n", self.name, self.value)
    }
}
