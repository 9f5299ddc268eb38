//! Splits and dividends.

use fondaco_domain::corporate::{Dividend, FactorRow, Factors, Split};
use fondaco_domain::time::parse_stamp;
use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};
use fondaco_engine::backtest::{Actions, Costs};
use fondaco_engine::signals::Signals;
use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::{DAY, candles, run_one, settings};

fn day(number: i64) -> Date {
    UnixMillis(number * DAY).date()
}

fn split(at: i64, from: f64, to: f64) -> Split {
    Split {
        date: day(at),
        from,
        to,
    }
}

fn dividend(at: i64, amount: f64) -> Dividend {
    Dividend {
        ex_date: day(at),
        pay_date: None,
        amount,
        currency: "USD".to_owned(),
    }
}

fn symbol() -> Symbol {
    "TEST".parse().unwrap()
}

/// Ten shares at 100 become forty at 25 and get 0.50 each the day after.
#[test]
fn a_split_and_a_dividend_change_the_position_and_not_the_money() {
    let bars = candles(&[
        (100.0, 100.0, 100.0, 100.0, 1e6),
        (100.0, 102.0, 99.0, 100.0, 1e6),
        (25.0, 26.0, 24.0, 25.0, 1e6),
        (24.5, 25.0, 24.0, 24.5, 1e6),
        (24.5, 25.0, 24.0, 24.5, 1e6),
    ]);
    let actions = Actions::from_lists(&[split(2, 1.0, 4.0)], &[dividend(3, 0.5)]);
    let mut signals = Signals::none(5);
    signals.enter_long[0] = true;
    let outcome = run_one(
        "stoploss = -0.1",
        &settings(Costs::none()),
        &bars,
        &signals,
        Some(&actions),
    );
    let trade = &outcome.trades[0];
    let fills: Vec<_> = trade
        .orders
        .iter()
        .map(|order| (order.price, order.amount))
        .collect();
    assert_eq!(fills, [(100.0, 10.0), (24.5, 40.0)]);
    assert_eq!(
        (trade.amount, trade.open_rate, trade.funding_fees),
        (40.0, 25.0, 20.0)
    );
    // 40 * (24.5 - 25) + 20: the dividend makes the lower price good.
    assert!(trade.profit_abs.abs() < 1e-9);
    // 90 / 4 - 0.50: the split stop fell by the dividend and was not reached.
    assert!((trade.stop_loss - 22.0).abs() < 1e-9, "{}", trade.stop_loss);
    let realism = outcome.realism.unwrap();
    assert!(
        realism
            .equity
            .value
            .iter()
            .all(|value| (value - 10_000.0).abs() < 1e-9)
    );
    assert_eq!(
        (realism.charges.dividends, realism.charges.splits),
        (20.0, 1)
    );
}

#[test]
fn shorts_pay_dividends_and_borrowing() {
    let flat = (100.0, 101.0, 99.0, 100.0, 1e6);
    let bars = candles(&[flat, flat, flat, flat, flat]);
    let actions = Actions::from_lists(&[], &[dividend(2, 1.5)]);
    let mut signals = Signals::none(5);
    signals.enter_short[0] = true;
    let costs = Costs {
        borrow_interest: Some(0.073),
        ..Costs::none()
    };
    let outcome = run_one(
        "stoploss = -0.5",
        &settings(costs),
        &bars,
        &signals,
        Some(&actions),
    );
    // Ten shares: 15 of dividend, and 1,000 * 0.0002 for each of three days.
    assert!((outcome.trades[0].profit_abs + 15.0 + 0.6).abs() < 1e-9);
    assert!((outcome.final_balance - (10_000.0 - 15.6)).abs() < 1e-9);
}

#[test]
fn a_split_into_parts_of_a_share_pays_them_out() {
    let before = (100.0, 101.0, 99.0, 100.0, 1e6);
    let after = (80.0, 81.0, 79.0, 80.0, 1e6);
    let bars = candles(&[before, before, after, after]);
    // Nine shares become 11.25: a quarter is paid out at 80.
    let actions = Actions::from_lists(&[split(2, 4.0, 5.0)], &[]);
    let mut signals = Signals::none(4);
    signals.enter_long[0] = true;
    let mut settings = settings(Costs::none());
    settings.stake = fondaco_domain::strategy::Stake::Fixed(900.0);
    let outcome = run_one(
        "stoploss = -0.9",
        &settings,
        &bars,
        &signals,
        Some(&actions),
    );
    let orders: Vec<_> = outcome.trades[0]
        .orders
        .iter()
        .map(|o| (o.tag.as_str(), o.amount))
        .collect();
    assert_eq!(
        orders,
        [("", 9.0), ("cash_in_lieu", 0.25), ("force_exit", 11.0)]
    );
    assert!((outcome.final_balance - 10_000.0).abs() < 1e-9);
}

#[test]
fn a_reverse_split_below_one_share_ends_the_position() {
    let before = (10.0, 10.1, 9.9, 10.0, 1e6);
    let after = (2_000.0, 2_020.0, 1_980.0, 2_000.0, 1e6);
    let bars = candles(&[before, before, after, after]);
    let actions = Actions::from_lists(&[split(2, 200.0, 1.0)], &[]);
    let mut signals = Signals::none(4);
    signals.enter_long[0] = true;
    let outcome = run_one(
        "stoploss = -0.9",
        &settings(Costs::none()),
        &bars,
        &signals,
        Some(&actions),
    );
    assert_eq!(outcome.trades[0].exit_reason.as_str(), "cash_in_lieu");
    assert!((outcome.final_balance - 10_000.0).abs() < 1e-9);
}

proptest! {
    /// A row of adjusted candles is the same whatever happens after it.
    #[test]
    fn adjusted_candles_do_not_look_ahead(
        closes in prop::collection::vec(10.0..100.0_f64, 3..40),
        events in prop::collection::vec((0_i64..45, 0.2..5.0_f64, 0.0..1.0_f64), 0..6),
        cut in 2_usize..40,
    ) {
        let cut = cut.min(closes.len());
        let rows: Vec<_> = closes.iter().map(|&c| (c, c + 1.0, c - 1.0, c, 100.0)).collect();
        let bars = candles(&rows);
        let actions = |until: i64| {
            let known = events.iter().filter(|event| event.0 < until);
            let splits: Vec<_> = known.clone().map(|e| split(e.0, 1.0, e.1)).collect();
            let dividends: Vec<_> = known.map(|e| dividend(e.0, e.2)).collect();
            Actions::from_lists(&splits, &dividends)
        };
        let (whole, part) = (actions(i64::MAX), actions(cut as i64));
        let (Ok(all), Ok(known)) = (
            whole.adjust(&symbol(), &bars, UnixMillis(0)),
            part.adjust(&symbol(), &bars.slice(0..cut), UnixMillis(0)),
        ) else { return Ok(()); };
        prop_assert_eq!(all.slice(0..cut), known);
    }
}

fn lean(name: &str) -> Option<std::path::PathBuf> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/lean")
        .join(name);
    if path.is_file() {
        return Some(path);
    }
    eprintln!("skipped: no {}", path.display());
    None
}

#[expect(clippy::disallowed_methods, reason = "reads reference data")]
fn aapl() -> Option<(Bars, Factors)> {
    use std::io::Read;
    let (candles, factors) = (
        lean("equity_AAPL_1d.csv.gz")?,
        lean("factor_files/aapl.csv")?,
    );
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(candles).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let bars = reader.records().map(|row| {
        let row = row.unwrap();
        let number = |column: usize| row[column].parse::<f64>().unwrap();
        Bar {
            time: parse_stamp(&row[0]).unwrap(),
            open: number(1),
            high: number(2),
            low: number(3),
            close: number(4),
            volume: number(5),
        }
    });
    let bars = Bars::from_rows(bars.collect::<Vec<_>>()).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        FactorRow {
            date: Date::strptime("%Y%m%d", cells[0]).unwrap(),
            price_factor: cells[1].parse().unwrap(),
            split_factor: cells[2].parse().unwrap(),
            reference_price: cells[3].parse().unwrap(),
        }
    };
    let factors = Factors::new(
        std::fs::read_to_string(factors)
            .unwrap()
            .lines()
            .map(row)
            .collect(),
    );
    Some((bars, factors))
}

/// Apple's splits and two of its dividends as its own investor relations page
/// lists them: 2:1 in 2000 and 2005, 7:1 in June 2014, 4:1 in August 2020;
/// $3.29 on 8 May 2014, $0.205 on 6 November 2020.
#[test]
fn apples_history_comes_out_of_the_factors() {
    let Some((bars, factors)) = aapl() else {
        return;
    };
    let actions = Actions::from_factors(&factors, &bars);
    let on = |day: Date| {
        let at = UnixMillis::midnight(day);
        *actions
            .rows()
            .iter()
            .find(|action| action.at == at)
            .unwrap()
    };
    for (day, ratio) in [
        (date(2000, 6, 21), 2.0),
        (date(2005, 2, 26), 2.0),
        (date(2014, 6, 7), 7.0),
        (date(2020, 8, 29), 4.0),
    ] {
        assert!(
            (on(day).split / ratio - 1.0).abs() < 1e-4,
            "{day}: {:?}",
            on(day)
        );
    }
    for (day, amount) in [(date(2014, 5, 8), 3.29), (date(2020, 11, 6), 0.205)] {
        assert!(
            (on(day).dividend / amount - 1.0).abs() < 2e-3,
            "{day}: {:?}",
            on(day)
        );
    }
}

/// One share bought at the open of 6 June 2014 (650) is seven of 92.857 the
/// next trading day; sold at the open of 10 June.
#[test]
fn a_share_of_apple_over_its_split() {
    let Some((bars, factors)) = aapl() else {
        return;
    };
    let actions = Actions::from_factors(&factors, &bars);
    let from = bars.row_at(UnixMillis::midnight(date(2014, 6, 5)));
    let bars = bars.slice(from..from + 5);
    assert_eq!((bars.open()[1], bars.open()[2]), (650.0, 92.69));
    let mut signals = Signals::none(5);
    (signals.enter_long[0], signals.exit_long[2]) = (true, true);
    let outcome = run_one(
        "stoploss = -0.1",
        &settings(Costs::none()),
        &bars,
        &signals,
        Some(&actions),
    );
    let trade = &outcome.trades[0];
    assert_eq!(trade.orders[1].amount, 7.0);
    let profit = 7.0 * bars.open()[3] - 650.0;
    assert!((trade.profit_abs - profit).abs() < 1e-9);
    // Without the split file the same candles look like a fall of 86 %.
    let raw = run_one(
        "stoploss = -0.1",
        &settings(Costs::none()),
        &bars,
        &signals,
        None,
    );
    assert!(raw.trades[0].profit_ratio < -0.85);
}
