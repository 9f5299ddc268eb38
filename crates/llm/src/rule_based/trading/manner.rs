//! How each temperament trades.

use crate::rule_based::Temperament;

/// What it goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::rule_based) enum Rule {
    /// Buys what rises, and sells what no longer does.
    Trend,
    /// Buys what fell for a while in a long rise, and sells what recovered.
    Dip,
}

/// A temperament, in numbers. Marks are those of a symbol, of -1 to 1.
#[derive(Debug, Clone, Copy)]
pub(in crate::rule_based) struct Manner {
    pub(in crate::rule_based) rule: Rule,
    /// Positions at most.
    pub(in crate::rule_based) places: usize,
    /// What a position is worth when it is bought, as a part of everything.
    pub(in crate::rule_based) weight: f64,
    /// What stays in cash, as a part of everything.
    pub(in crate::rule_based) reserve: f64,
    /// From this mark on it is bought.
    pub(in crate::rule_based) buys_from: f64,
    /// Up to this mark it is sold.
    pub(in crate::rule_based) sells_to: f64,
    /// Symbols that are looked at on a day beside those that are held.
    pub(in crate::rule_based) looks: usize,
    /// Orders of a day for each side, at most.
    pub(in crate::rule_based) orders: usize,
}

impl Manner {
    pub(in crate::rule_based) fn of(temperament: Temperament) -> Self {
        match temperament {
            Temperament::Even => Self {
                rule: Rule::Trend,
                places: 8,
                weight: 0.11,
                reserve: 0.06,
                buys_from: 0.35,
                sells_to: -0.10,
                looks: 8,
                orders: 3,
            },
            Temperament::Bold => Self {
                rule: Rule::Trend,
                places: 4,
                weight: 0.23,
                reserve: 0.03,
                buys_from: 0.50,
                sells_to: 0.10,
                looks: 12,
                orders: 4,
            },
            Temperament::Cautious => Self {
                rule: Rule::Dip,
                places: 10,
                weight: 0.06,
                reserve: 0.35,
                buys_from: 0.45,
                sells_to: -0.40,
                looks: 8,
                orders: 2,
            },
        }
    }
}
