//! What to fetch first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use fondaco_contract::v1alpha1::simulation::SimDate;
use fondaco_domain::Symbol;

/// Symbols in the order in which they should be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// One after the other.
    pub order: Vec<Planned>,
}

/// A symbol that lacks candles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Which.
    pub symbol: Symbol,
    /// The steps at which it has none.
    pub missing: BTreeSet<SimDate>,
    /// Steps that are complete once it is there, when all before it came.
    pub completes: usize,
}

impl Plan {
    /// The next symbol is always the one that completes most steps: those at
    /// which, after it, no other is missing. Of several that complete equally
    /// many (at the beginning that is mostly none) the next is the one that
    /// belongs to the step nearest to completion (the fewest symbols missing),
    /// then the one that is missing at more steps, then the first by name. So
    /// a source that gives few answers completes as many steps with them as it
    /// can, in place of beginning everything and completing nothing.
    pub(super) fn of<'a>(
        lacking: impl IntoIterator<Item = (SimDate, &'a BTreeSet<Symbol>)>,
    ) -> Self {
        let mut groups: BTreeMap<&BTreeSet<Symbol>, usize> = BTreeMap::new();
        let mut missing: BTreeMap<&Symbol, BTreeSet<SimDate>> = BTreeMap::new();
        for (step, symbols) in lacking {
            for symbol in symbols {
                missing.entry(symbol).or_default().insert(step);
            }
            if !symbols.is_empty() {
                *groups.entry(symbols).or_default() += 1;
            }
        }
        let mut groups: Vec<Group<'_>> = groups
            .into_iter()
            .map(|(left, steps)| Group {
                left: left.iter().collect(),
                steps,
            })
            .collect();
        let mut order = Vec::with_capacity(missing.len());
        while let Some((symbol, completes)) = best(&groups, &missing) {
            for group in &mut groups {
                group.left.remove(symbol);
            }
            groups.retain(|group| !group.left.is_empty());
            order.push(Planned {
                symbol: symbol.clone(),
                missing: missing.remove(symbol).unwrap_or_default(),
                completes,
            });
        }
        Self { order }
    }
}

/// Steps at which the same symbols are missing.
struct Group<'a> {
    left: BTreeSet<&'a Symbol>,
    steps: usize,
}

/// The best of what is left, and the steps it completes.
fn best<'a>(
    groups: &[Group<'a>],
    missing: &BTreeMap<&'a Symbol, BTreeSet<SimDate>>,
) -> Option<(&'a Symbol, usize)> {
    let mut worth: BTreeMap<&Symbol, (usize, usize)> = BTreeMap::new();
    for group in groups {
        for symbol in &group.left {
            let (completes, nearest) = worth.entry(symbol).or_insert((0, usize::MAX));
            *nearest = (*nearest).min(group.left.len());
            if group.left.len() == 1 {
                *completes += group.steps;
            }
        }
    }
    let rank = |symbol: &&'a Symbol| {
        let (completes, nearest) = worth.get(*symbol).copied().unwrap_or((0, usize::MAX));
        let steps = missing.get(*symbol).map_or(0, BTreeSet::len);
        (Reverse(completes), nearest, Reverse(steps), *symbol)
    };
    let symbol = missing.keys().copied().min_by_key(rank)?;
    Some((symbol, worth.get(symbol).map_or(0, |it| it.0)))
}
