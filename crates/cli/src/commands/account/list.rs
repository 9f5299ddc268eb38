//! `fondaco account list`.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::context::Context;
use crate::errors::Failure;
use crate::host::{Client, StoreArgs};
use crate::output::{Style, View};
use crate::table::{Align, Table};

/// Options.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  fondaco account list")]
pub(crate) struct Args {
    #[command(flatten)]
    store: StoreArgs,
}

#[derive(Debug, Serialize)]
struct Listing {
    accounts: Vec<Shown>,
}

#[derive(Debug, Serialize)]
struct Shown {
    account_name: String,
    positions: usize,
    added_at: Option<String>,
    added_by: Option<String>,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let portfolio = client.portfolio();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for position in portfolio.positions(None)? {
        *counts.entry(position.account).or_default() += 1;
    }
    let accounts = portfolio.accounts()?.into_iter().map(|account| Shown {
        positions: counts.get(&account.account_name).copied().unwrap_or(0),
        added_at: account.added_at.map(|at| at.to_string()),
        added_by: account.added_by,
        account_name: account.account_name,
    });
    Ok(context.output.print(&Listing {
        accounts: accounts.collect(),
    })?)
}

impl View for Listing {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Account", Align::Left),
            ("Positions", Align::Right),
            ("Added by", Align::Left),
        ]);
        for one in &self.accounts {
            let added_by = one.added_by.clone();
            table.row([
                one.account_name.clone().into(),
                one.positions.to_string().into(),
                added_by.unwrap_or_else(|| "always there".to_owned()).into(),
            ]);
        }
        table.render(style)
    }
}
