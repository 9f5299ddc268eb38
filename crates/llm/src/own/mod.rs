//! Models that are part of this program.

mod minimal;
mod mock_trader;
mod slow;
mod smallest;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use fondaco_app::ports::model::{Capabilities, Model};

pub use minimal::Minimal;
use mock_trader::MockTrader;
use slow::Slow;
pub use smallest::smallest;

use crate::rule_based::RuleBased;

/// What they can do.
pub const CAN: Capabilities = Capabilities {
    schema: true,
    tools: true,
    seed: false,
    temperature: false,
    context_tokens: u32::MAX,
};

/// Those with a name of their own, in the order in which they are told of.
pub const NAMES: &[&str] = &[
    "mock-trader",
    "rule-based",
    "rule-based-bold",
    "rule-based-cautious",
    "scripted",
];

/// The model of a name after `fondaco/`.
pub(crate) fn of(name: &str) -> Option<(Capabilities, Arc<dyn Model>)> {
    let model: Arc<dyn Model> = match name.split_once('?').unwrap_or((name, "")) {
        ("scripted", options) => Arc::new(Minimal::parse(options)?),
        ("mock-trader", "") => Arc::new(MockTrader),
        (name, "") => Arc::new(RuleBased::named(name)?),
        (name, options) => Arc::new(Slow {
            model: RuleBased::named(name)?,
            delay: delay(options)?,
        }),
    };
    Some((CAN, model))
}

/// `delay_ms=50`.
fn delay(options: &str) -> Option<Duration> {
    let millis = options.strip_prefix("delay_ms=")?;
    Some(Duration::from_millis(millis.parse().ok()?))
}
