//! The box that every model is given.

use std::sync::Arc;

use super::Toolbox;
use super::candles::Candles;
use super::function::{Bound, Function};
use super::known::Sources;
use super::{actions, fundamentals, indicators, math, news, portfolio, prices};
use crate::ports::research::ResearchStore;

/// All functions.
const FUNCTIONS: [&Function; 7] = [
    &actions::ACTIONS,
    &fundamentals::FUNDAMENTALS,
    &indicators::INDICATORS,
    &math::MATH,
    &news::NEWS,
    &portfolio::PORTFOLIO,
    &prices::PRICES,
];

impl Toolbox {
    /// Prices, indicators, news, fundamentals, actions, portfolio and math
    /// over these sources.
    ///
    /// Every answer is JSON of at most 48 KiB with the `clock` of its scope.
    /// Where nothing is known of an instrument, it is an `error` of the kind
    /// `unknown_symbol` or `unknown_timeframe` with the `nearest` there are.
    pub fn standard(candles: Arc<dyn Candles>, research: Arc<dyn ResearchStore>) -> Self {
        let sources = Arc::new(Sources { candles, research });
        let bound = |function| Bound {
            function,
            sources: Arc::clone(&sources),
        };
        let functions = FUNCTIONS.into_iter().map(bound);
        functions.fold(Self::default(), Self::with)
    }
}
