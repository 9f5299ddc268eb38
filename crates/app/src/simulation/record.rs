//! What models were asked in a simulation and answered: enough to do it once
//! more without asking them.
//!
//! The questions of a single agent are made anew from the documents of its
//! days; those of a room are in the reports of its turns. A day without a
//! document has no answers of an agent, and fails again when it is replayed.

use fondaco_contract::v1alpha1::simulation::{ModelDay, RoomReport, SimulationJob, Style};
use fondaco_domain::task::{Task, TaskState};
use fondaco_domain::{ErrorKind, Hint, RunId};
use thiserror::Error;

use super::plan::{PRICES, split};
use super::shown::{ShowError, Simulations};
use super::{agent, prompts};
use crate::ports::model::{Completion, ModelError, ModelRequest, Models};
use crate::ports::runs::TaskQuery;
use crate::runs::whole;
use crate::tools::Toolbox;

/// A question that was answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// Who asked: the key of its task.
    pub node: String,
    /// The how manyth question of it, from 0.
    pub ordinal: u32,
    /// The question.
    pub request: ModelRequest,
    /// The answer.
    pub completion: Completion,
}

/// Why a simulation cannot be recorded.
#[derive(Debug, Error)]
pub enum RecordError {
    /// It cannot be shown.
    #[error(transparent)]
    Show(#[from] ShowError),
    /// Another program asked: its questions are not those of this one.
    #[error("the run was asked with the prompts {accepted}; this program has {own}")]
    Prompts {
        /// The hash it was accepted with.
        accepted: String,
        /// That of this program.
        own: String,
    },
    /// It is not known how a model is asked.
    #[error("it is not known how `{model}` is asked")]
    Model {
        /// `provider/model`.
        model: String,
        /// Why not.
        #[source]
        source: ModelError,
    },
    /// A question or an answer does not read.
    #[error("what was said in `{node}` does not read")]
    Said {
        /// In which task.
        node: String,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A document names a model that the run does not have.
    #[error("`{0}` is of no model of the run")]
    NoModel(String),
    /// An answer cannot be kept.
    #[error("an answer cannot be recorded")]
    Keep(#[source] ModelError),
}

impl Hint for RecordError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Show(error) => error.kind(),
            Self::Prompts { .. } => ErrorKind::Invalid,
            Self::Model { source, .. } | Self::Keep(source) => source.kind(),
            Self::Said { .. } | Self::NoModel(_) => ErrorKind::Corrupt,
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Show(error) => error.hint(),
            Self::Prompts { .. } => {
                Some("record it with the version of the program that ran it".to_owned())
            }
            Self::Model { source, .. } | Self::Keep(source) => source.hint(),
            Self::Said { .. } | Self::NoModel(_) => None,
        }
    }
}

/// Tasks that are read together.
const PAGE: usize = 100;

/// With what questions are made anew.
#[derive(Clone, Copy)]
pub struct Recorder<'a> {
    /// The runs.
    pub simulations: Simulations<'a>,
    /// What models can do: a question has nothing that its model cannot.
    pub models: &'a dyn Models,
    /// What they may call, beside what trades.
    pub tools: &'a Toolbox,
}

impl Recorder<'_> {
    /// Gives away every answer of a run, task after task in the order of the
    /// plan.
    pub fn each(
        &self,
        run: RunId,
        keep: &mut dyn FnMut(Answered) -> Result<(), ModelError>,
    ) -> Result<(), RecordError> {
        let job = self.simulations.show(run)?.job;
        let own = prompts::hash().to_string();
        if let Some(accepted) = job.prompts.clone().filter(|accepted| *accepted != own) {
            return Err(RecordError::Prompts { accepted, own });
        }
        let store = self.simulations.runs.store;
        let mut query = TaskQuery {
            states: vec![TaskState::Completed],
            limit: Some(PAGE),
            ..TaskQuery::default()
        };
        loop {
            let tasks = store.tasks(run, &query).map_err(ShowError::from)?;
            for task in &tasks {
                for answered in self.answered(&job, task)? {
                    keep(answered).map_err(RecordError::Keep)?;
                }
            }
            if tasks.len() < PAGE {
                return Ok(());
            }
            query.after = tasks.last().map(|task| task.no);
        }
    }

    fn answered(&self, job: &SimulationJob, task: &Task) -> Result<Vec<Answered>, RecordError> {
        let node = &task.plan.key;
        let Some(output) = task.output.as_deref().filter(|_| node != PRICES) else {
            return Ok(Vec::new());
        };
        let output = whole(self.simulations.runs.store, output).map_err(ShowError::from)?;
        let said = |source| RecordError::Said {
            node: node.clone(),
            source,
        };
        match (&job.style, split(node)) {
            (Style::Agent(style), Some((_, name))) => {
                let day: ModelDay = serde_json::from_str(&output).map_err(said)?;
                let model = job.models.iter().find(|model| model.name == name);
                let model = model.ok_or_else(|| RecordError::NoModel(node.clone()))?;
                let can = self.models.capabilities(&model.model);
                let can = can.map_err(|source| RecordError::Model {
                    model: model.model.clone(),
                    source,
                })?;
                let asked = agent::asked(job, model, style, &day.session, self.tools, can);
                let asked = asked.map_err(said)?.into_iter().zip(0..);
                let answered = asked.map(|((request, completion), ordinal)| Answered {
                    node: node.clone(),
                    ordinal,
                    request,
                    completion,
                });
                Ok(answered.collect())
            }
            (Style::Room(_), None) => of_turn(&output).map_err(said),
            // The day of a room asks nobody.
            _ => Ok(Vec::new()),
        }
    }
}

/// The answers that a turn of a room got.
fn of_turn(output: &str) -> Result<Vec<Answered>, serde_json::Error> {
    let report: RoomReport = serde_json::from_str(output)?;
    let calls = report.calls.into_iter();
    let answered = calls.filter_map(|call| Some((call.ordinal, call.request, call.completion?)));
    answered
        .map(|(ordinal, request, completion)| {
            Ok(Answered {
                node: report.node.clone(),
                ordinal,
                request: serde_json::from_value(request)?,
                completion: serde_json::from_value(completion)?,
            })
        })
        .collect()
}
