//! Runs as files: what the store says, told again in a folder per run.
//!
//! [`files`] and [`events`] say which bytes lie where, and nothing else decides
//! it: told as it happens ([`Follower`]) or told again from the beginning
//! ([`Projector::run`]), the tree is the same to the byte. The store is the
//! truth; nobody reads these files back.
//!
//! | file | holds |
//! | --- | --- |
//! | `BOOTSTRAP.md` | what the run was asked to be: YAML front matter, and the spec for people |
//! | `state/runtime_state.json` | where it stands |
//! | `state/server_state.json` | its portfolio and trades, as far as there are any |
//! | `team_dashboard/*.json` | the figures of a completed backtest, or of the first model of a simulation, as dashboards read them |
//! | `team_dashboard/<place>-<name>/*.json` | those of each model, where a simulation has several |
//! | `logs/events-<n>.jsonl` | what happened, [`CHUNK`] events to a file |

mod board;
mod bootstrap;
mod dashboard;
mod follow;
mod projector;
mod state;

use fondaco_contract::http::EventView;
use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_contract::v1alpha1::simulation::{ModelDay, SimulationJob, SimulationModel};
use fondaco_domain::run::{Recorded, Run};
use serde::Serialize;

pub(crate) use board::{Board, board};
pub use follow::{Follower, Pace, Teller, Told};
pub use projector::{Found, ProjectionError, Projector};

/// A file of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its place in the folder of the run.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// All that the files of a run are made of.
#[derive(Debug, Clone, Copy)]
pub struct Picture<'a> {
    /// As it stands.
    pub run: &'a Run,
    /// The canonical form of its spec.
    pub spec: &'a str,
    /// The last thing that happened.
    pub last: Option<&'a Recorded>,
    /// The result of a backtest that completed.
    pub result: Option<&'a BacktestResult>,
    /// What the models of a simulation did so far.
    pub simulated: Option<&'a Simulated>,
}

/// What the models of a simulation did so far.
#[derive(Debug, Clone)]
pub struct Simulated {
    /// What was asked for.
    pub job: SimulationJob,
    /// The days that each model completed, in order.
    pub days: Vec<Vec<ModelDay>>,
}

/// The files of a run but those of its events, in the order in which they are
/// to be written.
pub fn files(picture: Picture<'_>, with_dashboard: bool) -> Vec<File> {
    let dashboard = picture.result.map(dashboard::Dashboard::of);
    let teams = picture.simulated.map(teams).unwrap_or_default();
    let first = teams.first().and_then(|(_, team)| team.clone());
    let dashboard = dashboard.or(first);
    let mut files = vec![
        File {
            path: "BOOTSTRAP.md".to_owned(),
            bytes: bootstrap::text(picture.run, picture.spec).into_bytes(),
        },
        json(
            "state/server_state.json",
            &state::ServerState::of(picture, dashboard.as_ref()),
        ),
    ];
    if let Some(dashboard) = dashboard.filter(|_| with_dashboard) {
        files.extend(exported("team_dashboard", &dashboard));
    }
    if teams.len() > 1 && with_dashboard {
        let told = teams
            .iter()
            .filter_map(|(folder, team)| Some((folder, team.as_ref()?)));
        files.extend(told.flat_map(|(folder, team)| exported(folder, team)));
    }
    // The last one: who reads that the run has ended finds all the others.
    let state = state::RuntimeState::of(picture);
    files.push(json("state/runtime_state.json", &state));
    files
}

/// The dashboard of each model, and the folder it lies in where there are
/// several: `team_dashboard/0-gpt-5`, by its place in the job.
fn teams(simulated: &Simulated) -> Vec<(String, Option<dashboard::Dashboard>)> {
    let Simulated { job, days } = simulated;
    let models = job.models.iter().zip(days).enumerate();
    let team = |(place, (model, days)): (usize, (&SimulationModel, &Vec<ModelDay>))| {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let name = model.name.replace(|c| !plain(c), "_");
        let folder = format!("team_dashboard/{place}-{name}");
        (folder, dashboard::Dashboard::of_days(job, model, days))
    };
    models.map(team).collect()
}

fn exported(folder: &str, dashboard: &dashboard::Dashboard) -> Vec<File> {
    let path = |name: &str| format!("{folder}/{name}.json");
    let mut files = vec![
        json(&path("summary"), &dashboard.summary),
        json(&path("holdings"), &dashboard.holdings),
        json(&path("stats"), &dashboard.stats),
        json(&path("trades"), &dashboard.trades),
        json(&path("leaderboard"), &dashboard.leaderboard),
    ];
    if let Some(internal) = &dashboard.internal {
        files.push(json(&path("_internal_state"), internal));
    }
    files
}

/// Events of one file.
pub const CHUNK: u64 = 2_000;

/// The file that the event after `before` stands in, and the event before its
/// first.
pub fn chunk(before: u64) -> (u64, u64) {
    let number = before / CHUNK;
    (number, number * CHUNK)
}

/// A file of events, a line each: all of a chunk, or those there are so far.
pub fn events(number: u64, events: &[Recorded]) -> File {
    let mut bytes = Vec::new();
    for event in events {
        // Texts and numbers always serialise.
        let _ = serde_json::to_writer(&mut bytes, &EventView::from(event));
        bytes.push(b'\n');
    }
    File {
        path: format!("logs/events-{:05}.jsonl", number + 1),
        bytes,
    }
}

fn json(path: &str, document: &impl Serialize) -> File {
    // Structs with text keys always serialise.
    let mut bytes = serde_json::to_vec_pretty(document).unwrap_or_default();
    bytes.push(b'\n');
    File {
        path: path.to_owned(),
        bytes,
    }
}

#[cfg(test)]
mod tests;
