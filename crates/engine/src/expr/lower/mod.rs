//! From expressions to a graph of columns: names, types and constants.
//!
//! An expression whose columns all come from one informative source is
//! computed on that source's candles and merged where it meets the strategy's
//! own; so `sma(h1.close, 20)` averages twenty hours, whatever the base.

mod advice;
mod call;

use std::collections::HashSet;

use fondaco_domain::strategy::{Expression, Strategy};
use indexmap::IndexMap;

use super::ast::{Binary, Bytes, Expr, Kind, Word};
use super::error::{ExprError, ExprProblem};
use super::functions::{Map, Pair};
use super::graph::{Field, Graph, NodeId, Op, Operand, Source};
use super::kernels;
use super::params::ParamValues;
use crate::indicators::Indicator;

/// What an expression is, once names and types are known.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value {
    /// A number known before any candle is.
    Fixed(f64),
    /// A column of numbers.
    Number(NodeId),
    /// A column of truths.
    Condition(NodeId),
    /// Several columns of an indicator; the first is meant where none is
    /// named.
    Outputs(NodeId, &'static Indicator),
}

/// Why an expression has no value.
pub(super) enum Fault {
    /// A mistake of its own.
    At(Bytes, ExprProblem),
    /// A mistake in an indicator it uses, reported there.
    Earlier,
}

type Lowered<T> = Result<T, Fault>;

/// Names, parameters and the graph while the expressions of one file are
/// lowered in order.
pub(super) struct Lowering<'a> {
    pub(super) graph: Graph,
    pub(super) named: IndexMap<&'a str, Value>,
    strategy: &'a Strategy,
    params: &'a ParamValues,
    failed: HashSet<&'a str>,
}

impl<'a> Lowering<'a> {
    pub(super) fn new(strategy: &'a Strategy, params: &'a ParamValues) -> Self {
        Self {
            graph: Graph::default(),
            named: IndexMap::new(),
            strategy,
            params,
            failed: HashSet::new(),
        }
    }

    /// Lowers a named indicator, which later expressions may then use.
    pub(super) fn name(
        &mut self,
        name: &'a str,
        expression: &Expression,
        expr: Option<&Expr>,
    ) -> Result<(), Option<ExprError>> {
        let lowered = expr.ok_or(Fault::Earlier);
        match lowered.and_then(|expr| self.value(expr, Source::Base)) {
            Ok(value) => {
                self.named.insert(name, value);
                Ok(())
            }
            Err(fault) => {
                self.failed.insert(name);
                Err(fault.reported(expression))
            }
        }
    }

    /// Lowers the condition of a rule to a column of the strategy's candles.
    pub(super) fn condition(
        &mut self,
        expression: &Expression,
        expr: &Expr,
    ) -> Result<NodeId, Option<ExprError>> {
        let lowered = self
            .value(expr, Source::Base)
            .and_then(|value| Self::as_condition(value, &expr.at, || "the rule".to_owned()))
            .and_then(|id| self.moved(id, Source::Base, &expr.at));
        lowered.map_err(|fault| fault.reported(expression))
    }

    /// The columns a value has, by the name of the output where there are
    /// several, all on the strategy's candles.
    pub(super) fn columns_of(&mut self, value: Value) -> Vec<(&'static str, NodeId)> {
        let outputs: Vec<(&'static str, NodeId)> = match value {
            Value::Fixed(_) => Vec::new(),
            Value::Number(id) | Value::Condition(id) => vec![("", id)],
            Value::Outputs(call, indicator) => {
                let names = indicator.outputs.iter().copied().enumerate();
                names
                    .map(|(index, name)| (name, self.output(call, index)))
                    .collect()
            }
        };
        let merged = outputs
            .into_iter()
            .map(|(name, id)| (name, self.on_base(id)));
        merged.collect()
    }

    fn value(&mut self, expr: &Expr, scope: Source) -> Lowered<Value> {
        match &expr.kind {
            Kind::Number(number) => Ok(Value::Fixed(*number)),
            Kind::Bool(value) => Ok(Value::Condition(self.add(Op::Always(*value), scope))),
            Kind::Param(name) => match self.params.get(name) {
                Some(value) => Ok(Value::Fixed(value)),
                None => Err(Fault::At(expr.at.clone(), self.unknown_param(name))),
            },
            Kind::Name(name) => self.by_name(name, &expr.at, scope),
            Kind::Member(of, member) => self.member(of, member, scope),
            Kind::Call {
                scope: on,
                name,
                arguments,
            } => self.call(expr, on.as_ref(), name, arguments, scope),
            Kind::Not(inner) => {
                let value = self.value(inner, scope)?;
                let id = Self::as_condition(value, &inner.at, || "what `not` turns".to_owned())?;
                let source = self.graph.node(id).source;
                Ok(Value::Condition(self.add(Op::Not(id), source)))
            }
            Kind::Negate(inner) => {
                let value = self.value(inner, scope)?;
                let what = || "what `-` turns".to_owned();
                let operand = self.as_number(value, &inner.at, what)?;
                Ok(self.map(Map::Negate, operand))
            }
            Kind::Binary(operator, left, right) => self.binary(expr, *operator, left, right, scope),
        }
    }

    fn by_name(&mut self, name: &str, at: &Bytes, scope: Source) -> Lowered<Value> {
        if let Some(field) = field(name) {
            return Ok(Value::Number(self.add(Op::Field(field), scope)));
        }
        if let Some(value) = self.named.get(name) {
            return Ok(*value);
        }
        if self.failed.contains(name) {
            return Err(Fault::Earlier);
        }
        let problem = if self.strategy.informative.contains_key(name) {
            ExprProblem::SourceAsColumn(name.to_owned())
        } else {
            self.unknown_name(name)
        };
        Err(Fault::At(at.clone(), problem))
    }

    fn member(&mut self, of: &Expr, member: &Word, scope: Source) -> Lowered<Value> {
        if let Kind::Name(name) = &of.kind
            && let Some(index) = self.strategy.informative.get_index_of(name)
        {
            let Some(field) = field(&member.text) else {
                let problem = advice::no_such_column(name, &member.text);
                return Err(Fault::At(member.at.clone(), problem));
            };
            let id = self.add(Op::Field(field), Source::Informative(index));
            return Ok(Value::Number(id));
        }
        match self.value(of, scope)? {
            Value::Outputs(call, indicator) => match indicator.output(&member.text) {
                Some(index) => Ok(Value::Number(self.output(call, index))),
                None => Err(Fault::At(
                    member.at.clone(),
                    advice::no_such_output(indicator, &member.text),
                )),
            },
            Value::Number(_) => Err(no_members(member, "a single column")),
            Value::Condition(_) => Err(no_members(member, "a condition")),
            Value::Fixed(_) => Err(no_members(member, "a fixed number")),
        }
    }

    fn binary(
        &mut self,
        expr: &Expr,
        operator: Binary,
        left: &Expr,
        right: &Expr,
        scope: Source,
    ) -> Lowered<Value> {
        let sides = [(left, "left"), (right, "right")];
        let what = |side: &str| format!("the {side} side of `{}`", operator.symbol());
        if let Binary::And | Binary::Or = operator {
            let mut ids = Vec::with_capacity(2);
            for (side, name) in sides {
                let value = self.value(side, scope)?;
                ids.push((
                    Self::as_condition(value, &side.at, || what(name))?,
                    side.at.clone(),
                ));
            }
            let source = self.common(ids.iter().map(|(id, _)| *id), scope);
            let a = self.moved(ids[0].0, source, &ids[0].1)?;
            let b = self.moved(ids[1].0, source, &ids[1].1)?;
            let op = if operator == Binary::And {
                Op::And(a, b)
            } else {
                Op::Or(a, b)
            };
            return Ok(Value::Condition(self.add(op, source)));
        }
        let mut operands = Vec::with_capacity(2);
        for (side, name) in sides {
            let value = self.value(side, scope)?;
            operands.push((
                self.as_number(value, &side.at, || what(name))?,
                side.at.clone(),
            ));
        }
        let (source, operands) = self.aligned(&operands, None, scope)?;
        let (a, b) = (operands[0], operands[1]);
        let pair = match operator {
            Binary::Add => Pair::Add,
            Binary::Subtract => Pair::Subtract,
            Binary::Multiply => Pair::Multiply,
            Binary::Divide => Pair::Divide,
            _ => return Ok(self.compare(operator, a, b, source)),
        };
        self.pair(pair, a, b, source, &expr.at)
    }

    fn compare(&mut self, operator: Binary, a: Operand, b: Operand, source: Source) -> Value {
        let op = match (a, b) {
            (Operand::Fixed(a), Operand::Fixed(b)) => {
                Op::Always(kernels::comparison(operator)(a, b))
            }
            _ => Op::Compare(operator, a, b),
        };
        Value::Condition(self.add(op, source))
    }

    fn pair(
        &mut self,
        pair: Pair,
        a: Operand,
        b: Operand,
        source: Source,
        at: &Bytes,
    ) -> Lowered<Value> {
        let (Operand::Fixed(a), Operand::Fixed(b)) = (a, b) else {
            return Ok(Value::Number(self.add(Op::Pair(pair, a, b), source)));
        };
        finite(kernels::arithmetic(pair)(a, b), at)
    }

    fn map(&mut self, map: Map, operand: Operand) -> Value {
        match operand {
            Operand::Fixed(number) => Value::Fixed(kernels::mapping(map)(number)),
            Operand::Column(id) => {
                let source = self.graph.node(id).source;
                Value::Number(self.add(Op::Map(map, id), source))
            }
        }
    }

    /// Brings operands to one source: the given one, else theirs if they agree,
    /// else the strategy's candles.
    fn aligned(
        &mut self,
        operands: &[(Operand, Bytes)],
        forced: Option<Source>,
        scope: Source,
    ) -> Lowered<(Source, Vec<Operand>)> {
        let ids = operands.iter().filter_map(|(operand, _)| match operand {
            Operand::Column(id) => Some(*id),
            Operand::Fixed(_) => None,
        });
        let source = forced.unwrap_or_else(|| self.common(ids, scope));
        let moved = operands.iter().map(|(operand, at)| match operand {
            Operand::Column(id) => Ok(Operand::Column(self.moved(*id, source, at)?)),
            Operand::Fixed(_) => Ok(*operand),
        });
        Ok((source, moved.collect::<Lowered<_>>()?))
    }

    /// The source of some columns, the strategy's candles where they differ,
    /// and the scope where there is none.
    fn common(&self, ids: impl Iterator<Item = NodeId>, scope: Source) -> Source {
        let mut sources = ids.map(|id| self.graph.node(id).source);
        let Some(first) = sources.next() else {
            return scope;
        };
        if sources.all(|source| source == first) {
            first
        } else {
            Source::Base
        }
    }

    /// The column on the candles of a source.
    fn moved(&mut self, id: NodeId, to: Source, at: &Bytes) -> Lowered<NodeId> {
        match to {
            _ if self.graph.node(id).source == to => Ok(id),
            Source::Base => Ok(self.on_base(id)),
            Source::Informative(index) => Err(Fault::At(
                at.clone(),
                ExprProblem::ForeignColumn(self.source_name(Source::Informative(index)).to_owned()),
            )),
        }
    }

    fn on_base(&mut self, id: NodeId) -> NodeId {
        let node = self.graph.node(id);
        if node.source == Source::Base {
            return id;
        }
        let op = if node.op.is_condition() {
            Op::MergeCondition(id)
        } else {
            Op::MergeNumber(id)
        };
        self.add(op, Source::Base)
    }

    fn output(&mut self, call: NodeId, index: usize) -> NodeId {
        let source = self.graph.node(call).source;
        self.add(Op::Output(call, index), source)
    }

    fn as_number(
        &mut self,
        value: Value,
        at: &Bytes,
        what: impl Fn() -> String,
    ) -> Lowered<Operand> {
        match value {
            Value::Fixed(number) => Ok(Operand::Fixed(number)),
            Value::Number(id) => Ok(Operand::Column(id)),
            Value::Outputs(call, _) => Ok(Operand::Column(self.output(call, 0))),
            Value::Condition(_) => Err(mismatch(at, what(), "a number", "a condition")),
        }
    }

    fn as_condition(value: Value, at: &Bytes, what: impl Fn() -> String) -> Lowered<NodeId> {
        match value {
            Value::Condition(id) => Ok(id),
            _ => Err(mismatch(at, what(), "a condition", "a number")),
        }
    }

    fn add(&mut self, op: Op, source: Source) -> NodeId {
        let strategy = self.strategy;
        self.graph.add(op, source, source_name(strategy, source))
    }

    fn source_name(&self, source: Source) -> &'a str {
        source_name(self.strategy, source)
    }
}

impl Fault {
    fn reported(self, expression: &Expression) -> Option<ExprError> {
        match self {
            Self::At(at, problem) => Some(ExprError::new(expression, at, problem)),
            Self::Earlier => None,
        }
    }
}

/// The name of an informative source, empty for the strategy's candles.
fn source_name(strategy: &Strategy, source: Source) -> &str {
    match source {
        Source::Base => "",
        Source::Informative(index) => strategy
            .informative
            .get_index(index)
            .map_or("", |(name, _)| name.as_str()),
    }
}

fn field(name: &str) -> Option<Field> {
    Some(match name {
        "open" => Field::Open,
        "high" => Field::High,
        "low" => Field::Low,
        "close" => Field::Close,
        "volume" => Field::Volume,
        _ => return None,
    })
}

fn finite(number: f64, at: &Bytes) -> Lowered<Value> {
    if number.is_finite() {
        Ok(Value::Fixed(number))
    } else {
        Err(Fault::At(at.clone(), ExprProblem::NotFinite(number)))
    }
}

fn mismatch(at: &Bytes, what: String, expected: &'static str, found: &'static str) -> Fault {
    let problem = ExprProblem::Type {
        what,
        expected,
        found,
    };
    Fault::At(at.clone(), problem)
}

fn no_members(member: &Word, what: &'static str) -> Fault {
    Fault::At(member.at.clone(), ExprProblem::NoMembers(what))
}
