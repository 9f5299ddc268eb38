//! Strategy expressions, compiled to columns.
//!
//! A text such as `crosses_above(sma(close, $fast), sma(close, $slow))` is
//! parsed once ([`Rules`]), bound to parameter values and type-checked
//! ([`compile`]), and becomes a graph of columnar operators in which equal
//! parts are one ([`Program`]). Every operator is causal, so looking ahead
//! cannot be written, and the warm-up follows from the operators.
//!
//! A sweep binds the same [`Rules`] many times and evaluates the programs over
//! one [`ColumnCache`].

mod ast;
mod error;
mod eval;
mod functions;
mod graph;
mod kernels;
mod lexer;
mod lower;
mod params;
mod parser;
mod program;
mod rules;

pub use error::{ExprError, ExprProblem};
pub use eval::{ColumnCache, InputError, Inputs};
pub use functions::{FUNCTIONS, Function, function};
pub use params::{ParamValueError, ParamValues};
pub use program::{NamedColumn, Need, Program};
pub use rules::{Rules, check, compile};
