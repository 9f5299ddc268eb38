//! Watchlist and positions of a legacy folder, taken over.
//!
//! Tasks and recommendations are not: no run of ours is behind them. They are
//! read where they lie.

use fondaco_domain::{ErrorKind, Hint};
use serde::{Deserialize, Serialize};

use super::legacy::{Held, Watch};
use super::{Migration, MigrationError};
use crate::portfolio::{NewPosition, Portfolio, PortfolioError};
use crate::ports::records::{Change, RecordKind};

/// What an import did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Imported {
    /// The folder.
    pub from: String,
    /// Instruments that are watched now.
    pub watched: usize,
    /// Accounts that were added.
    pub accounts: usize,
    /// Positions that were noted.
    pub positions: usize,
    /// What was there already.
    pub known: usize,
    /// What was refused, and why. Everything else was taken over.
    pub refused: Vec<Refused>,
    /// Recommendations that are read where they lie.
    pub recommendations: usize,
    /// Tasks that are.
    pub tasks: usize,
}

/// Something that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// What: the ticker, and where it stood.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// The name of the record of an import.
const IMPORT: &str = "import";

impl Migration {
    /// Takes over what is watched and held. Done twice it changes nothing more:
    /// what is there already, the same in all that the file says, is left.
    /// Nothing is changed where a file cannot be understood, or with `dry`.
    pub fn import(&self, actor: &str, dry: bool) -> Result<Imported, MigrationError> {
        let shelf = self.files.shelf().map_err(MigrationError::Legacy)?;
        let recommended = self.files.recommendations();
        let ids = self.files.task_ids().map_err(MigrationError::Legacy)?;
        let mut done = Imported {
            from: self.place(),
            recommendations: recommended.map_err(MigrationError::Legacy)?.len(),
            tasks: ids.len(),
            ..Imported::default()
        };
        let portfolio = Portfolio {
            store: &*self.store,
            machine: &*self.machine,
            actor,
        };
        for one in &shelf.watchlist {
            watch(&portfolio, one, dry, &mut done)?;
        }
        for one in &shelf.positions {
            hold(&portfolio, one, dry, &mut done)?;
        }
        if !dry {
            let change = Change::write(RecordKind::Migration, IMPORT, None, &done);
            self.store.put_record(change, self.asked(actor))?;
        }
        Ok(done)
    }
}

fn watch(
    portfolio: &Portfolio<'_>,
    one: &Watch,
    dry: bool,
    done: &mut Imported,
) -> Result<(), MigrationError> {
    let known = portfolio.watchlist();
    let known = known.map_err(refused_store)?;
    if known
        .iter()
        .any(|known| known.ticker.as_str() == one.ticker)
    {
        done.known += 1;
        return Ok(());
    }
    if dry {
        done.watched += 1;
        return Ok(());
    }
    match portfolio.watch(&one.ticker, one.name.as_deref()) {
        Ok(_) => done.watched += 1,
        Err(PortfolioError::Watched(_)) => done.known += 1,
        Err(error) => refuse(done, format!("{} of the watchlist", one.ticker), error)?,
    }
    Ok(())
}

fn hold(
    portfolio: &Portfolio<'_>,
    one: &Held,
    dry: bool,
    done: &mut Imported,
) -> Result<(), MigrationError> {
    let what = || match &one.account {
        Some(account) => format!("{} of account {account}", one.ticker),
        None => format!("{} of the positions", one.ticker),
    };
    let account = one.account.as_deref();
    let known = portfolio.positions(account);
    let known = known.map_err(refused_store)?;
    let Ok(date) = one.purchase_date.as_deref().map(str::parse).transpose() else {
        let why = "its day of purchase is no day".to_owned();
        done.refused.push(Refused { what: what(), why });
        return Ok(());
    };
    let notes = one.notes.clone().unwrap_or_default();
    let is_known = known.iter().any(|known| {
        (known.ticker.as_str(), known.shares, known.cost_price)
            == (one.ticker.as_str(), one.shares, one.cost_price)
            && known.purchase_date == date
            && known.notes == notes
    });
    if is_known {
        done.known += 1;
        return Ok(());
    }
    if dry {
        done.positions += 1;
        return Ok(());
    }
    if let Some(account) = account
        && !is_there(portfolio, account)?
    {
        match portfolio.add_account(account) {
            Ok(_) => done.accounts += 1,
            Err(PortfolioError::AccountTaken(_)) => {}
            Err(error) => return refuse(done, what(), error),
        }
    }
    let new = NewPosition {
        ticker: one.ticker.clone(),
        shares: one.shares,
        cost_price: one.cost_price,
        purchase_date: date,
        notes,
        account: one.account.clone(),
    };
    match portfolio.add_position(new) {
        Ok(_) => done.positions += 1,
        Err(error) => return refuse(done, what(), error),
    }
    Ok(())
}

fn is_there(portfolio: &Portfolio<'_>, account: &str) -> Result<bool, MigrationError> {
    let known = portfolio.accounts().map_err(refused_store)?;
    Ok(known.iter().any(|known| known.account_name == account))
}

/// What is wrong with one entry leaves the others; what is wrong with the
/// store ends the import.
fn refuse(done: &mut Imported, what: String, error: PortfolioError) -> Result<(), MigrationError> {
    match error.kind() {
        ErrorKind::Invalid | ErrorKind::NotFound | ErrorKind::Conflict => {
            let why = error.to_string();
            done.refused.push(Refused { what, why });
            Ok(())
        }
        _ => Err(refused_store(error)),
    }
}

fn refused_store(error: PortfolioError) -> MigrationError {
    match error {
        PortfolioError::Store(error) => error.into(),
        error => MigrationError::Legacy(crate::ports::Failure::new(error)),
    }
}
