//! Splits, dividends, names and delistings, in numbers a person can check.

use fondaco_domain::corporate::{Dividend, Split};
use fondaco_domain::ledger::{
    Account, CorporateAction, CorporateEvent, Entry, Ledger, Quote, Refusal, Session,
};
use jiff::ToSpan;
use jiff::civil::Date;
use rust_decimal::Decimal;

use super::{MONDAY, TUESDAY, conserved, d, money_of, on, prices, split, sym};

fn with(quantity: &str, price: &str) -> Ledger {
    let mut ledger = on(Account::us_equity(), "10000");
    ledger
        .buy(&sym("AAPL"), d(quantity), Quote::at(d(price)))
        .unwrap();
    ledger
}

fn short(quantity: &str, price: &str) -> Ledger {
    let mut ledger = on(Account::us_equity(), "10000");
    super::short(&mut ledger, "AAPL", quantity, price);
    ledger
}

fn dividend(amount: f64, ex_date: Date, pay_date: Option<Date>) -> CorporateAction {
    CorporateAction {
        symbol: sym("AAPL"),
        event: CorporateEvent::Dividend(Dividend {
            ex_date,
            pay_date,
            amount,
            currency: "USD".to_owned(),
        }),
    }
}

fn delisted(price: Option<f64>) -> CorporateAction {
    CorporateAction {
        symbol: sym("AAPL"),
        event: CorporateEvent::Delisted {
            date: TUESDAY,
            price,
        },
    }
}

fn renamed(from: &str, to: &str) -> CorporateAction {
    CorporateAction {
        symbol: sym(from),
        event: CorporateEvent::Renamed {
            date: TUESDAY,
            to: sym(to),
        },
    }
}

#[test]
fn a_split_changes_the_count_and_not_the_worth() {
    let mut ledger = with("10", "200");
    ledger
        .begin(TUESDAY.into(), &[split("AAPL", 1.0, 4.0, None)])
        .unwrap();
    let position = &ledger.state().positions()[&sym("AAPL")];
    assert_eq!(position.quantity(), d("40"));
    assert_eq!(position.average_cost(), d("50"));
    // The last price seen is one of old shares; it is counted in new ones.
    assert_eq!(money_of(&ledger, &[]), d("10000"));
    assert!(conserved(ledger.state()));
}

#[test]
fn a_part_of_a_share_becomes_cash() {
    // 15 · 3/2 = 22.5: 22 shares, and half a one at 132 = 66.
    let mut ledger = with("15", "200");
    let done = ledger.begin(TUESDAY.into(), &[split("AAPL", 2.0, 3.0, Some(132.0))]);
    assert_eq!(done.unwrap().len(), 3); // session, split, cash in lieu
    assert_eq!(ledger.state().quantity(&sym("AAPL")), d("22"));
    assert_eq!(ledger.state().cash(), d("7066")); // 10,000 − 3,000 + 66
    // Half a share cost 3,000 · 0.5 / 22.5 = 66.6666666667.
    assert_eq!(ledger.state().totals().realised, d("-0.6666666667"));
    assert!(conserved(ledger.state()));

    // Without a price: the last one seen, 200, is 133.33… of a new share.
    let mut ledger = with("15", "200");
    ledger
        .begin(TUESDAY.into(), &[split("AAPL", 2.0, 3.0, None)])
        .unwrap();
    assert_eq!(ledger.state().cash(), d("7066.6666666667"));
    assert!(conserved(ledger.state()));

    // A reverse split 1 for 10 of 25: 2 shares, and half a one.
    let mut ledger = with("25", "10");
    ledger
        .begin(TUESDAY.into(), &[split("AAPL", 10.0, 1.0, Some(100.0))])
        .unwrap();
    assert_eq!(ledger.state().quantity(&sym("AAPL")), d("2"));
    assert_eq!(ledger.state().cash(), d("9800"));

    // Of 9 nothing but cash is left.
    let mut ledger = with("9", "10");
    ledger
        .begin(TUESDAY.into(), &[split("AAPL", 10.0, 1.0, Some(100.0))])
        .unwrap();
    assert!(ledger.state().positions().is_empty());
    assert_eq!(ledger.state().cash(), d("10000"));
}

#[test]
fn a_short_is_split_too_and_pays_for_its_part() {
    // Short 15 at 200: cash 10,000 + 3,000 − 1,500 of margin.
    let mut ledger = short("15", "200");
    assert_eq!(ledger.state().cash(), d("11500"));
    ledger
        .begin(TUESDAY.into(), &[split("AAPL", 2.0, 3.0, Some(132.0))])
        .unwrap();
    assert_eq!(ledger.state().quantity(&sym("AAPL")), d("-22"));
    // Half a share is bought back for 66, and 1,500 · 0.5 / 22.5 =
    // 33.3333333333 of margin is free.
    assert_eq!(ledger.state().cash(), d("11467.3333333333"));
    assert_eq!(ledger.state().margin_held().unwrap(), d("1466.6666666667"));
    assert!(conserved(ledger.state()));
}

#[test]
fn a_split_of_nothing_is_none() {
    for (from, to) in [(0.0, 2.0), (1.0, 0.0), (-1.0, 2.0), (1e24, 1e-4)] {
        let mut ledger = with("10", "200");
        let before = ledger.clone();
        let refused = ledger.begin(TUESDAY.into(), &[split("AAPL", from, to, None)]);
        assert!(
            matches!(refused, Err(Refusal::BadSplit { .. })),
            "{from} {to}: {refused:?}"
        );
        assert_eq!(ledger, before);
    }
    let mut ledger = with("10", "200");
    let refused = ledger.begin(TUESDAY.into(), &[split("AAPL", f64::NAN, 1.0, None)]);
    assert!(matches!(refused, Err(Refusal::NotANumber { .. })));
}

#[test]
fn a_dividend_is_owed_from_its_ex_date_and_paid_later() {
    let friday = MONDAY + 4.days();
    let paid = dividend(0.25, TUESDAY, Some(friday));
    let all = std::slice::from_ref(&paid);
    let mut ledger = with("100", "50");

    ledger.begin(TUESDAY.into(), all).unwrap();
    // Who buys on the ex-date has none of it.
    ledger
        .buy(&sym("AAPL"), d("100"), Quote::at(d("49.75")))
        .unwrap();
    assert_eq!(ledger.state().cash(), d("25"));
    assert_eq!(ledger.state().dividends_owed().unwrap(), d("25"));
    // 25 + 25 owed + 200 · 49.75: the worth of the day before.
    assert_eq!(money_of(&ledger, &[]), d("10000"));

    // Who sells before it is paid has it nevertheless; an hour or a day more
    // does not make it another one.
    ledger.begin(TUESDAY.at(14, 0, 0, 0).into(), all).unwrap();
    ledger
        .sell(&sym("AAPL"), d("200"), Quote::at(d("49.75")))
        .unwrap();
    ledger.begin((MONDAY + 2.days()).into(), all).unwrap();
    assert_eq!(ledger.state().cash(), d("9975"));
    let entries = ledger.begin(friday.into(), all).unwrap();
    assert!(matches!(entries[1], Entry::DividendPaid { .. }));
    assert_eq!(ledger.state().cash(), d("10000"));
    assert_eq!(ledger.state().dividends_owed().unwrap(), Decimal::ZERO);
    assert!(ledger.state().owed().is_empty());
    assert!(conserved(ledger.state()));
}

#[test]
fn a_dividend_is_paid_at_the_first_session_that_there_is() {
    // Ex on Tuesday, paid on Wednesday; the next session is Monday after.
    let paid = dividend(1.0, TUESDAY, Some(MONDAY + 2.days()));
    let mut ledger = with("10", "50");
    ledger.begin((MONDAY + 7.days()).into(), &[paid]).unwrap();
    assert_eq!(ledger.state().cash(), d("9510"));
    assert!(ledger.state().owed().is_empty());

    // Without a pay date, on the ex-date.
    let mut ledger = with("10", "50");
    ledger
        .begin(TUESDAY.into(), &[dividend(1.0, TUESDAY, None)])
        .unwrap();
    assert_eq!(ledger.state().cash(), d("9510"));
}

#[test]
fn a_short_pays_dividends() {
    let mut ledger = short("10", "50");
    let wednesday = MONDAY + 2.days();
    let paid = dividend(2.0, TUESDAY, Some(wednesday));
    ledger
        .begin(TUESDAY.into(), std::slice::from_ref(&paid))
        .unwrap();
    assert_eq!(ledger.state().dividends_owed().unwrap(), d("-20"));
    assert_eq!(money_of(&ledger, &[]), d("9980"));
    ledger.begin(wednesday.into(), &[paid]).unwrap();
    assert_eq!(ledger.state().cash(), d("10230")); // 10,000 + 500 − 250 − 20
    assert_eq!(ledger.state().totals().dividends, d("-20"));
}

#[test]
fn only_what_happened_since_the_last_session_counts() {
    // Known on Monday, and in the future: neither is done on Tuesday.
    let old = dividend(1.0, MONDAY, None);
    let future = dividend(1.0, MONDAY + 2.days(), None);
    let other = CorporateAction {
        symbol: sym("MSFT"),
        ..dividend(1.0, TUESDAY, None)
    };
    let mut ledger = with("10", "50");
    let entries = ledger.begin(TUESDAY.into(), &[old, future, other]).unwrap();
    assert_eq!(entries.len(), 1);
}

#[test]
fn of_one_day_the_split_comes_first() {
    // 10 · 2 = 20 shares, 0.5 each.
    let actions = [dividend(0.5, TUESDAY, None), split("AAPL", 1.0, 2.0, None)];
    let mut ledger = with("10", "50");
    ledger.begin(TUESDAY.into(), &actions).unwrap();
    assert_eq!(ledger.state().cash(), d("9510"));
    // Of several days, the earlier one.
    let actions = [
        CorporateAction {
            symbol: sym("AAPL"),
            event: CorporateEvent::Split {
                split: Split {
                    date: MONDAY + 2.days(),
                    from: 1.0,
                    to: 2.0,
                },
                in_lieu: None,
            },
        },
        dividend(0.5, TUESDAY, None),
    ];
    let mut ledger = with("10", "50");
    ledger.begin((MONDAY + 3.days()).into(), &actions).unwrap();
    assert_eq!(ledger.state().cash(), d("9505"));
    assert_eq!(ledger.state().quantity(&sym("AAPL")), d("20"));
}

#[test]
fn a_dividend_that_cannot_be_ours() {
    let other = |amount, currency: &str| CorporateAction {
        symbol: sym("AAPL"),
        event: CorporateEvent::Dividend(Dividend {
            ex_date: TUESDAY,
            pay_date: None,
            amount,
            currency: currency.to_owned(),
        }),
    };
    let mut ledger = with("10", "50");
    let before = ledger.clone();
    let refused = ledger.begin(TUESDAY.into(), &[other(1.0, "EUR")]);
    assert!(matches!(refused, Err(Refusal::OtherCurrency { .. })));
    let refused = ledger.begin(TUESDAY.into(), &[other(-1.0, "USD")]);
    assert!(matches!(refused, Err(Refusal::BadDividend { .. })));
    // A session that is refused did not begin.
    assert_eq!(ledger, before);
    assert_eq!(ledger.state().session(), Session::day(MONDAY));
}

#[test]
fn a_new_name_takes_the_lots_along() {
    let mut ledger = with("10", "50");
    ledger
        .begin(TUESDAY.into(), &[renamed("AAPL", "PEAR")])
        .unwrap();
    assert_eq!(ledger.state().quantity(&sym("AAPL")), Decimal::ZERO);
    let sold = ledger
        .sell(&sym("PEAR"), d("10"), Quote::at(d("60")))
        .unwrap();
    assert_eq!(sold.realised, d("100"));

    // Where there is one of the new name, both become one, the older lots
    // first.
    let mut ledger = with("10", "50");
    ledger
        .buy(&sym("PEAR"), d("10"), Quote::at(d("70")))
        .unwrap();
    ledger
        .begin(TUESDAY.into(), &[renamed("AAPL", "PEAR")])
        .unwrap();
    let position = &ledger.state().positions()[&sym("PEAR")];
    assert_eq!(
        (position.quantity(), position.average_cost()),
        (d("20"), d("60"))
    );

    // 10 held that cost 50 and 4 short that brought 70 are 6 held: 4 · 20 is
    // realised, and 4 · 70 · 0.5 of margin free.
    for (from, to) in [("AAPL", "PEAR"), ("PEAR", "AAPL")] {
        let mut ledger = with("10", "50");
        super::short(&mut ledger, "PEAR", "4", "70");
        assert_eq!(ledger.state().cash(), d("9640")); // 10,000 − 500 + 280 − 140
        ledger.begin(TUESDAY.into(), &[renamed(from, to)]).unwrap();
        assert_eq!(ledger.state().quantity(&sym(to)), d("6"));
        assert_eq!(ledger.state().positions().len(), 1);
        assert_eq!(ledger.state().cash(), d("9780"));
        assert_eq!(ledger.state().totals().realised, d("80"));
        assert!(conserved(ledger.state()));
    }
}

#[test]
fn a_delisting_pays_or_writes_off() {
    for (price, cash, realised) in [
        (Some(30.0), "9800", "-200"), // 10,000 − 500 + 300
        (Some(0.0), "9500", "-500"),
        (None, "9500", "-500"),
    ] {
        let mut ledger = with("10", "50");
        ledger.begin(TUESDAY.into(), &[delisted(price)]).unwrap();
        assert!(ledger.state().positions().is_empty());
        assert_eq!(ledger.state().cash(), d(cash), "{price:?}");
        assert_eq!(ledger.state().totals().realised, d(realised), "{price:?}");
        assert!(conserved(ledger.state()));
    }
    // Of a short, the price is what it costs to be rid of it.
    for (price, cash) in [(Some(60.0), "9900"), (None, "10500")] {
        let mut ledger = short("10", "50");
        ledger.begin(TUESDAY.into(), &[delisted(price)]).unwrap();
        assert_eq!(ledger.state().cash(), d(cash), "{price:?}");
        assert!(conserved(ledger.state()));
    }
    let mut ledger = with("10", "50");
    let refused = ledger.begin(TUESDAY.into(), &[delisted(Some(-1.0))]);
    assert!(matches!(refused, Err(Refusal::PriceNotPositive { .. })));
}

/// Seed 004 failed every later day of a model that held a symbol without a
/// price (its known problem 13b).
#[test]
fn what_is_held_and_has_no_price_keeps_its_last_one() {
    let mut ledger = with("10", "50");
    ledger
        .buy(&sym("MSFT"), d("10"), Quote::at(d("100")))
        .unwrap();
    ledger.mark(&prices(&[("AAPL", "52")])).unwrap();
    ledger.begin(TUESDAY.into(), &[]).unwrap();

    let worth = ledger.value(&prices(&[("MSFT", "110")])).unwrap();
    assert_eq!(worth.value, d("10120")); // 8,500 + 520 + 1,100
    let stale: Vec<_> = worth.stale().map(|it| it.symbol.as_str()).collect();
    assert_eq!(stale, ["AAPL"]);
    assert_eq!(worth.positions[0].stale_since, Some(MONDAY.into()));
    assert_eq!(worth.positions[0].price, d("52"));

    // A price that comes back is not stale.
    ledger.mark(&prices(&[("AAPL", "40")])).unwrap();
    let worth = ledger.value(&prices(&[("MSFT", "110")])).unwrap();
    assert_eq!((worth.value, worth.stale().count()), (d("10000"), 0));
}
