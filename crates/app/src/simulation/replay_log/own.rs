//! What the actions of a log give when nothing else is taken from it.
//!
//! Every action is an order in an account with the rules of the market,
//! filled at the open of the candle at its stamp, or refused with a reason. No
//! stated position or cash is looked at.

use std::collections::BTreeMap;

use fondaco_domain::Symbol;
use fondaco_domain::ledger::{
    Account, Fees, Ledger, LedgerError, Order, Prices as Quoted, Quote, decimal,
};
use rust_decimal::Decimal;

use super::audit::{action, held};
use super::log::{Deed, Row, Wish};
use super::prices::Prices;
use super::report::{Because, Market, Refused};

/// The account of the actions alone.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Alone {
    /// Worth after each row, in order; `None` where it cannot be told.
    pub(super) values: Vec<Option<Decimal>>,
    pub(super) filled: usize,
    pub(super) refused: Vec<Refused>,
    /// Cash at the end.
    pub(super) cash: Decimal,
    /// Positions at the end.
    pub(super) held: BTreeMap<String, Decimal>,
}

/// The rules of a market, without fees: what published comparisons assume.
pub(super) fn account(market: Market, fractional: bool) -> Account {
    let rules = match market {
        Market::Us => Account::us_equity(),
        Market::AShare => Account::a_share(),
        Market::Crypto => Account::crypto(),
    };
    let fees = Fees {
        decimals: rules.fees.decimals,
        ..Fees::default()
    };
    let quantity_step = rules.quantity_step.filter(|_| !fractional);
    Account {
        fees,
        quantity_step,
        ..rules
    }
}

/// Walks all rows, which are in order of their stamps.
pub(super) fn alone(
    rows: &[Row],
    account: Account,
    capital: Decimal,
    prices: &Prices,
    daily: bool,
) -> Result<Alone, LedgerError> {
    let Some(first) = rows.first() else {
        return Ok(Alone {
            values: Vec::new(),
            filled: 0,
            refused: Vec::new(),
            cash: capital,
            held: BTreeMap::new(),
        });
    };
    let mut walk = Walk {
        ledger: Ledger::open(account, first.at, capital)?,
        prices,
        daily,
    };
    let (mut filled, mut refused) = (0, Vec::new());
    let mut values = Vec::with_capacity(rows.len());
    for row in rows {
        if row.at > walk.ledger.state().session() {
            walk.ledger.begin(row.at, &[])?;
        }
        match walk.act(row) {
            Ok(true) => filled += 1,
            Ok(false) => {}
            Err(because) => refused.push(told(row, because)),
        }
        values.push(walk.worth(row));
    }
    let state = walk.ledger.state();
    Ok(Alone {
        values,
        filled,
        refused,
        cash: state.cash(),
        held: held(state),
    })
}

struct Walk<'a> {
    ledger: Ledger,
    prices: &'a Prices,
    daily: bool,
}

impl Walk<'_> {
    /// Whether something was filled.
    fn act(&mut self, row: &Row) -> Result<bool, Because> {
        let wish = match &row.deed {
            Deed::Nothing => return Ok(false),
            Deed::Unknown(_) => return Err(Because::UnknownAction),
            Deed::Trade(wish) => wish,
        };
        let (symbol, quantity) = wanted(wish)?;
        let name = symbol.as_str();
        let candle = self.prices.candle(name, row.at, self.daily);
        let open = candle
            .and_then(|candle| candle.open)
            .ok_or(Because::NoCandle)?;
        let ledger = |refusal| Because::Ledger { refusal };
        let mut quote = Quote::at(decimal(open).map_err(ledger)?);
        if let Some(before) = self.prices.close_before(name, row.at, self.daily) {
            quote = quote.after(decimal(before).map_err(ledger)?);
        }
        let order = Order {
            symbol,
            action: action(wish.kind),
            quantity,
        };
        self.ledger.order(&order, quote).map_err(ledger)?;
        Ok(true)
    }

    /// At the closes of the moment; a name without one counts at the price it
    /// was last filled at.
    fn worth(&self, row: &Row) -> Option<Decimal> {
        let names = self.ledger.state().positions().keys();
        let quoted: Quoted = names
            .filter_map(|symbol| {
                let close = self.prices.close(symbol.as_str(), row.at, self.daily)?;
                Some((symbol.clone(), decimal(close.price).ok()?))
            })
            .collect();
        self.ledger.value(&quoted).ok().map(|it| it.value)
    }
}

fn wanted(wish: &Wish) -> Result<(Symbol, Decimal), Because> {
    let symbol = wish.symbol.as_deref().and_then(|name| name.parse().ok());
    Ok((
        symbol.ok_or(Because::NoSymbol)?,
        wish.amount.ok_or(Because::NoAmount)?,
    ))
}

fn told(row: &Row, because: Because) -> Refused {
    let (action, symbol, amount) = match &row.deed {
        Deed::Nothing => (String::new(), None, None),
        Deed::Unknown(word) => (word.clone(), None, None),
        Deed::Trade(wish) => (wish.word.clone(), wish.symbol.clone(), wish.amount),
    };
    let text = match &because {
        Because::UnknownAction => format!("`{action}` is not an action"),
        Because::NoSymbol => match &symbol {
            None => "no symbol is named".to_owned(),
            Some(name) => format!("`{name}` is not a symbol"),
        },
        Because::NoAmount => "no amount is named".to_owned(),
        Because::NoCandle => format!(
            "{} has no candle at {}",
            symbol.as_deref().unwrap_or_default(),
            row.at
        ),
        Because::Ledger { refusal } => refusal.to_string(),
    };
    Refused {
        line: row.line,
        at: row.at.to_string(),
        action,
        symbol,
        amount,
        because,
        text,
    }
}
