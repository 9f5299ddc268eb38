//! Statistics of a backtest: from trades and prices to figures.
//!
//! Everything here is a pure function. [`mark_equity`] turns trades into the
//! value of the account at every candle, [`buy_and_hold`] does the same for
//! money that is only held, and [`summarize`] computes every figure of a
//! result from the two. The figures themselves, with their units, are the
//! types of [`fondaco_domain::metrics`].

mod drawdown;
mod equity;
mod freqtrade;
mod grid;
mod periods;
mod portfolio;
mod portfolio_figures;
mod returns;
mod student;
mod summary;
mod tables;
mod trades;

#[cfg(test)]
mod tests;

pub use drawdown::{Fall, falls, max_drawdown};
pub use equity::{MarkError, mark_equity, open_value};
pub use freqtrade::{freqtrade_figures, freqtrade_metrics};
pub use grid::{PairBars, daily};
pub use periods::{DayProfit, annualised_return_pct, day_profit, period_return_pct, two_places};
pub use portfolio::{Holding, PortfolioError, PriceOf, buy_and_hold, hold_shares, value_of};
pub use portfolio_figures::{Against, Figures, Traded, ValueSeries, figures};
pub use returns::{
    Line, annual_growth, daily_values, line, mean, returns, sharpe, sortino, volatility,
};
pub use student::{two_sided_p, two_sided_t};
pub use summary::{Run, summarize};
pub use trades::trade_figures;
