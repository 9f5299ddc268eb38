//! Runs told in files: as they go on, again from the beginning, and after a
//! writer was ended in the middle.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use fondaco_app::flags;
use fondaco_app::ports::Failure;
use fondaco_app::ports::machine::Machine;
use fondaco_app::ports::results::{ResultFile, ResultStore};
use fondaco_app::ports::runs::{Exchange, RunStore, Submission, Want};
use fondaco_app::ports::{Store, runs::Report};
use fondaco_app::projections::{CHUNK, Follower, Found, Pace, Projector};
use fondaco_contract::v1alpha1::{BacktestListing, BacktestResult};
use fondaco_domain::flags::{Flag, FlagValue};
use fondaco_domain::run::{Command, NewRun, RunCommand, RunKind};
use fondaco_domain::task::{TaskCommand, TaskKind, TaskPlan};
use fondaco_domain::{ContentHash, RunId, UnixMicros, WorkerId};
use fondaco_store::ProjectedRuns;
use fondaco_store::runs::MemoryRuns;
use fondaco_store::runs::conformance::{at, submission};
use tempfile::TempDir;

/// Knows one result.
struct OneResult;

impl ResultStore for OneResult {
    fn listing(&self, _: &str) -> Result<Option<BacktestListing>, Failure> {
        Ok(None)
    }

    fn result(&self, name: &str) -> Result<Option<BacktestResult>, Failure> {
        let text = include_str!("../../../contract/golden/backtest-result.v1alpha1.json");
        Ok((name == "one").then(|| BacktestResult::from_json(text).unwrap()))
    }

    fn file(&self, _: &str, _: ResultFile) -> Result<Option<Vec<u8>>, Failure> {
        Ok(None)
    }
}

/// Time that goes on when the test says so.
#[derive(Default)]
struct Hands(AtomicU64);

impl Machine for Hands {
    fn wall(&self) -> UnixMicros {
        UnixMicros(0)
    }

    fn monotonic(&self) -> Duration {
        Duration::from_millis(self.0.load(Ordering::Relaxed))
    }

    fn entropy(&self) -> [u8; 10] {
        [0; 10]
    }
}

struct World {
    store: Arc<MemoryRuns>,
    home: TempDir,
    hands: Arc<Hands>,
}

const PLACE: &str = "sqlite:one";

impl World {
    fn new() -> Self {
        Self {
            store: Arc::default(),
            home: tempfile::tempdir().unwrap(),
            hands: Arc::default(),
        }
    }

    fn projector_at(&self, home: &Path, place: &str) -> Projector {
        Projector {
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            results: Arc::new(OneResult),
            files: Arc::new(ProjectedRuns::below(home, place)),
            with_dashboard: true,
        }
    }

    fn projector(&self) -> Projector {
        self.projector_at(self.home.path(), PLACE)
    }

    fn follower(&self) -> Follower {
        let machine: Arc<dyn Machine> = self.hands.clone();
        Follower::new(self.projector(), machine, Pace::default())
    }

    /// Turns until there is nothing to do, a second between them. How many
    /// times a run was told.
    fn settle(&self, follower: &mut Follower) -> usize {
        let mut told = 0;
        loop {
            let turn = follower.turn().unwrap();
            assert!(turn.failed.is_empty(), "{:?}", turn.failed);
            told += turn.runs;
            self.hands.0.fetch_add(1_000, Ordering::Relaxed);
            if turn.runs == 0 {
                return told;
            }
        }
    }

    fn submit(&self, number: u8, tasks: usize) -> RunId {
        let wish = submission(number, "default", tasks);
        self.store.submit(wish, at(1)).unwrap().id
    }

    /// A backtest that completed.
    fn backtest(&self, result: &str) -> RunId {
        let id = RunId::new(9, [9; 10]);
        let wish = Submission {
            id,
            new: NewRun::new(RunKind::Backtest, ContentHash::of(b"{}")),
            spec: "{}".to_owned(),
            tasks: vec![TaskPlan::new("backtest", TaskKind::Noop)],
            last: true,
            key: None,
        };
        self.store.submit(wish, at(1)).unwrap();
        self.work(
            100,
            Some(&format!(r#"{{"result":"{result}","folder":"x"}}"#)),
        );
        id
    }

    /// Does so many tasks.
    fn work(&self, limit: usize, output: Option<&str>) {
        let worker = WorkerId::new(1, [1; 10]);
        let exchange = |reports, want| Exchange {
            worker,
            reports,
            beats: Vec::new(),
            want,
        };
        let want = Want {
            queues: vec!["default".to_owned()],
            kinds: vec![TaskKind::Noop],
            run: None,
            limit,
            until: UnixMicros(1_000_000),
            start: true,
        };
        let taken = self.store.exchange(exchange(Vec::new(), Some(want)), at(2));
        let reports = taken.unwrap().claimed.into_iter().map(|claimed| Report {
            run: claimed.run,
            task: claimed.task.no,
            command: TaskCommand::Complete {
                fence: claimed.task.fence,
                output: output.map(str::to_owned),
            },
        });
        let reports = exchange(reports.collect(), None);
        self.store.exchange(reports, at(3)).unwrap();
    }

    fn cancel(&self, run: RunId) {
        let reason = "enough".to_owned();
        let cancel = Command::Run(RunCommand::Cancel { reason });
        self.store.command(run, cancel, at(4)).unwrap();
    }

    /// Every file below a home, and what is in it; but not the place in the
    /// feed, which is no part of a run.
    fn tree(home: &Path) -> BTreeMap<String, Vec<u8>> {
        let mut tree = BTreeMap::new();
        let mut folders = vec![home.join("runs")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if !path.ends_with(".told") {
                    let name = path.strip_prefix(home).unwrap().display().to_string();
                    tree.insert(name, fs::read(&path).unwrap());
                }
            }
        }
        tree
    }

    /// The tree as it is, and as it is told anew elsewhere.
    #[track_caller]
    fn is_as_told_anew(&self) {
        let anew = tempfile::tempdir().unwrap();
        self.projector_at(anew.path(), PLACE)
            .all(&mut |_| ())
            .unwrap();
        let (is, should) = (Self::tree(self.home.path()), Self::tree(anew.path()));
        let names = |tree: &BTreeMap<String, Vec<u8>>| tree.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&is), names(&should));
        assert!(is == should, "files of the same names differ");
    }
}

#[test]
fn what_is_told_as_it_happens_is_what_is_told_anew() {
    let world = World::new();
    let mut follower = world.follower();
    assert_eq!(world.settle(&mut follower), 0);
    // More events than one file of them holds.
    world.submit(1, 1_000);
    let cut_off = world.submit(2, 3);
    world.settle(&mut follower);
    world.is_as_told_anew();
    for _ in 0..5 {
        world.work(150, None);
        world.settle(&mut follower);
    }
    world.cancel(cut_off);
    world.work(1_000, None);
    world.backtest("one");
    world.settle(&mut follower);
    world.is_as_told_anew();
    let logs = |no: u32| format!("logs/events-{no:05}.jsonl");
    let tree = World::tree(world.home.path());
    let lines = |path: String| {
        let file = tree.iter().find(|(name, _)| name.ends_with(&path));
        file.map(|(_, bytes)| str::from_utf8(bytes).unwrap().lines().count())
    };
    assert_eq!(lines(logs(1)).map(|count| count as u64), Some(CHUNK));
    assert!(lines(logs(2)).is_some());
}

#[test]
fn a_run_under_way_is_told_once_a_second_at_most() {
    let world = World::new();
    let mut follower = world.follower();
    world.submit(1, 100);
    assert_eq!(follower.turn().unwrap().runs, 1);
    for _ in 0..99 {
        world.work(1, None);
        world.hands.0.fetch_add(10, Ordering::Relaxed);
        // 990 ms in all.
        assert_eq!(follower.turn().unwrap().runs, 0);
    }
    world.hands.0.fetch_add(10, Ordering::Relaxed);
    assert_eq!(follower.turn().unwrap().runs, 1);
    world.is_as_told_anew();
}

#[test]
fn one_that_is_started_again_goes_on_where_the_other_was() {
    let world = World::new();
    let first = world.submit(1, 2);
    world.settle(&mut world.follower());
    let told = world.projector().files.position().unwrap();
    assert_eq!(told, world.store.feed_end().unwrap());
    // Nothing is read again.
    assert_eq!(world.settle(&mut world.follower()), 0);
    world.work(2, None);
    // One that was ended before it told what it had read.
    let mut ended = world.follower();
    let folder = world.home.path().join("runs").join(first.to_string());
    fs::write(folder.join("state/.new-1-runtime_state.json"), b"{\"ha").unwrap();
    drop(ended.turn());
    drop(ended);
    fs::write(world.home.path().join("runs/.told"), b"{\"sqli").unwrap();
    world.settle(&mut world.follower());
    world.is_as_told_anew();
}

#[test]
fn whatever_becomes_of_the_files_they_are_told_again() {
    let world = World::new();
    let run = world.backtest("one");
    world.submit(1, 2);
    world.settle(&mut world.follower());
    let folder = world.home.path().join("runs").join(run.to_string());
    fs::write(folder.join("team_dashboard/trades.json"), b"").unwrap();
    fs::remove_file(folder.join("BOOTSTRAP.md")).unwrap();
    fs::remove_dir_all(folder.join("state")).unwrap();
    fs::write(folder.join("logs/.new-7-events-00001.jsonl"), b"{").unwrap();
    assert!(matches!(
        world.projector().run(run, 0).unwrap(),
        Found::Told { ended: true, .. }
    ));
    world.is_as_told_anew();
}

#[test]
fn folders_of_runs_that_are_gone_go_and_those_of_others_stay() {
    let world = World::new();
    let (gone, stays) = (world.submit(1, 1), world.submit(2, 1));
    world.cancel(gone);
    world.settle(&mut world.follower());
    // Of another store with the same home.
    let elsewhere = World::new();
    let theirs = elsewhere.submit(3, 1);
    let projector = elsewhere.projector_at(world.home.path(), "sqlite:other");
    projector.run(theirs, 0).unwrap();
    // Nobody's.
    let strange = world.home.path().join("runs/20260131_120000/logs");
    fs::create_dir_all(&strange).unwrap();
    world.store.remove(gone).unwrap();
    assert_eq!(world.projector().all(&mut |_| ()).unwrap(), (1, 1));
    let folder = |run: RunId| world.home.path().join("runs").join(run.to_string());
    assert!(!folder(gone).exists());
    assert!(folder(stays).exists() && folder(theirs).exists() && strange.exists());
    // A process that serves finds out by itself.
    world.cancel(stays);
    let mut follower = world.follower();
    world.settle(&mut follower);
    world.store.remove(stays).unwrap();
    let minutes = Pace::default().sweep.as_millis();
    let minutes = u64::try_from(minutes).unwrap();
    world.hands.0.fetch_add(minutes, Ordering::Relaxed);
    world.settle(&mut follower);
    assert!(!folder(stays).exists());
    assert_eq!(world.projector().run(stays, 0).unwrap(), Found::Gone);
}

#[test]
fn without_exports_dashboards_are_not_written_and_old_ones_stay() {
    let world = World::new();
    let run = world.backtest("one");
    let folder = world.home.path().join("runs").join(run.to_string());
    let without = Projector {
        with_dashboard: false,
        ..world.projector()
    };
    without.run(run, 0).unwrap();
    assert!(!folder.join("team_dashboard").exists());
    world.projector().run(run, 0).unwrap();
    let trades = folder.join("team_dashboard/trades.json");
    let written = fs::read(&trades).unwrap();
    without.run(run, 0).unwrap();
    assert_eq!(fs::read(&trades).unwrap(), written);
}

#[test]
fn the_flag_switches_dashboards_off_and_on_while_somebody_tells() {
    let world = World::new();
    let run = world.backtest("one");
    let dashboard = world.home.path().join("runs").join(run.to_string());
    let dashboard = dashboard.join("team_dashboard");
    let projector = world.projector();
    let switch = |on| {
        let store = &*projector.store;
        let wish = (Flag::DashboardCompatExports, &FlagValue::Bool(on));
        flags::set(store, &*world.hands, "test", wish, None).unwrap();
    };
    switch(false);
    projector.run(run, 0).unwrap();
    assert!(!dashboard.exists());
    switch(true);
    projector.run(run, 0).unwrap();
    assert!(dashboard.exists());
}

#[test]
fn a_result_that_is_gone_leaves_the_dashboard_out() {
    let world = World::new();
    let run = world.backtest("another");
    world.projector().run(run, 0).unwrap();
    let folder = world.home.path().join("runs").join(run.to_string());
    assert!(folder.join("state/server_state.json").exists());
    assert!(!folder.join("team_dashboard").exists());
}
