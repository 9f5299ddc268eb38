//! Splits and dividends: what they do to positions, and candles adjusted for
//! them without looking ahead.

use fondaco_domain::bars::Columns;
use fondaco_domain::corporate::{Dividend, Factors, Split};
use fondaco_domain::{Bars, Symbol, UnixMillis};

use super::settings::BacktestError;

/// What happens to a share before the first trade of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Action {
    /// Midnight (UTC) of the first day traded without it.
    pub at: UnixMillis,
    /// New shares for one old share; one where there is no split.
    pub split: f64,
    /// Cash for one share, counted after the split; zero where there is none.
    pub dividend: f64,
}

/// Splits and dividends of one instrument, oldest first, one row a day.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Actions(Vec<Action>);

impl Actions {
    /// From lists of splits and dividends. A dividend of the day of a split is
    /// for new shares.
    pub fn from_lists(splits: &[Split], dividends: &[Dividend]) -> Self {
        let splits = splits.iter().map(|split| Action {
            at: UnixMillis::midnight(split.date),
            split: split.ratio(),
            dividend: 0.0,
        });
        let dividends = dividends.iter().map(|dividend| Action {
            at: UnixMillis::midnight(dividend.ex_date),
            split: 1.0,
            dividend: dividend.amount,
        });
        Self::sorted(splits.chain(dividends).collect())
    }

    /// From factors that adjust older prices to the newest: where the split
    /// factor rises from one row to the next by `r`, one share became `r` (3 for
    /// 2 and the like are restored from their seven digits);
    /// where the price factor rises, the dividend was
    /// `close * (1 - factor / next factor)`. The close is that of the row, or
    /// of the candles where the row has none.
    pub fn from_factors(factors: &Factors, bars: &Bars) -> Self {
        let rows = factors.rows();
        let actions = rows.windows(2).filter_map(|pair| {
            let (row, next) = (&pair[0], &pair[1]);
            let at = UnixMillis::midnight(row.date.tomorrow().ok()?);
            let split = whole_shares(next.split_factor / row.split_factor);
            let close = if row.reference_price > 0.0 {
                row.reference_price
            } else {
                *bars.close().get(bars.row_at(at).checked_sub(1)?)?
            };
            let dividend = close * (1.0 - row.price_factor / next.price_factor) / split;
            (split != 1.0 || dividend != 0.0).then_some(Action {
                at,
                split,
                dividend,
            })
        });
        Self::sorted(actions.collect())
    }

    fn sorted(mut actions: Vec<Action>) -> Self {
        actions.sort_by_key(|action| action.at);
        actions.dedup_by(|later, first| {
            let same = later.at == first.at;
            if same {
                first.split *= later.split;
                first.dividend += later.dividend;
            }
            same
        });
        Self(actions)
    }

    /// All of them, oldest first.
    pub fn rows(&self) -> &[Action] {
        &self.0
    }

    /// Those that fall on a candle after the first, with the candle's row.
    pub(super) fn by_row<'a>(
        &'a self,
        bars: &'a Bars,
    ) -> impl Iterator<Item = (usize, Action)> + 'a {
        self.0
            .iter()
            .map(|action| (bars.row_at(action.at), *action))
            .filter(|&(row, _)| row > 0 && row < bars.len())
    }

    /// Candles in the shares of `origin`, dividends reinvested: each price is
    /// multiplied by what one share of that time has become by then (or, for
    /// candles before it, divided by what one share of the candle became).
    /// From the origin on a row depends only on prices and actions up to its
    /// own time. Volumes are divided by the splits since.
    pub fn adjust(
        &self,
        symbol: &Symbol,
        bars: &Bars,
        origin: UnixMillis,
    ) -> Result<Bars, BacktestError> {
        let (shares, splits) = self.growth(symbol, bars)?;
        let from = bars.row_at(origin.plus(1)).saturating_sub(1);
        let start = |column: &[f64]| column.get(from).copied().unwrap_or(1.0);
        let (share, split) = (start(&shares), start(&splits));
        let scaled = |prices: &[f64]| {
            let grown = prices.iter().zip(&shares);
            grown
                .map(|(price, grown)| price * (grown / share))
                .collect()
        };
        let volumes = bars.volume().iter().zip(&splits);
        let columns = Columns {
            time: bars.time().to_vec(),
            open: scaled(bars.open()),
            high: scaled(bars.high()),
            low: scaled(bars.low()),
            close: scaled(bars.close()),
            volume: volumes
                .map(|(volume, made)| volume / (made / split))
                .collect(),
        };
        Bars::new(columns).map_err(|source| BacktestError::Adjusted {
            symbol: symbol.clone(),
            source,
        })
    }

    /// What one share of the first candle has become at each candle, with
    /// dividends reinvested at the close before and without.
    fn growth(&self, symbol: &Symbol, bars: &Bars) -> Result<(Vec<f64>, Vec<f64>), BacktestError> {
        let mut by_row = self.by_row(bars).peekable();
        let (mut shares, mut splits) = (1.0, 1.0);
        let mut growth = (
            Vec::with_capacity(bars.len()),
            Vec::with_capacity(bars.len()),
        );
        for row in 0..bars.len() {
            let mut before = bars.close()[row.saturating_sub(1)];
            while let Some((_, action)) = by_row.next_if(|&(due, _)| due == row) {
                before /= action.split;
                let grown = before / (before - action.dividend);
                before -= action.dividend;
                shares *= action.split * grown;
                splits *= action.split;
                let usable = action.split > 0.0 && grown > 0.0 && (1e-12..1e12).contains(&shares);
                if !usable {
                    return Err(BacktestError::Action {
                        symbol: symbol.clone(),
                        at: action.at,
                        split: action.split,
                        dividend: action.dividend,
                    });
                }
            }
            growth.0.push(shares);
            growth.1.push(splits);
        }
        Ok(growth)
    }
}

/// The ratio of small whole numbers that a quotient of factors stands for:
/// factors are written with seven digits. Others (spin-offs) stay as they are.
fn whole_shares(quotient: f64) -> f64 {
    let near = |old: u32| {
        let old = f64::from(old);
        let ratio = (quotient * old).round() / old;
        ((ratio / quotient - 1.0).abs() < 1e-5).then_some(ratio)
    };
    // One old share, a few, or a round number of them for a reverse split.
    (1..=20)
        .chain([25, 30, 40, 50, 100, 200])
        .find_map(near)
        .unwrap_or(quotient)
}
