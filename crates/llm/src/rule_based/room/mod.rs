//! Turns of a trading room: analysts look at every ticker by the same rules as
//! in an analysis, and the portfolio manager adds up what they predict.
//!
//! Nothing is predicted without a reading, and valuation, for which there are
//! no rules, abstains.

mod case;
mod decision;
#[cfg(test)]
mod tests;

use fondaco_app::ports::model::ModelRequest;
use fondaco_app::simulation::room::keys::Node;
use fondaco_contract::v1alpha1::simulation::RoomMember;
use serde_json::{Value, json};

use super::analysts::{self, fundamentals, market, sentiment};
use super::evidence::{self, Point};
use super::talk::Talk;
use super::{RuleBased, Turn, words};
use crate::session::call;
use case::Case;

/// Tickers that an analyst looks at; from step to step it begins with others.
const LOOKS: usize = 24;
/// From this part of the value on a position is one to warn of.
const LARGE: f64 = 0.25;

/// The next answer of a member.
pub(super) fn turn(model: RuleBased, node: Node, request: &ModelRequest) -> Turn {
    let case = Case::read(request);
    let member = Member { model, case };
    match node {
        Node::Analysis(analyst) => member.analysis(analyst, request),
        Node::Risk => Turn::Answer(member.review()),
        Node::Speech(_, who) => Turn::Answer(json!({ "message": member.speech(who) })),
        Node::Summary => Turn::Answer(member.summary()),
        Node::Prediction(analyst) => Turn::Answer(member.prediction(analyst)),
        Node::Decision => Turn::Answer(decision::decide(&member)),
        Node::Day => Turn::Answer(Value::Null),
    }
}

/// Somebody in the room.
struct Member {
    model: RuleBased,
    case: Case,
}

/// What an analyst sees in a ticker.
struct View {
    ticker: String,
    balance: f64,
    points: Vec<Point>,
}

/// What an analyst wants to read of a ticker.
fn tool(analyst: RoomMember) -> Option<&'static str> {
    match analyst {
        RoomMember::TechnicalAnalyst => Some("indicators"),
        RoomMember::FundamentalsAnalyst => Some("fundamentals"),
        RoomMember::SentimentAnalyst => Some("news"),
        _ => None,
    }
}

impl Member {
    fn analysis(&self, analyst: RoomMember, request: &ModelRequest) -> Turn {
        let Some(tool) = tool(analyst) else {
            return Turn::Answer(abstained(
                "The rules compare no price with what stands in filings",
            ));
        };
        let is_there = request.tools.iter().any(|spec| spec.name == tool);
        if is_there && self.case.answers.is_empty() {
            let tickers = self.case.ring(LOOKS);
            let calls = tickers
                .iter()
                .map(|ticker| call(tool, ticker, json!({ "symbol": ticker })));
            let calls: Vec<_> = calls.collect();
            if !calls.is_empty() {
                return Turn::Ask(calls);
            }
        }
        let views: Vec<View> = self
            .case
            .answers
            .iter()
            .filter_map(|(ticker, answer)| view(analyst, tool, ticker, answer, request))
            .collect();
        Turn::Answer(if views.is_empty() {
            abstained(&format!(
                "No answer of the tool {tool} says anything the rules can read"
            ))
        } else {
            self.seen(&views)
        })
    }

    fn seen(&self, views: &[View]) -> Value {
        let limits = self.model.0.limits();
        let view = |view: &View| {
            let reasons: Vec<&str> = view
                .points
                .iter()
                .take(2)
                .map(|it| it.text.as_str())
                .collect();
            let reason = if reasons.is_empty() {
                "Nothing that the rules look at leans to a side".to_owned()
            } else {
                reasons.join(". ")
            };
            json!({
                "ticker": view.ticker,
                "outlook": outlook(evidence::direction(view.balance, &limits).into()),
                "confidence": (evidence::confidence(view.balance, 0.65) * 100.0).round() as u64,
                "reason": words::sentence(&reason),
            })
        };
        let by = |a: &&View, b: &&View| a.balance.total_cmp(&b.balance);
        let best = views.iter().max_by(by).map_or("", |view| &view.ticker);
        let worst = views.iter().min_by(by).map_or("", |view| &view.ticker);
        let read = words::count(views.len() as u64, "ticker has", "tickers have");
        json!({
            "summary": self.signed(&format!(
                "{read} readings. {best} looks best and {worst} worst."
            )),
            "views": views.iter().map(view).collect::<Vec<_>>(),
            "abstain": null,
        })
    }

    /// What is held, and whether it is too much.
    fn review(&self) -> Value {
        let account = &self.case.portfolio;
        let positions = account["positions"]
            .as_array()
            .map_or(&[] as &[Value], Vec::as_slice);
        let mut warnings: Vec<String> = Vec::new();
        for position in positions {
            let ticker = position["ticker"].as_str().unwrap_or_default();
            let weight = position["weight"].as_f64().unwrap_or(0.0);
            if weight.abs() >= LARGE {
                warnings.push(format!(
                    "{ticker} is {} of the value.",
                    words::per_cent(weight)
                ));
            }
            if let Some(since) = position["price_of"].as_str() {
                warnings.push(format!("The price of {ticker} is that of {since}."));
            }
            let (up, down) = self.case.voices(ticker);
            if down > up && weight > 0.0 {
                warnings.push(format!(
                    "{ticker} is held, and {down} of {} voices see it fall.",
                    up + down
                ));
            }
        }
        let cash = account["cash"].as_f64().unwrap_or(0.0);
        let value = account["value"].as_f64().filter(|value| *value > 0.0);
        let part = value.map_or_else(
            || "an unknown part".to_owned(),
            |value| words::per_cent(cash / value),
        );
        let held = words::count(positions.len() as u64, "position is", "positions are");
        json!({
            "summary": self.signed(&format!("{held} held, and {part} of the value is cash.")),
            "warnings": warnings,
        })
    }

    fn speech(&self, who: RoomMember) -> String {
        let text = if who == RoomMember::PortfolioManager {
            let (best, worst) = self.case.ends();
            match (best, worst) {
                (Some(best), Some(worst)) if best != worst => format!(
                    "Most voices are for {best} and against {worst}. What speaks against the one and for the other?"
                ),
                (Some(one), _) => format!("Only {one} has a view. What speaks against it?"),
                _ => "Nobody has seen anything that the rules can weigh.".to_owned(),
            }
        } else {
            let own = self.case.own(who);
            let strongest = own.iter().max_by_key(|(_, view)| view.confidence);
            match strongest {
                Some((ticker, view)) => format!(
                    "My clearest view is {ticker}: {}, with a confidence of {} %. Nothing that was said changes my figures.",
                    view.outlook, view.confidence
                ),
                None => "I have no reading of any ticker, and so no view.".to_owned(),
            }
        };
        self.signed(&text)
    }

    fn summary(&self) -> Value {
        let mut points: Vec<String> = Vec::new();
        for ticker in self.case.traded() {
            let (up, down) = self.case.voices(ticker);
            if up + down > 0 {
                points.push(format!("{ticker}: {up} up, {down} down."));
            }
        }
        let agreed = words::count(points.len() as u64, "ticker has", "tickers have");
        json!({
            "summary": self.signed(&format!("{agreed} a view of somebody.")),
            "points": points,
        })
    }

    /// What the analyst saw, of everything that is traded.
    fn prediction(&self, analyst: RoomMember) -> Value {
        let own = self.case.own(analyst);
        let entry = |ticker: &str| {
            let view = own.get(ticker);
            json!({
                "ticker": ticker,
                "outlook": view.map_or("NEUTRAL", |view| &*view.outlook),
                "confidence": view.map_or(0, |view| view.confidence),
            })
        };
        let seen = words::count(own.len() as u64, "ticker", "tickers");
        json!({
            "predictions": self.case.traded().map(entry).collect::<Vec<_>>(),
            "reasoning": self.signed(&format!(
                "My analysis had readings of {seen}; of others I predict nothing."
            )),
        })
    }

    fn signed(&self, text: &str) -> String {
        self.model.signed(text)
    }
}

/// What an analyst sees in an answer of its tool; nothing where the rules can
/// read nothing of it.
fn view(
    analyst: RoomMember,
    tool: &str,
    ticker: &str,
    answer: &Result<Value, String>,
    request: &ModelRequest,
) -> Option<View> {
    let talk = Talk::about(ticker, tool, answer.clone(), request);
    let study = match analyst {
        RoomMember::TechnicalAnalyst => market::study(&talk),
        RoomMember::FundamentalsAnalyst => fundamentals::study(&talk),
        _ => sentiment::study(&talk),
    };
    let points = analysts::points(study.ok()?)?;
    Some(View {
        ticker: ticker.to_owned(),
        balance: evidence::balance(&points),
        points,
    })
}

fn outlook(direction: i64) -> &'static str {
    match direction {
        1 => "UP",
        -1 => "DOWN",
        _ => "NEUTRAL",
    }
}

fn abstained(why: &str) -> Value {
    json!({ "summary": "", "views": [], "abstain": words::sentence(why) })
}
