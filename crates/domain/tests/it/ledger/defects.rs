//! What the seeds got wrong once, and their formulas.

use fondaco_domain::ledger::{
    Account, DayBefore, DayProfit, Ledger, LedgerState, Quote, Refusal, Session, Side, trade_profit,
};
use jiff::ToSpan;
use jiff::civil::date;
use rust_decimal::Decimal;

use super::{MONDAY, TUESDAY, conserved, d, money_of, on, prices, short, sym};

/// The next day of an account, from what was kept of it.
fn next_day(ledger: &Ledger, session: Session) -> Ledger {
    let kept = serde_json::to_string(ledger.state()).unwrap();
    let kept: LedgerState = serde_json::from_str(&kept).unwrap();
    let mut next = Ledger::resume(ledger.account().clone(), kept).unwrap();
    next.begin(session, &[]).unwrap();
    next
}

/// "Cash reset each day", "positions lost over weekends".
#[test]
fn a_weekend_keeps_cash_and_positions() {
    let friday = Session::day(date(2025, 3, 7));
    let mut ledger = Ledger::open(Account::us_equity(), friday, d("10000")).unwrap();
    ledger
        .buy(&sym("AAPL"), d("10"), Quote::at(d("235.1")))
        .unwrap();
    let monday = next_day(&ledger, date(2025, 3, 10).into());
    assert_eq!(monday.state().cash(), d("7649"));
    assert_eq!(monday.state().quantity(&sym("AAPL")), d("10"));
    assert_eq!(monday.state().session().days_since(friday), 3);
    // The journal of a day is of that day.
    assert_eq!(monday.journal().len(), 1);
}

/// "Profit shown as loss on purchase": a purchase changes what is held, not
/// what it is worth.
#[test]
fn a_purchase_is_no_loss() {
    let mut ledger = on(Account::us_equity(), "10000");
    let first = DayProfit::new(None, MONDAY.into(), money_of(&ledger, &[])).unwrap();
    assert_eq!(first.starting_value, d("10000"));
    assert_eq!(
        (first.daily_profit, first.daily_return_pct),
        (d("0"), d("0"))
    );
    assert_eq!(first.days_since_last_trading, 0);

    ledger
        .buy(&sym("AAPL"), d("10"), Quote::at(d("200")))
        .unwrap();
    let ending = money_of(&ledger, &[("AAPL", "200")]);
    assert_eq!(ending, d("10000"));

    // At 210 the next open: 8,000 + 2,100 − 10,000 = 100, one per cent.
    let ledger = next_day(&ledger, TUESDAY.into());
    let before = DayBefore {
        session: MONDAY.into(),
        value: ending,
    };
    let now = money_of(&ledger, &[("AAPL", "210")]);
    let second = DayProfit::new(Some(before), TUESDAY.into(), now).unwrap();
    assert_eq!(second.daily_profit, d("100"));
    assert_eq!(second.daily_return_pct, d("1"));
    assert_eq!(second.days_since_last_trading, 1);
}

#[test]
fn a_day_without_worth_has_no_return() {
    for (before, now, profit, pct) in [
        ("0", "50", "50", "0"),
        ("-10", "-5", "5", "0"),
        ("200", "150", "-50", "-25"),
        ("300", "301", "1", "0.3333333333333333333333333333"),
    ] {
        let day = DayProfit::new(
            Some(DayBefore {
                session: MONDAY.into(),
                value: d(before),
            }),
            (MONDAY + 30.days()).into(),
            d(now),
        );
        let day = day.unwrap();
        assert_eq!(
            (day.daily_profit, day.daily_return_pct),
            (d(profit), d(pct))
        );
        assert_eq!(day.days_since_last_trading, 30);
    }
}

/// Seed 004 lets what a sale brings be spent at once.
#[test]
fn what_a_sale_brings_is_spent_at_once() {
    let mut ledger = on(Account::us_equity(), "1000");
    ledger
        .buy(&sym("AAPL"), d("10"), Quote::at(d("100")))
        .unwrap();
    let refused = ledger.buy(&sym("MSFT"), d("1"), Quote::at(d("400")));
    assert!(matches!(refused, Err(Refusal::InsufficientCash { .. })));
    ledger
        .sell(&sym("AAPL"), d("4"), Quote::at(d("100")))
        .unwrap();
    let bought = ledger
        .buy(&sym("MSFT"), d("1"), Quote::at(d("400")))
        .unwrap();
    assert_eq!(bought.cash_after, Decimal::ZERO);
}

#[test]
fn profit_of_a_trade_on_its_day() {
    let profit = |side, entry, close| trade_profit(side, d(entry), d(close), d("10")).unwrap();
    assert_eq!(profit(Side::Long, "100", "103.5"), d("35"));
    assert_eq!(profit(Side::Long, "100", "99"), d("-10"));
    assert_eq!(profit(Side::Short, "100", "103.5"), d("-35"));
    assert_eq!(profit(Side::Short, "100", "99"), d("10"));
}

#[test]
fn realised_by_first_lots_and_cost_by_averages() {
    let mut ledger = on(Account::us_equity(), "10000");
    let apple = sym("AAPL");
    for (quantity, price) in [("10", "100"), ("10", "120"), ("5", "130")] {
        ledger
            .buy(&apple, d(quantity), Quote::at(d(price)))
            .unwrap();
    }
    // (1,000 + 1,200 + 650) / 25
    let position = &ledger.state().positions()[&apple];
    assert_eq!(
        (position.basis(), position.average_cost()),
        (d("2850"), d("114"))
    );
    // First lots: 10 of 100 and 2 of 120, sold at 125.
    let sold = ledger.sell(&apple, d("12"), Quote::at(d("125"))).unwrap();
    assert_eq!(sold.realised, d("260")); // 10 · 25 + 2 · 5
    // By averages the rest costs 13 · 114; by first lots 8 · 120 + 5 · 130.
    let position = &ledger.state().positions()[&apple];
    assert_eq!(
        (position.basis(), position.average_cost()),
        (d("1482"), d("114"))
    );
    let lots: Vec<_> = position
        .lots()
        .iter()
        .map(|lot| (lot.quantity, lot.cost))
        .collect();
    assert_eq!(lots, [(d("8"), d("960")), (d("5"), d("650"))]);
    assert_eq!(position.lots()[0].unit_cost(), d("120"));
    assert!(conserved(ledger.state()));
}

/// A third of a lot costs a third, and the last third what is left: nothing is
/// lost to rounding.
#[test]
fn thirds_add_up() {
    let mut ledger = on(Account::us_equity(), "100");
    let apple = sym("AAPL");
    ledger
        .buy(&apple, d("3"), Quote::at(d("3.3333333333333")))
        .unwrap();
    for _ in 0..3 {
        assert!(conserved(ledger.state()));
        ledger
            .sell(&apple, d("1"), Quote::at(d("3.3333333333333")))
            .unwrap();
    }
    assert!(ledger.state().positions().is_empty());
    assert!(conserved(ledger.state()));
    // 3 · 3.3333333333333 = 9.9999999999999 → 10; each third 3.3333333333.
    assert_eq!(ledger.state().cash(), d("99.9999999999"));
    assert_eq!(ledger.state().totals().realised, d("-0.0000000001"));
}

/// Seed 001: `|net value| / NAV`, with cash beside.
#[test]
fn weights_of_holdings() {
    let mut ledger = on(Account::us_equity(), "1000");
    ledger
        .buy(&sym("AAPL"), d("4"), Quote::at(d("100")))
        .unwrap();
    short(&mut ledger, "MSFT", "2", "100");
    // Cash 1,000 − 400 + 200 − 100; worth 700 + 100 + 400 − 200.
    let worth = ledger
        .value(&prices(&[("AAPL", "100"), ("MSFT", "100")]))
        .unwrap();
    assert_eq!((worth.value, worth.margin_held), (d("1000"), d("100")));
    let weights: Vec<_> = worth
        .positions
        .iter()
        .map(|it| it.weight.unwrap())
        .collect();
    assert_eq!(weights, [d("0.4"), d("0.2")]);
    assert_eq!(worth.cash_weight(), Some(d("0.7")));
    // At 110 and 110: 40 gained and 20 lost.
    let later = ledger
        .value(&prices(&[("AAPL", "110"), ("MSFT", "110")]))
        .unwrap();
    assert_eq!((later.value, later.unrealised()), (d("1020"), Ok(d("20"))));
    // A worthless account has no weights.
    let gone = ledger
        .value(&prices(&[("AAPL", "1"), ("MSFT", "900")]))
        .unwrap();
    assert_eq!(gone.positions[0].weight, None);
    let refused = ledger.value(&prices(&[("AAPL", "0")]));
    assert!(matches!(refused, Err(Refusal::PriceNotPositive { .. })));
}

#[test]
fn a_session_does_not_come_twice() {
    let mut ledger = on(Account::us_equity(), "1000");
    for again in [MONDAY, MONDAY - 1.day()] {
        let refused = ledger.begin(again.into(), &[]);
        assert!(
            matches!(refused, Err(Refusal::SessionNotLater { .. })),
            "{again}"
        );
    }
    assert!(ledger.begin(MONDAY.at(10, 0, 0, 0).into(), &[]).is_ok());
    assert!(ledger.begin(MONDAY.at(10, 0, 0, 0).into(), &[]).is_err());
}
