//! Orders in the words of both seeds, and what they are refused with.

use fondaco_domain::ledger::{
    Account, Action, Ledger, Leg, Order, Quote, Receipt, Refusal, Shorting, Side, decimal, parse,
};
use fondaco_domain::{ErrorKind, Hint};
use rust_decimal::Decimal;

use super::{conserved, d, on, sym};

fn order(
    ledger: &mut Ledger,
    action: Action,
    quantity: &str,
    price: &str,
) -> Result<Receipt, Refusal> {
    let order = Order {
        symbol: sym("AAPL"),
        action,
        quantity: d(quantity),
    };
    ledger.order(&order, Quote::at(d(price)))
}

fn legs(receipt: &Receipt) -> Vec<(Leg, Decimal)> {
    receipt
        .fills
        .iter()
        .map(|fill| (fill.leg, fill.quantity))
        .collect()
}

/// The refusals of seed 004, in its words and with its numbers.
#[test]
fn what_seed_004_refuses() {
    let mut ledger = on(Account::us_equity(), "1000");
    let refused = order(&mut ledger, Action::Buy, "11", "100").unwrap_err();
    assert_eq!(
        refused,
        Refusal::InsufficientCash {
            symbol: sym("AAPL"),
            required_cash: d("1100"),
            cash_available: d("1000"),
        }
    );
    assert_eq!(refused.seed_text().as_deref(), Some("Insufficient cash"));
    assert_eq!(
        refused.to_string(),
        "Insufficient cash (needed 1100, available 1000)"
    );

    let refused = order(&mut ledger, Action::Sell, "1", "100").unwrap_err();
    assert_eq!(refused.to_string(), "No position for AAPL");
    assert_eq!(refused.seed_text(), Some(refused.to_string()));

    order(&mut ledger, Action::Buy, "10", "100").unwrap();
    let refused = order(&mut ledger, Action::Sell, "11", "100").unwrap_err();
    assert_eq!(
        refused,
        Refusal::InsufficientShares {
            symbol: sym("AAPL"),
            have: d("10"),
            want_to_sell: d("11"),
        }
    );
    assert_eq!(refused.seed_text().as_deref(), Some("Insufficient shares"));
    insta::assert_snapshot!(
        serde_json::to_string(&refused).unwrap(),
        @r#"{"refusal":"insufficient_shares","symbol":"AAPL","have":"10","want_to_sell":"11"}"#
    );
    assert_eq!(refused.kind(), ErrorKind::Conflict);
    assert_eq!(refused.hint().as_deref(), Some("at most 10"));
}

/// Seed 004 accepted them.
#[test]
fn amounts_of_nothing_and_less() {
    let mut ledger = on(Account::us_equity(), "1000");
    order(&mut ledger, Action::Buy, "5", "100").unwrap();
    let before = ledger.clone();
    for action in [
        Action::Buy,
        Action::Sell,
        Action::Long,
        Action::Short,
        Action::Cover,
    ] {
        for quantity in ["0", "-0", "-1", "-0.5"] {
            let refused = order(&mut ledger, action, quantity, "100");
            assert!(
                matches!(refused, Err(Refusal::QuantityNotPositive { .. })),
                "{action:?} {quantity}: {refused:?}"
            );
        }
        for price in ["0", "-1"] {
            let quantity = if action == Action::Cover {
                continue;
            } else {
                "1"
            };
            let refused = order(&mut ledger, action, quantity, price);
            assert!(
                matches!(refused, Err(Refusal::PriceNotPositive { .. })),
                "{price}"
            );
        }
    }
    for amount in ["0", "-5", "0.00000000001"] {
        let refused = ledger.deposit(d(amount));
        assert!(
            matches!(refused, Err(Refusal::BadAmount { .. })),
            "{amount}"
        );
    }
    assert_eq!(ledger, before);
}

#[test]
fn what_is_no_number_does_not_come_in() {
    for (double, text) in [
        (0.1, "0.1"),
        (255.04, "255.04"),
        (1e-8, "0.00000001"),
        (-0.0, "0"),
        (1e15, "1000000000000000"),
        (0.1 + 0.2, "0.30000000000000004"),
    ] {
        let read = decimal(double).unwrap();
        assert_eq!(read.to_string(), text);
    }
    for double in [
        f64::NAN,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1e30,
        1e-30,
        f64::MAX,
    ] {
        let refused = decimal(double);
        assert!(
            matches!(refused, Err(Refusal::NotANumber { .. })),
            "{double}"
        );
    }
    for (text, read) in [
        ("1e-8", "0.00000001"),
        ("2.50", "2.5"),
        ("1E3", "1000"),
        ("-1", "-1"),
    ] {
        assert_eq!(parse(text).unwrap().to_string(), read);
    }
    for text in [
        "", "NaN", "inf", "ten", "1,000", "1e99", "1 2", "0x10", "1e-40",
    ] {
        let refused = parse(text);
        assert!(
            matches!(refused, Err(Refusal::NotANumber { .. })),
            "{text}: {refused:?}"
        );
    }
}

/// Seed 001, section 2.6: by how much the position changes, first towards
/// nothing and then beyond.
#[test]
fn long_and_short_go_through_nothing() {
    let mut ledger = on(Account::us_equity(), "10000");
    let held = |ledger: &Ledger| ledger.state().quantity(&sym("AAPL"));

    // Short 10 at 100: cash 10,000 + 1,000 − 500 of margin.
    let receipt = order(&mut ledger, Action::Short, "10", "100").unwrap();
    assert_eq!(legs(&receipt), [(Leg::Short, d("10"))]);
    assert_eq!(receipt.cash_after, d("10500"));
    assert_eq!(ledger.state().margin_held().unwrap(), d("500"));

    // 10 more at 110: the basis is the weighted average, 105.
    order(&mut ledger, Action::Short, "10", "110").unwrap();
    let position = &ledger.state().positions()[&sym("AAPL")];
    assert_eq!(
        (position.side(), position.average_cost()),
        (Side::Short, d("105"))
    );
    assert_eq!(position.margin(), d("1050")); // 500 + 550

    // Long 5 covers 5: margin of 5 · 105 · 0.5 = 262.5 is free.
    // 11,050 + 262.5 − 5 · 90 = 10,862.5
    let receipt = order(&mut ledger, Action::Long, "5", "90").unwrap();
    assert_eq!(legs(&receipt), [(Leg::Cover, d("5"))]);
    assert_eq!(receipt.cash_after, d("10862.5"));
    // First lots: 5 · (100 − 90).
    assert_eq!(receipt.realised, d("50"));

    // Long 20 covers the other 15 and buys 5.
    let receipt = order(&mut ledger, Action::Long, "20", "90").unwrap();
    assert_eq!(legs(&receipt), [(Leg::Cover, d("15")), (Leg::Buy, d("5"))]);
    assert_eq!(receipt.realised, d("250")); // 5 · 10 + 10 · 20
    assert_eq!(held(&ledger), d("5"));
    assert_eq!(ledger.state().margin_held().unwrap(), Decimal::ZERO);

    // Short 8 sells the 5 and shorts 3.
    let receipt = order(&mut ledger, Action::Short, "8", "95").unwrap();
    assert_eq!(legs(&receipt), [(Leg::Sell, d("5")), (Leg::Short, d("3"))]);
    assert_eq!(held(&ledger), d("-3"));

    // Cover and sell go no further than nothing.
    let more = order(&mut ledger, Action::Cover, "4", "95");
    assert!(matches!(more, Err(Refusal::InsufficientShares { have, .. }) if have == d("3")));
    assert!(matches!(
        order(&mut ledger, Action::Sell, "1", "95"),
        Err(Refusal::NoPosition { .. })
    ));
    order(&mut ledger, Action::Cover, "3", "95").unwrap();
    assert!(ledger.state().positions().is_empty());
    // 10,000 + 50 + 250 + 25 of the five + nothing of the three
    assert_eq!(ledger.state().cash(), d("10325"));
    assert!(conserved(ledger.state()));
}

#[test]
fn hold_leaves_no_trace() {
    let mut ledger = on(Account::us_equity(), "1000");
    let before = ledger.clone();
    let receipt = order(&mut ledger, Action::Hold, "0", "100").unwrap();
    assert!(receipt.fills.is_empty());
    assert_eq!(receipt.cash_after, d("1000"));
    assert_eq!(ledger, before);
}

/// Seed 001 kept the first leg of an order whose second one failed, and wrote
/// no trade down (its known problem 2).
#[test]
fn an_order_of_two_legs_is_whole_or_not_at_all() {
    // Covering 10 at 100 costs 1,000 and frees 500; buying 11 more costs
    // 1,100: 1,500 + 500 − 2,100 < 0. Covering alone would have gone.
    let mut ledger = on(Account::us_equity(), "1000");
    order(&mut ledger, Action::Short, "10", "100").unwrap();
    let before = serde_json::to_string(ledger.state()).unwrap();
    let refused = order(&mut ledger, Action::Long, "21", "100");
    assert_eq!(
        refused,
        Err(Refusal::InsufficientCash {
            symbol: sym("AAPL"),
            required_cash: d("2100"),
            cash_available: d("2000"),
        })
    );
    assert_eq!(serde_json::to_string(ledger.state()).unwrap(), before);
    assert_eq!(ledger.state().quantity(&sym("AAPL")), d("-10"));
    assert!(order(&mut ledger.clone(), Action::Long, "20", "100").is_ok());

    // Selling 10 brings 1,000; margin for 30 short is 1,500.
    let mut ledger = on(Account::us_equity(), "1000");
    order(&mut ledger, Action::Long, "10", "100").unwrap();
    let before = ledger.clone();
    let refused = order(&mut ledger, Action::Short, "40", "100");
    assert_eq!(
        refused,
        Err(Refusal::InsufficientCash {
            symbol: sym("AAPL"),
            required_cash: d("1500"),
            cash_available: d("1000"),
        })
    );
    assert_eq!(ledger, before);
    assert!(order(&mut ledger, Action::Short, "30", "100").is_ok());

    // The same where shorts are forbidden.
    let cash_only = Account {
        shorting: Shorting::Forbidden,
        ..Account::us_equity()
    };
    let mut ledger = on(cash_only, "1000");
    order(&mut ledger, Action::Long, "10", "100").unwrap();
    let before = ledger.clone();
    let refused = order(&mut ledger, Action::Short, "11", "100");
    assert!(matches!(refused, Err(Refusal::ShortingForbidden { .. })));
    assert_eq!(ledger, before);
    assert!(order(&mut ledger, Action::Short, "10", "100").is_ok());
}

#[test]
fn fees_of_both_legs_are_those_of_one_order() {
    let account = Account {
        fees: Account::a_share().fees,
        ..Account::us_equity()
    };
    let mut ledger = on(account, "10000");
    order(&mut ledger, Action::Buy, "10", "100").unwrap();
    // 20 · 100 are sold: commission once, 5; duty 0.1 % of 2,000.
    let receipt = order(&mut ledger, Action::Short, "20", "100").unwrap();
    assert_eq!(receipt.fees, d("7"));
    // 10,000 − 1,000 − 5 + 2,000 − 500 − 7
    assert_eq!(receipt.cash_after, d("10488"));
}

/// A sale that costs more than it brings needs the difference in cash.
#[test]
fn the_least_commission_may_be_more_than_the_sale() {
    let account = Account {
        fees: Account::a_share().fees,
        ..Account::us_equity()
    };
    let mut ledger = on(account, "105");
    order(&mut ledger, Action::Buy, "1", "100").unwrap();
    assert_eq!(ledger.state().cash(), Decimal::ZERO);
    let refused = order(&mut ledger, Action::Sell, "1", "4");
    assert!(matches!(refused, Err(Refusal::InsufficientCash { .. })));
    // 5 of commission and 0.01 of duty.
    assert!(order(&mut ledger, Action::Sell, "1", "5.01").is_ok());
}

/// Numbers at the edge of what there is are refused, never a panic.
#[test]
fn too_many_digits() {
    let huge = Decimal::MAX;
    let account = Account {
        quantity_step: None,
        ..Account::us_equity()
    };
    let mut ledger = on(account, "1000");
    let before = ledger.clone();
    for (quantity, price) in [
        (huge, huge),
        (huge, d("1")),
        (d("1"), huge),
        (d("0.1"), huge),
    ] {
        for action in [Action::Buy, Action::Short] {
            let order = Order {
                symbol: sym("AAPL"),
                action,
                quantity,
            };
            let refused = ledger.order(&order, Quote::at(price));
            assert!(
                matches!(
                    refused,
                    Err(Refusal::Overflow | Refusal::InsufficientCash { .. })
                ),
                "{quantity} at {price}: {refused:?}"
            );
        }
    }
    assert_eq!(ledger.deposit(huge), Err(Refusal::Overflow));
    // A sum that would lose its last digit is refused, too.
    assert_eq!(ledger.deposit(d("5000000000000000000.1234567891")), Ok(()));
    assert_eq!(
        ledger.deposit(d("5000000000000000000.1234567891")),
        Err(Refusal::Overflow)
    );
    assert_ne!(ledger, before);

    // 10^11 at 10^7: a part of it cannot be counted with, all of it can.
    let mut ledger = on(Account::us_equity(), "1000000000000000000");
    let (all, part, price) = (
        d("100000000000"),
        d("99999999999"),
        Quote::at(d("10000000")),
    );
    ledger.buy(&sym("SHIB"), all, price).unwrap();
    assert_eq!(
        ledger.sell(&sym("SHIB"), part, price),
        Err(Refusal::Overflow)
    );
    assert!(ledger.sell(&sym("SHIB"), all, price).is_ok());
    assert_eq!(ledger.state().cash(), d("1000000000000000000"));
}
