//! Tables by pair, tag, exit reason and period.

use std::hash::Hash;

use fondaco_domain::UnixMillis;
use fondaco_domain::metrics::{
    ExitReasonRow, FreqtradeFigures, PairRow, PeriodRow, TagRow, TradeFigures,
};
use fondaco_domain::trade::{Equity, Trade};
use indexmap::IndexMap;

use super::drawdown::max_drawdown;
use super::freqtrade::freqtrade_figures;
use super::grid::PairBars;
use super::trades::trade_figures;

/// What every row is computed with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Basis<'a> {
    pub(super) trades: &'a [Trade],
    pub(super) starting_balance: f64,
    pub(super) days: u32,
}

impl<'a> Basis<'a> {
    /// One row per pair of the list, whether it traded or not.
    pub(super) fn by_pair(self, pairs: &[PairBars<'_>]) -> Vec<PairRow> {
        let mut groups = self.groups(|trade| &trade.pair);
        let listed = pairs.iter().map(|pair| {
            let trades = groups.swap_remove(pair.pair).unwrap_or_default();
            let (figures, freqtrade) = self.figures(&trades);
            PairRow {
                pair: pair.pair.clone(),
                figures,
                freqtrade,
                market_change: market_change(pair),
            }
        });
        listed.collect()
    }

    /// One row per entry tag, most trades first, then by name.
    pub(super) fn by_tag(self) -> Vec<TagRow> {
        let groups = by_size(self.groups(|trade| trade.enter_tag.as_deref()));
        let row = |(tag, trades): (Option<&str>, Vec<&Trade>)| {
            let (figures, freqtrade) = self.figures(&trades);
            TagRow {
                tag: tag.map(str::to_owned),
                figures,
                freqtrade,
            }
        };
        groups.into_iter().map(row).collect()
    }

    /// One row per exit reason, most trades first, then by name.
    pub(super) fn by_exit_reason(self) -> Vec<ExitReasonRow> {
        let groups = by_size(self.groups(|trade| trade.exit_reason.as_str()));
        let row = |(_, trades): (&str, Vec<&Trade>)| {
            let (figures, freqtrade) = self.figures(&trades);
            ExitReasonRow {
                reason: trades[0].exit_reason.clone(),
                figures,
                freqtrade,
            }
        };
        groups.into_iter().map(row).collect()
    }

    fn groups<K: Hash + Eq>(self, key: impl Fn(&'a Trade) -> K) -> IndexMap<K, Vec<&'a Trade>> {
        let mut groups: IndexMap<K, Vec<&Trade>> = IndexMap::new();
        for trade in self.trades.iter().filter(|trade| !trade.is_open) {
            groups.entry(key(trade)).or_default().push(trade);
        }
        groups
    }

    fn figures(self, trades: &[&Trade]) -> (TradeFigures, FreqtradeFigures) {
        let trades = || trades.iter().copied();
        (
            trade_figures(trades(), self.starting_balance),
            freqtrade_figures(trades(), self.starting_balance, self.days),
        )
    }
}

/// Last close over first close minus one.
pub(super) fn market_change(pair: &PairBars<'_>) -> Option<f64> {
    let close = pair.bars.close();
    let (first, last) = close.first().zip(close.last())?;
    (*first > 0.0).then(|| last / first - 1.0)
}

fn by_size<K: Ord + Copy>(groups: IndexMap<K, Vec<&Trade>>) -> Vec<(K, Vec<&Trade>)> {
    let mut rows: Vec<_> = groups.into_iter().collect();
    rows.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then(a.0.cmp(&b.0)));
    rows
}

/// Length of the periods of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Period {
    Month,
    Year,
}

/// Returns of the account by calendar period; the first starts from the
/// starting money, each other from the last mark before it.
pub(super) fn by_period(
    period: Period,
    basis: Basis<'_>,
    equity: &Equity,
    benchmark: Option<&Equity>,
) -> Vec<PeriodRow> {
    let closed = closes_by(period, basis.trades);
    let mut rows = Vec::new();
    let mut from = 0;
    while from < equity.time.len() {
        let key = key(period, equity.time[from]);
        let after = period_end(period, &equity.time, from);
        let before = |series: &[f64]| {
            from.checked_sub(1)
                .map_or(basis.starting_balance, |row| series[row])
        };
        let start = before(&equity.value);
        let end = equity.value[after - 1];
        let (trades, wins) = closed.get(&key).copied().unwrap_or_default();
        rows.push(PeriodRow {
            year: key.0,
            month: key.1,
            total_return: end / start - 1.0,
            benchmark_return: benchmark
                .map(|held| held.value[after - 1] / before(&held.value) - 1.0),
            profit_abs: end - start,
            trades,
            wins,
            max_drawdown: max_drawdown(start, &equity.value[from..after]),
        });
        from = after;
    }
    rows
}

type Key = (i16, Option<u8>);

fn key(period: Period, at: UnixMillis) -> Key {
    let (year, month) = at.year_month();
    match period {
        Period::Month => (year, Some(month.unsigned_abs())),
        Period::Year => (year, None),
    }
}

/// The first row after the period of a row, found by halving.
fn period_end(period: Period, time: &[UnixMillis], from: usize) -> usize {
    let this = key(period, time[from]);
    from + time[from..].partition_point(|&at| key(period, at) == this)
}

fn closes_by(period: Period, trades: &[Trade]) -> IndexMap<Key, (u32, u32)> {
    let mut counts: IndexMap<Key, (u32, u32)> = IndexMap::new();
    for trade in trades.iter().filter(|trade| !trade.is_open) {
        let count = counts.entry(key(period, trade.close_time)).or_default();
        count.0 += 1;
        count.1 += u32::from(trade.profit_abs > 0.0);
    }
    counts
}
