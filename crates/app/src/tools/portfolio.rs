//! `portfolio`: what is held.

use fondaco_contract::v1alpha1::analysis::PositionContext;
use serde_json::{Value, json};

use super::function::{self, Function, Said, Source};
use super::known::Known;

/// Positions of one list, at most.
const MOST: usize = 50;

pub(super) const PORTFOLIO: Function = Function {
    name: "portfolio",
    description: "What is held: positions in what is analysed, the largest and the worst. Where \
                  `known` is false nothing is known of it, which is not the same as nothing held.",
    parameters,
    answer: |_, known| Ok(said(known)),
};

fn parameters() -> Value {
    function::schema(&[], &[])
}

fn said(known: &Known<'_>) -> Said {
    let Some(portfolio) = known.portfolio() else {
        return Said::new(json!({"known": false}));
    };
    let some = |positions: &[PositionContext]| positions[..positions.len().min(MOST)].to_vec();
    Said::new(json!({
        "known": true,
        "positions": portfolio.positions,
        "held": some(&portfolio.held),
        "largest": some(&portfolio.largest),
        "worst": some(&portfolio.worst),
    }))
    .read(Source {
        name: "portfolio".into(),
        from: None,
        until: None,
        rows: portfolio.positions as usize,
    })
}
