use std::collections::BTreeMap;

use fondaco_domain::time::TimeRange;
use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};

use super::*;

const DAY: i64 = 86_400_000;

/// A candle a day from a date on, opening and closing as stated.
fn name(symbol: &str, from: &str, prices: &[(f64, f64)]) -> (Symbol, Bars) {
    let from = fondaco_domain::time::parse_stamp(from).unwrap();
    let rows = prices.iter().enumerate().map(|(day, &(open, close))| Bar {
        time: from.plus(day as i64 * DAY),
        open,
        high: open.max(close),
        low: open.min(close),
        close,
        volume: 1.0,
    });
    let bars = Bars::from_rows(rows.collect::<Vec<_>>()).unwrap();
    (symbol.parse().unwrap(), bars)
}

fn pairs(names: &[(Symbol, Bars)]) -> Vec<PairBars<'_>> {
    names
        .iter()
        .map(|(pair, bars)| PairBars { pair, bars })
        .collect()
}

fn range(text: &str) -> TimeRange {
    TimeRange::parse(text).unwrap()
}

#[test]
fn weights_by_size_and_a_size_that_is_not_known() {
    let names = [
        name("BIG", "2025-01-01", &[(10.0, 10.0), (20.0, 20.0)]),
        name("SMALL", "2025-01-01", &[(5.0, 5.0), (5.0, 4.0)]),
        name("DARK", "2025-01-01", &[(1.0, 1.0), (9.0, 9.0)]),
    ];
    let pairs = pairs(&names);
    let mut caps: BTreeMap<Symbol, f64> = [("BIG", 300.0), ("SMALL", 100.0)]
        .map(|(n, c)| (n.parse().unwrap(), c))
        .into();
    let all = TimeRange::default();
    let weigh = |caps: &BTreeMap<Symbol, f64>, missing| {
        market_cap_weight(&pairs, caps, missing, all, 1_000.0, PriceOf::Close)
    };
    assert_eq!(
        weigh(&caps, MissingCap::Refuse),
        Err(PassiveError::NoCap("DARK".parse().unwrap()))
    );
    let found = weigh(&caps, MissingCap::LeaveOut).unwrap();
    assert_eq!(found.left_out, ["DARK".parse().unwrap()]);
    assert_eq!(
        found.weights.values().copied().collect::<Vec<_>>(),
        [0.75, 0.25]
    );
    // 750 doubles, 250 loses a fifth.
    assert_eq!(found.equity.value, [1_000.0, 1_700.0]);
    for bad in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        caps.insert("DARK".parse().unwrap(), bad);
        assert!(matches!(
            weigh(&caps, MissingCap::LeaveOut),
            Err(PassiveError::BadCap { .. })
        ));
    }
}

#[test]
fn one_name_from_a_date_on() {
    let names = [
        name("A", "2025-01-01", &[(1.0, 2.0), (4.0, 5.0), (8.0, 6.0)]),
        name("B", "2025-01-01", &[(1.0, 1.0), (1.0, 1.0), (1.0, 1.0)]),
    ];
    let pairs = pairs(&names);
    let from = range("2025-01-02..");
    let of = |symbol: &str, mark| hold(&pairs, &symbol.parse().unwrap(), from, 100.0, mark);
    assert_eq!(of("A", PriceOf::Open).unwrap().value, [100.0, 200.0]);
    assert_eq!(of("A", PriceOf::Close).unwrap().value, [125.0, 150.0]);
    assert_eq!(
        of("C", PriceOf::Close),
        Err(PassiveError::Unknown("C".parse().unwrap()))
    );
}

#[test]
fn prices_stand_where_a_name_has_no_candle() {
    let names = [
        name("A", "2025-01-01", &[(1.0, 1.0), (1.0, 1.0), (1.0, 2.0)]),
        name("GONE", "2025-01-01", &[(1.0, 3.0)]),
    ];
    let equity = equal_weight(&pairs(&names), TimeRange::default(), 100.0, PriceOf::Close).unwrap();
    assert_eq!(equity.value, [200.0, 200.0, 250.0]);
    let stamps = [-1, 0, 1, 5].map(|day| equity.time[0].plus(day * DAY));
    assert_eq!(
        at_stamps(&equity, 100.0, &stamps),
        [100.0, 200.0, 200.0, 250.0]
    );
}

#[test]
fn the_top_half_is_chosen_at_the_first_open_of_a_month() {
    // Strong until the end of January, weak after it, and the other way round.
    let course = |january: f64, february: f64| -> Vec<(f64, f64)> {
        let mut price = 100.0;
        (0..59)
            .map(|day| {
                let open = price;
                price *= if day < 31 { january } else { february };
                (open, price)
            })
            .collect()
    };
    let names = [
        name("EARLY", "2025-01-01", &course(1.02, 0.99)),
        name("LATE", "2025-01-01", &course(0.99, 1.02)),
        name("STILL", "2025-01-01", &course(1.0, 1.0)),
    ];
    let pairs = pairs(&names);
    let run = |from: &str| {
        momentum(
            &pairs,
            MomentumRules::default(),
            range(from),
            1_000.0,
            PriceOf::Open,
        )
        .unwrap()
    };
    let (equity, chosen) = run("2025-01-25..");
    let told: Vec<String> = chosen
        .iter()
        .map(|it| {
            let held: Vec<&str> = it.held.iter().map(Symbol::as_str).collect();
            format!("{} {}", it.at.date(), held.join(" "))
        })
        .collect();
    // On 2025-02-01 January is all that is known: the strong one of January.
    assert_eq!(told, ["2025-01-25 EARLY STILL", "2025-02-01 EARLY STILL"]);
    // Seven days of half the money at 2 %.
    let expected = 500.0 + 500.0 * 1.02_f64.powi(7);
    assert!(
        (equity.value[7] - expected).abs() < 1e-9,
        "{}",
        equity.value[7]
    );
    assert_eq!(equity.value[0], 1_000.0);

    // Without enough closes nobody is ranked, and money waits as cash.
    let (equity, chosen) = run("2025-01-01..");
    assert_eq!(chosen[0].at.date().to_string(), "2025-01-22");
    assert_eq!(equity.invested[20], 0.0);
    assert_eq!(equity.value[20], 1_000.0);
}

#[test]
fn a_name_that_cannot_be_sold_is_kept() {
    let rise = |days: i32| -> Vec<(f64, f64)> {
        (0..days)
            .map(|day| (f64::from(day + 1), f64::from(day + 2)))
            .collect()
    };
    let names = [
        name("GONE", "2025-01-01", &rise(25)),
        name("STAYS", "2025-01-01", &[(1.0, 1.0); 40]),
    ];
    let (equity, chosen) = momentum(
        &pairs(&names),
        MomentumRules::default(),
        range("2025-01-22.."),
        100.0,
        PriceOf::Close,
    )
    .unwrap();
    assert_eq!(chosen[0].held, ["GONE".parse().unwrap()]);
    // In February only STAYS trades; there is no cash to buy it with.
    let last = equity.value[equity.value.len() - 1];
    assert!((last - 100.0 * 26.0 / 22.0).abs() < 1e-9, "{last}");
    let nobody = momentum(
        &[],
        MomentumRules::default(),
        TimeRange::default(),
        1.0,
        PriceOf::Open,
    );
    assert!(nobody.is_err());
    let stamps: Vec<UnixMillis> = equity.time;
    assert!(stamps.is_sorted());
}
