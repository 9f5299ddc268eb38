//! A compiled strategy: what it needs, and the signals it gives.

use fondaco_domain::strategy::{Direction, Informative, Side, Strategy};
use fondaco_domain::{Bars, Timeframe};
use indexmap::IndexMap;

use super::error::ExprError;
use super::eval::{ColumnCache, Columns, InputError, Inputs, SourceInfo, evaluate};
use super::graph::{Graph, NodeId, Op, Source};
use super::lower::Lowering;
use super::params::ParamValues;
use super::rules::Rules;
use crate::signals::{Signals, TagId, Tags};

/// The rules of a strategy with its parameters bound, ready to run over
/// candles.
///
/// Row `i` of everything it computes depends on candles up to `i` only, bit
/// for bit: a driver that appends one candle at a time and evaluates the
/// growing history sees the values a backtest saw.
#[derive(Debug, Clone)]
pub struct Program {
    graph: Graph,
    timeframe: Timeframe,
    sources: Vec<SourceInfo>,
    needs: Vec<Need>,
    entries: Vec<CompiledRule>,
    exits: Vec<CompiledRule>,
    direction: Direction,
    named: Vec<(String, NodeId)>,
    tags: Tags,
    startup: u32,
    recursive: bool,
}

/// An informative source a program reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Its name in the file, as [`Inputs::with`] takes it.
    pub name: String,
    /// Its instrument and candle length.
    pub source: Informative,
    /// Candles of its own that it needs from before the first traded candle.
    pub startup_candles: u32,
}

#[derive(Debug, Clone)]
struct CompiledRule {
    side: Side,
    when: NodeId,
    tag: TagId,
}

/// A column for a report or an export.
#[derive(Debug, Clone, PartialEq)]
pub enum NamedColumn {
    /// Numbers; NaN where unknown.
    Numbers(Vec<f64>),
    /// Truths.
    Conditions(Vec<bool>),
}

impl Program {
    /// Binds rules to parameters; every mistake is reported.
    pub(super) fn bind(
        rules: &Rules<'_>,
        params: &ParamValues,
        errors: &mut Vec<ExprError>,
    ) -> Self {
        let strategy = rules.strategy;
        let mut lowering = Lowering::new(strategy, params);
        for ((name, expression), expr) in strategy.indicators.iter().zip(&rules.indicators) {
            let lowered = lowering.name(name, expression, expr.as_ref());
            errors.extend(lowered.err().flatten());
        }
        let mut tags = Tags::default();
        let mut compile = |lowering: &mut Lowering<'_>, side: &super::rules::Side<'_>| {
            let mut compiled = Vec::with_capacity(side.rules.len());
            for (rule, expr) in side.rules.iter().zip(&side.parsed) {
                let Some(expr) = expr else { continue };
                match lowering.condition(&rule.when, expr) {
                    Ok(when) => compiled.push(CompiledRule {
                        side: rule.side,
                        when,
                        tag: tags.intern(rule.tag.as_deref().unwrap_or("")),
                    }),
                    Err(error) => errors.extend(error),
                }
            }
            compiled
        };
        let entries = compile(&mut lowering, &rules.entries);
        let exits = compile(&mut lowering, &rules.exits);
        let named = named_columns(&mut lowering);
        let graph = lowering.graph;
        let warmup = entries.iter().chain(&exits);
        let startup = warmup.map(|rule| graph.node(rule.when).warmup).max();
        let needs = needs(&graph, strategy);
        Self {
            recursive: is_recursive(&graph),
            startup: startup.unwrap_or(0) as u32,
            timeframe: strategy.timeframe,
            sources: sources(strategy),
            direction: strategy.direction,
            graph,
            needs,
            entries,
            exits,
            named,
            tags,
        }
    }

    /// Candles before the first row on which every rule can be known. A
    /// backtest leaves out this many, or the file's own figure where that is
    /// larger.
    pub fn startup_candles(&self) -> u32 {
        self.startup
    }

    /// Whether some column depends on all rows since the start, such as an
    /// exponential average, so that more candles before the first still
    /// change its last digits.
    pub fn is_recursive(&self) -> bool {
        self.recursive
    }

    /// The informative sources that rules and named indicators read, in file
    /// order.
    pub fn needs(&self) -> &[Need] {
        &self.needs
    }

    /// The entry and exit signals on every candle, as computed: a signal on a
    /// candle acts on the next.
    pub fn signals(&self, inputs: &Inputs<'_>) -> Result<Signals, InputError> {
        self.signals_with(&ColumnCache::new(inputs.clone()))
    }

    /// Like [`Program::signals`], with the columns that other programs over
    /// the same candles have computed.
    pub fn signals_with(&self, cache: &ColumnCache<'_>) -> Result<Signals, InputError> {
        let rules = self.entries.iter().chain(&self.exits);
        let wanted: Vec<NodeId> = rules.map(|rule| rule.when).collect();
        let columns = self.evaluate(&wanted, cache)?;
        let mut signals = Signals::none(cache.inputs().base().len());
        signals.tags = self.tags.clone();
        mark(
            &self.entries,
            self.direction,
            &columns,
            [&mut signals.enter_long, &mut signals.enter_short],
            &mut signals.enter_tag,
        );
        mark(
            &self.exits,
            self.direction,
            &columns,
            [&mut signals.exit_long, &mut signals.exit_short],
            &mut signals.exit_tag,
        );
        Ok(signals)
    }

    /// The named indicators of the file on the strategy's candles, in file
    /// order; an output of several as `name.output`.
    pub fn columns(
        &self,
        inputs: &Inputs<'_>,
    ) -> Result<IndexMap<String, NamedColumn>, InputError> {
        let wanted: Vec<NodeId> = self.named.iter().map(|(_, id)| *id).collect();
        let columns = self.evaluate(&wanted, &ColumnCache::new(inputs.clone()))?;
        let named = self.named.iter().map(|(name, id)| {
            let column = if self.graph.node(*id).op.is_condition() {
                NamedColumn::Conditions(columns.conditions(*id).to_vec())
            } else {
                NamedColumn::Numbers(columns.numbers(*id).to_vec())
            };
            (name.clone(), column)
        });
        Ok(named.collect())
    }

    /// Names of the columns [`Program::columns`] gives.
    pub fn column_names(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(name, _)| name.as_str())
    }

    /// Distinct columns the rules and named indicators are made of.
    pub fn operators(&self) -> usize {
        self.graph.len()
    }

    fn evaluate<'a>(
        &self,
        wanted: &[NodeId],
        cache: &ColumnCache<'a>,
    ) -> Result<Columns<'a>, InputError> {
        evaluate(&self.graph, &self.sources, self.timeframe, wanted, cache)
    }
}

/// Writes rules into the columns of their sides; the tag is that of the first
/// rule that holds, longs before shorts.
fn mark(
    rules: &[CompiledRule],
    direction: Direction,
    columns: &Columns<'_>,
    [long, short]: [&mut Vec<bool>; 2],
    tags: &mut [TagId],
) {
    let mut taken = Vec::new();
    for rule in rules.iter().filter(|rule| direction.allows(rule.side)) {
        let when = columns.conditions(rule.when);
        let side = match rule.side {
            Side::Long => &mut *long,
            Side::Short => &mut *short,
        };
        for (set, when) in side.iter_mut().zip(when) {
            *set |= when;
        }
        if rules.len() == 1 {
            write_tag(tags, when, rule.tag);
            continue;
        }
        // A first rule without a tag leaves the row without one.
        taken.resize(tags.len(), false);
        for ((tag, taken), &when) in tags.iter_mut().zip(&mut taken).zip(when) {
            if when && !*taken {
                *tag = rule.tag;
                *taken = true;
            }
        }
    }
}

fn write_tag(tags: &mut [TagId], when: &[bool], rule_tag: TagId) {
    if rule_tag == TagId::NONE {
        return;
    }
    for (tag, &when) in tags.iter_mut().zip(when) {
        if when {
            *tag = rule_tag;
        }
    }
}

fn named_columns(lowering: &mut Lowering<'_>) -> Vec<(String, NodeId)> {
    let named: Vec<_> = lowering
        .named
        .iter()
        .map(|(name, value)| ((*name).to_owned(), *value))
        .collect();
    let mut columns = Vec::with_capacity(named.len());
    for (name, value) in named {
        for (output, id) in lowering.columns_of(value) {
            let full = match output {
                "" => name.clone(),
                output => format!("{name}.{output}"),
            };
            columns.push((full, id));
        }
    }
    columns
}

fn sources(strategy: &Strategy) -> Vec<SourceInfo> {
    let informative = strategy.informative.iter();
    informative
        .map(|(name, source)| SourceInfo {
            name: name.clone(),
            timeframe: source.timeframe,
        })
        .collect()
}

/// Informative sources that rules or named indicators read, and the longest
/// warm-up of what is merged from them. One candle more than the warm-up has to have
/// closed for the first value.
fn needs(graph: &Graph, strategy: &Strategy) -> Vec<Need> {
    let mut startup: Vec<Option<usize>> = vec![None; strategy.informative.len()];
    for (_, node) in graph.iter() {
        if let Op::MergeNumber(of) | Op::MergeCondition(of) = node.op
            && let Source::Informative(index) = graph.node(of).source
        {
            let own = graph.node(of).warmup + 1;
            startup[index] = Some(startup[index].map_or(own, |other| other.max(own)));
        }
    }
    let sources = strategy.informative.iter().zip(startup);
    sources
        .filter_map(|((name, source), startup)| {
            Some(Need {
                name: name.clone(),
                source: source.clone(),
                startup_candles: startup? as u32,
            })
        })
        .collect()
}

fn is_recursive(graph: &Graph) -> bool {
    graph
        .iter()
        .any(|(_, node)| matches!(&node.op, Op::Indicator { indicator, .. } if indicator.recursive))
}

/// The candles of a program without informative sources.
impl<'a> From<&'a Bars> for Inputs<'a> {
    fn from(base: &'a Bars) -> Self {
        Self::new(base)
    }
}
