//! Single trades, worked out by hand.

use fondaco_domain::trade::{ExitReason, Order};
use fondaco_engine::backtest::{Costs, IntraCandle, Outcome, Remainder, Slippage, Spread};
use fondaco_engine::signals::Signals;

use super::{candles, rules, run_by, run_one, settings};

const WIDE_STOP: &str = "stoploss = -0.9";

fn signals(rows: usize, enter: usize, exit: usize) -> Signals {
    let mut signals = Signals::none(rows);
    signals.enter_long[enter] = true;
    signals.exit_long[exit] = true;
    signals
}

fn fills(outcome: &Outcome) -> Vec<(i64, f64, f64)> {
    let fill = |order: &Order| (order.time.0 / super::DAY, order.price, order.amount);
    outcome.trades[0].orders.iter().map(fill).collect()
}

/// Flat candles at 100 with a volume.
fn flat(volumes: &[f64]) -> fondaco_domain::Bars {
    let rows: Vec<_> = volumes
        .iter()
        .map(|&v| (100.0, 101.0, 99.0, 100.0, v))
        .collect();
    candles(&rows)
}

#[test]
fn spread_slippage_and_fees_are_paid_on_both_sides() {
    let costs = Costs {
        spread: Spread::Ratio(0.002),
        slippage: Slippage::Ratio(0.01),
        min_fee: 2.0,
        ..Costs::none()
    };
    let outcome = run_one(
        WIDE_STOP,
        &settings(costs),
        &flat(&[1e6; 5]),
        &signals(5, 0, 2),
        None,
    );
    // Bought at 100 * 1.001 * 1.01 = 101.101 up, sold at 100 * 0.999 * 0.99
    // = 98.901 down; nine lots for 1,000; two fees of 2.
    assert_eq!(fills(&outcome), [(1, 101.11, 9.0), (3, 98.9, 9.0)]);
    let profit = 9.0 * (98.9 - 101.11) - 4.0;
    assert!((outcome.trades[0].profit_abs - profit).abs() < 1e-9);
    assert!((outcome.final_balance - 10_000.0 - profit).abs() < 1e-9);
    let charges = outcome.realism.unwrap().charges;
    assert_eq!(charges.fees, 4.0);
    assert!((charges.spread_and_slippage - 9.0 * (1.11 + 1.1)).abs() < 1e-9);
}

#[test]
fn latency_moves_both_orders() {
    let costs = Costs {
        latency: 2,
        ..Costs::none()
    };
    let outcome = run_one(
        WIDE_STOP,
        &settings(costs),
        &flat(&[1e6; 9]),
        &signals(9, 0, 3),
        None,
    );
    assert_eq!(fills(&outcome), [(3, 100.0, 10.0), (6, 100.0, 10.0)]);
}

#[test]
fn volume_cuts_entries_and_spreads_exits_out() {
    let volumes = [0.0, 60.0, 0.0, 20.0, 40.0, 1e6, 1e6];
    let cut = |entry_remainder| {
        let costs = Costs {
            max_volume_share: Some(0.1),
            entry_remainder,
            ..Costs::none()
        };
        let mut signals = signals(7, 0, 1);
        if entry_remainder == Remainder::Retry {
            signals.exit_long[1] = false;
            signals.exit_long[4] = true;
        }
        run_one(WIDE_STOP, &settings(costs), &flat(&volumes), &signals, None)
    };
    // Wanted 10: 6 on the first candle; 0, 2 and 4 leave on the next three.
    let dropped = cut(Remainder::Drop);
    assert_eq!(
        fills(&dropped),
        [(1, 100.0, 6.0), (3, 100.0, 2.0), (4, 100.0, 4.0)]
    );
    assert_eq!(dropped.trades[0].exit_reason, ExitReason::ExitSignal);
    let charges = dropped.realism.unwrap().charges;
    assert_eq!((charges.entries_cut, charges.exits_spread_out), (1, 1));
    // The remaining 4: 0, then 2, then 2; all leave at once.
    let retried = cut(Remainder::Retry);
    assert_eq!(
        fills(&retried),
        [
            (1, 100.0, 6.0),
            (3, 100.0, 2.0),
            (4, 100.0, 2.0),
            (5, 100.0, 10.0)
        ]
    );
}

#[test]
fn an_entry_without_any_volume_is_withdrawn() {
    let costs = Costs {
        max_volume_share: Some(0.5),
        ..Costs::none()
    };
    let outcome = run_one(
        WIDE_STOP,
        &settings(costs),
        &flat(&[0.0; 4]),
        &signals(4, 0, 2),
        None,
    );
    assert_eq!((outcome.trades.len(), outcome.withdrawn_entries), (0, 1));
    assert_eq!(outcome.final_balance, 10_000.0);
}

/// One candle touches the stop at 95 and goes through the target at 104.
#[test]
fn a_candle_with_stop_and_target() {
    let bars = candles(&[
        (100.0, 100.0, 100.0, 100.0, 1e6),
        (100.0, 101.0, 99.0, 100.0, 1e6),
        (100.0, 106.0, 94.0, 100.0, 1e6),
        (100.0, 101.0, 99.0, 100.0, 1e6),
    ]);
    let risk = "stoploss = -0.05\nroi = { \"0\" = 0.04 }";
    let mut signals = Signals::none(4);
    signals.enter_long[0] = true;
    for (intra_candle, price, reason) in [
        (IntraCandle::Pessimistic, 95.0, ExitReason::StopLoss),
        (IntraCandle::Freqtrade, 95.0, ExitReason::StopLoss),
        (IntraCandle::Optimistic, 104.0, ExitReason::Roi),
    ] {
        let costs = Costs {
            intra_candle,
            ..Costs::none()
        };
        let outcome = run_one(risk, &settings(costs), &bars, &signals, None);
        assert_eq!(fills(&outcome)[1], (2, price, 10.0), "{intra_candle:?}");
        assert_eq!(outcome.trades[0].exit_reason, reason);
    }
}

/// The stop trails 2 % behind the best price: on the candle that makes the new
/// best price only in freqtrade's order, from the next one in ours.
#[test]
fn a_trailing_stop_rises_with_the_candle_before() {
    let bars = candles(&[
        (100.0, 100.0, 100.0, 100.0, 1e6),
        (100.0, 101.0, 99.5, 101.0, 1e6),
        (101.0, 110.0, 100.5, 109.0, 1e6),
        (109.0, 109.5, 105.0, 106.0, 1e6),
        (106.0, 107.0, 105.0, 106.0, 1e6),
    ]);
    let risk = "stoploss = -0.02\ntrailing = true";
    let mut signals = Signals::none(5);
    signals.enter_long[0] = true;
    for (intra_candle, day, price) in [
        (IntraCandle::Pessimistic, 3, 107.8),
        (IntraCandle::Freqtrade, 2, 107.8),
    ] {
        let costs = Costs {
            intra_candle,
            ..Costs::none()
        };
        let outcome = run_one(risk, &settings(costs), &bars, &signals, None);
        assert_eq!(fills(&outcome)[1], (day, price, 10.0), "{intra_candle:?}");
        assert_eq!(outcome.trades[0].exit_reason, ExitReason::TrailingStopLoss);
    }
}

#[test]
fn a_gap_through_the_stop_fills_at_the_open_and_costs_more() {
    let bars = candles(&[
        (100.0, 100.0, 100.0, 100.0, 1e6),
        (100.0, 101.0, 99.0, 100.0, 1e6),
        (80.0, 82.0, 79.0, 81.0, 1e6),
        (80.0, 82.0, 79.0, 81.0, 1e6),
    ]);
    let costs = Costs {
        slippage: Slippage::Ratio(0.01),
        ..Costs::none()
    };
    let mut signals = Signals::none(4);
    signals.enter_long[0] = true;
    let outcome = run_one("stoploss = -0.05", &settings(costs), &bars, &signals, None);
    assert_eq!(fills(&outcome)[1], (2, 79.2, 9.0));
}

#[test]
fn a_target_needs_a_price_beyond_it() {
    let day = |high| (100.0, high, 99.0, 100.0, 1e6);
    let bars = candles(&[day(100.0), day(101.0), day(104.0), day(104.01), day(100.0)]);
    let mut signals = Signals::none(5);
    signals.enter_long[0] = true;
    let risk = "stoploss = -0.9\nroi = { \"0\" = 0.04 }";
    let costs = Costs {
        slippage: Slippage::Ratio(0.0),
        ..Costs::none()
    };
    let outcome = run_one(risk, &settings(costs), &bars, &signals, None);
    assert_eq!(fills(&outcome)[1], (3, 104.0, 10.0));
}

#[test]
fn what_is_open_at_the_end_leaves_at_the_last_close() {
    let mut signals = Signals::none(3);
    signals.enter_long[0] = true;
    let costs = Costs {
        slippage: Slippage::Ratio(0.01),
        max_volume_share: Some(0.1),
        ..Costs::none()
    };
    let volumes = [1e6, 1e6, 0.0];
    let outcome = run_one(WIDE_STOP, &settings(costs), &flat(&volumes), &signals, None);
    assert_eq!(fills(&outcome), [(1, 101.0, 9.0), (2, 99.0, 9.0)]);
    assert_eq!(outcome.trades[0].exit_reason, ExitReason::ForceExit);
    assert!(outcome.left_open.is_empty());
}

#[test]
fn free_cash_earns_interest_by_the_day() {
    let costs = Costs {
        cash_interest: 0.0365,
        ..Costs::none()
    };
    let outcome = run_one(
        WIDE_STOP,
        &settings(costs),
        &flat(&[1e6; 4]),
        &signals(4, 0, 1),
        None,
    );
    // 10,000 for a day; 9,000 for the day the position is held; all of it again.
    let mut cash = 10_000.0;
    cash += cash * 0.0001;
    cash += (cash - 1_000.0) * 0.0001;
    cash += cash * 0.0001;
    assert!((outcome.final_balance - cash).abs() < 1e-9);
    assert!((outcome.realism.unwrap().charges.interest - (cash - 10_000.0)).abs() < 1e-9);
    assert_eq!(outcome.trades[0].profit_abs, 0.0);
}

/// A stake of 1,000 at 100: a minimum of 1,250 takes 30 % more at most, one of
/// 1,350 does not; more than there is, is refused, too.
#[test]
fn an_entry_below_the_minimum_is_raised_or_refused() {
    for (min_cost, balance, amount) in [
        (1_000.0, 10_000.0, Some(10.0)),
        (1_250.0, 10_000.0, Some(13.0)),
        (1_350.0, 10_000.0, None),
        (0.0, 999.0, None),
    ] {
        let mut settings = settings(Costs::none());
        settings.starting_balance = balance;
        let market = fondaco_domain::market::MarketRules {
            min_cost,
            ..rules(0.01, 1.0)
        };
        let (bars, signals) = (flat(&[1e6; 4]), signals(4, 0, 2));
        let outcome = run_by(&market, WIDE_STOP, &settings, &bars, &signals, None);
        let entered = outcome.trades.first().map(|trade| trade.amount);
        assert_eq!(entered, amount, "{min_cost}");
        let refused = outcome.realism.unwrap().charges.entries_refused;
        assert_eq!(refused, u64::from(amount.is_none()));
    }
}

/// The whole day touches both levels; its halves reach the target first.
#[test]
fn smaller_candles_settle_the_order() {
    use fondaco_domain::{Bar, Bars, Symbol, UnixMillis};
    use fondaco_engine::backtest::{self, PairInput};
    let day = |high, low| (100.0, high, low, 100.0, 1e6);
    let bars = candles(&[
        day(100.0, 100.0),
        day(101.0, 99.0),
        day(106.0, 94.0),
        day(100.0, 100.0),
    ]);
    let halves = [
        (101.0, 99.0),
        (101.0, 99.0),
        (106.0, 99.0),
        (101.0, 94.0),
        (100.0, 100.0),
    ];
    let detail = Bars::from_rows(halves.iter().enumerate().map(|(index, &(high, low))| Bar {
        time: UnixMillis(super::DAY + index as i64 * super::DAY / 2),
        open: 100.0,
        high,
        low,
        close: 100.0,
        volume: 1e6,
    }))
    .unwrap();
    let mut signals = Signals::none(4);
    signals.enter_long[0] = true;
    let symbol: Symbol = "TEST".parse().unwrap();
    let market = rules(0.01, 1.0);
    let input = PairInput {
        symbol: &symbol,
        bars: &bars,
        signals: &signals,
        rules: &market,
        step_bars: None,
        detail: Some(&detail),
        funding: None,
        actions: None,
    };
    let mut settings = settings(Costs::none());
    settings.detail = Some("12h".parse().unwrap());
    let strategy = super::strategy("stoploss = -0.05\nroi = { \"0\" = 0.04 }");
    let outcome = backtest::run(&strategy, &settings, &[input]).unwrap();
    assert_eq!(fills(&outcome)[1], (2, 104.0, 10.0));
    assert_eq!(outcome.trades[0].exit_reason, ExitReason::Roi);
}
