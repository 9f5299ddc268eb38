//! How ratings are spread: a model that says one word whatever it is asked is
//! of no use, and nothing else would tell.

use std::collections::BTreeMap;

use fondaco_domain::signal::Rating;
use serde::Serialize;

use super::Recommendation;

/// A rating of more than this share of the analyses is a warning.
pub const ALARM: f64 = 0.8;

/// Of fewer analyses than this nothing follows.
pub const FEWEST: usize = 5;

/// How the ratings of one model are spread.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Distribution {
    /// `provider/model` of the managers, whose own ratings are counted;
    /// `null` for the merged decisions of all analyses.
    pub model: Option<String>,
    /// How many ratings there are.
    pub analyses: usize,
    /// The share of each of the five ratings, SELL first.
    pub shares: Vec<Share>,
    /// The rating that is too frequent: more than [`ALARM`] of at least
    /// [`FEWEST`].
    pub warning: Option<Rating>,
}

/// The share of one rating.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// The rating.
    pub rating: Rating,
    /// How many.
    pub count: usize,
    /// Of all, from 0 to 1.
    pub share: f64,
}

/// How ratings are spread: first the merged decisions of all analyses, then
/// the llm lane's own of each model, by name. Analyses whose llm lane says
/// nothing count for no model. Nothing where there are no analyses.
pub fn distribution(analyses: &[Recommendation]) -> Vec<Distribution> {
    if analyses.is_empty() {
        return Vec::new();
    }
    let mut of: BTreeMap<Option<&str>, Vec<Rating>> = BTreeMap::new();
    for one in analyses {
        of.entry(None).or_default().push(one.decision);
        if let (Some(model), Some(lane)) = (&one.model, &one.llm) {
            of.entry(Some(model)).or_default().push(lane.rating);
        }
    }
    of.into_iter()
        .map(|(model, ratings)| spread(model, &ratings))
        .collect()
}

fn spread(model: Option<&str>, ratings: &[Rating]) -> Distribution {
    let share = |rating: Rating| {
        let count = ratings.iter().filter(|one| **one == rating).count();
        Share {
            rating,
            count,
            share: count as f64 / ratings.len() as f64,
        }
    };
    let shares: Vec<Share> = Rating::ALL.into_iter().map(share).collect();
    let enough = ratings.len() >= FEWEST;
    let frequent = shares.iter().find(|one| enough && one.share > ALARM);
    Distribution {
        model: model.map(str::to_owned),
        analyses: ratings.len(),
        warning: frequent.map(|one| one.rating),
        shares,
    }
}
