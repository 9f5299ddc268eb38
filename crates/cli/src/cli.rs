//! The command line as types: `fondaco <noun> <verb>`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::commands;
use crate::env;

/// Backtests strategy files on real candles, in durable runs.
#[derive(Debug, Parser)]
#[command(
    name = "fondaco",
    version,
    propagate_version = true,
    arg_required_else_help = true,
    subcommand_required = true,
    after_help = "Examples:\n  fondaco data list\n  fondaco strategy check strategies/sma-cross.toml\n\nExit codes: 0 done, 2 wrong words, 3 not found, 4 conflict, 5 corrupt input, 6 no data, 7 another \
                  system failed, 8 storage, 9 a run did not succeed, 70 a defect of ours, 130 interrupted."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Noun,
}

/// Options every command takes.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// Form of the result on standard output.
    #[arg(long, global = true, value_enum, env = env::OUTPUT, hide_env_values = true, default_value_t)]
    pub(crate) output: OutputMode,
    /// No progress on standard error.
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Whether to use colour.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) color: ColorMode,
    /// Folder that holds candles, results and reports [default:
    /// ~/.local/share/fondaco] [env: `FONDACO_HOME`].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) home: Option<PathBuf>,
    /// File of settings [default: the file `fondaco.toml` in the home, where
    /// there is one] [env: `FONDACO_CONFIG`].
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

impl Cli {
    /// With the file of `simulate run --config FILE` where it belongs: that
    /// command's own `--config` wins over the one of settings.
    pub(crate) fn settled(mut self) -> Self {
        if let Noun::Simulate(commands::simulate::Command::Run(args)) = &mut self.command {
            let named = self.globals.config.take();
            args.request = args.request.take().or(named);
        }
        self
    }
}

/// Form of what commands print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum OutputMode {
    /// For people.
    #[default]
    Text,
    /// One JSON document.
    Json,
}

/// Use of colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum ColorMode {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Also into files and pipes.
    Always,
    /// Never.
    Never,
}

/// What a command is about.
#[derive(Debug, Subcommand)]
pub(crate) enum Noun {
    /// Candles: import, look at, check, export, download.
    #[command(subcommand)]
    Data(Box<commands::data::Command>),
    /// Strategy files: write, check, look at.
    #[command(subcommand)]
    Strategy(commands::strategy::Command),
    /// Ask two lanes for one decision: a strategy, and analysts who debate.
    Analyze(Box<commands::analyze::Args>),
    /// Analyses that were asked for: list, look at, record.
    #[command(subcommand)]
    Analysis(commands::analysis::Command),
    /// Simulations: models that trade day by day, each with an account.
    #[command(subcommand)]
    Simulate(commands::simulate::Command),
    /// Reports of analyses: list, read, export.
    #[command(subcommand)]
    Report(commands::report::Command),
    /// What analyses decided, by day and ticker.
    #[command(subcommand)]
    Recommendation(commands::recommendation::Command),
    /// Instruments that are watched.
    #[command(subcommand)]
    Watchlist(commands::watchlist::Command),
    /// Accounts that positions are noted under.
    #[command(subcommand)]
    Account(commands::account::Command),
    /// Positions, and what they have come to.
    #[command(subcommand)]
    Position(commands::position::Command),
    /// Backtests: run, look at, compare.
    #[command(subcommand)]
    Backtest(commands::backtest::Command),
    /// Durable runs: submit, look at, watch, cancel, take up again.
    #[command(subcommand)]
    Run(Box<commands::run::Command>),
    /// Orders to stop: set, clear, look at, practise.
    #[command(subcommand)]
    Halt(commands::halt::Command),
    /// Take tasks and do them, until told to stop.
    Worker(commands::worker::Args),
    /// Start every role in one process, ready to use.
    Up(Box<commands::up::Args>),
    /// End what is up in this home.
    Down(commands::up::down::Args),
    /// The log of what is up in this home.
    Logs(commands::up::logs::Args),
    /// What is up, how it is, and what it has to do.
    Status(commands::status::Args),
    /// Serve roles over HTTP, and work: any of them in one process.
    Serve(commands::serve::Args),
    /// The native API, and what belongs to no other role.
    #[command(subcommand)]
    Control(commands::roles::Command),
    /// Market data, to look at.
    #[command(subcommand)]
    Trading(commands::roles::Command),
    /// What was in the news, and why prices moved.
    #[command(subcommand)]
    News(commands::news::Command),
    /// What companies filed, paid out and split.
    #[command(subcommand)]
    Filings(commands::filings::Command),
    /// The life of the gateway.
    #[command(subcommand)]
    Runtime(commands::roles::Command),
    /// Events over a socket.
    #[command(subcommand)]
    Gateway(commands::roles::Command),
    /// Runs to be submitted again and again.
    #[command(subcommand)]
    Schedule(Box<commands::schedule::Command>),
    /// Signals of lanes: merge them by hand.
    #[command(subcommand)]
    Signal(commands::signal::Command),
    /// Documents that leave the program: hold them against their contracts.
    #[command(subcommand)]
    Contract(commands::contract::Command),
    /// What models may call: look at, try.
    #[command(subcommand)]
    Tool(commands::tool::Command),
    /// Tools for models of other programs, by the Model Context Protocol.
    #[command(subcommand)]
    Mcp(commands::mcp::Command),
    /// Keys to the API: make, look at, revoke.
    #[command(subcommand)]
    Key(commands::key::Command),
    /// Models: which there are, and whether they answer.
    #[command(subcommand)]
    Model(commands::model::Command),
    /// What can be switched while everything runs.
    #[command(subcommand)]
    Flag(commands::flag::Command),
    /// From the legacy files of analyses to the store, and back.
    #[command(subcommand)]
    Migration(commands::migration::Command),
    /// Who changed what.
    #[command(subcommand)]
    Trail(commands::trail::Command),
    /// Look at everything that durable runs need, and say what is wrong.
    Doctor(commands::doctor::Args),
    /// The store of runs as a whole.
    #[command(subcommand)]
    Db(commands::db::Command),
    /// Measurements of this machine.
    #[command(subcommand)]
    Bench(commands::bench::Command),
    /// One attempt of a task, in a process of its own.
    #[command(subcommand, hide = true)]
    Task(commands::task::Command),
    /// The reference pages, from the program itself.
    #[command(hide = true)]
    Reference(crate::reference::Args),
}
