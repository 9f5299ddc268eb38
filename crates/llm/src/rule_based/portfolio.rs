//! The decision.

use fondaco_contract::v1alpha1::analysis::NodeRole;
use fondaco_domain::signal::Rating;
use serde_json::{Value, json};

use super::committee::Size;
use super::evidence::{self, hundredths};
use super::research::{self, Verdict};
use super::talk::Talk;
use super::{Speaker, words};

/// From this conviction on the stronger word is used.
const STRONG: f64 = 0.7;

/// The portfolio manager's turn.
pub(super) fn decide(speaker: &Speaker, talk: &Talk<'_>) -> Value {
    let verdict = research::verdict(talk);
    let Some((conviction, basis)) = conviction(speaker, talk, verdict.as_ref()) else {
        return json!({
            "rating": Rating::Hold.as_str(),
            "hold_subtype": "INSUFFICIENT",
            "confidence": 0.0,
            "rationale": speaker.signed(&format!(
                "There is no report on {} that says anything, so no side can be seen. This is no \
                 opinion.",
                talk.ticker,
            )),
            "warnings": warnings(talk),
        });
    };
    let (size, committee) = size(talk);
    let dissent = dissent(talk, conviction);
    // Risk takes from a conviction and never turns it.
    let kept = hundredths(conviction * (0.8 + 0.2 * size) * dissent.factor);
    let rating = rating(kept);
    let confidence = match rating {
        Rating::Hold => 0.5,
        _ => kept.abs(),
    };
    json!({
        "rating": rating.as_str(),
        "hold_subtype": if rating == Rating::Hold { "BALANCED" } else { "N/A" },
        "confidence": confidence,
        "rationale": speaker.signed(&format!(
            "{} for {}: {basis} {committee} {}What is left is a conviction of {kept:+.2}; BUY and \
             SELL begin at {STRONG:.2}. {}",
            rating.as_str(),
            talk.ticker,
            dissent.told,
            heaviest(verdict.as_ref()),
        )),
        "warnings": warnings(talk),
    })
}

/// Direction times confidence: the research manager's, else that of the
/// evidence itself.
fn conviction(
    speaker: &Speaker,
    talk: &Talk<'_>,
    verdict: Option<&Verdict>,
) -> Option<(f64, String)> {
    if let Some(judged) = talk.last(NodeRole::ResearchManager) {
        let direction = judged["direction"].as_f64().unwrap_or(0.0).clamp(-1.0, 1.0);
        let confidence = judged["confidence"].as_f64().unwrap_or(0.0).clamp(0.0, 1.0);
        // A verdict over nothing is none.
        if verdict.is_none() && confidence == 0.0 {
            return None;
        }
        let basis = format!(
            "the research manager decided for {} with a confidence of {confidence:.2}.",
            research::winner(judged),
        );
        return Some((direction * confidence, basis));
    }
    let balance = verdict?.balance;
    let direction = f64::from(evidence::direction(balance, &speaker.limits));
    let confidence = evidence::confidence(balance, speaker.limits.slope);
    let basis = format!("there is no verdict, and the evidence comes to {balance:+.2}.");
    Some((direction * confidence, basis))
}

/// How much of the plan the committee wants: the neutral voice's word, else
/// the mean of the others'.
fn size(talk: &Talk<'_>) -> (f64, String) {
    let asked = |role: NodeRole| talk.last(role).and_then(Size::of);
    if let Some(size) = asked(NodeRole::Neutral) {
        let told = format!("The committee's neutral voice asks for {}.", size.name());
        return (size.part(), told);
    }
    let others = [NodeRole::Aggressive, NodeRole::Conservative];
    let others: Vec<f64> = others
        .into_iter()
        .filter_map(asked)
        .map(Size::part)
        .collect();
    if others.is_empty() {
        return (
            1.0,
            "The committee gave no size that the rules know.".to_owned(),
        );
    }
    let mean = others.iter().sum::<f64>() / others.len() as f64;
    let told = format!("The committee's voices ask for {mean:.2} of the plan on average.");
    (mean, told)
}

/// What a trader who goes the other way takes from a conviction.
struct Dissent {
    factor: f64,
    told: &'static str,
}

fn dissent(talk: &Talk<'_>, conviction: f64) -> Dissent {
    let plan = talk.last(NodeRole::Trader);
    let sign = match plan.and_then(|plan| plan["action"].as_str()) {
        Some("buy") => 1.0,
        Some("sell") => -1.0,
        _ => 0.0,
    };
    if sign * conviction < 0.0 {
        return Dissent {
            factor: 0.5,
            told: "The trader goes the other way, which halves it. ",
        };
    }
    Dissent {
        factor: 1.0,
        told: "",
    }
}

fn rating(conviction: f64) -> Rating {
    match conviction {
        it if it >= STRONG => Rating::Buy,
        it if it > 0.0 => Rating::Overweight,
        it if it <= -STRONG => Rating::Sell,
        it if it < 0.0 => Rating::Underweight,
        _ => Rating::Hold,
    }
}

/// The heaviest point of each side.
fn heaviest(verdict: Option<&Verdict>) -> String {
    let Some(verdict) = verdict else {
        return String::new();
    };
    let best = |best: &Option<String>| {
        let best = best.as_ref();
        best.map_or_else(|| "none".to_owned(), |text| words::quoted(text, 200))
    };
    format!(
        "The heaviest point for a rise: {}. The heaviest for a fall: {}.",
        best(&verdict.bull.best),
        best(&verdict.bear.best),
    )
}

/// What is missing, so that a reader knows.
fn warnings(talk: &Talk<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    for role in &talk.missing {
        warnings.push(format!("There is no report of {role}."));
    }
    for report in &talk.reports {
        if let Err(why) = &report.document {
            let why = words::sentence(&words::quoted(why, 160));
            warnings.push(format!(
                "{} has nothing to say: {why}",
                report.role.as_str()
            ));
        }
    }
    if talk.portfolio == Some(false) {
        warnings.push("What is held is not known; the rating does not depend on it.".to_owned());
    }
    warnings
}
