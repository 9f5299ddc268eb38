//! Those who look at the instrument first.

pub(super) mod fundamentals;
pub(super) mod market;
mod news;
pub(super) mod sentiment;
pub(super) mod tone;

use fondaco_contract::v1alpha1::analysis::NodeRole;
use serde_json::{Value, json};

use super::evidence::{self, Claims, Point};
use super::talk::Talk;
use super::{Speaker, words};

/// What an analyst made of its data.
pub(super) struct Study {
    /// What everything is about, in sentences.
    setting: String,
    claims: Claims,
    /// More that a reader should know and that weighs nothing.
    aside: String,
}

/// The answer of an analyst.
pub(super) fn answer(speaker: &Speaker, talk: &Talk<'_>) -> Value {
    let study = match speaker.role {
        NodeRole::Market => market::study(talk),
        NodeRole::Sentiment => sentiment::study(talk),
        NodeRole::News => news::study(talk),
        NodeRole::Fundamentals => fundamentals::study(talk),
        _ => Err("this role studies nothing".to_owned()),
    };
    match study {
        Ok(study) => told(speaker, study),
        Err(why) => abstained(&why),
    }
}

/// What it comes to, the heaviest first; nothing where there is too little.
pub(super) fn points(study: Study) -> Option<Vec<Point>> {
    (!study.claims.is_empty()).then(|| study.claims.points())
}

fn told(speaker: &Speaker, study: Study) -> Value {
    let Study {
        setting,
        claims,
        aside,
    } = study;
    if claims.is_empty() {
        return abstained(&format!(
            "{setting} There is too little of it to read anything."
        ));
    }
    let points = claims.points();
    let balance = evidence::balance(&points);
    let direction = evidence::direction(balance, &speaker.limits);
    let verdict = verdict(&points, balance, direction);
    let mut said: Vec<String> = points.iter().map(Point::marked).collect();
    if said.is_empty() {
        said.push("Nothing that the rules look at leans to a side.".to_owned());
    }
    json!({
        "summary": speaker.signed(&format!("{setting} {verdict} {aside}")),
        "points": said,
        "direction": direction,
        "confidence": evidence::confidence(balance, 0.65),
        "abstain": null,
    })
}

fn verdict(points: &[Point], balance: f64, direction: i8) -> String {
    let of_side = |rising: bool| {
        let points = points.iter().filter(|it| (it.weight() > 0.0) == rising);
        points.count()
    };
    let lean = match direction {
        1 => "leans up",
        -1 => "leans down",
        _ => "leans to neither side",
    };
    let heaviest = points.first().map_or_else(String::new, |point| {
        format!(" The heaviest: {}", words::sentence(&point.text))
    });
    format!(
        "Readings for a rise: {}, for a fall: {}; together they come to {balance:+.2} on a scale \
         from -1 to 1, which {lean}.{heaviest}",
        of_side(true),
        of_side(false),
    )
}

fn abstained(why: &str) -> Value {
    json!({
        "summary": "",
        "points": [],
        "direction": 0,
        "confidence": 0.0,
        "abstain": words::sentence(why),
    })
}

/// A number of a document; none where there is none.
fn number(document: &Value, name: &str) -> Option<f64> {
    document[name].as_f64().filter(|number| number.is_finite())
}
