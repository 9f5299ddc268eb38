//! How the answers of the roles of an analysis are read.

use fondaco_contract::v1alpha1::analysis::{NodeAnswer, NodeOutcome, NodeRole};
use fondaco_domain::signal::{ReasonCode, explicit_rating};
use serde_json::Value;

use super::ask::Reader;
use super::prompts;

/// As its role answers.
pub(super) struct OfRole(pub(super) NodeRole);

impl Reader for OfRole {
    type Answer = NodeOutcome;

    fn read(&self, document: &Value) -> Result<NodeOutcome, String> {
        prompts::read(self.0, document)
    }

    /// The rating that stands on a line of its own is one; nothing else in
    /// free text is.
    fn plain(&self, text: &str) -> Option<NodeOutcome> {
        let rating = explicit_rating(text).filter(|_| self.is_manager())?;
        let (direction, confidence) = rating.meaning();
        Some(NodeOutcome::Answered(NodeAnswer {
            text: text.trim().to_owned(),
            points: Vec::new(),
            direction: Some(direction),
            confidence: Some(confidence),
            rating: Some(rating),
            document: Value::Null,
        }))
    }

    /// Nothing that the portfolio manager says counts unless it can be read.
    fn lane(&self) -> Option<ReasonCode> {
        self.is_manager().then_some(ReasonCode::LlmUnknownRating)
    }
}

impl OfRole {
    fn is_manager(&self) -> bool {
        self.0 == NodeRole::PortfolioManager
    }
}
