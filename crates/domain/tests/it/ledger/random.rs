//! Random lives of accounts, told to the ledger and to the slow account.

use std::collections::{BTreeMap, BTreeSet};

use fondaco_domain::Symbol;
use fondaco_domain::corporate::{Dividend, Split};
use fondaco_domain::ledger::{
    Account, Action, CorporateAction, CorporateEvent, Entry, Ledger, LedgerState, Order, Prices,
    Quote, Refusal, Session, Side,
};
use jiff::ToSpan;
use jiff::civil::{Date, date};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rust_decimal::Decimal;

use super::book::{Book, Night, Way};
use super::conserved;
use super::lives::{Event, SYMBOLS, Size, Step, TICK, markets, steps};
use super::reference::{Figures, MONEY, Rules, UNIT};
use crate::size;

/// Both accounts, side by side.
struct Both {
    ledger: Ledger,
    book: Book,
    day: Date,
    hour: i8,
}

impl Both {
    fn open(account: Account, rules: Rules) -> Self {
        let day = date(2025, 3, 3);
        let cash = 60_000;
        let ledger = Ledger::open(account, day.into(), Decimal::from(cash));
        Self {
            ledger: ledger.unwrap(),
            book: Book::open(rules, day, cash * MONEY),
            day,
            hour: 0,
        }
    }

    /// What both answer to a step: nothing, or the name of the refusal.
    fn tell(&mut self, step: &Step) -> [Result<(), String>; 2] {
        let (ours, theirs) = match step {
            Step::Order {
                way,
                symbol,
                size,
                price,
                close,
            } => self.order(*way, SYMBOLS[*symbol], size, *price, *close),
            Step::Day { days, nights } => self.night(*days, nights),
            Step::Hour => {
                self.hour += 1;
                self.book.hour();
                let at = self.day.at(self.hour, 0, 0, 0);
                (self.ledger.begin(at.into(), &[]).map(|_| ()), Ok(()))
            }
            Step::See(prices) => {
                // The ledger refuses prices that are none; here they are left out.
                let good = |price: &Option<i128>| price.filter(|price| *price > 0);
                let seen: BTreeMap<_, _> = SYMBOLS
                    .iter()
                    .zip(prices)
                    .filter_map(|(symbol, price)| Some(((*symbol).to_owned(), good(price)?)))
                    .collect();
                self.book.see(&seen);
                (self.ledger.mark(&prices_of(&seen)), Ok(()))
            }
            Step::Deposit(amount) => {
                let ours = self.ledger.deposit(money(*amount));
                (ours, self.book.deposit(*amount))
            }
        };
        let ours = ours.map_err(|refusal| refusal.as_str().to_owned());
        [ours, theirs.map_err(str::to_owned)]
    }

    fn order(
        &mut self,
        way: Way,
        symbol: &str,
        size: &Size,
        price: i128,
        close: Option<i128>,
    ) -> (Result<(), Refusal>, Result<(), &'static str>) {
        let held = self.book.figures().held(symbol).abs();
        let quantity = match size {
            Size::Units(units) => units * UNIT,
            Size::Fraction(exact) => exact - exact % self.book.rules.step,
            Size::Held(more) => held + more * UNIT,
            Size::Finest => 1,
        };
        let actions: &[Action] = match way {
            Way::Buy => &[Action::Buy, Action::Long],
            Way::Cover => &[Action::Cover],
            Way::Sell => &[Action::Sell],
            Way::Short => &[Action::Short],
        };
        let order = Order {
            symbol: name(symbol),
            action: actions[usize::from(price % (2 * TICK) == 0) % actions.len()],
            quantity: units(quantity),
        };
        let quote = Quote {
            price: money(price),
            previous_close: close.map(money),
        };
        let ours = self.ledger.order(&order, quote).map(|_| ());
        (ours, self.book.order(way, symbol, quantity, price, close))
    }

    fn night(
        &mut self,
        days: i32,
        events: &[(usize, Event)],
    ) -> (Result<(), Refusal>, Result<(), &'static str>) {
        let day = self.day + days.days();
        let mut nights: Vec<_> = events.to_vec();
        nights.sort_by_key(|(_, event)| match event {
            Event::Split(..) => 0,
            Event::Dividend(..) => 1,
            Event::Renamed(_) => 2,
            Event::Delisted(_) => 3,
        });
        let ours: Vec<_> = events
            .iter()
            .map(|(symbol, event)| action(SYMBOLS[*symbol], event, day, self.ledger.account()))
            .collect();
        let theirs: Vec<_> = nights
            .iter()
            .map(|(symbol, event)| (SYMBOLS[*symbol].to_owned(), told(event, day)))
            .collect();
        let done = self.ledger.begin(day.into(), &ours).map(|_| ());
        self.book.day(day, &theirs);
        (self.day, self.hour) = (day, 0);
        (done, Ok(()))
    }

    fn same(&self) -> Result<(), TestCaseError> {
        let (state, figures) = (self.ledger.state(), self.book.figures());
        prop_assert_eq!(state.cash(), money(figures.cash));
        prop_assert_eq!(state.margin_held().unwrap(), money(figures.margin_held()));
        prop_assert_eq!(state.totals().realised, money(figures.realised));
        prop_assert_eq!(state.totals().dividends, money(figures.dividends));
        prop_assert_eq!(state.totals().slippage, money(figures.slippage));
        prop_assert_eq!(state.totals().deposits, money(figures.deposits));
        let totals = state.totals();
        let fees = [totals.commission, totals.stamp_duty, totals.transfer];
        prop_assert_eq!(fees, figures.fees.map(money));
        same_positions(state, &figures)?;
        let none = BTreeMap::new();
        let some = BTreeMap::from([(SYMBOLS[1].to_owned(), 77 * MONEY)]);
        for prices in [none, some] {
            let ours = self.ledger.value(&prices_of(&prices)).unwrap();
            prop_assert_eq!(ours.value, money(figures.value(&prices)));
            for at in ours.positions {
                let (_, seen) = figures.seen[at.symbol.as_str()];
                let old = seen < figures.moment && !prices.contains_key(at.symbol.as_str());
                prop_assert_eq!(at.stale_since.is_some(), old, "{}", at.symbol);
            }
        }
        Ok(())
    }
}

fn same_positions(state: &LedgerState, figures: &Figures) -> Result<(), TestCaseError> {
    let names: Vec<_> = state.positions().keys().map(ToString::to_string).collect();
    prop_assert_eq!(names, figures.symbols());
    for (symbol, position) in state.positions() {
        let symbol = symbol.as_str();
        prop_assert_eq!(position.signed(), units(figures.held(symbol)));
        prop_assert_eq!(position.basis(), money(figures.basis[symbol]));
        let parts = figures.parts.iter().filter(|part| part.symbol == symbol);
        let theirs: Vec<_> = parts
            .map(|part| (units(part.quantity.abs()), money(part.cost), part.day))
            .collect();
        let ours: Vec<_> = position
            .lots()
            .iter()
            .map(|lot| (lot.quantity, lot.cost, lot.opened.date()))
            .collect();
        prop_assert_eq!(ours, theirs, "{}", symbol);
        let margin = figures.margin.get(symbol).copied().unwrap_or(0);
        prop_assert_eq!(position.margin(), money(margin));
        prop_assert_eq!(position.side() == Side::Short, figures.held(symbol) < 0);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size(250, 5_000)))]

    /// The ledger and the slow account say yes and no to the same things, for
    /// the same reason, and have the same figures after each.
    #[test]
    fn the_ledger_is_what_a_list_of_fills_adds_up_to(
        market in 0..6_usize,
        steps in steps(),
    ) {
        let (account, rules) = markets().swap_remove(market);
        let mut both = Both::open(account, rules);
        for step in &steps {
            let [ours, theirs] = both.tell(step);
            prop_assert_eq!(ours, theirs, "{:?}", step);
            both.same()?;
        }
    }

    /// What must hold after any step of any life.
    #[test]
    fn no_life_breaks_the_ledger(market in 0..6_usize, steps in steps()) {
        let (account, rules) = markets().swap_remove(market);
        let mut both = Both::open(account.clone(), rules);
        let first = both.ledger.state().clone();
        for step in &steps {
            let before = bytes(&both.ledger);
            let cash = both.ledger.state().cash();
            let [done, _] = both.tell(step);
            let after = both.ledger.state();
            // A refusal leaves every byte as it was.
            if done.is_err() {
                prop_assert_eq!(&bytes(&both.ledger), &before);
            }
            prop_assert!(conserved(after), "{:?}", after);
            // Only a night can lead into debt, and only with shorts.
            if after.cash() < Decimal::ZERO.min(cash) {
                prop_assert!(matches!(step, Step::Day { .. } | Step::Hour), "{:?}", step);
                prop_assert!(account.margin().is_some());
            }
            // A state that is written and read is the same, and can be gone
            // on with.
            let kept: LedgerState = read(&write(after));
            prop_assert_eq!(&kept, after);
            prop_assert_eq!(write(&kept), write(after));
            prop_assert!(Ledger::resume(account.clone(), kept).is_ok());
        }
        // The entries alone come to the same.
        let journal = both.ledger.journal().to_vec();
        let written: Vec<Entry> = read(&serde_json::to_string(&journal).unwrap());
        prop_assert_eq!(&written, &journal);
        let again = Ledger::replay(account.clone(), journal.clone()).unwrap();
        prop_assert_eq!(bytes(&again), bytes(&both.ledger));
        let rest = journal[2..].to_vec();
        let resumed = Ledger::replay_from(account, first, rest).unwrap();
        prop_assert_eq!(resumed.state(), both.ledger.state());
    }

    /// A day that is resumed from what was kept goes on as if it had not been.
    #[test]
    fn a_life_cut_into_days_is_the_same_life(market in 0..6_usize, steps in steps()) {
        let (account, rules) = markets().swap_remove(market);
        let mut whole = Both::open(account.clone(), rules);
        let mut cut = Both::open(account.clone(), rules);
        for step in &steps {
            let kept: LedgerState = read(&write(cut.ledger.state()));
            cut.ledger = Ledger::resume(account.clone(), kept).unwrap();
            prop_assert_eq!(whole.tell(step), cut.tell(step));
            prop_assert_eq!(whole.ledger.state(), cut.ledger.state());
        }
    }
}

fn action(symbol: &str, event: &Event, day: Date, account: &Account) -> CorporateAction {
    let event = match event {
        Event::Split((from, to), in_lieu) => CorporateEvent::Split {
            split: Split {
                date: day,
                from: *from as f64,
                to: *to as f64,
            },
            in_lieu: Some(double(*in_lieu)),
        },
        Event::Dividend(per_share, pay) => CorporateEvent::Dividend(Dividend {
            ex_date: day,
            pay_date: pay.map(|days| day + days.days()),
            amount: double(*per_share),
            currency: account.currency.clone(),
        }),
        Event::Renamed(to) => CorporateEvent::Renamed {
            date: day,
            to: name(SYMBOLS[*to]),
        },
        Event::Delisted(price) => CorporateEvent::Delisted {
            date: day,
            price: price.map(double),
        },
    };
    CorporateAction {
        symbol: name(symbol),
        event,
    }
}

fn told(event: &Event, day: Date) -> Night {
    match event {
        Event::Split((from, to), in_lieu) => Night::Split {
            from: *from,
            to: *to,
            in_lieu: *in_lieu,
        },
        Event::Dividend(per_share, pay) => Night::Dividend {
            per_share: *per_share,
            pay: pay.map(|days| day + days.days()),
        },
        Event::Renamed(to) => Night::Renamed(SYMBOLS[*to].to_owned()),
        Event::Delisted(price) => Night::Delisted(*price),
    }
}

fn money(amount: i128) -> Decimal {
    Decimal::from_i128_with_scale(amount, 10).normalize()
}

fn units(quantity: i128) -> Decimal {
    Decimal::from_i128_with_scale(quantity, 18).normalize()
}

/// Of the four decimals that prices of the tests have.
fn double(price: i128) -> f64 {
    (price / TICK) as f64 / 10_000.0
}

fn name(symbol: &str) -> Symbol {
    symbol.parse().unwrap()
}

fn prices_of(prices: &BTreeMap<String, i128>) -> Prices {
    let each = prices.iter();
    each.map(|(symbol, price)| (name(symbol), money(*price)))
        .collect()
}

fn bytes(ledger: &Ledger) -> (String, String) {
    (
        write(ledger.state()),
        serde_json::to_string(ledger.journal()).unwrap(),
    )
}

fn write(state: &LedgerState) -> String {
    serde_json::to_string(state).unwrap()
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

/// The random lives above meet every refusal there is for them, and leave
/// every kind of entry.
#[test]
fn the_lives_meet_everything() {
    let mut runner = TestRunner::deterministic();
    let (mut refusals, mut entries) = (BTreeSet::new(), BTreeSet::new());
    for life in 0..600 {
        let steps = steps().new_tree(&mut runner).unwrap().current();
        let (account, rules) = markets().swap_remove(life % 6);
        let mut both = Both::open(account, rules);
        for step in &steps {
            refusals.extend(both.tell(step)[0].clone().err());
        }
        for entry in both.ledger.journal() {
            let written = serde_json::to_value(entry).unwrap();
            let leg = written["leg"].as_str().or(written["fee"].as_str());
            let kind = written["entry"].as_str().unwrap();
            entries.insert(format!("{kind} {}", leg.unwrap_or_default()));
        }
    }
    let all = |names: &BTreeSet<String>| {
        let names: Vec<_> = names.iter().map(|name| name.trim()).collect();
        names.join(" ")
    };
    assert_eq!(
        all(&refusals),
        "bad_amount insufficient_cash insufficient_margin insufficient_shares limit_down limit_up \
         no_position no_previous_close not_settled off_lot off_step price_not_positive \
         quantity_not_positive shorting_forbidden too_small"
    );
    assert_eq!(
        all(&entries),
        "cash_in_lieu delisted deposit dividend dividend_paid fee commission fee stamp_duty \
         fee transfer fill buy fill cover fill sell fill short margin mark renamed session split"
    );
}

#[test]
fn sessions_are_in_order() {
    let session = |text: &str| text.parse::<Session>().unwrap();
    assert!(session("2025-10-01") < session("2025-10-01 09:30:00"));
    assert!(session("2025-10-01 15:00:00") < session("2025-10-02"));
    assert_eq!(
        session("2025-10-06").days_since(session("2025-10-03 15:00:00")),
        3
    );
    for wrong in [
        "",
        "2025-10-32",
        "2025-10-01 25:00:00",
        "2025-10-01 10",
        "today",
    ] {
        assert!(wrong.parse::<Session>().is_err(), "{wrong}");
    }
}
