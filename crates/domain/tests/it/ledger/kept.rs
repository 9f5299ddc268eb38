//! What is kept of an account, and what is refused that no account wrote.

use fondaco_domain::ledger::{
    Account, Entry, Ledger, LedgerError, LedgerState, Quote, Refusal, Settlement, Shorting,
};
use fondaco_domain::{ErrorKind, Hint};
use serde_json::{Value, json};

use super::{MONDAY, TUESDAY, conserved, d, on, prices, short, sym};

fn some() -> Ledger {
    let mut ledger = on(Account::us_equity(), "10000");
    ledger
        .buy(&sym("AAPL"), d("10"), Quote::at(d("255.04")))
        .unwrap();
    short(&mut ledger, "MSFT", "2", "500");
    ledger.begin(TUESDAY.into(), &[]).unwrap();
    ledger
        .mark(&prices(&[("AAPL", "256.58"), ("NVDA", "1")]))
        .unwrap();
    ledger
}

/// This form is stored for ever: a change of it is a new version.
#[test]
fn the_form_of_a_state() {
    insta::assert_snapshot!(serde_json::to_string_pretty(some().state()).unwrap(), @r#"
    {
      "session": "2025-03-04",
      "cash": "7949.6",
      "positions": {
        "AAPL": {
          "side": "long",
          "lots": [
            {
              "quantity": "10",
              "cost": "2550.4",
              "opened": "2025-03-03"
            }
          ],
          "basis": "2550.4",
          "margin": "0",
          "mark": {
            "price": "256.58",
            "session": "2025-03-04"
          }
        },
        "MSFT": {
          "side": "short",
          "lots": [
            {
              "quantity": "2",
              "cost": "1000",
              "opened": "2025-03-03"
            }
          ],
          "basis": "1000",
          "margin": "500",
          "mark": {
            "price": "500",
            "session": "2025-03-03"
          }
        }
      },
      "owed": [],
      "totals": {
        "deposits": "10000",
        "commission": "0",
        "stamp_duty": "0",
        "transfer": "0",
        "slippage": "0",
        "realised": "0",
        "dividends": "0",
        "turnover": "3550.4",
        "fills": 2
      }
    }
    "#);
}

#[test]
fn the_form_of_entries() {
    let journal = some()
        .journal()
        .iter()
        .map(|entry| serde_json::to_string(entry).unwrap())
        .collect::<Vec<_>>();
    insta::assert_snapshot!(journal.join("\n"), @r#"
    {"entry":"session","session":"2025-03-03"}
    {"entry":"deposit","amount":"10000"}
    {"entry":"fill","symbol":"AAPL","leg":"buy","quantity":"10","quote":"255.04","price":"255.04","value":"2550.4"}
    {"entry":"fill","symbol":"MSFT","leg":"short","quantity":"2","quote":"500","price":"500","value":"1000"}
    {"entry":"margin","symbol":"MSFT","amount":"500"}
    {"entry":"session","session":"2025-03-04"}
    {"entry":"mark","prices":{"AAPL":"256.58"}}
    "#);
}

#[test]
fn rules_as_a_person_writes_them() {
    let written = r#"{
        "currency": "CNY", "quantity_step": 1, "lot": "100", "slippage_bp": 2.5,
        "fees": {"commission_bp": 3, "commission_min": 5, "stamp_duty_bp": "10"},
        "settlement": "next_session",
        "price_limit": {"fraction": 0.1, "symbols": {"600519.SHH": 0.05}},
        "shorting": {"mode": "forbidden"}
    }"#;
    let read: Account = serde_json::from_str(written).unwrap();
    assert_eq!((read.slippage_bp, read.lot), (d("2.5"), Some(d("100"))));
    assert_eq!(read.settlement, Settlement::NextSession);
    assert_eq!(read.shorting, Shorting::Forbidden);
    let limit = read.price_limit.unwrap();
    assert_eq!(limit.of(&sym("600519.SHH")), d("0.05"));
    assert_eq!(limit.price_step, d("0.01"));
    for account in [Account::us_equity(), Account::a_share(), Account::crypto()] {
        let text = serde_json::to_string(&account).unwrap();
        assert_eq!(serde_json::from_str::<Account>(&text).unwrap(), account);
    }
    for wrong in [
        r#"{"commission": 3}"#,
        r#"{"fees": {"commission": 3}}"#,
        r#"{"shorting": {"mode": "margin", "ratio": 1}}"#,
        r#"{"settlement": "T+1"}"#,
        r#"{"slippage_bp": "much"}"#,
    ] {
        assert!(serde_json::from_str::<Account>(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn a_state_that_no_ledger_wrote_is_refused() {
    let good = serde_json::to_value(some().state()).unwrap();
    let resume = |change: &dyn Fn(&mut Value)| {
        let mut state = good.clone();
        change(&mut state);
        let state: LedgerState = serde_json::from_value(state).unwrap();
        Ledger::resume(Account::us_equity(), state)
    };
    assert!(resume(&|_| {}).is_ok());
    let position = |state: &mut Value, field: &str, value: Value| {
        state["positions"]["AAPL"][field] = value;
    };
    for (field, value) in [
        ("lots", json!([])),
        (
            "lots",
            json!([{"quantity": "0", "cost": "1", "opened": "2025-03-03"}]),
        ),
        (
            "lots",
            json!([{"quantity": "-3", "cost": "1", "opened": "2025-03-03"}]),
        ),
        ("margin", json!("5")),
        ("mark", json!({"price": "0", "session": "2025-03-03"})),
    ] {
        let refused = resume(&|state| position(state, field, value.clone())).unwrap_err();
        assert!(
            matches!(refused, LedgerError::Position { .. }),
            "{field}: {refused}"
        );
        assert_eq!(refused.kind(), ErrorKind::Corrupt);
    }
    // A field that is not known is not ignored.
    let mut state = good.clone();
    state["pocket"] = json!("100");
    assert!(serde_json::from_value::<LedgerState>(state).is_err());
}

#[test]
fn entries_that_do_not_follow_are_refused() {
    let good = some().journal().to_vec();
    let replay = |entries: Vec<Entry>| Ledger::replay(Account::us_equity(), entries);
    assert_eq!(replay(good.clone()).unwrap(), some());
    assert_eq!(replay(Vec::new()), Err(LedgerError::NoSession));
    assert_eq!(replay(good[1..].to_vec()), Err(LedgerError::NoSession));

    // Without the purchase there is nothing to mark.
    let mut lost = good.clone();
    lost.remove(2);
    let refused = replay(lost).unwrap_err();
    assert!(
        matches!(refused, LedgerError::Entry { index: 5, .. }),
        "{refused:?}"
    );

    // A fill that says another value than price times quantity.
    let mut changed = good.clone();
    let Entry::Fill { value, .. } = &mut changed[2] else {
        panic!("the third entry is the purchase");
    };
    *value = d("1");
    let refused = replay(changed).unwrap_err();
    assert!(matches!(
        refused,
        LedgerError::Entry {
            index: 2,
            source: Refusal::Inconsistent { .. },
        }
    ));
}

#[test]
fn an_account_may_begin_with_nothing() {
    let mut ledger = on(Account::us_equity(), "0");
    assert_eq!(ledger.journal().len(), 1);
    ledger.deposit(d("5")).unwrap();
    assert!(conserved(ledger.state()));
    let refused = Ledger::open(Account::us_equity(), MONDAY.into(), d("-1"));
    assert!(matches!(
        refused,
        Err(LedgerError::Refused(Refusal::BadAmount { .. }))
    ));
}
