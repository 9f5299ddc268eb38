//! Every figure of a run.

use fondaco_domain::metrics::{AccountCheck, Benchmark, Conventions, Exposure, Metrics, Summary};
use fondaco_domain::trade::{Equity, Trade};
use fondaco_domain::{Timeframe, UnixMillis};

use super::drawdown::{falls, max_drawdown};
use super::equity::{MarkError, open_value};
use super::freqtrade::freqtrade_metrics;
use super::grid::PairBars;
use super::returns::{
    annual_growth, daily_values, line, mean, returns, sharpe, sortino, volatility,
};
use super::tables::{Basis, Period, by_period, market_change};
use super::trades::trade_figures;

/// What a run leaves behind and its figures are computed from.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// Every pair with its candles inside the range of the run, in the order
    /// of the pair list.
    pub pairs: &'a [PairBars<'a>],
    /// Its trades, those left open among them.
    pub trades: &'a [Trade],
    /// Money at the start.
    pub starting_balance: f64,
    /// The account at every candle, from [`super::mark_equity`].
    pub equity: &'a Equity,
    /// The same money held, marked at the same stamps, from
    /// [`super::buy_and_hold`].
    pub benchmark: Option<&'a Equity>,
    /// Candle length of the marks.
    pub timeframe: Timeframe,
    /// How ratios are computed.
    pub conventions: Conventions,
}

/// Computes every figure. Without a single mark every figure is that of an
/// account nothing happened to.
pub fn summarize(run: &Run<'_>) -> Result<Summary, MarkError> {
    let range = candle_range(run);
    let basis = Basis {
        trades: run.trades,
        starting_balance: run.starting_balance,
        days: ((range.1.0 - range.0.0) / 86_400_000).max(0) as u32,
    };
    let changes: Vec<f64> = run.pairs.iter().filter_map(market_change).collect();
    Ok(Summary {
        metrics: metrics(run),
        freqtrade: freqtrade_metrics(run.trades, run.starting_balance, range, mean(&changes)),
        by_pair: basis.by_pair(run.pairs),
        by_tag: basis.by_tag(),
        by_exit_reason: basis.by_exit_reason(),
        by_month: by_period(Period::Month, basis, run.equity, run.benchmark),
        by_year: by_period(Period::Year, basis, run.equity, run.benchmark),
        account: account(run)?,
    })
}

/// First and last stamp of any candle.
fn candle_range(run: &Run<'_>) -> (UnixMillis, UnixMillis) {
    let stamps = |of: fn(&[UnixMillis]) -> Option<&UnixMillis>| {
        run.pairs
            .iter()
            .filter_map(move |pair| of(pair.bars.time()).copied())
    };
    (
        stamps(<[_]>::first).min().unwrap_or_default(),
        stamps(<[_]>::last).max().unwrap_or_default(),
    )
}

fn metrics(run: &Run<'_>) -> Metrics {
    let start_balance = run.starting_balance;
    let series = Series::of(run, run.equity);
    let fall = falls(start_balance, &run.equity.time, &run.equity.value);
    let total_return = series.last / start_balance - 1.0;
    let calmar = series
        .cagr
        .zip(fall.deepest)
        .map(|(cagr, fall)| cagr / fall.relative);
    Metrics {
        conventions: run.conventions,
        start: run.equity.time.first().copied().unwrap_or_default(),
        end: run.equity.time.last().copied().unwrap_or_default(),
        starting_balance: start_balance,
        final_equity: series.last,
        total_return,
        profit_abs: series.last - start_balance,
        cagr: series.cagr,
        volatility: volatility(&series.returns, &run.conventions),
        sharpe: sharpe(&series.returns, &run.conventions),
        sortino: sortino(&series.returns, &run.conventions),
        calmar,
        drawdown: fall.deepest,
        max_drawdown_abs: fall.max_absolute,
        longest_underwater_s: fall.longest_underwater_ms / 1000,
        exposure: exposure(run),
        trades: trade_figures(run.trades, start_balance),
        benchmark: run
            .benchmark
            .filter(|held| !held.value.is_empty())
            .map(|held| benchmark(run, held, &series.returns, total_return)),
    }
}

/// The parts of a series that several figures share.
struct Series {
    last: f64,
    returns: Vec<f64>,
    cagr: Option<f64>,
}

impl Series {
    fn of(run: &Run<'_>, equity: &Equity) -> Self {
        let last = equity.value.last().copied().unwrap_or(run.starting_balance);
        let values = daily_values(&equity.time, &equity.value);
        Self {
            last,
            returns: returns(run.starting_balance, &values, run.conventions.first_return),
            cagr: annual_growth(run.starting_balance, last, elapsed_ms(run)),
        }
    }
}

/// From the open of the first marked candle to the close of the last.
fn elapsed_ms(run: &Run<'_>) -> i64 {
    let time = &run.equity.time;
    time.first()
        .zip(time.last())
        .map_or(0, |(first, last)| last.0 - first.0 + run.timeframe.millis())
}

fn exposure(run: &Run<'_>) -> Exposure {
    let marks = run.equity.time.len().max(1) as f64;
    let held = run.equity.invested.iter().filter(|&&part| part > 0.0);
    let parts = run.equity.invested.iter().zip(&run.equity.value);
    let shares: f64 = parts
        .map(|(part, value)| if *value > 0.0 { part / value } else { 0.0 })
        .sum();
    let orders = run.trades.iter().flat_map(|trade| &trade.orders);
    let volume: f64 = orders.map(|order| order.amount * order.price).sum();
    let average = mean(&run.equity.value).filter(|&value| value > 0.0);
    let turnover = average.map_or(0.0, |value| volume / value);
    let years = elapsed_ms(run) as f64 / (365.0 * 86_400_000.0);
    Exposure {
        time_in_market: held.count() as f64 / marks,
        average_invested: shares / marks,
        volume,
        turnover,
        turnover_per_year: (years > 0.0).then(|| turnover / years),
    }
}

fn benchmark(run: &Run<'_>, held: &Equity, ours: &[f64], total_return: f64) -> Benchmark {
    let series = Series::of(run, held);
    let held_return = series.last / run.starting_balance - 1.0;
    let line = line(ours, &series.returns);
    let yearly = if run.conventions.annualised {
        run.conventions.periods_per_year
    } else {
        1.0
    };
    Benchmark {
        total_return: held_return,
        cagr: series.cagr,
        volatility: volatility(&series.returns, &run.conventions),
        sharpe: sharpe(&series.returns, &run.conventions),
        sortino: sortino(&series.returns, &run.conventions),
        max_drawdown: max_drawdown(run.starting_balance, &held.value),
        excess_return: total_return - held_return,
        beta: line.map(|line| line.beta),
        alpha: line.map(|line| line.alpha * yearly),
        correlation: line.and_then(|line| line.correlation),
    }
}

fn account(run: &Run<'_>) -> Result<AccountCheck, MarkError> {
    let closed = run.trades.iter().filter(|trade| !trade.is_open);
    let realised: f64 = closed.map(|trade| trade.profit_abs).sum();
    let open_value = open_value(run.pairs, run.trades)?;
    let final_equity = run
        .equity
        .value
        .last()
        .copied()
        .unwrap_or(run.starting_balance);
    let difference = run.starting_balance + realised + open_value - final_equity;
    let moved = run.starting_balance.abs() + exposure(run).volume;
    Ok(AccountCheck {
        starting_balance: run.starting_balance,
        realised,
        open_value,
        final_equity,
        difference,
        holds: difference.abs() <= 1e-9 * moved,
    })
}
