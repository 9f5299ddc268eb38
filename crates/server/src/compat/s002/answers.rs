//! What the platform answers, field by field.

use fondaco_app::backtests::shown::Shown;
use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult, Equity, Settings, Trade};
use fondaco_domain::run::{Run, RunState};
use fondaco_domain::{UnixMicros, UnixMillis};
use serde::Serialize;

/// Letters of an error at most.
const LONGEST_ERROR: usize = 1_000;

/// To `POST /backtest`.
#[derive(Debug, Serialize)]
pub(super) struct Accepted {
    pub(super) run_id: String,
    pub(super) status: &'static str,
    pub(super) status_url: String,
}

/// To `GET /backtest/{run_id}/status`.
#[derive(Debug, Serialize)]
pub(super) struct Standing {
    run_id: String,
    /// `QUEUED`, `RUNNING`, `COMPLETED`, `FAILED`, `CANCELLED`.
    status: &'static str,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    partial: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Figures>,
}

impl Standing {
    pub(super) fn of(shown: &Shown) -> Self {
        let run = &shown.run;
        let status = word(run.state);
        let result = shown.listing.as_ref().filter(|_| status == "COMPLETED");
        Self {
            run_id: run.id.to_string(),
            status,
            created_at: run.created_at.to_string(),
            updated_at: updated_at(run).to_string(),
            partial: (run.state == RunState::Partial).then_some(true),
            error: error(shown),
            result: result.map(Figures::of),
        }
    }
}

/// The word for where a run stands.
pub(super) fn word(state: RunState) -> &'static str {
    match state {
        RunState::Queued => "QUEUED",
        RunState::Running | RunState::Halting | RunState::Cancelling => "RUNNING",
        RunState::Completed | RunState::Partial => "COMPLETED",
        RunState::Failed => "FAILED",
        RunState::Cancelled | RunState::Halted => "CANCELLED",
    }
}

fn updated_at(run: &Run) -> UnixMicros {
    run.finished_at.or(run.started_at).unwrap_or(run.created_at)
}

fn error(shown: &Shown) -> Option<String> {
    let said = match shown.run.state {
        RunState::Halted => {
            let reason = shown.run.reason.as_deref().unwrap_or("no reason was given");
            format!("halted: {reason}")
        }
        RunState::Failed => {
            let told = shown.error.as_ref()?;
            let causes =
                std::iter::successors(std::error::Error::source(told), |cause| cause.source());
            causes.fold(told.to_string(), |text, cause| format!("{text}: {cause}"))
        }
        _ => return None,
    };
    Some(said.chars().take(LONGEST_ERROR).collect())
}

/// The figures of a backtest that completed. Money in the stake currency,
/// ratios as plain numbers; `null` is a figure that is not defined.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    strategy: String,
    timeframe: String,
    backtest_start: String,
    backtest_end: String,
    stake_currency: String,
    total_trades: usize,
    win_rate: Option<f64>,
    profit_total: f64,
    profit_total_abs: f64,
    sharpe: Option<f64>,
    sortino: Option<f64>,
    calmar: Option<f64>,
    max_drawdown: Option<f64>,
    profit_factor: Option<f64>,
}

impl Figures {
    pub(super) fn of(listing: &BacktestListing) -> Self {
        Self {
            strategy: listing.strategy.clone(),
            timeframe: listing.timeframe.clone(),
            backtest_start: stamp(listing.start_ms),
            backtest_end: stamp(listing.end_ms),
            stake_currency: listing.stake_currency.clone(),
            total_trades: listing.trades,
            win_rate: listing.win_rate,
            profit_total: listing.total_return,
            profit_total_abs: listing.profit_abs,
            sharpe: listing.sharpe,
            sortino: listing.sortino,
            calmar: listing.calmar,
            max_drawdown: listing.max_drawdown,
            profit_factor: listing.profit_factor,
        }
    }
}

/// To `GET /backtest/{run_id}/equity`.
#[derive(Debug, Serialize)]
pub(super) struct Curve {
    pub(super) run_id: String,
    pub(super) equity_curve: Vec<Mark>,
}

/// The account at a time.
#[derive(Debug, Serialize)]
pub(super) struct Mark {
    date: String,
    equity: f64,
}

impl Mark {
    pub(super) fn all(equity: &Equity) -> Vec<Self> {
        let marks = equity.time_ms.iter().zip(&equity.value);
        marks
            .map(|(&at, &equity)| Self {
                date: stamp(at),
                equity,
            })
            .collect()
    }
}

/// To `GET /backtest/{run_id}/report-data`.
#[derive(Debug, Serialize)]
pub(super) struct ReportData {
    run_id: String,
    metrics: Figures,
    config: Settings,
    equity_curve: Vec<Mark>,
    monthly_returns: Vec<Return>,
    trades: Vec<Trade>,
}

/// What a month brought.
#[derive(Debug, Serialize)]
struct Return {
    month: String,
    profit: f64,
    profit_abs: f64,
    trades: u32,
}

impl ReportData {
    pub(super) fn of(run_id: String, result: BacktestResult) -> Self {
        let months = result.tables.by_month.iter().map(|row| Return {
            month: format!("{:04}-{:02}", row.year, row.month.unwrap_or(1)),
            profit: row.total_return,
            profit_abs: row.profit_abs,
            trades: row.trades,
        });
        Self {
            run_id,
            metrics: Figures::of(&BacktestListing::new(&result, 0)),
            equity_curve: Mark::all(&result.equity),
            monthly_returns: months.collect(),
            config: result.settings,
            trades: result.trades,
        }
    }
}

/// As ISO 8601 in UTC.
fn stamp(millis: i64) -> String {
    UnixMillis(millis).timestamp().to_string()
}
