//! The debate and its judge.

use fondaco_contract::v1alpha1::analysis::NodeRole;
use serde_json::{Value, json};

use super::evidence::{self, Point, heaviest_first};
use super::talk::Talk;
use super::{Speaker, words};

pub(super) const ANALYSTS: [NodeRole; 4] = [
    NodeRole::Market,
    NodeRole::Sentiment,
    NodeRole::News,
    NodeRole::Fundamentals,
];

/// Points of the other side that are answered in one turn.
const ANSWERED: usize = 3;

/// A side of the debate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Bull,
    Bear,
}

impl Side {
    fn sign(self) -> f64 {
        match self {
            Self::Bull => 1.0,
            Self::Bear => -1.0,
        }
    }

    fn role(self) -> NodeRole {
        match self {
            Self::Bull => NodeRole::Bull,
            Self::Bear => NodeRole::Bear,
        }
    }

    fn other(self) -> Self {
        match self {
            Self::Bull => Self::Bear,
            Self::Bear => Self::Bull,
        }
    }

    pub(super) fn name(self) -> &'static str {
        self.role().as_str()
    }

    fn outcome(self) -> &'static str {
        match self {
            Self::Bull => "a rise",
            Self::Bear => "a fall",
        }
    }
}

/// What the analysts found, each claim under the name of who made it.
///
/// A claim that came without a weight weighs its part of the direction and the
/// confidence that its analyst gave.
pub(super) fn findings(talk: &Talk<'_>) -> Vec<Point> {
    let mut findings = Vec::new();
    for role in ANALYSTS {
        let Some(report) = talk.last(role) else {
            continue;
        };
        let points = talk.points(role);
        let lean = report["direction"].as_f64().unwrap_or(0.0).clamp(-1.0, 1.0)
            * report["confidence"].as_f64().unwrap_or(0.0).clamp(0.0, 1.0);
        let part = lean / points.len().max(1) as f64;
        findings.extend(points.into_iter().map(|point| Point {
            text: format!("{}: {}", title(role), point.text),
            weight: Some(point.weight.unwrap_or(evidence::hundredths(part))),
        }));
    }
    findings
}

/// How many analysts had something to say.
pub(super) fn heard(talk: &Talk<'_>) -> usize {
    let spoke = ANALYSTS.iter().filter(|role| talk.last(**role).is_some());
    spoke.count()
}

/// What speaks for a side, the heaviest first.
pub(super) fn case(findings: &[Point], side: Side) -> Vec<Point> {
    let speaks = |point: &&Point| point.weight() * side.sign() > 0.0;
    let mut case: Vec<Point> = findings.iter().filter(speaks).cloned().collect();
    heaviest_first(&mut case);
    case
}

fn title(role: NodeRole) -> &'static str {
    match role {
        NodeRole::Market => "Market",
        NodeRole::Sentiment => "Sentiment",
        NodeRole::News => "News",
        NodeRole::Fundamentals => "Fundamentals",
        other => other.as_str(),
    }
}

/// The bull's or the bear's turn.
pub(super) fn argue(speaker: &Speaker, talk: &Talk<'_>) -> Value {
    let side = if speaker.role == NodeRole::Bull {
        Side::Bull
    } else {
        Side::Bear
    };
    let findings = findings(talk);
    let own = case(&findings, side);
    let against = case(&findings, side.other());
    let (mine, theirs) = (weight(&own), weight(&against));
    let spoken = talk.last(side.other().role());
    let rebuts = spoken.map_or_else(Vec::new, |spoken| rebuttals(side, spoken, &own));
    let mut points: Vec<String> = own.iter().map(Point::marked).collect();
    if points.is_empty() {
        points.push(format!("No report has a point for {}.", side.outcome()));
    }
    let whole = mine + theirs;
    json!({
        "argument": speaker.signed(&argument(side, talk, &own, (mine, theirs), &rebuts)),
        "points": points,
        "rebuts": rebuts,
        "confidence": if whole > 0.0 { evidence::hundredths(mine / whole) } else { 0.0 },
    })
}

fn argument(
    side: Side,
    talk: &Talk<'_>,
    own: &[Point],
    (mine, theirs): (f64, f64),
    rebuts: &[String],
) -> String {
    let reports = words::count(heard(talk) as u64, "report", "reports");
    let case = match own {
        [] => format!(
            "I read {reports} on {} and found no point for {}; I will not make one up.",
            talk.ticker,
            side.outcome(),
        ),
        [first] => format!(
            "For {} of {} speaks one point in {reports}: {}",
            side.outcome(),
            talk.ticker,
            words::sentence(&first.text),
        ),
        [first, second, rest @ ..] => format!(
            "For {} of {} speak {} points in {reports}. The heaviest: {} Beside it: {}{}",
            side.outcome(),
            talk.ticker,
            rest.len() + 2,
            words::sentence(&first.text),
            words::sentence(&second.text),
            if agree(first, second) {
                ""
            } else {
                " They come from different data and point the same way."
            },
        ),
    };
    let sums = format!("My points weigh {mine:.2}, those against me {theirs:.2}.");
    let answers = match rebuts {
        [] => String::new(),
        [first, ..] => format!(" To the {}'s case: {first}", side.other().name()),
    };
    format!("{case} {sums}{answers}")
}

/// Whether two points come from the same analyst.
fn agree(first: &Point, second: &Point) -> bool {
    let of = |point: &Point| point.text.split(':').next().map(str::to_owned);
    of(first) == of(second)
}

/// The other side's heaviest points, each answered by the heaviest one of
/// one's own that is not spent yet, or conceded.
fn rebuttals(side: Side, spoken: &Value, own: &[Point]) -> Vec<String> {
    let said = super::talk::texts(spoken, "points");
    let mut said: Vec<Point> = said.iter().map(|text| Point::read(text)).collect();
    said.retain(|point| point.weight.is_none_or(|weight| weight != 0.0));
    heaviest_first(&mut said);
    let other = side.other().name();
    let answer = |(no, point): (usize, &Point)| {
        let named = words::quoted(&point.text, 160);
        let weighs = point.weight().abs();
        match own.get(no) {
            Some(mine) if mine.weight().abs() >= weighs => format!(
                "The {other} says {named}. Against it stands {}, which weighs {:.2} to {weighs:.2}.",
                words::quoted(&mine.text, 160),
                mine.weight().abs(),
            ),
            Some(mine) => format!(
                "The {other} says {named}. I concede that it outweighs {}, by {weighs:.2} to {:.2}.",
                words::quoted(&mine.text, 160),
                mine.weight().abs(),
            ),
            None => format!("The {other} says {named}. I have nothing to set against it."),
        }
    };
    said.iter().take(ANSWERED).enumerate().map(answer).collect()
}

/// What points weigh together, whichever way they point.
fn weight(points: &[Point]) -> f64 {
    evidence::balance(points).abs()
}

/// What the debate came to, from -1 to 1; none where nobody had anything to
/// say.
pub(super) struct Verdict {
    pub(super) balance: f64,
    /// How the two cases were weighed.
    measure: &'static str,
    pub(super) bull: Strength,
    pub(super) bear: Strength,
}

/// How strong a side is.
pub(super) struct Strength {
    pub(super) weight: f64,
    pub(super) best: Option<String>,
}

/// Weighs both sides by their points, over the number of analysts that had
/// something to say. Where a side did not weigh its points, both count by
/// their confidence; where one did not speak, its points are those of the
/// reports.
pub(super) fn verdict(talk: &Talk<'_>) -> Option<Verdict> {
    let findings = findings(talk);
    let analysts = heard(talk);
    let spoken = |side: Side| -> Vec<Point> {
        if talk.last(side.role()).is_none() {
            return case(&findings, side);
        }
        let mut points = talk.points(side.role());
        points.retain(|point| point.weight.is_none_or(|it| it * side.sign() > 0.0));
        heaviest_first(&mut points);
        points
    };
    let (bull, bear) = (spoken(Side::Bull), spoken(Side::Bear));
    let confident = |side: Side| {
        let report = talk.last(side.role());
        report
            .and_then(|it| it["confidence"].as_f64())
            .unwrap_or(0.0)
            .clamp(0.0, 1.0)
    };
    let weighed = |points: &[Point]| points.iter().any(|point| point.weight.is_some());
    let silent = |side, points: &[Point]| confident(side) == 0.0 || points.is_empty();
    let by_points = (weighed(&bull) || silent(Side::Bull, &bull))
        && (weighed(&bear) || silent(Side::Bear, &bear));
    let (up, down) = if by_points {
        let shared = analysts.max(1) as f64;
        (weight(&bull) / shared, weight(&bear) / shared)
    } else {
        (confident(Side::Bull), confident(Side::Bear))
    };
    if analysts == 0 && up == 0.0 && down == 0.0 {
        return None;
    }
    let strength = |weight: f64, points: Vec<Point>| Strength {
        weight,
        best: points
            .into_iter()
            .next()
            .filter(|_| weight > 0.0)
            .map(|point| point.text),
    };
    Some(Verdict {
        balance: (up - down).clamp(-1.0, 1.0),
        measure: if by_points {
            "By the weights of their points over the number of reports,"
        } else {
            "By their own confidence,"
        },
        bull: strength(up, bull),
        bear: strength(down, bear),
    })
}

/// The research manager's turn.
pub(super) fn judge(speaker: &Speaker, talk: &Talk<'_>) -> Value {
    let Some(verdict) = verdict(talk) else {
        return json!({
            "winner": "neither",
            "rationale": speaker.signed(&format!(
                "No analyst and no researcher had anything to say of {}, so there is nothing to \
                 judge.",
                talk.ticker,
            )),
            "direction": 0,
            "confidence": 0.0,
            "plan": "Do nothing until there is something to read.",
        });
    };
    let direction = evidence::direction(verdict.balance, &speaker.limits);
    let confidence = evidence::confidence(verdict.balance, speaker.limits.slope);
    let (winner, plan) = match direction {
        1 => ("bull", "Go with the rise"),
        -1 => ("bear", "Go with the fall"),
        _ => ("neither", "Take no side"),
    };
    let change = match direction {
        1 => "heavier points for a fall",
        -1 => "heavier points for a rise",
        _ => "a heavier point on either side",
    };
    json!({
        "winner": winner,
        "rationale": speaker.signed(&rationale(&verdict, winner)),
        "direction": direction,
        "confidence": confidence,
        "plan": format!("{plan} over the next weeks. What would change it: {change}."),
    })
}

/// Whom a verdict is for, in words.
pub(super) fn winner(judged: &Value) -> &'static str {
    match judged["winner"].as_str() {
        Some("bull") => "the bull",
        Some("bear") => "the bear",
        _ => "neither side",
    }
}

fn rationale(verdict: &Verdict, winner: &str) -> String {
    let best = |strength: &Strength| {
        let best = strength.best.as_ref();
        best.map_or_else(|| "none".to_owned(), |text| words::quoted(text, 200))
    };
    let (bull, bear) = (best(&verdict.bull), best(&verdict.bear));
    let weights = format!(
        "{} the bull's case weighs {:.2} and the bear's {:.2}, a balance of {:+.2} on a scale from \
         -1 to 1.",
        verdict.measure, verdict.bull.weight, verdict.bear.weight, verdict.balance,
    );
    match winner {
        "bull" => format!("{weights} What decided it: {bull}. The bear's best point: {bear}."),
        "bear" => format!("{weights} What decided it: {bear}. The bull's best point: {bull}."),
        _ => format!(
            "{weights} That is next to nothing. The bull's best point: {bull}. The bear's best \
             point: {bear}."
        ),
    }
}
