//! Margin calls, in numbers a person can check.

use fondaco_domain::corporate::Dividend;
use fondaco_domain::ledger::{
    Account, Action, CorporateAction, CorporateEvent, Ledger, MAINTENANCE_MARGIN,
    MARGIN_REQUIREMENT, MarginCall, MarginState, Order, Quote, Quotes, Refusal, Settlement,
    Shorting,
};
use jiff::ToSpan;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{MONDAY, TUESDAY, conserved, d, money_of, on, prices, short, sym};
use crate::size;

fn call(ledger: &Ledger, at: &[(&str, &str)]) -> Option<MarginCall> {
    match ledger.margin(&prices(at)).unwrap() {
        MarginState::Sound { .. } => None,
        MarginState::Call(call) => Some(call),
    }
}

fn quotes(at: &[(&str, &str)]) -> Quotes {
    at.iter()
        .map(|(symbol, price)| (sym(symbol), Quote::at(d(price))))
        .collect()
}

fn dividend_of_apple(amount: f64) -> CorporateAction {
    CorporateAction {
        symbol: sym("AAPL"),
        event: CorporateEvent::Dividend(Dividend {
            ex_date: TUESDAY,
            pay_date: None,
            amount,
            currency: "USD".to_owned(),
        }),
    }
}

fn order(action: Action, symbol: &str, quantity: &str) -> Order {
    Order {
        symbol: sym(symbol),
        action,
        quantity: d(quantity),
    }
}

/// Seed 001 had three: 0.5, 0.25 and 0.
#[test]
fn there_is_one_default_for_margin() {
    assert_eq!(MARGIN_REQUIREMENT, d("0.5"));
    let one = Some((MARGIN_REQUIREMENT, MAINTENANCE_MARGIN));
    assert_eq!(Account::default().margin(), one);
    assert_eq!(Account::us_equity().margin(), one);
    let written: Account = serde_json::from_str(r#"{"shorting": {"mode": "margin"}}"#).unwrap();
    assert_eq!(written.margin(), one);
    assert_eq!(serde_json::from_str::<Account>("{}").unwrap().margin(), one);
    // A lower requirement lowers what has to stay, never the other way round.
    let low = Account {
        shorting: Shorting::requiring(d("0.2")),
        ..Account::us_equity()
    };
    assert_eq!(low.margin(), Some((d("0.2"), d("0.2"))));
}

#[test]
fn a_short_that_runs_away_is_called() {
    // 1,000 + 1,000 of proceeds − 500 of margin.
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "10", "100");
    assert_eq!(ledger.state().cash(), d("1500"));
    assert_eq!(money_of(&ledger, &[]), d("1000"));

    // At 150: worth 1,500 + 500 − 1,500 = 500; 0.3 · 1,500 = 450 is needed.
    assert_eq!(call(&ledger, &[("AAPL", "150")]), None);
    // At 160: worth 400, and 480 is needed. 400 / 0.3 = 1,333.33 may stay
    // short, 266.67 / 160 = 1.67 must go: 2.
    let called = call(&ledger, &[("AAPL", "160")]).unwrap();
    assert_eq!(
        called,
        MarginCall {
            equity: d("400"),
            required: d("480"),
            shorts: d("1600"),
            debt: Decimal::ZERO,
            orders: vec![order(Action::Cover, "AAPL", "2")],
        }
    );
    // 2 · 160 = 320 are paid, 500 · 2 / 10 = 100 of margin are free.
    let done = ledger.force(&quotes(&[("AAPL", "160")])).unwrap();
    assert_eq!(done.len(), 1);
    assert_eq!(ledger.state().cash(), d("1280"));
    assert_eq!(ledger.state().quantity(&sym("AAPL")), d("-8"));
    assert_eq!(call(&ledger, &[("AAPL", "160")]), None);
    assert!(conserved(ledger.state()));
}

#[test]
fn the_largest_short_is_covered_first_and_then_by_name() {
    let mut ledger = on(Account::us_equity(), "3000");
    for symbol in ["C", "B", "A"] {
        short(&mut ledger, symbol, "10", "100");
    }
    // At 170, 170 and 180: worth 4,500 + 1,500 − 5,200 = 800. 2,666.66 may
    // stay, 2,533.34 must go: all of B (1,800), then 733.34 / 170 = 4.3 of A.
    let at = [("A", "170"), ("B", "180"), ("C", "170")];
    let called = call(&ledger, &at).unwrap();
    assert_eq!((called.equity, called.required), (d("800"), d("1560")));
    assert_eq!(
        called.orders,
        [
            order(Action::Cover, "B", "10"),
            order(Action::Cover, "A", "5")
        ]
    );
}

#[test]
fn a_short_that_ate_everything_is_covered_into_debt() {
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "20", "100");
    // Covering 20 at 160 costs 3,200: cash 2,000, margin 1,000.
    assert!(matches!(
        ledger.order(&order(Action::Cover, "AAPL", "20"), Quote::at(d("160"))),
        Err(Refusal::InsufficientCash { .. })
    ));
    let called = call(&ledger, &[("AAPL", "160")]).unwrap();
    assert_eq!(called.equity, d("-200"));
    assert_eq!(called.orders, [order(Action::Cover, "AAPL", "20")]);
    ledger.force(&quotes(&[("AAPL", "160")])).unwrap();
    assert!(ledger.state().positions().is_empty());
    assert_eq!(ledger.state().cash(), d("-200"));

    // With nothing left to sell the call stays, and nothing is bought.
    let called = call(&ledger, &[]).unwrap();
    assert_eq!((called.debt, called.orders), (d("200"), Vec::new()));
    assert!(
        ledger
            .force(&quotes(&[("AAPL", "160")]))
            .unwrap()
            .is_empty()
    );
    let refused = ledger.buy(&sym("AAPL"), d("1"), Quote::at(d("1")));
    assert!(matches!(refused, Err(Refusal::InsufficientCash { .. })));
    ledger.deposit(d("300")).unwrap();
    assert_eq!(call(&ledger, &[]), None);
}

/// Nothing but the night makes cash negative: here the dividend of a short.
#[test]
fn a_dividend_that_cannot_be_paid_sells_what_is_held() {
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "10", "100");
    ledger
        .buy(&sym("MSFT"), d("15"), Quote::at(d("100")))
        .unwrap();
    assert_eq!(ledger.state().cash(), Decimal::ZERO);
    ledger
        .begin(TUESDAY.into(), &[dividend_of_apple(12.0)])
        .unwrap();
    assert_eq!(ledger.state().cash(), d("-120"));
    // 120 / 100: two are sold, of what is largest.
    let called = call(&ledger, &[]).unwrap();
    assert_eq!(called.debt, d("120"));
    assert_eq!(called.orders, [order(Action::Sell, "MSFT", "2")]);
    // An account in debt may do what makes the debt smaller, nothing else.
    let more = ledger.buy(&sym("MSFT"), d("1"), Quote::at(d("100")));
    assert!(matches!(more, Err(Refusal::InsufficientCash { .. })));
    assert!(
        ledger
            .clone()
            .sell(&sym("MSFT"), d("1"), Quote::at(d("100")))
            .is_ok()
    );

    let at = quotes(&[("MSFT", "100"), ("AAPL", "100")]);
    ledger.force(&at).unwrap();
    assert_eq!(ledger.state().cash(), d("80"));
    assert_eq!(call(&ledger, &[]), None);
}

/// With nothing held, a short that is far ahead frees more margin than it
/// costs.
#[test]
fn a_debt_is_paid_from_margin_that_is_not_needed() {
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "10", "100");
    ledger
        .buy(&sym("MSFT"), d("15"), Quote::at(d("100")))
        .unwrap();
    let gone = CorporateAction {
        symbol: sym("MSFT"),
        event: CorporateEvent::Delisted {
            date: TUESDAY,
            price: None,
        },
    };
    ledger
        .begin(TUESDAY.into(), &[gone, dividend_of_apple(12.0)])
        .unwrap();
    // At 10: 500 of margin, 100 to cover; worth −120 + 500 − 100.
    let called = call(&ledger, &[("AAPL", "10")]).unwrap();
    assert_eq!((called.equity, called.debt), (d("280"), d("120")));
    assert_eq!(called.orders, [order(Action::Cover, "AAPL", "10")]);
    ledger.force(&quotes(&[("AAPL", "10")])).unwrap();
    assert_eq!(ledger.state().cash(), d("280"));
}

/// A short that costs more than the margin it frees would make a debt larger.
#[test]
fn only_shorts_that_are_ahead_pay_a_debt() {
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "10", "100");
    short(&mut ledger, "PEAR", "2", "100");
    ledger
        .buy(&sym("MSFT"), d("16"), Quote::at(d("100")))
        .unwrap();
    assert_eq!(ledger.state().cash(), Decimal::ZERO);
    let gone = CorporateAction {
        symbol: sym("MSFT"),
        event: CorporateEvent::Delisted {
            date: TUESDAY,
            price: None,
        },
    };
    ledger
        .begin(TUESDAY.into(), &[gone, dividend_of_apple(12.0)])
        .unwrap();
    // Worth −120 + 600 − 100 − 140 = 240; 72 are needed. AAPL frees 500 for
    // 100, PEAR 100 for 140, though it is the larger one.
    let called = call(&ledger, &[("AAPL", "10"), ("PEAR", "70")]).unwrap();
    assert_eq!((called.equity, called.debt), (d("240"), d("120")));
    assert_eq!(called.orders, [order(Action::Cover, "AAPL", "10")]);
}

#[test]
fn what_was_bought_today_is_not_sold_by_force_either() {
    let account = Account {
        settlement: Settlement::NextSession,
        ..Account::us_equity()
    };
    let mut ledger = on(account, "1000");
    short(&mut ledger, "AAPL", "20", "100");
    ledger
        .buy(&sym("MSFT"), d("5"), Quote::at(d("100")))
        .unwrap();
    ledger.begin(TUESDAY.into(), &[]).unwrap();
    ledger
        .buy(&sym("MSFT"), d("15"), Quote::at(d("100")))
        .unwrap();
    // Worth 1,000 + 2,000 − 2,600 = 400, which carry 1,333.33: 1,266.67 / 130
    // must go, 10. They cost 1,300 and free 500: 800 are owed, 5 may be sold.
    let called = call(&ledger, &[("AAPL", "130")]).unwrap();
    assert_eq!(
        called.orders,
        [
            order(Action::Cover, "AAPL", "10"),
            order(Action::Sell, "MSFT", "5")
        ]
    );
    let done = ledger
        .force(&quotes(&[("AAPL", "130"), ("MSFT", "100")]))
        .unwrap();
    assert!(done.iter().all(|forced| forced.outcome.is_ok()));
    assert_eq!(ledger.state().cash(), d("-300"));
    // The rest is sold the day after.
    ledger.begin((MONDAY + 2.days()).into(), &[]).unwrap();
    ledger
        .force(&quotes(&[("AAPL", "130"), ("MSFT", "100")]))
        .unwrap();
    assert_eq!(ledger.state().cash(), Decimal::ZERO);
}

#[test]
fn a_short_that_would_be_called_at_once_is_refused() {
    // Cash would always be there, since proceeds are spendable: 100 becomes
    // 200 of cash and 100 of margin, and so on without end.
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "20", "100");
    assert_eq!(ledger.state().cash(), d("2000"));
    // 1,000 carry 3,333.33 of shorts.
    let refused = ledger.order(&order(Action::Short, "AAPL", "14"), Quote::at(d("100")));
    assert_eq!(
        refused,
        Err(Refusal::InsufficientMargin {
            symbol: sym("AAPL"),
            equity: d("1000"),
            required: d("1020"),
        })
    );
    assert!(
        ledger
            .order(&order(Action::Short, "AAPL", "13"), Quote::at(d("100")))
            .is_ok()
    );
}

#[test]
fn what_has_no_price_waits() {
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "20", "100");
    ledger.mark(&prices(&[("AAPL", "160")])).unwrap();
    let before = ledger.clone();
    let done = ledger.force(&quotes(&[("MSFT", "1")])).unwrap();
    assert_eq!(done.len(), 1);
    assert!(matches!(done[0].outcome, Err(Refusal::NoPrice { .. })));
    assert_eq!(ledger, before);
}

#[test]
fn no_call_forces_nothing() {
    let mut ledger = on(Account::us_equity(), "1000");
    short(&mut ledger, "AAPL", "10", "100");
    let before = ledger.clone();
    assert!(
        ledger
            .force(&quotes(&[("AAPL", "100")]))
            .unwrap()
            .is_empty()
    );
    assert_eq!(ledger, before);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(size(300, 5_000)))]

    /// After force there is no call, or nothing that could be done about it:
    /// no shorts that equity does not carry, no debt beside what can be sold.
    #[test]
    fn force_ends_in_peace_or_in_nothing(
        shorts in prop::collection::vec((1..40_i64, 50..150_i64), 1..4),
        longs in prop::collection::vec((1..40_i64, 50..150_i64), 0..3),
        moves in prop::collection::vec(20..400_i64, 7),
        bp in 0..300_i64,
        dividend in 0..200_i64,
    ) {
        let account = Account {
            slippage_bp: Decimal::from(bp),
            fees: Account::a_share().fees,
            ..Account::us_equity()
        };
        let mut ledger = Ledger::open(account, MONDAY.into(), d("4000")).unwrap();
        let name = |side: &str, at: usize| sym(&format!("{side}{at}"));
        let mut quotes = Quotes::new();
        let mut moves = moves.into_iter();
        for (at, (quantity, price)) in shorts.iter().enumerate() {
            let order = Order {
                symbol: name("S", at),
                action: Action::Short,
                quantity: Decimal::from(*quantity),
            };
            let _ = ledger.order(&order, Quote::at(Decimal::from(*price)));
            let moved = Decimal::from(price * moves.next().unwrap()) / d("100");
            quotes.insert(name("S", at), Quote::at(moved));
        }
        for (at, (quantity, price)) in longs.iter().enumerate() {
            let price = Decimal::from(*price);
            let _ = ledger.buy(&name("L", at), Decimal::from(*quantity), Quote::at(price));
            let moved = price * Decimal::from(moves.next().unwrap()) / d("100");
            quotes.insert(name("L", at), Quote::at(moved));
        }
        let paid = CorporateAction {
            symbol: name("S", 0),
            event: CorporateEvent::Dividend(Dividend {
                ex_date: TUESDAY,
                pay_date: None,
                amount: dividend as f64,
                currency: "USD".to_owned(),
            }),
        };
        ledger.begin(TUESDAY.into(), &[paid]).unwrap();

        let mut again = ledger.clone();
        let done = ledger.force(&quotes).unwrap();
        prop_assert_eq!(&again.force(&quotes).unwrap(), &done);
        prop_assert_eq!(&again, &ledger);
        prop_assert!(conserved(ledger.state()));
        let rules = ledger.account().clone();
        let replayed = Ledger::replay(rules, ledger.journal().to_vec());
        prop_assert_eq!(&replayed.unwrap(), &ledger);
        let all = quotes.iter().map(|(symbol, quote)| (symbol.clone(), quote.price));
        match ledger.margin(&all.collect()).unwrap() {
            MarginState::Sound { equity, required } => prop_assert!(equity >= required),
            MarginState::Call(call) => {
                prop_assert!(call.orders.is_empty(), "{:?}", call);
                prop_assert!(ledger.state().cash() < Decimal::ZERO);
                prop_assert!(ledger.state().positions().values().all(|it| it.signed() < Decimal::ZERO));
            }
        }
    }
}
