//! Accounts that positions are noted under.

use fondaco_domain::UnixMicros;
use serde::{Deserialize, Serialize};

use super::{Portfolio, PortfolioError, name};
use crate::ports::records::RecordKind;

/// The account of positions that name none: always there.
pub const DEFAULT_ACCOUNT: &str = "default";

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Account {
    /// Its name.
    pub account_name: String,
    /// When it was added; none for the one that is always there.
    pub added_at: Option<UnixMicros>,
    /// By whom.
    pub added_by: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Kept {}

impl Portfolio<'_> {
    /// All of them: the one that is always there, then the others by name.
    pub fn accounts(&self) -> Result<Vec<Account>, PortfolioError> {
        let always = Account {
            account_name: DEFAULT_ACCOUNT.to_owned(),
            added_at: None,
            added_by: None,
        };
        let records = self.store.records(RecordKind::Account)?;
        let added = records.into_iter().map(|record| Account {
            account_name: record.name,
            added_at: Some(record.at),
            added_by: Some(record.actor),
        });
        Ok(std::iter::once(always).chain(added).collect())
    }

    /// Adds one.
    pub fn add_account(&self, account: &str) -> Result<Account, PortfolioError> {
        let account = name("name of an account", account)?;
        let free = account != DEFAULT_ACCOUNT;
        let record = if free {
            self.begin(RecordKind::Account, &account, &Kept {})?
        } else {
            None
        };
        match record {
            Some(record) => Ok(Account {
                account_name: account,
                added_at: Some(record.at),
                added_by: Some(record.actor),
            }),
            None => Err(PortfolioError::AccountTaken(account)),
        }
    }

    /// Removes one without positions.
    pub fn remove_account(&self, account: &str) -> Result<(), PortfolioError> {
        let account = name("name of an account", account)?;
        if account == DEFAULT_ACCOUNT {
            return Err(PortfolioError::AccountStays(account));
        }
        let seen = self.store.record(RecordKind::Account, &account)?;
        let Some(seen) = seen else {
            return Err(PortfolioError::NoAccount(account));
        };
        self.not_in_use(&account)?;
        if self.end(&seen)?.is_none() {
            return Err(PortfolioError::NoAccount(account));
        }
        // A position may have been added between the look and the removal. Who
        // adds one looks at its account again afterwards, so that one of the
        // two always finds out.
        if let Err(in_use) = self.not_in_use(&account) {
            self.begin(RecordKind::Account, &account, &Kept {})?;
            return Err(in_use);
        }
        Ok(())
    }

    pub(super) fn has_account(&self, account: &str) -> Result<bool, PortfolioError> {
        Ok(
            account == DEFAULT_ACCOUNT
                || self.store.record(RecordKind::Account, account)?.is_some(),
        )
    }

    fn not_in_use(&self, account: &str) -> Result<(), PortfolioError> {
        match self.positions(Some(account))?.len() {
            0 => Ok(()),
            positions => Err(PortfolioError::AccountInUse {
                account: account.to_owned(),
                positions,
            }),
        }
    }
}
