//! Figures by freqtrade's conventions; see
//! [`fondaco_domain::metrics::FreqtradeFigures`] for the formulas.

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::{Deviation, FreqtradeFigures, FreqtradeMetrics};
use fondaco_domain::trade::Trade;

use super::returns::{deviation, mean};
use super::trades::{Sums, by_close, quality};

/// What freqtrade writes for a ratio over a zero deviation or drawdown.
const UNDEFINED: f64 = -100.0;
const DAYS_PER_YEAR: f64 = 365.0;

/// Figures of closed trades over a run of so many whole days.
pub fn freqtrade_figures<'a>(
    trades: impl IntoIterator<Item = &'a Trade>,
    starting_balance: f64,
    days: u32,
) -> FreqtradeFigures {
    let closed = by_close(trades);
    if closed.is_empty() {
        return FreqtradeFigures {
            expectancy_ratio: 100.0,
            p_value: 1.0,
            ..FreqtradeFigures::default()
        };
    }
    let days = f64::from(days.max(1));
    let profits: Vec<f64> = closed.iter().map(|trade| trade.profit_abs).collect();
    let ratios: Vec<f64> = closed.iter().map(|trade| trade.profit_ratio).collect();
    let total: f64 = profits.iter().sum();
    let sums = Sums::of(&profits);
    let count = closed.len() as f64;
    let winrate = f64::from(sums.wins) / count;
    let lossrate = f64::from(sums.losses) / count;
    let fall = fall(&closed, starting_balance);

    let per_day = total / starting_balance / days;
    let over = |divisor: f64| {
        if divisor > 0.0 {
            per_day / divisor * DAYS_PER_YEAR.sqrt()
        } else {
            UNDEFINED
        }
    };
    let spread = |profits: &[f64]| {
        deviation(profits, Deviation::Population).unwrap_or(0.0) / starting_balance
    };
    let losses: Vec<f64> = profits.iter().copied().filter(|&p| p < 0.0).collect();
    let (sqn, p_value) = quality(&profits);
    FreqtradeFigures {
        trades: closed.len() as u32,
        profit_mean: mean(&ratios).unwrap_or(0.0),
        profit_total_abs: total,
        profit_total: total / starting_balance,
        wins: sums.wins,
        draws: closed.len() as u32 - sums.wins - sums.losses,
        losses: sums.losses,
        winrate,
        cagr: growth(starting_balance, starting_balance + total, days),
        expectancy: winrate * sums.mean_win() - lossrate * sums.mean_loss(),
        expectancy_ratio: sums
            .mean_win_over_mean_loss()
            .map_or(100.0, |reward| (1.0 + reward) * winrate - 1.0),
        sortino: over(spread(&losses)),
        sharpe: over(spread(&profits)),
        calmar: over(fall.account / 100.0),
        sqn: sqn.map_or(UNDEFINED, |sqn| {
            (sqn * 10_000.0).round_ties_even() / 10_000.0
        }),
        p_value: p_value.unwrap_or(1.0),
        profit_factor: if sums.loss > 0.0 {
            sums.win / sums.loss
        } else {
            0.0
        },
        max_drawdown_account: fall.account,
        max_drawdown_abs: fall.absolute,
    }
}

/// Figures of a whole run; `market_change` is handed in because it needs
/// prices. Days are whole ones between the first and the last candle.
pub fn freqtrade_metrics(
    trades: &[Trade],
    starting_balance: f64,
    (first, last): (UnixMillis, UnixMillis),
    market_change: Option<f64>,
) -> FreqtradeMetrics {
    let backtest_days = ((last.0 - first.0) / 86_400_000).max(0) as u32;
    let figures = freqtrade_figures(trades, starting_balance, backtest_days);
    let left_open: f64 = trades
        .iter()
        .filter(|trade| trade.is_open)
        .map(|trade| trade.stake_amount)
        .sum();
    let final_balance = starting_balance + figures.profit_total_abs - left_open;
    let fall = fall(&by_close(trades), starting_balance);
    FreqtradeMetrics {
        figures,
        backtest_days,
        final_balance,
        final_balance_cagr: growth(
            starting_balance,
            final_balance,
            f64::from(backtest_days.max(1)),
        ),
        max_relative_drawdown: fall.max_relative,
        drawdown_start: fall.start,
        drawdown_end: fall.end,
        market_change,
    }
}

fn growth(start: f64, end: f64, days: f64) -> f64 {
    if end < 0.0 {
        return 0.0;
    }
    (end / start).powf(DAYS_PER_YEAR / days) - 1.0
}

/// The largest fall of summed profits.
#[derive(Debug, Clone, Copy, Default)]
struct TradeFall {
    absolute: f64,
    /// Over the balance at the peak of the largest absolute fall.
    account: f64,
    /// Largest of any fall over the balance at its peak.
    max_relative: f64,
    start: Option<UnixMillis>,
    end: Option<UnixMillis>,
}

/// Walks profits in the order of their close. The start is a peak of zero
/// without a stamp of its own: it takes that of the first close.
fn fall(closed: &[&Trade], starting_balance: f64) -> TradeFall {
    let mut fall = TradeFall::default();
    let (mut sum, mut peak) = (0.0, 0.0);
    let mut peak_at = closed.first().map(|trade| trade.close_time);
    for trade in closed {
        sum += trade.profit_abs;
        if sum > peak {
            (peak, peak_at) = (sum, Some(trade.close_time));
        }
        let relative = (peak - sum) / (starting_balance + peak);
        fall.max_relative = fall.max_relative.max(relative);
        if peak - sum > fall.absolute {
            fall.absolute = peak - sum;
            fall.account = relative;
            fall.start = peak_at;
            fall.end = Some(trade.close_time);
        }
    }
    fall
}
