//! The rules of accounts, in numbers a person can check.

use fondaco_domain::ledger::{Account, Fees, Ledger, PriceLimit, Quote, Refusal, limits};
use jiff::civil::date;
use rust_decimal::Decimal;

use super::{conserved, d, money_of, on, sym};

const MOUTAI: &str = "600519.SHH";

fn quote(price: &str, previous_close: &str) -> Quote {
    Quote::at(d(price)).after(d(previous_close))
}

#[test]
fn a_chinese_share_is_bought_in_lots_and_sold_the_day_after() {
    let mut ledger = on(Account::a_share(), "100000");
    let moutai = sym(MOUTAI);

    // 300 · 10.00 = 3,000; commission 0.03 % = 0.90, so the least: 5.
    let bought = ledger.buy(&moutai, d("300"), quote("10", "9.8")).unwrap();
    assert_eq!(bought.fees, d("5"));
    assert_eq!(bought.cash_after, d("96995")); // 100,000 − 3,000 − 5

    // The same day: nothing of it may be sold, not even an hour later.
    let refused = ledger.sell(&moutai, d("100"), quote("10.5", "9.8"));
    let not_settled = |sellable| Refusal::NotSettled {
        symbol: sym(MOUTAI),
        have: d("300"),
        sellable: d(sellable),
        want_to_sell: d("100"),
    };
    assert_eq!(refused, Err(not_settled("0")));
    ledger
        .begin(date(2025, 3, 3).at(14, 0, 0, 0).into(), &[])
        .unwrap();
    let refused = ledger.sell(&moutai, d("100"), quote("10.5", "9.8"));
    assert_eq!(refused, Err(not_settled("0")));

    // The day after, 300 · 10.50 = 3,150; commission 0.945, so 5; stamp duty
    // 0.1 % = 3.15. Of 300 bought then, 300 are sellable, of 100 more none.
    ledger.begin(date(2025, 3, 4).into(), &[]).unwrap();
    ledger.buy(&moutai, d("100"), quote("10.5", "10")).unwrap();
    let refused = ledger.sell(&moutai, d("400"), quote("10.5", "10"));
    assert!(matches!(refused, Err(Refusal::NotSettled { sellable, .. }) if sellable == d("300")));
    let sold = ledger.sell(&moutai, d("300"), quote("10.5", "10")).unwrap();
    assert_eq!(sold.fees, d("8.15"));
    assert_eq!(sold.realised, d("150")); // 300 · (10.50 − 10.00)
    // 96,995 − 1,050 − 5 + 3,150 − 8.15
    assert_eq!(sold.cash_after, d("99081.85"));
    assert!(conserved(ledger.state()));
}

#[test]
fn a_large_order_pays_its_part_and_not_the_least() {
    let mut ledger = on(Account::a_share(), "1000000");
    // 20,100 · 12.34 = 248,034; 0.03 % of it is 74.4102, in cents 74.41.
    let bought = ledger.buy(&sym(MOUTAI), d("20100"), quote("12.34", "12.3"));
    assert_eq!(bought.unwrap().fees, d("74.41"));
    ledger.begin(date(2025, 3, 4).into(), &[]).unwrap();
    // 20,100 · 12.35 = 248,235; commission 74.4705 → 74.47, duty 248.235
    // half up → 248.24.
    let sold = ledger.sell(&sym(MOUTAI), d("20100"), quote("12.35", "12.3"));
    assert_eq!(sold.unwrap().fees, d("322.71"));
    let totals = *ledger.state().totals();
    assert_eq!(
        (totals.commission, totals.stamp_duty),
        (d("148.88"), d("248.24"))
    );
}

#[test]
fn what_is_beside_whole_lots_is_sold_at_once_or_stays() {
    let bought = |quantity| {
        let mut ledger = on(Account::a_share(), "100000");
        ledger
            .buy(&sym(MOUTAI), d(quantity), quote("10", "10"))
            .map(|_| ledger)
    };
    for odd in ["1", "99", "150", "1001"] {
        assert!(matches!(bought(odd), Err(Refusal::OffLot { .. })), "{odd}");
    }
    // 200 held; a split of 5 for 4 makes 250 of them.
    let split = super::split(MOUTAI, 4.0, 5.0, None);
    for (quantity, goes) in [
        ("100", true),
        ("200", true),
        ("250", true),
        ("50", true),
        ("150", true),
        ("1", false),
        ("49", false),
        ("101", false),
        ("249", false),
    ] {
        let mut ledger = bought("200").unwrap();
        ledger
            .begin(date(2025, 3, 4).into(), std::slice::from_ref(&split))
            .unwrap();
        assert_eq!(ledger.state().quantity(&sym(MOUTAI)), d("250"));
        let sold = ledger.sell(&sym(MOUTAI), d(quantity), quote("8", "8"));
        assert_eq!(sold.is_ok(), goes, "{quantity}: {sold:?}");
    }
}

#[test]
fn limits_by_board_rounded_to_the_cent() {
    let rules = Account::a_share().price_limit.unwrap();
    for (symbol, close, low, high) in [
        (MOUTAI, "10.03", "9.03", "11.03"), // 9.027, 11.033
        (MOUTAI, "10.05", "9.05", "11.06"), // 9.045, 11.055: half up
        ("688981.SHH", "10.05", "8.04", "12.06"),
        ("300750.SHZ", "10.05", "8.04", "12.06"),
        ("830799.BJ", "10.05", "7.04", "13.07"), // 7.035, 13.065
    ] {
        let bounds = limits(&rules, &sym(symbol), d(close)).unwrap();
        assert_eq!(bounds, (d(low), d(high)), "{symbol} {close}");
    }
    // Under special treatment: 5 %.
    let special = PriceLimit {
        symbols: [(sym(MOUTAI), d("0.05"))].into(),
        ..rules
    };
    // 9.5475, 10.5525
    assert_eq!(
        limits(&special, &sym(MOUTAI), d("10.05")),
        Ok((d("9.55"), d("10.55")))
    );
}

#[test]
fn nobody_sells_at_the_upper_limit_and_nobody_buys_at_the_lower() {
    let buy = |price| {
        let mut ledger = on(Account::a_share(), "100000");
        ledger.buy(&sym(MOUTAI), d("100"), quote(price, "10.05"))
    };
    let sell = |price| {
        let mut ledger = on(Account::a_share(), "100000");
        ledger
            .buy(&sym(MOUTAI), d("100"), quote("10", "10"))
            .unwrap();
        ledger.begin(date(2025, 3, 4).into(), &[]).unwrap();
        ledger.sell(&sym(MOUTAI), d("100"), quote(price, "10.05"))
    };
    assert!(buy("11.05").is_ok());
    let up = |price| Refusal::LimitUp {
        symbol: sym(MOUTAI),
        price: d(price),
        limit: d("11.06"),
    };
    assert_eq!(buy("11.06"), Err(up("11.06")));
    assert_eq!(buy("11.07"), Err(up("11.07")));
    assert!(buy("9.05").is_ok(), "at the lower limit everybody sells");
    assert!(sell("9.06").is_ok());
    assert!(matches!(sell("9.05"), Err(Refusal::LimitDown { .. })));
    assert!(sell("11.06").is_ok(), "at the upper limit everybody buys");

    // The limit cannot be known without the close.
    let mut ledger = on(Account::a_share(), "100000");
    let blind = ledger.buy(&sym(MOUTAI), d("100"), Quote::at(d("10")));
    assert!(matches!(blind, Err(Refusal::NoPreviousClose { .. })));
}

#[test]
fn slippage_makes_every_price_worse_but_not_beyond_a_limit() {
    let slipping = Account {
        slippage_bp: d("100"),
        ..Account::us_equity()
    };
    let mut ledger = on(slipping, "10000");
    let apple = sym("AAPL");
    // 100.00 · 1.01 = 101; 100.00 · 0.99 = 99.
    let bought = ledger.buy(&apple, d("10"), Quote::at(d("100"))).unwrap();
    assert_eq!(
        (bought.fills[0].price, bought.slippage),
        (d("101"), d("10"))
    );
    let sold = ledger.sell(&apple, d("4"), Quote::at(d("100"))).unwrap();
    assert_eq!((sold.fills[0].price, sold.slippage), (d("99"), d("4")));
    assert_eq!(sold.costs(), d("4"));
    assert_eq!(sold.realised, d("-8")); // 4 · (99 − 101)
    // 10,000 − 1,010 + 396
    assert_eq!(ledger.state().cash(), d("9386"));
    // What is held is worth its market price, not what was paid.
    assert_eq!(money_of(&ledger, &[]), d("9986")); // 9,386 + 6 · 100
    assert_eq!(ledger.state().totals().slippage, d("14"));

    let china = Account {
        slippage_bp: d("100"),
        fees: Fees::default(),
        ..Account::a_share()
    };
    let mut ledger = on(china, "10000");
    // 11.00 · 1.01 = 11.11, and the limit is 11.06.
    let bought = ledger
        .buy(&sym(MOUTAI), d("100"), quote("11", "10.05"))
        .unwrap();
    assert_eq!(bought.fills[0].price, d("11.06"));
    ledger.begin(date(2025, 3, 4).into(), &[]).unwrap();
    // 9.10 · 0.99 = 9.009, and the limit is 9.05.
    let sold = ledger
        .sell(&sym(MOUTAI), d("100"), quote("9.1", "10.05"))
        .unwrap();
    assert_eq!(sold.fills[0].price, d("9.05"));
}

#[test]
fn quantities_are_in_steps() {
    let (whole, coins) = (Account::us_equity(), Account::crypto());
    let any = Account {
        quantity_step: None,
        ..Account::crypto()
    };
    assert_eq!(
        [&whole, &coins, &any].map(Account::is_fractional),
        [false, true, true]
    );
    for (account, quantity, goes) in [
        (&whole, "1", true),
        (&whole, "1.000", true),
        (&whole, "0.5", false),
        (&coins, "0.00000001", true),
        (&coins, "0.000000001", false),
        (&any, "0.000000001", true),
        (&any, "0.1234567890123456789", false), // nineteen decimals
    ] {
        let mut ledger = on(account.clone(), "1000");
        let bought = ledger.buy(&sym("BTC/USDT"), d(quantity), Quote::at(d("100")));
        let off = matches!(bought, Err(Refusal::OffStep { .. }));
        assert_eq!((bought.is_ok(), off), (goes, !goes), "{quantity}");
    }
}

#[test]
fn rules_that_cannot_be_meant_open_nothing() {
    let good = Account::a_share();
    let limit = |fraction| {
        let limit = good.price_limit.clone().unwrap();
        Some(PriceLimit { fraction, ..limit })
    };
    let bad = [
        Account {
            quantity_step: Some(Decimal::ZERO),
            ..good.clone()
        },
        Account {
            lot: Some(d("-100")),
            ..good.clone()
        },
        Account {
            slippage_bp: d("-1"),
            ..good.clone()
        },
        Account {
            slippage_bp: d("10000"),
            ..good.clone()
        },
        Account {
            price_limit: limit(Decimal::ZERO),
            ..good.clone()
        },
        Account {
            price_limit: limit(d("1.01")),
            ..good.clone()
        },
        Account {
            fees: Fees {
                decimals: 11,
                ..good.fees.clone()
            },
            ..good.clone()
        },
    ];
    let day = date(2025, 3, 3).into();
    assert!(Ledger::open(good, day, d("1")).is_ok());
    for account in bad {
        assert!(
            Ledger::open(account.clone(), day, d("1")).is_err(),
            "{account:?}"
        );
    }
}
