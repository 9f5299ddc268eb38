//! One folder per noun, one file per verb.
//!
//! `<noun>/mod.rs` holds `enum Command` with a variant per verb and
//! `run(command, context)`, which is one `match`. `<noun>/<verb>.rs` holds the
//! verb's `Args` (with an `Example:` in `after_help`, which a test parses) and
//! `run(args, context)`: parse, call `app` or an adapter, print a
//! [`View`](crate::output::View).

pub(crate) mod account;
pub(crate) mod analysis;
pub(crate) mod analyze;
pub(crate) mod backtest;
pub(crate) mod bench;
pub(crate) mod contract;
pub(crate) mod data;
pub(crate) mod db;
pub(crate) mod doctor;
pub(crate) mod filings;
pub(crate) mod flag;
pub(crate) mod halt;
pub(crate) mod key;
pub(crate) mod mcp;
pub(crate) mod migration;
pub(crate) mod model;
pub(crate) mod news;
pub(crate) mod position;
pub(crate) mod recommendation;
pub(crate) mod recording;
pub(crate) mod report;
pub(crate) mod roles;
pub(crate) mod run;
pub(crate) mod schedule;
pub(crate) mod serve;
pub(crate) mod signal;
pub(crate) mod simulate;
pub(crate) mod status;
pub(crate) mod strategy;
pub(crate) mod task;
pub(crate) mod tool;
pub(crate) mod trail;
pub(crate) mod up;
pub(crate) mod watchlist;
pub(crate) mod worker;

use fondaco_app::roles::Role;

use crate::cli::Noun;
use crate::context::Context;
use crate::errors::Failure;

/// Runs what the command line says.
pub(crate) fn run(noun: &Noun, context: &Context) -> Result<(), Failure> {
    match noun {
        Noun::Data(command) => data::run(command, context),
        Noun::Strategy(command) => strategy::run(command, context),
        Noun::Backtest(command) => backtest::run(command, context),
        Noun::Run(command) => run::run(command, context),
        Noun::Halt(command) => halt::run(command, context),
        Noun::Analyze(args) => analyze::run(args, context),
        Noun::Analysis(command) => analysis::run(command, context),
        Noun::Report(command) => report::run(command, context),
        Noun::Recommendation(command) => recommendation::run(command, context),
        Noun::Watchlist(command) => watchlist::run(command, context),
        Noun::Account(command) => account::run(command, context),
        Noun::Position(command) => position::run(command, context),
        Noun::Worker(args) => worker::run(args, context),
        Noun::Up(args) => up::run(args, context),
        Noun::Down(args) => up::down::run(args, context),
        Noun::Logs(args) => up::logs::run(args, context),
        Noun::Status(args) => status::run(args, context),
        Noun::Serve(args) => serve::run(args, context),
        Noun::Control(command) => roles::run(Role::Control, command, context),
        Noun::Trading(command) => roles::run(Role::Trading, command, context),
        Noun::News(command) => news::run(command, context),
        Noun::Filings(command) => filings::run(command, context),
        Noun::Runtime(command) => roles::run(Role::Runtime, command, context),
        Noun::Gateway(command) => roles::run(Role::Gateway, command, context),
        Noun::Schedule(command) => schedule::run(command, context),
        Noun::Signal(command) => signal::run(command, context),
        Noun::Simulate(command) => simulate::run(command, context),
        Noun::Contract(command) => contract::run(command, context),
        Noun::Tool(command) => tool::run(command, context),
        Noun::Mcp(command) => mcp::run(command, context),
        Noun::Key(command) => key::run(command, context),
        Noun::Model(command) => model::run(command, context),
        Noun::Flag(command) => flag::run(command, context),
        Noun::Migration(command) => migration::run(command, context),
        Noun::Trail(command) => trail::run(command, context),
        Noun::Doctor(args) => doctor::run(args, context),
        Noun::Db(command) => db::run(command, context),
        Noun::Bench(command) => bench::run(command, context),
        Noun::Task(command) => task::run(command, context),
        Noun::Reference(args) => crate::reference::run(args),
    }
}
