//! The one thread that watches all children, and what it shares with those
//! who ask.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use fondaco_app::ports::exec::{AttemptId, News, Outcome};
use fondaco_domain::task::Rung;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, waitid};

use super::verdict::{self, Exit};
use super::{Folder, Keep, keep, outcome, read};
use crate::desk::Desk;
use crate::process::{Life, Process};
use crate::{Ring, lock};

/// Between two looks at the progress and the logs of children.
const LOOK: Duration = Duration::from_millis(100);
/// Between two looks at children whose end the kernel does not announce.
const BLIND: Duration = Duration::from_millis(10);
/// Between two sweeps.
const SWEEP: Duration = Duration::from_hours(1);

/// All children whose end somebody may want to know.
pub(super) struct Watcher {
    tasks: PathBuf,
    log: u64,
    keep: Keep,
    desk: Desk,
    wake: UnixStream,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: BTreeMap<AttemptId, Held>,
    /// Ends that were handed over, and when.
    handed: Vec<(Instant, AttemptId)>,
    /// Ends the store has.
    settled: Vec<AttemptId>,
    closed: bool,
}

/// One child.
struct Held {
    process: Process,
    folder: Folder,
    /// Ours to wait for; none where it was adopted.
    child: Option<Child>,
    eye: Option<Arc<OwnedFd>>,
    /// It was sent a signal: that it ended then is no failure.
    signalled: bool,
    /// Nobody waits for its end.
    forgotten: bool,
    /// It ended and its number may be another's by now.
    ended: bool,
    /// The last progress that was told.
    progress: Option<Vec<u8>>,
}

impl Watcher {
    /// With the end of the line on which it is woken.
    pub(super) fn new(
        tasks: PathBuf,
        log: u64,
        keep: Keep,
        ring: Ring,
    ) -> io::Result<(Self, UnixStream)> {
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        let watcher = Self {
            tasks,
            log,
            keep,
            desk: Desk::new(ring),
            wake,
            state: Mutex::default(),
        };
        Ok((watcher, woken))
    }

    /// Watches a child of ours, and gives its reference.
    pub(super) fn begin(&self, attempt: AttemptId, folder: Folder, child: Child) -> String {
        // Until we wait for it, its number is its own.
        let process = Process::of(Pid::from_child(&child));
        let reference = process.to_string();
        self.hold(attempt, Held::new(process, folder, Some(child)));
        reference
    }

    /// Watches a child of another process. False where it is gone.
    pub(super) fn adopt(&self, attempt: AttemptId, folder: Folder, process: Process) -> bool {
        if self.holds(attempt) {
            return true;
        }
        let held = Held::new(process, folder, None);
        if held.process.life() == Life::Alive {
            self.hold(attempt, held);
            return true;
        }
        // It may have ended well since it was found.
        outcome(&held.folder)
            .map(|outcome| self.desk.ended(attempt, outcome))
            .is_some()
    }

    pub(super) fn holds(&self, attempt: AttemptId) -> bool {
        let state = lock(&self.state);
        state.held.get(&attempt).is_some_and(|held| !held.forgotten)
    }

    /// One rung further.
    pub(super) fn stop(&self, attempt: AttemptId, rung: Rung) {
        let mut state = lock(&self.state);
        let Some(held) = state.held.get_mut(&attempt) else {
            return;
        };
        match rung {
            // Where even an empty file cannot be made, a signal says the same.
            Rung::Token => {
                if held.folder.order_stop().is_err() {
                    held.signal(Signal::TERM);
                }
            }
            Rung::Terminate => held.signal(Signal::TERM),
            Rung::Kill => held.signal(Signal::KILL),
            Rung::Expire => held.forgotten = true,
        }
    }

    pub(super) fn news(&self) -> Vec<News> {
        let news = self.desk.take();
        let now = Instant::now();
        let ends = news.iter().filter_map(|one| match one {
            News::Ended(attempt, _) => Some((now, *attempt)),
            News::Progress(..) => None,
        });
        lock(&self.state).handed.extend(ends);
        news
    }

    pub(super) fn settled(&self, attempt: AttemptId) {
        let mut state = lock(&self.state);
        state.handed.retain(|(_, other)| *other != attempt);
        state.settled.push(attempt);
        drop(state);
        self.wake();
    }

    pub(super) fn close(&self) {
        lock(&self.state).closed = true;
        self.wake();
    }

    /// What its thread does all its life.
    pub(super) fn watch(&self, mut woken: &UnixStream) {
        let mut looked = Instant::now();
        let mut swept = None;
        while let Some(eyes) = self.eyes() {
            if swept.is_none_or(|at: Instant| at.elapsed() >= SWEEP) {
                swept = Some(Instant::now());
                // What cannot be removed now is tried again in an hour, and
                // `sweep` tells those who ask.
                let _ = keep::sweep(&self.tasks, self.keep, SystemTime::now());
            }
            let ready = wait(woken, &eyes, self.patience(&eyes, looked));
            while woken.read(&mut [0; 64]).is_ok_and(|count| count > 0) {}
            for attempt in ready {
                self.look_for_end(attempt);
            }
            if looked.elapsed() >= LOOK {
                looked = Instant::now();
                self.look_around();
                self.settle();
            }
        }
    }

    fn hold(&self, attempt: AttemptId, held: Held) {
        lock(&self.state).held.insert(attempt, held);
        self.wake();
    }

    /// A line that is full wakes as well as one more byte would.
    fn wake(&self) {
        let _ = (&self.wake).write(&[0]);
    }

    /// All that is watched, and by what; nothing when it is over.
    fn eyes(&self) -> Option<Vec<Eye>> {
        let state = lock(&self.state);
        let eye = |(attempt, held): (&AttemptId, &Held)| (*attempt, held.eye.clone());
        (!state.closed).then(|| state.held.iter().map(eye).collect())
    }

    /// How long there is nothing to do unless somebody ends.
    fn patience(&self, eyes: &[Eye], looked: Instant) -> Duration {
        if eyes.iter().any(|(_, eye)| eye.is_none()) {
            return BLIND;
        }
        let state = lock(&self.state);
        if eyes.is_empty() && state.settled.is_empty() {
            return SWEEP;
        }
        LOOK.saturating_sub(looked.elapsed())
    }

    /// Tells the end of a child, if it ended.
    fn look_for_end(&self, attempt: AttemptId) {
        let mut state = lock(&self.state);
        let Some(held) = state.held.get_mut(&attempt) else {
            return;
        };
        let Some(exit) = held.exit() else {
            return;
        };
        let folder = held.folder.clone();
        let (signalled, forgotten) = (held.signalled, held.forgotten);
        let progress = held.new_progress();
        drop(state);
        if !forgotten {
            if let Some(text) = progress {
                self.desk.progress(attempt, text);
            }
            self.desk
                .ended(attempt, self.outcome(&folder, exit, signalled));
        }
        lock(&self.state).held.remove(&attempt);
    }

    fn outcome(&self, folder: &Folder, exit: Exit, signalled: bool) -> Outcome {
        // A log that cannot be cut is too long: no reason to lose the outcome.
        let _ = folder.cut_log(self.log);
        outcome(folder).unwrap_or_else(|| {
            if signalled {
                Outcome::Stopped
            } else {
                verdict::failed(exit, folder.last_words().as_deref())
            }
        })
    }

    /// Progress and logs of all.
    fn look_around(&self) {
        let mut state = lock(&self.state);
        for (attempt, held) in &mut state.held {
            if held.ended || held.forgotten {
                continue;
            }
            if let Some(text) = held.new_progress() {
                self.desk.progress(*attempt, text);
            }
            let _ = held.folder.cut_log(self.log);
        }
    }

    /// Clears up after those of whose end the store knows, and those of whose
    /// end it must know by now.
    fn settle(&self) {
        let gone = {
            let mut state = lock(&self.state);
            let mut gone = std::mem::take(&mut state.settled);
            let late = |(at, _): &(Instant, AttemptId)| at.elapsed() >= self.keep.handed;
            gone.extend(
                state
                    .handed
                    .extract_if(.., |one| late(one))
                    .map(|(_, id)| id),
            );
            gone
        };
        for attempt in gone.into_iter().collect::<HashSet<_>>() {
            // What stays because of an error is old one day, and swept.
            let _ = keep::settle(&Folder::of(&self.tasks, attempt));
        }
    }
}

/// A child, and what tells of its end.
type Eye = (AttemptId, Option<Arc<OwnedFd>>);

/// Waits until something may have ended, and says what. Those the kernel does
/// not announce may always have.
fn wait(woken: &UnixStream, eyes: &[Eye], patience: Duration) -> Vec<AttemptId> {
    let seen = eyes.iter().filter_map(|(_, eye)| eye.as_deref());
    let mut polled: Vec<_> = seen
        .map(AsFd::as_fd)
        .chain([woken.as_fd()])
        .map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN))
        .collect();
    let patience = Timespec {
        tv_sec: patience.as_secs() as i64,
        tv_nsec: i64::from(patience.subsec_nanos()),
    };
    match poll(&mut polled, Some(&patience)) {
        Ok(_) | Err(Errno::INTR) => {}
        // More descriptors than may be polled, or no memory: look at all.
        Err(_) => {
            thread::park_timeout(BLIND);
            return eyes.iter().map(|(attempt, _)| *attempt).collect();
        }
    }
    let mut ready = polled.iter().map(|fd| !fd.revents().is_empty());
    eyes.iter()
        .filter(|(_, eye)| eye.is_none() || ready.next().unwrap_or(false))
        .map(|(attempt, _)| *attempt)
        .collect()
}

impl Held {
    fn new(process: Process, folder: Folder, child: Option<Child>) -> Self {
        Self {
            eye: process.eye().map(Arc::new),
            process,
            folder,
            child,
            signalled: false,
            forgotten: false,
            ended: false,
            progress: None,
        }
    }

    /// How it ended, once, and nothing while it runs. What is left of its
    /// group ends with it: while a child of ours is not waited for, and in the
    /// moment an adopted one is seen to be gone, the group's number is its
    /// own.
    fn exit(&mut self) -> Option<Exit> {
        if self.ended {
            return None;
        }
        let exit = match &self.child {
            Some(_) => exit_of_child(self.process.pid())?,
            None => (self.process.life() == Life::Dead).then_some(Exit::Unseen)?,
        };
        self.ended = true;
        // It may have become another user's; then it is not ours to end.
        let _ = self.process.signal(Signal::KILL);
        if let Some(child) = &mut self.child {
            // It has ended: this only takes its entry out of the table.
            let _ = child.wait();
        }
        Some(exit)
    }

    /// Sends a signal to its group, unless the number may be another's.
    fn signal(&mut self, signal: Signal) {
        let ours = !self.ended && (self.child.is_some() || self.process.life() == Life::Alive);
        if ours && self.process.signal(signal).is_ok() {
            self.signalled = true;
        }
    }

    /// How far it says it is, if it said anything new.
    fn new_progress(&mut self) -> Option<String> {
        let text = read(&self.folder.progress()).ok().flatten()?;
        if self.progress.as_ref() == Some(&text) {
            return None;
        }
        let words = String::from_utf8_lossy(&text).into_owned();
        self.progress = Some(text);
        Some(words)
    }
}

/// Asks without taking its entry out of the table of processes.
fn exit_of_child(pid: Pid) -> Option<Exit> {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    match waitid(WaitId::Pid(pid), options) {
        Ok(status) => status.map(Exit::from),
        // Somebody else in this process waited for it.
        Err(Errno::CHILD) => Some(Exit::Unseen),
        Err(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::mpsc;

    use fondaco_domain::RunId;
    use fondaco_domain::retry::ErrorClass;
    use fondaco_domain::task::{Fence, TaskNo};

    use super::*;

    /// As on a kernel that does not announce ends.
    #[test]
    fn an_end_that_is_not_announced_is_seen() {
        let home = tempfile::tempdir().unwrap();
        let (rings, rung) = mpsc::channel();
        let ring: Ring = Arc::new(move || rings.send(()).unwrap());
        let tasks = home.path().to_owned();
        let (watcher, woken) = Watcher::new(tasks, 1_000, Keep::default(), ring).unwrap();
        let child = Command::new("sh").args(["-c", "exit 3"]).spawn().unwrap();
        let attempt = AttemptId {
            run: RunId::new(0, [0; 10]),
            task: TaskNo(0),
            fence: Fence(0),
        };
        let held = Held {
            eye: None,
            ..Held::new(
                Process::of(Pid::from_child(&child)),
                Folder::of(home.path(), attempt),
                Some(child),
            )
        };
        watcher.hold(attempt, held);
        thread::scope(|scope| {
            scope.spawn(|| watcher.watch(&woken));
            let heard = rung.recv_timeout(Duration::from_mins(1));
            watcher.close();
            assert_eq!(heard, Ok(()));
        });
        let failed = Outcome::Failed {
            class: ErrorClass::Permanent,
            error: "its process ended with exit code 3 and left no outcome".into(),
        };
        assert_eq!(watcher.news(), [News::Ended(attempt, failed)]);
    }
}
