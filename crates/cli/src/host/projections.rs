//! Runs told in files while the process lives: those of runs, and the legacy
//! ones of analyses.

use std::fs::{File, TryLockError};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use fondaco_app::migration::{LegacyTeller, Migration};
use fondaco_app::ports::runs::RunStoreError;
use fondaco_app::projections::{Follower, Pace, ProjectionError, Projector, Teller};
use fondaco_app::runner::Bell;
use fondaco_domain::Hint;
use fondaco_store::ProjectedRuns;
use tracing::warn;

use super::Client;
use super::works::spawn;
use crate::commands::backtest::results;
use crate::context::Context;
use crate::errors::{Failure, in_words};
use crate::settings::{Settings, without_password};

/// What tells runs in files below the home; of the store at this address.
pub(crate) fn projector(
    client: &Client,
    context: &Context,
    address: &str,
    with_dashboard: bool,
) -> Projector {
    let place = without_password(address);
    Projector {
        store: Arc::clone(&client.opened.store),
        results: Arc::new(results(context)),
        files: Arc::new(ProjectedRuns::below(context.home(), place)),
        with_dashboard,
    }
}

/// Tells runs in files until it is dropped. Of several processes of a home one
/// does so, and another goes on when that one is gone.
pub(crate) struct Projecting {
    stop: Arc<Stop>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    told: AtomicBool,
    bell: Bell,
}

/// The file that the one who tells holds locked.
const LOCK: &str = ".telling";

/// Between two looks whether nobody else tells.
const TURN: Duration = Duration::from_secs(5);

/// Between two looks at both stores of analyses.
const LOOK: Duration = Duration::from_mins(5);

/// Who looks.
const ACTOR: &str = "migration";

/// After a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

impl Projecting {
    /// Begins.
    pub(crate) fn start(
        client: &Client,
        context: &Context,
        settings: &Settings,
    ) -> Result<Self, Failure> {
        let exports = settings.compat.dashboard_exports.value;
        let follower = Follower::new(
            projector(client, context, &settings.store.value, exports),
            client.machine.clone(),
            Pace::default(),
        );
        let lock = context.home().join("runs").join(LOCK);
        Self::begin(lock, follower, || ())
    }

    /// Begins to write the legacy files of analyses, and to look now and then
    /// for what must not happen to them.
    pub(crate) fn start_legacy(
        client: &Client,
        migration: &Arc<Migration>,
    ) -> Result<Self, Failure> {
        let teller = LegacyTeller(Arc::clone(migration));
        let follower = Follower::new(teller, client.machine.clone(), Pace::default());
        let lock = PathBuf::from(migration.place()).join(LOCK);
        let migration = Arc::clone(migration);
        let mut looked: Option<Instant> = None;
        Self::begin(lock, follower, move || {
            if looked.is_none_or(|looked| looked.elapsed() >= LOOK) {
                looked = Some(Instant::now());
                if let Err(error) = migration.watch(ACTOR) {
                    let (why, kind) = (in_words(&error), error.kind().as_str());
                    warn!(name: "migration_unwatched", kind, "the stores of analyses cannot be compared: {why}");
                }
            }
        })
    }

    fn begin<T: Teller + Send + 'static>(
        lock: PathBuf,
        follower: Follower<T>,
        beside: impl FnMut() + Send + 'static,
    ) -> Result<Self, Failure> {
        let stop = Arc::new(Stop::default());
        let told = Arc::clone(&stop);
        let thread = spawn("projections", move || {
            let held = told.held(&lock);
            if held.is_some() {
                told.follow(follower, beside);
            }
        })?;
        Ok(Self {
            stop,
            thread: Some(thread),
        })
    }
}

impl Stop {
    fn is_told(&self) -> bool {
        self.told.load(Ordering::Acquire)
    }

    /// Waits until nobody else tells, and nobody else will. None where it was
    /// stopped before.
    fn held(&self, path: &std::path::Path) -> Option<File> {
        let mut failing = false;
        while !self.is_told() {
            match try_lock(path) {
                Ok(Some(file)) => return Some(file),
                Ok(None) => {}
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        let (why, path) = (in_words(&error), path.display());
                        warn!(name: "projection_failed", "runs are not told in files: {path}: {why}");
                    }
                }
            }
            self.bell.wait(TURN);
        }
        None
    }

    fn follow<T: Teller>(&self, mut follower: Follower<T>, mut beside: impl FnMut()) {
        let mut failing = false;
        while !self.is_told() {
            let wait = match follower.turn() {
                Ok(turn) => {
                    failing = !turn.failed.is_empty() && (failing || told(&turn.failed));
                    turn.wait
                }
                Err(ProjectionError::Store(RunStoreError::Stopped)) => return,
                Err(error) => {
                    failing = failing || told(&[error]);
                    AGAIN
                }
            };
            beside();
            self.bell.wait(wait);
        }
        // What the last tasks of this process did. Whoever is next tells the
        // rest.
        if !failing {
            let _ = follower.turn();
        }
    }
}

/// Says what failed, once in a row.
fn told(failed: &[ProjectionError]) -> bool {
    if let Some(error) = failed.first() {
        let (why, kind) = (in_words(error), error.kind().as_str());
        warn!(name: "projection_failed", kind, "runs are not told in files: {why}");
    }
    true
}

/// The lock, unless somebody has it.
fn try_lock(path: &std::path::Path) -> std::io::Result<Option<File>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

impl Drop for Projecting {
    fn drop(&mut self) {
        self.stop.told.store(true, Ordering::Release);
        self.stop.bell.ring();
        if let Some(thread) = self.thread.take() {
            // A panic was printed where it happened.
            let _ = thread.join();
        }
    }
}
