//! `fondaco simulate leaderboard`.

use std::fmt::Write as _;

use clap::ValueEnum;
use fondaco_app::simulation::leaderboard::{BoardRequest, board};
use fondaco_domain::metrics::Convention;
use fondaco_engine::ranking::{CutoffVerdict, Leaderboard, ModelRow, NoInterval, RankBy, Spread};
use serde::Serialize;

use super::simulations;
use crate::context::Context;
use crate::errors::Failure;
use crate::host::simulation::Shelves;
use crate::host::{Client, StoreArgs, ids};
use crate::output::{Style, View};
use crate::table::{Align, Cell, Table};

/// Which simulations, and how they are ranked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Runs of the same dates, money and execution share one board: a model that took part in \
                  several of them has the mean of its runs, with Student's t interval around it.\n\nExamples:\n  \
                  fondaco simulate leaderboard 3f2a9c01d4e5\n  \
                  fondaco simulate leaderboard 3f2a9c01d4e5 8b1c77e02f90 --rank-by sharpe --output json"
)]
pub(crate) struct Args {
    /// Their ids, or the beginnings or ends of them.
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<String>,
    #[command(flatten)]
    store: StoreArgs,
    /// What ranks.
    #[arg(long, value_enum, default_value = "return")]
    rank_by: RankWord,
    /// Whose choices figures follow.
    #[arg(long, value_enum, default_value = "fondaco")]
    convention: ConventionWord,
    /// Probability of intervals.
    #[arg(long, value_name = "NUMBER", default_value_t = 0.95)]
    level: f64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RankWord {
    /// Total return.
    Return,
    /// Sharpe ratio.
    Sharpe,
    /// Sortino ratio.
    Sortino,
    /// Calmar ratio.
    Calmar,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum ConventionWord {
    /// Ours, as of backtests.
    Fondaco,
    /// The AI-Trader benchmark's.
    AiTrader,
    /// The `StockBench` benchmark's.
    #[value(name = "stockbench")]
    StockBench,
}

/// Runs it.
pub(crate) fn run(args: &Args, context: &Context) -> Result<(), Failure> {
    let client = Client::open(&args.store, context)?;
    let shelves = Shelves::open(context)?;
    let mut wholes = Vec::with_capacity(args.runs.len());
    for run in &args.runs {
        let id = ids::resolve(client.store(), run)?;
        wholes.push(simulations(&client).result(id, shelves.sources())?);
    }
    let request = BoardRequest {
        convention: match args.convention {
            ConventionWord::Fondaco => Convention::Fondaco,
            ConventionWord::AiTrader => Convention::AiTrader,
            ConventionWord::StockBench => Convention::StockBench,
        },
        rank_by: match args.rank_by {
            RankWord::Return => RankBy::Return,
            RankWord::Sharpe => RankBy::Sharpe,
            RankWord::Sortino => RankBy::Sortino,
            RankWord::Calmar => RankBy::Calmar,
        },
        level: args.level,
    };
    Ok(context.output.print(&Board(board(&wholes, request)?))?)
}

#[derive(Debug, Serialize)]
#[serde(transparent)]
struct Board(Leaderboard);

impl View for Board {
    fn text(&self, style: Style) -> String {
        let board = &self.0;
        let mut table = Table::new([
            ("", Align::Right),
            ("Model", Align::Left),
            ("Runs", Align::Right),
            ("Return", Align::Right),
            ("Interval", Align::Left),
            ("Sharpe", Align::Right),
            ("Sortino", Align::Right),
            ("Largest fall", Align::Right),
            ("Won", Align::Right),
            ("Beta", Align::Right),
            ("Dollars", Align::Right),
            ("Tokens", Align::Right),
            ("Cut-off", Align::Left),
        ]);
        for row in &board.rows {
            table.row(cells(row));
        }
        let mut text = table.render(style);
        if let Some(window) = board.window {
            let _ = writeln!(
                text,
                "\n{} to {}, by {}: {}; {} periods a year",
                window.first.date(),
                window.last.date(),
                board.convention.as_str(),
                board.convention.describe(),
                board.periods_per_year
            );
        }
        let _ = writeln!(
            text,
            "intervals: Student's t around the mean of the runs, {} %",
            board.level * 100.0
        );
        if let Some(benchmark) = &board.benchmark {
            let _ = writeln!(
                text,
                "alpha, beta and excess return are against {benchmark}"
            );
        }
        text
    }
}

fn cells(row: &ModelRow) -> [Cell; 13] {
    let plain = |it: &Spread| it.mean.map_or_else(dash, |mean| format!("{mean:.2}"));
    let percent = |it: &Spread| {
        it.mean
            .map_or_else(dash, |mean| format!("{:.2} %", 100.0 * mean))
    };
    let of_model = |text: String| if row.baseline { String::new() } else { text };
    [
        row.rank.map_or_else(dash, |rank| rank.to_string()).into(),
        if row.baseline {
            Cell::dim(row.name.clone())
        } else {
            row.name.clone().into()
        },
        of_model(row.runs.len().to_string()).into(),
        Cell::signed(
            percent(&row.total_return),
            row.total_return.mean.unwrap_or_default(),
        ),
        of_model(interval(&row.total_return)).into(),
        plain(&row.sharpe).into(),
        plain(&row.sortino).into(),
        percent(&row.max_drawdown).into(),
        percent(&row.win_rate).into(),
        plain(&row.beta).into(),
        of_model(row.cost_usd.map_or_else(dash, |cost| format!("{cost:.4}"))).into(),
        of_model(row.tokens.map_or_else(dash, |tokens| tokens.to_string())).into(),
        Cell::dim(match row.cutoff {
            None => "",
            Some(CutoffVerdict::BeforeWindow) => "before the window",
            Some(CutoffVerdict::NotBeforeWindow) => "not before the window",
            Some(CutoffVerdict::Unknown) => "unknown",
            Some(CutoffVerdict::NotTrained) => "a rule",
        }),
    ]
}

fn interval(spread: &Spread) -> String {
    match (spread.interval, spread.no_interval) {
        (Some(it), _) => format!("{:.2} to {:.2} %", 100.0 * it.low, 100.0 * it.high),
        (None, Some(NoInterval::OneRun)) => "one run".to_owned(),
        (None, Some(NoInterval::EqualRuns)) => "equal runs".to_owned(),
        (None, _) => dash(),
    }
}

fn dash() -> String {
    "–".to_owned()
}
