//! Figures of a set of closed trades.

use fondaco_domain::metrics::{Deviation, TradeFigures};
use fondaco_domain::strategy::Side;
use fondaco_domain::trade::Trade;

use super::returns::{deviation, mean};
use super::student::two_sided_p;

/// Figures of closed trades in any order; trades still open are left out.
pub fn trade_figures<'a>(
    trades: impl IntoIterator<Item = &'a Trade>,
    starting_balance: f64,
) -> TradeFigures {
    let closed = by_close(trades);
    if closed.is_empty() {
        return TradeFigures::default();
    }
    let profits: Vec<f64> = closed.iter().map(|trade| trade.profit_abs).collect();
    let mut ratios: Vec<f64> = closed.iter().map(|trade| trade.profit_ratio).collect();
    let sums = Sums::of(&profits);
    let (sqn, p_value) = quality(&profits);
    let profit_abs: f64 = profits.iter().sum();
    let expectancy_ratio = sums
        .mean_win_over_mean_loss()
        .map(|reward| (1.0 + reward) * f64::from(sums.wins) / closed.len() as f64 - 1.0);
    TradeFigures {
        trades: closed.len() as u32,
        wins: sums.wins,
        draws: closed.len() as u32 - sums.wins - sums.losses,
        losses: sums.losses,
        longs: closed
            .iter()
            .filter(|trade| trade.side == Side::Long)
            .count() as u32,
        win_rate: Some(f64::from(sums.wins) / closed.len() as f64),
        profit_abs,
        profit: profit_abs / starting_balance,
        mean: mean(&ratios),
        median: median(&mut ratios),
        best: ratios.iter().copied().reduce(f64::max),
        worst: ratios.iter().copied().reduce(f64::min),
        profit_factor: (sums.loss > 0.0).then(|| sums.win / sums.loss),
        expectancy: mean(&profits),
        expectancy_ratio,
        sqn,
        p_value,
        mean_duration_s: mean_duration(&closed, |_| true),
        mean_win_duration_s: mean_duration(&closed, |profit| profit > 0.0),
        mean_loss_duration_s: mean_duration(&closed, |profit| profit < 0.0),
        max_wins_in_a_row: longest_run(&profits, |profit| profit > 0.0),
        max_losses_in_a_row: longest_run(&profits, |profit| profit < 0.0),
    }
}

/// Closed trades in the order of their close; those of one instant keep theirs.
pub(super) fn by_close<'a>(trades: impl IntoIterator<Item = &'a Trade>) -> Vec<&'a Trade> {
    let mut closed: Vec<&Trade> = trades.into_iter().filter(|trade| !trade.is_open).collect();
    closed.sort_by_key(|trade| trade.close_time);
    closed
}

/// Wins and losses, counted and summed; both sums are positive.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sums {
    pub(super) wins: u32,
    pub(super) win: f64,
    pub(super) losses: u32,
    pub(super) loss: f64,
}

impl Sums {
    pub(super) fn of(profits: &[f64]) -> Self {
        let mut sums = Self::default();
        for &profit in profits {
            if profit > 0.0 {
                sums.wins += 1;
                sums.win += profit;
            } else if profit < 0.0 {
                sums.losses += 1;
                sums.loss -= profit;
            }
        }
        sums
    }

    pub(super) fn mean_win(&self) -> f64 {
        self.win / f64::from(self.wins.max(1))
    }

    pub(super) fn mean_loss(&self) -> f64 {
        self.loss / f64::from(self.losses.max(1))
    }

    pub(super) fn mean_win_over_mean_loss(&self) -> Option<f64> {
        (self.loss > 0.0).then(|| self.mean_win() / self.mean_loss())
    }
}

/// System quality number and its p-value: the same t statistic, once as it is
/// and once as a probability. Not defined for one trade or equal profits.
pub(super) fn quality(profits: &[f64]) -> (Option<f64>, Option<f64>) {
    let statistic = || {
        let deviation = deviation(profits, Deviation::Sample).filter(|&s| s > 0.0)?;
        Some((profits.len() as f64).sqrt() * mean(profits)? / deviation)
    };
    let t = statistic();
    (t, t.map(|t| two_sided_p(t, profits.len() as f64 - 1.0)))
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        odd if odd % 2 == 1 => Some(values[middle]),
        _ => Some(f64::midpoint(values[middle - 1], values[middle])),
    }
}

fn mean_duration(trades: &[&Trade], counts: impl Fn(f64) -> bool) -> Option<f64> {
    let seconds: Vec<f64> = trades
        .iter()
        .filter(|trade| counts(trade.profit_abs))
        .map(|trade| (trade.close_time.0 - trade.open_time.0) as f64 / 1000.0)
        .collect();
    mean(&seconds)
}

fn longest_run(profits: &[f64], counts: impl Fn(f64) -> bool) -> u32 {
    let mut run = 0;
    profits.iter().fold(0, |longest, &profit| {
        run = if counts(profit) { run + 1 } else { 0 };
        longest.max(run)
    })
}
