//! The account over time against its definition.

use fondaco_domain::metrics::Conventions;
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::{ExitReason, Order, Trade};
use fondaco_domain::{Bar, Bars, Symbol, Timeframe, UnixMillis};
use proptest::prelude::*;

use crate::stats::{
    MarkError, PairBars, PriceOf, Run, buy_and_hold, daily, falls, mark_equity, summarize,
};

const CANDLE: i64 = 3_600_000;
const FEE: f64 = 0.001;

/// A trade of a pair as a test states it: candles of its fills and amounts.
#[derive(Debug, Clone)]
struct Plan {
    pair: usize,
    short: bool,
    leverage: f64,
    /// Candle, amount; positive enters, negative exits.
    fills: Vec<(usize, f64)>,
    closed: bool,
    funding: f64,
}

fn symbol(pair: usize) -> Symbol {
    format!("P{pair}/USDT").parse().unwrap()
}

fn bars(prices: &[f64], skip: Option<usize>) -> Bars {
    let rows = prices
        .iter()
        .enumerate()
        .filter(|(row, _)| Some(*row) != skip);
    Bars::from_rows(rows.map(|(row, &price)| Bar {
        time: UnixMillis(row as i64 * CANDLE),
        open: price,
        high: price * 1.02,
        low: price * 0.98,
        close: price * 1.01,
        volume: 1.0,
    }))
    .unwrap()
}

/// The trade of a plan; its profit is what its orders brought and cost.
fn trade(plan: &Plan, prices: &[f64]) -> Trade {
    let side = if plan.short { Side::Short } else { Side::Long };
    let order = |&(row, amount): &(usize, f64)| Order {
        time: UnixMillis(row as i64 * CANDLE),
        is_entry: amount > 0.0,
        price: prices[row],
        amount: amount.abs(),
        tag: String::new(),
    };
    let orders: Vec<Order> = plan.fills.iter().map(order).collect();
    let profit: f64 = orders.iter().map(|order| cash_of(order, side)).sum();
    Trade {
        pair: symbol(plan.pair),
        side,
        open_time: orders[0].time,
        close_time: orders[orders.len() - 1].time,
        open_rate: orders[0].price,
        close_rate: orders[orders.len() - 1].price,
        amount: orders[0].amount,
        stake_amount: orders[0].amount * orders[0].price,
        max_stake_amount: orders[0].amount * orders[0].price,
        profit_abs: profit + plan.funding,
        profit_ratio: 0.0,
        fee_open: FEE,
        fee_close: FEE,
        exit_reason: ExitReason::ExitSignal,
        enter_tag: None,
        initial_stop_loss: 0.0,
        stop_loss: 0.0,
        stop_loss_ratio: 0.0,
        min_rate: 0.0,
        max_rate: 0.0,
        leverage: plan.leverage,
        funding_fees: plan.funding,
        is_open: !plan.closed,
        orders,
    }
}

fn cash_of(order: &Order, side: Side) -> f64 {
    let worth = order.amount * order.price;
    let buys = order.is_entry == (side == Side::Long);
    let sign = if buys { -1.0 } else { 1.0 };
    sign * worth - worth * FEE
}

/// The value at a mark, straight from the definition: starting money, profits
/// of what is closed, and for what is open the cash of its orders and its
/// amount at the last close.
fn defined_value(start: f64, trades: &[Trade], pairs: &[PairBars<'_>], at: UnixMillis) -> f64 {
    let gain = |trade: &Trade| {
        if trade.open_time > at {
            return 0.0;
        }
        if !trade.is_open && trade.close_time <= at {
            return trade.profit_abs;
        }
        let bars = pairs
            .iter()
            .find(|pair| *pair.pair == trade.pair)
            .unwrap()
            .bars;
        let close = bars.close()[bars.time().partition_point(|&time| time <= at) - 1];
        let done: Vec<&Order> = trade
            .orders
            .iter()
            .filter(|order| order.time <= at)
            .collect();
        let cash: f64 = done.iter().map(|order| cash_of(order, trade.side)).sum();
        let amount: f64 = done
            .iter()
            .map(|order| {
                if order.is_entry {
                    order.amount
                } else {
                    -order.amount
                }
            })
            .sum();
        let held = (trade.close_time.0 - trade.open_time.0).max(1) as f64;
        let passed = ((at.0 - trade.open_time.0) as f64 / held).clamp(0.0, 1.0);
        let sign = if trade.side == Side::Long { 1.0 } else { -1.0 };
        cash + sign * amount * close + trade.funding_fees * passed
    };
    start + trades.iter().map(gain).sum::<f64>()
}

prop_compose! {
    fn a_plan(candles: usize)(
        pair in 0_usize..3,
        short in any::<bool>(),
        leverage in 1_u8..4,
        mut rows in proptest::collection::vec(0..candles, 2..5),
        entry in 0.1_f64..5.0,
        part in 0.1_f64..0.9,
        closed in proptest::bool::weighted(0.8),
        funding in prop_oneof![Just(0.0), -1.0_f64..1.0],
    ) -> Plan {
        rows.sort_unstable();
        // In, perhaps in again, perhaps partly out, and all out.
        let mut fills = vec![(rows[0], entry)];
        let mut amount = entry;
        for &row in &rows[1..rows.len() - 1] {
            let change = if row % 2 == 0 { entry * part } else { -amount * part };
            amount += change;
            fills.push((row, change));
        }
        if closed {
            fills.push((rows[rows.len() - 1], -amount));
        }
        Plan { pair, short, leverage: f64::from(leverage), fills, closed, funding }
    }
}

proptest! {
    #[test]
    fn start_and_realised_and_open_value_are_the_equity(
        prices in proptest::collection::vec(50.0_f64..150.0, 40),
        plans in proptest::collection::vec(a_plan(40), 0..25),
        skip in 1_usize..40,
    ) {
        // The second pair lacks a candle: its last close stands.
        let series = [bars(&prices, None), bars(&prices, Some(skip)), bars(&prices, None)];
        let names: Vec<Symbol> = (0..3).map(symbol).collect();
        let pairs: Vec<PairBars<'_>> = names
            .iter()
            .zip(&series)
            .map(|(pair, bars)| PairBars { pair, bars })
            .collect();
        let trades: Vec<Trade> = plans.iter().map(|plan| trade(plan, &prices)).collect();
        let start = 1_000.0;
        let equity = mark_equity(&pairs, &trades, start).unwrap();
        prop_assert_eq!(equity.time.len(), 40);
        for (row, &at) in equity.time.iter().enumerate() {
            let expected = defined_value(start, &trades, &pairs, at);
            prop_assert!((equity.value[row] - expected).abs() < 1e-8, "row {row}");
        }
        let held = buy_and_hold(&pairs, start, PriceOf::Open, PriceOf::Close).unwrap();
        let summary = summarize(&Run {
            pairs: &pairs,
            trades: &trades,
            starting_balance: start,
            equity: &equity,
            benchmark: Some(&held),
            timeframe: Timeframe::HOUR,
            conventions: Conventions::daily(365.0),
        }).unwrap();
        prop_assert!(summary.account.holds, "{:?}", summary.account);
        let months: f64 = summary.by_month.iter().map(|row| 1.0 + row.total_return).product();
        prop_assert!((months - 1.0 - summary.metrics.total_return).abs() < 1e-9);
        for periods in [&summary.by_month, &summary.by_year] {
            let closes: u32 = periods.iter().map(|row| row.trades).sum();
            prop_assert_eq!(closes, summary.metrics.trades.trades);
        }
        let by_pair: u32 = summary.by_pair.iter().map(|row| row.figures.trades).sum();
        prop_assert_eq!(by_pair, summary.metrics.trades.trades);
        let by_reason: f64 = summary.by_exit_reason.iter().map(|row| row.figures.profit_abs).sum();
        prop_assert!((by_reason - summary.metrics.trades.profit_abs).abs() < 1e-8);
    }

    #[test]
    fn the_deepest_fall_is_the_largest_of_all_pairs(values in proptest::collection::vec(1.0_f64..100.0, 1..40)) {
        let time: Vec<UnixMillis> = (0..values.len() as i64).map(|row| UnixMillis(row * CANDLE)).collect();
        let start = 50.0;
        let mut all = vec![start];
        all.extend(&values);
        let mut worst = 0.0_f64;
        let mut worst_abs = 0.0_f64;
        for (row, peak) in all.iter().enumerate() {
            for value in &all[row..] {
                worst = worst.max(1.0 - value / peak);
                worst_abs = worst_abs.max(peak - value);
            }
        }
        let found = falls(start, &time, &values);
        prop_assert!((found.deepest.map_or(0.0, |fall| fall.relative) - worst).abs() < 1e-12);
        prop_assert!((found.max_absolute - worst_abs).abs() < 1e-12);
        if let Some(fall) = found.deepest {
            prop_assert!(fall.start <= fall.end);
            prop_assert!(fall.recovered.is_none_or(|at| at > fall.end));
            prop_assert!(found.longest_underwater_ms >= fall.duration_s * 1000);
        }
    }
}

#[test]
fn a_short_gains_when_the_price_falls_and_margin_is_what_is_invested() {
    let prices = [100.0, 90.0, 80.0, 80.0];
    let series = bars(&prices, None);
    let name = symbol(0);
    let pairs = [PairBars {
        pair: &name,
        bars: &series,
    }];
    let plan = Plan {
        pair: 0,
        short: true,
        leverage: 2.0,
        fills: vec![(0, 1.0), (2, -1.0)],
        closed: true,
        funding: 0.0,
    };
    let equity = mark_equity(&pairs, &[trade(&plan, &prices)], 1_000.0).unwrap();
    // Sold at 100 (fee 0.1); closes at 101 and 90.9; bought back at 80.
    let expected = [
        1_000.0 - 0.1 - 1.0,
        1_000.0 - 0.1 + 9.1,
        1_000.0 + 20.0 - 0.1 - 0.08,
    ];
    for (found, expected) in equity.value.iter().zip(expected) {
        assert!((found - expected).abs() < 1e-9, "{found} {expected}");
    }
    assert!((equity.invested[1] - (50.0 + 9.1)).abs() < 1e-9);
    assert_eq!(equity.invested[2..], [0.0, 0.0]);
    assert_eq!(daily(&equity).value, equity.value[3..]);
}

#[test]
fn a_trade_that_cannot_be_valued_is_an_error() {
    let prices = [100.0, 90.0];
    let series = bars(&prices, Some(0));
    let (name, other) = (symbol(0), symbol(1));
    let plan = Plan {
        pair: 0,
        short: false,
        leverage: 1.0,
        fills: vec![(0, 1.0), (1, -1.0)],
        closed: true,
        funding: 0.0,
    };
    let good = trade(&plan, &prices);
    let mark = |pair, trade: Trade| {
        mark_equity(
            &[PairBars {
                pair,
                bars: &series,
            }],
            &[trade],
            1.0,
        )
    };
    assert!(matches!(
        mark(&name, good.clone()),
        Err(MarkError::BeforeCandles { .. })
    ));
    assert!(matches!(
        mark(&other, good.clone()),
        Err(MarkError::NoCandles { .. })
    ));
    let bare = Trade {
        orders: Vec::new(),
        ..good
    };
    assert!(matches!(mark(&name, bare), Err(MarkError::NoOrders { .. })));
}

#[test]
fn months_and_years_end_at_midnight() {
    let day = |text| fondaco_domain::time::parse_stamp(text).unwrap();
    let stamps = [
        "2021-12-31T23:00:00Z",
        "2022-01-01",
        "2022-01-31T23:00:00Z",
        "2022-02-01",
    ];
    let rows = stamps
        .iter()
        .zip([100.0, 110.0, 99.0, 99.0])
        .map(|(at, price)| Bar {
            time: day(at),
            open: price,
            high: price,
            low: price,
            close: price,
            volume: 1.0,
        });
    let series = Bars::from_rows(rows).unwrap();
    let name = symbol(0);
    let pairs = [PairBars {
        pair: &name,
        bars: &series,
    }];
    let held = buy_and_hold(&pairs, 100.0, PriceOf::Open, PriceOf::Close).unwrap();
    let summary = summarize(&Run {
        pairs: &pairs,
        trades: &[],
        starting_balance: 100.0,
        equity: &held,
        benchmark: None,
        timeframe: Timeframe::HOUR,
        conventions: Conventions::daily(365.0),
    })
    .unwrap();
    let months: Vec<_> = summary
        .by_month
        .iter()
        .map(|row| {
            (
                row.year,
                row.month,
                row.profit_abs.round(),
                (row.max_drawdown * 100.0).round(),
            )
        })
        .collect();
    assert_eq!(
        months,
        [
            (2021, Some(12), 0.0, 0.0),
            (2022, Some(1), -1.0, 10.0),
            (2022, Some(2), 0.0, 0.0)
        ]
    );
    assert_eq!(summary.by_year.len(), 2);
    assert!(!summary.account.holds, "no trade explains these gains");
}
