//! A model that is a set of fixed rules: what answers where no provider is
//! configured, and says so.
//!
//! It plays every role of an analysis: asks for the tools of its role, reads
//! their figures, and argues from them in full sentences. It trades the days of
//! a simulation by the same readings, alone or as the members of a room. No clock, no chance:
//! the same question has the same answer, to the byte. Each claim carries its
//! weight, `[+0.12]` for a rise or `[-0.12]` for a fall, and what follows is
//! arithmetic over those weights, so that every rating can be checked by hand.
//!
//! Mirrored evidence gives the mirrored direction, better evidence never a
//! lower rating, and no evidence no opinion.

mod analysts;
mod committee;
mod evidence;
mod portfolio;
mod research;
mod room;
mod talk;
#[cfg(test)]
mod tests;
mod trader;
mod trading;
mod words;

use fondaco_app::analysis::keys;
use fondaco_app::ports::model::{
    CallContext, Completion, Finish, Model, ModelError, ModelRequest, ToolCall, Usage,
};
use fondaco_app::simulation::room::keys as room_keys;
use fondaco_contract::v1alpha1::analysis::NodeRole;
use serde_json::{Value, json};

use crate::session::Session;
use talk::Talk;

/// How soon it takes a side, and how surely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Temperament {
    /// `fondaco/rule-based`.
    #[default]
    Even,
    /// `fondaco/rule-based-bold`: takes sides sooner, gives plans more room.
    Bold,
    /// `fondaco/rule-based-cautious`: takes sides later, gives plans less room.
    Cautious,
}

impl Temperament {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Even, Self::Bold, Self::Cautious];

    /// The name of the model, without its provider.
    pub fn name(self) -> &'static str {
        match self {
            Self::Even => "rule-based",
            Self::Bold => "rule-based-bold",
            Self::Cautious => "rule-based-cautious",
        }
    }

    fn limits(self) -> Limits {
        match self {
            Self::Even => Limits {
                side: 0.03,
                slope: 1.6,
                stop: 2.0,
                reward: 2.0,
                days: 20,
                calm: 0.02,
            },
            Self::Bold => Limits {
                side: 0.015,
                slope: 2.2,
                stop: 3.0,
                reward: 3.0,
                days: 40,
                calm: 0.03,
            },
            Self::Cautious => Limits {
                side: 0.06,
                slope: 1.1,
                stop: 1.5,
                reward: 1.5,
                days: 10,
                calm: 0.012,
            },
        }
    }
}

/// What a temperament is made of.
#[derive(Debug, Clone, Copy)]
struct Limits {
    /// From this balance of the evidence on, of -1 to 1, a side is taken.
    side: f64,
    /// Confidence gained for a balance of 1.
    slope: f64,
    /// Average ranges of a candle from the close to the stop.
    stop: f64,
    /// Distance of the target, in distances of the stop.
    reward: f64,
    /// Days that a plan runs.
    days: u32,
    /// Up to this deviation of a candle's return the plan is carried out whole.
    calm: f64,
}

/// The model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct RuleBased(pub Temperament);

impl RuleBased {
    /// The model of a name after `fondaco/`.
    pub fn named(name: &str) -> Option<Self> {
        let named = |temperament: &Temperament| temperament.name() == name;
        Temperament::ALL.into_iter().find(named).map(Self)
    }

    /// Its full name, as it signs its answers.
    pub fn model(self) -> String {
        format!("fondaco/{}", self.0.name())
    }

    /// A text that says at its end who wrote it.
    fn signed(self, text: &str) -> String {
        format!(
            "{} (By fixed rules, {}; no language model wrote this.)",
            text.trim(),
            self.model()
        )
    }
}

/// What a role does with its turn.
enum Turn {
    /// Asks for these tools first.
    Ask(Vec<ToolCall>),
    /// Answers in the form of its role.
    Answer(Value),
}

/// Who speaks, and how.
#[derive(Debug, Clone, Copy)]
struct Speaker {
    role: NodeRole,
    model: RuleBased,
    limits: Limits,
}

impl Speaker {
    /// A text that says at its end who wrote it.
    fn signed(&self, text: &str) -> String {
        self.model.signed(text)
    }
}

impl Model for RuleBased {
    fn complete(
        &self,
        request: &ModelRequest,
        context: &CallContext<'_>,
    ) -> Result<Completion, ModelError> {
        if (context.stopped)() {
            return Err(ModelError::Stopped);
        }
        if let Some((_, _, node)) = room_keys::split(context.node)
            && node.member().is_some()
        {
            let turn = room::turn(*self, node, request);
            return Ok(self.told(request, turn));
        }
        let place = keys::split(context.node);
        let role = place.and_then(|(_, node)| node.role());
        let role = role.filter(|role| *role != NodeRole::Quant);
        let (Some(role), Some((prefix, _))) = (role, place) else {
            return match Session::read(request) {
                Some(session) => {
                    let (text, calls) = trading::turn(*self, &session);
                    Ok(self.completion(request, text, calls))
                }
                None => self.elsewhere(request),
            };
        };
        let speaker = Speaker {
            role,
            model: *self,
            limits: self.0.limits(),
        };
        let talk = Talk::read(prefix, request);
        Ok(self.told(request, turn(&speaker, &talk)))
    }
}

impl RuleBased {
    /// It has rules for the roles of an analysis, the turns of a room and days
    /// of trading, and for nothing else.
    fn elsewhere(self, request: &ModelRequest) -> Result<Completion, ModelError> {
        let problem = format!(
            "{} has rules for the roles of an analysis and for days of trading only",
            self.model()
        );
        if request.schema.is_some() {
            return Err(ModelError::Refused {
                provider: "fondaco".to_owned(),
                problem,
            });
        }
        Ok(self.completion(request, problem + ".", Vec::new()))
    }

    fn told(self, request: &ModelRequest, turn: Turn) -> Completion {
        match turn {
            Turn::Ask(calls) => self.completion(request, String::new(), calls),
            Turn::Answer(document) => self.completion(request, document.to_string(), Vec::new()),
        }
    }

    /// A token is taken to be four bytes.
    fn completion(self, request: &ModelRequest, text: String, calls: Vec<ToolCall>) -> Completion {
        let tokens = |bytes: usize| (bytes as u64).div_ceil(4);
        let question = serde_json::to_vec(request).map_or(0, |bytes| bytes.len());
        let wishes = if calls.is_empty() {
            0
        } else {
            serde_json::to_vec(&calls).map_or(0, |bytes| bytes.len())
        };
        Completion {
            finish: if calls.is_empty() {
                Finish::Stop
            } else {
                Finish::Tools
            },
            usage: Usage {
                input: tokens(question),
                cached: 0,
                output: tokens(text.len() + wishes),
            },
            text,
            calls,
            model: self.model(),
        }
    }
}

/// The tools of a role first, as far as they are to be had; then its answer.
fn turn(speaker: &Speaker, talk: &Talk<'_>) -> Turn {
    let wanted = wanted(speaker.role);
    let missing: Vec<ToolCall> = wanted
        .iter()
        .filter(|tool| talk.may_ask(tool))
        .enumerate()
        .map(|(no, tool)| ToolCall {
            id: format!("{tool}-{no}"),
            name: (*tool).to_owned(),
            arguments: json!({ "symbol": talk.ticker }),
        })
        .collect();
    if !missing.is_empty() {
        return Turn::Ask(missing);
    }
    Turn::Answer(match speaker.role {
        NodeRole::Quant
        | NodeRole::Market
        | NodeRole::Sentiment
        | NodeRole::News
        | NodeRole::Fundamentals => analysts::answer(speaker, talk),
        NodeRole::Bull | NodeRole::Bear => research::argue(speaker, talk),
        NodeRole::ResearchManager => research::judge(speaker, talk),
        NodeRole::Trader => trader::plan(speaker, talk),
        NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => {
            committee::argue(speaker, talk)
        }
        NodeRole::PortfolioManager => portfolio::decide(speaker, talk),
    })
}

/// What a role wants to read first.
fn wanted(role: NodeRole) -> &'static [&'static str] {
    match role {
        NodeRole::Market => &["indicators", "prices"],
        NodeRole::Sentiment | NodeRole::News => &["news"],
        NodeRole::Fundamentals => &["fundamentals", "actions"],
        NodeRole::Trader | NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => {
            &["indicators"]
        }
        _ => &[],
    }
}
