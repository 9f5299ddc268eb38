//! What the members of a room are asked, and how their answers are read.
//!
//! The words are files in `prompts/room/v1`, the forms of the answers JSON
//! schemas beside them. The system part of a prompt depends on member and turn
//! alone, so that providers can keep it; what changes from step to step follows
//! in the user part. Everything that somebody else wrote travels in an
//! envelope.

mod case;
mod read;
mod templates;

use fondaco_contract::v1alpha1::simulation::{RoomMember, RoomReport, ScoredCall, SimDate};
use fondaco_domain::ledger::Prices;
use fondaco_domain::{ContentHash, ErrorKind, Hint, Symbol};
use serde_json::Value;
use thiserror::Error;

use super::keys::Node;
use crate::analysis::prompts::Prompt;

pub(super) use read::OfTurn;

/// What a prompt is made of.
#[derive(Debug, Clone)]
pub(super) struct Inputs<'a> {
    pub(super) node: Node,
    pub(super) date: SimDate,
    pub(super) team: &'a str,
    /// Rounds of the conference.
    pub(super) cycles: u32,
    /// What may be traded.
    pub(super) symbols: &'a [Symbol],
    /// The opens, of what has one.
    pub(super) opens: &'a Prices,
    /// What there is, for those who look after it.
    pub(super) portfolio: &'a Value,
    /// What became of the member's own calls, the newest first.
    pub(super) lessons: Vec<&'a ScoredCall>,
    /// What was said, in the order of the plan.
    pub(super) heard: &'a [RoomReport],
}

/// Why there is no prompt.
#[derive(Debug, Error)]
pub enum PromptError {
    /// A turn that no model has.
    #[error("no model is asked for the day itself")]
    NoModel,
    /// A template does not render.
    #[error("cannot render the prompt of {}", .member.as_str())]
    Template {
        /// Whose.
        member: RoomMember,
        /// Why not.
        #[source]
        source: Box<minijinja::Error>,
    },
    /// The schema of a turn does not read.
    #[error("cannot read the schema `{name}`")]
    Schema {
        /// Which.
        name: &'static str,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
}

impl Hint for PromptError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Internal
    }
}

/// The question of a turn.
pub(super) fn prompt(inputs: &Inputs<'_>) -> Result<Prompt, PromptError> {
    let (Some(member), Some(turn)) = (inputs.node.member(), turn(inputs.node)) else {
        return Err(PromptError::NoModel);
    };
    let text = templates::schema(turn);
    let schema: Value =
        serde_json::from_str(text).map_err(|source| PromptError::Schema { name: turn, source })?;
    let failed = |source| PromptError::Template {
        member,
        source: Box::new(source),
    };
    Ok(Prompt {
        system: templates::system(member, turn, &schema).map_err(failed)?,
        user: case::render(inputs).map_err(failed)?,
        schema,
        tools: tools(inputs.node),
    })
}

/// The name of the files of a turn; nothing of the day itself.
fn turn(node: Node) -> Option<&'static str> {
    Some(match node {
        Node::Analysis(_) => "analysis",
        Node::Risk => "risk",
        Node::Speech(..) => "speech",
        Node::Summary => "summary",
        Node::Prediction(_) => "prediction",
        Node::Decision => "decision",
        Node::Day => return None,
    })
}

/// The tools of a turn. Who answers to others does so from what they said.
fn tools(node: Node) -> &'static [&'static str] {
    match node {
        Node::Analysis(RoomMember::FundamentalsAnalyst) => &["fundamentals", "actions", "math"],
        Node::Analysis(RoomMember::TechnicalAnalyst) => &["indicators", "prices", "math"],
        Node::Analysis(RoomMember::SentimentAnalyst) => &["news"],
        Node::Analysis(RoomMember::ValuationAnalyst) => &["fundamentals", "prices", "math"],
        Node::Risk => &["indicators", "math"],
        _ => &[],
    }
}

/// The hash of all words and forms: two runs with the same one were asked the
/// same way.
pub(super) fn hash() -> ContentHash {
    let parts = templates::all().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
    ContentHash::of_parts(parts)
}
