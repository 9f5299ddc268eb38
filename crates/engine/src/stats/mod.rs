//! Statistics of a backtest.
