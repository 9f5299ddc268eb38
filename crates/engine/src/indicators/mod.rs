//! Causal indicators over columns.
//!
//! Every indicator is a pure function from columns of doubles to columns of
//! the same length; row `i` of an output depends on rows up to `i` only. Rows
//! of the warm-up are NaN. A row that is not finite in one of the inputs is
//! NaN in the outputs and ends a run: the next finite row begins a new one
//! with a warm-up of its own. An indicator of an indicator therefore starts
//! where the inner one does.
//!
//! Results are TA-Lib's to the last bit where that could be had, because a
//! signal can hang on it. That decides the order of operations here: which sums
//! are carried and when they are taken afresh, and where a product and a sum
//! are rounded once ([`f64::mul_add`]) instead of twice.
//!
//! Functions can be called directly ([`average::sma`]) or found by name
//! through [`registry::lookup`], as strategy expressions do.

pub mod average;
pub mod candle;
pub mod cycle;
pub mod direction;
pub mod momentum;
pub mod oscillator;
pub mod price;
pub mod reference;
pub mod registry;
pub mod regression;
mod runs;
pub mod trend;
pub mod volatility;
pub mod volume;
pub mod window;

pub use registry::{Indicator, REGISTRY, lookup};
