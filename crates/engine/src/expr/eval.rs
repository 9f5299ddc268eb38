//! From a graph and candles to columns.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use fondaco_domain::{Bars, ErrorKind, Hint, Timeframe};
use thiserror::Error;

use super::graph::{Field, Graph, NodeId, Op, Operand, Source};
use super::kernels::{self, Numbers};
use crate::indicators::registry::times;

/// Candles a program reads.
#[derive(Debug, Clone)]
pub struct Inputs<'a> {
    base: &'a Bars,
    informative: BTreeMap<&'a str, &'a Bars>,
}

/// Candles a program needs and did not get.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InputError {
    /// No candles for a source of `[informative]`.
    #[error("no candles were given for the informative source `{name}`")]
    Missing {
        /// Its name in the file.
        name: String,
    },
}

impl Hint for InputError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::NoData
    }

    fn hint(&self) -> Option<String> {
        let Self::Missing { name } = self;
        Some(format!(
            "import candles of the symbol and timeframe that [informative] states for `{name}`"
        ))
    }
}

impl<'a> Inputs<'a> {
    /// The candles the strategy trades.
    pub fn new(base: &'a Bars) -> Self {
        Self {
            base,
            informative: BTreeMap::new(),
        }
    }

    /// With the candles of an informative source, oldest first, opening times
    /// as stamps; they may begin earlier than the base and should, by the
    /// source's own warm-up.
    #[must_use]
    pub fn with(mut self, name: &'a str, bars: &'a Bars) -> Self {
        self.informative.insert(name, bars);
        self
    }

    /// The candles the strategy trades.
    pub fn base(&self) -> &'a Bars {
        self.base
    }
}

/// Columns over certain candles, kept between programs: 10,000 combinations of
/// parameters compute each distinct indicator once, and after that only
/// compare.
///
/// Threads may share it; the results do not depend on who fills it.
#[derive(Debug)]
pub struct ColumnCache<'a> {
    inputs: Inputs<'a>,
    kept: Mutex<Kept>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Kept {
    columns: HashMap<u128, Shared>,
    bytes: usize,
}

/// Columns of one operator.
type Shared = Arc<Vec<Vec<f64>>>;

impl<'a> ColumnCache<'a> {
    /// Bytes kept by default: 256 MiB.
    pub const DEFAULT_LIMIT: usize = 256 << 20;

    /// An empty cache for some candles.
    pub fn new(inputs: Inputs<'a>) -> Self {
        Self::with_limit(inputs, Self::DEFAULT_LIMIT)
    }

    /// A cache that keeps no more than so many bytes; columns beyond are
    /// computed again each time.
    pub fn with_limit(inputs: Inputs<'a>, limit: usize) -> Self {
        Self {
            inputs,
            kept: Mutex::default(),
            limit,
        }
    }

    /// The candles it is for.
    pub fn inputs(&self) -> &Inputs<'a> {
        &self.inputs
    }

    /// Distinct operators whose columns are kept.
    pub fn len(&self) -> usize {
        self.kept().columns.len()
    }

    /// Whether nothing is kept yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn get(&self, key: u128) -> Option<Shared> {
        self.kept().columns.get(&key).cloned()
    }

    fn put(&self, key: u128, columns: &Shared) {
        let bytes: usize = columns.iter().map(|column| column.len() * 8).sum();
        let mut kept = self.kept();
        if kept.bytes + bytes <= self.limit
            && kept.columns.insert(key, Arc::clone(columns)).is_none()
        {
            kept.bytes += bytes;
        }
    }

    /// A panic of another thread leaves whole entries only.
    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A source as the evaluation sees it.
#[derive(Debug, Clone)]
pub(super) struct SourceInfo {
    pub(super) name: String,
    pub(super) timeframe: Timeframe,
}

/// Computes the wanted columns and all they need.
pub(super) fn evaluate<'a>(
    graph: &Graph,
    sources: &[SourceInfo],
    base_timeframe: Timeframe,
    wanted: &[NodeId],
    cache: &ColumnCache<'a>,
) -> Result<Columns<'a>, InputError> {
    let mut columns = Columns {
        slots: vec![Slot::Empty; graph.len()],
    };
    let needed = needed(graph, wanted, cache, &mut columns);
    let mut merges: HashMap<usize, Vec<usize>> = HashMap::new();
    for (id, node) in graph.iter() {
        if !needed[id.index()] {
            continue;
        }
        let bars = bars_of(node.source, sources, &cache.inputs)?;
        let slot = match &node.op {
            Op::MergeNumber(of) | Op::MergeCondition(of) => {
                let Source::Informative(index) = graph.node(*of).source else {
                    continue;
                };
                let other = bars_of(Source::Informative(index), sources, &cache.inputs)?;
                let known = merges.entry(index).or_insert_with(|| {
                    kernels::known_at_close(
                        bars.time(),
                        base_timeframe.millis(),
                        other.time(),
                        sources[index].timeframe.millis(),
                    )
                });
                columns.merge(*of, known)
            }
            op => columns.compute(op, bars),
        };
        if let (Slot::Numbers(shared), true) = (&slot, node.op.is_costly()) {
            cache.put(node.key, shared);
        }
        columns.slots[id.index()] = slot;
    }
    Ok(columns)
}

/// Marks what has to be computed, taking from the cache what it has.
fn needed<'a>(
    graph: &Graph,
    wanted: &[NodeId],
    cache: &ColumnCache<'a>,
    columns: &mut Columns<'a>,
) -> Vec<bool> {
    let mut needed = vec![false; graph.len()];
    for id in wanted {
        needed[id.index()] = true;
    }
    for (id, node) in graph.iter().rev() {
        if !needed[id.index()] {
            continue;
        }
        if node.op.is_costly()
            && let Some(shared) = cache.get(node.key)
        {
            columns.slots[id.index()] = Slot::Numbers(shared);
            needed[id.index()] = false;
        } else {
            node.op.each_input(|input| needed[input.index()] = true);
        }
    }
    needed
}

fn bars_of<'a>(
    source: Source,
    sources: &[SourceInfo],
    inputs: &Inputs<'a>,
) -> Result<&'a Bars, InputError> {
    let Source::Informative(index) = source else {
        return Ok(inputs.base);
    };
    let name = sources[index].name.as_str();
    inputs
        .informative
        .get(name)
        .copied()
        .ok_or_else(|| InputError::Missing {
            name: name.to_owned(),
        })
}

/// Computed columns by id.
pub(super) struct Columns<'a> {
    slots: Vec<Slot<'a>>,
}

#[derive(Clone)]
enum Slot<'a> {
    Empty,
    Candles(&'a [f64]),
    Numbers(Shared),
    /// One column of an operator that has several.
    Output(Shared, usize),
    Conditions(Arc<Vec<bool>>),
}

impl<'a> Columns<'a> {
    /// A computed column of numbers; empty for another column.
    pub(super) fn numbers(&self, id: NodeId) -> &[f64] {
        match &self.slots[id.index()] {
            Slot::Candles(column) => column,
            Slot::Numbers(columns) => &columns[0],
            Slot::Output(columns, index) => &columns[*index],
            Slot::Empty | Slot::Conditions(_) => &[],
        }
    }

    /// A computed column of truths; empty for another column.
    pub(super) fn conditions(&self, id: NodeId) -> &[bool] {
        match &self.slots[id.index()] {
            Slot::Conditions(column) => column,
            _ => &[],
        }
    }

    fn operand(&self, operand: Operand) -> Numbers<'_> {
        match operand {
            Operand::Fixed(number) => Numbers::Fixed(number),
            Operand::Column(id) => Numbers::Column(self.numbers(id)),
        }
    }

    fn merge(&self, of: NodeId, known: &[usize]) -> Slot<'a> {
        match &self.slots[of.index()] {
            Slot::Conditions(column) => {
                Slot::Conditions(Arc::new(kernels::merge(column, known, false)))
            }
            _ => numbers(kernels::merge(self.numbers(of), known, f64::NAN)),
        }
    }

    fn compute(&self, op: &Op, bars: &'a Bars) -> Slot<'a> {
        if op.is_condition() {
            Slot::Conditions(Arc::new(self.condition(op, bars.len())))
        } else {
            self.number(op, bars)
        }
    }

    fn number(&self, op: &Op, bars: &'a Bars) -> Slot<'a> {
        let rows = bars.len();
        numbers(match op {
            Op::Field(field) => return candles(*field, bars),
            Op::Output(call, index) => {
                return match &self.slots[call.index()] {
                    Slot::Numbers(columns) => Slot::Output(Arc::clone(columns), *index),
                    other => other.clone(),
                };
            }
            Op::Indicator {
                indicator,
                numbers,
                inputs,
            } => {
                let inputs: Vec<&[f64]> = inputs.iter().map(|id| self.numbers(*id)).collect();
                return Slot::Numbers(Arc::new((indicator.compute)(&inputs, numbers)));
            }
            Op::Clock(clock) => kernels::clock(*clock, bars.time()),
            Op::Map(map, x) => kernels::map(*map, self.numbers(*x)),
            Op::Pair(pair, a, b) => kernels::pair(*pair, self.operand(*a), self.operand(*b), rows),
            Op::Nz(x, value) => kernels::nz(self.numbers(*x), self.operand(*value)),
            Op::Where(condition, a, b) => kernels::choose(
                self.conditions(*condition),
                self.operand(*a),
                self.operand(*b),
            ),
            Op::ShiftNumber(x, by) => kernels::shift(self.numbers(*x), *by, f64::NAN),
            Op::BarsSince(condition) => kernels::bars_since(self.conditions(*condition)),
            Op::ValueWhen(condition, x) => {
                kernels::value_when(self.conditions(*condition), self.operand(*x))
            }
            Op::Count(condition, window) => {
                kernels::count_known(self.conditions(*condition), *window)
            }
            _ => Vec::new(),
        })
    }

    fn condition(&self, op: &Op, rows: usize) -> Vec<bool> {
        match op {
            Op::Always(value) => vec![*value; rows],
            Op::Compare(operator, a, b) => {
                kernels::compare(*operator, self.operand(*a), self.operand(*b), rows)
            }
            Op::And(a, b) => kernels::and(self.conditions(*a), self.conditions(*b)),
            Op::Or(a, b) => kernels::or(self.conditions(*a), self.conditions(*b)),
            Op::Not(a) => self.conditions(*a).iter().map(|a| !a).collect(),
            Op::Cross(cross, a, b) => {
                kernels::cross(*cross, self.operand(*a), self.operand(*b), rows)
            }
            Op::Run(run, x, steps) => kernels::run(*run, self.numbers(*x), *steps),
            Op::Held(held, condition, window) => {
                kernels::held(*held, self.conditions(*condition), *window)
            }
            Op::ShiftCondition(x, by) => kernels::shift(self.conditions(*x), *by, false),
            Op::IsNan(x) => kernels::is_nan(self.numbers(*x)),
            _ => Vec::new(),
        }
    }
}

fn candles(field: Field, bars: &Bars) -> Slot<'_> {
    Slot::Candles(match field {
        Field::Open => bars.open(),
        Field::High => bars.high(),
        Field::Low => bars.low(),
        Field::Close => bars.close(),
        Field::Volume => bars.volume(),
        Field::Time => return numbers(times(bars)),
    })
}

fn numbers<'a>(column: Vec<f64>) -> Slot<'a> {
    Slot::Numbers(Arc::new(vec![column]))
}
