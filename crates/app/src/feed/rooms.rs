//! What happens in rooms, made of what happens to their tasks.
//!
//! Each frame follows from one event of a run, from the outputs that were
//! committed before it and from nothing else, so that every gateway tells the
//! same however often it is asked. Nothing here is in the way of a run: it is
//! read from the store by whoever follows the feed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use fondaco_contract::gateway::{RoomEvent, RoomFrame};
use fondaco_contract::v1alpha1::simulation::{
    CallResult, ModelDay, RoomMember, RoomReport, ScoredCall, SimDate, SimulationJob, Style,
};
use fondaco_domain::RunId;
use fondaco_domain::run::{Event, Recorded, Run, RunKind};
use fondaco_domain::task::{TaskNo, TaskState};

use super::hub::lock;
use crate::ports::Store;
use crate::ports::plan::Planner;
use crate::ports::runs::{RunStoreError, TaskQuery};
use crate::projections::{Board, board};
use crate::runs::whole;
use crate::simulation::job;
use crate::simulation::plan::SimulationPlanner;
use crate::simulation::room::keys::{Node, SPEAKERS, split};
use crate::simulation::room::{content, title};

/// The rooms that were seen.
#[derive(Default)]
pub(super) struct Rooms {
    plans: Mutex<BTreeMap<RunId, Option<Arc<Room>>>>,
    days: Mutex<BTreeMap<(RunId, usize), Vec<ModelDay>>>,
}

/// Plans, and days of teams, that are remembered at most.
const KEPT: usize = 32;

/// A run of rooms.
pub(super) struct Room {
    run: RunId,
    pub(super) job: SimulationJob,
    cycles: u32,
    /// By task: step, place of the team, and turn.
    turns: Vec<Option<(SimDate, usize, Node)>>,
}

/// How much is told of a day that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Boards {
    /// With how the team stands.
    Whole,
    /// What was said, and that it is over.
    Words,
}

impl Rooms {
    /// What an event means for the room that it happens in; nothing of other
    /// runs.
    pub(super) fn frames(
        &self,
        store: &dyn Store,
        run: RunId,
        event: &Recorded,
        boards: Boards,
    ) -> Result<Vec<RoomFrame>, RunStoreError> {
        let begins = matches!(event.event, Event::RunStarted);
        if !begins && !event.event.ends_task() {
            return Ok(Vec::new());
        }
        let Some(room) = self.room(store, run)? else {
            return Ok(Vec::new());
        };
        if begins {
            let first = (0..room.job.models.len()).filter_map(|team| room.next(team, None));
            return Ok(first.collect());
        }
        let turn = event.event.task().and_then(|task| room.turn(task));
        let Some((date, team, node)) = turn else {
            return Ok(Vec::new());
        };
        let told = match (node, &event.event) {
            (Node::Day, Event::TaskCompleted { output, .. }) => {
                self.completed(store, &room, (date, team), output.as_deref(), boards)?
            }
            (Node::Day, ended) => not_completed(date, ended),
            (_, Event::TaskCompleted { output, .. }) => {
                let report = read::<RoomReport>(store, output.as_deref())?;
                let said = report.map(|report| said(date, node, &report));
                said.into_iter().chain(room.after((date, node))).collect()
            }
            // Who has not spoken has had the turn all the same.
            _ => room.after((date, node)),
        };
        let mut frames: Vec<RoomFrame> = told
            .into_iter()
            .map(|event| room.frame(team, event))
            .collect();
        let cancelled = matches!(event.event, Event::TaskCancelled { .. });
        if node == Node::Day && !cancelled {
            frames.extend(room.next(team, Some(date)));
        }
        Ok(frames)
    }

    /// The room of a run; nothing of a run without one.
    pub(super) fn room(
        &self,
        store: &dyn Store,
        run: RunId,
    ) -> Result<Option<Arc<Room>>, RunStoreError> {
        if let Some(known) = lock(&self.plans).get(&run) {
            return Ok(known.clone());
        }
        let room = match store.run(run) {
            Ok(found) => Room::of(store, &found)?,
            Err(RunStoreError::NoRun(_)) => None,
            Err(error) => return Err(error),
        };
        let room = room.map(Arc::new);
        let mut plans = lock(&self.plans);
        if plans.len() >= KEPT {
            plans.clear();
        }
        plans.insert(run, room.clone());
        Ok(room)
    }

    fn completed(
        &self,
        store: &dyn Store,
        room: &Room,
        (date, team): (SimDate, usize),
        output: Option<&str>,
        boards: Boards,
    ) -> Result<Vec<RoomEvent>, RunStoreError> {
        let Some(day) = read::<ModelDay>(store, output)? else {
            return Ok(Vec::new());
        };
        let mut told = memories(&day);
        if boards == Boards::Whole {
            let days = self.days(store, room, team, &day)?;
            let board = board(&room.job, &room.job.models[team], &days);
            told.extend(board.into_iter().flat_map(stands));
        }
        told.push(RoomEvent::DayComplete {
            date: date.to_string(),
            progress: room.progress(date, 1),
        });
        Ok(told)
    }

    /// The days of a team up to one: those before it are remembered, where the
    /// one before it was the last that was asked for.
    fn days(
        &self,
        store: &dyn Store,
        room: &Room,
        team: usize,
        day: &ModelDay,
    ) -> Result<Vec<ModelDay>, RunStoreError> {
        let key = (room.run, team);
        let known = lock(&self.days).remove(&key);
        let follows = |days: &Vec<ModelDay>| days.last().map(|last| last.date) == day.after;
        let mut days = match known.filter(|days| day.after.is_some() && follows(days)) {
            Some(days) => days,
            None => room.days(store, team, Some(day.date))?,
        };
        days.push(without_words(day.clone()));
        let mut kept = lock(&self.days);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.insert(key, days.clone());
        Ok(days)
    }
}

impl Room {
    fn of(store: &dyn Store, run: &Run) -> Result<Option<Self>, RunStoreError> {
        if run.new.kind != RunKind::Simulation {
            return Ok(None);
        }
        let spec = match store.spec(&run.new.spec) {
            Ok(spec) => spec,
            Err(RunStoreError::NoBody(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        // A document of a newer program has no rooms that this one can tell of.
        let Ok(job) = job::parse(&spec) else {
            return Ok(None);
        };
        let Style::Room(style) = &job.style else {
            return Ok(None);
        };
        let Ok(tasks) = SimulationPlanner.tasks(&spec) else {
            return Ok(None);
        };
        let turn = |key: &str| {
            let (date, team, node) = split(key)?;
            let place = job.models.iter().position(|model| model.name == team)?;
            Some((date, place, node))
        };
        Ok(Some(Self {
            run: run.id,
            cycles: style.cycles,
            // What is skipped from the beginning has no turn.
            turns: tasks
                .map(|task| turn(&task.key).filter(|_| task.skip.is_none()))
                .collect(),
            job,
        }))
    }

    /// How a team stands after its last completed day; nothing before its
    /// first.
    pub(super) fn board(
        &self,
        store: &dyn Store,
        team: usize,
    ) -> Result<Option<Board>, RunStoreError> {
        let days = self.days(store, team, None)?;
        let model = self.job.models.get(team);
        Ok(model.and_then(|model| board(&self.job, model, &days)))
    }

    fn turn(&self, task: TaskNo) -> Option<(SimDate, usize, Node)> {
        self.turns.get(task.0 as usize).copied().flatten()
    }

    fn frame(&self, team: usize, event: RoomEvent) -> RoomFrame {
        let model = self.job.models.get(team);
        RoomFrame {
            event,
            run_id: self.run.to_string(),
            team: model.map(|model| model.name.clone()).unwrap_or_default(),
        }
    }

    /// The beginning of the step of a team that comes after another one.
    fn next(&self, team: usize, after: Option<SimDate>) -> Option<RoomFrame> {
        let mut steps = self.turns.iter().flatten().filter(|(date, of, node)| {
            *of == team && *node == Node::Day && after.is_none_or(|after| *date > after)
        });
        let (date, ..) = steps.next()?;
        Some(self.frame(
            team,
            RoomEvent::DayStart {
                date: date.to_string(),
                progress: self.progress(*date, 0),
            },
        ))
    }

    /// Steps before a date, and so many more, of all.
    fn progress(&self, date: SimDate, more: usize) -> f64 {
        let before = self.job.dates.partition_point(|other| *other < date);
        (before + more) as f64 / self.job.dates.len().max(1) as f64
    }

    /// What begins and ends with the end of a turn.
    fn after(&self, (date, node): (SimDate, Node)) -> Vec<RoomEvent> {
        let begins = |cycle| RoomEvent::ConferenceCycleStart {
            cycle,
            total_cycles: self.cycles,
        };
        let last = SPEAKERS[SPEAKERS.len() - 1];
        match node {
            Node::Risk if self.cycles > 0 => vec![
                RoomEvent::ConferenceStart {
                    title: title(date),
                    date: date.to_string(),
                },
                begins(1),
            ],
            Node::Speech(cycle, member) if member == last => {
                let ends = RoomEvent::ConferenceCycleEnd { cycle };
                let next = (cycle < self.cycles).then(|| begins(cycle + 1));
                [ends].into_iter().chain(next).collect()
            }
            Node::Summary => vec![RoomEvent::ConferenceEnd {
                date: date.to_string(),
            }],
            _ => Vec::new(),
        }
    }

    /// The days that a team completed, before one where it is given.
    fn days(
        &self,
        store: &dyn Store,
        team: usize,
        before: Option<SimDate>,
    ) -> Result<Vec<ModelDay>, RunStoreError> {
        let completed = TaskQuery {
            states: vec![TaskState::Completed],
            ..TaskQuery::default()
        };
        let mut days = Vec::new();
        for task in store.tasks(self.run, &completed)? {
            let is_one = self.turn(task.no).is_some_and(|(date, of, node)| {
                of == team && node == Node::Day && before.is_none_or(|before| date < before)
            });
            if is_one && let Some(day) = read::<ModelDay>(store, task.output.as_deref())? {
                days.push(without_words(day));
            }
        }
        Ok(days)
    }
}

/// Why a day came to no end; nothing where somebody wanted none.
fn not_completed(date: SimDate, ended: &Event) -> Vec<RoomEvent> {
    let content = match ended {
        Event::TaskFailed { error, .. } => error.clone(),
        Event::TaskSkipped { reason, .. } => reason.text().to_owned(),
        _ => return Vec::new(),
    };
    vec![RoomEvent::DayError {
        date: date.to_string(),
        content,
    }]
}

/// What was said is told as it is said.
fn without_words(mut day: ModelDay) -> ModelDay {
    day.session.conversation.clear();
    day.session.read.clear();
    day
}

/// An output, where there is one in a form that this program knows.
fn read<T: serde::de::DeserializeOwned>(
    store: &dyn Store,
    output: Option<&str>,
) -> Result<Option<T>, RunStoreError> {
    let Some(output) = output else {
        return Ok(None);
    };
    match whole(store, output) {
        Ok(text) => Ok(serde_json::from_str(&text).ok()),
        Err(RunStoreError::NoBody(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn said(date: SimDate, node: Node, report: &RoomReport) -> RoomEvent {
    let (agent_id, content) = (report.member.as_str().to_owned(), content(report));
    match node {
        Node::Speech(..) | Node::Summary => RoomEvent::ConferenceMessage { agent_id, content },
        _ => RoomEvent::AgentMessage {
            agent_id,
            content,
            ts: date.open().0,
        },
    }
}

/// What each member is told of its calls.
fn memories(day: &ModelDay) -> Vec<RoomEvent> {
    let scored = day.room.iter().flat_map(|room| &room.scored);
    let mut of: BTreeMap<RoomMember, Vec<String>> = BTreeMap::new();
    for call in scored {
        of.entry(call.member).or_default().push(outcome(call));
    }
    let memory = |(member, calls): (RoomMember, Vec<String>)| RoomEvent::Memory {
        agent_id: member.as_str().to_owned(),
        content: calls.join("\n"),
        ts: day.date.open().0,
    };
    of.into_iter().map(memory).collect()
}

fn outcome(call: &ScoredCall) -> String {
    let result = match call.result {
        CallResult::Right => "right",
        CallResult::Wrong => "wrong",
        CallResult::Unknown => "not known",
    };
    let moved = match call.change_pct {
        Some(change) => format!("{change:+.2} %"),
        None => "no price".to_owned(),
    };
    let (outlook, sure) = (call.outlook.as_str(), call.confidence);
    format!(
        "{} {} {outlook} ({sure} %): {result}, {moved}",
        call.date, call.ticker
    )
}

/// How a team stands.
fn stands(board: Board) -> [RoomEvent; 5] {
    let Board { files, summary, .. } = board;
    [
        RoomEvent::TeamHoldings {
            data: files.holdings,
        },
        RoomEvent::TeamTrades { data: files.trades },
        RoomEvent::TeamStats { data: files.stats },
        RoomEvent::TeamLeaderboard {
            data: files.leaderboard,
        },
        RoomEvent::TeamSummary(summary),
    ]
}
