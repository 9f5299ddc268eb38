//! Columns to be computed, each once: operators over earlier columns.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::ast::Binary;
use super::functions::{Clock, Cross, Held, Map, Pair, Run};
use crate::indicators::Indicator;

/// A column of a [`Graph`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeId(u32);

impl NodeId {
    pub(super) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Whose candles a column has a row for: the strategy's own, or those of an
/// informative source by its position in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Source {
    Base,
    Informative(usize),
}

/// A number for every row, the same or its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Operand {
    Fixed(f64),
    Column(NodeId),
}

/// Columns of candles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Field {
    Open,
    High,
    Low,
    Close,
    Volume,
    /// Open times as doubles.
    Time,
}

/// How a column is computed from earlier ones.
#[derive(Debug, Clone)]
pub(super) enum Op {
    Field(Field),
    Clock(Clock),
    Indicator {
        indicator: &'static Indicator,
        numbers: Vec<f64>,
        inputs: Vec<NodeId>,
    },
    Output(NodeId, usize),
    Map(Map, NodeId),
    Pair(Pair, Operand, Operand),
    Nz(NodeId, Operand),
    Where(NodeId, Operand, Operand),
    ShiftNumber(NodeId, usize),
    BarsSince(NodeId),
    ValueWhen(NodeId, Operand),
    Count(NodeId, usize),
    MergeNumber(NodeId),

    Always(bool),
    Compare(Binary, Operand, Operand),
    And(NodeId, NodeId),
    Or(NodeId, NodeId),
    Not(NodeId),
    Cross(Cross, Operand, Operand),
    Run(Run, NodeId, usize),
    Held(Held, NodeId, usize),
    ShiftCondition(NodeId, usize),
    IsNan(NodeId),
    MergeCondition(NodeId),
}

/// A column: how it is computed, on whose candles, and from which row on it
/// can be known.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) op: Op,
    pub(super) source: Source,
    /// Rows of its source before its first value.
    pub(super) warmup: usize,
    /// A hash of all that determines its values over given candles.
    pub(super) key: u128,
}

/// Columns in an order in which each comes after those it needs.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    known: HashMap<u128, NodeId>,
}

impl Graph {
    /// The column of an operator, new or known.
    pub(super) fn add(&mut self, op: Op, source: Source, source_name: &str) -> NodeId {
        let key = self.key(&op, source_name);
        if let Some(&id) = self.known.get(&key) {
            return id;
        }
        let warmup = self.warmup(&op);
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(Node {
            op,
            source,
            warmup,
            key,
        });
        self.known.insert(key, id);
        id
    }

    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Every column with its id, each after those it needs.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (NodeId, &Node)> {
        let nodes = self.nodes.iter().enumerate();
        nodes.map(|(index, node)| (NodeId(index as u32), node))
    }

    /// 128 bits over the operator, its fixed numbers and the keys of what it
    /// reads, so that equal columns of different strategies meet in a cache.
    fn key(&self, op: &Op, source_name: &str) -> u128 {
        let half = |seed: u8| {
            let mut hasher = DefaultHasher::new();
            seed.hash(&mut hasher);
            source_name.hash(&mut hasher);
            std::mem::discriminant(op).hash(&mut hasher);
            op.hash_details(&mut hasher);
            op.each_input(|input| self.node(input).key.hash(&mut hasher));
            hasher.finish()
        };
        u128::from(half(0)) << 64 | u128::from(half(1))
    }

    /// Rows before the first value, on candles without gaps.
    fn warmup(&self, op: &Op) -> usize {
        let mut inputs = 0;
        op.each_input(|input| inputs = inputs.max(self.node(input).warmup));
        match op {
            Op::Indicator {
                indicator, numbers, ..
            } => inputs + (indicator.warmup)(numbers),
            Op::Count(_, rows) | Op::Held(_, _, rows) => inputs + rows - 1,
            Op::ShiftNumber(_, rows) | Op::ShiftCondition(_, rows) | Op::Run(_, _, rows) => {
                inputs + rows
            }
            Op::Cross(..) => inputs + 1,
            // Counted in the candles of the source, which has its own history.
            Op::MergeNumber(_) | Op::MergeCondition(_) => 0,
            _ => inputs,
        }
    }
}

impl Op {
    /// Calls a function with every column the operator reads, in order.
    pub(super) fn each_input(&self, mut call: impl FnMut(NodeId)) {
        let mut operand = |operand: &Operand| {
            if let Operand::Column(id) = operand {
                call(*id);
            }
        };
        match self {
            Self::Field(_) | Self::Clock(_) | Self::Always(_) => {}
            Self::Indicator { inputs, .. } => inputs.iter().copied().for_each(call),
            Self::Pair(_, a, b) | Self::Compare(_, a, b) | Self::Cross(_, a, b) => {
                operand(a);
                operand(b);
            }
            Self::Where(condition, a, b) => {
                operand(&Operand::Column(*condition));
                operand(a);
                operand(b);
            }
            Self::Nz(id, other) | Self::ValueWhen(id, other) => {
                operand(&Operand::Column(*id));
                operand(other);
            }
            Self::And(a, b) | Self::Or(a, b) => {
                call(*a);
                call(*b);
            }
            Self::Output(id, _)
            | Self::Map(_, id)
            | Self::ShiftNumber(id, _)
            | Self::BarsSince(id)
            | Self::Count(id, _)
            | Self::MergeNumber(id)
            | Self::Not(id)
            | Self::Run(_, id, _)
            | Self::Held(_, id, _)
            | Self::ShiftCondition(id, _)
            | Self::IsNan(id)
            | Self::MergeCondition(id) => call(*id),
        }
    }

    /// What determines the values beside the kind of operator and its inputs.
    fn hash_details(&self, hasher: &mut impl Hasher) {
        let mut operand = |operand: &Operand| match operand {
            Operand::Fixed(number) => (0u8, number.to_bits()).hash(hasher),
            Operand::Column(_) => 1u8.hash(hasher),
        };
        match self {
            Self::Pair(_, a, b)
            | Self::Compare(_, a, b)
            | Self::Cross(_, a, b)
            | Self::Where(_, a, b) => {
                operand(a);
                operand(b);
            }
            Self::Nz(_, other) | Self::ValueWhen(_, other) => operand(other),
            _ => {}
        }
        match self {
            Self::Field(field) => field.hash(hasher),
            Self::Clock(clock) => clock.hash(hasher),
            Self::Indicator {
                indicator, numbers, ..
            } => {
                indicator.name.hash(hasher);
                for number in numbers {
                    number.to_bits().hash(hasher);
                }
            }
            Self::Output(_, index) => index.hash(hasher),
            Self::Map(map, _) => map.hash(hasher),
            Self::Pair(pair, ..) => pair.hash(hasher),
            Self::Always(value) => value.hash(hasher),
            Self::Compare(binary, ..) => binary.hash(hasher),
            Self::Cross(cross, ..) => cross.hash(hasher),
            Self::Run(run, _, rows) => (run, rows).hash(hasher),
            Self::Held(held, _, rows) => (held, rows).hash(hasher),
            Self::Count(_, rows) | Self::ShiftNumber(_, rows) | Self::ShiftCondition(_, rows) => {
                rows.hash(hasher);
            }
            _ => {}
        }
    }

    /// Whether the column holds truths, not numbers.
    pub(super) fn is_condition(&self) -> bool {
        matches!(
            self,
            Self::Always(_)
                | Self::Compare(..)
                | Self::And(..)
                | Self::Or(..)
                | Self::Not(_)
                | Self::Cross(..)
                | Self::Run(..)
                | Self::Held(..)
                | Self::ShiftCondition(..)
                | Self::IsNan(_)
                | Self::MergeCondition(_)
        )
    }

    /// Whether a cache keeps the column: costly ones, and only such, since the
    /// cheap ones of a sweep are as many as its combinations.
    pub(super) fn is_costly(&self) -> bool {
        matches!(
            self,
            Self::Indicator { .. }
                | Self::Clock(_)
                | Self::MergeNumber(_)
                | Self::Field(Field::Time)
        )
    }
}
