//! The questions of a day, made anew from what was said on it.

use fondaco_contract::v1alpha1::simulation::{
    AgentStyle, DaySession, MessageRole, SimulationJob, SimulationModel,
};

use super::super::prompts;
use super::{Said, request, tools_of};
use crate::ports::model::{Capabilities, Completion, ModelRequest};
use crate::tools::Toolbox;

/// What a model was asked on a day and answered, in order: each question as
/// the same program asks it.
pub(in crate::simulation) fn asked(
    job: &SimulationJob,
    model: &SimulationModel,
    style: &AgentStyle,
    session: &DaySession,
    tools: &Toolbox,
    can: Capabilities,
) -> Result<Vec<(ModelRequest, Completion)>, serde_json::Error> {
    let said = &session.conversation;
    let answers = said
        .iter()
        .enumerate()
        .filter_map(|(at, it)| Some((&said[..at], it.completion.as_ref()?)));
    answers
        .map(|(before, completion)| {
            let tools = if is_summary(before) {
                Vec::new()
            } else {
                tools_of(tools, job)
            };
            let completion = serde_json::from_value(completion.clone())?;
            Ok((request(model, style, before, tools, can), completion))
        })
        .collect()
}

/// Whether the last thing that was said is the question after the day.
fn is_summary(said: &[Said]) -> bool {
    said.last()
        .is_some_and(|last| last.role == MessageRole::User && last.text == prompts::summary())
}
