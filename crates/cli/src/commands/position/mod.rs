//! `fondaco position`.

mod add;
mod export;
mod list;
mod remove;

use std::collections::BTreeSet;

use clap::Subcommand;
use fondaco_app::portfolio::{PortfolioError, Position, Valued, closes, value};
use fondaco_market::ParquetStore;
use serde::Serialize;

use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::host::Client;

/// Verbs of `fondaco position`.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Note a position.
    Add(add::Args),
    /// Positions, and what they have come to.
    #[command(visible_alias = "ls")]
    List(list::Args),
    /// Remove a position.
    #[command(visible_alias = "rm")]
    Remove(remove::Args),
    /// Positions as CSV.
    Export(export::Args),
}

/// Runs one of them.
pub(crate) fn run(command: &Command, context: &Context) -> Result<(), Failure> {
    match command {
        Command::Add(args) => add::run(args, context),
        Command::List(args) => list::run(args, context),
        Command::Remove(args) => remove::run(args, context),
        Command::Export(args) => export::run(args, context),
    }
}

/// Positions at the last closes of the candles there are: of all accounts, or
/// of one, which must be there.
fn valued(
    client: &Client,
    account: Option<&str>,
    context: &Context,
) -> Result<Vec<Valued>, Failure> {
    let portfolio = client.portfolio();
    if let Some(account) = account {
        let accounts = portfolio.accounts()?;
        if !accounts.iter().any(|one| one.account_name == account) {
            return Err(PortfolioError::NoAccount(account.to_owned()).into());
        }
    }
    let positions = portfolio.positions(account)?;
    let symbols: BTreeSet<_> = positions.iter().map(|one| one.ticker.clone()).collect();
    let store = ParquetStore::open(&context.home().join("data").display().to_string())?;
    let closes = block_on(closes::last_closes(&store, &symbols, context.clock.now()))??;
    Ok(value(positions, &closes))
}

/// A position for people and programs.
#[derive(Debug, Serialize)]
struct PositionShown {
    position_id: String,
    account: String,
    ticker: String,
    shares: f64,
    cost_price: f64,
    purchase_date: Option<String>,
    notes: String,
}

impl PositionShown {
    fn of(one: Position) -> Self {
        Self {
            position_id: one.position_id,
            account: one.account,
            ticker: one.ticker.to_string(),
            shares: one.shares,
            cost_price: one.cost_price,
            purchase_date: one.purchase_date.map(|date| date.to_string()),
            notes: one.notes,
        }
    }

    /// `12 AAPL at 180.5 in account default`.
    fn line(&self) -> String {
        format!(
            "{} {} at {} in account {}",
            self.shares, self.ticker, self.cost_price, self.account
        )
    }
}
