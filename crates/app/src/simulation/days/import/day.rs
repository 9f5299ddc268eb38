//! From what rows say of a day to a day of ours.

use std::collections::BTreeMap;

use fondaco_contract::v1alpha1::JobVersion;
use fondaco_contract::v1alpha1::analysis::CallTokens;
use fondaco_contract::v1alpha1::simulation::{
    Action, ActionKind, ActionState, DayFigures, DaySession, DayState, Holding, Message, ModelDay,
    SimulationAccount,
};
use fondaco_domain::ledger::{Ledger, MONEY_DECIMALS, Quote, decimal};
use fondaco_domain::{Bar, Symbol, UnixMicros};
use rust_decimal::Decimal;
use serde_json::Value;

use super::Dirt;
use super::rows::ModelDayName;
use crate::ports::days::{KeptDay, Origin};
use crate::simulation::trading::account;

/// What rows say of a day.
pub(super) struct Raw {
    pub(super) name: ModelDayName,
    pub(super) start_cash: Decimal,
    pub(super) start_value: Decimal,
    pub(super) profit: Decimal,
    pub(super) return_pct: f64,
    pub(super) end_cash: Decimal,
    pub(super) end_value: Decimal,
    /// At the end.
    pub(super) holdings: BTreeMap<Symbol, Decimal>,
    pub(super) actions: Vec<RawAction>,
    pub(super) summary: Option<String>,
    pub(super) said: Vec<Message>,
    pub(super) gap: u32,
    pub(super) started: UnixMicros,
    pub(super) completed: UnixMicros,
}

/// What rows say of an action.
pub(super) struct RawAction {
    pub(super) kind: String,
    pub(super) symbol: Option<Symbol>,
    pub(super) quantity: Decimal,
    pub(super) price: Decimal,
}

impl Raw {
    /// For a note.
    pub(super) fn name(&self) -> String {
        let ModelDayName { job, model, date } = &self.name;
        format!("{date} {model} of {job}")
    }
}

impl RawAction {
    /// Bought or sold.
    fn is_order(&self) -> bool {
        ["buy", "sell"].contains(&self.kind.as_str())
    }

    /// An order of nothing, or of less.
    pub(super) fn is_empty(&self) -> bool {
        self.is_order() && (self.quantity <= Decimal::ZERO || self.symbol.is_none())
    }

    /// What it added to the quantity held.
    fn added(&self) -> Decimal {
        match self.kind.as_str() {
            "buy" => self.quantity,
            "sell" => -self.quantity,
            _ => Decimal::ZERO,
        }
    }

    /// What it took of the cash.
    pub(super) fn paid(&self) -> Decimal {
        money(self.added(), self.price)
    }
}

fn money(quantity: Decimal, price: Decimal) -> Decimal {
    quantity.saturating_mul(price).round_dp(MONEY_DECIMALS)
}

/// The day, whole; what is wrong where it cannot be one.
pub(super) fn of(
    raw: Raw,
    book: &str,
    prices: &BTreeMap<Symbol, Vec<Bar>>,
) -> Result<KeptDay, Dirt> {
    let ended: BTreeMap<Symbol, Decimal> = raw
        .holdings
        .iter()
        .filter(|(_, quantity)| !quantity.is_zero())
        .map(|(symbol, quantity)| (symbol.clone(), *quantity))
        .collect();
    if raw.end_cash < Decimal::ZERO || ended.values().any(|quantity| *quantity < Decimal::ZERO) {
        return Err(Dirt::Negative);
    }
    let mut began = ended.clone();
    for action in &raw.actions {
        if let Some(symbol) = &action.symbol {
            *began.entry(symbol.clone()).or_default() -= action.added();
        }
    }
    began.retain(|_, quantity| !quantity.is_zero());
    let price = |symbol: &Symbol| price(&raw, symbol, prices);
    let end = state(raw.end_cash, raw.end_value, &ended, &price);
    let ledger = ledger(&raw, &ended, &price)?;
    let start = state(raw.start_cash, raw.start_value, &began, &price);
    let actions = actions(&raw);
    let calls = raw
        .said
        .iter()
        .filter(|said| said.role.as_str() == "assistant");
    let calls = calls.count() as u32;
    Ok(KeptDay {
        book: Some(book.to_owned()),
        origin: Origin::Imported(raw.name.job),
        started_at: raw.started,
        completed_at: raw.completed,
        stale: false,
        day: ModelDay {
            version: JobVersion,
            date: raw.name.date,
            after: None,
            days_since_last_trading: raw.gap,
            start,
            figures: DayFigures {
                profit: raw.profit,
                return_pct: raw.return_pct,
                costs: Decimal::ZERO,
            },
            actions,
            waiting: Vec::new(),
            end,
            ledger,
            session: DaySession {
                model: format!("imported/{}", raw.name.model),
                ended: "finished".to_owned(),
                summary: raw.summary,
                calls,
                tokens: CallTokens::default(),
                cost_nano: 0,
                conversation: raw.said,
                read: Vec::new(),
            },
            model: raw.name.model,
            room: None,
        },
    })
}

/// The open of the day, else what was paid or taken that day, else the last
/// close before.
fn price(raw: &Raw, symbol: &Symbol, prices: &BTreeMap<Symbol, Vec<Bar>>) -> Option<Decimal> {
    let bars = prices.get(symbol).map(Vec::as_slice).unwrap_or_default();
    let at = raw.name.date.open();
    let before = bars.partition_point(|bar| bar.time < at);
    let open = bars.get(before).filter(|bar| bar.time == at);
    let open = open.and_then(|bar| decimal(bar.open).ok());
    let traded = || {
        let mut actions = raw.actions.iter();
        let of = |action: &&RawAction| {
            action.symbol.as_ref() == Some(symbol) && action.price > Decimal::ZERO
        };
        actions.find(of).map(|action| action.price)
    };
    let close = || {
        let last = before.checked_sub(1).and_then(|last| bars.get(last));
        last.and_then(|bar| decimal(bar.close).ok())
    };
    open.or_else(traded).or_else(close)
}

fn state(
    cash: Decimal,
    value: Decimal,
    held: &BTreeMap<Symbol, Decimal>,
    price: &dyn Fn(&Symbol) -> Option<Decimal>,
) -> DayState {
    let holdings = held.iter().map(|(symbol, quantity)| Holding {
        symbol: symbol.clone(),
        quantity: *quantity,
        price: price(symbol),
        price_of: None,
    });
    DayState {
        cash,
        margin: Decimal::ZERO,
        holdings: holdings.collect(),
        value,
    }
}

/// A ledger that has just this: opened with the money that all is worth, and
/// everything bought for it.
fn ledger(
    raw: &Raw,
    held: &BTreeMap<Symbol, Decimal>,
    price: &dyn Fn(&Symbol) -> Option<Decimal>,
) -> Result<Value, Dirt> {
    let mut bought = Vec::new();
    let mut cash = raw.end_cash;
    for (symbol, quantity) in held {
        let price = price(symbol).ok_or(Dirt::NoPrice)?;
        cash += money(*quantity, price);
        bought.push((symbol, *quantity, Quote::at(price)));
    }
    let is_fractional = held.values().any(|quantity| !quantity.is_integer());
    let account = account(&SimulationAccount {
        fractional: is_fractional.then_some(true),
        ..SimulationAccount::default()
    });
    let session = raw.name.date.session();
    let mut ledger = Ledger::open(account, session, cash).map_err(|_| Dirt::Number)?;
    for (symbol, quantity, quote) in bought {
        ledger
            .buy(symbol, quantity, quote)
            .map_err(|_| Dirt::Number)?;
    }
    serde_json::to_value(ledger.into_parts().0).map_err(|_| Dirt::Number)
}

/// What was done, with the cash after each.
fn actions(raw: &Raw) -> Vec<Action> {
    let mut cash = raw.start_cash;
    let mut actions = Vec::new();
    for action in raw.actions.iter().filter(|action| !action.is_empty()) {
        cash -= action.paid();
        let (kind, symbol) = match action.kind.as_str() {
            "buy" => (ActionKind::Buy, action.symbol.clone()),
            "sell" => (ActionKind::Sell, action.symbol.clone()),
            _ => (ActionKind::Hold, None),
        };
        let is_hold = kind == ActionKind::Hold;
        actions.push(Action {
            kind,
            symbol,
            quantity: if is_hold {
                Decimal::ZERO
            } else {
                action.quantity
            },
            state: ActionState::Filled {
                price: if is_hold { Decimal::ZERO } else { action.price },
                costs: Decimal::ZERO,
                cash_after: cash,
                value_after: raw.end_value,
            },
            ordered: None,
            forced: false,
        });
    }
    actions
}
