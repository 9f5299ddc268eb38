//! The first version of every contract; fields may still be added before
//! `v1`, and each addition comes with a golden file.

pub mod analysis;
mod backtest;
mod config;
mod conventions;
mod costs;
mod freqtrade;
mod freqtrade_config;
mod job;
mod listing;
mod metrics;
mod settings;
pub mod simulation;
mod tables;
mod trades;

pub use backtest::{
    BACKTEST_RESULT, BacktestResult, ContractName, Kind, PairData, Run, StrategyUsed, Tables,
    Warning, WarningCode, backtest_schema,
};
pub use config::BacktestConfig;
pub use conventions::{Conventions, Deviation, Downside, FirstReturn};
pub use costs::{Charges, Costs, EntryRemainder, IntraCandle, Slippage, Spread};
pub use freqtrade::{FreqtradeFigures, FreqtradeMetrics};
pub use freqtrade_config::{FreqtradeConfig, FreqtradePairs, FreqtradeTimeouts};
pub use job::{
    BacktestJob, CandleKind, JobAccount, JobCandles, JobDataset, JobDividend, JobFactors, JobFill,
    JobFolder, JobHistory, JobOrigin, JobSplit, JobStrategy, JobVersion, OpenTrades,
    backtest_job_schema,
};
pub use listing::{BACKTEST_LISTING, BacktestListing};
pub use metrics::{AccountCheck, Benchmark, Drawdown, Exposure, Metrics, TradeFigures};
pub use settings::{Profile, Range, Settings, Stake, TradingMode};
pub use tables::{ExitReasonRow, PairRow, PeriodRow, TagRow};
pub use trades::{Equity, Lock, Order, Side, Trade};
