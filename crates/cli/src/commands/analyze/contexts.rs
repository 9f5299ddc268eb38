//! What models are told beside the instrument: what is held, and what was
//! thought of others. Taken once, before the first item of a batch begins.

use std::collections::BTreeSet;
use std::sync::Arc;

use fondaco_app::portfolio::closes::last_closes;
use fondaco_app::portfolio::{Portfolio, context};
use fondaco_app::ports::BarStore;
use fondaco_app::recommendations::{RecommendationQuery, Recommendations};
use fondaco_contract::v1alpha1::analysis::{AnalysisItem, PeerContext, PortfolioContext};
use fondaco_domain::Symbol;
use jiff::civil::Date;

use crate::context::{Context, block_on};
use crate::errors::Failure;
use crate::host::Client;

/// What is held on a day; nothing where nobody ever noted a position.
pub(super) fn held(
    client: &Client,
    bars: &dyn BarStore,
    items: &[AnalysisItem],
    context: &Context,
) -> Result<Option<PortfolioContext>, Failure> {
    let portfolio = Portfolio {
        store: client.store(),
        machine: &*client.machine,
        actor: client.actor(),
    };
    let (Some(positions), Some(day)) = (portfolio.known_positions()?, context::day(items)) else {
        return Ok(None);
    };
    let symbols: BTreeSet<Symbol> = positions.iter().map(|one| one.ticker.clone()).collect();
    let at = context::clock(day, context.clock.now());
    let closes = block_on(last_closes(bars, &symbols, at))??;
    let targets = items.iter().map(|item| item.ticker.clone()).collect();
    Ok(Some(context::portfolio(&positions, &closes, &targets, day)))
}

/// What was thought of others on a day. What is analysed alone is no peer of
/// its own.
pub(super) fn peers(
    client: &Client,
    day: Date,
    items: &[AnalysisItem],
) -> Result<PeerContext, Failure> {
    let known = Recommendations::new(Arc::clone(&client.opened.store));
    let page = known.list(&RecommendationQuery {
        date: Some(day),
        ..RecommendationQuery::default()
    })?;
    let alone = match items {
        [one] => Some(&one.ticker),
        _ => None,
    };
    Ok(context::peers(&page.recommendations, alone))
}
