//! The expressions of a strategy, parsed once and bound to parameters as often
//! as a search wants.

use std::collections::HashSet;

use fondaco_domain::strategy::{Expression, Rule, Strategy};

use super::ast::{Expr, Kind};
use super::error::ExprError;
use super::params::ParamValues;
use super::parser::parse;
use super::program::Program;

/// The parsed expressions of a strategy.
#[derive(Debug)]
pub struct Rules<'s> {
    pub(super) strategy: &'s Strategy,
    /// In file order; `None` where parsing failed.
    pub(super) indicators: Vec<Option<Expr>>,
    pub(super) entries: Side<'s>,
    pub(super) exits: Side<'s>,
    errors: Vec<ExprError>,
}

/// Rules that enter, or rules that exit.
#[derive(Debug)]
pub(super) struct Side<'s> {
    pub(super) rules: &'s [Rule],
    pub(super) parsed: Vec<Option<Expr>>,
}

impl<'s> Rules<'s> {
    /// Parses every expression; the first mistake is the error.
    pub fn parse(strategy: &'s Strategy) -> Result<Self, ExprError> {
        let mut rules = Self::parse_all(strategy);
        if rules.errors.is_empty() {
            Ok(rules)
        } else {
            Err(rules.errors.swap_remove(0))
        }
    }

    /// Names and types resolved and parameters put in; the first mistake is
    /// the error.
    pub fn bind(&self, params: &ParamValues) -> Result<Program, ExprError> {
        let mut errors = Vec::new();
        let program = Program::bind(self, params, &mut errors);
        if errors.is_empty() {
            Ok(program)
        } else {
            Err(errors.swap_remove(0))
        }
    }

    /// Parameters and indicators of the file that no expression uses, as they
    /// are written there.
    pub fn unused(&self) -> Vec<String> {
        let mut used = HashSet::new();
        let rules = self.entries.parsed.iter().chain(&self.exits.parsed);
        for expr in self.indicators.iter().chain(rules).flatten() {
            expr.each(&mut |part| match &part.kind {
                Kind::Param(name) => {
                    used.insert(format!("${name}"));
                }
                Kind::Name(name) => {
                    used.insert(name.clone());
                }
                _ => {}
            });
        }
        let params = self.strategy.params.keys().map(|name| format!("${name}"));
        let indicators = self.strategy.indicators.keys().cloned();
        params
            .chain(indicators)
            .filter(|name| !used.contains(name))
            .collect()
    }

    fn parse_all(strategy: &'s Strategy) -> Self {
        let mut errors = Vec::new();
        let mut read = |expression: &Expression| match parse(&expression.source) {
            Ok(expr) => Some(expr),
            Err((at, problem)) => {
                errors.push(ExprError::new(expression, at, problem));
                None
            }
        };
        let indicators = strategy.indicators.values().map(&mut read).collect();
        let mut side = |rules: &'s [Rule]| Side {
            rules,
            parsed: rules.iter().map(|rule| read(&rule.when)).collect(),
        };
        let entries = side(&strategy.entries);
        let exits = side(&strategy.exits);
        Self {
            strategy,
            indicators,
            entries,
            exits,
            errors,
        }
    }
}

/// Parses, checks and compiles the expressions of a strategy; the first
/// mistake is the error.
pub fn compile(strategy: &Strategy, params: &ParamValues) -> Result<Program, ExprError> {
    Rules::parse(strategy)?.bind(params)
}

/// Like [`compile`], with every mistake in the order of the file.
pub fn check(strategy: &Strategy, params: &ParamValues) -> Result<Program, Vec<ExprError>> {
    let mut rules = Rules::parse_all(strategy);
    let mut errors = std::mem::take(&mut rules.errors);
    let program = Program::bind(&rules, params, &mut errors);
    if errors.is_empty() {
        return Ok(program);
    }
    errors.sort_by_key(|error| error.at);
    Err(errors)
}
