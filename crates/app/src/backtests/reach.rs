//! What of the data a backtest may read.

use std::collections::BTreeSet;

use fondaco_domain::market::TradingMode;
use fondaco_domain::{Symbol, Timeframe};
use fondaco_engine::expr;

use super::{BacktestsError, Spec};
use crate::data::CandleKind;

/// Instruments and candle lengths. What lies outside cannot change a result,
/// so pinning what lies inside is enough to repeat it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach {
    symbols: BTreeSet<Symbol>,
    timeframes: BTreeSet<Timeframe>,
    futures: bool,
}

impl Reach {
    /// Of a backtest whose pairs are named. `rules` says whether the
    /// strategy's own expressions are evaluated, which may read other
    /// instruments and lengths.
    pub fn of(spec: &Spec, rules: bool) -> Result<Self, BacktestsError> {
        let mut symbols: BTreeSet<_> = spec.pairs.iter().cloned().collect();
        let mut timeframes = BTreeSet::from([spec.strategy.timeframe]);
        timeframes.extend(spec.settings.detail);
        if rules {
            let program = expr::compile(&spec.strategy, &spec.params)?;
            for need in program.needs() {
                symbols.extend(need.source.symbol.clone());
                timeframes.insert(need.source.timeframe);
            }
        }
        Ok(Self {
            symbols,
            timeframes,
            futures: spec.settings.mode == TradingMode::Futures,
        })
    }

    /// The instruments, in order.
    pub fn symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.symbols.iter()
    }

    /// Whether it may read candles of an instrument.
    pub fn covers(&self, symbol: &Symbol, timeframe: Timeframe, kind: CandleKind) -> bool {
        self.symbols.contains(symbol)
            && match kind {
                CandleKind::Trades => self.timeframes.contains(&timeframe),
                CandleKind::Mark | CandleKind::FundingRate => self.futures,
            }
    }
}
