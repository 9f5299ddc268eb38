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
//! | `team_dashboard/*.json` | the figures of a completed backtest, as dashboards read them |
//! | `logs/events-<n>.jsonl` | what happened, [`CHUNK`] events to a file |

mod bootstrap;
mod dashboard;
mod follow;
mod projector;
mod state;

use fondaco_contract::http::EventView;
use fondaco_contract::v1alpha1::BacktestResult;
use fondaco_domain::run::{Recorded, Run};
use serde::Serialize;

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
}

/// The files of a run but those of its events, in the order in which they are
/// to be written.
pub fn files(picture: Picture<'_>, with_dashboard: bool) -> Vec<File> {
    let dashboard = picture.result.map(dashboard::Dashboard::of);
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
        files.extend([
            json("team_dashboard/summary.json", &dashboard.summary),
            json("team_dashboard/holdings.json", &dashboard.holdings),
            json("team_dashboard/stats.json", &dashboard.stats),
            json("team_dashboard/trades.json", &dashboard.trades),
            json("team_dashboard/leaderboard.json", &dashboard.leaderboard),
        ]);
    }
    // The last one: who reads that the run has ended finds all the others.
    let state = state::RuntimeState::of(picture);
    files.push(json("state/runtime_state.json", &state));
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
