//! The ledger: its rules in numbers a person can check, and random lives held
//! against a slow account.

mod book;
mod corporate;
mod defects;
mod kept;
mod lives;
mod margin;
mod orders;
mod random;
mod reference;
mod rules;

use fondaco_domain::Symbol;
use fondaco_domain::corporate::Split;
use fondaco_domain::ledger::{
    Account, Action, CorporateAction, CorporateEvent, Ledger, LedgerState, Order, Prices, Quote,
    Side, parse,
};
use jiff::civil::{Date, date};
use rust_decimal::Decimal;

/// The day accounts of these tests are opened, and the one after it.
const MONDAY: Date = date(2025, 3, 3);
const TUESDAY: Date = date(2025, 3, 4);

/// A decimal.
fn d(text: &str) -> Decimal {
    parse(text).unwrap()
}

fn sym(text: &str) -> Symbol {
    text.parse().unwrap()
}

/// An account opened on Monday.
fn on(account: Account, cash: &str) -> Ledger {
    Ledger::open(account, MONDAY.into(), d(cash)).unwrap()
}

fn prices(all: &[(&str, &str)]) -> Prices {
    all.iter()
        .map(|(symbol, price)| (sym(symbol), d(price)))
        .collect()
}

/// What an account is worth.
fn money_of(ledger: &Ledger, at: &[(&str, &str)]) -> Decimal {
    ledger.value(&prices(at)).unwrap().value
}

/// Sells short.
fn short(ledger: &mut Ledger, symbol: &str, quantity: &str, price: &str) {
    let order = Order {
        symbol: sym(symbol),
        action: Action::Short,
        quantity: d(quantity),
    };
    ledger.order(&order, Quote::at(d(price))).unwrap();
}

/// A split on Tuesday.
fn split(symbol: &str, from: f64, to: f64, in_lieu: Option<f64>) -> CorporateAction {
    CorporateAction {
        symbol: sym(symbol),
        event: CorporateEvent::Split {
            split: Split {
                date: TUESDAY,
                from,
                to,
            },
            in_lieu,
        },
    }
}

/// `cash + margin + fees + cost of longs − proceeds of shorts + owed
/// = deposits + realised + dividends`, to the last digit.
fn conserved(state: &LedgerState) -> bool {
    let totals = state.totals();
    let invested: Decimal = state
        .positions()
        .values()
        .flat_map(|position| {
            let side = position.side();
            position.lots().iter().map(move |lot| match side {
                Side::Long => lot.cost,
                Side::Short => -lot.cost,
            })
        })
        .sum();
    let fees = totals.commission + totals.stamp_duty + totals.transfer;
    let there = state.cash() + state.margin_held().unwrap() + state.dividends_owed().unwrap();
    there + fees + invested == totals.deposits + totals.realised + totals.dividends
}
