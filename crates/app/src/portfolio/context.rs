//! What a run is told of holdings and of what was thought of others.

use std::collections::BTreeSet;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, PeerContext, PeerView, PortfolioContext, PositionContext,
};
use fondaco_domain::signal::Direction;
use fondaco_domain::{Symbol, UnixMillis};
use jiff::civil::Date;

use super::valued::return_pct;
use super::{Closes, Position};
use crate::recommendations::Recommendation;

/// Positions that are named for their value, and for what they lost.
const LARGEST: usize = 4;
const WORST: usize = 3;
/// Peers of each direction that are named.
const BULLISH: usize = 3;
const BEARISH: usize = 3;
const NEUTRAL: usize = 2;

/// The day whose holdings and prices a run may be told: the earliest of its
/// items, since all of them are told the same. None without items.
pub fn day(items: &[AnalysisItem]) -> Option<Date> {
    items.iter().map(|item| item.date).min()
}

/// The instant of the prices: the end of the day (24:00 UTC), or now where that
/// is earlier.
pub fn clock(day: Date, now: UnixMillis) -> UnixMillis {
    let end = day.tomorrow().map_or(now, UnixMillis::midnight);
    end.min(now)
}

/// What is held on a day, at the prices of that day: a position that was
/// bought later is none yet. One without a price is ranked at what it cost, and
/// is among the worst never.
pub fn portfolio(
    positions: &[Position],
    closes: &Closes,
    targets: &BTreeSet<Symbol>,
    day: Date,
) -> PortfolioContext {
    let there = |one: &&Position| one.purchase_date.is_none_or(|bought| bought <= day);
    let held: Vec<PositionContext> = positions
        .iter()
        .filter(there)
        .map(|one| position(one, closes))
        .collect();
    PortfolioContext {
        positions: u32::try_from(held.len()).unwrap_or(u32::MAX),
        held: held
            .iter()
            .filter(|one| targets.contains(&one.ticker))
            .cloned()
            .collect(),
        largest: first(&held, LARGEST, |one| {
            Some(-one.shares * one.price.unwrap_or(one.cost_price))
        }),
        worst: first(&held, WORST, |one| one.return_pct),
    }
}

/// What was thought of others on one day, from the recommendations of that
/// day: the surest first, and of equally sure ones by ticker. Not normalised
/// by industry. Taken once, before the first of a batch begins, it is the same
/// for all of it.
///
/// `without` is left out: what is analysed is no peer of its own. Give nothing
/// for a batch of several, whose members are each other's peers.
pub fn peers(recommendations: &[Recommendation], without: Option<&Symbol>) -> PeerContext {
    let mut views: Vec<&Recommendation> = recommendations
        .iter()
        .filter(|one| Some(&one.ticker) != without)
        .collect();
    views.sort_by(|a, b| {
        let surer = b.confidence.get().total_cmp(&a.confidence.get());
        surer.then_with(|| a.ticker.cmp(&b.ticker))
    });
    let of = |direction: Direction, most: usize| {
        let those = views.iter().filter(|one| one.direction == direction);
        those.take(most).map(|one| view(one)).collect()
    };
    PeerContext {
        bullish: of(Direction::Long, BULLISH),
        bearish: of(Direction::Short, BEARISH),
        neutral: of(Direction::Flat, NEUTRAL),
    }
}

fn view(one: &Recommendation) -> PeerView {
    PeerView {
        ticker: one.ticker.clone(),
        rating: one.decision.as_str().to_owned(),
        confidence: one.confidence,
    }
}

fn position(one: &Position, closes: &Closes) -> PositionContext {
    let price = closes.get(&one.ticker).map(|close| close.price);
    PositionContext {
        ticker: one.ticker.clone(),
        shares: one.shares,
        cost_price: one.cost_price,
        price,
        return_pct: price.and_then(|price| return_pct(price, one.cost_price)),
    }
}

/// The first by a number, the least first; those without one are left out, and
/// those with the same one are in order of their tickers.
fn first(
    positions: &[PositionContext],
    most: usize,
    by: impl Fn(&PositionContext) -> Option<f64>,
) -> Vec<PositionContext> {
    let mut ranked: Vec<(f64, &PositionContext)> = positions
        .iter()
        .filter_map(|one| Some((by(one)?, one)))
        .collect();
    ranked
        .sort_by(|(a, one), (b, other)| a.total_cmp(b).then_with(|| one.ticker.cmp(&other.ticker)));
    ranked
        .into_iter()
        .take(most)
        .map(|(_, one)| one.clone())
        .collect()
}
