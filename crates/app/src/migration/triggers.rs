//! Five things that must not happen: each rolls the migration back.
//!
//! [`judge`] looks at observations and at nothing else;
//! [`Migration::look_over`](super::Migration::look_over) makes them.

use std::fmt;

use fondaco_domain::UnixMicros;
use serde::{Deserialize, Serialize};

use super::Sockets;
use super::legacy::{LegacyStatus, LegacyTask};
use super::parity::GRACE;
use super::sockets::Watched;

/// Something that must not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The status of a task has disappeared.
    StatusDisappeared,
    /// Clients of sockets hear no progress any more.
    ProgressStopped,
    /// A completed analysis has lost its decision or its confidence.
    DecisionLost,
    /// A lane that is missing is shown as there, or one that is there as
    /// missing.
    LaneReclassified,
    /// A report, contract or recommendation of before cannot be found.
    ArtifactsMissing,
}

impl Trigger {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::StatusDisappeared,
        Self::ProgressStopped,
        Self::DecisionLost,
        Self::LaneReclassified,
        Self::ArtifactsMissing,
    ];

    /// The name in output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StatusDisappeared => "status_disappeared",
            Self::ProgressStopped => "progress_stopped",
            Self::DecisionLost => "decision_lost",
            Self::LaneReclassified => "lane_reclassified",
            Self::ArtifactsMissing => "artifacts_missing",
        }
    }

    /// What it means, for people.
    pub fn doc(self) -> &'static str {
        match self {
            Self::StatusDisappeared => "the status of a task cannot be found any more",
            Self::ProgressStopped => "clients do not hear of progress",
            Self::DecisionLost => "a completed analysis is shown without decision or confidence",
            Self::LaneReclassified => "a missing lane is shown as there, or the other way round",
            Self::ArtifactsMissing => "a report, contract or recommendation cannot be found",
        }
    }
}

/// A trigger that fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Which.
    pub trigger: Trigger,
    /// How many tasks are concerned.
    pub count: usize,
    /// The first of them, by name.
    pub tasks: Vec<String>,
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, tasks) = (self.trigger.as_str(), self.tasks.join(", "));
        let more = self.count - self.tasks.len();
        write!(f, "{name}: {tasks}")?;
        if more > 0 {
            write!(f, " and {more} more")?;
        }
        Ok(())
    }
}

/// Tasks that an alarm names.
const NAMED: usize = 5;

/// What was seen.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Observations {
    /// When.
    pub at: UnixMicros,
    /// Whether the legacy files are written.
    pub writes_legacy: bool,
    /// Every task that either store knows, as far as was looked.
    pub tasks: Vec<TaskSeen>,
    /// What sockets of this process are to send: the task, and when it last
    /// changed.
    pub sockets: Vec<(Watched, UnixMicros)>,
}

/// A task, as it is and as it is shown.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskSeen {
    /// Its name.
    pub task: String,
    /// When it last changed; nothing where only the legacy files know it.
    pub changed: Option<UnixMicros>,
    /// Whether there is a file of its state that can be read.
    pub filed: bool,
    /// As its result has it; nothing where only the legacy files know it.
    pub truth: Option<Face>,
    /// As the routes show it; nothing where they cannot.
    pub shown: Option<Face>,
    /// What belongs to it and was not found.
    pub missing: Vec<&'static str>,
}

/// What counts of a task.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    /// Where it stands.
    pub status: LegacyStatus,
    /// How far it is.
    pub progress: u8,
    /// What was decided.
    pub decision: Option<String>,
    /// How sure.
    pub confidence: Option<f64>,
    /// The quant lane's rating; nothing where it is missing.
    pub quant: Option<String>,
    /// The llm lane's.
    pub llm: Option<String>,
}

impl From<&LegacyTask> for Face {
    fn from(task: &LegacyTask) -> Self {
        Self {
            status: task.status,
            progress: task.progress,
            decision: task.decision.clone(),
            confidence: task.confidence,
            quant: task.quant_signal.clone(),
            llm: task.llm_signal.clone(),
        }
    }
}

/// The triggers that fire, in their order.
pub fn judge(seen: &Observations) -> Vec<Alarm> {
    let alarm = |trigger: Trigger| {
        let mut tasks: Vec<String> = seen
            .tasks
            .iter()
            .filter(|task| fires(trigger, task, seen))
            .map(|task| task.task.clone())
            .collect();
        if trigger == Trigger::ProgressStopped {
            tasks.extend(unheard(seen));
        }
        tasks.sort();
        tasks.dedup();
        let count = tasks.len();
        tasks.truncate(NAMED);
        (count > 0).then_some(Alarm {
            trigger,
            count,
            tasks,
        })
    };
    Trigger::ALL.into_iter().filter_map(alarm).collect()
}

fn fires(trigger: Trigger, task: &TaskSeen, seen: &Observations) -> bool {
    let is_old = task.changed.is_some_and(|at| seen.at.0 - at.0 >= GRACE);
    let faces = task.truth.as_ref().zip(task.shown.as_ref());
    match trigger {
        Trigger::StatusDisappeared => {
            let unwritten = seen.writes_legacy && !task.filed && is_old;
            task.shown.is_none() || unwritten
        }
        Trigger::ProgressStopped => faces.is_some_and(|(truth, shown)| {
            let behind = shown.progress < truth.progress
                || truth.status.is_final() && !shown.status.is_final();
            behind && is_old
        }),
        Trigger::DecisionLost => faces.is_some_and(|(truth, shown)| {
            let is_over = truth.status.is_success() && shown.status.is_final();
            let lost = shown.decision.is_none() || shown.confidence.is_none();
            is_over && (lost || shown.decision != truth.decision)
        }),
        Trigger::LaneReclassified => faces.is_some_and(|(truth, shown)| {
            let is_over = truth.status.is_success() && shown.status.is_final();
            let lanes = truth.quant != shown.quant || truth.llm != shown.llm;
            is_over && (lanes || truth.status != shown.status)
        }),
        Trigger::ArtifactsMissing => !task.missing.is_empty(),
    }
}

/// Tasks that changed a while ago, and whose clients were sent nothing since.
fn unheard(seen: &Observations) -> impl Iterator<Item = String> {
    let silent = |(watched, changed): &&(Watched, UnixMicros)| {
        watched.clients > 0 && changed.0 > watched.sent.0 && seen.at.0 - changed.0 >= GRACE
    };
    let silent = seen.sockets.iter().filter(silent);
    silent.map(|(watched, _)| watched.task.clone())
}

impl Sockets {
    /// What is watched, each with when it last changed.
    pub(super) fn observed(
        &self,
        changed: impl Fn(&str) -> Option<UnixMicros>,
    ) -> Vec<(Watched, UnixMicros)> {
        let watched = self.watched().into_iter();
        watched
            .filter_map(|watched| {
                let at = changed(&watched.task)?;
                Some((watched, at))
            })
            .collect()
    }
}
