//! An executor, its bell, and a patient ear.

use std::fs::File;
use std::ops::Deref;
use std::os::fd::AsFd;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use fondaco_app::ports::exec::{Assignment, AttemptId, Executor, News, Outcome};
use fondaco_domain::RunId;
use fondaco_domain::task::{Fence, TaskKind, TaskNo};
use fondaco_exec::local::Settings;
use fondaco_exec::{Inline, Local, Ring};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use tempfile::TempDir;

use crate::script::{self, Script};

/// Longer than anything here takes on the slowest machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// An executor to test.
pub(crate) struct Rig<E> {
    executor: E,
    bell: Bell,
    pub(crate) home: Arc<TempDir>,
}

impl<E> Deref for Rig<E> {
    type Target = E;

    fn deref(&self) -> &E {
        &self.executor
    }
}

/// Threads of the test, so many at most.
pub(crate) fn inline(most: usize) -> Rig<Inline> {
    let bell = Bell::default();
    Rig {
        executor: Inline::new(script::bodies(), most.try_into().unwrap(), bell.ring()),
        bell,
        home: Arc::new(tempfile::tempdir().unwrap()),
    }
}

/// Children in a folder of their own.
pub(crate) fn local() -> Rig<Local> {
    local_with(|_| ())
}

pub(crate) fn local_with(change: impl FnOnce(&mut Settings)) -> Rig<Local> {
    local_at(Arc::new(tempfile::tempdir().unwrap()), change)
}

/// Children in a folder where there were others.
pub(crate) fn local_at(home: Arc<TempDir>, change: impl FnOnce(&mut Settings)) -> Rig<Local> {
    let bell = Bell::default();
    let mut settings = Settings::new(program(), home.path());
    change(&mut settings);
    Rig {
        executor: Local::open(settings, bell.ring()).unwrap(),
        bell,
        home,
    }
}

/// The child of the tests.
pub(crate) fn program() -> PathBuf {
    env!("CARGO_BIN_EXE_exec-test-child").into()
}

impl<E: Executor> Rig<E> {
    /// Begins a script.
    pub(crate) fn begin(&self, task: u32, script: &Script) -> AttemptId {
        let assignment = assignment(task, script);
        let attempt = assignment.id;
        self.start(assignment).unwrap();
        attempt
    }

    /// The end of an attempt, and all it told before.
    pub(crate) fn end_of(&self, attempt: AttemptId) -> (Vec<String>, Outcome) {
        let mut told = Vec::new();
        for news in self.until(|news| matches!(news, News::Ended(id, _) if *id == attempt)) {
            match news {
                News::Progress(id, text) if id == attempt => told.push(text),
                News::Ended(id, outcome) if id == attempt => return (told, outcome),
                _ => {}
            }
        }
        unreachable!("the wait is over when it ended")
    }

    /// Runs a script to its end.
    pub(crate) fn outcome_of(&self, task: u32, script: &Script) -> Outcome {
        let attempt = self.begin(task, script);
        self.end_of(attempt).1
    }

    /// What an attempt tells next.
    pub(crate) fn told_by(&self, attempt: AttemptId) -> String {
        let news = self.until(|news| news_of(news) == attempt);
        match news.into_iter().find(|news| news_of(news) == attempt) {
            Some(News::Progress(_, text)) => text,
            other => panic!("{other:?}"),
        }
    }

    /// All news up to one that is awaited.
    pub(crate) fn until(&self, awaited: impl Fn(&News) -> bool) -> Vec<News> {
        let mut all = Vec::new();
        let start = Instant::now();
        loop {
            all.extend(self.news());
            if all.iter().any(&awaited) {
                return all;
            }
            assert!(
                self.bell.wait(PATIENCE.saturating_sub(start.elapsed())),
                "only {all:?}"
            );
        }
    }

    /// A file that is not there yet.
    pub(crate) fn gate(&self) -> PathBuf {
        self.home.path().join("gate")
    }

    /// Makes it.
    pub(crate) fn open_gate(&self) {
        File::create(self.gate()).unwrap();
    }
}

pub(crate) fn news_of(news: &News) -> AttemptId {
    match news {
        News::Progress(id, _) | News::Ended(id, _) => *id,
    }
}

/// The first attempt of a task, in the one run of these tests.
pub(crate) fn attempt(task: u32) -> AttemptId {
    AttemptId {
        run: RunId::new(1_700_000_000_000, [7; 10]),
        task: TaskNo(task),
        fence: Fence(1),
    }
}

pub(crate) fn assignment(task: u32, script: &Script) -> Assignment {
    Assignment {
        id: attempt(task),
        attempt: 1,
        kind: TaskKind::Sleep,
        key: format!("task/{task}"),
        spec: "{}".into(),
        input: Some(serde_json::to_string(script).unwrap()),
        needs: Vec::new(),
    }
}

/// Waits until no process has this number any more, or none that runs.
pub(crate) fn await_end(pid: &str) {
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    let Ok(eye) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    let patience = Timespec {
        tv_sec: PATIENCE.as_secs() as i64,
        tv_nsec: 0,
    };
    let mut polled = [PollFd::from_borrowed_fd(eye.as_fd(), PollFlags::IN)];
    assert_eq!(
        poll(&mut polled, Some(&patience)),
        Ok(1),
        "{pid:?} lives on"
    );
}

/// Rung by an executor.
#[derive(Clone, Default)]
struct Bell(Arc<(Mutex<bool>, Condvar)>);

impl Bell {
    fn ring(&self) -> Ring {
        let bell = self.clone();
        Arc::new(move || {
            *bell.0.0.lock().unwrap() = true;
            bell.0.1.notify_all();
        })
    }

    /// Whether it rang in time.
    fn wait(&self, patience: Duration) -> bool {
        let rung = self.0.0.lock().unwrap();
        let (mut rung, _) = self
            .0
            .1
            .wait_timeout_while(rung, patience, |rung| !*rung)
            .unwrap();
        std::mem::take(&mut rung)
    }
}
