//! Measures the engine at what other engines were measured at: a backtest's
//! loop, a sweep, an order on every candle, growth with candles and pairs, memory bandwidth;
//! and how long an event takes to many sockets of a gateway. JSON on stdout; `run.sh` beside it runs everything and the peers.

mod case;
mod growth;
mod orders;
mod series;
mod sockets;
mod sweep;

use std::time::Instant;

use anyhow::{Context, bail};

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let report = match words.as_slice() {
        ["sweep", candles, strategy, rest @ ..] => {
            sweep::run(candles, strategy, rest.first().copied())?
        }
        ["loop", strategy, data, config] => case::run(strategy, data, config)?,
        ["orders", candles] => orders::run(candles)?,
        ["orders-growth"] => orders::growth()?,
        ["growth", "candles"] => growth::candles()?,
        ["growth", "pairs"] => growth::pairs()?,
        ["growth", "large"] => growth::large()?,
        ["sockets", server, gateway, rest @ ..] => {
            let number = |place: usize, usual: u64| {
                let given = rest.get(place).map(|word| word.parse().context("a number"));
                given.unwrap_or(Ok(usual))
            };
            let load = sockets::Load {
                sockets: number(0, 1_000)? as usize,
                seconds: number(1, 30)?,
                rate: number(2, 20)? as f64,
            };
            sockets::run(server, gateway, load)?
        }
        ["series", rows, out] => {
            series::write(out, &series::walk(rows.parse().context("rows")?, 1))?;
            return Ok(());
        }
        _ => bail!(
            "usage: fondaco-bench series ROWS FILE | sweep CSV STRATEGY [RETURNS] | orders CSV \
             | loop STRATEGY DATA CONFIG | orders-growth | growth candles|pairs|large \
             | sockets SERVER GATEWAY [SOCKETS [SECONDS [EVENTS-PER-SECOND]]]"
        ),
    };
    print(&report);
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the report is the output")]
fn print(report: &serde_json::Value) {
    println!("{report:#}");
}

/// Seconds of the median of some runs, after one that warms up.
fn median_seconds(runs: usize, work: impl FnMut()) -> f64 {
    sorted_seconds(runs, work)[runs / 2]
}

/// Seconds of the fastest of some runs: what is left when a neighbour on the
/// machine does not disturb, for comparing sizes of the same work.
fn least_seconds(runs: usize, work: impl FnMut()) -> f64 {
    sorted_seconds(runs, work)[0]
}

fn sorted_seconds(runs: usize, mut work: impl FnMut()) -> Vec<f64> {
    work();
    let mut seconds: Vec<f64> = (0..runs)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed().as_secs_f64()
        })
        .collect();
    seconds.sort_by(f64::total_cmp);
    seconds
}
