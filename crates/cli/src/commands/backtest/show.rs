//! `fondaco backtest show`.

use fondaco_contract::v1alpha1::{
    BacktestResult, ExitReasonRow, FreqtradeMetrics, Metrics, PairRow, PeriodRow, TagRow, Trade,
    Warning,
};
use serde::Serialize;

use super::format::{duration, money, percent, ratio, share, stamp};
use crate::context::Context;
use crate::errors::Failure;
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which result and what of it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  fondaco backtest show sma-cross\n  fondaco backtest show out/demo/sma-cross --trades\n  \
                        fondaco backtest show sma-cross --output json"
)]
pub(crate) struct Args {
    /// Id of a result, the start of one, or its folder.
    result: String,
    /// List the trades in place of the figures.
    #[arg(long)]
    trades: bool,
}

pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let found = super::results(context).find(&args.result)?;
    if args.trades {
        context.output.print(&Trades {
            trades: &found.result.trades,
        })?;
    } else {
        context.output.print(&Figures::of(&found.result))?;
    }
    Ok(())
}

/// The figures of a result.
#[derive(Debug, Serialize)]
pub(super) struct Figures<'a> {
    #[serde(skip)]
    result: &'a BacktestResult,
    strategy: &'a str,
    version: &'a str,
    stake_currency: &'a str,
    metrics: &'a Metrics,
    freqtrade: &'a FreqtradeMetrics,
    by_pair: &'a [PairRow],
    by_tag: &'a [TagRow],
    by_exit_reason: &'a [ExitReasonRow],
    by_month: &'a [PeriodRow],
    warnings: &'a [Warning],
    assumptions: &'a [String],
}

impl<'a> Figures<'a> {
    pub(super) fn of(result: &'a BacktestResult) -> Self {
        Self {
            result,
            strategy: &result.strategy.name,
            version: &result.strategy.version,
            stake_currency: &result.settings.stake_currency,
            metrics: &result.metrics,
            freqtrade: &result.freqtrade,
            by_pair: &result.tables.by_pair,
            by_tag: &result.tables.by_tag,
            by_exit_reason: &result.tables.by_exit_reason,
            by_month: &result.tables.by_month,
            warnings: &result.warnings,
            assumptions: &result.settings.assumptions,
        }
    }

    fn figures(&self) -> Vec<[(&'static str, Cell); 2]> {
        let metrics = self.metrics;
        let trades = &metrics.trades;
        let drawdown = metrics.drawdown.as_ref();
        let held = metrics.benchmark.as_ref().map(|held| held.total_return);
        let signed = |value: f64, text: String| Cell::signed(text, value);
        vec![
            [
                (
                    "Return",
                    signed(metrics.total_return, percent(metrics.total_return)),
                ),
                (
                    "Buy and hold",
                    held.map_or("-".into(), |held| signed(held, percent(held))),
                ),
            ],
            [
                (
                    "Profit",
                    signed(metrics.profit_abs, self.money(metrics.profit_abs)),
                ),
                ("Final equity", self.money(metrics.final_equity).into()),
            ],
            [
                (
                    "Max drawdown",
                    share(drawdown.map(|fall| fall.relative)).into(),
                ),
                (
                    "CAGR",
                    metrics
                        .cagr
                        .map_or("-".into(), |cagr| signed(cagr, percent(cagr))),
                ),
            ],
            [
                ("Sharpe", ratio(metrics.sharpe).into()),
                ("Sortino", ratio(metrics.sortino).into()),
            ],
            [
                ("Calmar", ratio(metrics.calmar).into()),
                ("SQN", ratio(trades.sqn).into()),
            ],
            [
                ("Trades", trades.trades.to_string().into()),
                ("Win rate", share(trades.win_rate).into()),
            ],
            [
                ("Profit factor", ratio(trades.profit_factor).into()),
                (
                    "Time in market",
                    share(Some(metrics.exposure.time_in_market)).into(),
                ),
            ],
        ]
    }

    fn money(&self, value: f64) -> String {
        format!("{} {}", money(value), self.stake_currency)
            .trim_end()
            .to_owned()
    }
}

impl View for Figures<'_> {
    fn text(&self, style: Style) -> String {
        let metrics = self.metrics;
        let mut text = format!(
            "{}  {}  {} to {}, {} {}\n\n",
            style.bold(&format!("{} {}", self.strategy, self.version)),
            self.result.settings.timeframe,
            stamp(metrics.start_ms),
            stamp(metrics.end_ms),
            self.result.data.len(),
            if self.result.data.len() == 1 {
                "pair"
            } else {
                "pairs"
            },
        );
        let mut figures = Table::new([
            ("", Align::Left),
            ("", Align::Right),
            ("", Align::Left),
            ("", Align::Right),
        ]);
        for [(left, value), (right, other)] in self.figures() {
            figures.row([Cell::dim(left), value, Cell::dim(right), other]);
        }
        text.push_str(figures.render(style).trim_start_matches(['\n', ' ']));
        text.push('\n');
        text.push_str(&by_pair(self.by_pair).render(style));
        text.push('\n');
        text.push_str(&by_reason(self.by_exit_reason).render(style));
        for warning in self.warnings {
            let pair = warning
                .pair
                .as_ref()
                .map(|pair| format!("{pair}: "))
                .unwrap_or_default();
            let note = style.bad("note:");
            text.extend(["\n", &note, " ", &pair, &warning.message]);
        }
        if !self.warnings.is_empty() {
            text.push('\n');
        }
        text
    }
}

fn by_pair(rows: &[PairRow]) -> Table {
    let mut table = Table::new([
        ("Pair", Align::Left),
        ("Trades", Align::Right),
        ("Win rate", Align::Right),
        ("Mean", Align::Right),
        ("Profit", Align::Right),
        ("Profit factor", Align::Right),
        ("Held", Align::Right),
    ]);
    for row in rows {
        let figures = &row.figures;
        table.row([
            row.pair.clone().into(),
            figures.trades.to_string().into(),
            share(figures.win_rate).into(),
            mean(figures.mean),
            Cell::signed(money(figures.profit_abs), figures.profit_abs),
            ratio(figures.profit_factor).into(),
            figures
                .mean_duration_s
                .map_or("-".into(), |s| duration(s as i64))
                .into(),
        ]);
    }
    table
}

fn by_reason(rows: &[ExitReasonRow]) -> Table {
    let mut table = Table::new([
        ("Exit", Align::Left),
        ("Trades", Align::Right),
        ("Win rate", Align::Right),
        ("Mean", Align::Right),
        ("Profit", Align::Right),
    ]);
    for row in rows {
        let figures = &row.figures;
        table.row([
            row.reason.clone().into(),
            figures.trades.to_string().into(),
            share(figures.win_rate).into(),
            mean(figures.mean),
            Cell::signed(money(figures.profit_abs), figures.profit_abs),
        ]);
    }
    table
}

fn mean(ratio: Option<f64>) -> Cell {
    ratio.map_or("-".into(), |ratio| Cell::signed(percent(ratio), ratio))
}

#[derive(Debug, Serialize)]
struct Trades<'a> {
    trades: &'a [Trade],
}

impl View for Trades<'_> {
    fn text(&self, style: Style) -> String {
        let mut table = Table::new([
            ("Opened", Align::Left),
            ("Closed", Align::Left),
            ("Pair", Align::Left),
            ("Side", Align::Left),
            ("Amount", Align::Right),
            ("In", Align::Right),
            ("Out", Align::Right),
            ("Return", Align::Right),
            ("Profit", Align::Right),
            ("Exit", Align::Left),
        ]);
        for trade in self.trades {
            table.row([
                stamp(trade.open_ms).into(),
                stamp(trade.close_ms).into(),
                trade.pair.clone().into(),
                match trade.side {
                    fondaco_contract::v1alpha1::Side::Long => "long".into(),
                    fondaco_contract::v1alpha1::Side::Short => "short".into(),
                },
                trade.amount.to_string().into(),
                trade.open_rate.to_string().into(),
                trade.close_rate.to_string().into(),
                Cell::signed(percent(trade.profit_ratio), trade.profit_ratio),
                Cell::signed(money(trade.profit_abs), trade.profit_abs),
                if trade.is_open {
                    Cell::dim("open")
                } else {
                    trade.exit_reason.clone().into()
                },
            ]);
        }
        table.render(style)
    }
}
