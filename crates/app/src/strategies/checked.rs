//! What a check of a strategy file finds out.

use fondaco_domain::strategy::{Direction, Strategy};
use fondaco_domain::{ContentHash, Symbol, Timeframe};
use fondaco_engine::expr::{ParamValues, Program, Rules};
use serde::Serialize;

use super::{StrategyFile, StrategyFileError};

/// A strategy file in order, and what follows from it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// The file.
    pub path: String,
    /// The strategy's name.
    pub name: String,
    /// The version of its rules.
    pub version: String,
    /// One line for people.
    pub description: String,
    /// Candle length.
    pub timeframe: Timeframe,
    /// Sides it may take.
    pub direction: Direction,
    /// Hash of what it says.
    pub hash: ContentHash,
    /// Candles before the first signal that the rules need.
    pub startup_derived: u32,
    /// Candles before the first signal that the file states.
    pub startup_stated: Option<u32>,
    /// Candles left out at the start: the larger of the two.
    pub startup_candles: u32,
    /// Whether some column depends on all candles since the first.
    pub recursive: bool,
    /// Named columns.
    pub columns: Vec<String>,
    /// Other candles it reads.
    pub informative: Vec<Source>,
    /// What is right but may not be meant.
    pub notes: Vec<String>,
}

/// Other candles a strategy reads.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Source {
    /// Its name in the file.
    pub name: String,
    /// Its instrument; none for the traded one.
    pub symbol: Option<Symbol>,
    /// Its candle length.
    pub timeframe: Timeframe,
    /// Candles of its own it needs before the first traded one.
    pub startup_candles: u32,
}

impl Checked {
    /// Checks the expressions of a file with the default parameters.
    pub fn of(file: &StrategyFile) -> Result<Self, StrategyFileError> {
        let strategy = &file.strategy;
        let program = file.compile(&ParamValues::defaults(strategy))?;
        let derived = program.startup_candles();
        let informative = program.needs().iter().map(|need| Source {
            name: need.name.clone(),
            symbol: need.source.symbol.clone(),
            timeframe: need.source.timeframe,
            startup_candles: need.startup_candles,
        });
        Ok(Self {
            path: file.path.clone(),
            name: strategy.name.clone(),
            version: strategy.version.clone(),
            description: strategy.description.clone(),
            timeframe: strategy.timeframe,
            direction: strategy.direction,
            hash: strategy.hash(),
            startup_derived: derived,
            startup_stated: strategy.startup_candles,
            startup_candles: startup_candles(strategy, &program),
            recursive: program.is_recursive(),
            columns: program.column_names().map(str::to_owned).collect(),
            informative: informative.collect(),
            notes: notes(strategy, &program),
        })
    }
}

/// Candles a backtest leaves out at the start: what the rules need, or the
/// file's own figure where that is larger.
pub fn startup_candles(strategy: &Strategy, program: &Program) -> u32 {
    let derived = program.startup_candles();
    strategy
        .startup_candles
        .map_or(derived, |stated| stated.max(derived))
}

fn notes(strategy: &Strategy, program: &Program) -> Vec<String> {
    let mut notes = Vec::new();
    let derived = program.startup_candles();
    if let Some(stated) = strategy.startup_candles.filter(|&stated| stated < derived) {
        notes.push(format!(
            "startup_candles = {stated} is fewer than the rules need: {derived} are used"
        ));
    }
    if strategy.entries.is_empty() && !strategy.signals_from_files {
        notes.push("there is no entry rule: it trades only with signals from files".to_owned());
    }
    if let Ok(rules) = Rules::parse(strategy) {
        let unused = rules.unused();
        if !unused.is_empty() {
            notes.push(format!(
                "used by no rule or indicator: {}",
                unused.join(", ")
            ));
        }
    }
    notes
}
