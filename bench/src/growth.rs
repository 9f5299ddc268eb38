//! What ten times the candles, or ten times the pairs, cost; and how close
//! the loop over candles comes to reading memory.

use std::hint::black_box;

use fondaco_domain::Bars;
use fondaco_domain::strategy::{Stake, Strategy, parse};
use fondaco_engine::backtest::{self, PairInput, Settings};
use fondaco_engine::expr::{self, Inputs, ParamValues};
use fondaco_engine::signals::Signals;
use serde_json::{Value, json};

use crate::{least_seconds, series};

const STRATEGY: &str = "[strategy]\nname = \"growth\"\nversion = \"1.0.0\"\ntimeframe = \"1m\"\n\
    [indicators]\nfast = \"sma(close, 200)\"\nslow = \"sma(close, 1000)\"\n\
    [entry.long]\nwhen = \"crosses_above(fast, slow)\"\n\
    [exit.long]\nwhen = \"crosses_below(fast, slow)\"\n\
    [risk]\nstoploss = -0.10\nroi = { \"0\" = 0.50 }\n\
    [sizing]\nstake = 100\nmax_open_trades = 1000\n";

struct Set {
    bars: Vec<Bars>,
    signals: Vec<Signals>,
}

impl Set {
    fn new(strategy: &Strategy, pairs: usize, rows: usize) -> anyhow::Result<Self> {
        let program = expr::compile(strategy, &ParamValues::defaults(strategy))?;
        let bars: Vec<Bars> = (0..pairs)
            .map(|pair| series::walk(rows, 1 + pair as u64))
            .collect();
        let signals = bars
            .iter()
            .map(|bars| program.signals(&Inputs::new(bars)))
            .collect::<Result<_, _>>()?;
        Ok(Self { bars, signals })
    }

    /// Seconds of the loop and trades.
    fn measure(&self, strategy: &Strategy, runs: usize) -> (f64, usize) {
        let symbols: Vec<_> = (0..self.bars.len()).map(series::symbol).collect();
        let rules = series::fine_rules();
        let inputs: Vec<PairInput<'_>> = self
            .bars
            .iter()
            .zip(&self.signals)
            .zip(&symbols)
            .map(|((bars, signals), symbol)| series::input(symbol, bars, signals, &rules))
            .collect();
        let settings = Settings {
            stake: Stake::Fixed(100.0),
            max_open_trades: Some(1_000),
            starting_balance: 1e9,
            ..Settings::default()
        };
        let mut trades = 0;
        let seconds = least_seconds(runs, || {
            let outcome = backtest::run(strategy, &settings, &inputs).expect("a good backtest");
            trades = outcome.trades.len();
        });
        (seconds, trades)
    }

    /// Seconds to read the columns the loop reads: four prices and the stamp
    /// of a candle, its four signals.
    fn read_seconds(&self) -> (f64, usize) {
        let sum = |column: &[f64]| {
            column
                .iter()
                .fold(0_u64, |sum, x| sum.wrapping_add(x.to_bits()))
        };
        let bytes = self.bars.iter().map(|bars| bars.len() * (5 * 8 + 4)).sum();
        let seconds = least_seconds(11, || {
            for (bars, signals) in self.bars.iter().zip(&self.signals) {
                for column in [bars.open(), bars.high(), bars.low(), bars.close()] {
                    black_box(sum(black_box(column)));
                }
                let times = black_box(bars.time()).iter();
                black_box(times.fold(0_i64, |sum, time| sum.wrapping_add(time.0)));
                for flags in [
                    &signals.enter_long,
                    &signals.exit_long,
                    &signals.enter_short,
                    &signals.exit_short,
                ] {
                    let count = black_box(flags).iter().map(|&flag| u64::from(flag));
                    black_box(count.sum::<u64>());
                }
            }
        });
        (seconds, bytes)
    }
}

pub(crate) fn candles() -> anyhow::Result<Value> {
    sizes(&[(1, 10_000), (1, 100_000), (1, 1_000_000), (1, 10_000_000)])
}

pub(crate) fn pairs() -> anyhow::Result<Value> {
    sizes(&[(1, 50_000), (10, 50_000), (100, 50_000)])
}

/// Eight instruments with 1.34 million candles.
pub(crate) fn large() -> anyhow::Result<Value> {
    sizes(&[(8, 167_500)])
}

fn sizes(sizes: &[(usize, usize)]) -> anyhow::Result<Value> {
    let strategy = parse(STRATEGY)?;
    let mut report = Vec::new();
    let mut before: Option<f64> = None;
    for &(pairs, rows) in sizes {
        let set = Set::new(&strategy, pairs, rows)?;
        let (seconds, trades) = set.measure(&strategy, 15);
        let (read, bytes) = set.read_seconds();
        report.push(json!({
            "pairs": pairs, "candles_each": rows, "trades": trades, "seconds": seconds,
            "nanoseconds_per_candle": seconds * 1e9 / (pairs * rows) as f64,
            "times_the_size_before": before.map(|before| seconds / before),
            "bytes": bytes, "plain_read_seconds": read,
            "loop_gigabytes_per_second": bytes as f64 / seconds / 1e9,
            "plain_read_gigabytes_per_second": bytes as f64 / read / 1e9,
        }));
        before = Some(seconds);
    }
    Ok(json!(report))
}
