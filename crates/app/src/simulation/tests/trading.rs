//! Steps of an account: prices by policy, refusals, what waits, what is valued.

use std::sync::Arc;

use fondaco_contract::v1alpha1::simulation::{
    ActionKind, ActionState, Base, Execution, SimDate, SimulationJob,
};
use fondaco_domain::corporate::{Dividend, Split};
use fondaco_domain::ledger::{CorporateAction, CorporateEvent, Refusal};
use fondaco_domain::{Bar, Bars, Symbol, Timeframe, UnixMillis};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use crate::simulation::market::Market;
use crate::simulation::trading::{NotDone, Ordered, Traded, Trading};
use crate::tools::candles::Held;

fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

fn date(text: &str) -> SimDate {
    text.parse().unwrap()
}

fn decimal(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// X: 10, 12 and 15 at the opens of the first three days of October 2025, each
/// day from one below to two above its open, closing one above. Y was traded on
/// the first day only, at 100.
fn market() -> Market {
    let bars = |opens: &[f64]| {
        let rows = opens.iter().enumerate().map(|(day, open)| Bar {
            time: UnixMillis::midnight(jiff::civil::date(2025, 10, 1 + day as i8)),
            open: *open,
            high: open + 2.0,
            low: open - 1.0,
            close: open + 1.0,
            volume: 100.0,
        });
        let bars = Bars::from_rows(rows).unwrap();
        let version = String::new();
        Arc::new(Held { version, bars })
    };
    let series = [
        (symbol("X"), bars(&[10.0, 12.0, 15.0])),
        (symbol("Y"), bars(&[100.0])),
    ];
    Market::of(series, Timeframe::DAY)
}

fn job(execution: Execution, account: &Value) -> SimulationJob {
    serde_json::from_value(json!({
        "kind": "simulation",
        "version": 1,
        "dates": ["2025-10-01", "2025-10-02", "2025-10-03"],
        "models": [{"name": "a", "model": "x/a"}],
        "symbols": ["X", "Y"],
        "account": account,
        "execution": execution,
    }))
    .unwrap()
}

/// A step on which some orders are given.
fn step(
    job: &SimulationJob,
    day: &str,
    before: Option<&Base>,
    corporate: &[CorporateAction],
    orders: &[(ActionKind, &str, &str)],
) -> (Traded, Vec<Result<Ordered, NotDone>>) {
    let market = market();
    let mut trading = Trading::begin(job, &market, date(day), before, corporate).unwrap();
    let told = orders
        .iter()
        .map(|(kind, name, quantity)| trading.order(*kind, &symbol(name), decimal(quantity)))
        .collect();
    (trading.end().unwrap(), told)
}

/// What the next step goes on from.
fn base(day: &str, traded: &Traded) -> Base {
    Base {
        date: date(day),
        value: traded.end.value,
        ledger: serde_json::to_value(&traded.ledger).unwrap(),
        waiting: traded.waiting.clone(),
        room: None,
    }
}

fn price(traded: &Traded, action: usize) -> Decimal {
    match &traded.actions[action].state {
        ActionState::Filled { price, .. } => *price,
        other => panic!("{other:?}"),
    }
}

fn reason(traded: &Traded, action: usize) -> &str {
    match &traded.actions[action].state {
        ActionState::Refused { reason } => reason,
        other => panic!("{other:?}"),
    }
}

const BUY: ActionKind = ActionKind::Buy;

#[test]
fn each_policy_has_its_price() {
    let none = json!({"initial_cash": "1000"});
    let buy = [(BUY, "X", "5")];
    let job_open = job(Execution::Open, &none);
    let (open, _) = step(&job_open, "2025-10-01", None, &[], &buy);
    assert_eq!(
        (price(&open, 0), open.end.cash),
        (decimal("10"), decimal("950"))
    );

    // (12 + 9 + 11) / 3, and 1000 - 5 * 10.6666666667.
    let job_vwap = job(Execution::Vwap, &none);
    let (vwap, told) = step(&job_vwap, "2025-10-01", None, &[], &buy);
    assert_eq!(told, [Ok(Ordered::Waits)]);
    assert_eq!(price(&vwap, 0), decimal("10.6666666667"));
    assert_eq!(vwap.end.cash, decimal("946.6666666665"));
    assert_eq!(vwap.waiting, []);

    let job_next = job(Execution::NextOpen, &none);
    let (first, told) = step(&job_next, "2025-10-01", None, &[], &buy);
    assert_eq!(told, [Ok(Ordered::Waits)]);
    assert_eq!((first.end.cash, first.waiting.len()), (decimal("1000"), 1));
    let before = base("2025-10-01", &first);
    let (second, _) = step(&job_next, "2025-10-02", Some(&before), &[], &[]);
    assert_eq!(
        (price(&second, 0), second.end.cash),
        (decimal("12"), decimal("940"))
    );
    assert_eq!(second.actions[0].ordered, Some(date("2025-10-01")));
    assert_eq!(second.waiting, []);
}

/// Nobody knew the price when the order was given.
#[test]
fn an_order_that_waits_is_refused_where_it_can_no_longer_be_paid() {
    let job = job(Execution::NextOpen, &json!({"initial_cash": "1000"}));
    let all = [(BUY, "X", "100")];
    let (first, told) = step(&job, "2025-10-01", None, &[], &all);
    assert_eq!(told, [Ok(Ordered::Waits)]);
    let before = base("2025-10-01", &first);
    let (second, _) = step(&job, "2025-10-02", Some(&before), &[], &[]);
    assert_eq!(
        reason(&second, 0),
        "Insufficient cash (needed 1200, available 1000)"
    );
    assert_eq!(second.end.cash, decimal("1000"));
    // What is ordered beside it counts: twice 60 units cannot be paid.
    let twice = [(BUY, "X", "60"), (BUY, "X", "60")];
    let (_, told) = step(&job, "2025-10-01", None, &[], &twice);
    assert!(matches!(
        told[1],
        Err(NotDone::Refused(Refusal::InsufficientCash { .. }))
    ));
}

#[test]
fn a_days_own_trades_never_change_its_profit() {
    let job = job(Execution::Open, &json!({"initial_cash": "1000"}));
    let (first, _) = step(&job, "2025-10-01", None, &[], &[(BUY, "X", "50")]);
    assert_eq!(
        (first.figures.profit, first.figures.return_pct),
        (Decimal::ZERO, 0.0)
    );
    assert_eq!(first.end.value, decimal("1000"), "a purchase is no loss");
    let before = base("2025-10-01", &first);
    let sell = [(ActionKind::Sell, "X", "50"), (BUY, "X", "10")];
    let (second, told) = step(&job, "2025-10-02", Some(&before), &[], &sell);
    assert!(
        told.iter().all(Result::is_ok),
        "what is sold can be spent at once"
    );
    // 50 units from 10 to 12, of 1000.
    assert_eq!(second.figures.profit, decimal("100"));
    assert_eq!(second.figures.return_pct, 10.0);
    assert_eq!(second.end.value, decimal("1100"));
}

/// Y has no price after the first day: it keeps the last one, marked as old,
/// and fails nobody.
#[test]
fn a_held_symbol_that_disappears_stays() {
    let job = job(Execution::Open, &json!({"initial_cash": "1000"}));
    let (first, _) = step(&job, "2025-10-01", None, &[], &[(BUY, "Y", "2")]);
    let before = base("2025-10-01", &first);
    let sell = [(ActionKind::Sell, "Y", "1")];
    let (second, told) = step(&job, "2025-10-02", Some(&before), &[], &sell);
    let held = &second.end.holdings[0];
    assert_eq!(
        (held.quantity, held.price),
        (decimal("2"), Some(decimal("100")))
    );
    assert_eq!(held.price_of, Some(date("2025-10-01")));
    assert_eq!(second.end.value, decimal("1000"));
    let not_found = NotDone::NoPrice {
        symbol: symbol("Y"),
        date: date("2025-10-02"),
    };
    assert_eq!(not_found.to_string(), "Symbol Y not found on 2025-10-02");
    assert_eq!(told, [Err(not_found)]);
}

#[test]
fn what_makes_no_sense_changes_nothing() {
    let job = job(Execution::Open, &json!({"initial_cash": "1000"}));
    let orders = [
        (BUY, "X", "0"),
        (BUY, "X", "-5"),
        (BUY, "X", "0.5"),
        (BUY, "X", "101"),
        (BUY, "Z", "1"),
        (ActionKind::Sell, "X", "1"),
        (ActionKind::Short, "X", "1"),
    ];
    let (traded, told) = step(&job, "2025-10-01", None, &[], &orders);
    assert!(told.iter().all(Result::is_err), "{told:?}");
    assert_eq!(
        (traded.end.cash, traded.end.holdings.len()),
        (decimal("1000"), 0)
    );
    let reasons: Vec<&str> = (0..7).map(|action| reason(&traded, action)).collect();
    assert_eq!(
        reasons[3],
        "Insufficient cash (needed 1010, available 1000)"
    );
    assert_eq!(reasons[4], "Symbol Z not found on 2025-10-01");
    assert_eq!(reasons[5], "No position for X");
}

#[test]
fn costs_are_told_and_slippage_makes_every_price_worse() {
    let account = json!({"initial_cash": "1000", "commission_bp": "10", "slippage_bp": "100"});
    let job = job(Execution::Open, &account);
    let (traded, _) = step(&job, "2025-10-01", None, &[], &[(BUY, "X", "50")]);
    assert_eq!(price(&traded, 0), decimal("10.1"));
    // 0.1 % of 505 is 0.505, half up to cents; and 50 times 0.1.
    assert_eq!(traded.figures.costs, decimal("5.51"));
    assert_eq!(traded.end.cash, decimal("494.49"));
}

/// Shorts rise from 10 to 15: equity falls below what has to be there, and the
/// account is made to buy back.
#[test]
fn a_margin_call_is_answered_before_anybody_looks() {
    let account = json!({"initial_cash": "1000", "margin_requirement": "0.5"});
    let job = job(Execution::Open, &account);
    let short = [(ActionKind::Short, "X", "180")];
    let (first, told) = step(&job, "2025-10-01", None, &[], &short);
    assert!(told[0].is_ok(), "{told:?}");
    let before = base("2025-10-01", &first);
    // Worth 1000 - 180 * 5 = 100, and 0.3 * 2700 = 810 has to be there.
    let (third, _) = step(&job, "2025-10-03", Some(&before), &[], &[]);
    let forced = &third.actions[0];
    assert!(
        forced.forced && forced.kind == ActionKind::Cover,
        "{forced:?}"
    );
    assert_eq!(third.figures.profit, decimal("-900"));
    assert_eq!(third.end.value, decimal("100"));
    // 22 units left: 0.3 * 22 * 15 = 99 is there.
    assert_eq!(third.end.holdings[0].quantity, decimal("-22"));
}

#[test]
fn dividends_and_splits_are_booked_with_the_day() {
    let job = job(Execution::Open, &json!({"initial_cash": "1000"}));
    let (first, _) = step(&job, "2025-10-01", None, &[], &[(BUY, "X", "10")]);
    let before = base("2025-10-01", &first);
    let of = |event| CorporateAction {
        symbol: symbol("X"),
        event,
    };
    let corporate = [
        of(CorporateEvent::Dividend(Dividend {
            ex_date: jiff::civil::date(2025, 10, 2),
            pay_date: None,
            amount: 0.5,
            currency: "USD".to_owned(),
        })),
        of(CorporateEvent::Split {
            split: Split {
                date: jiff::civil::date(2025, 10, 3),
                from: 1.0,
                to: 2.0,
            },
            in_lieu: None,
        }),
    ];
    let (second, _) = step(&job, "2025-10-02", Some(&before), &corporate, &[]);
    assert_eq!(second.actions[0].kind, ActionKind::Corporate);
    // 10 * 0.5 in cash, and 10 units from 10 to 12.
    assert_eq!(
        (second.end.cash, second.figures.profit),
        (decimal("905"), decimal("25"))
    );
    let before = base("2025-10-02", &second);
    let (third, _) = step(&job, "2025-10-03", Some(&before), &corporate, &[]);
    assert_eq!(third.end.holdings[0].quantity, decimal("20"));
    assert_eq!(third.end.cash, decimal("905"));
}
