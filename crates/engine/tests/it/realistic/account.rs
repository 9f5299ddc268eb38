//! Accounts that add up and costs that cost, over random candles, signals and
//! settings.

use fondaco_domain::strategy::Stake;
use fondaco_domain::{Bars, Symbol};
use fondaco_engine::backtest::{
    self, Actions, Costs, IntraCandle, Outcome, PairInput, Profile, Remainder, Settings, Slippage,
    Spread,
};
use fondaco_engine::signals::Signals;
use proptest::prelude::*;

use super::{candles, rules, settings, strategy};

/// A pair of random candles with random signals.
#[derive(Debug, Clone)]
struct Case {
    bars: Bars,
    signals: Signals,
    actions: Actions,
}

fn case() -> impl proptest::strategy::Strategy<Value = Case> {
    let row = (
        -0.1..0.1_f64,
        0.0..0.05_f64,
        0.0..0.05_f64,
        -0.05..0.05_f64,
        0.0..200.0_f64,
    );
    let flags = (0_u8..6, 0_u8..6, 0_u8..9, 0_u8..9);
    let event = (
        1_i64..60,
        prop_oneof![Just(1.0), Just(2.0), Just(0.3), Just(1.5)],
        0.0..0.5_f64,
    );
    (
        prop::collection::vec((row, flags), 2..60),
        prop::collection::vec(event, 0..4),
    )
        .prop_map(|(rows, events)| {
            let mut price = 50.0;
            let mut signals = Signals::none(rows.len());
            let mut bars = Vec::new();
            for (index, ((gap, up, down, body, volume), flags)) in rows.into_iter().enumerate() {
                let open: f64 = price * (1.0 + gap);
                let close = open * (1.0 + body);
                let (high, low) = (open.max(close) * (1.0 + up), open.min(close) * (1.0 - down));
                bars.push((open, high, low, close, volume));
                price = close.clamp(5.0, 500.0);
                signals.enter_long[index] = flags.0 == 0;
                signals.enter_short[index] = flags.1 == 0;
                signals.exit_long[index] = flags.2 == 0;
                signals.exit_short[index] = flags.3 == 0;
            }
            let day = |day: i64| fondaco_domain::UnixMillis(day * super::DAY).date();
            let splits: Vec<_> = events
                .iter()
                .map(|event| fondaco_domain::corporate::Split {
                    date: day(event.0),
                    from: 1.0,
                    to: event.1,
                })
                .collect();
            let dividends: Vec<_> = events
                .iter()
                .map(|event| fondaco_domain::corporate::Dividend {
                    ex_date: day(event.0),
                    pay_date: None,
                    amount: event.2,
                    currency: String::new(),
                })
                .collect();
            Case {
                bars: candles(&bars),
                signals,
                actions: Actions::from_lists(&splits, &dividends),
            }
        })
}

fn costs() -> impl proptest::strategy::Strategy<Value = Costs> {
    let spread = prop_oneof![
        (0.0..0.02_f64).prop_map(Spread::Ratio),
        (0.0..5.0_f64).prop_map(Spread::Ticks),
    ];
    let slippage = prop_oneof![
        (0.0..0.02_f64).prop_map(Slippage::Ratio),
        (0.0..0.2_f64).prop_map(|coefficient| Slippage::SquareRoot { coefficient }),
    ];
    let order = prop_oneof![
        Just(IntraCandle::Pessimistic),
        Just(IntraCandle::Optimistic),
        Just(IntraCandle::Freqtrade),
    ];
    (
        (
            spread,
            slippage,
            prop::option::of(0.01..=1.0_f64),
            any::<bool>(),
            0_u32..3,
        ),
        (
            0.0..2.0_f64,
            0.0..0.05_f64,
            -0.02..0.1_f64,
            prop::option::of(0.0..0.2_f64),
            order,
        ),
    )
        .prop_map(
            |((spread, slippage, max_volume_share, retry, latency), rest)| Costs {
                spread,
                slippage,
                max_volume_share,
                entry_remainder: if retry {
                    Remainder::Retry
                } else {
                    Remainder::Drop
                },
                latency,
                min_fee: rest.0,
                fee_per_unit: rest.1,
                cash_interest: rest.2,
                borrow_interest: rest.3,
                intra_candle: rest.4,
            },
        )
}

const RISKS: [&str; 4] = [
    "stoploss = -0.05\nroi = { \"0\" = 0.08, \"2880\" = 0.03, \"7200\" = -1 }",
    "stoploss = -0.1\ntrailing = { positive = 0.02, offset = 0.04, only_after_offset = true }",
    "stoploss = -0.04\ntrailing = true\nroi = { \"0\" = 0.05 }\nexit_profit_only = true",
    "stoploss = -0.5\n[[adjust.entry]]\nbelow = -0.02\nstake = 0.5\n[[adjust.entry]]\nabove = 0.03\n\
     stake = 1.0\n[[adjust.exit]]\nabove = 0.05\nfraction = 0.5",
];

fn run(risk: &str, settings: &Settings, cases: &[Case], lot: f64) -> Outcome {
    let names: Vec<Symbol> = (0..cases.len())
        .map(|n| format!("P{n}").parse().unwrap())
        .collect();
    let rules = rules(0.01, lot);
    let inputs: Vec<_> = cases
        .iter()
        .zip(&names)
        .map(|(case, symbol)| PairInput {
            symbol,
            bars: &case.bars,
            signals: &case.signals,
            rules: &rules,
            step_bars: None,
            detail: None,
            funding: None,
            actions: Some(&case.actions),
        })
        .collect();
    backtest::run(&strategy(risk), settings, &inputs).unwrap()
}

proptest! {
    /// Start, profits and interest are the final balance and the last mark,
    /// and every split fill adds up to what was entered.
    #[test]
    fn the_account_adds_up(
        cases in prop::collection::vec(case(), 1..4),
        costs in costs(),
        risk in 0..RISKS.len(),
        lot in prop_oneof![Just(1.0), Just(0.001)],
        unlimited in any::<bool>(),
        fee in 0.0..0.01_f64,
    ) {
        let mut settings = settings(costs);
        settings.fee = fee;
        settings.max_open_trades = Some(2);
        if unlimited {
            settings.stake = Stake::Unlimited;
        }
        let outcome = run(RISKS[risk], &settings, &cases, lot);
        let realism = outcome.realism.as_ref().unwrap();
        let profits: f64 = outcome.trades.iter().map(|trade| trade.profit_abs).sum();
        let total = outcome.starting_balance + profits + realism.charges.interest;
        prop_assert!((total - outcome.final_balance).abs() < 1e-6);
        let last = *realism.equity.value.last().unwrap();
        prop_assert!((last - outcome.final_balance).abs() < 1e-6);
        prop_assert!(outcome.left_open.is_empty());
        for trade in &outcome.trades {
            prop_assert!(trade.orders.iter().all(|o| o.amount > 0.0 && o.price > 0.0));
            prop_assert!(trade.orders.is_sorted_by_key(|o| o.time));
            prop_assert!(trade.orders[0].is_entry && !trade.orders.last().unwrap().is_entry);
        }
        // Running again gives the same to the last bit.
        prop_assert_eq!(&outcome, &run(RISKS[risk], &settings, &cases, lot));
    }

    /// The same holds in the freqtrade profile, whose accounts lose the stake
    /// of what never left.
    #[test]
    fn the_account_of_the_freqtrade_profile_adds_up(
        cases in prop::collection::vec(case(), 1..4),
        risk in 0..RISKS.len(),
        fee in 0.0..0.01_f64,
    ) {
        let settings = Settings { profile: Profile::Freqtrade, fee, ..settings(Costs::none()) };
        let outcome = run(RISKS[risk], &settings, &cases, 0.001);
        let closed: f64 = outcome.trades.iter().map(|trade| trade.profit_abs).sum();
        let open: f64 = outcome.left_open.iter().map(|trade| trade.profit_abs - trade.stake_amount).sum();
        let total = outcome.starting_balance + closed + open;
        prop_assert!((total - outcome.final_balance).abs() < 1e-6, "{} {}", total, outcome.final_balance);
        prop_assert!(outcome.realism.is_none());
    }

    /// Trades opened and closed by signals alone, with a stake that is always
    /// there: dearer trading never ends with more.
    #[test]
    fn dearer_trading_never_pays(
        case in case(),
        (spread, more_spread) in (0.0..0.02_f64, 0.0..0.02_f64),
        (slippage, more_slippage) in (0.0..0.02_f64, 0.0..0.02_f64),
        (fee, more_fee) in (0.0..0.01_f64, 0.0..0.01_f64),
        (minimum, more_minimum) in (0.0..1.0_f64, 0.0..1.0_f64),
    ) {
        let signals_only = "stoploss = -0.999";
        let mut case = case;
        case.signals.enter_short.fill(false);
        let balance = |spread, slippage, fee, min_fee| {
            let costs = Costs {
                spread: Spread::Ratio(spread),
                slippage: Slippage::Ratio(slippage),
                min_fee,
                ..Costs::none()
            };
            let settings = Settings { fee, starting_balance: 1e6, ..settings(costs) };
            let outcome = run(signals_only, &settings, std::slice::from_ref(&case), 1e-6);
            (outcome.trades.len(), outcome.final_balance)
        };
        let cheap = balance(spread, slippage, fee, minimum);
        // Lots of a millionth cut each stake by so much at most.
        let slack = 1e-3 * cheap.0 as f64;
        for dear in [
            balance(spread + more_spread, slippage, fee, minimum),
            balance(spread, slippage + more_slippage, fee, minimum),
            balance(spread, slippage, fee + more_fee, minimum),
            balance(spread, slippage, fee, minimum + more_minimum),
        ] {
            prop_assert_eq!(dear.0, cheap.0);
            prop_assert!(dear.1 <= cheap.1 + slack, "{} {}", dear.1, cheap.1);
        }
    }

    /// With stop and target fixed and nothing else, the worse order of prices
    /// never gives a trade more than the better one.
    #[test]
    fn the_worse_order_is_worse(case in case()) {
        let risk = "stoploss = -0.04\nroi = { \"0\" = 0.05 }";
        let mut case = case;
        // One entry, so that both orders see the same trade.
        case.signals.enter_short.fill(false);
        case.signals.exit_long.fill(false);
        case.signals.enter_long.fill(false);
        case.signals.enter_long[0] = true;
        let balance = |intra_candle| {
            let costs = Costs { intra_candle, ..Costs::none() };
            run(risk, &settings(costs), std::slice::from_ref(&case), 1.0).final_balance
        };
        let (worse, better) = (balance(IntraCandle::Pessimistic), balance(IntraCandle::Optimistic));
        prop_assert!(worse <= better + 1e-9);
        prop_assert!(worse <= balance(IntraCandle::Freqtrade) + 1e-9);
    }
}
