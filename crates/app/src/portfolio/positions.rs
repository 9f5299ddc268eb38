//! Positions that somebody noted.

use fondaco_domain::{Symbol, UnixMicros};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::kept::read;
use super::{DEFAULT_ACCOUNT, LONGEST_NOTES, Portfolio, PortfolioError, name};
use crate::keys::random_name;
use crate::ports::records::{Record, RecordKind, TrailQuery};

/// A position.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Position {
    /// Its name, made when it was added.
    pub position_id: String,
    /// The instrument.
    pub ticker: Symbol,
    /// Units held, above 0.
    pub shares: f64,
    /// Price paid for a unit, from 0 on.
    pub cost_price: f64,
    /// The day it was bought, where it was said.
    pub purchase_date: Option<Date>,
    /// For people.
    pub notes: String,
    /// The account it is noted under.
    pub account: String,
    /// When it was noted.
    pub added_at: UnixMicros,
    /// By whom.
    pub added_by: String,
}

/// A position to be.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPosition {
    /// The instrument.
    pub ticker: String,
    /// Units held, above 0.
    pub shares: f64,
    /// Price paid for a unit, from 0 on.
    pub cost_price: f64,
    /// The day it was bought; not after today (UTC).
    pub purchase_date: Option<Date>,
    /// For people.
    pub notes: String,
    /// The account; [`DEFAULT_ACCOUNT`] where there is none.
    pub account: Option<String>,
}

/// Which position.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Which {
    /// In this instrument.
    pub ticker: Option<String>,
    /// Of this name.
    pub position_id: Option<String>,
    /// Under this account.
    pub account: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    ticker: Symbol,
    shares: f64,
    cost_price: f64,
    purchase_date: Option<Date>,
    notes: String,
    account: String,
}

impl Portfolio<'_> {
    /// Positions, of one account or of all, in the order in which they were
    /// noted. An account that is not there has none.
    pub fn positions(&self, account: Option<&str>) -> Result<Vec<Position>, PortfolioError> {
        let records = self.store.records(RecordKind::Position)?;
        let positions: Result<Vec<Position>, _> = records.into_iter().map(position).collect();
        let mut positions = positions?;
        positions.retain(|one| account.is_none_or(|account| one.account == account));
        positions.sort_by(|a, b| (a.added_at, &a.position_id).cmp(&(b.added_at, &b.position_id)));
        Ok(positions)
    }

    /// All positions; none where nobody ever noted one: it is not known then
    /// what is held, which is not the same as nothing.
    pub fn known_positions(&self) -> Result<Option<Vec<Position>>, PortfolioError> {
        let ever = self.store.trail(&TrailQuery {
            kind: Some(RecordKind::Position),
            limit: Some(1),
            ..TrailQuery::default()
        })?;
        if ever.is_empty() {
            return Ok(None);
        }
        self.positions(None).map(Some)
    }

    /// Notes one.
    pub fn add_position(&self, new: NewPosition) -> Result<Position, PortfolioError> {
        let kept = self.checked(new)?;
        let account = kept.account.clone();
        let id = random_name(self.machine);
        // Eighty random bits are taken once: twice the same is a broken source
        // of chance, told as a change by somebody else.
        let Some(record) = self.begin(RecordKind::Position, &id, &kept)? else {
            return Err(PortfolioError::Several {
                wanted: id.clone(),
                ids: vec![id],
            });
        };
        // See `remove_account`.
        if !self.has_account(&account)? {
            self.end(&record)?;
            return Err(PortfolioError::NoAccount(account));
        }
        position(record)
    }

    /// Removes one. More than one that is meant are
    /// [`PortfolioError::Several`], and all of them stay.
    pub fn remove_position(&self, which: &Which) -> Result<Position, PortfolioError> {
        let wanted = which.told();
        let none = || PortfolioError::NoPosition {
            wanted: wanted.clone(),
        };
        let mut found = self.positions(which.account.as_deref())?;
        found.retain(|one| which.means(one));
        if found.len() > 1 {
            let ids = found.into_iter().map(|one| one.position_id).collect();
            return Err(PortfolioError::Several { wanted, ids });
        }
        let gone = found.pop().ok_or_else(none)?;
        let seen = self.store.record(RecordKind::Position, &gone.position_id)?;
        let seen = seen.ok_or_else(none)?;
        self.end(&seen)?.ok_or_else(none)?;
        Ok(gone)
    }

    fn checked(&self, new: NewPosition) -> Result<Kept, PortfolioError> {
        let ticker: Symbol = new.ticker.trim().parse()?;
        if !(new.shares.is_finite() && new.shares > 0.0) {
            return Err(PortfolioError::Shares(new.shares));
        }
        if !(new.cost_price.is_finite() && new.cost_price >= 0.0) {
            return Err(PortfolioError::CostPrice(new.cost_price));
        }
        let today = fondaco_domain::UnixMillis(self.now().0.div_euclid(1_000)).date();
        if let Some(date) = new.purchase_date.filter(|date| *date > today) {
            return Err(PortfolioError::Future { date, today });
        }
        let length = new.notes.chars().count();
        if length > LONGEST_NOTES {
            return Err(PortfolioError::Notes(length));
        }
        let account = new.account.as_deref().unwrap_or(DEFAULT_ACCOUNT);
        let account = name("name of an account", account)?;
        if !self.has_account(&account)? {
            return Err(PortfolioError::NoAccount(account));
        }
        Ok(Kept {
            ticker,
            shares: new.shares,
            cost_price: new.cost_price,
            purchase_date: new.purchase_date,
            notes: new.notes,
            account,
        })
    }
}

impl Which {
    fn means(&self, one: &Position) -> bool {
        let is = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        is(&self.ticker, one.ticker.as_str())
            && is(&self.position_id, &one.position_id)
            && is(&self.account, &one.account)
    }

    /// As it was asked for, in words.
    fn told(&self) -> String {
        let part = |before: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("{before}`{text}`"))
        };
        let parts = [
            part("", &self.position_id),
            part("in ", &self.ticker),
            part("of account ", &self.account),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        parts.join(" ")
    }
}

fn position(record: Record) -> Result<Position, PortfolioError> {
    let kept: Kept = read(&record)?;
    Ok(Position {
        position_id: record.name,
        ticker: kept.ticker,
        shares: kept.shares,
        cost_price: kept.cost_price,
        purchase_date: kept.purchase_date,
        notes: kept.notes,
        account: kept.account,
        added_at: record.at,
        added_by: record.actor,
    })
}
