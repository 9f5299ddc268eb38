//! Calls of functions and indicators.

use super::{Fault, Lowered, Lowering, Value, mismatch};
use crate::expr::ast::{Bytes, Expr, Word};
use crate::expr::error::ExprProblem;
use crate::expr::functions::{Argument, Function, Held, MOST_CANDLES, Operation, function};
use crate::expr::graph::{Field, NodeId, Op, Operand, Source};
use crate::indicators::lookup;
use crate::indicators::registry::{Indicator, Input, ParamError};

/// The parts of a call that its lowering needs.
struct Call<'e> {
    at: &'e Bytes,
    arguments: &'e [Expr],
    /// The source written before the dot.
    forced: Option<Source>,
    /// Whose candles bare column names mean.
    scope: Source,
}

/// An argument, checked against what the function takes.
enum Given {
    Operand(Operand, Bytes),
    Condition(NodeId, Bytes),
    Candles(usize),
}

impl Lowering<'_> {
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        on: Option<&Word>,
        name: &Word,
        arguments: &[Expr],
        scope: Source,
    ) -> Lowered<Value> {
        let forced = match on {
            None => None,
            Some(word) => Some(self.source(word)?),
        };
        let call = Call {
            at: &expr.at,
            arguments,
            forced,
            scope: forced.unwrap_or(scope),
        };
        if let Some(function) = function(&name.text) {
            return self.function(&call, function);
        }
        if let Some(indicator) = lookup(&name.text) {
            return self.indicator(&call, indicator);
        }
        Err(Fault::At(
            name.at.clone(),
            self.unknown_function(&name.text),
        ))
    }

    fn source(&self, word: &Word) -> Lowered<Source> {
        match self.strategy.informative.get_index_of(&word.text) {
            Some(index) => Ok(Source::Informative(index)),
            None => Err(Fault::At(
                word.at.clone(),
                ExprProblem::NotASource(word.text.clone()),
            )),
        }
    }

    fn indicator(&mut self, call: &Call<'_>, indicator: &'static Indicator) -> Lowered<Value> {
        let series = indicator
            .inputs
            .iter()
            .filter(|input| input.is_series())
            .count();
        let most = series + indicator.params.len();
        if !(series..=most).contains(&call.arguments.len()) {
            return Err(arity(
                call,
                indicator.name,
                (series, most),
                indicator.signature(),
            ));
        }
        let (columns, numbers) = call.arguments.split_at(series);
        let mut operands = Vec::with_capacity(series);
        for (position, expr) in columns.iter().enumerate() {
            let value = self.value(expr, call.scope)?;
            let what = || argument(position, indicator.name);
            let operand = self.as_number(value, &expr.at, what)?;
            if let Operand::Fixed(_) = operand {
                return Err(mismatch(&expr.at, what(), "a column", "a fixed number"));
            }
            operands.push((operand, expr.at.clone()));
        }
        let numbers = self.numbers(call, indicator, numbers)?;
        let (source, columns) = self.aligned(&operands, call.forced, call.scope)?;
        let mut columns = columns.into_iter();
        let inputs = indicator.inputs.iter().filter_map(|input| {
            let field = match input {
                Input::Series(_) => {
                    return match columns.next() {
                        Some(Operand::Column(id)) => Some(id),
                        _ => None,
                    };
                }
                Input::Time => Field::Time,
                Input::Open => Field::Open,
                Input::High => Field::High,
                Input::Low => Field::Low,
                Input::Close => Field::Close,
                Input::Volume => Field::Volume,
            };
            Some(self.add(Op::Field(field), source))
        });
        let inputs = inputs.collect();
        let id = self.add(
            Op::Indicator {
                indicator,
                numbers,
                inputs,
            },
            source,
        );
        if indicator.outputs.len() == 1 {
            Ok(Value::Number(self.output(id, 0)))
        } else {
            Ok(Value::Outputs(id, indicator))
        }
    }

    /// The fixed numbers of an indicator, completed with its defaults.
    fn numbers(
        &mut self,
        call: &Call<'_>,
        indicator: &'static Indicator,
        exprs: &[Expr],
    ) -> Lowered<Vec<f64>> {
        let mut given = Vec::with_capacity(exprs.len());
        for (expr, param) in exprs.iter().zip(indicator.params) {
            match self.value(expr, call.scope)? {
                Value::Fixed(number) => given.push(number),
                _ => return Err(not_constant(expr, indicator.name, param.name)),
            }
        }
        indicator.params(&given).map_err(|error| {
            let position = match &error {
                ParamError::NotInteger { position, .. }
                | ParamError::OutOfRange { position, .. } => Some(*position),
                ParamError::TooMany { .. } => None,
            };
            let expr = position.and_then(|position| exprs.get(position));
            let at = expr.map_or(call.at, |expr| &expr.at);
            Fault::At(at.clone(), error.into())
        })
    }

    fn function(&mut self, call: &Call<'_>, function: &'static Function) -> Lowered<Value> {
        let most = function.arguments.len();
        let least = most - function.optional;
        if !(least..=most).contains(&call.arguments.len()) {
            let signature = function.signature.to_owned();
            return Err(arity(call, function.name, (least, most), signature));
        }
        let mut given = Vec::with_capacity(most);
        for (position, expr) in call.arguments.iter().enumerate() {
            given.push(self.given(call, function, position, expr)?);
        }
        self.apply(call, function, &given)
    }

    fn given(
        &mut self,
        call: &Call<'_>,
        function: &'static Function,
        position: usize,
        expr: &Expr,
    ) -> Lowered<Given> {
        let value = self.value(expr, call.scope)?;
        let at = expr.at.clone();
        let what = || argument(position, function.name);
        Ok(match (function.arguments[position], value) {
            (Argument::Any | Argument::Condition, Value::Condition(id)) => Given::Condition(id, at),
            (Argument::Any | Argument::Number, _) => {
                Given::Operand(self.as_number(value, &at, what)?, at)
            }
            (Argument::Condition, _) => Given::Condition(Self::as_condition(value, &at, what)?, at),
            (Argument::Candles { least }, Value::Fixed(number)) => {
                Given::Candles(candles(function, least, number, &at)?)
            }
            (Argument::Candles { .. }, _) => {
                return Err(not_constant(expr, function.name, "n"));
            }
        })
    }

    fn apply(
        &mut self,
        call: &Call<'_>,
        function: &'static Function,
        given: &[Given],
    ) -> Lowered<Value> {
        let (source, given) = self.aligned_arguments(call, given)?;
        let column = |position: usize| match given.get(position) {
            Some(Given::Operand(Operand::Column(id), _) | Given::Condition(id, _)) => Ok(*id),
            _ => Err(mismatch(
                &call.arguments[position].at,
                argument(position, function.name),
                "a column",
                "a fixed number",
            )),
        };
        let operand = |position: usize| match given.get(position) {
            Some(Given::Operand(operand, _)) => *operand,
            // Only the value of `nz` may be left out.
            _ => Operand::Fixed(0.0),
        };
        let rows = |position: usize| match given.get(position) {
            Some(Given::Candles(rows)) => *rows,
            // Only the distance of `shift` may be left out.
            _ => 1,
        };
        let (a, b) = (operand(0), operand(1));
        let both_fixed = matches!((a, b), (Operand::Fixed(_), Operand::Fixed(_)));
        let condition = matches!(given.first(), Some(Given::Condition(..)));
        let op = match function.operation {
            Operation::Map(map) => return finite_or(self.map(map, a), call),
            Operation::Pair(pair) => return self.pair(pair, a, b, source, call.at),
            Operation::Base => {
                let id = self.on_base(column(0)?);
                return Ok(if condition {
                    Value::Condition(id)
                } else {
                    Value::Number(id)
                });
            }
            Operation::Cross(_) if both_fixed => Op::Always(false),
            Operation::Cross(cross) => Op::Cross(cross, a, b),
            Operation::Shift if condition => Op::ShiftCondition(column(0)?, rows(1)),
            Operation::Shift => Op::ShiftNumber(column(0)?, rows(1)),
            Operation::Run(run) => Op::Run(run, column(0)?, rows(1)),
            Operation::Held(Held::Count) => Op::Count(column(0)?, rows(1)),
            Operation::Held(held) => Op::Held(held, column(0)?, rows(1)),
            Operation::Nz => Op::Nz(column(0)?, b),
            Operation::IsNan => Op::IsNan(column(0)?),
            Operation::Where => Op::Where(column(0)?, b, operand(2)),
            Operation::BarsSince => Op::BarsSince(column(0)?),
            Operation::ValueWhen => Op::ValueWhen(column(0)?, b),
            Operation::Clock(clock) => Op::Clock(clock),
        };
        let is_condition = op.is_condition();
        let id = self.add(op, source);
        Ok(if is_condition {
            Value::Condition(id)
        } else {
            Value::Number(id)
        })
    }

    fn aligned_arguments(
        &mut self,
        call: &Call<'_>,
        given: &[Given],
    ) -> Lowered<(Source, Vec<Given>)> {
        let ids = given.iter().filter_map(|given| match given {
            Given::Operand(Operand::Column(id), _) | Given::Condition(id, _) => Some(*id),
            _ => None,
        });
        let source = call.forced.unwrap_or_else(|| self.common(ids, call.scope));
        let moved = given.iter().map(|given| {
            Ok(match given {
                Given::Operand(Operand::Column(id), at) => {
                    let id = self.moved(*id, source, at)?;
                    Given::Operand(Operand::Column(id), at.clone())
                }
                Given::Condition(id, at) => {
                    Given::Condition(self.moved(*id, source, at)?, at.clone())
                }
                Given::Operand(fixed, at) => Given::Operand(*fixed, at.clone()),
                Given::Candles(rows) => Given::Candles(*rows),
            })
        });
        Ok((source, moved.collect::<Lowered<_>>()?))
    }
}

/// A fixed number of candles.
fn candles(function: &'static Function, least: u32, number: f64, at: &Bytes) -> Lowered<usize> {
    if function.operation == Operation::Shift && number < 0.0 {
        return Err(Fault::At(at.clone(), ExprProblem::LookAhead(number)));
    }
    let whole = number.fract() == 0.0;
    if whole && (f64::from(least)..=f64::from(MOST_CANDLES)).contains(&number) {
        return Ok(number as usize);
    }
    let problem = ExprProblem::Count {
        function: function.name,
        param: "n",
        value: number,
        min: least,
        max: MOST_CANDLES,
    };
    Err(Fault::At(at.clone(), problem))
}

fn finite_or(value: Value, call: &Call<'_>) -> Lowered<Value> {
    match value {
        Value::Fixed(number) => super::finite(number, call.at),
        _ => Ok(value),
    }
}

fn arity(
    call: &Call<'_>,
    function: &str,
    (least, most): (usize, usize),
    signature: String,
) -> Fault {
    let plural = if most == 1 { "argument" } else { "arguments" };
    let expected = if most == 0 {
        "no arguments".to_owned()
    } else if least == most {
        format!("{most} {plural}")
    } else {
        format!("{least} to {most} {plural}")
    };
    Fault::At(
        call.at.clone(),
        ExprProblem::Arity {
            function: function.to_owned(),
            expected,
            found: call.arguments.len(),
            signature,
        },
    )
}

fn not_constant(expr: &Expr, function: &str, param: &'static str) -> Fault {
    let problem = ExprProblem::NotConstant {
        function: function.to_owned(),
        param,
    };
    Fault::At(expr.at.clone(), problem)
}

fn argument(position: usize, function: &str) -> String {
    const ORDINALS: [&str; 4] = ["first", "second", "third", "fourth"];
    let ordinal = ORDINALS.get(position).copied().unwrap_or("further");
    format!("the {ordinal} argument of `{function}`")
}
