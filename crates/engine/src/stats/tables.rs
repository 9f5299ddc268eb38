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
use super::trades::{by_close, trade_figures};

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
    let closed = by_close(basis.trades);
    let mut rows = Vec::new();
    let (mut from, mut counted) = (0, 0);
    while let Some(&first) = equity.time.get(from) {
        let end = period.end(first);
        let after = equity.time.partition_point(|&at| at < end);
        let closed_after = closed.partition_point(|trade| trade.close_time < end);
        let closes = &closed[counted..closed_after];
        let before = |series: &[f64]| {
            from.checked_sub(1)
                .map_or(basis.starting_balance, |row| series[row])
        };
        let (start, last) = (before(&equity.value), equity.value[after - 1]);
        let (year, month) = period.name(first);
        rows.push(PeriodRow {
            year,
            month,
            total_return: last / start - 1.0,
            benchmark_return: benchmark
                .map(|held| held.value[after - 1] / before(&held.value) - 1.0),
            profit_abs: last - start,
            trades: closes.len() as u32,
            wins: closes.iter().filter(|trade| trade.profit_abs > 0.0).count() as u32,
            max_drawdown: max_drawdown(start, &equity.value[from..after]),
        });
        (from, counted) = (after, closed_after);
    }
    rows
}

impl Period {
    fn name(self, at: UnixMillis) -> (i16, Option<u8>) {
        let (year, month) = at.year_month();
        match self {
            Self::Month => (year, Some(month.unsigned_abs())),
            Self::Year => (year, None),
        }
    }

    /// The first instant after the period of an instant.
    fn end(self, at: UnixMillis) -> UnixMillis {
        let date = at.date();
        let last = match self {
            Self::Month => date.last_of_month(),
            Self::Year => date.last_of_year(),
        };
        last.tomorrow()
            .map_or(UnixMillis(i64::MAX), UnixMillis::midnight)
    }
}
