//! What each role is asked, and how its answer is read.
//!
//! The words are files in `prompts/analysis/v1`, the forms of the answers JSON
//! schemas beside them. The system part of a prompt depends on the role alone,
//! so that providers can keep it; what changes from case to case follows in the
//! user part. Everything that somebody else wrote travels in an [`envelope`].

mod case;
pub mod envelope;
mod read;
mod templates;
#[cfg(test)]
mod tests;

use fondaco_contract::v1alpha1::analysis::{
    AnalysisItem, NodeReport, NodeRole, PeerContext, PortfolioContext,
};
use fondaco_domain::{ContentHash, ErrorKind, Hint};
use serde_json::Value;
use thiserror::Error;

pub use read::read;

/// What a prompt is made of.
#[derive(Debug, Clone, Copy)]
pub struct Inputs<'a> {
    /// The instrument and the day.
    pub item: &'a AnalysisItem,
    /// The round of a debate, from 1; 1 for roles that speak once.
    pub round: u32,
    /// What was said of the item so far, in the order of the plan. Each role
    /// hears those that are for it; the rest is left out here.
    pub earlier: &'a [NodeReport],
    /// What is held; none where it is not known.
    pub portfolio: Option<&'a PortfolioContext>,
    /// What was thought of others; none where it is not asked.
    pub peers: Option<&'a PeerContext>,
    /// The short variant, for a probe of the provider.
    pub compact: bool,
}

/// A question to a role.
#[derive(Debug, Clone, PartialEq)]
pub struct Prompt {
    /// The stable part: nothing of instrument or day.
    pub system: String,
    /// The case.
    pub user: String,
    /// The JSON Schema of the answer.
    pub schema: Value,
    /// Names of the tools that the role may call.
    pub tools: &'static [&'static str],
}

/// Why there is no prompt.
#[derive(Debug, Error)]
pub enum PromptError {
    /// A role that no model plays.
    #[error("the role {} is not asked of a model", .0.as_str())]
    NoModel(NodeRole),
    /// A template does not render.
    #[error("cannot render the prompt of {}", .role.as_str())]
    Template {
        /// Whose.
        role: NodeRole,
        /// Why not.
        #[source]
        source: Box<minijinja::Error>,
    },
    /// The schema of a role does not read.
    #[error("cannot read the schema of {}", .role.as_str())]
    Schema {
        /// Whose.
        role: NodeRole,
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

/// The question to a role.
pub fn prompt(role: NodeRole, inputs: &Inputs<'_>) -> Result<Prompt, PromptError> {
    let text = templates::schema(role).ok_or(PromptError::NoModel(role))?;
    let schema: Value =
        serde_json::from_str(text).map_err(|source| PromptError::Schema { role, source })?;
    let failed = |source| PromptError::Template {
        role,
        source: Box::new(source),
    };
    Ok(Prompt {
        system: templates::system(role, &schema, inputs.compact).map_err(failed)?,
        user: case::render(role, inputs).map_err(failed)?,
        schema,
        tools: tools(role),
    })
}

/// The tools that a role may call. Who argues does so from the reports.
fn tools(role: NodeRole) -> &'static [&'static str] {
    match role {
        NodeRole::Market => &["indicators", "prices", "math"],
        NodeRole::Sentiment | NodeRole::News => &["news"],
        NodeRole::Fundamentals => &["fundamentals", "actions", "math"],
        NodeRole::Trader | NodeRole::Aggressive | NodeRole::Conservative | NodeRole::Neutral => {
            &["indicators", "math"]
        }
        NodeRole::Quant
        | NodeRole::Bull
        | NodeRole::Bear
        | NodeRole::ResearchManager
        | NodeRole::PortfolioManager => &[],
    }
}

/// The hash of all words and forms: two runs with the same one were asked the
/// same way.
pub fn hash() -> ContentHash {
    let parts = templates::all().flat_map(|(name, text)| [name.as_bytes(), text.as_bytes()]);
    ContentHash::of_parts(parts)
}

/// A document with every property of its form that may be `null`, and that was
/// left out, as `null`: models that are not held to a schema leave them out.
#[must_use]
pub fn completed(schema: &Value, mut document: Value) -> Value {
    let properties = schema["properties"].as_object();
    if let (Some(document), Some(properties)) = (document.as_object_mut(), properties) {
        let nullable = |form: &Value| {
            let types = form["type"].as_array();
            types.is_some_and(|types| types.iter().any(|name| name == "null"))
        };
        for (name, _) in properties.iter().filter(|(_, form)| nullable(form)) {
            document.entry(name.as_str()).or_insert(Value::Null);
        }
    }
    document
}
