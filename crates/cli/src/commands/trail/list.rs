//! `fondaco trail list`.

use clap::ValueEnum;
use fondaco_app::ports::records::{RecordKind, TrailQuery};
use fondaco_app::trail::{self, Entry};
use serde::Serialize;
use serde_json::Value;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Which changes.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco trail list\n  fondaco trail list --kind flag --limit 5\n\nWhat happened to a \
                  run is in its events: `fondaco run events`."
)]
pub(crate) struct Args {
    /// Only of this kind.
    #[arg(long, value_enum)]
    kind: Option<KindWord>,
    /// Only of what has this name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// So many at most.
    #[arg(long, value_name = "NUMBER", default_value_t = 50)]
    limit: usize,
    /// Only those before this place.
    #[arg(long, value_name = "NUMBER")]
    before: Option<u64>,
    #[command(flatten)]
    store: StoreArgs,
}

/// What a change is of.
#[derive(Debug, Clone, Copy, ValueEnum)]
#[value(rename_all = "snake_case")]
enum KindWord {
    /// Keys to the API.
    Key,
    /// Flags.
    Flag,
    /// Strategies.
    Strategy,
    /// Confirmations of what cannot be taken back.
    Confirmation,
    /// Halts.
    Halt,
    /// Schedules.
    Schedule,
    /// Imports of candles.
    Data,
    /// What the runtime runs.
    Runtime,
    /// What calls of models have cost.
    Spending,
    /// Instruments that are watched.
    Watchlist,
    /// Accounts that positions are noted under.
    Account,
    /// Positions that somebody noted.
    Position,
    /// Tasks of analyses by the names that their clients gave.
    AnalysisTask,
    /// Steps of the migration from legacy files.
    Migration,
    /// That a key of a provider of models was saved.
    ProviderKey,
}

impl From<KindWord> for RecordKind {
    fn from(word: KindWord) -> Self {
        match word {
            KindWord::Key => Self::Key,
            KindWord::Flag => Self::Flag,
            KindWord::Strategy => Self::Strategy,
            KindWord::Confirmation => Self::Confirmation,
            KindWord::Halt => Self::Halt,
            KindWord::Schedule => Self::Schedule,
            KindWord::Data => Self::Data,
            KindWord::Runtime => Self::Runtime,
            KindWord::Spending => Self::Spending,
            KindWord::Watchlist => Self::Watchlist,
            KindWord::Account => Self::Account,
            KindWord::Position => Self::Position,
            KindWord::AnalysisTask => Self::AnalysisTask,
            KindWord::Migration => Self::Migration,
            KindWord::ProviderKey => Self::ProviderKey,
        }
    }
}

#[derive(Debug, Serialize)]
struct Listing {
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    no: u64,
    kind: &'static str,
    name: String,
    version: u32,
    at: String,
    actor: String,
    removed: bool,
    body: Option<Value>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let query = TrailQuery {
        kind: args.kind.map(RecordKind::from),
        name: args.name.clone(),
        before: args.before,
        limit: Some(args.limit),
    };
    let entries = trail::list(client.store(), &query)?;
    let changes = entries.into_iter().map(Change::of).collect();
    Ok(context.output.print(&Listing { changes })?)
}

impl Change {
    fn of(entry: Entry) -> Self {
        Self {
            no: entry.no,
            kind: entry.kind.as_str(),
            name: entry.name,
            version: entry.version,
            at: entry.at.to_string(),
            actor: entry.actor,
            removed: entry.body.is_none(),
            body: entry.body,
        }
    }
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        if self.changes.is_empty() {
            return "nothing was changed\n".to_owned();
        }
        let mut table = Table::new([
            ("No", Align::Right),
            ("When", Align::Left),
            ("Who", Align::Left),
            ("What", Align::Left),
            ("Version", Align::Right),
        ]);
        for change in &self.changes {
            let removed = if change.removed { ", removed" } else { "" };
            table.row([
                change.no.to_string().into(),
                change.at.clone().into(),
                change.actor.clone().into(),
                format!("{} {}{removed}", change.kind, change.name).into(),
                change.version.to_string().into(),
            ]);
        }
        table.render(style)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A kind that is stored can be asked for, by the name that is shown.
    #[test]
    fn every_kind_has_its_word() {
        let words: Vec<RecordKind> = KindWord::value_variants()
            .iter()
            .map(|&word| RecordKind::from(word))
            .collect();
        assert_eq!(words, RecordKind::ALL);
        for word in KindWord::value_variants() {
            let said = word.to_possible_value().unwrap();
            assert_eq!(said.get_name(), RecordKind::from(*word).as_str());
        }
    }
}
